import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Kernel } from '../../engine/kernel/host/kernel.js';
import {
  H_TAKER_PPM,
  R_ENTRY_VALUE,
  R_OPEN_LOSS,
  R_OPEN_LOTS,
  R_POSITION,
} from '../../engine/kernel/layout.js';
import { javascriptRiskKernel } from '../margin/risk-kernel.js';
import {
  A_ACTIVE,
  A_COLLATERAL,
  A_STATUS,
  G_REFUSED_LIMIT,
  G_REFUSED_VALUE,
  M_MARK,
} from './layout.js';

/** The margin functions of the kernel against their formulas in bigint, over one account in up to four markets. */
const ACCOUNT = 5;
const INDICES = [0, 31, 32, 63];
const LIMIT = 2n ** 52n;
const PPM = 1_000_000n;
const COLUMNS = [
  R_POSITION,
  R_OPEN_LOTS,
  R_OPEN_LOTS + 8,
  R_OPEN_LOSS,
  R_OPEN_LOSS + 8,
  R_ENTRY_VALUE,
];

interface Holding {
  numerator: number;
  denominator: number;
  initialPpm: number;
  mark: number;
  position: number;
  bids: number;
  asks: number;
  bidLossTicks: number;
  askLossTicks: number;
  entryTicks: number;
}

const lots = fc.oneof(fc.constantFrom(0, 0, 1), fc.nat(1000), fc.nat(2 ** 18));
const ticks = fc.oneof(fc.integer({ min: 1, max: 1000 }), fc.integer({ min: 1, max: 2 ** 30 }));
const holding: fc.Arbitrary<Holding> = fc.record({
  numerator: fc.constantFrom(1, 3, 100, 1000),
  denominator: fc.constantFrom(1, 1, 7, 100, 10 ** 9),
  initialPpm: fc.constantFrom(1, 333, 20_000, 1_000_000),
  mark: ticks,
  position: fc.tuple(lots, fc.boolean()).map(([size, isShort]) => (isShort ? 0 - size : size)),
  bids: lots,
  asks: lots,
  bidLossTicks: fc.oneof(fc.constant(0), fc.nat(50)),
  askLossTicks: fc.oneof(fc.constant(0), fc.nat(50)),
  entryTicks: ticks,
});
const takerPpm = fc.constantFrom(0, 1, 500, 50_000);

function big(value: number): bigint {
  return BigInt(value);
}

function floor(n: bigint, d: bigint): bigint {
  return n % d < 0n ? n / d - 1n : n / d;
}

function ceil(n: bigint, d: bigint): bigint {
  return -floor(-n, d);
}

function valueLimit(h: Holding): bigint {
  const money = (LIMIT * big(h.denominator)) / big(h.numerator);
  return money < LIMIT ? money : LIMIT;
}

function marginOf(h: Holding, taker: number, bids = big(h.bids), bidLoss?: bigint): bigint {
  const [mark, asks, position] = [h.mark, h.asks, h.position].map(big) as [bigint, bigint, bigint];
  const loss = (bidLoss ?? bids * big(h.bidLossTicks)) + asks * big(h.askLossTicks);
  const [long, short] = [position + bids, asks - position];
  const worst = [long, short, 0n].reduce((a, b) => (a > b ? a : b));
  const [n, d] = [big(h.numerator), big(h.denominator)];
  const initial = ceil(worst * mark * n * big(h.initialPpm), d * PPM);
  const fees = ceil((mark * (bids + asks) + loss) * n * big(taker), d * PPM);
  return initial + fees + ceil(loss * n, d);
}

function profitOf(h: Holding): bigint {
  const value = big(h.position) * (big(h.mark) - big(h.entryTicks));
  return floor(value * big(h.numerator), big(h.denominator));
}

function notionalOf(h: Holding): bigint {
  return ceil(big(Math.abs(h.position)) * big(h.mark) * big(h.numerator), big(h.denominator));
}

/** Exact as long as the worst value is within its limit, which `tryReserve` sees to. */
function isWithin(h: Holding, more = 0): boolean {
  const size = big(Math.abs(h.position)) + big(h.bids) + big(h.asks) + big(more);
  const price = big(Math.max(h.mark + 50, h.entryTicks));
  return size * price <= valueLimit(h);
}

const kernel = new Kernel(javascriptRiskKernel);
const { calls } = kernel;
const record = calls.openAccount(ACCOUNT);
const blocks = INDICES.map((index) => {
  const block = calls.openRemoteBlock(index + 1);
  calls.setContract(block, 1, 1);
  calls.addMarket(block, index + 1, index);
  calls.openRow(block, ACCOUNT);
  return block;
});

