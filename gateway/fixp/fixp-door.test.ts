import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as sbe from './generated/index.js';
import { type FixpClient, KEEPALIVE_MS, newSessionId, read } from './testing/fixp-client.js';
import { FixpExchange } from './testing/fixp-exchange.js';
import { place } from './testing/place-order.js';

let exchange: FixpExchange;

beforeEach(async () => {
  exchange = new FixpExchange({ strikesMax: 20 });
  await exchange.start();
});
afterEach(() => exchange.close());

async function begun(account: number): Promise<FixpClient> {
  const client = exchange.client(account);
  await client.begin();
  return client;
}

describe('orders over FIXP', () => {
  it('are accepted, amended and canceled, each with one answer', async () => {
    const client = await begun(1);
    const placed = place(client, { clOrdId: 71 });
    const report = await client.next(sbe.ExecutionReportNewDecoder);
    expect(report.requestSeqNo()).toBe(placed);
    expect([report.clOrdId(), report.orderId(), report.orderQty(), report.price()]).toEqual([
      71, 1, 10, 499_000,
    ]);
    expect([report.side(), report.ordType(), report.accountSeqNo()]).toEqual([
      sbe.Side.Buy,
      sbe.OrdType.Limit,
      2,
    ]);
    client.send(new sbe.OrderCancelReplaceRequestEncoder(), (message) => {
      message.clOrdId(71).marketId(1).orderQty(6).price(499_100);
    });
    const modified = await client.next(sbe.ExecutionReportModifyDecoder);
    expect([modified.requestSeqNo(), modified.leavesQty(), modified.price()]).toEqual([
      2, 6, 499_100,
    ]);
    client.send(new sbe.OrderCancelRequestEncoder(), (message) => message.orderId(1).marketId(1));
    const canceled = await client.next(sbe.ExecutionReportCancelDecoder);
    expect([canceled.requestSeqNo(), canceled.canceledQty(), canceled.reason()]).toEqual([
      3,
      6,
      sbe.CancelReason.User,
    ]);
  });

  it('trade, and both sides hear of it with fee, position and money', async () => {
    const [maker, taker] = [await begun(1), await begun(2)];
    place(maker, { price: 500_000 });
    await maker.next(sbe.ExecutionReportNewDecoder);
    place(taker, {
      side: sbe.Side.Sell,
      price: 500_000,
      qty: 4,
      tif: sbe.TimeInForce.ImmediateOrCancel,
    });
    const [made, took] = await Promise.all(
      [maker, taker].map((one) => one.next(sbe.ExecutionReportTradeDecoder)),
    );
    expect(made?.liquidity()).toBe(sbe.LiquidityIndicator.Maker);
    expect(took?.liquidity()).toBe(sbe.LiquidityIndicator.Taker);
    for (const fill of [made, took]) {
      expect([fill?.lastPrice(), fill?.lastQty(), fill?.tradeId()]).toEqual([500_000, 4, 1]);
    }
    expect([made?.position(), took?.position()]).toEqual([4, -4]);
    expect(made?.leavesQty()).toBe(6);
    expect(took?.collateral()).toBe(10_000_000_000 - (took?.fee() ?? 0));
    // A fill answers nothing: the acceptance has.
    expect(took?.hasRequestSeqNo()).toBe(false);
    taker.send(new sbe.PositionRequestEncoder(), (message) => message.requestId(5));
    const positions = await taker.next(sbe.PositionReportDecoder);
    expect([positions.requestId(), positions.collateral()]).toEqual([5, took?.collateral()]);
    const entries = positions.positions();
    expect([entries.next(), entries.marketId(), entries.position(), entries.entryValue()]).toEqual([
      true,
      1,
      -4,
      -2_000_000,
    ]);
  });

  it('that are refused by the exchange say why, with value and limit', async () => {
    const client = await begun(1);
    place(client, { qty: 1_000_000, price: 500_000 });
    const reject = await client.next(sbe.ExecutionReportRejectDecoder);
    expect([reject.requestSeqNo(), reject.code(), reject.marketId()]).toEqual([1, 16, 1]);
    expect(reject.text()).toMatch(/^insufficient_margin: /);
  });

  it.each<[string, (message: sbe.NewOrderSingleEncoder) => void, RegExp]>([
    [
      'a market that is not there',
      (m) => m.marketId(77),
      /^unknown_market: marketId must be that of a market, but is 77/,
    ],
    [
      'a side that is not there',
      (m) => m.side(0x39 as never),
      /^value_is_not_allowed: side may not be 57/,
    ],
    ['no price', (m) => m.priceNull(), /^field_is_missing: price must be present/],
    [
      'a price below one',
      (m) => m.price(-5),
      /^price_ticks_must_be_within_1_and_limit: price must be from 1 to 10000000 ticks, but is -5/,
    ],
    ['no quantity', (m) => m.orderQty(0), /^qty_lots_must_be_within_1_and_limit/],
    [
      'far too large a quantity',
      (m) => m.orderQtyBig(2n ** 62n),
      /^qty_lots_must_be_within_1_and_limit/,
    ],
    [
      'a client id beyond 2^53',
      (m) => m.clOrdIdBig(2n ** 63n),
      /^integer_must_be_within_limits: clOrdId/,
    ],
    [
      'a bit of execInst that is not there',
      (m) => m.execInst(128),
      /^value_is_not_allowed: execInst may not be 128/,
    ],
    [
      'an order type that is not there',
      (m) => m.ordType(sbe.OrdType.Waiting),
      /^value_is_not_allowed: ordType/,
    ],
    [
      'a mode of self-trade prevention that is not there',
      (m) => m.selfTradePrevention(9 as never),
      /^value_is_not_allowed: selfTrade/,
    ],
  ])('are refused by the door: %s', async (_, spoil, sentence) => {
    const client = await begun(1);
    client.send(new sbe.NewOrderSingleEncoder(), (message) => {
      message.orderQty(10).marketId(1).side(sbe.Side.Buy).price(499_000).ordType(sbe.OrdType.Limit);
      message.timeInForce(sbe.TimeInForce.GoodTillCancel);
      spoil(message);
    });
    const reject = await client.next(sbe.BusinessMessageRejectDecoder);
    expect([reject.requestSeqNo(), reject.refTemplateId()]).toEqual([1, 101]);
    expect(reject.text()).toMatch(sentence);
    expect(exchange.port.commands).toBe(0);
  });

  it('are canceled all at once, in one market or in all', async () => {
    const client = await begun(1);
    for (let i = 0; i < 3; i++) place(client, { price: 499_000 - i });
    client.send(new sbe.OrderMassActionRequestEncoder(), (message) => message.clear());
    const report = await client.next(sbe.OrderMassActionReportDecoder);
    expect([report.requestSeqNo(), report.count()]).toEqual([4, 3]);
    expect(client.all(sbe.ExecutionReportCancelDecoder).length).toBe(3);
    expect(client.all(sbe.OrderMassActionReportDecoder).length).toBe(1);
  });

  it('with a client id that was used are not placed twice', async () => {
    const client = await begun(1);
    place(client, { clOrdId: 9 });
    place(client, { clOrdId: 9 });
    const status = await client.next(sbe.ExecutionReportStatusDecoder);
    expect([status.requestSeqNo(), status.orderId(), status.status(), status.leavesQty()]).toEqual([
      2,
      1,
      sbe.OrdStatus.Open,
      10,
    ]);
    client.send(new sbe.OrderStatusRequestEncoder(), (message) => message.clOrdId(9).marketId(1));
    await client.next(
      sbe.ExecutionReportStatusDecoder,
      0,
      (one) => one.requestSeqNo() === 3 && one.orderId() === 1,
    );
  });

  it('get an answer when the exchange is full', async () => {
    const client = await begun(1);
    exchange.port.full = true;
    place(client);
    expect((await client.next(sbe.BusinessMessageRejectDecoder)).text()).toMatch(/^busy: /);
  });

  it('of another door are told too, with their client ids in text', async () => {
    const client = await begun(1);
    const { PlimsollClient } = await import('../../sdk/client.js');
    const { keyPairLogin } = await import('../../sdk/login.js');
    const login = keyPairLogin(exchange.traders[0]?.secretKey as Uint8Array);
    const other = await PlimsollClient.connect({
      url: `ws://127.0.0.1:${exchange.wsPort}/v1`,
      login,
    });
    await other.place({
      market: 'BTC-PERP',
      side: 'buy',
      price: '49900.0',
      qty: '0.010',
      clientOrderId: 'from-elsewhere',
    });
    const report = await client.next(sbe.ExecutionReportNewDecoder);
    expect([report.hasRequestSeqNo(), report.hasClOrdId(), report.clOrdIdText()]).toEqual([
      false,
      false,
      'from-elsewhere',
    ]);
    await other.close();
  });

  it('markets are told on request', async () => {
    const client = await begun(1);
    client.send(new sbe.SecurityDefinitionRequestEncoder(), (message) => message.clear());
    expect((await client.next(sbe.SecurityListDecoder)).count()).toBe(2);
    const [btc] = client.all(sbe.SecurityDefinitionDecoder);
    expect([btc?.symbol(), btc?.marketId(), btc?.state()]).toEqual([
      'BTC-PERP',
      1,
      sbe.MarketState.Open,
    ]);
    expect([btc?.tickSize().mantissa(), btc?.tickSize().exponent()]).toEqual([1, -1]);
  });

  it('beyond what the account trades are refused with value and limit, while cancels still go', async () => {
    await exchange.close();
    exchange = new FixpExchange({ orderWindowFree: 2, strikesMax: 20 });
    await exchange.start();
    const client = await begun(1);
    for (let i = 0; i < 3; i++) place(client);
    const refused = await client.next(sbe.BusinessMessageRejectDecoder);
    expect(refused.text()).toMatch(/^order_to_trade_ratio_exceeded: .* at most 2 .* would be 3;/);
    client.send(new sbe.OrderCancelRequestEncoder(), (message) => message.orderId(1).marketId(1));
    await client.next(sbe.ExecutionReportCancelDecoder);
  });

  it('beyond the rate are refused, while cancels still go', async () => {
    await exchange.close();
    exchange = new FixpExchange({ requestsPerSecond: 0.001, requestsBurst: 2, strikesMax: 20 });
    await exchange.start();
    const client = await begun(1);
    for (let i = 0; i < 3; i++) place(client);
    expect((await client.next(sbe.BusinessMessageRejectDecoder)).text()).toMatch(/^rate_limited: /);
    client.send(new sbe.OrderCancelRequestEncoder(), (message) => message.orderId(1).marketId(1));
    await client.next(sbe.ExecutionReportCancelDecoder);
    for (let i = 0; i < 21; i++) place(client);
    expect((await client.next(sbe.TerminateDecoder)).code()).toBe(
      sbe.TerminationCode.FloodingConsumer,
    );
  });
});

