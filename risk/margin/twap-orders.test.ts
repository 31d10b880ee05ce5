import { describe, expect, it } from 'vitest';
import {
  F_ORDER_ID,
  F_QTY,
  headOf,
  W_ACCOUNT,
  W_CLIENT_REF,
  W_HEAD,
  W_MARK_DISTANCE,
  W_PRICE,
} from '../../engine/messages/layout.js';
import { MessageBuffer } from '../../engine/messages/message-buffer.js';
import * as type from '../../engine/messages/types.js';
import { readEvents, tellEvents } from '../../engine/testing/events.js';
import { TriggerShard } from './trigger-shard.fixture.js';

const FLAVOURS = ['product', 'naive'] as const;
const MINUTE = { slices: 4, durationMs: 60_000 };

/** A shard in which account 2 sells as much as anybody wants at 1,000. */
function withSeller(flavour: (typeof FLAVOURS)[number], lots = 1_000): TriggerShard {
  const shard = new TriggerShard(flavour);
  shard.place(2, 'sell', lots, { price: 1000 });
  return shard;
}

/** Sizes of the slices that were placed. */
function slicesOf(told: readonly string[]): number[] {
  return told.flatMap((line) => {
    const found = /^accepted #\d+ (?:buy|sell) (\d+)@\d+ of #/.exec(line);
    return found === null ? [] : [Number(found[1])];
  });
}

