import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MARKET_STATE } from '../../engine/market/market-state.js';
import { typeOf } from '../../engine/messages/layout.js';
import { CMD_CANCEL, CMD_SET_MARKET_STATE } from '../../engine/messages/types.js';
import * as sbe from './generated/index.js';
import type { FixpClient } from './testing/fixp-client.js';
import { FixpExchange } from './testing/fixp-exchange.js';

let exchange: FixpExchange;
let maker: FixpClient;
let taker: FixpClient;

beforeEach(async () => {
  exchange = new FixpExchange();
  await exchange.start();
  maker = exchange.client(1);
  taker = exchange.client(2);
  await Promise.all([maker.begin(), taker.begin()]);
});
afterEach(() => exchange.close());

type Entry = [level: number, bid: number | null, offer: number | null, size?: number];

function quote(entries: readonly Entry[], quoteId = 1): number {
  const seqNo = maker.outgoingSeqNo;
  maker.send(new sbe.MassQuoteEncoder(), (message) => {
    message.quoteId(quoteId).marketId(1).execInst(sbe.ExecInst.postOnly);
    message.selfTradePrevention(sbe.SelfTradePrevention.CancelTaker);
    const group = message.quoteEntriesCount(entries.length);
    for (const [level, bid, offer, size = 10] of entries) {
      group.next();
      group.clear().quoteEntryId(level).bidSize(size).offerSize(size);
      if (bid !== null) group.bidPrice(bid);
      if (offer !== null) group.offerPrice(offer);
    }
  });
  return seqNo;
}

const ackOf = (seqNo: number) => {
  return maker.next(sbe.MassQuoteAckDecoder, 0, (ack) => ack.requestSeqNo() === seqNo);
};

function setState(name: 'open' | 'halted'): void {
  exchange.shard.command(CMD_SET_MARKET_STATE, 1, 1, { W_FLAGS: MARKET_STATE[name] });
  exchange.shard.flush();
}

function hit(side: sbe.Side, price: number, qty: number): void {
  taker.send(new sbe.NewOrderSingleEncoder(), (message) => {
    message.orderQty(qty).price(price).marketId(1).side(side).ordType(sbe.OrdType.Limit);
    message.timeInForce(sbe.TimeInForce.ImmediateOrCancel);
  });
}

async function protect(limits: { volume?: number; delta?: number; count?: number }): Promise<void> {
  const seqNo = maker.outgoingSeqNo;
  maker.send(new sbe.MarketMakerProtectionRequestEncoder(), (message) => {
    message.marketId(1).window(60_000).action(sbe.ProtectionAction.Set);
    message.countLimit(limits.count ?? 0);
    if (limits.volume !== undefined) message.volumeLimit(limits.volume);
    if (limits.delta !== undefined) message.deltaLimit(limits.delta);
  });
  await maker.next(
    sbe.MarketMakerProtectionReportDecoder,
    0,
    (one) => one.requestSeqNo() === seqNo,
  );
}

describe('a MassQuote', () => {
  it('places both sides of each level, and the next one replaces them', async () => {
    const first = await ackOf(
      quote([
        [1, 499_900, 500_100],
        [2, 499_800, 500_200],
      ]),
    );
    expect([first.accepted(), first.rejected(), first.canceled()]).toEqual([4, 0, 0]);
    const levels = maker.all(sbe.ExecutionReportNewDecoder).map((one) => one.clOrdId() % 64);
    expect(levels).toEqual([2, 3, 4, 5]);
    const second = await ackOf(quote([[1, 499_950, 500_050]]));
    expect([second.accepted(), second.rejected(), second.canceled()]).toEqual([2, 0, 2]);
    expect(exchange.gateway.stats().openOrders).toBe(4);
    const third = await ackOf(
      quote([
        [1, null, null],
        [2, 499_700, null],
      ]),
    );
    expect([third.accepted(), third.rejected(), third.canceled()]).toEqual([1, 0, 4]);
    expect(exchange.gateway.stats().openOrders).toBe(1);
  });

  it('takes no notice of quotes that were filled in the meantime', async () => {
    await ackOf(quote([[1, 499_900, 500_100]]));
    hit(sbe.Side.Buy, 500_100, 10);
    await maker.next(sbe.ExecutionReportTradeDecoder);
    const next = await ackOf(quote([[1, 499_950, 500_150]]));
    expect([next.accepted(), next.rejected(), next.canceled()]).toEqual([2, 0, 1]);
    expect(maker.all(sbe.ExecutionReportRejectDecoder)).toEqual([]);
  });

  it('tells of each side that is refused, and keeps the others', async () => {
    taker.send(new sbe.NewOrderSingleEncoder(), (message) => {
      message
        .orderQty(10)
        .price(500_050)
        .marketId(1)
        .side(sbe.Side.Sell)
        .ordType(sbe.OrdType.Limit);
      message.timeInForce(sbe.TimeInForce.GoodTillCancel);
    });
    await taker.next(sbe.ExecutionReportNewDecoder);
    // The bid would trade, and is post-only.
    const seqNo = quote([[1, 500_060, 500_100]]);
    const ack = await ackOf(seqNo);
    expect([ack.accepted(), ack.rejected()]).toEqual([1, 1]);
    const reject = await maker.next(sbe.ExecutionReportRejectDecoder);
    expect([reject.requestSeqNo(), reject.clOrdId() % 64]).toEqual([seqNo, 2]);
    expect(reject.text()).toMatch(/^post_only_order_would_cross/);
    const later = await ackOf(quote([[1, 499_000, 500_100]]));
    expect([later.accepted(), later.rejected(), later.canceled()]).toEqual([2, 0, 1]);
  });

  it('takes back what an earlier one could not, because the market was halted', async () => {
    await ackOf(quote([[1, 499_900, 500_100]]));
    setState('halted');
    const refused = await ackOf(quote([[1, 499_950, 500_050]]));
    expect([refused.accepted(), refused.canceled()]).toEqual([0, 0]);
    setState('open');
    const next = await ackOf(quote([[1, 499_950, 500_050]]));
    expect([next.accepted(), next.rejected(), next.canceled()]).toEqual([2, 0, 2]);
    expect(exchange.gateway.stats().openOrders).toBe(2);
  });

  it.each<[string, readonly Entry[], RegExp]>([
    ['no level', [], /^quote_entries_must_be_within_1_and_limit/],
    [
      'too many',
      Array.from({ length: 21 }, (_, i) => [i + 1, 499_000, null] as const),
      /but are 21/,
    ],
    [
      'a level twice',
      [
        [1, 499_000, null],
        [1, 499_001, null],
      ],
      /quoteEntryId twice: may not be 1/,
    ],
    [
      'a level that is not there',
      [[21, 499_000, null]],
      /quoteEntryId must be from 1 to 20, but is 21/,
    ],
    ['a price below one', [[1, 0, null]], /bidPrice must be from 1/],
    ['nothing to quote', [[1, 499_000, null, 0]], /bidSize must be from 1/],
  ])('is refused whole: %s', async (_, entries, sentence) => {
    await ackOf(quote([[1, 499_900, 500_100]]));
    const commands = exchange.port.commands;
    quote(entries);
    expect((await maker.next(sbe.BusinessMessageRejectDecoder)).text()).toMatch(sentence);
    expect(exchange.port.commands).toBe(commands);
  });
});

