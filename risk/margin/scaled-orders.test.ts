import { describe, expect, it } from 'vitest';
import { R_OPEN_LOSS, R_OPEN_LOTS } from '../../engine/kernel/layout.js';
import * as type from '../../engine/messages/types.js';
import type { MarginActor } from './margin-actor.js';
import { TriggerShard } from './trigger-shard.fixture.js';

const FLAVOURS = ['product', 'naive'] as const;

describe.each(FLAVOURS)('scaled orders, %s', (flavour) => {
  it('place their orders in one message, and answer once', () => {
    const shard = new TriggerShard(flavour);
    const told = shard.scaled(1, 'buy', 31, { price: 990, to: 960, count: 3, client: 'my-scale' });
    expect(told).toEqual([
      '* scaled #1 buy 31 in 3 from 990 to 960',
      'accepted #2 buy 11@990 of #1',
      'accepted #3 buy 10@975 of #1',
      'accepted #4 buy 10@960 of #1',
    ]);
    expect(
      shard.scaled(1, 'buy', 31, { price: 990, to: 960, count: 3, client: 'my-scale' }),
    ).toEqual(['* event 134 #1']);
  });

  it.each([
    ['equal', 100, [34, 33, 33]],
    ['rising', 60, [10, 20, 30]],
    ['rising', 65, [11, 22, 32]],
    ['falling', 65, [33, 22, 10]],
  ] as const)('spread %s %i lots as %j', (shape, lots, expected) => {
    const shard = new TriggerShard(flavour);
    shard.scaled(1, 'sell', lots, { price: 1010, to: 1031, count: 3, shape });
    const children = shard.events.slice(1).map((event) => [event.lots, event.price]);
    // Half way is 1020.5: the tick nearer to the first price.
    expect(children).toEqual(expected.map((some, i) => [some, [1010, 1020, 1031][i]]));
  });

  it('take what meets them, each at its own price', () => {
    const shard = new TriggerShard(flavour);
    shard.place(2, 'sell', 15, { price: 985 });
    expect(shard.scaled(1, 'buy', 40, { price: 990, to: 970, count: 2 })).toEqual([
      '* scaled #2 buy 40 in 2 from 990 to 970',
      'accepted #3 buy 20@990 of #2',
      'fill #1 maker 15@985 left 0 trade 1',
      'fill #3 taker 15@985 left 5 trade 1',
      'accepted #4 buy 20@970 of #2',
    ]);
  });

  it('are canceled by their own id or client id, those that are open', () => {
    const shard = new TriggerShard(flavour);
    shard.scaled(1, 'buy', 40, { price: 990, to: 970, count: 2, client: 5 });
    shard.place(2, 'sell', 20, { price: 990 });
    expect(shard.cancel(2, { orderId: 1 })).toEqual(['* rejected order_is_not_open 1 limit 0']);
    expect(shard.cancel(1, { client: 5 })).toEqual([
      'canceled #3 20@970 user',
      '* ended #1 left 20 of 40 worth 0 user',
    ]);
    expect(shard.cancel(1, { orderId: 1 })).toEqual(['* rejected order_is_not_open 1 limit 0']);
    expect(openOf(shard, 1)).toEqual([0, 0]);
  });

  it.each([
    [
      'count',
      { price: 990, to: 960, count: 51 },
      'scaled_count_must_be_within_2_and_limit 51 limit 50',
    ],
    ['range', { price: 990, to: 989, count: 3 }, 'scaled_range_ticks_must_reach_limit 1 limit 2'],
    [
      'price',
      { price: 990, to: 0, count: 3 },
      'price_ticks_must_be_within_1_and_limit 0 limit 100000',
    ],
    [
      'band',
      { price: 1400, to: 1600, count: 3 },
      'price_ticks_must_not_exceed_upper_band 1600 limit 1500',
    ],
    [
      'flags',
      { price: 990, to: 960, count: 3, tif: type.TIF_IOC },
      'flags_are_contradictory 2 limit 0',
    ],
    [
      'notional',
      { price: 990, to: 960, count: 30 },
      'notional_micro_usd_must_reach_minimum 9890000 limit 10000000',
    ],
  ] as const)('are refused as a whole: %s', (_what, options, expected) => {
    const shard = new TriggerShard(flavour);
    const before = shard.hash;
    expect(shard.scaled(1, 'buy', 31, options)).toEqual([`* rejected ${expected}`]);
    expect(openOf(shard, 1)).toEqual([0, 0]);
    expect(shard.hash).toBe(before);
  });

  it('are refused when each order could not have a lot, or together they cannot be borne', () => {
    const shard = new TriggerShard(flavour);
    const few = { price: 990, to: 960, count: 10, shape: 'rising' } as const;
    expect(shard.scaled(1, 'buy', 54, few)).toEqual([
      '* rejected qty_lots_must_give_each_child_order_a_lot 54 limit 55',
    ]);
    const before = shard.hash;
    // 9,900 lots of 10 USD each and 10 % of it: 9,900 USD of 10,000; the next one is too much.
    expect(shard.scaled(1, 'buy', 9_900, { price: 990, to: 960, count: 2 })).toHaveLength(3);
    const [more] = shard.scaled(1, 'buy', 110, { price: 990, to: 960, count: 2 });
    expect(more).toBe('* rejected insufficient_margin 110000000 limit 100000000');
    shard.cancel(1, { orderId: 1 });
    expect(openOf(shard, 1)).toEqual([0, 0]);
    expect(shard.hash).not.toBe(before);
  });

  it('that are post-only are refused when one of them would cross, and slide when they may', () => {
    const shard = new TriggerShard(flavour);
    shard.place(2, 'sell', 15, { price: 985 });
    const flags = type.FLAG_POST_ONLY;
    const wire = (more: number) => ({ price: 980, to: 990, count: 3, tif: (more | flags) >> 1 });
    expect(shard.scaled(1, 'buy', 45, wire(0))).toEqual([
      '* rejected post_only_order_would_cross 985 limit 985',
    ]);
    expect(openOf(shard, 1)).toEqual([0, 0]);
    shard.scaled(1, 'buy', 45, wire(type.FLAG_POST_ONLY_SLIDE));
    expect(shard.events.slice(1).map(({ price }) => price)).toEqual([980, 984, 984]);
  });

  it('that only reduce are cut to the position, and refused without one', () => {
    const shard = new TriggerShard(flavour);
    const closing = { price: 1010, to: 1030, count: 3, reduceOnly: true };
    expect(shard.scaled(1, 'sell', 30, closing)).toEqual([
      '* rejected reduce_only_order_would_not_reduce_position 30 limit 0',
    ]);
    shard.place(2, 'sell', 15, { price: 1000 });
    shard.place(1, 'buy', 15, { price: 1000 });
    expect(shard.scaled(1, 'sell', 30, closing)).toEqual([
      '* scaled #3 sell 30 in 3 from 1010 to 1030',
      'accepted #4 sell 10@1010 of #3',
      'accepted #5 sell 10@1020 of #3',
      'amended #5 10@1020 → 5@1020 total 5 reduce_only',
      'accepted #6 sell 10@1030 of #3',
      'canceled #6 10@1030 reduce_only',
    ]);
    expect(openOf(shard, 1)).toEqual([15, 0]);
  });

  it('that close the position on the way tell of those that came too late', () => {
    const shard = new TriggerShard(flavour);
    shard.place(2, 'sell', 15, { price: 1000 });
    shard.place(1, 'buy', 15, { price: 1000 });
    shard.place(2, 'buy', 40, { price: 990 });
    const told = shard.scaled(1, 'sell', 30, { price: 980, to: 985, count: 2, reduceOnly: true });
    expect(told.at(-1)).toBe(
      'fired in vain #4 reduce_only_order_would_not_reduce_position 15 limit 0',
    );
    expect(openOf(shard, 1)).toEqual([0, 0]);
  });

  it('are twenty for an account in a market at most, those with something open', () => {
    const shard = new TriggerShard(flavour);
    const place = () => shard.scaled(1, 'buy', 24, { price: 990, to: 960, count: 2 });
    for (let i = 0; i < 20; i++) expect(place()).toHaveLength(3);
    expect(place()).toEqual(['* rejected parent_orders_must_not_exceed_limit 21 limit 20']);
    shard.cancel(1, { orderId: 2 });
    shard.cancel(1, { orderId: 3 });
    expect(place()).toHaveLength(3);
  });
});

