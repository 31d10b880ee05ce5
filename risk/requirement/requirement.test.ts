import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Kernel } from '../../engine/kernel/host/kernel.js';
import { R_ENTRY_VALUE, R_OPEN_LOSS, R_OPEN_LOTS, R_POSITION } from '../../engine/kernel/layout.js';
import { M_MARK } from '../kernel/layout.js';
import { javascriptRiskKernel } from '../margin/risk-kernel.js';
import { market, marketWith, position, wide } from '../testing/markets.js';
import { accountMargin, type Holding, marginRatioE18 } from './account-margin.js';
import { initialMarginWithOrders, type OpenOrder } from './open-orders.js';
import { checkOrder } from './order-check.js';
import { positionMargin, type RiskPosition } from './position-margin.js';
import { withdrawableMicroUsd } from './withdrawal.js';

const NO_CAPS = { positionMicroUsd: null, openInterestMicroUsd: null };
const usd = (n: number) => BigInt(Math.round(n * 1_000_000));

const order: fc.Arbitrary<OpenOrder> = fc.record({
  isBuy: fc.boolean(),
  priceTicks: fc.bigInt(1n, 2000n),
  lots: fc.bigInt(1n, 500n),
  reduceOnly: fc.boolean(),
});
const holding: fc.Arbitrary<Holding> = fc.record({
  market,
  position,
  orders: fc.array(order, { maxLength: 4 }),
  isIsolated: fc.boolean(),
});
const holdings = fc.array(holding, { maxLength: 3 });
const money = fc.bigInt(-(10n ** 12n), 10n ** 16n);

function buy(lots: bigint, priceTicks: bigint, reduceOnly = false): OpenOrder {
  return { isBuy: true, priceTicks, lots, reduceOnly };
}
function sell(lots: bigint, priceTicks: bigint, reduceOnly = false): OpenOrder {
  return { ...buy(lots, priceTicks, reduceOnly), isBuy: false };
}
function at(lots: bigint, entryTicks: bigint): RiskPosition {
  return { lots, entryValueTickLots: lots * entryTicks };
}

describe('margin of a position', () => {
  it('equals decimals, rounded against the trader', () => {
    fc.assert(
      fc.property(market, position, (of, held) => {
        const worth = wide(of.tickLot.numerator).div(wide(of.tickLot.denominator));
        const profit = wide(held.lots * of.markTicks - held.entryValueTickLots).times(worth);
        const notional = wide(held.lots).abs().times(wide(of.markTicks)).times(worth);
        const margin = positionMargin(of, held);
        // 60 digits forget what an endless quotient has too much.
        expect(String(margin.unrealizedMicroUsd)).toBe(
          profit.toDecimalPlaces(60).floor().toFixed(),
        );
        expect(String(margin.notionalMicroUsd)).toBe(notional.toDecimalPlaces(60).ceil().toFixed());
      }),
      { numRuns: 1000 },
    );
  });
});