describe.each(FLAVOURS)('TWAPs, %s', (flavour) => {
  it('begin at once, buy a slice at a time, and tell what they have bought for how much', () => {
    const shard = withSeller(flavour);
    expect(shard.twap(1, 'buy', 102, { ...MINUTE, client: 'slowly' })).toEqual([
      '* twap #2 buy 102 in 4 until 61000',
    ]);
    expect(shard.timersAt(1_000)).toEqual([
      'slice of #2 buy 25',
      'accepted #3 buy 25@1500 of #2',
      'fill #1 maker 25@1000 left 975 trade 1',
      'fill #3 taker 25@1000 left 0 trade 1',
    ]);
    expect(shard.timersAt(15_999)).toEqual([]);
    expect(slicesOf(shard.timersAt(16_000))).toEqual([26]);
    expect(slicesOf(shard.timersAt(31_000))).toEqual([25]);
    expect(shard.timersAt(46_000).at(-1)).toBe('ended #2 left 0 of 102 worth 102000 filled');
    expect(shard.core.market(1)?.positions.positionOf(1)).toBe(102);
    expect(shard.core.nextTimerMs()).toBe(Number.POSITIVE_INFINITY);
    expect(shard.twap(1, 'buy', 102, { ...MINUTE, client: 'slowly' })).toEqual(['* event 134 #2']);
  });

  it('catch up after slices that nobody met, by three slices at most', () => {
    const shard = new TriggerShard(flavour);
    shard.twap(1, 'buy', 80, { slices: 8, durationMs: 80_000 });
    // Nothing to buy: no slice is placed, and nobody is told.
    expect(shard.timersAt(1_000 + 49_999)).toEqual([]);
    shard.place(2, 'sell', 1_000, { price: 1000 });
    // Slice 6 of 8: 60 are due.
    expect(slicesOf(shard.timersAt(51_000))).toEqual([30]);
    expect(slicesOf(shard.timersAt(61_000))).toEqual([30]);
    expect(slicesOf(shard.timersAt(71_000))).toEqual([20]);
    expect(shard.told.at(-1)).toBe('ended #1 left 0 of 80 worth 80000 filled');
  });

  it('do not fire a slice for each that is due when time has stood still', () => {
    const shard = withSeller(flavour);
    shard.twap(1, 'buy', 80, { slices: 8, durationMs: 80_000 });
    shard.timersAt(1_000);
    expect(slicesOf(shard.timersAt(61_000))).toEqual([30]);
  });

  it('end with their last slice, however much is missing', () => {
    const shard = withSeller(flavour, 30);
    shard.twap(1, 'buy', 80, { slices: 4, durationMs: 40_000 });
    for (const at of [1_000, 11_000, 21_000]) shard.timersAt(at);
    expect(shard.timersAt(31_000)).toEqual(['ended #2 left 50 of 80 worth 30000 expired']);
  });

  it('pause while the market is not open, and go on in time', () => {
    const shard = withSeller(flavour);
    shard.twap(1, 'buy', 80, { slices: 8, durationMs: 80_000 });
    expect(slicesOf(shard.timersAt(1_000))).toEqual([10]);
    for (const state of ['post_only', 'reduce_only', 'cancel_only', 'halted'] as const) {
      shard.state(state);
      expect(shard.timersAt(shard.nowMs + 10_000)).toEqual([]);
    }
    shard.state('open');
    expect(slicesOf(shard.timersAt(51_000))).toEqual([30]);
    shard.state('settling');
    expect(shard.told.at(-1)).toBe('ended #2 left 40 of 80 worth 40000 market_state');
  });

  it('pay no more than their own price', () => {
    const shard = new TriggerShard(flavour);
    shard.place(2, 'sell', 5, { price: 990 });
    shard.place(2, 'sell', 50, { price: 1010 });
    shard.twap(1, 'buy', 40, { ...MINUTE, price: 1000 });
    expect(shard.timersAt(1_000).slice(1)).toEqual([
      'accepted #4 buy 10@1000 of #3',
      'fill #1 maker 5@990 left 0 trade 1',
      'fill #4 taker 5@990 left 5 trade 1',
      'canceled #4 5@1000 no_liquidity',
    ]);
    expect(shard.timersAt(46_000)).toEqual(['ended #3 left 35 of 40 worth 4950 expired']);
  });

  it('that only reduce never turn the position, and end with it', () => {
    const shard = new TriggerShard(flavour);
    const closing = { ...MINUTE, reduceOnly: true };
    expect(shard.twap(1, 'sell', 40, closing)).toEqual([
      '* rejected reduce_only_order_would_not_reduce_position 40 limit 0',
    ]);
    shard.place(2, 'sell', 25, { price: 1000 });
    shard.place(1, 'buy', 25, { price: 1000 });
    shard.place(2, 'buy', 100, { price: 990 });
    shard.twap(1, 'sell', 80, closing);
    expect(slicesOf(shard.timersAt(1_000))).toEqual([20]);
    expect(slicesOf(shard.timersAt(16_000))).toEqual([5]);
    expect(shard.timersAt(31_000)).toEqual(['ended #4 left 55 of 80 worth 24750 position_closed']);
    expect(shard.core.market(1)?.positions.positionOf(1)).toBe(0);
  });

  it('tell of a slice that cannot be borne, and try again with the next one', () => {
    const shard = withSeller(flavour, 10_000);
    shard.place(1, 'buy', 9_000, { price: 1000 });
    shard.twap(1, 'buy', 2_000, MINUTE);
    const told = shard.timersAt(1_000);
    expect(told[0]).toBe('slice of #3 buy 500');
    expect(told[1]).toContain('fired in vain #3 insufficient_margin');
    expect(told).toHaveLength(2);
    shard.place(3, 'buy', 9_000, { price: 999 });
    shard.place(1, 'sell', 9_000, { price: 999, reduceOnly: true });
    expect(slicesOf(shard.timersAt(16_000))).toEqual([1_000]);
  });

  it('are canceled by id, by client id, and with all orders of their side', () => {
    const shard = withSeller(flavour);
    shard.twap(1, 'buy', 80, { ...MINUTE, client: 9 });
    shard.timersAt(1_000);
    expect(shard.cancel(2, { orderId: 2 })).toEqual(['* rejected order_is_not_open 2 limit 0']);
    expect(shard.cancel(1, { client: 9 })).toEqual(['* ended #2 left 60 of 80 worth 20000 user']);
    shard.twap(1, 'buy', 80, MINUTE);
    expect(shard.massCancel(1, type.FLAG_MASS_ASKS)).toEqual(['* mass_canceled 0']);
    expect(shard.massCancel(1, type.FLAG_MASS_BIDS)).toEqual([
      'ended #4 left 80 of 80 worth 0 mass_cancel',
      '* mass_canceled 1',
    ]);
    expect(shard.timersAt(100_000)).toEqual([]);
  });

  it.each([
    [{ slices: 1, durationMs: 60_000 }, 80, 'twap_slices_must_be_within_2_and_limit 1 limit 2880'],
    [
      { slices: 4, durationMs: 3_999 },
      80,
      'twap_duration_ms_must_be_at_least_limit 3999 limit 4000',
    ],
    [
      { slices: 4, durationMs: 86_400_001 },
      80,
      'twap_duration_ms_must_not_exceed_limit 86400001 limit 86400000',
    ],
    [MINUTE, 3, 'qty_lots_must_give_each_child_order_a_lot 3 limit 4'],
    [MINUTE, 7, 'notional_micro_usd_must_reach_minimum 9990000 limit 10000000'],
    [MINUTE, 10_001, 'qty_lots_must_be_within_1_and_limit 10001 limit 10000'],
    [{ ...MINUTE, price: -1 }, 80, 'price_ticks_must_be_within_1_and_limit -1 limit 100000'],
  ])('are refused with field, value and limit: %j %i', (options, lots, expected) => {
    const shard = new TriggerShard(flavour);
    shard.mark(999);
    const [told] = shard.twap(1, 'buy', lots, options);
    expect(told).toBe(`* rejected ${expected}`);
  });

  it('are twenty for an account in a market at most', () => {
    const shard = new TriggerShard(flavour);
    for (let i = 0; i < 20; i++) expect(shard.twap(1, 'buy', 80, MINUTE)[0]).toContain('twap');
    expect(shard.twap(1, 'buy', 80, MINUTE)).toEqual([
      '* rejected parent_orders_must_not_exceed_limit 21 limit 20',
    ]);
    expect(shard.twap(2, 'buy', 80, MINUTE)[0]).toContain('twap');
  });
});

