import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { candidatesMessage } from '../../engine/messages/candidates.js';
import { MessageBuffer } from '../../engine/messages/message-buffer.js';
import * as type from '../../engine/messages/types.js';
import { tellEvents } from '../../engine/testing/events.js';
import { asPriceTicks } from '../../engine/units/units.js';
import { command, withSlots } from '../../sim/traffic/wire.js';
import { TriggerShard } from '../margin/trigger-shard.fixture.js';
import { pushRung } from './ladder-messages.js';

const FLAVOURS = ['product', 'naive'] as const;
const USD = 1_000_000;
const MARKET = 1;
const OTHER = 2;

/** Events that tell a story; the cancels of the first rung find nothing here. */
function story(told: readonly string[]): string[] {
  return told.filter((line) => !/mass_canceled|event (138|142)/.test(line));
}

/**
 * Account 1 has 1,000 USD and is long 800 lots, 8,000 USD, from account 2, who is short. A tick of all of them is 8 USD. Below 893 equity
 * is less than 5 %; at 875 nothing is left.
 */
class Ladder extends TriggerShard {
  static at(flavour: 'product' | 'naive', accounts = 5): Ladder {
    const shard = new Ladder(flavour, accounts);
    shard.withdraw(1, 9_000);
    shard.place(2, 'sell', 800, { price: 1000 });
    shard.place(1, 'buy', 800, { price: 1000 });
    return shard;
  }

  withdraw(account: number, usd: number): void {
    this.send(withSlots(type.CMD_WITHDRAW, 1, { account, qty: usd * USD }));
  }

  fund(microUsd: number): string[] {
    const fields = { marketId: MARKET, qty: microUsd };
    return this.send(withSlots(type.CMD_FUND_INSURANCE, 1, fields));
  }

  liquidator(account: number): void {
    this.send(withSlots(type.CMD_SET_LIQUIDATOR, 1, { account, flags: 1 }));
  }

  takeOver(account: number, auction: number, lots: number, price: number, flags = 0): string[] {
    const fields = { account, marketId: MARKET, orderId: auction, qty: lots, price, flags };
    return this.ask(command(type.CMD_TAKE_OVER, fields));
  }

  /** The mark moves, and a sweep reports account 1. */
  fall(price: number): string[] {
    this.mark(price);
    return story(this.send(candidatesMessage([1])));
  }

  /** What happens in the next so many ms. */
  pass(ms: number): string[] {
    const told: string[] = [];
    const end = this.nowMs + ms;
    for (let next = this.core.nextTimerMs(); next <= end; next = this.core.nextTimerMs()) {
      this.nowMs = Math.max(this.nowMs, next);
      told.push(...story(this.timer()));
    }
    this.nowMs = end;
    return told;
  }

  position(account: number): number {
    return this.positionIn(MARKET, account);
  }

  positionIn(marketId: number, account: number): number {
    return this.core.market(marketId)?.positions.positionOf(account) ?? 0;
  }
}

