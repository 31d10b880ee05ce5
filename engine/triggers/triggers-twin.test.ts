import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  PRICE_OF_MARK,
  TRIGGER_STOP,
  TRIGGER_TAKE_PROFIT,
  TRIGGER_TRAILING_STOP,
} from '../messages/types.js';
import { CanonicalReader, CanonicalWriter } from '../state/canonical-writer.js';
import { asPpm, asPriceTicks, asQtyLots, asTimeMs } from '../units/units.js';
import { NaiveTriggers } from './naive-triggers.js';
import { SortedTriggers } from './sorted-triggers.js';
import { PRICE_SOURCES, type TriggerOrder, trailTo } from './trigger-order.js';
import type { TriggerStore } from './trigger-store.js';
import { readTriggers, writeTriggers } from './triggers-canonical.js';

/** Narrow, so that many orders share a price, an account, a time. */
const step = fc.record({
  what: fc.constantFrom('add', 'add', 'add', 'remove', 'trail', 'reach', 'expire'),
  account: fc.integer({ min: 1, max: 3 }),
  side: fc.integer({ min: 0, max: 1 }),
  kind: fc.constantFrom(TRIGGER_STOP, TRIGGER_TAKE_PROFIT, TRIGGER_TRAILING_STOP),
  source: fc.integer({ min: PRICE_OF_MARK, max: PRICE_SOURCES - 1 }),
  price: fc.integer({ min: 1, max: 12 }),
  expiryMs: fc.constantFrom(0, 0, 3, 7, 11),
  choice: fc.nat(100),
});

/** As a market would let it in at its trigger price; the distance is an amount or a rate. */
function trailing(order: TriggerOrder, choice: number): TriggerOrder {
  const trailTicks = asPriceTicks(choice % 2 === 0 ? 1 + (choice % 5) : 0);
  const made = { ...order, trailTicks, trailPpm: asPpm(trailTicks === 0 ? choice * 9_000 : 0) };
  trailTo(made, order.triggerTicks);
  return made;
}

function bytesOf(store: TriggerStore): Uint8Array {
  const writer = new CanonicalWriter();
  writeTriggers(store, writer, true);
  return writer.bytes().slice();
}

describe('sorted trigger orders', () => {
  it('answer like the naive list, after any steps', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const stores: TriggerStore[] = [new SortedTriggers(), new NaiveTriggers()];
        const [sorted, naive] = stores as [TriggerStore, TriggerStore];
        let id = 0;
        for (const { what, account, side, kind, source, price, expiryMs, choice } of steps) {
          let gone: TriggerOrder[] = [];
          if (what === 'add') {
            id += 1 + (choice % 3);
            const order: TriggerOrder = {
              id,
              account,
              flags: side,
              clientRef: choice - 1,
              kind,
              source,
              triggerTicks: asPriceTicks(price),
              priceTicks: asPriceTicks(0),
              qtyLots: asQtyLots(1 + choice),
              expiryMs: asTimeMs(expiryMs),
              trailTicks: asPriceTicks(0),
              trailPpm: asPpm(0),
              bestTicks: asPriceTicks(0),
              ocoId: 0,
              bracketId: choice % 5,
              closesPosition: choice % 4 === 0,
            };
            // Each store moves trailing stops by itself.
            for (const store of stores)
              store.add(kind === TRIGGER_TRAILING_STOP ? trailing(order, choice) : { ...order });
          } else if (what === 'trail') {
            for (const store of stores) store.trail(source, asPriceTicks(price));
          } else if (what === 'remove') gone = naive.all().slice(choice % 7, (choice % 7) + 1);
          else if (what === 'reach') {
            gone = naive.reached(source, asPriceTicks(price));
            expect(sorted.reached(source, asPriceTicks(price))).toEqual(gone);
          } else {
            gone = naive.expired(asTimeMs(price));
            expect(sorted.expired(asTimeMs(price))).toEqual(gone);
          }
          for (const { id } of gone) {
            for (const store of stores) store.remove(store.find(id) as TriggerOrder);
          }
          for (const store of stores) store.check();
          expect(sorted.size).toBe(naive.size);
          expect(sorted.closing).toBe(naive.closing);
          expect(sorted.nextExpiryMs()).toBe(naive.nextExpiryMs());
          expect(sorted.watches(source)).toBe(naive.watches(source));
          expect(sorted.ofAccount(account)).toEqual(naive.ofAccount(account));
          expect(sorted.countOf(account)).toBe(naive.countOf(account));
          expect(sorted.find(choice)).toEqual(naive.find(choice));
          expect(bytesOf(sorted)).toEqual(bytesOf(naive));
        }
        const restored = new SortedTriggers();
        readTriggers(restored, new CanonicalReader(bytesOf(sorted)));
        restored.check();
        expect(bytesOf(restored)).toEqual(bytesOf(naive));
      }),
      { numRuns: 400 },
    );
  });
});
