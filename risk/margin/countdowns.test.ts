import { describe, expect, it } from 'vitest';
import { EF_EXPIRY, SLOT_FLOATS } from '../../engine/messages/layout.js';
import {
  CMD_CANCEL_ALL_AFTER,
  EVT_CANCEL_ALL_AFTER,
  EVT_CANCELED,
  EVT_TRIGGER_CANCELED,
  REASON_COUNTDOWN,
  reasonOf,
} from '../../engine/messages/types.js';
import { command } from '../../sim/traffic/wire.js';
import { COUNTDOWN_MS_MAX } from './countdowns.js';
import { MARK, TriggerShard } from './trigger-shard.fixture.js';

const GONE: number[] = [EVT_CANCELED, EVT_TRIGGER_CANCELED];

function countdown(shard: TriggerShard, account: number, qty: number, deadlineMs = 0): string[] {
  return shard.ask(command(CMD_CANCEL_ALL_AFTER, { account, qty, deadlineMs }));
}

/** When the switch falls, by the answer; the event stands behind that of the frame. */
function endOfAnswer(shard: TriggerShard): number {
  return shard.core.events.floats[1 * SLOT_FLOATS + EF_EXPIRY] as number;
}

describe.each(['product', 'naive'] as const)('a dead man’s switch in the %s shard', (flavour) => {
  it('cancels all orders of its account, waiting ones too, when the time has passed', () => {
    const shard = new TriggerShard(flavour);
    shard.place(1, 'buy', 5, { price: MARK - 10 });
    shard.trigger(1, 'sell', 5, { at: MARK - 100 });
    shard.place(2, 'buy', 7, { price: MARK - 10 });
    countdown(shard, 1, 4_000);
    expect(endOfAnswer(shard)).toBe(5_000);
    expect(shard.core.nextTimerMs()).toBe(5_000);
    expect(shard.timersAt(4_999)).toEqual([]);
    const told = shard.timersAt(5_000).join('\n');
    expect(told.match(/canceled/g)).toHaveLength(2);
    const gone = shard.events.filter(({ type }) => GONE.includes(type));
    expect(gone.map(({ flags }) => reasonOf(flags))).toEqual([REASON_COUNTDOWN, REASON_COUNTDOWN]);
    expect(shard.core.nextTimerMs()).toBe(Number.POSITIVE_INFINITY);
    expect(shard.waiting).toEqual([]);
    // The other account's order is still there.
    expect(shard.massCancel(2).join('\n')).toMatch(/canceled/);
  });

  it('is set anew by each heartbeat, and switched off by zero', () => {
    const shard = new TriggerShard(flavour);
    shard.place(1, 'buy', 5, { price: MARK - 10 });
    countdown(shard, 1, 4_000);
    shard.nowMs = 4_000;
    countdown(shard, 1, 4_000);
    expect(shard.timersAt(7_999)).toEqual([]);
    countdown(shard, 1, 0);
    expect(endOfAnswer(shard)).toBe(0);
    expect(shard.core.nextTimerMs()).toBe(Number.POSITIVE_INFINITY);
    expect(shard.timersAt(100_000)).toEqual([]);
  });

  it('falls one account after the other, by time, then by id', () => {
    const shard = new TriggerShard(flavour);
    for (const [account, ms] of [
      [3, 500],
      [2, 500],
      [1, 600],
    ] as const) {
      countdown(shard, account, ms);
    }
    shard.nowMs = 2_000;
    const order: number[] = [];
    while (shard.core.nextTimerMs() <= 2_000) {
      shard.timer();
      const fallen = shard.events.find(({ type }) => type === EVT_CANCEL_ALL_AFTER);
      order.push(fallen?.account ?? 0);
    }
    expect(order).toEqual([2, 3, 1]);
  });

  it('refuses times out of range and late requests, and changes nothing', () => {
    const shard = new TriggerShard(flavour);
    const before = shard.hash;
    for (const wrong of [-1, 0.5, COUNTDOWN_MS_MAX + 1, 2 ** 53]) {
      expect(countdown(shard, 1, wrong)[0]).toContain('countdown_ms_must_be_within_0_and_limit');
    }
    expect(countdown(shard, 1, 1_000, 999)[0]).toContain('receive_window_has_passed');
    expect(countdown(shard, 99, 1_000)[0]).toContain('unknown_account');
    expect(shard.hash).toBe(before);
  });
});

describe('a dead man’s switch', () => {
  it('goes on after a restart', () => {
    const shard = new TriggerShard('product');
    shard.place(1, 'buy', 5, { price: MARK - 10 });
    countdown(shard, 1, 4_000);
    const copy = shard.restored();
    expect(copy.hash).toBe(shard.hash);
    expect(copy.core.nextTimerMs()).toBe(5_000);
    expect(copy.timersAt(60_000).join('\n')).toMatch(/canceled/);
  });
});
