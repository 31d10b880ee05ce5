import { describe, expect, it } from 'vitest';
import * as type from '../../engine/messages/types.js';
import { asPriceTicks, asQtyLots, MARKET_ID_ALL } from '../../engine/units/units.js';
import type { NaiveHome } from '../../sim/naive/naive-home.js';
import { MarginActor } from './margin-actor.js';
import { MARK, PARAMS, TriggerShard } from './trigger-shard.fixture.js';

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

  it('close a position although the account has as many orders in the book as it may', () => {
    const shard = new TriggerShard(flavour, 4, { ...PARAMS, openOrdersMax: 2 });
    shard.place(2, 'sell', 20, { price: MARK });
    shard.place(1, 'buy', 20, { price: MARK });
    shard.trigger(1, 'sell', 20, { at: 950, reduceOnly: true });
    for (const price of [900, 901]) shard.place(1, 'buy', 20, { price });
    expect(shard.place(1, 'buy', 20, { price: 902 })[0]).toMatch(
      /rejected open_orders_must_not_exceed_limit 3 limit 2/,
    );
    shard.place(3, 'buy', 20, { price: 945 });
    shard.mark(950);
    expect(shard.core.market(1)?.positions.positionOf(1)).toBe(0);
  });

  it('close as much as an order may, where that has become less than theirs', () => {
    const shard = new TriggerShard(flavour);
    shard.place(2, 'sell', 200, { price: MARK });
    shard.place(1, 'buy', 200, { price: MARK });
    shard.trigger(1, 'sell', 200, { at: 950, reduceOnly: true });
    shard.trigger(1, 'sell', 200, { at: 940 });
    const less = { ...PARAMS, qtyLotsMax: asQtyLots(120) };
    shard.sendParams(type.CMD_SET_MARKET_PARAMS, 1, less);
    shard.place(3, 'buy', 120, { price: 945 });
    shard.mark(950);
    expect(shard.core.market(1)?.positions.positionOf(1)).toBe(80);
    // One that could open a position is refused.
    expect(shard.mark(940).join()).toContain('qty_lots_must_be_within_1_and_limit 200 limit 120');
  });

  it('are not placed any more when their account is being liquidated by the time they have fired', () => {
    const shard = new TriggerShard(flavour);
    shard.place(2, 'sell', 20, { price: MARK });
    shard.place(1, 'buy', 20, { price: MARK });
    shard.trigger(1, 'sell', 20, { at: 950, reduceOnly: true });
    // Between two shards the home may have begun while the event is on its way.
    holdAccount(shard, 1);
    expect(shard.mark(950).slice(1)).toEqual([
      expect.stringMatching(/account_is_being_liquidated 1 limit 0$/),
    ]);
    expect(shard.waiting).toEqual([]);
    expect(shard.core.market(1)?.positions.positionOf(1)).toBe(20);
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

  describe('as OCO', () => {
    const pair = (shard: TriggerShard) => {
      shard.trigger(1, 'sell', 20, { at: 950, client: 'stop' });
      const oco = { client: 'stop' };
      return shard.trigger(1, 'sell', 20, { kind: 'take_profit', at: 1050, client: 8, oco });
    };

    it('end together: when one fires, the other is canceled', () => {
      const shard = new TriggerShard(flavour);
      expect(pair(shard)).toEqual(['* waits #2 take_profit sell 20 when mark 1050, oco #1']);
      shard.place(2, 'buy', 30, { price: 940 });
      expect(shard.mark(950)).toEqual([
        'triggered #1 stop sell 20 when mark 950, oco #2, reached 950',
        'waits no longer #2 oco',
        'accepted #4 sell 20@475 from #1',
        'fill #3 maker 20@940 left 10 trade 1',
        'fill #4 taker 20@940 left 0 trade 1',
      ]);
      expect(shard.mark(1100)).toEqual([]);
    });

    it('end together however one of them ends', () => {
      const shard = new TriggerShard(flavour);
      pair(shard);
      expect(shard.cancel(1, { client: 8 })).toEqual([
        '* waits no longer #2 user',
        'waits no longer #1 oco',
      ]);
      const order = { tif: type.TIF_GTD, price: 940, expiryMs: 2_000 };
      shard.trigger(1, 'sell', 20, { at: 950, ...order });
      shard.trigger(1, 'buy', 20, { at: 1050, oco: { orderId: 3 } });
      expect(shard.massCancel(1, type.FLAG_MASS_BIDS)).toEqual([
        'waits no longer #4 mass_cancel',
        'waits no longer #3 oco',
        '* mass_canceled 2',
      ]);
      shard.trigger(1, 'sell', 20, { at: 950, ...order });
      shard.trigger(1, 'sell', 20, { at: 950, ...order, oco: { orderId: 5 } });
      shard.nowMs = 2_000;
      expect(shard.timer()).toEqual(['waits no longer #5 expired', 'waits no longer #6 oco']);
    });

    it('never both fire, also when one price reaches both', () => {
      const shard = new TriggerShard(flavour);
      shard.trigger(1, 'sell', 20, { at: 950, price: 990 });
      shard.trigger(1, 'sell', 20, { at: 940, price: 990, oco: { orderId: 1 } });
      expect(shard.mark(900)).toEqual([
        'triggered #1 stop sell 20@990 when mark 950, oco #2, reached 900',
        'waits no longer #2 oco',
        'accepted #3 sell 20@990 from #1',
      ]);
    });

    it('name only a waiting order of their own, which has no partner', () => {
      const shard = new TriggerShard(flavour);
      pair(shard);
      shard.place(1, 'buy', 20, { price: 900, client: 'plain' });
      const before = shard.hash;
      const named = (account: number, oco: object) =>
        shard.trigger(account, 'sell', 20, { at: 940, oco, client: 'third' })[0];
      expect(named(1, { orderId: 1 })).toBe('* rejected oco_order_is_paired_already 1 limit 2');
      expect(named(2, { orderId: 1 })).toBe('* rejected order_is_not_open 1 limit 0');
      expect(named(1, { orderId: 77 })).toBe('* rejected order_is_not_open 77 limit 0');
      expect(named(1, { client: 'none' })).toBe('* rejected order_is_not_open 0 limit 0');
      expect(named(1, { client: 99 })).toBe('* rejected order_is_not_open 99 limit 0');
      // An order in the book is not one that waits.
      expect(named(1, { client: 'plain' })).toBe('* rejected order_is_not_open 3 limit 0');
      expect(shard.hash).toBe(before);
    });
  });

  describe('as trailing stops', () => {
    it('follow the best price by an amount and never go back', () => {
      const shard = new TriggerShard(flavour);
      shard.trigger(1, 'sell', 20, { kind: 'trailing_stop', trailTicks: 30 });
      expect(shard.told).toEqual(['* waits #1 trailing_stop sell 20 when mark 970']);
      for (const price of [1010, 985, 1050, 1021]) expect(shard.mark(price)).toEqual([]);
      expect(shard.mark(1020)[0]).toBe(
        'triggered #1 trailing_stop sell 20 when mark 1020, reached 1020',
      );
    });

    it('follow downwards to buy, by a rate whose distance is rounded up', () => {
      const shard = new TriggerShard(flavour);
      shard.trigger(1, 'buy', 20, { kind: 'trailing_stop', trailPpm: 10_000, by: 'index' });
      expect(shard.told).toEqual(['* waits #1 trailing_stop buy 20 when index 1010']);
      // One percent of 901 is 9.01 ticks: ten.
      for (const price of [901, 910]) expect(shard.mark(price)).toEqual([]);
      expect(shard.mark(911)[0]).toBe(
        'triggered #1 trailing_stop buy 20 when index 911, reached 911',
      );
    });

    it('follow every trade of a sweep', () => {
      const shard = new TriggerShard(flavour);
      shard.trade(MARK);
      shard.trigger(1, 'sell', 20, { kind: 'trailing_stop', trailTicks: 10, by: 'last' });
      shard.trade(1030);
      expect(shard.trade(1021).filter((line) => line.startsWith('trig'))).toEqual([]);
      expect(shard.trade(1020).find((line) => line.startsWith('triggered'))).toBe(
        'triggered #3 trailing_stop sell 20 when last 1020, reached 1020',
      );
    });

    it('go on following while the market is halted, and fire when it opens', () => {
      const shard = new TriggerShard(flavour);
      shard.trigger(1, 'sell', 20, { kind: 'trailing_stop', trailTicks: 30 });
      shard.state('halted');
      for (const price of [1100, 1060]) expect(shard.mark(price)).toEqual([]);
      expect(shard.state('open')[0]).toBe(
        'triggered #1 trailing_stop sell 20 when mark 1070, reached 1060',
      );
    });

    it('trailing-stop bug stopped the engine (Binance 2023): no distance and no price does', () => {
      const shard = new TriggerShard(flavour);
      shard.trade(MARK);
      const distances = [
        { trailTicks: 1 },
        { trailTicks: 999 },
        { trailTicks: 1000 },
        { trailTicks: 100_000 },
        { trailPpm: 1 },
        { trailPpm: 999_999 },
      ];
      for (const by of ['mark', 'last', 'index'] as const) {
        for (const side of ['buy', 'sell'] as const) {
          for (const distance of distances) {
            shard.trigger(1, side, 20, { kind: 'trailing_stop', by, ...distance });
            expect(shard.told[0]).toContain('waits');
          }
        }
      }
      // Every command is followed by the checks of all stores.
      for (const price of [1, 100_000, 1, 2, 99_999, 50_000, 1, 100_000, 1000]) {
        shard.mark(price);
        shard.trade(price);
        shard.place(2, 'buy', 20, { price: 1000 });
        expect(shard.told).toHaveLength(1);
      }
      // Only those are left that no price between 1 and the limit can reach from where they stand.
      for (const order of shard.core.market(1)?.triggers.store.all() ?? []) {
        expect(order.triggerTicks < 1 || order.triggerTicks > 100_000).toBe(true);
      }
      shard.massCancel(1);
      expect(shard.waiting).toEqual([]);
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
    shard.trigger(2, 'sell', 20, { kind: 'trailing_stop', trailPpm: 300_000, oco: { orderId: 0 } });
    shard.trigger(2, 'sell', 20, { at: 500, oco: { orderId: 7 } });
    const copy = shard.restored();
    expect(copy.hash).toBe(shard.hash);
    expect(copy.core.nextTimerMs()).toBe(9_000);
    expect(copy.core.market(1)?.book.lastPrice()).toBe(asPriceTicks(MARK));
    for (const one of [shard, copy]) one.mark(950);
    expect(copy.events).toEqual(shard.events);
    for (const one of [shard, copy]) one.trade(940);
    expect(copy.told).toEqual(shard.told);
    expect(copy.hash).toBe(shard.hash);
    expect(shard.waiting).toEqual([6, 7, 8]);
    for (const one of [shard, copy]) one.mark(700);
    expect(copy.told).toEqual(shard.told);
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

/** As if its liquidation had begun and nothing of that had reached the market yet. */
function holdAccount({ core }: TriggerShard, account: number): void {
  const { home } = core;
  if (home instanceof MarginActor) home.state.accounts.setLiquidating(account, true);
  else {
    const waits = { nextMs: Number.POSITIVE_INFINITY, pauseMs: 0, sizeBefore: 0n, rung: 0 };
    const entry = { ...waits, marketId: 0, untilMs: 0, tries: 0 };
    (home as NaiveHome).state.liquidations.set(account * 65_536 + MARKET_ID_ALL, entry);
  }
}
