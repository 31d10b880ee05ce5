import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Kernel } from '../../engine/kernel/host/kernel.js';
import { R_ENTRY_VALUE, R_POSITION } from '../../engine/kernel/layout.js';
import { candidatesMessage } from '../../engine/messages/candidates.js';
import { rejectName } from '../../engine/messages/reject-codes.js';
import * as type from '../../engine/messages/types.js';
import { divCeil, divFloor } from '../../engine/units/division.js';
import { command, withSlots } from '../../sim/traffic/wire.js';
import { A_COLLATERAL, M_MARK, N_COLLATERAL } from '../kernel/layout.js';
import { liquidationPrice } from '../liquidation-price/liquidation-price.js';
import { marketWith } from '../testing/markets.js';
import type { MarginActor } from './margin-actor.js';
import { javascriptRiskKernel } from './risk-kernel.js';
import { MARK, PARAMS, TriggerShard } from './trigger-shard.fixture.js';

const MARKET = 1;
const USD = 1_000_000;

/** The last event in short: what was refused, or the position's collateral and the account's. */
function ask(shard: TriggerShard, kind: number, account: number, fields: object): unknown[] {
  shard.ask(command(kind, { marketId: MARKET, account, ...fields }));
  const event = shard.events.findLast(({ account: of }) => of === account);
  if (event?.type === type.EVT_REJECTED) return [rejectName(event.code), event.value, event.limit];
  return [event?.type, event?.value, event?.limit];
}

function setMode(shard: TriggerShard, account: number, price: number): unknown[] {
  return ask(shard, type.CMD_SET_MARGIN_MODE, account, { price });
}

function move(shard: TriggerShard, account: number, qty: number): unknown[] {
  return ask(shard, type.CMD_MOVE_MARGIN, account, { qty });
}

/** Collateral of the position as the last event of the account tells it, USD. */
function toldOf(shard: TriggerShard, account: number): number | undefined {
  const told = shard.events.findLast(({ account: of, type: kind }) => {
    return of === account && kind === type.EVT_POSITION_MARGIN;
  });
  return told === undefined ? undefined : told.value / USD;
}

