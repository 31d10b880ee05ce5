import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../testing/exchange.js';
import * as sbe from './generated/index.js';
import { type FixpClient, read } from './testing/fixp-client.js';
import { FixpExchange } from './testing/fixp-exchange.js';

let exchange: FixpExchange;
let reader: FixpClient;

beforeEach(async () => {
  exchange = new FixpExchange({ requestsBurst: 1_000_000 });
  await exchange.start();
  reader = exchange.client(3);
  await reader.begin();
});
afterEach(() => exchange.close());

function subscribe(client: FixpClient, action: number = sbe.SubscriptionAction.Subscribe): number {
  const seqNo = client.outgoingSeqNo;
  client.send(new sbe.MarketDataRequestEncoder(), (message) => {
    message.marketId(1).action(action as sbe.SubscriptionAction);
  });
  return seqNo;
}

function order(client: FixpClient, side: sbe.Side, price: number, qty: number): void {
  client.send(new sbe.NewOrderSingleEncoder(), (message) => {
    message.orderQty(qty).price(price).marketId(1).side(side).ordType(sbe.OrdType.Limit);
    message.timeInForce(sbe.TimeInForce.GoodTillCancel);
    message.selfTradePrevention(sbe.SelfTradePrevention.CancelMaker);
  });
}

/** The book and the trades that a client has who follows the messages, and whether the chain holds. */
function followed(client: FixpClient) {
  const sides = [new Map<number, number>(), new Map<number, number>()] as const;
  const trades: number[][] = [];
  let sequence = -1;
  let whole = true;
  type Levels = { next(): boolean; price(): number; qty(): number };
  const apply = (side: 0 | 1, levels: Levels) => {
    while (levels.next()) {
      if (levels.qty() === 0) sides[side].delete(levels.price());
      else sides[side].set(levels.price(), levels.qty());
    }
  };
  for (const message of client.received) {
    if (message.templateId === sbe.MarketDataSnapshotDecoder.TEMPLATE_ID) {
      const snapshot = read(message, sbe.MarketDataSnapshotDecoder);
      for (const side of sides) side.clear();
      sequence = snapshot.sequence();
      apply(0, snapshot.bids());
      apply(1, snapshot.offers());
    } else if (message.templateId === sbe.MarketDataIncrementalDecoder.TEMPLATE_ID) {
      const change = read(message, sbe.MarketDataIncrementalDecoder);
      whole &&= change.previousSequence() === sequence;
      sequence = change.sequence();
      apply(0, change.bids());
      apply(1, change.offers());
      const rows = change.trades();
      while (rows.next()) trades.push([rows.tradeId(), rows.price(), rows.qty(), rows.aggressor()]);
    }
  }
  const list = (side: 0 | 1) =>
    [...sides[side]].sort(([a], [b]) => (side === 0 ? b - a : a - b)).flat();
  return { bids: list(0), offers: list(1), trades, whole };
}