describe('scaled orders', () => {
  it('come back from a snapshot, and can be canceled by their id', () => {
    const shard = new TriggerShard('product');
    shard.scaled(1, 'buy', 40, { price: 990, to: 970, count: 2, client: 'x' });
    const restored = shard.restored();
    expect(restored.hash).toBe(shard.hash);
    expect(restored.cancel(1, { client: 'x' })).toEqual(shard.cancel(1, { client: 'x' }));
    expect(restored.hash).toBe(shard.hash);
  });
});

/** Lots and loss value that are reserved on both sides together, as the account's home has them. */
function openOf(shard: TriggerShard, account: number): [lots: number, loss: number] {
  const { home } = shard.core;
  if (!('liquidations' in home)) {
    const holding = (home as unknown as Naive).state.markets[0]?.holdings.get(account);
    const orders = holding?.orders ?? [];
    const sum = (values: bigint[]) => Number(values.reduce((all, value) => all + value, 0n));
    return [
      sum(orders.map(({ lots }) => lots)),
      sum(orders.map(({ lots, lossTicks }) => lots * lossTicks)),
    ];
  }
  const rows = (home as unknown as MarginActor).state.markets.find(1)?.rows;
  const both = (field: number) => {
    return (rows?.get(account, field) ?? 0) + (rows?.get(account, field + 8) ?? 0);
  };
  return [both(R_OPEN_LOTS), both(R_OPEN_LOSS)];
}

interface Naive {
  state: {
    markets: { holdings: Map<number, { orders: { lots: bigint; lossTicks: bigint }[] }> }[];
  };
}
