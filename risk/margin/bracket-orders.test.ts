import { describe, expect, it } from 'vitest';
import { candidatesMessage } from '../../engine/messages/candidates.js';
import * as type from '../../engine/messages/types.js';
import { TriggerShard } from './trigger-shard.fixture.js';

const FLAVOURS = ['product', 'naive'] as const;

describe.each(FLAVOURS)('brackets of an order, %s', (flavour) => {
  it('are armed as the order fills, with the size that it has filled', () => {
    const shard = new TriggerShard(flavour);
    expect(
      shard.bracket(1, 'buy', 30, { price: 990, profit: 1100, stop: 900, client: 'e' }),
    ).toEqual(['* accepted #1 buy 30@990', 'bracket of #1 profit 1100 stop 900']);
    expect(shard.waiting).toEqual([]);
    expect(shard.place(2, 'sell', 12, { price: 990 }).slice(1)).toEqual([
      'fill #1 maker 12@990 left 18 trade 1',
      'fill #2 taker 12@990 left 0 trade 1',
      'waits #3 take_profit sell 12 when mark 1100 for #1',
      'waits #4 stop sell 12 when mark 900 for #1',
    ]);
    expect(shard.place(2, 'sell', 18, { price: 990 }).slice(3)).toEqual([
      'waits #3 take_profit sell 30 when mark 1100 for #1 now',
      'waits #4 stop sell 30 when mark 900 for #1 now',
    ]);
  });

  it('of a market order are armed at once', () => {
    const shard = new TriggerShard(flavour);
    shard.place(2, 'buy', 30, { price: 1000 });
    expect(shard.bracket(1, 'sell', 20, { profit: 900, stop: 1100 })).toEqual([
      '* accepted #2 sell 20@500',
      'fill #1 maker 20@1000 left 10 trade 1',
      'fill #2 taker 20@1000 left 0 trade 1',
      'bracket of #2 profit 900 stop 1100',
      'waits #3 take_profit buy 20 when mark 900 for #2',
      'waits #4 stop buy 20 when mark 1100 for #2',
    ]);
  });

  it.each([62, 63, 64])(
    'of an order that is filled at once are armed beside %i others',
    (others) => {
      const shard = new TriggerShard(flavour);
      // Account 3 has an entry that is filled by the same message.
      shard.bracket(3, 'buy', 10, { price: 1000, stop: 900 });
      for (let n = 1; n < others; n++) {
        const account = 3 + (n % 2);
        expect(shard.bracket(account, 'buy', 10, { price: 990, stop: 900 })[0]).toMatch(/accepted/);
      }
      const copy = flavour === 'product' ? shard.restored() : shard;
      const told = shard.bracket(1, 'sell', 10, { stop: 1100 });
      expect(told.slice(-2)).toEqual([
        expect.stringMatching(/^waits .* stop sell 10 when mark 900 for #1$/),
        expect.stringMatching(/^waits .* stop buy 10 when mark 1100 for /),
      ]);
      expect(shard.waiting).toHaveLength(2);
      if (copy === shard) return;
      expect(copy.bracket(1, 'sell', 10, { stop: 1100 })).toEqual(told);
      expect(copy.hash).toBe(shard.hash);
    },
  );

  it('go with an order of which nothing was filled, and stay with what was', () => {
    const shard = new TriggerShard(flavour);
    shard.bracket(1, 'buy', 30, { price: 990, profit: 1100, stop: 900 });
    const before = shard.hash;
    expect(shard.cancel(1, { orderId: 1 })).toEqual(['* canceled #1 30@990 user']);
    shard.bracket(1, 'buy', 30, { price: 990, profit: 1100, stop: 900 });
    expect(shard.hash).not.toBe(before);
    shard.place(2, 'sell', 12, { price: 990 });
    expect(shard.cancel(1, { orderId: 2 })).toEqual(['* canceled #2 18@990 user']);
    expect(shard.waiting).toEqual([4, 5]);
  });

  it('of an order that finds nobody leave nothing', () => {
    const shard = new TriggerShard(flavour);
    const told = shard.bracket(1, 'buy', 30, { price: 990, tif: type.TIF_IOC, profit: 1100 });
    expect(told).toEqual(['* accepted #1 buy 30@990', 'canceled #1 30@990 ioc_remainder']);
    expect(shard.core.market(1)?.parents.brackets.size).toBe(0);
  });

  it('one cancels the other when it has closed everything', () => {
    const shard = filled(flavour, { profit: 1100, stop: 900 });
    shard.place(2, 'buy', 50, { price: 1090 });
    expect(shard.mark(1100)).toEqual([
      'triggered #3 take_profit sell 20 when mark 1100 for #1, reached 1100',
      'accepted #6 sell 20@550 from #3',
      'fill #5 maker 20@1090 left 30 trade 2',
      'fill #6 taker 20@1090 left 0 trade 2',
      'waits no longer #4 oco',
    ]);
    expect(shard.waiting).toEqual([]);
    expect(shard.core.market(1)?.parents.brackets.size).toBe(0);
  });

  it('one is made smaller by what the other one has closed, lot by lot', () => {
    const shard = filled(flavour, { profit: { at: 1100, limit: 1100 }, stop: 900 });
    shard.mark(1100);
    expect(shard.told.slice(1)).toEqual([
      'triggered #3 take_profit sell 20@1100 when mark 1100 for #1, reached 1100',
      'accepted #5 sell 20@1100 from #3',
    ]);
    expect(shard.place(2, 'buy', 15, { price: 1100 }).slice(3)).toEqual([
      'waits #4 stop sell 5 when mark 900 for #1 now',
    ]);
    // The stop takes the rest of the take-profit out of the book before it sells what is left.
    shard.place(2, 'buy', 50, { price: 880 });
    expect(shard.mark(900)).toEqual([
      'canceled #5 5@1100 oco',
      'triggered #4 stop sell 5 when mark 900 for #1, reached 900',
      'accepted #8 sell 5@450 from #4',
      'fill #7 maker 5@880 left 45 trade 3',
      'fill #8 taker 5@880 left 0 trade 3',
    ]);
    expect(shard.core.market(1)?.positions.positionOf(1)).toBe(0);
  });

  it('close no more than the order has filled, in a position that is larger', () => {
    const shard = new TriggerShard(flavour);
    shard.place(2, 'sell', 100, { price: 1000 });
    shard.place(1, 'buy', 80, { price: 1000 });
    shard.bracket(1, 'buy', 20, { price: 1000, profit: { at: 1100, limit: 1100 }, stop: 900 });
    shard.mark(1100);
    shard.place(2, 'buy', 15, { price: 1100 });
    shard.place(2, 'buy', 50, { price: 880 });
    shard.mark(900);
    expect(shard.core.market(1)?.positions.positionOf(1)).toBe(80);
    expect(shard.waiting).toEqual([]);
  });

  it('take the open rest of the order away when one of them fires', () => {
    const shard = new TriggerShard(flavour);
    shard.bracket(1, 'buy', 30, { price: 990, profit: 1100, stop: 900 });
    shard.place(2, 'sell', 20, { price: 990 });
    shard.place(2, 'buy', 50, { price: 890 });
    expect(shard.mark(900).slice(0, 2)).toEqual([
      'canceled #1 10@990 oco',
      'triggered #4 stop sell 20 when mark 900 for #1, reached 900',
    ]);
    expect(shard.core.market(1)?.positions.positionOf(1)).toBe(0);
    expect(shard.core.market(1)?.book.openOrdersOf(1)).toBe(0);
  });

  it('fire at once when their price was passed before they were armed', () => {
    const shard = new TriggerShard(flavour);
    shard.bracket(1, 'buy', 20, { price: 990, profit: 1100, stop: 980 });
    shard.mark(970);
    shard.place(2, 'buy', 50, { price: 960 });
    const told = shard.place(3, 'sell', 20, { price: 990 });
    expect(told.slice(3, 7)).toEqual([
      'waits #4 take_profit sell 20 when mark 1100 for #1',
      'waits #5 stop sell 20 when mark 980 for #1',
      'triggered #5 stop sell 20 when mark 980 for #1, reached 970',
      'accepted #6 sell 20@485 from #5',
    ]);
    expect(shard.core.market(1)?.positions.positionOf(1)).toBe(0);
  });

  it('end with the position, and are armed again by what the order fills later', () => {
    const shard = new TriggerShard(flavour);
    shard.bracket(1, 'buy', 30, { price: 990, profit: 1100, stop: 900 });
    shard.place(2, 'sell', 20, { price: 990 });
    shard.place(2, 'buy', 20, { price: 995 });
    expect(shard.place(1, 'sell', 20, { price: 995 }).slice(3)).toEqual([
      'waits no longer #3 position_closed',
      'waits no longer #4 position_closed',
    ]);
    expect(shard.place(2, 'sell', 4, { price: 990 }).slice(3)).toEqual([
      'waits #8 take_profit sell 4 when mark 1100 for #1',
      'waits #9 stop sell 4 when mark 900 for #1',
    ]);
  });

  it('fire one after the other: the second not before the first has become an order', () => {
    const shard = new TriggerShard(flavour);
    shard.trade(1000);
    shard.trigger(3, 'sell', 30, { kind: 'take_profit', by: 'last', at: 1100 });
    const legs = { profit: { at: 1100, by: 'last' }, stop: { at: 900, by: 'last' } } as const;
    shard.bracket(1, 'buy', 20, { price: 1000, ...legs });
    shard.place(2, 'sell', 20, { price: 1000 });
    for (const [price, lots] of [
      [1090, 10],
      [890, 20],
      [880, 8],
    ] as const) {
      shard.place(2, 'buy', lots, { price });
    }
    // The trade at 1,100 fires order 3 and the take-profit; what order 3 sells goes down to 890, below the stop.
    shard.trade(1100);
    const told = shard.told.filter((line) => /^(triggered|accepted|canceled)/.test(line));
    expect(told).toEqual([
      'triggered #3 take_profit sell 30 when last 1100, reached 1100',
      'triggered #6 take_profit sell 20 when last 1100 for #4, reached 1100',
      'accepted #13 sell 30@500 from #3',
      'accepted #14 sell 20@500 from #6',
      'canceled #14 12@500 no_liquidity',
      'triggered #7 stop sell 12 when last 900 for #4, reached 880',
      'accepted #15 sell 12@500 from #7',
      'canceled #15 12@500 no_liquidity',
    ]);
    expect(shard.core.market(1)?.positions.positionOf(1)).toBe(12);
  });

  it('end with a liquidation', () => {
    const shard = new TriggerShard(flavour);
    shard.place(2, 'sell', 9_000, { price: 1000 });
    shard.bracket(1, 'buy', 9_000, { price: 1000, profit: 1100, stop: 500 });
    shard.twap(1, 'buy', 100, { slices: 2, durationMs: 2_000 });
    shard.mark(930);
    const told = shard.send(candidatesMessage([1]));
    expect(told).toContain('waits no longer #4 liquidation');
    expect(told).toContain('ended #5 left 100 of 100 worth 0 liquidation');
    expect(shard.waiting).toEqual([]);
  });

  it('are paired with nothing else: whoever names one is told of its bracket', () => {
    const shard = filled(flavour, { profit: 1100, stop: 900 });
    const before = shard.hash;
    expect(shard.trigger(1, 'sell', 10, { at: 950, oco: { orderId: 3 } })).toEqual([
      '* rejected oco_order_is_paired_already 3 limit 1',
    ]);
    expect(shard.hash).toBe(before);
  });

  it('may be canceled one by one', () => {
    const shard = filled(flavour, { profit: 1100, stop: 900 });
    expect(shard.cancel(1, { orderId: 3 })).toEqual(['* waits no longer #3 user']);
    expect(shard.waiting).toEqual([4]);
    shard.massCancel(1, type.FLAG_MASS_ASKS);
    expect(shard.waiting).toEqual([]);
  });

  it('follow an order that is amended, for more or for less', () => {
    const shard = new TriggerShard(flavour);
    shard.bracket(1, 'buy', 30, { price: 980, profit: 1100, stop: 900 });
    shard.place(2, 'sell', 25, { price: 990 });
    expect(shard.amend(1, { orderId: 1, price: 990, qty: 40 }).slice(-2)).toEqual([
      'waits #3 take_profit sell 25 when mark 1100 for #1',
      'waits #4 stop sell 25 when mark 900 for #1',
    ]);
  });

  it.each([
    ['no leg', {}, 'bracket_must_have_a_leg 0 limit 0'],
    [
      'a limit without a trigger',
      { stop: 900, profit: { at: 0, limit: 5 } },
      'bracket_price_ticks_must_be_within_1_and_limit 5 limit 100000',
    ],
    [
      'a price that no market has',
      { profit: 100_001 },
      'bracket_price_ticks_must_be_within_1_and_limit 100001 limit 100000',
    ],
    [
      'a loss as profit',
      { profit: 990 },
      'take_profit_must_be_on_the_winning_side_of_limit 990 limit 990',
    ],
    [
      'a profit as loss',
      { profit: 1100, stop: 991 },
      'stop_loss_must_be_on_the_losing_side_of_limit 991 limit 990',
    ],
    ['a closing order', { stop: 900, reduceOnly: true }, 'flags_are_contradictory 64 limit 0'],
  ] as const)('are refused with field, value and limit: %s', (_what, options, expected) => {
    const shard = new TriggerShard(flavour);
    const before = shard.hash;
    const told = shard.bracket(1, 'buy', 30, { price: 990, ...options });
    expect(told).toEqual([`* rejected ${expected}`]);
    expect(shard.hash).toBe(before);
  });

  it('are fifty for an account in a market at most', () => {
    const shard = new TriggerShard(flavour);
    const place = () => shard.bracket(1, 'buy', 2, { price: 990, stop: 900 });
    for (let i = 0; i < 50; i++) expect(place()).toHaveLength(2);
    expect(place()).toEqual(['* rejected brackets_must_not_exceed_limit 51 limit 50']);
    shard.cancel(1, { orderId: 1 });
    expect(place()).toHaveLength(2);
  });
});

describe('brackets of an order', () => {
  it('come back from a snapshot in every state', () => {
    const shard = new TriggerShard('product');
    shard.bracket(1, 'buy', 30, { price: 990, profit: { at: 1100, limit: 1100 }, stop: 900 });
    const steps = [
      (on: TriggerShard) => on.place(2, 'sell', 20, { price: 990 }),
      (on: TriggerShard) => on.mark(1100),
      (on: TriggerShard) => on.place(2, 'buy', 15, { price: 1100 }),
      (on: TriggerShard) => on.place(2, 'buy', 50, { price: 880 }),
      (on: TriggerShard) => on.mark(900),
    ];
    steps.forEach((_step, done) => {
      const restored = shard.restored();
      expect(restored.hash).toBe(shard.hash);
      const step = steps[done] as (on: TriggerShard) => string[];
      expect(step(restored)).toEqual(step(shard));
      expect(restored.hash).toBe(shard.hash);
    });
    expect(shard.core.market(1)?.positions.positionOf(1)).toBe(0);
    expect(shard.core.market(1)?.parents.brackets.live()).toEqual([]);
  });
});

/** Account 1 has bought 20 at 1,000 with a bracket; its legs are the orders 3 and 4. */
function filled(
  flavour: (typeof FLAVOURS)[number],
  legs: Partial<Parameters<TriggerShard['bracket']>[3]>,
): TriggerShard {
  const shard = new TriggerShard(flavour);
  shard.bracket(1, 'buy', 20, { price: 1000, ...legs });
  shard.place(2, 'sell', 20, { price: 1000 });
  return shard;
}
