import { describe, expect, it } from 'vitest';
import { InvariantError } from '../engine/assert.js';
import { R_POSITION } from '../engine/kernel/layout.js';
import { candidatesMessage } from '../engine/messages/candidates.js';
import * as type from '../engine/messages/types.js';
import { messageProblem } from '../engine/runtime/message-check.js';
import { asMicroUsd } from '../engine/units/units.js';
import { command, withSlots } from '../sim/traffic/wire.js';
import { TriggerShard } from './margin/trigger-shard.fixture.js';

/**
 * What has cost other venues money. Those that belong to one part of the product stand beside it: wrong side of the book (Kraken 2019) and
 * trailing stops (Binance 2023) in `margin/trigger-orders.test.ts`, stale prices (dYdX 2025) in `engine/market/index-price.test.ts`,
 * rounding in deleveraging (dYdX) in `liquidation/ladder.test.ts`.
 */
const MARKET = 1;
const USD = 1_000_000;
const FLAVOURS = ['product', 'naive'] as const;

function cash(kind: number, account: number, microUsd: number) {
  return withSlots(kind, 1, { account, qty: microUsd });
}

describe.each(FLAVOURS)('failures of others, %s', (flavour) => {
  it('self-dealt positions and borrowing against unrealised profit (Mango 2022)', () => {
    const shard = new TriggerShard(flavour);
    // Both sides are the same person's; then the price is pumped.
    shard.place(1, 'sell', 500, { price: 1000 });
    shard.place(2, 'buy', 500, { price: 1000 });
    shard.mark(1900);
    // 4,500 USD of profit, 10,000 of collateral, a tenth of 9,500 has to stay.
    expect(shard.send(cash(type.CMD_WITHDRAW, 2, 9_050 * USD + 1))).toEqual([
      'rejected insufficient_free_collateral 9050000001 limit 9050000000',
    ]);
    shard.send(cash(type.CMD_WITHDRAW, 2, 9_050 * USD));
    // What is left of the loser covers the loss: nobody else is touched when the price comes back.
    shard.mark(1000);
    expect(shard.core.moneyDifferenceMicroUsd()).toBe(0n);
  });

  it('margin withdrawn under a huge position, so that the backstop inherits it (JELLY 2025)', () => {
    const shard = new TriggerShard(flavour);
    shard.place(1, 'sell', 9_000, { price: 1000 });
    shard.place(2, 'buy', 9_000, { price: 1000 });
    // 90,000 USD of notional on 10,000: a tenth has to stay, whatever the leverage.
    expect(shard.send(cash(type.CMD_WITHDRAW, 1, 1_000 * USD + 1))[0]).toMatch(
      /^rejected insufficient_free_collateral 1000000001 limit 1000000000/,
    );
    shard.send(cash(type.CMD_WITHDRAW, 1, 1_000 * USD));
    shard.send(withSlots(type.CMD_FUND_INSURANCE, 1, { marketId: MARKET, qty: 5_000 * USD }));
    shard.mark(1200);
    shard.send(candidatesMessage([1]));
    for (let next = shard.core.nextTimerMs(); next < 600_000; next = shard.core.nextTimerMs()) {
      shard.nowMs = Math.max(shard.nowMs, next);
      shard.timer();
    }
    // Whoever's position it was, it is somebody's trade or gone: a fund has no account and no position.
    const { positions } = shard.core.market(MARKET) as NonNullable<
      ReturnType<TriggerShard['core']['market']>
    >;
    expect(positions.rows.get(1, R_POSITION)).toBe(0);
    expect(positions.openInterestLots).toBe(0);
    expect(positions.insuranceMicroUsd).toBeGreaterThanOrEqual(0);
  });

  it('a transfer race (BitMEX 2023): the same cash command twice moves money once', () => {
    const shard = new TriggerShard(flavour);
    const wire = cash(type.CMD_WITHDRAW, 1, 6_000 * USD);
    wire[6] = 1;
    const other = cash(type.CMD_WITHDRAW, 1, 6_000 * USD);
    other[6] = 2;
    expect(shard.send(wire)).toEqual(['event 135 #0']);
    expect(shard.send(wire)).toEqual(['event 135 #0']);
    // Two that would both have been covered alone are not covered together.
    expect(shard.send(other)).toEqual([
      'rejected insufficient_free_collateral 6000000000 limit 4000000000',
    ]);
    expect(shard.core.moneyDifferenceMicroUsd()).toBe(0n);
  });

  it('an order with a client id executed wrongly (Poloniex 2020): a retry is answered, not traded', () => {
    const shard = new TriggerShard(flavour);
    shard.place(2, 'sell', 100, { price: 1000 });
    shard.place(1, 'buy', 10, { price: 1000, client: 'once' });
    // Another order under the same name, of the other side and size.
    expect(shard.place(1, 'sell', 90, { price: 900, client: 'once' })).toEqual(['* event 134 #2']);
    expect(shard.core.market(MARKET)?.positions.positionOf(1)).toBe(10);
  });

  it('one liquidation of a whole market’s open interest (dYdX 10 October 2025)', () => {
    const shard = new TriggerShard(flavour, 3);
    shard.send(cash(type.CMD_DEPOSIT, 1, 190_000 * USD));
    shard.send(cash(type.CMD_DEPOSIT, 2, 9_000_000 * USD));
    for (let i = 0; i < 19; i++) {
      shard.place(2, 'sell', 10_000, { price: 1000 });
      shard.place(1, 'buy', 10_000, { price: 1000 });
    }
    const all = shard.core.market(MARKET)?.positions.openInterestLots ?? 0;
    for (let i = 0; i < 19; i++) shard.place(2, 'buy', 10_000, { price: 940 });
    shard.nowMs = 600_000;
    shard.mark(940);
    shard.send(candidatesMessage([1]));
    while (shard.core.nextTimerMs() < 659_000) {
      shard.nowMs = Math.max(shard.nowMs, shard.core.nextTimerMs());
      shard.timer();
    }
    const closed = all - (shard.core.market(MARKET)?.positions.positionOf(1) ?? 0);
    expect(closed).toBeGreaterThan(0);
    expect(closed).toBeLessThanOrEqual(all / 10);
  });

  it('prices after a restart (Paradex 2026): an older price than the last one is refused', () => {
    const shard = new TriggerShard(flavour);
    shard.nowMs = 50_000;
    shard.mark(1100);
    const restarted = flavour === 'product' ? shard.restored() : shard;
    expect(restarted.hash).toBe(shard.hash);
    const late = { marketId: MARKET, price: 1, qty: 49_999 };
    restarted.send(withSlots(type.CMD_ORACLE_PRICE, 1, late));
    expect(restarted.told).toEqual(['rejected publish_time_must_not_go_back 49999 limit 50000']);
    expect(restarted.core.market(MARKET)?.markTicks).toBe(1100);
  });
});