describe('market data over FIXP', () => {
  it('gives a book that is the exchange’s own, and every trade, whatever happens', async () => {
    const [one, two] = [exchange.client(1), exchange.client(2)];
    await Promise.all([one.begin(), two.begin()]);
    order(one, sbe.Side.Buy, 499_000, 7);
    const placed = await one.next(sbe.ExecutionReportNewDecoder);
    const seqNo = subscribe(reader);
    await reader.next(sbe.MarketDataAckDecoder, 0, (ack) => ack.requestSeqNo() === seqNo);
    const snapshot = await reader.next(sbe.MarketDataSnapshotDecoder);
    // Of the last event, though nobody has read until now.
    expect(snapshot.sequence()).toBe(exchange.shard.sequence);
    expect(snapshot.transactTime()).toBe(placed.transactTime());
    expect(snapshot.markPrice()).toBe(500_000);
    expect(followed(reader).bids).toEqual([499_000, 7]);
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.tuple(
            fc.boolean(),
            fc.boolean(),
            fc.integer({ min: -20, max: 20 }),
            fc.integer({ min: 1, max: 30 }),
          ),
          { maxLength: 40 },
        ),
        async (orders) => {
          for (const [isFirst, buys, distance, qty] of orders) {
            const side = buys ? sbe.Side.Buy : sbe.Side.Sell;
            order(isFirst ? one : two, side, 500_000 + distance * 10, qty);
          }
          for (const client of [one, two]) {
            client.send(new sbe.PositionRequestEncoder(), (message) => message.requestId(1));
            const count = client.outgoingSeqNo - 1;
            await client.next(
              sbe.PositionReportDecoder,
              0,
              (report) => report.requestSeqNo() === count,
            );
          }
          const book = exchange.gateway.folds.bookOf(1);
          const same = () => {
            const { bids, offers } = followed(reader);
            return String([bids, offers]) === String([book.present(0), book.present(1)]);
          };
          await reader.until(same, 'the followed book is the exchange’s');
        },
      ),
      { numRuns: 15 },
    );
    const fills = [one, two].flatMap((client) => client.all(sbe.ExecutionReportTradeDecoder));
    // Where trades have left the book as it was before, it says nothing about the last message.
    const isTold = () => followed(reader).trades.length * 2 >= fills.length;
    await reader.until(isTold, 'the last trades are told');
    const { trades, whole } = followed(reader);
    expect(whole).toBe(true);
    expect(trades.map(([id]) => id)).toEqual(trades.map((_, i) => i + 1));
    expect(trades.length * 2).toBe(fills.length);
  });

  it('ends on request and with the connection, and is refused twice', async () => {
    subscribe(reader);
    await reader.next(sbe.MarketDataSnapshotDecoder);
    subscribe(reader);
    expect((await reader.next(sbe.BusinessMessageRejectDecoder)).text()).toMatch(
      /^already_subscribed/,
    );
    const seqNo = subscribe(reader, sbe.SubscriptionAction.Unsubscribe);
    await reader.next(sbe.MarketDataAckDecoder, 0, (ack) => ack.requestSeqNo() === seqNo);
    subscribe(reader, sbe.SubscriptionAction.Unsubscribe);
    await reader.next(sbe.BusinessMessageRejectDecoder, 0, (one) =>
      one.text().startsWith('not_subscribed'),
    );
    subscribe(reader, 7);
    await reader.next(sbe.BusinessMessageRejectDecoder, 0, (one) =>
      one.text().startsWith('value_is_not_allowed'),
    );
    subscribe(reader);
    await reader.until(
      () => reader.all(sbe.MarketDataSnapshotDecoder).length === 2,
      'a snapshot comes',
    );
    await reader.cut();
    await reader.comeBack();
    subscribe(reader);
    await reader.until(
      () => reader.all(sbe.MarketDataSnapshotDecoder).length === 3,
      'a snapshot comes',
    );
  });
});

describe('market data of a deep book over FIXP', () => {
  it('counts by its length: who asks again and again is refused for the moment', async () => {
    await exchange.close();
    exchange = new FixpExchange({ requestsPerSecond: 0.001, requestsBurst: 400 });
    await exchange.start();
    const [trader, asker] = [exchange.client(1), exchange.client(3)];
    await Promise.all([trader.begin(), asker.begin()]);
    for (let i = 0; i < 300; i++) order(trader, sbe.Side.Buy, 500_000 - i, 10);
    await until(() => count(trader, sbe.ExecutionReportNewDecoder) === 300, 'all rest');
    for (let i = 0; i < 100; i++) {
      subscribe(asker);
      subscribe(asker, sbe.SubscriptionAction.Unsubscribe);
    }
    await until(() => count(asker, sbe.BusinessMessageRejectDecoder) > 0, 'it is refused');
    // 300 levels are four kilobytes or so, and six tokens with both requests.
    const snapshots = count(asker, sbe.MarketDataSnapshotDecoder);
    expect(snapshots).toBeGreaterThan(40);
    expect(snapshots).toBeLessThan(100);
  });
});

function count(client: FixpClient, { TEMPLATE_ID }: { TEMPLATE_ID: number }): number {
  return client.received.filter(({ templateId }) => templateId === TEMPLATE_ID).length;
}
