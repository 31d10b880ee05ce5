import { describe, expect, it } from 'vitest';
import * as type from '../../engine/messages/types.js';
import { asPriceTicks } from '../../engine/units/units.js';
import { MARK, TriggerShard } from './trigger-shard.fixture.js';

const FLAVOURS = ['product', 'naive'] as const;
/** What each kind waits for, and which side of the book it then takes from. */
const KINDS = [
  { kind: 'stop', side: 'buy', rises: true },
  { kind: 'stop', side: 'sell', rises: false },
  { kind: 'take_profit', side: 'buy', rises: false },
  { kind: 'take_profit', side: 'sell', rises: true },
] as const;

describe.each(FLAVOURS)('trigger orders, %s', (flavour) => {
  it('wait outside of the book without margin, fire once, and become an order with a link', () => {
    const shard = new TriggerShard(flavour);
    shard.place(2, 'buy', 30, { price: 940 });
    expect(shard.trigger(1, 'sell', 20, { at: 950, client: 'my-stop' })).toEqual([
      '* waits #2 stop sell 20 when mark 950',
    ]);
    expect(shard.core.market(1)?.book.openOrdersOf(1)).toBe(0);
    expect(shard.mark(951)).toEqual([]);
    expect(shard.mark(950)).toEqual([
      'triggered #2 stop sell 20 when mark 950, reached 950',
      'accepted #3 sell 20@475 from #2',
      'fill #1 maker 20@940 left 10 trade 1',
      'fill #3 taker 20@940 left 0 trade 1',
    ]);
    expect(shard.waiting).toEqual([]);
    expect(shard.mark(900)).toEqual([]);
    expect(shard.trigger(1, 'sell', 20, { at: 800, client: 'my-stop' })).toEqual([
      '* event 134 #3',
    ]);
  });

  it('number every step in the private feed, and answer the request only', () => {
    const shard = new TriggerShard(flavour);
    shard.trigger(1, 'sell', 20, { at: 950, price: 960 });
    expect(shard.events.map(({ request }) => request)).toEqual([1]);
    shard.mark(940);
    expect(shard.told.slice(1)).toEqual([
      'triggered #1 stop sell 20@960 when mark 950, reached 940',
      'accepted #2 sell 20@960 from #1',
    ]);
    expect(shard.events.every(({ request }) => request === 0)).toBe(true);
  });

  describe('advanced order matched against the wrong side (Kraken 2019)', () => {
    it.each(KINDS)('$kind $side', ({ kind, side, rises }) => {
      for (const by of ['mark', 'last', 'index'] as const) {
        const shard = new TriggerShard(flavour);
        shard.trade(MARK);
        const at = rises ? 1010 : 990;
        const wrongWay = rises ? [1000, 990, 900] : [1000, 1010, 1100];
        const move = (price: number) => (by === 'last' ? shard.trade(price) : shard.mark(price));
        shard.trigger(1, side, 20, { kind, by, at });
        for (const price of wrongWay) move(price);
        expect(shard.waiting).toHaveLength(1);
        // Liquidity on both sides: only the opposite one may be taken.
        shard.mark(MARK);
        shard.place(2, 'sell', 40, { price: 1200 });
        shard.place(2, 'buy', 40, { price: 800 });
        const told = move(at).join('\n');
        expect(told).toContain('triggered');
        const maker = shard.events.find(
          ({ type: kindOf, flags, account }) =>
            kindOf === type.EVT_FILL && (flags & type.FLAG_MAKER) !== 0 && account === 2,
        );
        expect(type.sideOf(maker?.flags ?? -1)).toBe(side === 'buy' ? 1 : 0);
        expect(maker?.price).toBe(side === 'buy' ? 1200 : 800);
        expect(shard.core.market(1)?.positions.positionOf(1)).toBe(side === 'buy' ? 20 : -20);
      }
    });

    it('never trades beyond its limit', () => {
      const shard = new TriggerShard(flavour);
      shard.place(2, 'buy', 10, { price: 990 });
      shard.place(2, 'buy', 10, { price: 980 });
      shard.trigger(1, 'sell', 20, { at: 995, price: 985 });
      expect(shard.mark(995).slice(1)).toEqual([
        'accepted #4 sell 20@985 from #3',
        'fill #1 maker 10@990 left 0 trade 1',
        'fill #4 taker 10@990 left 10 trade 1',
      ]);
    });
  });

  describe('trigger loops', () => {
    it('end: each order fires once, and a chain of last-price stops runs down link by link', () => {
      const shard = new TriggerShard(flavour);
      shard.trade(MARK);
      // Each stop sells into the bid at which the next one waits.
      for (let i = 1; i <= 20; i++) {
        shard.place(2, 'buy', 20, { price: MARK - 10 * i });
        shard.trigger(1, 'sell', 20, { by: 'last', at: MARK - 10 * i });
      }
      shard.place(3, 'sell', 20, { price: MARK - 10, tif: type.TIF_IOC });
      const fired = shard.told.filter((line) => line.startsWith('triggered'));
      expect(fired).toHaveLength(20);
      expect(shard.waiting).toEqual([]);
      expect(shard.told.filter((line) => line.includes(' from #'))).toHaveLength(20);
    });

    it('cannot form between two orders that set each other off', () => {
      const shard = new TriggerShard(flavour);
      shard.trade(MARK);
      shard.place(2, 'buy', 50, { price: 980 });
      shard.place(2, 'sell', 50, { price: 1020 });
      shard.trigger(1, 'sell', 20, { by: 'last', at: 990 });
      shard.trigger(1, 'buy', 20, { kind: 'take_profit', by: 'last', at: 985 });
      shard.trade(990);
      const fired = shard.told.filter((line) => line.startsWith('triggered'));
      expect(fired).toEqual([
        'triggered #5 stop sell 20 when last 990, reached 990',
        'triggered #6 take_profit buy 20 when last 985, reached 980',
      ]);
    });

    it('do not fire in the middle of matching: the taker is done before the first one is placed', () => {
      const shard = new TriggerShard(flavour);
      shard.trade(MARK);
      shard.trigger(1, 'sell', 10, { by: 'last', at: 995 });
      for (const price of [995, 990, 985]) shard.place(2, 'buy', 10, { price });
      shard.place(3, 'sell', 20, { price: 990 });
      const placed = shard.told.findIndex((line) => line.includes(' from #'));
      const lastOfTaker = shard.told.findLastIndex((line) => line.includes('taker 10@990 left 0'));
      expect(lastOfTaker).toBeLessThan(placed);
      expect(shard.told.at(-1)).toContain('taker 10@985 left 0');
    });
  });

  it('fire in the order of their ids, whatever their prices', () => {
    const shard = new TriggerShard(flavour);
    for (const at of [930, 950, 940, 990]) shard.trigger(1, 'sell', 20, { at, price: 1100 });
    const told = shard.mark(940);
    const accepted = told.filter((line) => line.startsWith('accepted'));
    expect(accepted.map((line) => line.slice(-2))).toEqual(['#2', '#3', '#4']);
    expect(shard.waiting).toEqual([1]);
  });

  it('see every price of a sweep, and trades that no margin actor was asked about', () => {
    const shard = new TriggerShard(flavour);
    shard.trade(MARK);
    shard.trigger(1, 'buy', 10, { kind: 'take_profit', by: 'last', at: 990, price: 980 });
    // The sweep begins below and ends above: the last price alone would say nothing.
    shard.place(2, 'sell', 5, { price: 985 });
    shard.place(2, 'sell', 5, { price: 1005 });
    const told = shard.place(4, 'buy', 10, { price: 1005 });
    expect(told.filter((line) => line.startsWith('triggered'))).toEqual([
      'triggered #3 take_profit buy 10@980 when last 990, reached 985',
    ]);
  });

  it('tell the owner when margin does not suffice, and leave nothing reserved', () => {
    const shard = new TriggerShard(flavour);
    shard.send(new Int32Array(shard.triggerWire(1, 'buy', 10_000, { at: 1010, client: 5 })));
    const before = shard.hash;
    expect(shard.waiting).toEqual([1]);
    const told = shard.mark(1011);
    expect(told[0]).toBe('triggered #1 stop buy 10000 when mark 1010, reached 1011');
    expect(told[1]).toMatch(/^fired in vain #1 insufficient_margin \d+ limit 10000000000$/);
    expect(told).toHaveLength(2);
    expect(shard.hash).not.toBe(before);
    expect(shard.place(1, 'buy', 20, { price: 900, client: 5 })).toEqual(['* event 134 #1']);
    expect(shard.place(1, 'buy', 20, { price: 900, client: 6 })).toHaveLength(1);
  });

  it('tell the owner when the market refuses, and give the reservation back', () => {
    const shard = new TriggerShard(flavour);
    shard.trigger(1, 'sell', 20, { at: 950, reduceOnly: true, client: 'nothing-to-reduce' });
    expect(shard.mark(950)).toEqual([
      'triggered #1 stop sell 20 when mark 950, reached 950',
      'fired in vain #1 reduce_only_order_would_not_reduce_position 20 limit 0',
    ]);
    expect(shard.events.at(-1)?.slots).toBe(3);
    // The whole collateral is free again.
    expect(shard.place(1, 'buy', 9_000, { price: 950 })[0]).toContain('accepted');
  });

  it('are canceled by id, by client id and with all others, by their owner only', () => {
    const shard = new TriggerShard(flavour);
    for (let i = 0; i < 4; i++) shard.trigger(1, 'sell', 20, { at: 950, client: `stop-${i}` });
    shard.trigger(1, 'buy', 20, { at: 1050 });
    expect(shard.cancel(2, { orderId: 1 })).toEqual(['* rejected order_is_not_open 1 limit 0']);
    expect(shard.cancel(1, { orderId: 1 })).toEqual(['* waits no longer #1 user']);
    expect(shard.cancel(1, { orderId: 1 })).toEqual(['* rejected order_is_not_open 1 limit 0']);
    expect(shard.cancel(1, { client: 'stop-1' })).toEqual(['* waits no longer #2 user']);
    shard.place(1, 'sell', 20, { price: 1200 });
    expect(shard.massCancel(1, type.FLAG_MASS_ASKS)).toEqual([
      'waits no longer #4 mass_cancel',
      'waits no longer #3 mass_cancel',
      'canceled #6 20@1200 mass_cancel',
      '* mass_canceled 3',
    ]);
    expect(shard.waiting).toEqual([5]);
    expect(shard.massCancel(1).at(-1)).toBe('* mass_canceled 1');
  });

  it('expire while they wait', () => {
    const shard = new TriggerShard(flavour);
    const expiryMs = 5_000;
    shard.trigger(1, 'sell', 20, { at: 950, price: 950, tif: type.TIF_GTD, expiryMs });
    expect(shard.core.nextTimerMs()).toBe(5_000);
    shard.nowMs = 5_000;
    expect(shard.timer()).toEqual(['waits no longer #1 expired']);
    expect(shard.core.nextTimerMs()).toBe(Number.POSITIVE_INFINITY);
  });

  it.each(['halted', 'cancel_only', 'post_only'] as const)('wait out the state %s', (state) => {
    const shard = new TriggerShard(flavour);
    shard.trigger(1, 'sell', 20, { at: 950, price: 960 });
    shard.trigger(1, 'sell', 20, { at: 900, price: 960 });
    expect(shard.state(state)).toEqual([]);
    expect(shard.mark(940)).toEqual([]);
    expect(shard.state('open')).toEqual([
      'triggered #1 stop sell 20@960 when mark 950, reached 940',
      'accepted #3 sell 20@960 from #1',
    ]);
    expect(shard.waiting).toEqual([2]);
  });

  it('fire in reduce_only only when they reduce, and go when the market settles', () => {
    const shard = new TriggerShard(flavour);
    shard.place(2, 'sell', 20, { price: 1000 });
    shard.place(1, 'buy', 20, { price: 1000 });
    shard.trigger(1, 'sell', 20, { at: 950, price: 960 });
    shard.trigger(1, 'sell', 20, { at: 950, price: 960, reduceOnly: true });
    shard.trigger(1, 'sell', 20, { at: 900, price: 960, reduceOnly: true });
    shard.state('reduce_only');
    expect(shard.mark(950)).toEqual([
      'waits no longer #3 market_state',
      'triggered #4 stop sell 20@960 when mark 950, reached 950',
      'accepted #6 sell 20@960 from #4',
    ]);
    expect(shard.state('settling').at(-1)).toBe('waits no longer #5 market_state');
    expect(shard.waiting).toEqual([]);
  });

  describe('bad input is refused with value and limit, and changes nothing', () => {
    const good = { at: 950 };
    const gtd = { tif: type.TIF_GTD, price: 900 };
    const rows: [string, object, string][] = [
      [
        'trigger price zero',
        { at: 0 },
        'trigger_price_ticks_must_be_within_1_and_limit 0 limit 100000',
      ],
      ['negative', { at: -5 }, 'trigger_price_ticks_must_be_within_1_and_limit -5 limit 100000'],
      [
        'beyond the limit',
        { at: 100_001 },
        'trigger_price_ticks_must_be_within_1_and_limit 100001 limit 100000',
      ],
      ['at once', { at: MARK }, 'trigger_price_would_trigger_immediately 1000 limit 1000'],
      [
        'wrong side of the mark',
        { at: 1010 },
        'trigger_price_would_trigger_immediately 1010 limit 1000',
      ],
      [
        'take-profit on the wrong side',
        { kind: 'take_profit', at: 990 },
        'trigger_price_would_trigger_immediately 990 limit 1000',
      ],
      [
        'wrong side of the index',
        { by: 'index', at: 1010 },
        'trigger_price_would_trigger_immediately 1010 limit 1000',
      ],
      ['negative limit', { price: -1 }, 'price_ticks_must_be_within_1_and_limit -1 limit 100000'],
      [
        'limit beyond',
        { price: 100_001 },
        'price_ticks_must_be_within_1_and_limit 100001 limit 100000',
      ],
      ['no limit', { price: 0 }, 'price_ticks_must_be_within_1_and_limit 0 limit 100000'],
      ['expired', { ...gtd, expiryMs: 999 }, 'expiry_time_must_be_in_the_future 999 limit 1000'],
      ['deadline', { deadlineMs: 1 }, 'receive_window_has_passed 1 limit 1000'],
      [
        'a market order that waits in the book',
        { tif: type.TIF_GTC },
        'flags_are_contradictory 9 limit 0',
      ],
    ];
    it.each(rows)('%s', (_name, change, sentence) => {
      const shard = new TriggerShard(flavour);
      const before = shard.hash;
      expect(shard.trigger(1, 'sell', 20, { ...good, ...change })).toEqual([
        `* rejected ${sentence}`,
      ]);
      expect(shard.hash).toBe(before);
    });

    it.each([
      [0, 'qty_lots_must_be_within_1_and_limit 0 limit 10000'],
      [-1, 'qty_lots_must_be_within_1_and_limit -1 limit 10000'],
      [0.5, 'qty_lots_must_be_within_1_and_limit 0.5 limit 10000'],
      [Number.NaN, 'qty_lots_must_be_within_1_and_limit NaN limit 10000'],
      [10_001, 'qty_lots_must_be_within_1_and_limit 10001 limit 10000'],
      [1, 'notional_micro_usd_must_reach_minimum 9500000 limit 10000000'],
    ])('quantity of %s lots', (lots, sentence) => {
      const shard = new TriggerShard(flavour);
      const before = shard.hash;
      expect(shard.trigger(1, 'sell', lots, good)).toEqual([`* rejected ${sentence}`]);
      expect(shard.hash).toBe(before);
    });

    it('unknown kinds and sources, accounts and markets', () => {
      const shard = new TriggerShard(flavour);
      const before = shard.hash;
      const wrong = (at: number, value: number) => {
        const wire = shard.triggerWire(1, 'sell', 20, good);
        wire[at] = value;
        return shard.ask(wire)[0];
      };
      const kind = '* rejected trigger_kind_or_source_is_unknown';
      expect(wrong(16, 0)).toBe(`${kind} 0 limit 0`);
      expect(wrong(16, 9)).toBe(`${kind} 9 limit 0`);
      expect(wrong(17, 3)).toBe(`${kind} 1 limit 3`);
      expect(wrong(17, -1)).toBe(`${kind} 1 limit -1`);
      expect(wrong(1, 99)).toBe('* rejected unknown_account 99 limit 0');
      expect(wrong(0, type.CMD_PLACE_TRIGGER | (2 << 8) | (9 << 16))).toBe(
        '* rejected unknown_market 9 limit 0',
      );
      expect(shard.hash).toBe(before);
    });

    it('where the last price would fire it, once there is one', () => {
      const shard = new TriggerShard(flavour);
      expect(shard.trigger(1, 'sell', 20, { by: 'last', at: 1500 })[0]).toContain('waits');
      shard.cancel(1, { orderId: 1 });
      shard.trade(MARK);
      expect(shard.trigger(1, 'sell', 20, { by: 'last', at: MARK })).toEqual([
        '* rejected trigger_price_would_trigger_immediately 1000 limit 1000',
      ]);
    });

    it('more than the limit', () => {
      const shard = new TriggerShard(flavour);
      for (let i = 0; i < 100; i++) shard.trigger(1, 'sell', 20, good);
      const before = shard.hash;
      expect(shard.trigger(1, 'sell', 20, { ...good, client: 3 })).toEqual([
        '* rejected waiting_trigger_orders_must_not_exceed_limit 101 limit 100',
      ]);
      expect(shard.hash).toBe(before);
      shard.cancel(1, { orderId: 1 });
      // The id of what was refused is free again.
      expect(shard.trigger(1, 'sell', 20, { ...good, client: 3 })[0]).toContain('* waits');
    });

    it('in a state that takes no orders', () => {
      const shard = new TriggerShard(flavour);
      shard.state('halted');
      expect(shard.trigger(1, 'sell', 20, good)).toEqual([
        '* rejected market_does_not_accept_new_orders 5 limit 0',
      ]);
    });
  });
});

describe('trigger orders', () => {
  it('come back from a snapshot as they were, with the last price', () => {
    const shard = new TriggerShard('product');
    shard.trade(MARK);
    shard.place(2, 'buy', 50, { price: 940 });
    shard.trigger(1, 'sell', 20, { at: 950, client: 'text-id' });
    shard.trigger(1, 'sell', 20, { at: 950, by: 'last', price: 930 });
    const expiryMs = 9_000;
    shard.trigger(1, 'buy', 20, { at: 1100, price: 1100, tif: type.TIF_GTD, expiryMs });
    const copy = shard.restored();
    expect(copy.hash).toBe(shard.hash);
    expect(copy.core.nextTimerMs()).toBe(9_000);
    expect(copy.core.market(1)?.book.lastPrice()).toBe(asPriceTicks(MARK));
    for (const one of [shard, copy]) one.mark(950);
    expect(copy.events).toEqual(shard.events);
    for (const one of [shard, copy]) one.trade(940);
    expect(copy.told).toEqual(shard.told);
    expect(copy.hash).toBe(shard.hash);
    expect(shard.waiting).toEqual([6]);
  });

  it('that wait for trades send those the long way, and only those', () => {
    const shard = new TriggerShard('product');
    const tradedInLane = () => {
      shard.place(3, 'sell', 20, { price: 1000 });
      const { home } = shard.core;
      let long = 0;
      const { onTradeCommand } = home;
      home.onTradeCommand = (...args) => {
        long++;
        onTradeCommand.apply(home, args);
      };
      shard.place(4, 'buy', 20, { price: 1000 });
      home.onTradeCommand = onTradeCommand;
      return long === 0;
    };
    expect(tradedInLane()).toBe(true);
    shard.trigger(1, 'sell', 20, { at: 950 });
    expect(tradedInLane()).toBe(true);
    shard.trigger(1, 'sell', 20, { at: 950, by: 'last' });
    expect(tradedInLane()).toBe(false);
    shard.massCancel(1);
    expect(tradedInLane()).toBe(true);
  });
});
