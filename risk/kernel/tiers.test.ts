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
import { CODE_POSITION_LOTS_MUST_NOT_EXCEED_LIMIT } from '../../engine/kernel/reject-codes.js';
import {
  type MarginTerms,
  type MarginTier,
  marginTermsProblem,
  NO_MARGIN_TERMS,
  TIERS_MAX,
} from '../../engine/market/margin-terms.js';
import type { MarketParams } from '../../engine/market/market-params.js';
import { asPriceTicks, asQtyLots } from '../../engine/units/units.js';
import { MarketSummary } from '../margin/market-summaries.js';
import { javascriptRiskKernel } from '../margin/risk-kernel.js';
import { bracketsOf } from '../margin-tiers/margin-tiers.js';
import { initialMarginWithOrders, type OpenOrder } from '../requirement/open-orders.js';
import { positionMargin, type RiskMarket } from '../requirement/position-margin.js';
import {
  A_ACTIVE,
  A_COLLATERAL,
  A_STATUS,
  G_REFUSED_LIMIT,
  G_REFUSED_VALUE,
  M_SECOND_FLOOR,
} from './layout.js';

const ACCOUNT = 3;
const PPM = 10n ** 12n;
const kernel = new Kernel(javascriptRiskKernel);
const { calls } = kernel;
const record = calls.openAccount(ACCOUNT);

const CONTRACTS = [
  [100, 1],
  [1, 1],
  [1, 100],
  [25, 7],
  [1, 10 ** 9],
] as const;

const markets = CONTRACTS.map(([numerator, denominator], index) => {
  const params = {
    microUsdPerTickLotNumerator: numerator,
    microUsdPerTickLotDenominator: denominator,
    initialMarginPpm: 20_000,
    maintenanceMarginPpm: 10_000,
  } as MarketParams;
  return new MarketSummary(kernel, index + 1, index, params);
});

/** A market in which the margin actor has these tiers, and the account's row there: it has nothing in it, nor elsewhere. */
function marketWith(
  terms: MarginTerms,
  markTicks: number,
  contract: (typeof CONTRACTS)[number] = CONTRACTS[0],
): { market: MarketSummary; row: number } {
  const market = markets[CONTRACTS.indexOf(contract)] as MarketSummary;
  market.setMarginTerms(terms);
  market.setMark(asPriceTicks(markTicks));
  const row = market.rows.open(ACCOUNT);
  kernel.words.fill(0, (record + A_ACTIVE) >> 2, ((record + A_ACTIVE) >> 2) + 2);
  kernel.words[(record + A_STATUS) >> 2] = 1;
  return { market, row };
}

function termsOf(tiers: readonly MarginTier[], positionLotsMax = 0): MarginTerms {
  return { ...NO_MARGIN_TERMS, tiers, positionLotsMax: asQtyLots(positionLotsMax) };
}

function riskMarket(
  tiers: readonly MarginTier[],
  markTicks: number,
  [numerator, denominator]: readonly [number, number],
  takerPpm: number,
): RiskMarket {
  return {
    tickLot: { numerator: BigInt(numerator), denominator: BigInt(denominator) },
    markTicks: BigInt(markTicks),
    takerRateE18: BigInt(takerPpm) * PPM,
    brackets: bracketsOf(
      tiers.map(({ floorUsd, initialPpm, maintenancePpm }) => ({
        notionalFloorMicroUsd: BigInt(floorUsd) * 1_000_000n,
        initialRateE18: BigInt(initialPpm) * PPM,
        maintenanceRateE18: BigInt(maintenancePpm) * PPM,
      })),
    ),
  };
}

const rate = fc.oneof(fc.integer({ min: 1, max: 1_000_000 }), fc.integer({ min: 1, max: 50 }));
const gap = fc.oneof(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 100_000_000 }));
const tiersOf = fc
  .array(fc.tuple(gap, rate, rate), { minLength: 1, maxLength: TIERS_MAX })
  .map((steps) => {
    const sorted = (at: 1 | 2) => steps.map((step) => step[at]).sort((a, b) => a - b);
    const [some, others] = [sorted(1), sorted(2)];
    let floorUsd = 0;
    return steps.map(([width], i): MarginTier => {
      if (i > 0) floorUsd += width;
      const pair = [some[i] as number, others[i] as number];
      return {
        floorUsd,
        initialPpm: Math.max(...pair),
        maintenancePpm: Math.min(...pair),
      };
    });
  });