describe.each(FLAVOURS)('the liquidation ladder, %s', (flavour) => {
  it('closes a quarter into the book, and the fund gets a quarter of what is left above bankruptcy', () => {
    const shard = Ladder.at(flavour);
    shard.place(3, 'buy', 200, { price: 900 });
    expect(shard.fall(905)).toEqual(['liquidation of 1: begun, 240000000 of 362000000']);
    expect(shard.pass(0)).toEqual([
      'liquidation of 1: slices, 240000000 of 362000000',
      'accepted #4 sell 200@875',
      'fill #3 maker 200@900 left 0 trade 2',
      'fill #4 taker 200@900 left 0 trade 2',
      // A quarter of the equity is 60 USD, closing 5 ticks below the mark has cost 10: of 50 a quarter is more than 0.5 % of 1,800.
      'insurance fee of 1: 9000000, fund 9000000',
    ]);
    // 240 − 10 − 9 = 221 is not 5 % of 5,430 yet.
    expect(shard.position(1)).toBe(600);
    expect(shard.collateral(1)).toBe(1_000 * USD - 200 * USD - 9 * USD);
    expect(shard.insurance).toBe(9 * USD);
  });

  it('puts a position up in an auction when a slice finds nobody, and ends it when the account is free', () => {
    const shard = Ladder.at(flavour);
    shard.fall(905);
    expect(shard.pass(0)).toEqual([
      'liquidation of 1: slices, 240000000 of 362000000',
      'accepted #3 sell 200@875',
      'canceled #3 200@875 ioc_remainder',
    ]);
    expect(shard.pass(1_000)).toEqual([
      'liquidation of 1: auction, 240000000 of 362000000',
      'auction #1 opened buy 800@905',
    ]);
    shard.mark(950);
    expect(shard.pass(1_000)).toEqual([
      'liquidation of 1: ended, 600000000 of 380000000',
      'auction #1 ended buy 800@0',
    ]);
  });

  it('sells at a discount that grows from nothing to 5 % in ten seconds, never beyond bankruptcy', () => {
    const shard = Ladder.at(flavour);
    shard.liquidator(3);
    shard.fall(905);
    shard.pass(1_000);
    expect(shard.takeOver(3, 1, 100, 904)).toEqual([
      '* rejected auction_price_is_beyond_limit 904 limit 905',
    ]);
    // 1 % after two seconds: 895.95, rounded for the account.
    shard.nowMs += 2_000;
    expect(shard.takeOver(3, 1, 100, 905)).toEqual([
      'take-over 1 sell 100@896, position 700',
      '* take-over 3 buy 100@896, position 100',
      'auction #1 taken buy 700@896',
    ]);
    // After eight 4 % would be 868.8, but at 875 nothing is left.
    shard.nowMs += 6_000;
    expect(shard.takeOver(3, 1, 700, 905)).toEqual([
      'take-over 1 sell 700@875, position 0',
      '* take-over 3 buy 700@875, position 800',
      'auction #1 taken buy 0@875',
    ]);
    // 100 lots at 896 have lost 104, 700 at 875 have lost 875.
    expect(shard.collateral(1)).toBe((1_000 - 104 - 875) * USD);
    expect(shard.pass(10_000)).toEqual(['liquidation of 1: ended, 21000000 of 0']);
  });

  it('closes what can be closed while another market is halted, and goes on there as soon as it opens', () => {
    const shard = new Ladder(flavour, 4);
    shard.list(OTHER);
    shard.withdraw(1, 9_000);
    for (const marketId of [MARKET, OTHER]) {
      shard.place(2, 'sell', 400, { marketId, price: 1000 });
      shard.place(1, 'buy', 400, { marketId, price: 1000 });
      shard.place(3, 'buy', 400, { marketId, price: 895 });
    }
    // What needs the most margin stands still, and an order of the account rests there.
    shard.place(1, 'buy', 120, { price: 890 });
    shard.state('halted');
    shard.mark(895, OTHER);
    shard.mark(900);
    expect(story(shard.send(candidatesMessage([1])))).toEqual([
      'liquidation of 1: begun, 180000000 of 359000000',
      expect.stringMatching(/^canceled #\d+ 120@890 liquidation$/),
    ]);
    shard.pass(600_000);
    expect(shard.positionIn(OTHER, 1)).toBe(0);
    expect(shard.position(1)).toBe(400);
    // Its next step is up to a minute away.
    shard.mark(890);
    shard.state('open');
    expect(shard.pass(0)[0]).toMatch(/^accepted #\d+ sell 100@/);
    expect(shard.position(1)).toBe(300);
  });

  it('leaves nothing of who is liquidated in a market that is halted: no order, no stop, no TWAP', () => {
    const shard = Ladder.at(flavour);
    shard.trigger(1, 'sell', 300, { at: 880, reduceOnly: true });
    shard.place(1, 'sell', 10, { price: 1_100 });
    shard.twap(1, 'sell', 100, { slices: 10, durationMs: 1_000_000, reduceOnly: true });
    shard.state('halted');
    shard.fall(905);
    expect(shard.waiting).toEqual([]);
    expect(shard.core.market(MARKET)?.parents.twaps.running.size).toBe(0);
    expect(shard.core.market(MARKET)?.book.openOrdersOf(1)).toBe(0);
    // Whoever asks for it himself may not touch the book.
    shard.place(2, 'buy', 10, { price: 900 });
    expect(shard.massCancel(1)).toEqual([
      expect.stringMatching(/rejected market_does_not_accept_cancels/),
    ]);
  });

  it('lets only registered liquidators with margin take over, and nobody from themselves', () => {
    const shard = Ladder.at(flavour);
    shard.fall(905);
    shard.pass(1_000);
    const hash = shard.hash;
    expect(shard.takeOver(3, 1, 10, 905)).toEqual([
      '* rejected account_is_not_a_liquidator 3 limit 0',
    ]);
    expect(shard.hash).toBe(hash);
    for (const account of [1, 3, 4]) shard.liquidator(account);
    shard.withdraw(4, 9_990);
    const before = shard.hash;
    expect(shard.takeOver(1, 1, 10, 905)).toEqual([
      '* rejected account_is_being_liquidated 1 limit 0',
    ]);
    expect(shard.takeOver(3, 2, 10, 905)).toEqual(['* rejected auction_is_not_open 2 limit 0']);
    expect(shard.takeOver(3, 1, 10, 905, 1)).toEqual(['* rejected auction_is_not_open 1 limit 0']);
    expect(shard.takeOver(3, 1, 0, 905)).toEqual([
      '* rejected qty_lots_must_be_within_1_and_limit 0 limit 10000',
    ]);
    expect(shard.takeOver(3, 1, 1.5, 905)).toEqual([
      '* rejected qty_lots_must_be_within_1_and_limit 1.5 limit 10000',
    ]);
    expect(shard.takeOver(3, 1, 10, 0)).toEqual([
      '* rejected price_ticks_must_be_within_1_and_limit 0 limit 100000',
    ]);
    // 200 lots at 905 need 181 USD.
    expect(shard.takeOver(4, 1, 200, 905)).toEqual([
      '* rejected insufficient_margin 181000000 limit 10000000',
    ]);
    expect(shard.hash).toBe(before);
  });

  it('closes a bankrupt position at the expense of the fund, to the micro-dollar', () => {
    const shard = Ladder.at(flavour);
    expect(shard.fund(500 * USD)).toEqual(['event 159 #0']);
    shard.place(3, 'buy', 200, { price: 860 });
    // Equity −40: bankruptcy is at 875, 5 ticks above the mark.
    expect(shard.fall(870)).toEqual(['liquidation of 1: begun, -40000000 of 348000000']);
    expect(shard.pass(0)).toEqual([
      'liquidation of 1: fund, -40000000 of 348000000',
      // As low as 500 USD allow for 200 lots: 250 ticks below 875.
      'accepted #4 sell 200@625',
      'fill #3 maker 200@860 left 0 trade 2',
      'fill #4 taker 200@860 left 0 trade 2',
      // 15 ticks × 200 lots.
      'insurance shortfall of 1: -30000000, fund 470000000',
    ]);
    expect(shard.collateral(1)).toBe((1_000 - 280 + 30) * USD);
    expect(shard.insurance).toBe(470 * USD);
  });

  it('never lets the fund pay more than it has', () => {
    const shard = Ladder.at(flavour);
    shard.fund(10 * USD);
    shard.place(3, 'buy', 200, { price: 860 });
    shard.fall(870);
    // 10 USD are 5 ticks of 200 lots.
    expect(shard.pass(0)).toEqual([
      'liquidation of 1: fund, -40000000 of 348000000',
      'accepted #4 sell 200@870',
      'canceled #4 200@870 ioc_remainder',
    ]);
  });

  it('sells nothing in an auction while the market is halted', () => {
    const shard = Ladder.at(flavour);
    shard.liquidator(3);
    shard.fall(905);
    shard.pass(1_000);
    shard.state('halted');
    const before = shard.hash;
    expect(shard.takeOver(3, 1, 100, 905)).toEqual([
      expect.stringMatching(/^\* rejected market_does_not_accept_new_orders/),
    ]);
    expect(shard.hash).toBe(before);
    shard.state('open');
    expect(shard.takeOver(3, 1, 100, 905)).toContain('auction #1 taken buy 700@905');
  });

  it('sells nothing in an auction while the index is not trusted', () => {
    const shard = Ladder.at(flavour);
    shard.setPricing({ markIntervalMs: 1_000, averageMs: 10_000, indexAgeMaxMs: 3_000 });
    shard.liquidator(3);
    shard.fall(905);
    shard.pass(1_000);
    expect(shard.takeOver(3, 1, 100, 905)).toContain('auction #1 taken buy 700@905');
    shard.pass(4_000);
    expect(shard.takeOver(3, 1, 100, 905)).toEqual([
      expect.stringMatching(/^\* rejected market_accepts_only_reduce_only_orders/),
    ]);
  });

  it('ends the auction of a position that is closed by deleveraging somebody else', () => {
    const shard = Ladder.at(flavour);
    shard.liquidator(3);
    shard.mark(800);
    shard.withdraw(4, 9_360);
    shard.place(4, 'sell', 800, { price: 800 });
    shard.place(2, 'buy', 800, { price: 800 });
    // Account 1 owes 40 USD; account 4, who is short of all that there is, has 80 of 348.
    shard.mark(870);
    shard.send(candidatesMessage([1, 4]));
    const told: string[] = [];
    while (shard.position(4) !== 0) {
      shard.nowMs = Math.max(shard.nowMs, shard.core.nextTimerMs());
      told.push(...story(shard.timer()));
    }
    expect(told.slice(told.indexOf('auction #1 opened sell 800@870') + 1)).toEqual([
      'accepted #8 sell 200@875',
      'canceled #8 200@875 ioc_remainder',
      'liquidation of 1: deleveraging, -40000000 of 348000000',
      'deleveraging of 1: sell 800',
      'deleveraging 1 sell 800@875, position 0',
      'deleveraging 4 buy 800@875, position 0',
      'auction #1 ended sell 800@0',
    ]);
    // Before account 4 has its turn again.
    const flags = type.SIDE_SELL;
    expect(shard.takeOver(3, 1, 800, 870, flags)).toEqual([
      '* rejected auction_is_not_open 1 limit 0',
    ]);
  });

  it('deleverages those who have won most with least, at the bankruptcy price, and no more than is needed', () => {
    const shard = Ladder.at(flavour, 6);
    // Account 4 is short 300 with little money, account 5 is short 300 with much, account 2 short 800.
    shard.withdraw(4, 9_500);
    shard.place(6, 'buy', 600, { price: 1000 });
    shard.place(4, 'sell', 300, { price: 1000 });
    shard.place(5, 'sell', 300, { price: 1000 });
    shard.fall(870);
    shard.pass(0);
    // Three times nobody has taken anything at the fund's expense.
    shard.pass(2_000);
    expect(shard.position(1)).toBe(800);
    const told = shard.pass(1_000);
    expect(told).toEqual([
      'liquidation of 1: deleveraging, -40000000 of 348000000',
      'deleveraging of 1: sell 800',
      'deleveraging 1 sell 300@875, position 500',
      'deleveraging 4 buy 300@875, position 0',
      'deleveraging 1 sell 500@875, position 0',
      'deleveraging 2 buy 500@875, position -300',
    ]);
    expect(shard.position(5)).toBe(-300);
    expect(shard.collateral(1)).toBe(0);
    expect(shard.pass(1_000)).toEqual(['liquidation of 1: ended, 0 of 0']);
    expect(shard.core.market(MARKET)?.positions.openInterestLots).toBe(600);
  });

  it('gives the fund what a whole tick is better than bankruptcy: no rounding leak in deleveraging (dYdX test)', () => {
    const shard = Ladder.at(flavour);
    // 1 cent more: bankruptcy is between two ticks.
    shard.send(withSlots(type.CMD_DEPOSIT, 1, { account: 1, qty: 10_000 }));
    shard.fall(870);
    shard.pass(0);
    const told = shard.pass(100_000);
    expect(told).toContain('deleveraging 1 sell 800@875, position 0');
    expect(told).toContain('insurance dust of 1: 10000, fund 10000');
    expect(shard.collateral(1)).toBe(0);
  });

  it('pays a debt that is left without a position, as far as the fund goes', () => {
    const shard = Ladder.at(flavour);
    shard.fund(3 * USD);
    const inbox = new MessageBuffer(4);
    const backing = { markTicks: asPriceTicks(0), equityMicroUsd: -5 * USD, positionLots: 0 };
    const nothing = { flags: 0, lots: 0, priceTicks: 0 };
    pushRung(inbox, MARKET, { account: 1, rung: type.LADDER_COVER, backing, ...nothing });
    shard.core.events.reset();
    shard.core.market(MARKET)?.onMessage(inbox, 0, shard.nowMs);
    expect(tellEvents(shard.core.events)).toEqual(['insurance debt of 1: -3000000, fund 0']);
  });

  it('does not let one liquidation, or a wave of them, take more than a tenth of the open interest a minute', () => {
    const shard = new Ladder(flavour, 4);
    shard.send(withSlots(type.CMD_DEPOSIT, 1, { account: 1, qty: 90_000 * USD }));
    shard.send(withSlots(type.CMD_DEPOSIT, 1, { account: 2, qty: 9_000_000 * USD }));
    shard.send(withSlots(type.CMD_DEPOSIT, 1, { account: 3, qty: 9_000_000 * USD }));
    // 90,000 lots, 900,000 USD: a tenth is less than 100,000 USD, which are 11,049 lots at 905.
    for (let i = 0; i < 9; i++) {
      shard.place(2, 'sell', 10_000, { price: 1000 });
      shard.place(1, 'buy', 10_000, { price: 1000 });
    }
    for (let i = 0; i < 9; i++) shard.place(3, 'buy', 10_000, { price: 905 });
    shard.withdraw(1, 0);
    expect(shard.fall(905)).toEqual(['liquidation of 1: begun, 14500000000 of 40725000000']);
    shard.nowMs = 120_000;
    shard.pass(0);
    expect(90_000 - shard.position(1)).toBe(10_000);
    shard.pass(1_000);
    expect(90_000 - shard.position(1)).toBe(11_049);
    const told = shard.pass(58_000);
    expect(told.some((line) => line.includes('liquidations_must_not_exceed_limit_a_minute'))).toBe(
      true,
    );
    expect(90_000 - shard.position(1)).toBe(11_049);
    shard.pass(61_000);
    expect(90_000 - shard.position(1)).toBeGreaterThan(11_049);
  });

  it('refuses to take more out of a fund than it has, and pays in once for a key', () => {
    const shard = Ladder.at(flavour);
    shard.fund(5 * USD);
    expect(shard.fund(-6 * USD)).toEqual([
      'rejected insurance_micro_usd_must_be_within_0_and_limit -1000000 limit 4503599627370496',
    ]);
    expect(shard.fund(-5 * USD)).toEqual(['event 159 #0']);
    const keyed = withSlots(type.CMD_FUND_INSURANCE, 1, { marketId: MARKET, qty: USD });
    keyed[6] = 77;
    shard.send(keyed);
    shard.send(keyed);
    expect(shard.insurance).toBe(USD);
  });
});

describe('the ladder of product and twin', () => {
  it('is the same in every step, leaves no debt with a fund, and goes on from a snapshot', () => {
    const prices = fc.array(fc.integer({ min: 700, max: 1_100 }), { minLength: 3, maxLength: 8 });
    const bids = fc.array(
      fc.record({
        lots: fc.integer({ min: 1, max: 500 }),
        price: fc.integer({ min: 600, max: 1_000 }),
      }),
      { maxLength: 6 },
    );
    const fund = fc.integer({ min: 0, max: 200_000_000 });
    fc.assert(
      fc.property(prices, bids, fund, (marks, orders, microUsd) => {
        const shards = FLAVOURS.map((flavour) => {
          const shard = Ladder.at(flavour);
          shard.liquidator(5);
          shard.fund(microUsd);
          for (const { lots, price } of orders) shard.place(3, 'buy', lots, { price });
          return shard;
        });
        const [product, naive] = shards as [Ladder, Ladder];
        for (const mark of marks) {
          expect(product.fall(mark)).toEqual(naive.fall(mark));
          expect(product.pass(2_700)).toEqual(naive.pass(2_700));
          expect(product.takeOver(5, 1, 100, mark)).toEqual(naive.takeOver(5, 1, 100, mark));
          expect(product.hash).toBe(naive.hash);
        }
        product.core = product.restored().core;
        expect(product.pass(300_000)).toEqual(naive.pass(300_000));
        expect(product.hash).toBe(naive.hash);
        expect(product.insurance).toBeGreaterThanOrEqual(0);
        if (product.position(1) === 0) expect(product.collateral(1)).toBeGreaterThanOrEqual(0);
      }),
      { numRuns: 25 },
    );
  });
});