describe('market maker protection', () => {
  const { Volume, Delta, Count } = sbe.ProtectionReason;
  it.each<[string, Parameters<typeof protect>[0], sbe.ProtectionReason]>([
    ['volume', { volume: 15 }, Volume],
    ['delta', { delta: 15 }, Delta],
    ['count', { count: 2 }, Count],
  ])('takes all quotes back when the limit is reached: %s', async (_, limits, reason) => {
    await protect(limits);
    await ackOf(
      quote([
        [1, 499_900, 500_100],
        [2, 499_800, 500_200],
      ]),
    );
    hit(sbe.Side.Buy, 500_100, 8);
    await maker.next(sbe.ExecutionReportTradeDecoder);
    expect(exchange.gateway.stats().openOrders).toBe(4);
    hit(sbe.Side.Buy, 500_200, 8);
    const report = await maker.next(
      sbe.MarketMakerProtectionReportDecoder,
      0,
      (one) => !one.hasRequestSeqNo(),
    );
    expect([report.reason(), report.marketId()]).toEqual([reason, 1]);
    await maker.until(() => exchange.gateway.stats().openOrders === 0, 'all quotes are gone');
    quote([[1, 499_900, 500_100]]);
    const held = await maker.next(sbe.BusinessMessageRejectDecoder);
    expect(held.text()).toMatch(/^quotes_are_held_back_by_protection/);
    await protect(limits);
    expect((await ackOf(quote([[1, 499_900, 500_100]]))).accepted()).toBe(2);
  });

  it('does not count what lies on both sides as delta', async () => {
    await protect({ delta: 15 });
    await ackOf(quote([[1, 499_900, 500_100]]));
    hit(sbe.Side.Buy, 500_100, 10);
    hit(sbe.Side.Sell, 499_900, 10);
    await maker.until(
      () => maker.all(sbe.ExecutionReportTradeDecoder).length === 2,
      'both have traded',
    );
    expect(maker.all(sbe.MarketMakerProtectionReportDecoder).length).toBe(1);
  });

  it('takes quotes back when a market that was halted meanwhile is open again', async () => {
    await protect({ count: 1 });
    await ackOf(
      quote([
        [1, 499_900, 500_100],
        [2, 499_800, 500_200],
      ]),
    );
    const place = exchange.port.trySendAll.bind(exchange.port);
    exchange.port.trySendAll = (words, at, slots) => {
      // The halt is ahead of what protection sends.
      if (typeOf(words[at] as number) === CMD_CANCEL) {
        exchange.port.trySendAll = place;
        exchange.shard.command(CMD_SET_MARKET_STATE, 1, 1, { W_FLAGS: MARKET_STATE.halted });
      }
      return place(words, at, slots);
    };
    hit(sbe.Side.Buy, 500_100, 10);
    await maker.next(sbe.ExecutionReportTradeDecoder);
    await expect.poll(() => exchange.port.trySendAll === place).toBe(true);
    expect(exchange.gateway.stats().openOrders).toBe(3);
    setState('open');
    await maker.until(() => exchange.gateway.stats().openOrders === 0, 'the quotes are gone');
  });

  it('takes quotes back later when the exchange had no room', async () => {
    await protect({ count: 1 });
    await ackOf(quote([[1, 499_900, 500_100]]));
    const place = exchange.port.trySendAll.bind(exchange.port);
    let refused = 0;
    let isFull = true;
    exchange.port.trySendAll = (words, at, slots) => {
      // The taker's order is let in, what protection sends is not, for a while.
      if (typeOf(words[at] as number) === CMD_CANCEL && isFull) {
        if (++refused > 100) throw new Error('tried again and again in one turn');
        return false;
      }
      return place(words, at, slots);
    };
    hit(sbe.Side.Buy, 500_100, 10);
    await maker.until(() => refused > 2, 'it is tried again');
    isFull = false;
    await maker.until(() => exchange.gateway.stats().openOrders === 0, 'the quotes are gone');
    expect(refused).toBeLessThan(20);
  });
});