/** Initial rate 10 %, maintenance 5 %, no fees; 100 lots at 1,000 ticks are 1,000 USD; accounts have 10,000 USD. */
describe.each(['product', 'naive'] as const)('isolated margin in the %s shard', (flavour) => {
  function opened(): TriggerShard {
    const shard = new TriggerShard(flavour);
    setMode(shard, 1, type.MARGIN_ISOLATED);
    shard.place(2, 'sell', 5_000, { price: MARK });
    shard.place(1, 'buy', 1_000, { price: MARK });
    return shard;
  }

  it('takes what an order had reserved when it fills, and gives back what is left when the position is closed', () => {
    const shard = opened();
    expect(toldOf(shard, 1)).toBe(1_000);
    // 10,000 are worth 1,000; a bid for nine times as much asks the account for all of its 9,000.
    expect(shard.place(1, 'buy', 9_000, { price: MARK - 1 })[0]).toMatch(/accepted/);
    expect(shard.place(1, 'buy', 10, { price: MARK - 1 })[0]).toMatch(/insufficient_margin/);
    shard.massCancel(1);
    shard.massCancel(2);
    shard.mark(MARK + 100);
    shard.place(2, 'buy', 1_000, { price: MARK + 100 });
    shard.place(1, 'sell', 400, { price: MARK + 100 });
    // 400 USD of profit; a part that is closed takes no collateral along.
    expect(toldOf(shard, 1)).toBe(1_400);
    shard.place(1, 'sell', 600, { price: MARK + 100 });
    expect(toldOf(shard, 1)).toBe(0);
    shard.send(command(type.CMD_WITHDRAW, { account: 1, qty: 11_000 * USD }));
    expect(shard.events.at(-1)?.type).toBe(type.EVT_BALANCE);
  });

  it('never lets unrealised profit go, and keeps a tenth of the notional', () => {
    const shard = opened();
    shard.mark(2 * MARK);
    // 10,000 USD of profit; initial margin and a tenth are 2,000, and 1,000 are there.
    expect(move(shard, 1, -1)).toEqual(['insufficient_free_collateral', 1, -1_000 * USD]);
    expect(move(shard, 1, 9_000 * USD + 1)).toEqual([
      'insufficient_free_collateral',
      9_000 * USD + 1,
      9_000 * USD,
    ]);
    expect(move(shard, 1, 9_000 * USD)).toEqual([type.EVT_POSITION_MARGIN, 10_000 * USD, 0]);
    expect(move(shard, 1, -8_000 * USD - 1)[0]).toBe('insufficient_free_collateral');
    expect(move(shard, 1, -8_000 * USD)).toEqual([type.EVT_POSITION_MARGIN, 2_000 * USD, 0]);
  });

  it('refuses what is wrong by name, value and limit, and nothing changes', () => {
    const shard = opened();
    shard.place(3, 'sell', 100, { price: 2 * MARK });
    const before = shard.hash;
    const flat = 'margin_mode_may_change_only_without_position_and_orders';
    expect(setMode(shard, 1, type.MARGIN_CROSS)).toEqual([flat, 1_000, 0]);
    expect(setMode(shard, 2, type.MARGIN_ISOLATED)).toEqual([flat, -1_000, 0]);
    expect(setMode(shard, 3, type.MARGIN_ISOLATED)).toEqual([flat, 0, 0]);
    for (const wrong of [-1, 2, 1_000]) {
      expect(setMode(shard, 4, wrong)).toEqual(['margin_mode_is_unknown', wrong, 1]);
    }
    for (const wrong of [0, 0.5, 2 ** 53, -(2 ** 53)]) {
      const name = 'amount_micro_usd_must_be_within_1_and_limit';
      expect(move(shard, 1, wrong)).toEqual([name, wrong, 2 ** 52]);
    }
    expect(move(shard, 2, 1)).toEqual(['position_margin_is_not_isolated', MARKET, 0]);
    // Less leverage would need 2,000 USD in the position.
    expect(ask(shard, type.CMD_SET_LEVERAGE, 1, { price: 5 })).toEqual([
      'position_collateral_micro_usd_must_reach_minimum',
      1_000 * USD,
      2_000 * USD,
    ]);
    expect(shard.hash).toBe(before);
    setMode(shard, 4, type.MARGIN_ISOLATED);
    expect(move(shard, 4, 1)).toEqual(['position_must_be_open', 0, 0]);
  });

  it('is liquidated on its own collateral, and a gap in the price leaves the account what it has', () => {
    const shard = opened();
    shard.massCancel(2);
    shard.mark(850);
    shard.send(candidatesMessage([1]));
    shard.place(2, 'buy', 1_000, { price: 800 });
    expect(shard.events.at(-1)?.type).toBe(type.EVT_ACCEPTED);
    const held = ask(shard, type.CMD_PLACE, 1, { price: 800, qty: 100 });
    expect(held).toEqual(['position_is_being_liquidated', MARKET, 0]);
    expect(move(shard, 1, -1)).toEqual(['position_is_being_liquidated', MARKET, 0]);
    // It lacks 500 USD and a margin of 425: what is added counts when its turn comes.
    expect(move(shard, 1, 1_000 * USD)).toEqual([type.EVT_POSITION_MARGIN, 2_000 * USD, 0]);
    shard.timer();
    expect(shard.events.at(-1)).toMatchObject({ type: type.EVT_LIQUIDATION, marketId: MARKET });
    expect(shard.place(1, 'sell', 1_000, { price: 800 }).join()).toMatch(/fill/);
    expect(toldOf(shard, 1)).toBe(0);
    expect(setMode(shard, 1, type.MARGIN_CROSS)).toEqual([type.EVT_MARGIN_MODE, 0, 0]);
  });

  it('has its own closing orders paid by the account as far as they were reserved', () => {
    const shard = opened();
    shard.massCancel(2);
    shard.place(1, 'sell', 1_000, { price: 700, reduceOnly: true });
    shard.place(2, 'buy', 1_000, { price: 700 });
    // 3,000 lost: 1,000 of the position, 2,000 of the account.
    expect(toldOf(shard, 1)).toBe(0);
    shard.send(command(type.CMD_WITHDRAW, { account: 1, qty: 7_000 * USD }));
    expect(shard.events.at(-1)?.type).toBe(type.EVT_BALANCE);
  });

  it('has scaled orders that close it let in by what its own equity bears', () => {
    const shard = opened();
    const closing = { count: 2, reduceOnly: true };
    // Uncut they could make a short of 19,000, for which the account has not enough.
    expect(shard.scaled(1, 'sell', 20_000, { ...closing, price: 1010, to: 1020 })).toEqual([
      '* scaled #3 sell 20000 in 2 from 1010 to 1020',
      'accepted #4 sell 1000 of 10000@1010 of #3',
      'accepted #5 sell 1000 of 10000@1020 of #3',
      'canceled #5 1000@1020 reduce_only',
    ]);
    shard.massCancel(1);
    const before = shard.hash;
    // 1,100 USD of loss: the account has that, but the position has only 1,000.
    expect(shard.scaled(1, 'sell', 20_000, { ...closing, price: 995, to: 994 })).toEqual([
      '* rejected insufficient_margin 19100000000 limit 9000000000',
    ]);
    expect(shard.hash).toBe(before);
  });
});

