import { describe, expect, it } from 'vitest';
import { candidatesMessage } from '../../engine/messages/candidates.js';
import * as type from '../../engine/messages/types.js';
import { asMicroUsd } from '../../engine/units/units.js';
import { command, withSlots } from '../../sim/traffic/wire.js';
import { MARK, PARAMS, TriggerShard } from '../margin/trigger-shard.fixture.js';

const USD = 1_000_000;
const MARKET = 1;
const RICH = 10_000 * USD;

/** Events of the ladder, and what they leave in the position. */
function story(shard: TriggerShard): string[] {
  return shard.told.flatMap((line, i) => {
    const event = shard.events[i];
    if (event?.type === type.EVT_POSITION_MARGIN) return [`position of 1: ${event.value}`];
    return /liquidation|insurance|fill .*maker/.test(line) ? [line] : [];
  });
}

/** The mark moves, a sweep reports account 1, and the ladder goes on until it has nothing to do within a second. */
function fall(shard: TriggerShard, price: number): string[] {
  shard.mark(price);
  shard.send(candidatesMessage([1]));
  const told = story(shard);
  const end = shard.nowMs + 1_000;
  for (let next = shard.core.nextTimerMs(); next <= end; next = shard.core.nextTimerMs()) {
    shard.nowMs = Math.max(shard.nowMs, next);
    shard.timer();
    told.push(...story(shard));
  }
  return told;
}

function fund(shard: TriggerShard, microUsd: number): void {
  shard.send(withSlots(type.CMD_FUND_INSURANCE, 1, { marketId: MARKET, qty: microUsd }));
}

function setMode(shard: TriggerShard, price: number): number | undefined {
  const fields = { marketId: MARKET, account: 1, price };
  shard.ask(command(type.CMD_SET_MARGIN_MODE, fields));
  return shard.events.at(-1)?.type;
}

/** Account 1 buys so many lots from account 2 at 1,000, with a tenth behind them. */
function opened(flavour: 'product' | 'naive', lots: number, params = PARAMS): TriggerShard {
  const shard = new TriggerShard(flavour, 4, params);
  expect(setMode(shard, type.MARGIN_ISOLATED)).toBe(type.EVT_MARGIN_MODE);
  shard.place(2, 'sell', lots, { price: MARK });
  shard.place(1, 'buy', lots, { price: MARK });
  return shard;
}

/** A tick of a lot is a tenth of a micro-USD. */
const FINE = {
  ...PARAMS,
  tickDecimals: 4,
  lotDecimals: 3,
  microUsdPerTickLotNumerator: 1,
  microUsdPerTickLotDenominator: 10,
  minNotionalMicroUsd: asMicroUsd(0),
};

describe.each(['product', 'naive'] as const)(
  'the ladder of an isolated position, %s',
  (flavour) => {
    it('takes the fee of the slice that closes it from what that leaves, and then gives the rest back', () => {
      const shard = opened(flavour, 90);
      fund(shard, 100 * USD);
      shard.place(3, 'buy', 90, { price: 945 });
      // 90 USD − 49.50; 0.5 % of 850.50 is less than a quarter of that.
      expect(fall(shard, 945)).toEqual([
        'liquidation of 1: begun, 40500000 of 42525000',
        'liquidation of 1: slices, 40500000 of 42525000',
        'fill #3 maker 90@945 left 0 trade 2',
        'insurance fee of 1: 4252500, fund 104252500',
        'position of 1: 36247500',
        'liquidation of 1: ended, 0 of 0',
        'position of 1: 0',
      ]);
      expect(shard.insurance).toBe(104_252_500);
      expect(shard.collateral(1)).toBe(RICH - 49_500_000 - 4_252_500);
    });

    it('keeps every micro-dollar when the fund has paid one too many for a shortfall', () => {
      const shard = opened(flavour, 1_005, FINE);
      fund(shard, 50_000);
      shard.place(3, 'buy', 1_005, { price: 800 });
      // Worth 19,999.5 less at the mark and 100.5 less again in the book, each of which is rounded against the account: 20,101 of 20,100.
      expect(fall(shard, 801)).toEqual([
        'liquidation of 1: begun, -9950 of 4026',
        'liquidation of 1: fund, -9950 of 4026',
        'fill #3 maker 1005@800 left 0 trade 2',
        'insurance shortfall of 1: -10051, fund 39949',
        'position of 1: 1',
        'liquidation of 1: ended, 0 of 0',
        'position of 1: 0',
      ]);
      expect(shard.collateral(1)).toBe(RICH - 10_050 + 1);
      expect(setMode(shard, type.MARGIN_CROSS)).toBe(type.EVT_MARGIN_MODE);
      expect(shard.core.moneyDifferenceMicroUsd()).toBe(0n);
    });
  },
);

describe('between a closing fill and the end of the ladder', () => {
  it('a snapshot has what the position keeps, and adding collateral or another mode has to wait', () => {
    const shard = opened('product', 90);
    shard.place(3, 'buy', 90, { price: 945 });
    shard.mark(945);
    shard.send(candidatesMessage([1]));
    shard.timer();
    const copy = shard.restored();
    for (const each of [shard, copy]) {
      expect(each.hash).toBe(shard.hash);
      expect(setMode(each, type.MARGIN_CROSS)).toBe(type.EVT_REJECTED);
      each.ask(command(type.CMD_MOVE_MARGIN, { marketId: MARKET, account: 1, qty: USD }));
      expect(each.events.at(-1)?.type).toBe(type.EVT_REJECTED);
    }
    for (const each of [shard, copy]) {
      each.nowMs = each.core.nextTimerMs();
      each.timer();
      expect(each.collateral(1)).toBe(RICH - 49_500_000 - 4_252_500);
    }
    expect(copy.hash).toBe(shard.hash);
  });
});
