import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { R_ENTRY_VALUE, R_POSITION } from '../../engine/kernel/layout.js';
import { TIF_IOC } from '../../engine/messages/types.js';
import type { MarginActor } from '../margin/margin-actor.js';
import { MARK, TriggerShard } from '../margin/trigger-shard.fixture.js';
import { addAccount, coverOf, MOVES_PERCENT, noTotals, sumOfTotals } from './stress.js';

/** Micro-USD of a tick·lot, and maintenance margin in ppm, of the market of the fixture. */
const UNIT = 10_000n;
const RATE = 50_000n;
const ACCOUNTS = 4;

/** What the account would have, in bigint, from its row. */
function naive(shard: TriggerShard, account: number, percent: number) {
  const { accounts, kernel, markets } = (shard.core.home as MarginActor).state;
  const [market] = markets.all;
  const row = market?.rows.at(account) ?? 0;
  const position = BigInt(kernel.float(row + R_POSITION));
  const entry = BigInt(kernel.float(row + R_ENTRY_VALUE));
  const mark = (BigInt(market?.markTicks ?? 0) * BigInt(100 + percent)) / 100n;
  const size = position < 0n ? -position : position;
  return {
    position,
    equity: BigInt(accounts.collateral(account)) + (position * mark - entry) * UNIT,
    margin: (size * mark * UNIT * RATE + 999_999n) / 1_000_000n,
  };
}

function totalsOf(shard: TriggerShard) {
  const { accounts, kernel } = (shard.core.home as MarginActor).state;
  const totals = noTotals();
  for (let account = 1; account <= ACCOUNTS; account++) {
    if (naive(shard, account, 0).position === 0n) continue;
    const record = accounts.at(account);
    addAccount(totals, (percent) => ({
      equityMicroUsd: kernel.calls.stressedEquity(account, record, percent),
      marginMicroUsd: kernel.calls.stressedMargin(account, record, percent),
    }));
  }
  return totals;
}

const trade = fc.record({
  buyer: fc.integer({ min: 1, max: ACCOUNTS }),
  seller: fc.integer({ min: 1, max: ACCOUNTS }),
  lots: fc.integer({ min: 1, max: 6000 }),
  price: fc.integer({ min: 900, max: 1100 }),
});

describe('a stress report', () => {
  it('is what exact arithmetic says of each account, for every move', () => {
    const property = fc.property(fc.array(trade, { maxLength: 8 }), (trades) => {
      const shard = new TriggerShard('product', ACCOUNTS);
      for (const { buyer, seller, lots, price } of trades) {
        shard.place(seller, 'sell', lots, { price });
        shard.place(buyer, 'buy', lots, { price, tif: TIF_IOC });
        shard.massCancel(seller);
      }
      const totals = totalsOf(shard);
      for (const move of totals.moves) {
        const ids = Array.from({ length: ACCOUNTS }, (_, i) => i + 1);
        const all = ids.map((account) => naive(shard, account, move.percent));
        const held = all.filter(({ position }) => position !== 0n);
        const owed = held.filter(({ equity }) => equity < 0n);
        expect(move).toEqual({
          percent: move.percent,
          belowMargin: held.filter(({ equity, margin }) => equity < margin).length,
          belowZero: owed.length,
          shortfallMicroUsd: owed.reduce((sum, { equity }) => sum - equity, 0n),
        });
        expect(totals.accounts).toBe(held.length);
      }
    });
    fc.assert(property, { numRuns: 60 });
  });

  it('says who owes what when ten times as much as they have falls by 20 %', () => {
    const shard = new TriggerShard('product', ACCOUNTS);
    // 9,000 lots at 1,000 ticks are 90,000 USD; 10,000 USD are behind them.
    shard.place(1, 'buy', 9000, { price: MARK });
    shard.place(2, 'sell', 9000, { price: MARK, tif: TIF_IOC });
    const { moves } = totalsOf(shard);
    const shown = moves.map(({ percent, belowMargin, belowZero, shortfallMicroUsd }) => {
      return [percent, belowMargin, belowZero, Number(shortfallMicroUsd) / 1e6];
    });
    expect(shown).toEqual([
      [-40, 1, 1, 26_000],
      [-20, 1, 1, 8_000],
      [-10, 1, 0, 0],
      [-5, 0, 0, 0],
      [5, 0, 0, 0],
      [10, 1, 0, 0],
      [20, 1, 1, 8_000],
      [40, 1, 1, 26_000],
    ]);
    expect(moves.map(({ percent }) => percent)).toEqual([...MOVES_PERCENT]);
  });

  it('adds up over ranges and shards', () => {
    const one = noTotals();
    addAccount(one, (percent) => ({ equityMicroUsd: percent, marginMicroUsd: 0 }));
    const { accounts, moves } = sumOfTotals([one, one, noTotals()]);
    expect(accounts).toBe(2);
    expect(moves[0]).toEqual({
      percent: -40,
      belowMargin: 2,
      belowZero: 2,
      shortfallMicroUsd: 80n,
    });
    expect(moves[7]).toMatchObject({ belowMargin: 0, belowZero: 0, shortfallMicroUsd: 0n });
  });

  it('lets the fund pay as far as it goes', () => {
    expect(coverOf(10n, 4n)).toEqual({ fundAfterMicroUsd: 6n, notCoveredMicroUsd: 0n });
    expect(coverOf(10n, 14n)).toEqual({ fundAfterMicroUsd: 0n, notCoveredMicroUsd: 4n });
    expect(coverOf(0n, 0n)).toEqual({ fundAfterMicroUsd: 0n, notCoveredMicroUsd: 0n });
  });
});
