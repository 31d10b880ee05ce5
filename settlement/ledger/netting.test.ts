import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Xorshift } from '../../engine/testing/xorshift.js';
import type { ItemSide, MarketItem } from '../packs/pack-types.js';
import type { BatchSection } from '../program/batch.js';
import { addressBytes } from '../program/batch-cost.js';
import { NettingWindow } from './netting-window.js';
import { NO_LIMITS } from './testing/scratch.js';

const WORTH = { numerator: 100, denominator: 1 };
const PLACES = [
  { marketId: 9, slot: 0, worth: WORTH },
  { marketId: 4, slot: 3, worth: { numerator: 1, denominator: 3 } },
];

type Step =
  | { kind: 'item'; marketId: number; item: MarketItem }
  | { kind: 'payment'; marketId: number; accountId: number; paymentMicroUsd: number };

const side = (largest: number): fc.Arbitrary<ItemSide> =>
  fc.record({
    accountId: fc.oneof(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 2 ** 26 - 1 })),
    deltaLots: fc.integer({ min: -largest, max: largest }),
    deltaEntryTickLots: fc.maxSafeInteger(),
    realizedMicroUsd: fc.integer({ min: -(2 ** 51), max: 2 ** 51 }),
    feeMicroUsd: fc.integer({ min: -(2 ** 40), max: 2 ** 40 }),
  });

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant('item' as const),
    marketId: fc.constantFrom(9, 4),
    item: fc.record({
      kind: fc.constantFrom('fill' as const, 'takeOver' as const),
      tradeSequence: fc.constant(1),
      timeMs: fc.constant(1),
      priceTicks: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
      qtyLots: fc.integer({ min: 1, max: 2 ** 36 }),
      takerSide: fc.constantFrom(0 as const, 1 as const),
      isLiquidation: fc.boolean(),
      maker: side(2 ** 40),
      taker: side(2 ** 40),
    }),
  }),
  fc.record({
    kind: fc.constant('payment' as const),
    marketId: fc.constantFrom(9, 4),
    accountId: fc.integer({ min: 1, max: 9 }),
    paymentMicroUsd: fc.integer({ min: -(2 ** 52), max: 2 ** 52 }),
  }),
);

/** The same sums in bigints and maps, without a thought of speed. */
function naive(steps: readonly Step[]): BatchSection[] {
  return PLACES.map(({ marketId, slot }) => {
    const accounts = new Map<number, [bigint, bigint, bigint, bigint]>();
    let [fees, insurance, clearing, gross, fills] = [0n, 0n, 0n, 0n, 0];
    const prices: number[] = [];
    const of = (id: number) => accounts.get(id) ?? [0n, 0n, 0n, 0n];
    for (const done of steps) {
      if (done.marketId !== marketId) continue;
      if (done.kind === 'payment') {
        const [lots, entry, realized, other] = of(done.accountId);
        accounts.set(done.accountId, [lots, entry, realized, other - BigInt(done.paymentMicroUsd)]);
        insurance += BigInt(done.paymentMicroUsd);
        continue;
      }
      fills++;
      gross += BigInt(done.item.qtyLots);
      prices.push(done.item.priceTicks);
      for (const each of [done.item.maker, done.item.taker]) {
        const [lots, entry, realized, other] = of(each.accountId);
        accounts.set(each.accountId, [
          lots + BigInt(each.deltaLots),
          entry + BigInt(each.deltaEntryTickLots),
          realized + BigInt(each.realizedMicroUsd),
          other - BigInt(each.feeMicroUsd),
        ]);
        fees += BigInt(each.feeMicroUsd);
        clearing -= BigInt(each.realizedMicroUsd);
      }
    }
    const entries = [...accounts]
      .filter(([, sums]) => sums.some((sum) => sum !== 0n))
      .sort(([a], [b]) => a - b)
      .map(([accountId, sums]) => ({
        accountId,
        deltaLots: sums[0],
        deltaEntryTickLots: sums[1],
        realizedMicroUsd: sums[2],
        otherMicroUsd: sums[3],
      }));
    return {
      slot,
      feesMicroUsd: fees,
      insuranceMicroUsd: insurance,
      clearingMicroUsd: clearing,
      grossLots: gross,
      minPriceTicks: prices.length === 0 ? 0 : Math.min(...prices),
      maxPriceTicks: prices.length === 0 ? 0 : Math.max(...prices),
      fills,
      entries,
    };
  }).filter(
    (section) =>
      section.entries.length > 0 || section.feesMicroUsd !== 0n || section.insuranceMicroUsd !== 0n,
  );
}