const contract = fc.constantFrom(...CONTRACTS);
const mark = fc.oneof(fc.integer({ min: 1, max: 1000 }), fc.integer({ min: 1, max: 2 ** 24 }));
const lots = fc.oneof(fc.nat(100), fc.nat(2 ** 20));
const signed = fc.tuple(lots, fc.boolean()).map(([size, isShort]) => (isShort ? 0 - size : size));
const takerPpm = fc.constantFrom(0, 500, 50_000);
const order = fc.record({ isBuy: fc.boolean(), size: lots, beyond: fc.nat(40) });

function setHolding(row: number, position: number, orders: readonly OpenOrder[], mark: number) {
  const { floats } = kernel;
  floats[(row + R_POSITION) >> 3] = position;
  floats[(row + R_ENTRY_VALUE) >> 3] = position * mark;
  for (const [side, isBuy] of [true, false].entries()) {
    const own = orders.filter((each) => each.isBuy === isBuy);
    const loss = own.reduce((sum, { lots: left, priceTicks }) => {
      const ticks = isBuy ? Number(priceTicks) - mark : mark - Number(priceTicks);
      return sum + Number(left) * Math.max(0, ticks);
    }, 0);
    const open = own.reduce((sum, { lots: left }) => sum + Number(left), 0);
    floats[(row + R_OPEN_LOTS + side * 8) >> 3] = open;
    floats[(row + R_OPEN_LOSS + side * 8) >> 3] = loss;
  }
}

describe('margin by tiers in the kernel', () => {
  it('equals the formulas in bigint, for random tiers, positions and open orders', () => {
    fc.assert(
      fc.property(
        tiersOf,
        contract,
        mark,
        signed,
        fc.array(order, { maxLength: 4 }),
        takerPpm,
        (tiers, worth, markTicks, position, some, taker) => {
          expect(marginTermsProblem(termsOf(tiers))).toBe(null);
          const { market, row } = marketWith(termsOf(tiers), markTicks, worth);
          const orders = some.map(({ isBuy, size, beyond }) => ({
            isBuy,
            lots: BigInt(size),
            priceTicks: BigInt(Math.max(1, markTicks + (isBuy ? beyond : -beyond))),
            reduceOnly: false,
          }));
          setHolding(row, position, orders, markTicks);
          const known = riskMarket(tiers, markTicks, worth, taker);
          const held = { lots: BigInt(position), entryValueTickLots: 0n };
          expect(calls.initialMargin(market.block, row, taker)).toBe(
            Number(initialMarginWithOrders(known, held.lots, orders)),
          );
          expect(calls.maintenanceMargin(market.block, row)).toBe(
            Number(positionMargin(known, held).maintenanceMicroUsd),
          );
        },
      ),
      { numRuns: 3000 },
    );
  });

  it('makes no leap at a floor: the next tick·lot asks for no more than its own rate', () => {
    fc.assert(
      fc.property(tiersOf, contract, fc.nat(), (tiers, worth, pick) => {
        const { market, row } = marketWith(termsOf(tiers), 1, worth);
        const [numerator, denominator] = worth;
        const { floorUsd } = tiers[pick % tiers.length] as MarginTier;
        const floor = Number(
          (BigInt(floorUsd) * 1_000_000n * BigInt(denominator)) / BigInt(numerator),
        );
        fc.pre(floor < 2 ** 52);
        const of = (size: number) => {
          setHolding(row, size, [], 1);
          return calls.initialMargin(market.block, row, 0);
        };
        const step = of(floor + 1) - of(floor);
        const least = Math.ceil(numerator / denominator);
        expect(step).toBeGreaterThanOrEqual(0);
        expect(step).toBeLessThanOrEqual(least + 1);
      }),
      { numRuns: 1000 },
    );
  });

  it('goes back to the flat rates when a market loses its tiers, and to one tier from many', () => {
    const tiers = [
      { floorUsd: 0, initialPpm: 20_000, maintenancePpm: 10_000 },
      { floorUsd: 100_000, initialPpm: 50_000, maintenancePpm: 25_000 },
    ];
    const { market, row } = marketWith(termsOf(tiers), 600_000);
    setHolding(row, 3000, [], 600_000);
    // 180,000 USD: 100,000 at 2 % and 80,000 at 5 %.
    expect(calls.initialMargin(market.block, row, 0)).toBe(6_000_000_000);
    expect(calls.maintenanceMargin(market.block, row)).toBe(3_000_000_000);
    market.setMarginTerms(termsOf([{ floorUsd: 0, initialPpm: 30_000, maintenancePpm: 30_000 }]));
    expect(calls.initialMargin(market.block, row, 0)).toBe(5_400_000_000);
    expect(kernel.float(market.block + M_SECOND_FLOOR)).toBe(Number.POSITIVE_INFINITY);
    market.setMarginTerms(NO_MARGIN_TERMS);
    expect(calls.initialMargin(market.block, row, 0)).toBe(3_600_000_000);
    expect(calls.maintenanceMargin(market.block, row)).toBe(1_800_000_000);
  });
});