describe('initial margin with open orders', () => {
  /** BTC-PERP: a tick·lot is 100 micro-USD, 2 %, taker 0.05 %; 1,000 lots are 1 BTC at 60,000.0. */
  const btc = { ...marketWith([[0, 20_000, 10_000]], 600_000n), takerRateE18: 5n * 10n ** 14n };
  const cases: [string, bigint, OpenOrder[], bigint][] = [
    ['a position alone', 1000n, [], usd(1200)],
    ['bids add to a long', 1000n, [buy(1000n, 600_000n)], usd(2430)],
    ['asks that close a long add only fees', 1000n, [sell(1000n, 600_000n)], usd(1230)],
    ['asks beyond it count as the short', 1000n, [sell(3000n, 600_000n)], usd(2490)],
    ['the worse side, fees of both', 0n, [buy(1000n, 600_000n), sell(1000n, 600_000n)], usd(1260)],
    ['a bid above the mark loses at once', 0n, [buy(1000n, 601_000n)], usd(1330.05)],
    ['a bid below the mark gains nothing', 0n, [buy(1000n, 599_000n)], usd(1230)],
    ['an ask below the mark loses at once', 0n, [sell(1000n, 599_000n)], usd(1330.05)],
    [
      'reduce-only asks beside asks',
      1000n,
      [sell(1000n, 600_000n), sell(1000n, 600_000n, true)],
      usd(1260),
    ],
    ['reduce-only counts as far as it closes', 1000n, [sell(5000n, 599_000n, true)], usd(1330.05)],
    ['reduce-only that closes nothing is nothing', 1000n, [buy(1000n, 700_000n, true)], usd(1200)],
    ['reduce-only without a position too', 0n, [sell(1000n, 500_000n, true)], 0n],
    [
      'of several reduce-only orders the oldest count',
      1000n,
      [sell(600n, 600_000n, true), sell(600n, 599_000n, true)],
      usd(1270.02),
    ],
  ];
  it.each(cases)('%s', (_name, lots, orders, expected) => {
    expect(initialMarginWithOrders(btc, lots, orders)).toBe(expected);
  });

  it('goes through the tiers with the worst position', () => {
    const tiered = marketWith(
      [
        [0, 20_000, 10_000],
        [100_000, 50_000, 25_000],
      ],
      600_000n,
    );
    // 3 BTC are 180,000 USD: 100,000 at 2 % and 80,000 at 5 %.
    expect(initialMarginWithOrders(tiered, 1000n, [buy(2000n, 600_000n)])).toBe(usd(6000));
  });

  it('is what the kernel reserves in a market with one tier', () => {
    const { calls, floats, words } = new Kernel(javascriptRiskKernel);
    const block = calls.openRemoteBlock(1);
    const lots = fc.integer({ min: -(2 ** 20), max: 2 ** 20 });
    const open = fc.array(
      fc.record({
        isBuy: fc.boolean(),
        priceTicks: fc.bigInt(1n, 200_000n),
        lots: fc.bigInt(1n, 2n ** 16n),
      }),
      { maxLength: 5 },
    );
    const contract = fc.constantFrom([100, 1], [1, 1], [1, 100], [25, 7]);
    const rates = fc.tuple(fc.integer({ min: 1, max: 1_000_000 }), fc.nat(50_000));
    const mark = fc.integer({ min: 1, max: 200_000 });
    fc.assert(
      fc.property(
        lots,
        open,
        contract,
        rates,
        mark,
        (held, orders, worth, [initial, taker], markTicks) => {
          const [numerator, denominator] = worth as [number, number];
          calls.setContract(block, numerator, denominator);
          calls.addMarket(block, 1, 0);
          calls.setMarginRates(block, initial, initial);
          words[(block + M_MARK) >> 2] = markTicks;
          const row = calls.openRow(block, 1);
          floats[(row + R_POSITION) >> 3] = held;
          floats[(row + R_ENTRY_VALUE) >> 3] = held * 7;
          for (const [offset, isBuy] of [
            [0, true],
            [8, false],
          ] as const) {
            const side = orders.filter((each) => each.isBuy === isBuy);
            const loss = ({ lots: each, priceTicks }: (typeof side)[number]) => {
              const against = isBuy
                ? Number(priceTicks) - markTicks
                : markTicks - Number(priceTicks);
              return Number(each) * Math.max(0, against);
            };
            floats[(row + R_OPEN_LOTS + offset) >> 3] = side.reduce(
              (sum, each) => sum + Number(each.lots),
              0,
            );
            floats[(row + R_OPEN_LOSS + offset) >> 3] = side.reduce(
              (sum, each) => sum + loss(each),
              0,
            );
          }
          const own = {
            ...marketWith([[0, initial, 0]], BigInt(markTicks), {
              numerator: BigInt(numerator),
              denominator: BigInt(denominator),
            }),
            takerRateE18: BigInt(taker) * 10n ** 12n,
          };
          const all = orders.map((each) => ({ ...each, reduceOnly: false }));
          const margin = initialMarginWithOrders(own, BigInt(held), all);
          expect(calls.initialMargin(block, row, taker)).toBe(Number(margin));
          const profit = positionMargin(own, at(BigInt(held), 7n)).unrealizedMicroUsd;
          expect(calls.unrealized(block, row)).toBe(Number(profit));
        },
      ),
      { numRuns: 500 },
    );
  });

  it('is never less with one more order, nor less than the position alone needs', () => {
    fc.assert(
      fc.property(holding, order, ({ market: of, orders, position: held }, more) => {
        const before = initialMarginWithOrders(of, held.lots, orders);
        expect(initialMarginWithOrders(of, held.lots, [...orders, more]) >= before).toBe(true);
        expect(before >= positionMargin(of, held).initialMicroUsd).toBe(true);
      }),
    );
  });
});