function add(window: NettingWindow, done: Step) {
  return done.kind === 'item'
    ? window.addItem(done.marketId, done.item)
    : window.addPayment(done.marketId, done.accountId, done.paymentMicroUsd);
}

describe('netting', () => {
  it('is exact, and ends before a sum would not be', () => {
    let ended = 0;
    const isExact = fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const window = new NettingWindow(NO_LIMITS, PLACES);
      const added: Step[] = [];
      for (const done of steps) {
        const answer = add(window, done);
        if (answer === 'added') added.push(done);
        else ended++;
      }
      expect(window.sections()).toEqual(naive(added));
      expect(window.items + window.payments).toBe(added.length);
    });
    // About one in ten runs ends early; by chance it takes more of them.
    for (let round = 0; round < 20 && ended <= 10; round++) fc.assert(isExact, { numRuns: 300 });
    expect(ended).toBeGreaterThan(10);
  });

  it('is exact where a sum passes its bound on the way and comes back', () => {
    const window = new NettingWindow(NO_LIMITS, PLACES);
    const most = Number.MAX_SAFE_INTEGER;
    const idle = { deltaLots: 0, deltaEntryTickLots: 0, feeMicroUsd: 0 };
    const item = (maker: number, taker: number): MarketItem => ({
      ...fill(new Xorshift(1)),
      maker: { ...idle, accountId: maker, realizedMicroUsd: maker * 2 ** 51 },
      taker: { ...idle, accountId: taker, realizedMicroUsd: -(2 ** 51) },
    });
    const first = item(0, 9);
    expect(window.addItem(9, { ...first, maker: { ...first.maker, realizedMicroUsd: most } })).toBe(
      'added',
    );
    // 3 · 2^51 − 1 + 2^51 + 1 is no double.
    const odd = item(1, 2);
    expect(
      window.addItem(9, { ...odd, maker: { ...odd.maker, realizedMicroUsd: 2 ** 51 + 2 } }),
    ).toBe('full');
    const sums = window.sections()[0]?.entries.map((entry) => entry.realizedMicroUsd);
    expect(sums).toEqual([BigInt(most), -(2n ** 51n)]);
  });

  it('knows no account by an item that it has refused', () => {
    const window = new NettingWindow({ ...NO_LIMITS, entriesMax: 3 }, PLACES);
    const idle = { deltaLots: 0, deltaEntryTickLots: 0, feeMicroUsd: 0 };
    const add = (maker: number, taker: number, takerRealized: number) => {
      const side = (accountId: number, realizedMicroUsd: number) => {
        return { ...idle, accountId, realizedMicroUsd };
      };
      const sides = { maker: side(maker, 1), taker: side(taker, takerRealized) };
      return window.addItem(9, { ...fill(new Xorshift(1)), ...sides });
    };
    expect(add(2, 1, -Number.MAX_SAFE_INTEGER)).toBe('added');
    // Its maker would be new, and its taker’s sum would not be exact.
    expect(add(3, 1, -2)).toBe('full');
    expect(add(3, 4, 1)).toBe('full');
    expect(add(3, 2, 1)).toBe('added');
    expect(window.sections()[0]?.entries.map(({ accountId }) => accountId)).toEqual([1, 2, 3]);
  });

  it('refuses what would pass a limit, changes nothing then, and says when a market has no place', () => {
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 40 }),
        fc.record({
          itemsMax: fc.integer({ min: 1, max: 10 }),
          entriesMax: fc.integer({ min: 2, max: 8 }),
          notionalMicroUsdMax: fc.double({ min: 1, max: 2 ** 70, noNaN: true }),
          marketNotionalMicroUsdMax: fc.double({ min: 1, max: 2 ** 70, noNaN: true }),
          pagesMax: fc.integer({ min: 2, max: 5 }),
          rowsPerPage: fc.constantFrom(1, 2, 1_024),
          addressBytesMax: fc.integer({ min: addressBytes(1, 2), max: addressBytes(2, 5) }),
        }),
        (steps, some) => {
          const limits = { ...NO_LIMITS, ...some };
          const window = new NettingWindow(limits, PLACES);
          const added: Step[] = [];
          for (const done of steps) {
            if (add(window, done) === 'added') added.push(done);
          }
          const sections = window.sections();
          expect(sections).toEqual(naive(added));
          expect(added.length).toBeLessThanOrEqual(limits.itemsMax);
          const entries = sections.reduce((sum, section) => sum + section.entries.length, 0);
          expect(entries).toBeLessThanOrEqual(limits.entriesMax);
          const ids = sections.flatMap((section) =>
            section.entries.map((entry) => entry.accountId),
          );
          const pages = new Set(ids.map((id) => Math.floor(id / limits.rowsPerPage)));
          expect(pages.size).toBeLessThanOrEqual(limits.pagesMax);
          const bytes = addressBytes(sections.length, pages.size);
          expect(bytes).toBeLessThanOrEqual(limits.addressBytesMax);
        },
      ),
      { numRuns: 300 },
    );
    const window = new NettingWindow(NO_LIMITS, [{ marketId: 1, slot: null, worth: WORTH }]);
    expect(window.addPayment(1, 1, 5)).toBe('unplaced');
    expect(window.isEmpty()).toBe(true);
  });

  it('lets a market wait that the transaction has no room for, and goes on with the others', () => {
    const limits = { ...NO_LIMITS, addressBytesMax: addressBytes(1, 2) };
    const window = new NettingWindow(limits, PLACES);
    expect(window.addPayment(9, 1, 5)).toBe('added');
    expect(window.addPayment(4, 1, 5)).toBe('crowded');
    expect(window.addPayment(9, 2, 5)).toBe('added');
    expect(window.addPayment(9, limits.rowsPerPage, 5)).toBe('added');
    expect(window.addPayment(9, 2 * limits.rowsPerPage, 5)).toBe('full');
    expect(window.addressBytes()).toBe(addressBytes(1, 2));
    expect(window.sections().map(({ slot }) => slot)).toEqual([0]);
  });

  it('nets a million fills over ten thousand accounts', () => {
    const random = new Xorshift(5);
    const items = Array.from({ length: 100_000 }, () => fill(random));
    const window = new NettingWindow(NO_LIMITS, PLACES);
    const beginMs = performance.now();
    for (let round = 0; round < 10; round++) {
      for (const item of items) {
        if (window.addItem(9, item) !== 'added') throw new Error('an ordinary fill did not fit');
      }
    }
    const sections = window.sections();
    const elapsedMs = performance.now() - beginMs;
    console.log(`1,000,000 fills over 10,000 accounts netted in ${elapsedMs.toFixed(0)} ms`);
    expect(sections[0]?.fills).toBe(1_000_000);
    expect(sections[0]?.entries.length).toBeGreaterThan(9_900);
    const tenTimes = naive(items.map((item) => ({ kind: 'item', marketId: 9, item })))[0]?.entries;
    const scaled = tenTimes?.map((entry) => entry.realizedMicroUsd * 10n);
    expect(sections[0]?.entries.map((entry) => entry.realizedMicroUsd)).toEqual(scaled);
  });
});

function fill(random: Xorshift): MarketItem {
  const priceTicks = random.between(990_000, 1_010_000);
  const qtyLots = random.between(1, 1_000);
  const half = (lots: number): ItemSide => ({
    accountId: random.between(1, 10_000),
    deltaLots: lots,
    deltaEntryTickLots: lots * priceTicks,
    realizedMicroUsd: random.between(-10_000, 10_000),
    feeMicroUsd: random.between(-100, 500),
  });
  return {
    kind: 'fill',
    tradeSequence: 1,
    timeMs: 1,
    priceTicks,
    qtyLots,
    takerSide: 0,
    isLiquidation: false,
    maker: half(-qtyLots),
    taker: half(qtyLots),
  };
}
