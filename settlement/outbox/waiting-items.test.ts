import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ACCOUNT_ITEMS, encodePack, type ItemWriter, MARKET_ITEMS } from '../packs/pack-codec.js';
import { HEADER_BYTES } from '../packs/pack-header.js';
import type { AccountItem, MarketItem, Pack } from '../packs/pack-types.js';
import { accountItem, marketItem } from '../packs/testing/arbitrary-packs.js';
import { WaitingItems } from './waiting-items.js';

const numbers = {
  shardId: 0,
  epoch: 0,
  firstItem: 1,
  firstSequence: 0,
  lastSequence: 0,
  timeMs: 0,
};

function bodyOf(items: readonly (MarketItem | AccountItem)[], kind: 'market' | 'account') {
  const market = kind === 'market' ? { marketId: 1 } : {};
  const bytes = encodePack({ kind, ...market, ...numbers, lastItem: items.length, items } as Pack);
  return Buffer.from(bytes.subarray(HEADER_BYTES, -4));
}

const step = fc.record({
  adds: fc.integer({ min: 0, max: 9 }),
  epochs: fc.integer({ min: 0, max: 1 }),
  takes: fc.integer({ min: 0, max: 12 }),
});

/** The twin is a list. */
function holds<Item extends MarketItem | AccountItem>(
  kind: 'market' | 'account',
  writer: ItemWriter<Item>,
  any: fc.Arbitrary<Item>,
): void {
  const items = fc.array(any, { minLength: 20, maxLength: 20 });
  fc.assert(
    fc.property(items, fc.array(step, { maxLength: 200 }), (given, steps) => {
      const waiting = new WaitingItems(writer);
      const twin: { item: Item; sequence: number; epoch: number }[] = [];
      let [sequence, epoch] = [0, 1];
      for (const { adds, epochs, takes } of steps) {
        for (let i = 0; i < adds; i++) {
          const item = given[++sequence % given.length] as Item;
          waiting.add(item, sequence, epoch);
          twin.push({ item, sequence, epoch });
        }
        epoch += epochs;
        expect(waiting.length).toBe(twin.length);
        if (takes === 0 || twin.length === 0) continue;
        const cut = twin.findIndex((one) => one.epoch !== twin[0]!.epoch);
        const part = twin.slice(0, Math.min(takes, cut === -1 ? twin.length : cut));
        const { body, ...first } = waiting.first(takes);
        expect(Buffer.from(body)).toEqual(
          bodyOf(
            part.map(({ item }) => item),
            kind,
          ),
        );
        expect(first).toEqual({
          items: part.length,
          epoch: twin[0]!.epoch,
          firstSequence: twin[0]!.sequence,
          lastSequence: part.at(-1)!.sequence,
          timeMs: part.at(-1)!.item.timeMs,
        });
        const last = twin.at(-1)!;
        const place = twin.length - 1;
        expect(waiting.isAt(place, last.item, last.sequence, last.epoch)).toBe(true);
        expect(waiting.isAt(place, last.item, last.sequence + 1, last.epoch)).toBe(false);
        const other = { ...last.item, timeMs: last.item.timeMs === 0 ? 1 : 0 };
        expect(waiting.isAt(place, other, last.sequence, last.epoch)).toBe(false);
        waiting.drop(part.length);
        twin.splice(0, part.length);
      }
    }),
    { numRuns: 60 },
  );
}

it('gives the items of a market as the bytes of a pack, in their order', () => {
  holds('market', MARKET_ITEMS, marketItem);
});

it('gives the items of accounts, whose lengths differ, and leaves nothing of those before', () => {
  holds('account', ACCOUNT_ITEMS, accountItem);
});