describe('an order that is let in', () => {
  it('never makes its account liquidatable at the same mark, whatever of it fills', () => {
    fc.assert(
      fc.property(
        tiersOf,
        contract,
        mark,
        signed,
        order,
        takerPpm,
        fc.nat(2 ** 40),
        fc.nat(),
        (tiers, worth, markTicks, position, { isBuy, size, beyond }, taker, money, part) => {
          fc.pre(size > 0);
          const { market, row } = marketWith(termsOf(tiers), markTicks, worth);
          setHolding(row, position, [], markTicks);
          const equity = () =>
            kernel.float(record + A_COLLATERAL) + calls.unrealized(market.block, row);
          kernel.floats[(record + A_COLLATERAL) >> 3] = money;
          kernel.words[H_TAKER_PPM >> 2] = taker;
          const price = Math.max(1, markTicks + (isBuy ? beyond : -beyond));
          const loss = Math.abs(price - markTicks);
          // An account below its line may only close; that it then stands no worse is what the requirement says.
          fc.pre(equity() >= calls.maintenanceMargin(market.block, row));
          const side = isBuy ? 0 : 1;
          const { block } = market;
          const code = calls.tryReserve(
            block,
            ACCOUNT,
            record,
            row,
            side,
            price,
            size,
            size * loss,
          );
          fc.pre(code === 0 && calls.freeCollateral(ACCOUNT, record) >= 0);
          const filled = 1 + (part % size);
          const value = filled * price;
          const [numerator, denominator] = worth;
          const fee = Math.ceil((value * numerator * taker) / (denominator * 1_000_000));
          fc.pre(value * numerator * taker < 2 ** 53);
          setHolding(row, position + (isBuy ? filled : -filled), [], markTicks);
          // Bought above the mark, or sold below it: the loss is there at once.
          const lost = Math.ceil((filled * loss * numerator) / denominator);
          kernel.floats[(record + A_COLLATERAL) >> 3] = money - fee - lost;
          expect(equity()).toBeGreaterThanOrEqual(calls.maintenanceMargin(block, row));
        },
      ),
      { numRuns: 3000 },
    );
  });
});

describe('the cap on an account’s position', () => {
  const cap = 1000;
  const reserve = (position: number, side: number, size: number) => {
    const { market, row } = marketWith(termsOf([], cap), 600_000);
    setHolding(row, position, [], 600_000);
    kernel.floats[(record + A_COLLATERAL) >> 3] = 1e15;
    return calls.tryReserve(market.block, ACCOUNT, record, row, side, 600_000, size, 0);
  };
  it.each([
    ['lets a position grow up to it', 400, 0, 600, 0],
    ['refuses one lot more', 400, 0, 601, CODE_POSITION_LOTS_MUST_NOT_EXCEED_LIMIT],
    ['holds for shorts too', -400, 1, 601, CODE_POSITION_LOTS_MUST_NOT_EXCEED_LIMIT],
    ['lets a position above it be closed', 1500, 1, 1500, 0],
    ['and turned no farther than that', 1500, 1, 2500, 0],
    ['but not beyond', 1500, 1, 3001, CODE_POSITION_LOTS_MUST_NOT_EXCEED_LIMIT],
  ])('%s', (_name, position, side, size, code) => {
    expect(reserve(position, side, size)).toBe(code);
    if (code === 0) return;
    expect(kernel.float(G_REFUSED_VALUE)).toBeGreaterThan(cap);
    expect(kernel.float(G_REFUSED_LIMIT)).toBe(cap);
  });
});
