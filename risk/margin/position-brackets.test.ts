import { describe, expect, it } from 'vitest';
import { W_PRICE } from '../../engine/messages/layout.js';
import * as type from '../../engine/messages/types.js';
import { withSlots } from '../../sim/traffic/wire.js';
import { TriggerShard } from './trigger-shard.fixture.js';

const CLOSES = { closesPosition: true, reduceOnly: true } as const;

/** Account 1 is long so many lots, bought at 1,000 from account 2. */
function longOf(flavour: 'product' | 'naive', lots: number): TriggerShard {
  const shard = new TriggerShard(flavour);
  shard.place(2, 'sell', lots, { price: 1000 });
  shard.place(1, 'buy', lots, { price: 1000 });
  return shard;
}

describe.each(['product', 'naive'] as const)('trigger orders of a position, %s', (flavour) => {
  it('close as much as the position has when they fire', () => {
    const shard = longOf(flavour, 50);
    expect(shard.trigger(1, 'sell', 0, { at: 950, ...CLOSES })).toEqual([
      '* waits #3 stop sell position 0 when mark 950',
    ]);
    shard.place(2, 'sell', 30, { price: 1000 });
    shard.place(1, 'buy', 30, { price: 1000 });
    shard.place(2, 'buy', 100, { price: 940 });
    expect(shard.mark(950)).toEqual([
      'triggered #3 stop sell position 80 when mark 950, reached 950',
      'accepted #7 sell 80@475 from #3',
      'fill #6 maker 80@940 left 20 trade 3',
      'fill #7 taker 80@940 left 0 trade 3',
    ]);
    expect(shard.core.market(1)?.positions.positionOf(1)).toBe(0);
  });

  it('shrink with the position, and end when it is flat', () => {
    const shard = longOf(flavour, 50);
    shard.trigger(1, 'sell', 0, { at: 950, ...CLOSES });
    shard.trigger(1, 'sell', 0, { kind: 'take_profit', at: 1100, ...CLOSES });
    shard.trigger(1, 'sell', 20, { at: 950 });
    shard.place(2, 'buy', 50, { price: 1000 });
    expect(shard.place(1, 'sell', 30, { price: 1000 })).toHaveLength(3);
    expect(shard.waiting).toEqual([3, 4, 5]);
    expect(shard.place(1, 'sell', 20, { price: 1000 }).slice(3)).toEqual([
      'waits no longer #3 position_closed',
      'waits no longer #4 position_closed',
    ]);
    // A stop with a size of its own stays.
    expect(shard.waiting).toEqual([5]);
  });

  it('may be a pair of which only one fires', () => {
    const shard = longOf(flavour, 50);
    shard.trigger(1, 'sell', 0, { at: 950, client: 'stop', ...CLOSES });
    const profit = { kind: 'take_profit', at: 1100, price: 1100, tif: type.TIF_GTC } as const;
    expect(shard.trigger(1, 'sell', 0, { ...profit, oco: { client: 'stop' }, ...CLOSES })).toEqual([
      '* waits #4 take_profit sell position 0@1100 when mark 1100, oco #3',
    ]);
    expect(shard.mark(1100)).toEqual([
      'triggered #4 take_profit sell position 50@1100 when mark 1100, oco #3, reached 1100',
      'waits no longer #3 oco',
      'accepted #5 sell 50@1100 from #4',
    ]);
  });

  it('that are no pair share the position: what one has closed, the other does not close again', () => {
    const shard = longOf(flavour, 50);
    shard.trigger(1, 'sell', 0, { at: 950, ...CLOSES });
    const profit = { kind: 'take_profit', at: 1100, price: 1100, tif: type.TIF_GTC } as const;
    shard.trigger(1, 'sell', 0, { ...profit, ...CLOSES });
    shard.mark(1100);
    shard.place(2, 'buy', 30, { price: 1100 });
    shard.place(2, 'buy', 90, { price: 940 });
    const told = shard.mark(950);
    expect(told[0]).toBe('triggered #3 stop sell position 20 when mark 950, reached 950');
    expect(shard.core.market(1)?.positions.positionOf(1)).toBe(0);
    expect(shard.core.market(1)?.book.openOrdersOf(1)).toBe(0);
  });

  it('end when the position turns', () => {
    const shard = longOf(flavour, 50);
    shard.trigger(1, 'sell', 0, { at: 950, ...CLOSES });
    shard.place(2, 'buy', 80, { price: 1000 });
    expect(shard.place(1, 'sell', 80, { price: 1000 }).at(-1)).toBe(
      'waits no longer #3 position_closed',
    );
    expect(shard.trigger(1, 'buy', 0, { at: 1050, ...CLOSES })[0]).toContain('* waits');
  });

  it('end when their owner is the maker of the fill that closes it', () => {
    const shard = longOf(flavour, 50);
    shard.trigger(1, 'sell', 0, { at: 950, ...CLOSES });
    shard.place(1, 'sell', 50, { price: 1000 });
    expect(shard.place(3, 'buy', 50, { price: 1000 }).at(-1)).toBe(
      'waits no longer #3 position_closed',
    );
  });

  it('make a bracket: what one of them has closed ends the other', () => {
    const shard = longOf(flavour, 50);
    shard.trigger(1, 'sell', 0, { at: 950, ...CLOSES });
    shard.trigger(1, 'sell', 0, { kind: 'take_profit', at: 1100, ...CLOSES });
    shard.place(2, 'buy', 50, { price: 940 });
    expect(shard.mark(950).at(-1)).toBe('waits no longer #4 position_closed');
    expect(shard.waiting).toEqual([]);
  });

  it('do not fire twice for one position when one price reaches both', () => {
    const shard = longOf(flavour, 50);
    shard.trigger(1, 'sell', 0, { at: 950, ...CLOSES });
    shard.trigger(1, 'sell', 0, { at: 940, ...CLOSES });
    shard.place(2, 'buy', 90, { price: 930 });
    const told = shard.mark(940);
    expect(told.filter((line) => line.startsWith('fill'))).toHaveLength(2);
    expect(told.at(-1)).toBe(
      'fired in vain #4 reduce_only_order_would_not_reduce_position 50 limit 0',
    );
    expect(shard.core.market(1)?.positions.positionOf(1)).toBe(0);
  });

  it('go as far as one order may, where the position is larger', () => {
    const shard = new TriggerShard(flavour);
    for (const account of [1, 2]) {
      shard.send(withSlots(type.CMD_DEPOSIT, 1, { account, qty: 1_000_000_000_000 }));
    }
    shard.place(2, 'sell', 9_000, { price: 1000 });
    shard.place(1, 'buy', 9_000, { price: 1000 });
    shard.place(2, 'sell', 9_000, { price: 1000 });
    shard.place(1, 'buy', 9_000, { price: 1000 });
    shard.trigger(1, 'sell', 0, { at: 950, ...CLOSES });
    expect(shard.mark(950)[0]).toBe(
      'triggered #5 stop sell position 10000 when mark 950, reached 950',
    );
  });

  it('close also what is held at ten times the collateral, with a bound and without', () => {
    const fired = (bound: number) => {
      const shard = longOf(flavour, 9_000);
      shard.place(3, 'buy', 9_000, { price: 989 });
      const wire = shard.triggerWire(1, 'sell', 0, { at: 990, ...CLOSES });
      wire[W_PRICE] = bound;
      shard.ask(wire);
      shard.mark(990);
      return shard.core.market(1)?.positions.positionOf(1);
    };
    // Half of the price, the band, would be more than the account has: it is bounded where its equity would be gone.
    expect(fired(0)).toBe(0);
    expect(fired(989)).toBe(0);
  });

  it.each([
    ['without a position', 3, 0, CLOSES, 'reduce_only_order_would_not_reduce_position 0 limit 0'],
    ['on its own side', 2, 0, CLOSES, 'reduce_only_order_would_not_reduce_position 0 limit 0'],
    ['with a size', 1, 20, CLOSES, 'qty_must_be_absent_when_position_is_closed 20 limit 0'],
    ['not reduce-only', 1, 0, { closesPosition: true }, 'flags_are_contradictory 11 limit 0'],
  ])('%s they are refused', (_name, account, lots, options, sentence) => {
    const shard = longOf(flavour, 50);
    const before = shard.hash;
    const told = shard.trigger(account, 'sell', lots, { at: 950, ...options });
    expect(told).toEqual([`* rejected ${sentence}`]);
    expect(shard.hash).toBe(before);
  });
});

describe('trigger orders of a position', () => {
  it('come back from a snapshot, and go on looking at trades', () => {
    const shard = longOf('product', 50);
    shard.trigger(1, 'sell', 0, { at: 950, ...CLOSES });
    const copy = shard.restored();
    for (const one of [shard, copy]) {
      one.place(2, 'buy', 50, { price: 1000 });
      // Without a client id the lane would take it, and nobody would look.
      one.place(1, 'sell', 50, { price: 1000, tif: type.TIF_IOC });
    }
    expect(copy.told).toEqual(shard.told);
    expect(copy.told.at(-1)).toBe('waits no longer #3 position_closed');
    expect(copy.hash).toBe(shard.hash);
  });
});