describe('a session', () => {
  it('goes on after a cut connection: what was missed comes again, byte for byte', async () => {
    const [client, other] = [await begun(1), await begun(2)];
    place(client, { price: 500_000, clOrdId: 1 });
    await client.next(sbe.ExecutionReportNewDecoder);
    await client.cut();
    // It is filled while nobody listens.
    place(other, { side: sbe.Side.Sell, price: 500_000, qty: 10 });
    await other.next(sbe.ExecutionReportTradeDecoder);
    await client.comeBack();
    const fill = await client.next(sbe.ExecutionReportTradeDecoder);
    expect([fill.lastQty(), fill.leavesQty(), fill.clOrdId()]).toEqual([10, 0, 1]);
    await client.askAgain(1, 2);
    const numbers = client.received.filter(({ seqNo }) => seqNo !== null).map(({ seqNo }) => seqNo);
    expect(numbers).toEqual([1, 2, 1, 2]);
    const bytes = client.received
      .filter(({ seqNo }) => seqNo === 1)
      .map(({ view }) =>
        Buffer.from(view.buffer, view.byteOffset, view.byteLength).toString('hex'),
      );
    expect(bytes[0]).toBe(bytes[1]);
  });

  it('applies no number twice', async () => {
    const client = await begun(1);
    place(client);
    await client.next(sbe.ExecutionReportNewDecoder);
    await client.cut();
    await client.connect();
    // It does not know whether the first order came, and sends it again with the same number.
    await client.establish(KEEPALIVE_MS, 1);
    const ack = client.all(sbe.EstablishmentAckDecoder)[1];
    expect([ack?.expectedSeqNo(), ack?.nextSeqNo()]).toEqual([2, 2]);
    place(client);
    place(client, { price: 498_000 });
    await client.next(sbe.ExecutionReportNewDecoder, 0, (report) => report.price() === 498_000);
    expect(client.all(sbe.ExecutionReportNewDecoder).length).toBe(2);
    expect(exchange.gateway.stats().openOrders).toBe(2);
  });

  it('is told of numbers that it has left out', async () => {
    const client = await begun(1);
    client.send(new sbe.SequenceEncoder(), (message) => message.nextSeqNo(5));
    const gap = await client.next(sbe.NotAppliedDecoder);
    expect([gap.fromSeqNo(), gap.count()]).toEqual([1, 4]);
    client.outgoingSeqNo = 5;
    const seqNo = place(client);
    expect((await client.next(sbe.ExecutionReportNewDecoder)).requestSeqNo()).toBe(seqNo);
    // Going back repeats: nothing is applied.
    client.send(new sbe.SequenceEncoder(), (message) => message.nextSeqNo(5));
    client.outgoingSeqNo = 5;
    place(client);
    place(client);
    await client.next(sbe.ExecutionReportNewDecoder, 0, (report) => report.requestSeqNo() === 6);
    expect(exchange.gateway.stats().openOrders).toBe(2);
  });

  it('of before a restart is told what its account did since, when it names the last event it saw', async () => {
    const first = await begun(1);
    place(first, { clOrdId: 3 });
    const seen = await first.next(sbe.ExecutionReportNewDecoder);
    place(first, { clOrdId: 4 });
    await first.next(sbe.ExecutionReportNewDecoder, 0, (report) => report.clOrdId() === 4);
    const second = exchange.client(1, newSessionId());
    await second.connect();
    const answer = await second.negotiate((message) => {
      message.resumeEpoch(1).resumeAccountSeqNo(seen.accountSeqNo());
    });
    expect(read(answer, sbe.NegotiationResponseDecoder).accountSeqNo()).toBe(seen.accountSeqNo());
    await second.establish();
    await second.askAgain(1, 1);
    expect((await second.next(sbe.ExecutionReportNewDecoder)).clOrdId()).toBe(4);
    // From here on both hear the same.
    place(first, { clOrdId: 5 });
    await second.next(sbe.ExecutionReportNewDecoder, 0, (report) => report.clOrdId() === 5);
  });

  it('sends heartbeats, and ends with a code when nothing is heard', async () => {
    const client = exchange.client(1);
    await client.begin(150);
    // A machine that pauses for long enough finds the end due before the heartbeat: then it is tried again.
    for (let from = 0; ; ) {
      const end = await client.next(sbe.TerminateDecoder, from);
      expect(end.code()).toBe(sbe.TerminationCode.KeepaliveLapsed);
      await client.until(() => client.ended, 'the connection has ended');
      from = client.received.length;
      await client.comeBack(150);
      if (client.all(sbe.SequenceDecoder).length > 0) break;
    }
  });

  // Where others load the machine, a round in between may be late as well, and two in a row are no pause: then it is tried again.
  it('ends nobody for a silence that is its own', { retry: 2 }, async () => {
    const client = await begun(1);
    await client.cut();
    await client.comeBack(700);
    const from = client.received.length;
    for (let i = 0; i < 2; i++) {
      // Sent in time; but this process, which is the door's as well, does not get to read it.
      client.send(new sbe.SequenceEncoder(), (message) => message.nextSeqNo(client.outgoingSeqNo));
      for (const untilMs = performance.now() + 1_600; performance.now() < untilMs; );
      await new Promise((resolve) => setTimeout(resolve, 150));
    }
    expect(client.all(sbe.TerminateDecoder).length).toBe(0);
    expect(client.ended).toBe(false);
    await client.next(sbe.SequenceDecoder, from);
  });

  it('ends as asked for, and can be established again', async () => {
    const client = await begun(1);
    client.send(new sbe.TerminateEncoder(), (message) =>
      message.code(sbe.TerminationCode.Finished).putReason(new Uint8Array(), 0, 0),
    );
    expect((await client.next(sbe.TerminateDecoder)).code()).toBe(sbe.TerminationCode.Finished);
    await client.until(() => client.ended, 'the connection has ended');
    await client.comeBack();
  });

  it('refuses to send again what is not there', async () => {
    const client = await begun(1);
    const ask = (fromSeqNo: number, count: number, id = client.id) => {
      const from = client.received.length;
      client.send(new sbe.RetransmitRequestEncoder(), (message) => {
        message.putSessionId(Buffer.from(id, 'hex'), 0).fromSeqNo(fromSeqNo).count(count);
      });
      return client.next(sbe.RetransmitRejectDecoder, from);
    };
    expect((await ask(1, 1)).code()).toBe(sbe.RetransmitRejectCode.OutOfRange);
    expect((await ask(0, 1)).code()).toBe(sbe.RetransmitRejectCode.OutOfRange);
    expect((await ask(1, 1_000_000)).code()).toBe(sbe.RetransmitRejectCode.RequestLimitExceeded);
    expect((await ask(1, 1, newSessionId())).code()).toBe(sbe.RetransmitRejectCode.InvalidSession);
  });
});