describe('failures of others', () => {
  it('missing authorisation on a price setter (KiloEx 2025): no trader’s door lets a price in', () => {
    const wire = withSlots(type.CMD_ORACLE_PRICE, 1, { marketId: MARKET, price: 1, qty: 1 });
    const floats = new Float64Array(wire.buffer);
    expect(messageProblem(wire, floats, 0, 'traders')).not.toBe(0);
    expect(messageProblem(wire, floats, 0, 'operators')).toBe(0);
    for (const kind of [type.CMD_SET_LIQUIDATOR, type.CMD_FUND_INSURANCE, type.CMD_CANDIDATES]) {
      const other = withSlots(kind, 1, { account: 1, flags: 1 });
      expect(messageProblem(other, new Float64Array(other.buffer), 0, 'traders')).not.toBe(0);
    }
  });

  it('an audit that finds a difference stops the engine (BitMEX 2023: the right reaction)', () => {
    const shard = new TriggerShard('product');
    const { positions } = shard.core.market(MARKET) as NonNullable<
      ReturnType<TriggerShard['core']['market']>
    >;
    positions.insuranceMicroUsd = asMicroUsd(positions.insuranceMicroUsd + 1);
    expect(() => shard.core.check()).toThrow(InvariantError);
    const order = command(type.CMD_PLACE, { account: 1, marketId: MARKET, price: 1000, qty: 10 });
    expect(() => shard.send(order)).toThrow(InvariantError);
  });
});
