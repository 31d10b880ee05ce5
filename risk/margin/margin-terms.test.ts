import { describe, expect, it } from 'vitest';
import {
  MARGIN_SLOTS,
  type MarginTerms,
  NO_MARGIN_TERMS,
  W_MARGIN_TERMS,
  writeMarginTerms,
} from '../../engine/market/margin-terms.js';
import { rejectName } from '../../engine/messages/reject-codes.js';
import { CMD_AMEND, CMD_SET_MARGIN_TIERS, CMD_WITHDRAW } from '../../engine/messages/types.js';
import { asQtyLots } from '../../engine/units/units.js';
import { command, withSlots } from '../../sim/traffic/wire.js';
import { MARK, TriggerShard } from './trigger-shard.fixture.js';

const MARKET = 1;

/** One tick·lot is a cent: 100 lots at 1,000 ticks are 1,000 USD. Accounts have 10,000 USD. */
const TIERS = [
  { floorUsd: 0, initialPpm: 100_000, maintenancePpm: 50_000 },
  { floorUsd: 10_000, initialPpm: 500_000, maintenancePpm: 250_000 },
];

function setTerms(shard: TriggerShard, terms: Partial<MarginTerms>): string[] {
  const wire = withSlots(CMD_SET_MARGIN_TIERS, MARGIN_SLOTS, { marketId: MARKET });
  const floats = new Float64Array(wire.buffer);
  writeMarginTerms(wire, floats, W_MARGIN_TERMS, { ...NO_MARGIN_TERMS, ...terms });
  return shard.ask(wire);
}

/** Code, value and limit of the refusal that was the last answer. */
function refusal(shard: TriggerShard): [string, number, number] {
  const last = shard.events.at(-1);
  return [rejectName(last?.code ?? 0), last?.value ?? 0, last?.limit ?? 0];
}

describe.each(['product', 'naive'] as const)('margin tiers and caps of the %s shard', (flavour) => {
  it('ask for more of large positions, from the command on', () => {
    const shard = new TriggerShard(flavour);
    // 50,000 USD at 10 %; with tiers 10,000 at 10 % and 40,000 at 50 %.
    expect(shard.place(1, 'buy', 5000, { price: MARK })[0]).toMatch(/accepted/);
    setTerms(shard, { tiers: TIERS });
    shard.place(2, 'buy', 5000, { price: MARK });
    expect(refusal(shard)).toEqual(['insufficient_margin', 21_000_000_000, 10_000_000_000]);
    // 28,000 USD: 1,000 + 9,000, all that there is.
    expect(shard.place(2, 'buy', 2800, { price: MARK })[0]).toMatch(/accepted/);
    shard.place(2, 'buy', 2801, { price: MARK });
    expect(refusal(shard)[0]).toBe('insufficient_margin');
    setTerms(shard, {});
    expect(shard.place(2, 'buy', 2801, { price: MARK })[0]).toMatch(/accepted/);
  });

  it('let initial margin grow with open interest, as the last mark told it, and maintenance margin stay', () => {
    const shard = new TriggerShard(flavour);
    const growth = { growthLowerUsd: 20_000, growthUpperUsd: 50_000 };
    setTerms(shard, {
      tiers: [{ floorUsd: 0, initialPpm: 50_000, maintenancePpm: 25_000 }],
      ...growth,
    });
    shard.place(1, 'sell', 3500, { price: MARK });
    shard.place(2, 'buy', 3500, { price: MARK });
    // 35,000 USD are half of the way: 5 % + 95 % ÷ 2. Nobody is told before the next mark.
    shard.place(3, 'buy', 10_000, { price: MARK });
    expect(shard.told[0]).toMatch(/accepted/);
    shard.massCancel(3);
    shard.mark(MARK);
    shard.place(3, 'buy', 10_000, { price: MARK });
    expect(refusal(shard)).toEqual(['insufficient_margin', 52_500_000_000, 10_000_000_000]);
    const copy = flavour === 'product' ? shard.restored() : shard;
    copy.place(3, 'buy', 10_000, { price: MARK });
    expect(refusal(copy)).toEqual(['insufficient_margin', 52_500_000_000, 10_000_000_000]);
    expect(copy.hash).toBe(shard.hash);
    // 100,000 USD: everything is one's own.
    setTerms(shard, {});
    shard.mark(MARK);
    expect(shard.place(3, 'buy', 10_000, { price: MARK })[0]).toMatch(/accepted/);
  });

  it('grow with open interest when the mark’s time has come, also where the mark stays', () => {
    const shard = new TriggerShard(flavour);
    shard.setPricing({ markIntervalMs: 1_000, averageMs: 10_000 });
    shard.mark(MARK);
    const tiers = [{ floorUsd: 0, initialPpm: 50_000, maintenancePpm: 25_000 }];
    setTerms(shard, { tiers, growthLowerUsd: 20_000, growthUpperUsd: 50_000 });
    shard.place(1, 'sell', 3500, { price: MARK });
    shard.place(2, 'buy', 3500, { price: MARK });
    expect(shard.place(3, 'buy', 10_000, { price: MARK })[0]).toMatch(/accepted/);
    shard.massCancel(3);
    shard.timersAt(shard.nowMs + 1_000);
    shard.place(3, 'buy', 10_000, { price: MARK });
    expect(refusal(shard)).toEqual(['insufficient_margin', 52_500_000_000, 10_000_000_000]);
  });

  it.each([
    ['upper below lower', { growthLowerUsd: 5, growthUpperUsd: 5 }, 5, 6],
    ['no upper', { growthLowerUsd: 5 }, 0, 6],
    ['below zero', { growthLowerUsd: -1, growthUpperUsd: 5 }, -1, 0],
    ['beyond the limit', { growthUpperUsd: 2_000_000_001 }, 2_000_000_001, 2_000_000_000],
  ])('are refused when limits of growth make no sense: %s', (_name, growth, value, limit) => {
    const shard = new TriggerShard(flavour);
    const before = shard.hash;
    setTerms(shard, growth);
    expect(refusal(shard)).toEqual(['margin_tiers_are_invalid', value, limit]);
    expect(shard.hash).toBe(before);
  });

  it('are refused as a whole when a tier is wrong, and change nothing', () => {
    const shard = new TriggerShard(flavour);
    const before = shard.hash;
    setTerms(shard, { tiers: [...TIERS].reverse() });
    expect(refusal(shard)).toEqual(['margin_tiers_are_invalid', 10_000, 0]);
    expect(shard.hash).toBe(before);
    setTerms(shard, { tiers: TIERS });
    expect(shard.hash).not.toBe(before);
  });

  it('bound what one account’s orders can make of its position', () => {
    const shard = new TriggerShard(flavour);
    setTerms(shard, { positionLotsMax: asQtyLots(100) });
    expect(shard.place(1, 'buy', 60, { price: 990 })[0]).toMatch(/accepted/);
    shard.place(1, 'buy', 41, { price: 990 });
    expect(refusal(shard)).toEqual(['position_lots_must_not_exceed_limit', 101, 100]);
    // The other side alone makes no more than 100 short.
    expect(shard.place(1, 'sell', 100, { price: 1010 })[0]).toMatch(/accepted/);
    shard.ask(command(CMD_AMEND, { marketId: MARKET, account: 1, orderId: 1, qty: 101 }));
    expect(refusal(shard)).toEqual(['position_lots_must_not_exceed_limit', 101, 100]);
  });

  it('bound open interest by what an order could open', () => {
    const shard = new TriggerShard(flavour);
    setTerms(shard, { openInterestLotsMax: asQtyLots(50) });
    shard.place(1, 'sell', 40, { price: MARK });
    shard.place(2, 'buy', 40, { price: MARK });
    shard.place(3, 'buy', 11, { price: 990 });
    expect(refusal(shard)).toEqual(['open_interest_lots_must_not_exceed_limit', 51, 50]);
    expect(shard.place(3, 'buy', 10, { price: 990 })[0]).toMatch(/accepted/);
    shard.ask(command(CMD_AMEND, { marketId: MARKET, account: 3, orderId: 3, qty: 21 }));
    expect(refusal(shard)).toEqual(['open_interest_lots_must_not_exceed_limit', 51, 50]);
    // Who closes adds nothing; what turns the position counts beyond its close.
    expect(shard.place(2, 'sell', 50, { price: 1010 })[0]).toMatch(/accepted/);
    shard.place(2, 'sell', 51, { price: 1010 });
    expect(refusal(shard)).toEqual(['open_interest_lots_must_not_exceed_limit', 51, 50]);
  });
});