describe('an account', () => {
  it('is never worse off with more collateral', () => {
    fc.assert(
      fc.property(
        money,
        fc.bigInt(0n, 10n ** 12n),
        holdings,
        order,
        (collateral, more, all, wish) => {
          const poor = accountMargin(collateral, all);
          const rich = accountMargin(collateral + more, all);
          expect(rich.equityMicroUsd - poor.equityMicroUsd).toBe(more);
          expect(rich.freeMicroUsd - poor.freeMicroUsd).toBe(more);
          expect([rich.initialMicroUsd, rich.maintenanceMicroUsd]).toEqual([
            poor.initialMicroUsd,
            poor.maintenanceMicroUsd,
          ]);
          expect(rich.isLiquidatable && !poor.isLiquidatable).toBe(false);
          expect(withdrawableMicroUsd(rich) >= withdrawableMicroUsd(poor)).toBe(true);
          const [first] = all;
          if (first === undefined) return;
          const check = (own: bigint) => checkOrder(own, all, first, wish, NO_CAPS, 0n).refusal;
          if (check(collateral) === null) expect(check(collateral + more)).toBe(null);
        },
      ),
    );
  });

  it('is liquidatable exactly when its margin ratio is above one or endless', () => {
    fc.assert(
      fc.property(money, holdings, (collateral, all) => {
        const account = accountMargin(collateral, all);
        const ratio = marginRatioE18(account);
        const asked = account.maintenanceMicroUsd > 0n;
        fc.pre(asked);
        expect(account.isLiquidatable).toBe(ratio === null || ratio > 10n ** 18n);
      }),
    );
  });

  it('that owes but has no position is not liquidatable: there is nothing to close', () => {
    const account = accountMargin(usd(-1), []);
    expect([account.isLiquidatable, marginRatioE18(account)]).toEqual([false, 0n]);
  });

  const btc = marketWith([[0, 100_000, 50_000]], 600_000n);
  const one = (entryTicks: bigint, orders: OpenOrder[] = [], isIsolated = false): Holding => {
    return { market: btc, position: at(1000n, entryTicks), orders, isIsolated };
  };

  it('at maintenance margin is not liquidatable, a micro-USD below it is', () => {
    const all = [one(600_000n)];
    expect(accountMargin(usd(3000), all).isLiquidatable).toBe(false);
    expect(accountMargin(usd(3000) - 1n, all).isLiquidatable).toBe(true);
  });

  it('has nothing of an isolated position but what its orders ask for beyond it', () => {
    const isolated = accountMargin(usd(100), [one(500_000n, [], true)]);
    expect(isolated).toMatchObject({
      equityMicroUsd: usd(100),
      initialMicroUsd: 0n,
      maintenanceMicroUsd: 0n,
      notionalMicroUsd: 0n,
    });
    const adding = accountMargin(usd(100), [one(500_000n, [buy(500n, 600_000n)], true)]);
    expect(adding.initialMicroUsd).toBe(usd(3000));
    const closing = accountMargin(usd(100), [one(500_000n, [sell(500n, 600_000n)], true)]);
    expect(closing.initialMicroUsd).toBe(0n);
  });
});