describe('TWAPs', () => {
  it('give a slice back that comes when they have ended, as it may between shards', () => {
    const shard = withSeller('product');
    shard.twap(1, 'buy', 80, MINUTE);
    shard.cancel(1, { orderId: 2 });
    const inbox = new MessageBuffer(1);
    inbox.push(1);
    inbox.words[W_HEAD] = headOf(type.MSG_PLACE_SLICE, 1, 1);
    inbox.words[W_ACCOUNT] = 1;
    inbox.words[W_PRICE] = 1500;
    inbox.words[W_MARK_DISTANCE] = 500;
    inbox.words[W_CLIENT_REF] = -1;
    inbox.floats[F_QTY] = 20;
    inbox.floats[F_ORDER_ID] = 2;
    const { core } = shard;
    core.events.reset();
    core.market(1)?.onMessage(inbox, 0, shard.nowMs);
    expect(tellEvents(core.events)).toEqual(['fired in vain #2 order_is_not_open 2 limit 0']);
    // What the home has reserved for it stands in the event.
    expect(readEvents(core.events)[0]).toMatchObject({ lots: 20, reservedLossTicks: 500 });
  });

  it('go on from a snapshot where they were', () => {
    const shard = withSeller('product');
    shard.twap(1, 'buy', 102, { ...MINUTE, client: 'x' });
    shard.timersAt(16_000);
    const restored = shard.restored();
    expect(restored.hash).toBe(shard.hash);
    expect(restored.core.nextTimerMs()).toBe(31_000);
    for (const at of [31_000, 46_000]) {
      expect(restored.timersAt(at)).toEqual(shard.timersAt(at));
      expect(restored.hash).toBe(shard.hash);
    }
    expect(restored.told.at(-1)).toBe('ended #2 left 0 of 102 worth 102000 filled');
  });
});