it('keeps what a closed position owes apart from the account until it is paid', () => {
  const shard = new TriggerShard('product');
  setMode(shard, 1, type.MARGIN_ISOLATED);
  const { accounts, kernel, markets } = (shard.core.home as MarginActor).state;
  const record = accounts.at(1);
  const purse = kernel.calls.purseOf(markets.find(MARKET)?.block as number, 1, record);
  // As funding and a gap in the price may leave it.
  kernel.floats[(purse + N_COLLATERAL) >> 3] = -5 * USD;
  kernel.floats[(record + A_COLLATERAL) >> 3]! += 5 * USD;
  const copy = shard.restored();
  for (const each of [shard, copy]) {
    expect(setMode(each, 1, type.MARGIN_CROSS)).toEqual([
      'position_collateral_must_not_be_negative',
      -5 * USD,
      0,
    ]);
    expect(ask(each, type.CMD_PLACE, 1, { price: MARK, qty: 100 })).toEqual([
      'position_collateral_micro_usd_must_reach_minimum',
      -5 * USD,
      0,
    ]);
    expect(move(each, 1, 3 * USD)).toEqual([type.EVT_POSITION_MARGIN, -2 * USD, 0]);
    expect(move(each, 1, 10 * USD)).toEqual([type.EVT_POSITION_MARGIN, 0, 0]);
    expect(accounts.collateral(1)).toBe(10_000 * USD);
    expect(setMode(each, 1, type.MARGIN_CROSS)).toEqual([type.EVT_MARGIN_MODE, 0, 0]);
  }
  expect(copy.hash).toBe(shard.hash);
});

it.each(['product', 'naive'] as const)(
  'stands behind a fill with what its order was let in by, also where that could not be withdrawn, %s',
  (flavour) => {
    const rates = { initialMarginPpm: 20_000, maintenanceMarginPpm: 10_000, priceBandPpm: 50_000 };
    const params = { ...PARAMS, ...(rates as object) } as typeof PARAMS;
    const shard = new TriggerShard(flavour, 4, params);
    const marketId = MARKET + 1;
    shard.list(marketId, { ...params, symbol: 'OTHER-PERP' });
    shard.send(withSlots(type.CMD_WITHDRAW, 1, { account: 1, qty: 9_000 * USD }));
    setMode(shard, 1, type.MARGIN_ISOLATED);
    shard.place(1, 'buy', 700, { price: 1050 });
    shard.place(4, 'sell', 2_000, { marketId, price: 1000 });
    shard.place(1, 'buy', 2_000, { marketId, price: 1000 });
    shard.place(3, 'sell', 700, { price: 1050 });
    // The order has cost 350 of loss and 140 of initial margin; a tenth of both positions would be 2,700.
    expect(shard.collateral(1)).toBe(510 * USD);
  },
);

it.each(['product', 'naive'] as const)(
  'pays its own loss when an order fills after the account has lost elsewhere what the order was let in by, %s',
  (flavour) => {
    const rates = { initialMarginPpm: 20_000, maintenanceMarginPpm: 10_000 };
    const params = { ...PARAMS, ...(rates as object) } as typeof PARAMS;
    const shard = new TriggerShard(flavour, 4, params);
    const marketId = MARKET + 1;
    shard.list(marketId, { ...params, symbol: 'OTHER-PERP' });
    shard.send(withSlots(type.CMD_WITHDRAW, 1, { account: 1, qty: 9_000 * USD }));
    setMode(shard, 1, type.MARGIN_ISOLATED);
    shard.place(1, 'buy', 700, { price: 1050 });
    shard.place(4, 'sell', 2_000, { marketId, price: 1000 });
    shard.place(1, 'buy', 2_000, { marketId, price: 1000 });
    // 300 of 1,000 are lost: 394 and 490 are needed, 306 would be left for the fill.
    shard.mark(985, marketId);
    shard.place(3, 'sell', 700, { price: 1050 });
    expect(toldOf(shard, 1)).toBe(350);
    expect(shard.collateral(1)).toBe(650 * USD);
  },
);