function setUp(holdings: Holding[], taker: number, collateral: number): void {
  const { words, floats } = kernel;
  words[(record + A_STATUS) >> 2] = 1;
  words[H_TAKER_PPM >> 2] = taker;
  words.fill(0, (record + A_ACTIVE) >> 2, ((record + A_ACTIVE) >> 2) + 2);
  floats[(record + A_COLLATERAL) >> 3] = collateral;
  holdings.forEach((h, i) => {
    const block = blocks[i] as number;
    calls.setContract(block, h.numerator, h.denominator);
    calls.addMarket(block, (INDICES[i] as number) + 1, INDICES[i] as number);
    calls.setMarginRates(block, h.initialPpm, h.initialPpm);
    words[(block + M_MARK) >> 2] = h.mark;
    const row = calls.rowOf(block, ACCOUNT);
    const values = [h.position, h.bids, h.asks, h.bids * h.bidLossTicks, h.asks * h.askLossTicks];
    values.push(h.position * h.entryTicks);
    COLUMNS.forEach((column, k) => {
      floats[(row + column) >> 3] = values[k] as number;
    });
    if (!calls.isFlat(row)) calls.setActive(record, block);
  });
}

function snapshot(block: number): number[] {
  const row = calls.rowOf(block, ACCOUNT);
  const active = [0, 4].map((at) => kernel.word(record + A_ACTIVE + at));
  return [...COLUMNS.map((column) => kernel.float(row + column)), ...active];
}

describe('margin in the kernel equals bigint arithmetic', () => {
  it('of the requirement and the profit in one market', () => {
    fc.assert(
      fc.property(holding, takerPpm, (h, taker) => {
        fc.pre(isWithin(h));
        setUp([h], taker, 0);
        const block = blocks[0] as number;
        const row = calls.rowOf(block, ACCOUNT);
        expect(calls.initialMargin(block, row, taker)).toBe(Number(marginOf(h, taker)));
        expect(calls.unrealized(block, row) + 0).toBe(Number(profitOf(h)));
      }),
      { numRuns: 2000 },
    );
  });

  it('of what is free and what may be withdrawn over several markets', () => {
    fc.assert(
      fc.property(
        fc.array(holding, { maxLength: 4 }),
        takerPpm,
        fc.nat(10 ** 12),
        (holdings, taker, collateral) => {
          fc.pre(holdings.every((h) => isWithin(h)));
          setUp(holdings, taker, collateral);
          const margin = holdings.reduce((sum, h) => sum + marginOf(h, taker), 0n);
          const profits = holdings.map(profitOf);
          const equity = profits.reduce((sum, profit) => sum + profit, big(collateral));
          const losses = profits.reduce((sum, p) => (p < 0n ? sum + p : sum), 0n);
          const notional = holdings.reduce((sum, h) => sum + notionalOf(h), 0n);
          const tenth = ceil(notional, 10n);
          const withdrawable = big(collateral) + losses - (margin > tenth ? margin : tenth);
          expect(calls.freeCollateral(ACCOUNT, record)).toBe(Number(equity - margin));
          expect(calls.withdrawable(ACCOUNT, record)).toBe(Number(withdrawable));
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('of what a buy may reserve, and of the figures when it may not', () => {
    fc.assert(
      fc.property(
        fc.array(holding, { minLength: 1, maxLength: 3 }),
        takerPpm,
        fc.oneof(fc.constant(0), fc.nat(10 ** 9), fc.nat(10 ** 12)),
        fc.integer({ min: 1, max: 2000 }),
        fc.integer({ min: -20, max: 50 }),
        (holdings, taker, collateral, more, distance) => {
          const h = holdings[0] as Holding;
          fc.pre(holdings.every((each) => isWithin(each, more)) && h.mark + distance >= 1);
          setUp(holdings, taker, collateral);
          const block = blocks[0] as number;
          const row = calls.rowOf(block, ACCOUNT);
          const before = snapshot(block);
          const loss = more * Math.max(distance, 0);
          const price = h.mark + distance;
          const code = calls.tryReserve(block, ACCOUNT, record, row, 0, price, more, loss);
          const bidLoss = big(h.bids) * big(h.bidLossTicks) + big(loss);
          const raised = marginOf(h, taker, big(h.bids + more), bidLoss) - marginOf(h, taker);
          const equity = holdings.reduce((sum, each) => sum + profitOf(each), big(collateral));
          const free = equity - holdings.reduce((sum, each) => sum + marginOf(each, taker), 0n);
          const isCovered = raised <= 0n || free - raised >= 0n;
          expect(code).toBe(isCovered ? 0 : 16);
          if (isCovered) {
            expect(kernel.float(row + R_OPEN_LOTS)).toBe(h.bids + more);
            expect(kernel.float(row + R_OPEN_LOSS)).toBe(Number(bidLoss));
            expect(kernel.word(record + A_ACTIVE) & 1).toBe(1);
            return;
          }
          expect(snapshot(block)).toEqual(before);
          expect(kernel.float(G_REFUSED_VALUE)).toBe(Number(raised));
          expect(kernel.float(G_REFUSED_LIMIT)).toBe(Number(free));
        },
      ),
      { numRuns: 2000 },
    );
  });
});
