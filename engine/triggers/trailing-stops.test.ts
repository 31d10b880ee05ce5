import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { PRICE_OF_MARK, SIDE_BUY, SIDE_SELL, TRIGGER_TRAILING_STOP } from '../messages/types.js';
import { SortedList } from '../state/sorted-list.js';
import { asPpm, asPriceTicks, asQtyLots, asTimeMs, type PriceTicks } from '../units/units.js';
import { NaiveTriggers } from './naive-triggers.js';
import { SortedTriggers } from './sorted-triggers.js';
import { type TriggerOrder, trailTo } from './trigger-order.js';
import type { TriggerStore } from './trigger-store.js';

function trailingStop(
  id: number,
  side: number,
  distance: { ticks?: number; ppm?: number },
  priceTicks: PriceTicks,
): TriggerOrder {
  const order: TriggerOrder = {
    id,
    account: 1 + (id % 7),
    flags: side,
    clientRef: -1,
    kind: TRIGGER_TRAILING_STOP,
    source: PRICE_OF_MARK,
    triggerTicks: asPriceTicks(0),
    trailTicks: asPriceTicks(distance.ticks ?? 0),
    trailPpm: asPpm(distance.ppm ?? 0),
    bestTicks: asPriceTicks(0),
    ocoId: 0,
    bracketId: 0,
    priceTicks: asPriceTicks(0),
    qtyLots: asQtyLots(1),
    closesPosition: false,
    expiryMs: asTimeMs(0),
  };
  trailTo(order, priceTicks);
  return order;
}

const step = fc.record({
  adds: fc.nat(3),
  removes: fc.boolean(),
  move: fc.integer({ min: -4, max: 4 }),
  side: fc.constantFrom(SIDE_BUY, SIDE_SELL),
  distance: fc.oneof(
    fc.record({ ticks: fc.integer({ min: 1, max: 40 }) }),
    fc.record({ ppm: fc.integer({ min: 1, max: 400_000 }) }),
  ),
  choice: fc.nat(1_000),
  /** The source had a price that nobody was told of, as while it is not trusted. */
  isUnseen: fc.boolean(),
});

describe('trailing stops', () => {
  it('follow and fire like a list of which each is looked at, while the price walks', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 20, maxLength: 120 }), (steps) => {
        const sorted = new SortedTriggers();
        const naive = new NaiveTriggers();
        const stores: readonly TriggerStore[] = [sorted, naive];
        let price = 100;
        let id = 0;
        for (const { adds, removes, move, side, distance, choice, isUnseen } of steps) {
          price = Math.max(1, price + move);
          const now = asPriceTicks(price);
          for (let i = 0; i < adds; i++) {
            const seen = isUnseen ? asPriceTicks(price + i) : now;
            id++;
            for (const store of stores) store.add(trailingStop(id, side, distance, seen));
          }
          const waiting = naive.all();
          const gone = waiting[choice % Math.max(1, waiting.length)];
          if (removes && gone !== undefined) {
            for (const store of stores) store.remove(store.find(gone.id) as TriggerOrder);
          }
          if (isUnseen) continue;
          for (const store of stores) store.trail(PRICE_OF_MARK, now);
          const fired = naive.reached(PRICE_OF_MARK, now);
          expect(sorted.reached(PRICE_OF_MARK, now)).toEqual(fired);
          for (const order of fired) {
            for (const store of stores) store.remove(store.find(order.id) as TriggerOrder);
          }
          sorted.check();
          expect(sorted.all()).toEqual(naive.all());
        }
      }),
      { numRuns: 300 },
    );
  });

  it('are not touched one by one by a price that all of them follow', () => {
    const store = new SortedTriggers();
    const COUNT = 20_000;
    for (let id = 1; id <= COUNT; id++) {
      const distance = id % 2 === 0 ? { ticks: id } : { ppm: id };
      // Many best prices, so that there are many groups first.
      store.add(trailingStop(id, SIDE_SELL, distance, asPriceTicks(50_000 + (id % 500))));
    }
    store.trail(PRICE_OF_MARK, asPriceTicks(60_000));
    const added = vi.spyOn(SortedList.prototype, 'add');
    try {
      for (let price = 60_001; price <= 61_000; price++) {
        store.trail(PRICE_OF_MARK, asPriceTicks(price));
        expect(store.reached(PRICE_OF_MARK, asPriceTicks(price))).toEqual([]);
      }
      // The group, and the nearest by ticks and by rate.
      expect(added.mock.calls.length).toBe(3 * 1_000);
    } finally {
      added.mockRestore();
    }
    expect(store.find(COUNT)?.triggerTicks).toBe(61_000 - COUNT);
    store.check();
  });
});