describe('margin tiers and caps', () => {
  it('are in a snapshot, and in force behind it', () => {
    const shard = new TriggerShard('product');
    setTerms(shard, {
      tiers: TIERS,
      openInterestLotsMax: asQtyLots(4000),
      positionLotsMax: asQtyLots(3000),
    });
    const copy = shard.restored();
    expect(copy.hash).toBe(shard.hash);
    for (const lots of [2801, 3001, 4001]) {
      const told = shard.place(1, 'buy', lots, { price: MARK });
      expect(copy.place(1, 'buy', lots, { price: MARK })).toEqual(told);
      expect(refusal(copy)).toEqual(refusal(shard));
      expect(copy.hash).toBe(shard.hash);
    }
    expect(refusal(copy)).toEqual(['position_lots_must_not_exceed_limit', 4001, 3000]);
  });
});

describe.each(['product', 'naive'] as const)('withdrawals from the %s shard', (flavour) => {
  const withdraw = (shard: TriggerShard, account: number, usd: number) => {
    return shard.ask(withSlots(CMD_WITHDRAW, 1, { account, qty: usd * 1_000_000 }));
  };

  it('leave a tenth of the notional, however low the market’s rates are, and no profit', () => {
    const shard = new TriggerShard(flavour);
    setTerms(shard, { tiers: [{ floorUsd: 0, initialPpm: 10_000, maintenancePpm: 5_000 }] });
    shard.place(1, 'sell', 5000, { price: MARK });
    shard.place(2, 'buy', 5000, { price: MARK });
    // 50,000 USD of position: 5,000 of 10,000 stay, though the initial margin is 500.
    withdraw(shard, 2, 5001);
    expect(refusal(shard)).toEqual(['insufficient_free_collateral', 5_001_000_000, 5_000_000_000]);
    // 10 % up: the long has 5,000 of profit, the short has lost as much, and the tenth is 5,500 now.
    shard.mark(1100);
    withdraw(shard, 2, 4501);
    expect(refusal(shard)).toEqual(['insufficient_free_collateral', 4_501_000_000, 4_500_000_000]);
    withdraw(shard, 1, 1);
    expect(refusal(shard)).toEqual(['insufficient_free_collateral', 1_000_000, -500_000_000]);
    expect(withdraw(shard, 2, 4500)[0]).toMatch(/event/);
    expect(withdraw(shard, 3, 10_000)[0]).toMatch(/event/);
  });

  it('leave the initial margin where that is more', () => {
    const shard = new TriggerShard(flavour);
    setTerms(shard, { tiers: TIERS });
    shard.place(1, 'sell', 2000, { price: MARK });
    shard.place(2, 'buy', 2000, { price: MARK });
    // 1,000 + 5,000 of 20,000 USD.
    withdraw(shard, 2, 4001);
    expect(refusal(shard)).toEqual(['insufficient_free_collateral', 4_001_000_000, 4_000_000_000]);
  });
});
