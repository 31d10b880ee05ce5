import { describe, expect, it } from 'vitest';
import * as type from '../../engine/messages/types.js';
import { MARK, MARKET, TriggerShard } from './trigger-shard.fixture.js';

describe.each(['product', 'naive'] as const)('trigger orders, %s', (flavour) => {
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
      expect(wrong(16, type.TRIGGER_STOP | (3 << 8))).toBe(`${kind} 1 limit 3`);
      expect(wrong(16, -1)).toBe(`${kind} 255 limit 255`);
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

    it.each([
      [{}, 'trailing_distance_must_be_given_once 0 limit 0'],
      [{ trailTicks: 5, trailPpm: 5 }, 'trailing_distance_must_be_given_once 5 limit 5'],
      [{ trailTicks: 5, at: 900 }, 'trailing_distance_must_be_given_once 5 limit 0'],
      [{ trailTicks: -1 }, 'trailing_distance_must_be_within_1_and_limit -1 limit 100000'],
      [{ trailTicks: 100_001 }, 'trailing_distance_must_be_within_1_and_limit 100001 limit 100000'],
      [{ trailPpm: -1 }, 'trailing_distance_must_be_within_1_and_limit -1 limit 999999'],
      [
        { trailPpm: 1_000_000 },
        'trailing_distance_must_be_within_1_and_limit 1000000 limit 999999',
      ],
      [{ trailTicks: 5, price: 900 }, 'flags_are_contradictory 1 limit 0'],
      [{ trailTicks: 5, by: 'last' as const }, 'price_source_has_no_price_yet 0 limit 0'],
      [
        { kind: 'stop' as const, at: 900, trailTicks: 1 },
        'trailing_distance_must_be_given_once 1 limit 0',
      ],
    ])('%j is refused', (change, sentence) => {
      const shard = new TriggerShard(flavour);
      const before = shard.hash;
      const options = { kind: 'trailing_stop' as const, ...change };
      expect(shard.trigger(1, 'sell', 20, options)).toEqual([`* rejected ${sentence}`]);
      expect(shard.hash).toBe(before);
    });

    it('no quantity and no partner, told as −0: the state has 0, as after a snapshot', () => {
      const shard = new TriggerShard(flavour);
      shard.place(1, 'buy', 20, { price: 1_000 });
      shard.place(2, 'sell', 20, { price: 1_000 });
      const closes = { closesPosition: true, reduceOnly: true };
      const options = { at: 950, ...closes, oco: { orderId: -0 } };
      expect(shard.trigger(1, 'sell', -0, options)[0]).toContain('waits');
      const [order] = shard.core.market(MARKET)?.triggers.store.all() ?? [];
      expect([order?.qtyLots, order?.ocoId]).toStrictEqual([0, 0]);
    });
  });
});