describe('withdrawal', () => {
  const low = marketWith([[0, 20_000, 10_000]], 600_000n);
  const high = marketWith([[0, 200_000, 100_000]], 600_000n);
  const cases: [string, number, [typeof low, RiskPosition][], number][] = [
    ['everything without a position', 500, [], 500],
    ['nothing of what is owed', -500, [], 0],
    [
      'a tenth of the notional stays, where less is required',
      10_000,
      [[low, at(1000n, 600_000n)]],
      4000,
    ],
    ['initial margin stays, where it is more', 20_000, [[high, at(1000n, 600_000n)]], 8000],
    ['profit is never withdrawable', 6000, [[low, at(1000n, 500_000n)]], 0],
    ['losses are taken off', 10_000, [[low, at(1000n, 610_000n)]], 3000],
    [
      'profit does not make up for losses elsewhere',
      20_000,
      [
        [low, at(1000n, 610_000n)],
        [low, at(1000n, 500_000n)],
      ],
      7000,
    ],
  ];
  it.each(cases)('%s', (_name, collateral, positions, expected) => {
    const all = positions.map(([of, held]) => {
      return { market: of, position: held, orders: [], isIsolated: false };
    });
    expect(withdrawableMicroUsd(accountMargin(usd(collateral), all))).toBe(usd(expected));
  });

  it('leaves free collateral that is not negative, and equity above a tenth of the notional', () => {
    fc.assert(
      fc.property(money, holdings, (collateral, all) => {
        const most = withdrawableMicroUsd(accountMargin(collateral, all));
        fc.pre(most > 0n);
        const after = accountMargin(collateral - most, all);
        expect(after.freeMicroUsd >= 0n && !after.isLiquidatable).toBe(true);
        expect(after.equityMicroUsd * 10n >= after.notionalMicroUsd).toBe(true);
      }),
    );
  });
});

describe('an order', () => {
  const btc = marketWith([[0, 100_000, 50_000]], 600_000n);
  const long: Holding = {
    market: btc,
    position: at(1000n, 600_000n),
    orders: [],
    isIsolated: false,
  };
  const caps = { positionMicroUsd: usd(90_000), openInterestMicroUsd: usd(600_000) };
  const check = (collateral: number, wish: OpenOrder, openInterestLots = 5000n) =>
    checkOrder(usd(collateral), [long], long, wish, caps, openInterestLots);

  const cases: [string, number, OpenOrder, bigint, object][] = [
    ['fits', 9000, buy(500n, 600_000n), 5000n, { refusal: null }],
    [
      'lacks margin',
      8999,
      buy(500n, 600_000n),
      5000n,
      { refusal: 'insufficient_margin', valueMicroUsd: usd(3000), limitMicroUsd: usd(2999) },
    ],
    [
      'breaks the position cap',
      99_000,
      buy(501n, 600_000n),
      5000n,
      { refusal: 'position_cap', valueMicroUsd: usd(90_060), limitMicroUsd: usd(90_000) },
    ],
    [
      'breaks the open-interest cap',
      99_000,
      buy(500n, 600_000n),
      9501n,
      { refusal: 'open_interest_cap', valueMicroUsd: usd(600_060), limitMicroUsd: usd(600_000) },
    ],
    ['closes below the line', -99_000, sell(1000n, 600_000n), 5000n, { refusal: null }],
    ['closes above every cap', -99_000, sell(1000n, 600_000n, true), 99_000n, { refusal: null }],
  ];
  it.each(cases)('that %s', (_name, collateral, wish, interest, expected) => {
    expect(check(collateral, wish, interest)).toMatchObject(expected);
  });

  it('is let in exactly when free collateral stays above zero with it, or the requirement where it was', () => {
    fc.assert(
      fc.property(
        money,
        fc.array(holding, { minLength: 1, maxLength: 3 }),
        order,
        (own, all, wish) => {
          const [first, ...others] = all as [Holding, ...Holding[]];
          const withIt = { ...first, orders: [...first.orders, wish] };
          const before = accountMargin(own, all);
          const after = accountMargin(own, [withIt, ...others]);
          const raised = after.initialMicroUsd > before.initialMicroUsd;
          expect(checkOrder(own, all, first, wish, NO_CAPS, 0n).refusal === null).toBe(
            !raised || after.freeMicroUsd >= 0n,
          );
        },
      ),
      { numRuns: 500 },
    );
  });
});
