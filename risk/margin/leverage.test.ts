import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Kernel } from '../../engine/kernel/host/kernel.js';
import {
  R_POSITION,
  R_REDUCE_ONLY_MASK,
  R_REDUCE_ONLY_ORDERS,
} from '../../engine/kernel/layout.js';
import type { MarketParams } from '../../engine/market/market-params.js';
import { rejectName } from '../../engine/messages/reject-codes.js';
import { CMD_SET_LEVERAGE, EVT_LEVERAGE } from '../../engine/messages/types.js';
import { asPriceTicks } from '../../engine/units/units.js';
import { command } from '../../sim/traffic/wire.js';
import { MarketSummary } from './market-summaries.js';
import { javascriptRiskKernel } from './risk-kernel.js';
import { MARK, TriggerShard } from './trigger-shard.fixture.js';

const MARKET = 1;

function setLeverage(shard: TriggerShard, account: number, leverage: number) {
  const fields = { marketId: MARKET, account, price: leverage };
  shard.ask(command(CMD_SET_LEVERAGE, fields));
  const last = shard.events.at(-1);
  if (last?.type === EVT_LEVERAGE) return last.lots;
  return [rejectName(last?.code ?? 0), last?.value, last?.limit];
}

/** One tick·lot is a cent and the initial rate 10 %: 100 lots at 1,000 ticks are 1,000 USD. Accounts have 10,000 USD. */
describe.each(['product', 'naive'] as const)('leverage in the %s shard', (flavour) => {
  it('asks for notional ÷ leverage, and never for less than the market does', () => {
    const shard = new TriggerShard(flavour);
    expect(setLeverage(shard, 1, 5)).toBe(5);
    expect(shard.place(1, 'buy', 5000, { price: MARK })[0]).toMatch(/accepted/);
    expect(shard.place(1, 'buy', 1, { price: MARK })[0]).toMatch(
      /rejected insufficient_margin 2000000 limit 0/,
    );
    // As much as the market lets everybody have: half of it is free again.
    expect(setLeverage(shard, 1, 10)).toBe(10);
    expect(shard.place(1, 'buy', 5000, { price: MARK })[0]).toMatch(/accepted/);
    // Somebody else's account is not concerned.
    expect(shard.place(2, 'buy', 10_000, { price: MARK })[0]).toMatch(/accepted/);
  });

  it('is refused beyond what the market’s rate allows, and when margin would not suffice', () => {
    const shard = new TriggerShard(flavour);
    const before = shard.hash;
    for (const wrong of [0, -1, 11]) {
      expect(setLeverage(shard, 1, wrong)).toEqual([
        'leverage_must_be_within_1_and_limit',
        wrong,
        10,
      ]);
    }
    expect(shard.hash).toBe(before);
    shard.place(1, 'buy', 4000, { price: MARK });
    // 40,000 USD at 1 ask for 36,000 more, and 6,000 are free.
    expect(setLeverage(shard, 1, 1)).toEqual([
      'insufficient_margin',
      36_000_000_000,
      6_000_000_000,
    ]);
    expect(setLeverage(shard, 1, 4)).toBe(4);
  });

  it('stays when everything is closed, and beside reduce-only orders', () => {
    const shard = new TriggerShard(flavour);
    setLeverage(shard, 1, 2);
    shard.place(2, 'sell', 100, { price: MARK });
    shard.place(1, 'buy', 100, { price: MARK });
    for (let i = 1; i <= 3; i++) shard.place(1, 'sell', 10, { price: MARK + i, reduceOnly: true });
    setLeverage(shard, 1, 3);
    shard.massCancel(1);
    shard.place(2, 'buy', 100, { price: MARK });
    shard.place(1, 'sell', 100, { price: MARK });
    expect(shard.place(1, 'buy', 3001, { price: MARK })[0]).toMatch(/rejected insufficient_margin/);
    expect(shard.place(1, 'buy', 3000, { price: MARK })[0]).toMatch(/accepted/);
  });
});

describe('leverage', () => {
  it('is in a snapshot, also of an account that has nothing open', () => {
    const shard = new TriggerShard('product');
    setLeverage(shard, 1, 2);
    setLeverage(shard, 3, 7);
    shard.place(3, 'buy', 10, { price: MARK });
    const copy = shard.restored();
    expect(copy.hash).toBe(shard.hash);
    const told = shard.place(1, 'buy', 2001, { price: MARK });
    expect(told[0]).toMatch(/rejected insufficient_margin/);
    expect(copy.place(1, 'buy', 2001, { price: MARK })).toEqual(told);
  });

  it('shares a word with the count of reduce-only orders, and neither moves the other', () => {
    const kernel = new Kernel(javascriptRiskKernel);
    const row = kernel.calls.openRow(kernel.calls.openRemoteBlock(1), 1);
    const at = (row + R_REDUCE_ONLY_ORDERS) >> 2;
    const leverage = fc.nat(1000);
    fc.assert(
      fc.property(fc.nat(R_REDUCE_ONLY_MASK), leverage, leverage, (count, first, second) => {
        kernel.words[at] = count;
        for (const chosen of [first, second]) {
          kernel.calls.setLeverage(row, chosen);
          expect(kernel.calls.leverageOf(row)).toBe(chosen);
          expect(kernel.word(row + R_REDUCE_ONLY_ORDERS) & R_REDUCE_ONLY_MASK).toBe(count);
        }
      }),
    );
  });

  it('asks for exactly the larger of notional × rate and notional ÷ leverage, rounded up', () => {
    const kernel = new Kernel(javascriptRiskKernel);
    const contracts = [
      [100, 1],
      [1, 100],
      [25, 7],
    ] as const;
    const markets = contracts.map(([numerator, denominator], index) => {
      const params = {
        microUsdPerTickLotNumerator: numerator,
        microUsdPerTickLotDenominator: denominator,
        initialMarginPpm: 15_000,
        maintenanceMarginPpm: 10_000,
      } as MarketParams;
      return new MarketSummary(kernel, index + 1, index, params);
    });
    const pick = fc.nat(contracts.length - 1);
    const mark = fc.integer({ min: 1, max: 2 ** 24 });
    const size = fc.integer({ min: 1, max: 2 ** 20 });
    const leverage = fc.integer({ min: 1, max: 100 });
    fc.assert(
      fc.property(pick, mark, size, leverage, (index, ticks, lots, chosen) => {
        const market = markets[index] as MarketSummary;
        const [numerator, denominator] = contracts[index] as (typeof contracts)[number];
        market.setMark(asPriceTicks(ticks));
        const row = market.rows.open(1);
        kernel.floats[(row + R_POSITION) >> 3] = -lots;
        kernel.calls.setLeverage(row, chosen);
        const ceil = (n: bigint, d: bigint) => (n + d - 1n) / d;
        const value = BigInt(lots) * BigInt(ticks) * BigInt(numerator);
        const byRate = ceil(value * 15_000n, BigInt(denominator) * 1_000_000n);
        const byLeverage = ceil(value, BigInt(denominator) * BigInt(chosen));
        const larger = byRate > byLeverage ? byRate : byLeverage;
        expect(kernel.calls.initialMargin(market.block, row, 0)).toBe(Number(larger));
      }),
      { numRuns: 1000 },
    );
  });
});