it('does not let an account with a debt leave the last market whose fund could cover it', () => {
  const shard = new TriggerShard('product');
  const { accounts, kernel } = (shard.core.home as MarginActor).state;
  const [at, other] = [1, 2].map((account) => (accounts.at(account) + A_COLLATERAL) >> 3);
  const give = (microUsd: number) => {
    kernel.floats[at as number]! -= microUsd;
    kernel.floats[other as number]! += microUsd;
  };
  give(10_049 * USD);
  expect(setMode(shard, 1, type.MARGIN_ISOLATED)).toEqual(['insufficient_margin', 0, -49 * USD]);
  give(-10_049 * USD);
  expect(setMode(shard, 1, type.MARGIN_ISOLATED)).toEqual([type.EVT_MARGIN_MODE, 0, 0]);
});

it('is the same again from a snapshot', () => {
  const shard = new TriggerShard('product');
  setMode(shard, 1, type.MARGIN_ISOLATED);
  setMode(shard, 3, type.MARGIN_ISOLATED);
  shard.place(2, 'sell', 1_000, { price: MARK });
  shard.place(1, 'buy', 1_000, { price: MARK });
  shard.mark(900);
  shard.mark(850);
  const copy = shard.restored();
  expect(copy.hash).toBe(shard.hash);
  for (const each of [shard, copy]) {
    expect(move(each, 1, 700 * USD)).toEqual([type.EVT_POSITION_MARGIN, 1_700 * USD, 0]);
    each.timer();
    expect(setMode(each, 3, type.MARGIN_CROSS)).toEqual([type.EVT_MARGIN_MODE, 0, 0]);
  }
  expect(copy.hash).toBe(shard.hash);
});

describe('where the kernel begins to liquidate an isolated position', () => {
  const ACCOUNT = 3;
  const tiers: [number, number, number][] = [
    [0, 20_000, 10_000],
    [1_000, 100_000, 50_000],
    [5_000, 500_000, 250_000],
  ];

  it('is the liquidation price of the formula, long and short, across tiers', () => {
    const kernel = new Kernel(javascriptRiskKernel);
    const { calls } = kernel;
    const record = calls.openAccount(ACCOUNT);
    const block = calls.openRemoteBlock(MARKET);
    calls.setContract(block, 100, 1);
    calls.addMarket(block, MARKET, 0);
    const [, ...higher] = tiers;
    calls.setMarginRates(block, 20_000, 10_000);
    for (const [floor, ...rates] of higher) calls.addMarginTier(block, floor, ...rates);
    const row = calls.openRow(block, ACCOUNT);
    const purse = calls.openPurse(block, ACCOUNT, record);
    kernel.refresh();
    const isBelow = (mark: bigint) => {
      kernel.words[(block + M_MARK) >> 2] = Number(mark);
      return calls.isPositionBelow(block, row, purse);
    };
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 3_000 }),
        fc.boolean(),
        fc.integer({ min: 10_000, max: 50_000 }),
        fc.integer({ min: 0, max: 2_000 * USD }),
        (size, isLong, entry, collateral) => {
          const lots = isLong ? size : -size;
          kernel.floats[(row + R_POSITION) >> 3] = lots;
          kernel.floats[(row + R_ENTRY_VALUE) >> 3] = lots * entry;
          kernel.floats[(purse + N_COLLATERAL) >> 3] = collateral;
          const position = { lots: BigInt(lots), entryValueTickLots: BigInt(lots * entry) };
          const price = liquidationPrice(marketWith(tiers, 1n), position, BigInt(collateral));
          if (price === null || price.numerator < price.denominator * 2n) return;
          const under = divFloor(price.numerator, price.denominator) - 1n;
          const over = divCeil(price.numerator, price.denominator) + 1n;
          expect([isBelow(under), isBelow(over)]).toEqual([isLong, !isLong]);
        },
      ),
      { numRuns: 2_000 },
    );
  });
});
