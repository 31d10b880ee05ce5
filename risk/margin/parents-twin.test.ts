import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { R_OPEN_LOSS, R_OPEN_LOTS } from '../../engine/kernel/layout.js';
import * as type from '../../engine/messages/types.js';
import { command } from '../../sim/traffic/wire.js';
import type { MarginActor } from './margin-actor.js';
import { TriggerShard } from './trigger-shard.fixture.js';

/** Narrow, so that everything meets everything. */
const step = fc.record({
  what: fc.constantFrom(
    'place',
    'place',
    'scaled',
    'twap',
    'bracket',
    'bracket',
    'cancel',
    'mark',
    'time',
    'time',
    'amend',
    'massCancel',
    'state',
    'restore',
  ),
  account: fc.integer({ min: 1, max: 4 }),
  side: fc.constantFrom('buy' as const, 'sell' as const),
  price: fc.integer({ min: 985, max: 1015 }),
  away: fc.integer({ min: 1, max: 12 }),
  lots: fc.integer({ min: 2, max: 40 }),
  count: fc.integer({ min: 2, max: 5 }),
  reduceOnly: fc.boolean(),
  isMarket: fc.boolean(),
  tif: fc.constantFrom(type.TIF_GTC, type.TIF_GTC, type.TIF_GTC, type.TIF_GTC, type.TIF_IOC),
  shape: fc.constantFrom('equal' as const, 'rising' as const, 'falling' as const),
  by: fc.constantFrom('mark' as const, 'last' as const, 'index' as const),
  choice: fc.nat(80),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

function apply(shard: TriggerShard, one: Step): string[] {
  const { account, side, price, away, lots, count, shape, by, choice } = one;
  const reduceOnly = one.reduceOnly && choice % 3 === 0;
  const up = side === 'buy' ? away : -away;
  const limit = choice % 3 === 0 ? price + up : 0;
  switch (one.what) {
    case 'place':
      return shard.place(account, side, lots, { price, tif: one.tif, reduceOnly });
    case 'scaled': {
      const to = price + away + count;
      return shard.scaled(account, side, lots * count, { price, to, count, shape, reduceOnly });
    }
    case 'twap': {
      const bound = one.isMarket ? {} : { price };
      const plan = { slices: count, durationMs: count * 1_000 + choice, reduceOnly, ...bound };
      return shard.twap(account, side, lots * count, plan);
    }
    case 'bracket': {
      const profit = choice % 4 === 0 ? 0 : { at: price + up, limit, by };
      const stop = choice % 5 === 0 ? 0 : { at: price - up, by };
      const entry = one.isMarket ? {} : { price, tif: one.tif };
      return shard.bracket(account, side, lots, { ...entry, profit, stop });
    }
    case 'cancel':
      return shard.cancel(account, { orderId: 1 + choice });
    case 'amend':
      return shard.amend(account, {
        orderId: 1 + choice,
        qty: lots,
        price: choice % 2 ? price : 0,
      });
    case 'mark':
      return shard.mark(price);
    case 'time':
      return shard.timersAt(shard.nowMs + choice * 40);
    case 'massCancel':
      return choice % 4 === 0 ? shard.massCancel(account) : [];
    case 'state':
      return shard.state(choice < 12 ? 'post_only' : choice < 20 ? 'halted' : 'open');
    default:
      return [];
  }
}

/** Lots and loss value that an account's home has reserved. */
function reservedOf(shard: TriggerShard, account: number): number[] {
  const rows = (shard.core.home as MarginActor).state.markets.find(1)?.rows;
  return [R_OPEN_LOTS, R_OPEN_LOTS + 8, R_OPEN_LOSS, R_OPEN_LOSS + 8].map((field) => {
    return rows?.get(account, field) ?? 0;
  });
}

const RUNS = process.env.PLIMSOLL_FULL === '1' ? 600 : process.env.PLIMSOLL_LONG === '1' ? 40 : 10;

describe('orders that make orders', () => {
  it('are the same over the naive actors and after any restart, and leave nothing reserved', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 60, maxLength: 140, size: 'max' }), (steps) => {
        const naive = new TriggerShard('naive');
        let product = new TriggerShard('product');
        for (const one of steps) {
          if (one.what === 'restore') product = product.restored();
          expect(apply(product, one)).toEqual(apply(naive, one));
          expect(product.hash).toBe(naive.hash);
        }
        for (const shard of [product, naive]) {
          shard.state('open');
          for (let account = 1; account <= 4; account++) shard.massCancel(account);
          shard.timersAt(shard.nowMs + 600_000);
        }
        expect(product.hash).toBe(naive.hash);
        const market = product.core.market(1);
        expect(market?.parents.twaps.running.size).toBe(0);
        expect(market?.parents.brackets.live()).toEqual([]);
        expect(product.waiting).toEqual([]);
        for (let account = 1; account <= 4; account++) {
          expect(reservedOf(product, account)).toEqual([0, 0, 0, 0]);
        }
      }),
      { numRuns: RUNS },
    );
  }, 900_000);

  it('never close more than a bracket’s order has filled', () => {
    const prices = fc.array(fc.integer({ min: 880, max: 1120 }), { minLength: 3, maxLength: 14 });
    fc.assert(
      fc.property(prices, fc.integer({ min: 5, max: 40 }), fc.nat(3), (path, lots, variant) => {
        const shard = new TriggerShard('product');
        shard.place(2, 'sell', 300, { price: 1000 });
        shard.place(1, 'buy', 100, { price: 1000 });
        const profit =
          variant % 2 === 0 ? { at: 1060, limit: 1060 } : { at: 1060, by: 'last' as const };
        const stop = variant < 2 ? 940 : { at: 940, by: 'last' as const };
        shard.bracket(1, 'buy', lots, { price: 1000, profit, stop });
        path.forEach((price, i) => {
          shard.mark(price);
          shard.place(3, i % 2 === 0 ? 'buy' : 'sell', 3 + (price % 9), { price });
          shard.trade(price);
        });
        const position = shard.core.market(1)?.positions.positionOf(1) ?? 0;
        expect(position).toBeGreaterThanOrEqual(100);
        expect(position).toBeLessThanOrEqual(100 + lots);
      }),
      { numRuns: 150 },
    );
  });
});

describe.each(['product', 'naive'] as const)('a bracket, %s', (flavour) => {
  it('has closed what it opened when its owner makes its exit larger than that', () => {
    const shard = new TriggerShard(flavour);
    shard.place(2, 'sell', 30, { price: 1000 });
    shard.place(1, 'buy', 20, { price: 1000 });
    const legs = { profit: { at: 1010, limit: 1012 }, stop: { at: 990 } };
    shard.bracket(1, 'buy', 10, { price: 1000, ...legs });
    const fired = shard.mark(1010).find((line) => /^accepted/.test(line)) ?? '';
    const orderId = Number(/#(\d+)/.exec(fired)?.[1]);
    shard.ask(command(type.CMD_AMEND, { marketId: 1, account: 1, orderId, qty: 25 }));
    const told = shard.place(3, 'buy', 25, { price: 1012 });
    expect(told.some((line) => /fill .* maker 25@1012/.test(line))).toBe(true);
    expect(told.filter((line) => /-\d/.test(line))).toEqual([]);
    expect(shard.waiting).toEqual([]);
    expect(shard.core.market(1)?.parents.brackets.live()).toEqual([]);
  });
});
