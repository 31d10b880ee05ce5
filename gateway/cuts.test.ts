import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Xorshift } from '../engine/testing/xorshift.js';
import type { PlimsollClient } from '../sdk/client.js';
import type { BinanceClient, Json, TestSocket } from './binance/binance.fixture.js';
import * as sbe from './fixp/generated/index.js';
import { type FixpClient, KEEPALIVE_MS, type Received, read } from './fixp/testing/fixp-client.js';
import { AllDoors, NO_RATES } from './testing/all-doors.js';
import { type AccountView, type BookView, EngineTruth, sorted } from './testing/engine-truth.js';
import { until } from './testing/exchange.js';

/**
 * Connections are cut under load, at whatever moment it is; whoever comes back and goes on as PROTOCOL.md says has the very orders, fills,
 * balances and book that the engine has. FIX 4.4 has its own in `fix/sessions.test.ts`, running processes in `main/fixp.test.ts`.
 */
const CUTS = process.env.PLIMSOLL_FULL === '1' ? 200 : 20;
const ORDERS_A_CUT = 8;
const MARKET = 'BTC-PERP';

let doors: AllDoors;
let truth: EngineTruth;
let random: Xorshift;
let other: PlimsollClient;
/** Answers that are out to somebody else's requests. */
let traded: Promise<unknown>[] = [];

beforeEach(async () => {
  doors = new AllDoors({ limits: NO_RATES });
  await doors.start();
  truth = new EngineTruth(doors);
  random = new Xorshift(5);
  other = await doors.native(2, { codec: 'msgpack' });
  traded = [];
});
afterEach(async () => {
  await doors.close();
  expect(doors.errors).toEqual([]);
});

const pause = () => new Promise((resolve) => setTimeout(resolve, random.below(4)));
const ticksOf = (price: unknown) => Math.round(Number(price) * 10);
const lotsOf = (qty: unknown) => Math.round(Number(qty) * 1_000);
const microUsdOf = (usd: unknown) => Math.round(Number(usd) * 1e6);

function nextOrder() {
  return {
    side: random.chance(50) ? ('buy' as const) : ('sell' as const),
    ticks: random.between(499_990, 500_010),
    lots: random.between(1, 5),
    isImmediate: random.chance(20),
  };
}

/** Somebody else who trades all the time, also while the client is away. */
function trade(): void {
  const { side, ticks, lots, isImmediate } = nextOrder();
  const order = {
    market: MARKET,
    side,
    price: (ticks / 10).toFixed(1),
    qty: (lots / 1_000).toFixed(3),
  };
  const timeInForce = isImmediate ? ('ioc' as const) : ('gtc' as const);
  traded.push(other.place({ ...order, timeInForce }).catch(() => {}));
  if (random.chance(10)) traded.push(other.cancelAll({ market: MARKET }).catch(() => {}));
}

/** All that somebody else has sent is done. */
async function allTraded(): Promise<void> {
  await Promise.all(traded.splice(0));
}

describe('the native door', () => {
  it.each(['json', 'msgpack'] as const)(
    `loses nothing, cut ${CUTS} times under load: %s`,
    async (codec) => {
      const client = await doors.native(1, {
        codec,
        reconnectDelayMinMs: 1,
        reconnectDelayMaxMs: 5,
      });
      const fills = new Map<number, number>();
      const numbers: number[] = [];
      client.on('fill', ({ tradeId, qty }) => fills.set(tradeId, lotsOf(qty)));
      client.on('message', ({ accountSequence, type }) => {
        const isEvent =
          accountSequence !== undefined && type !== 'ack' && type !== 'privateSnapshot';
        if (isEvent) numbers.push(accountSequence as number);
      });
      await client.subscribe('private');
      const first = client.account.accountSequence;
      await client.subscribe(`book.${MARKET}`);
      await client.subscribe(`orders.${MARKET}`);
      let sent = 0;
      for (let cut = 0; cut < CUTS; cut++) {
        for (let i = 0; i < ORDERS_A_CUT; i++) {
          trade();
          const { side, ticks, lots, isImmediate } = nextOrder();
          const order = { market: MARKET, side, price: (ticks / 10).toFixed(1) };
          const timeInForce = isImmediate ? ('ioc' as const) : ('gtc' as const);
          const clientOrderId = ++sent;
          client
            .place({ ...order, qty: (lots / 1_000).toFixed(3), timeInForce, clientOrderId })
            .catch(() => {});
          if (random.chance(25)) {
            client
              .cancel({ market: MARKET, clientOrderId: random.between(1, sent) })
              .catch(() => {});
          }
          if (random.chance(20)) await pause();
        }
        client.drop();
        for (let i = random.below(4); i > 0; i--) trade();
        await pause();
        if (random.chance(30)) continue;
        await until(() => client.connected, 'the client is back');
      }
      await until(() => client.connected, 'the client is back for good');
      // What the other one sent last is done: nothing changes any more.
      await allTraded();
      const { views } = doors.gateway.folds;
      const isUpToDate = () => {
        const { account } = client;
        return account.valid && account.accountSequence === views.sequenceOf(1);
      };
      await until(isUpToDate, 'its private feed is at its end');
      expect(viewOf(client, fills)).toEqual(truth.of(1));
      // Each private event came once, in order.
      expect(numbers).toEqual(numbers.map((_, i) => first + 1 + i));
      const shownBook = () => JSON.stringify(bookOf(client)) === JSON.stringify(truth.book());
      await until(shownBook, 'its book is that of the engine');
      const queued = () => {
        const { bids, asks } = client.orders(MARKET);
        return bids.length + asks.length;
      };
      const real = truth.of(1).orders.size + truth.of(2).orders.size;
      await until(() => queued() === real, 'its queues have all orders');
      expect(truth.of(1).fills.size).toBeGreaterThan(CUTS);
    },
  );

  function viewOf(client: PlimsollClient, fills: Map<number, number>): AccountView {
    const { account } = client;
    return {
      orders: sorted(
        [...account.orders.values()].map((one) => [one.orderId, lotsOf(one.remaining)]),
      ),
      positionLots: lotsOf(account.positions.get(MARKET)?.position ?? 0),
      collateralMicroUsd: microUsdOf(account.collateral),
      fills: sorted([...fills]),
    };
  }

  function bookOf(client: PlimsollClient): BookView {
    const { bids, asks } = client.book(MARKET);
    const units = ([price, qty]: readonly [string, string]): [number, number] => {
      return [ticksOf(price), lotsOf(qty)];
    };
    return { bids: bids.map(units), asks: asks.map(units) };
  }
});

/** A bot of the Binance door: its view is what REST says at each reconnect, and the user-data stream from there on. */
class BinanceBot {
  readonly orders = new Map<number, number>();
  readonly fills = new Map<number, number>();
  positionLots = 0;
  collateralMicroUsd = 0;
  private heard = 0;
  private readonly client: BinanceClient;
  private stream!: TestSocket;
  private taken = 0;

  constructor(client: BinanceClient) {
    this.client = client;
  }

  /** The stream first, then REST, and again when something came in between. */
  async connect(): Promise<void> {
    const { body } = await this.client.keyed('POST', '/fapi/v1/listenKey');
    this.stream = await doors.socket(`/ws/${body.listenKey}`);
    this.taken = 0;
    do {
      this.take();
      this.heard = this.stream.messages.length;
      await this.ask();
    } while (this.stream.messages.length !== this.heard);
    this.taken = this.heard;
  }

  cut(): void {
    this.take();
    this.stream.cut();
  }

  /** What the stream has told since the last time. */
  take(): void {
    for (const message of this.stream.messages.slice(this.taken)) this.apply(message);
    this.taken = this.stream.messages.length;
  }

  private async ask(): Promise<void> {
    const { client } = this;
    const market = { symbol: 'BTCUSDT' };
    const open = await client.must<Json[]>('GET', '/fapi/v1/openOrders', market);
    const account = await client.must('GET', '/fapi/v3/account');
    const positions = await client.must<Json[]>('GET', '/fapi/v3/positionRisk', market);
    this.orders.clear();
    for (const { orderId, origQty, executedQty } of open) {
      this.orders.set(orderId as number, lotsOf(origQty) - lotsOf(executedQty));
    }
    this.collateralMicroUsd = microUsdOf(account.totalWalletBalance);
    this.positionLots = lotsOf(positions[0]?.positionAmt ?? 0);
    for (let fromId = Math.max(0, ...this.fills.keys()) + 1; ; ) {
      const page = { ...market, fromId, limit: 1_000 };
      const trades = await client.must<Json[]>('GET', '/fapi/v1/userTrades', page);
      for (const { id, qty } of trades) this.fills.set(id as number, lotsOf(qty));
      if (trades.length < 1_000) return;
      fromId = (trades.at(-1)?.id as number) + 1;
    }
  }

  private apply({ e, o, a }: Json): void {
    if (e === 'ORDER_TRADE_UPDATE') {
      const { i, x, X, q, z, t, l } = o as Json;
      if (x === 'TRADE') this.fills.set(t as number, lotsOf(l));
      if (X === 'NEW' || X === 'PARTIALLY_FILLED')
        this.orders.set(i as number, lotsOf(q) - lotsOf(z));
      else this.orders.delete(i as number);
    } else if (e === 'ACCOUNT_UPDATE') {
      const { B, P } = a as { B: Json[]; P: Json[] };
      if (B[0] !== undefined) this.collateralMicroUsd = microUsdOf(B[0].wb);
      const position = P.find(({ s }) => s === 'BTCUSDT');
      if (position !== undefined) this.positionLots = lotsOf(position.pa);
    }
  }

  get view(): AccountView {
    const { orders, fills, positionLots, collateralMicroUsd } = this;
    return {
      orders: sorted([...orders]),
      positionLots,
      collateralMicroUsd,
      fills: sorted([...fills]),
    };
  }
}

describe('the Binance door', () => {
  it(`loses nothing, cut ${CUTS} times under load`, async () => {
    const client = doors.binance(1);
    const bot = new BinanceBot(client);
    let sent = 0;
    for (let cut = 0; cut < CUTS; cut++) {
      await bot.connect();
      const api = await doors.socket('/ws-fapi/v1');
      const timestamp = ++doors.shard.timeMs;
      const signature = client.sign(`apiKey=${client.apiKey}&timestamp=${timestamp}`);
      const params = { apiKey: client.apiKey, timestamp, signature };
      await api.ask({ id: 'on', method: 'session.logon', params });
      for (let i = 0; i < ORDERS_A_CUT; i++) {
        trade();
        api.send({ id: ++sent, method: 'order.place', params: binanceOrder(`o${sent}`) });
        if (random.chance(25)) {
          const origClientOrderId = `o${random.between(1, sent)}`;
          const name = { symbol: 'BTCUSDT', origClientOrderId, timestamp: doors.shard.timeMs };
          api.send({ id: `c${sent}`, method: 'order.cancel', params: name });
        }
        if (random.chance(20)) await pause();
      }
      api.cut();
      bot.cut();
      for (let i = random.below(4); i > 0; i--) trade();
    }
    await bot.connect();
    // And from here on by the stream alone.
    for (let i = 0; i < 20; i++) trade();
    await allTraded();
    const view = () => {
      bot.take();
      return bot.view;
    };
    await expect.poll(view).toEqual(truth.of(1));
    expect(bot.fills.size).toBeGreaterThan(CUTS);
    const units = (rows: [string, string][] = []) => {
      return rows.map(([price, qty]): [number, number] => [ticksOf(price), lotsOf(qty)]);
    };
    const book = async () => {
      const depth = await client.open('GET', '/fapi/v1/depth', { symbol: 'BTCUSDT', limit: 1_000 });
      const { bids, asks } = depth.body as unknown as Record<string, [string, string][]>;
      return { bids: units(bids), asks: units(asks) };
    };
    await expect.poll(book).toEqual(truth.book());
  });

  function binanceOrder(newClientOrderId: string): Json {
    const { side, ticks, lots, isImmediate } = nextOrder();
    return {
      symbol: 'BTCUSDT',
      side: side.toUpperCase(),
      type: 'LIMIT',
      timeInForce: isImmediate ? 'IOC' : 'GTC',
      quantity: (lots / 1_000).toFixed(3),
      price: (ticks / 10).toFixed(1),
      newClientOrderId,
      timestamp: doors.shard.timeMs,
    };
  }
});

describe('the binary door', () => {
  it(`loses nothing, cut ${CUTS} times under load`, async () => {
    const client = doors.fixpClient(1);
    await client.begin();
    let n = 1;
    const send = (number: number) => {
      const order = orders.get(number) ?? nextOrder();
      orders.set(number, order);
      client.send(new sbe.NewOrderSingleEncoder(), (message) => {
        message.clOrdId(number).marketId(1).orderQty(order.lots).price(order.ticks);
        message.side(order.side === 'buy' ? sbe.Side.Buy : sbe.Side.Sell);
        const { GoodTillCancel, ImmediateOrCancel } = sbe.TimeInForce;
        message.ordType(sbe.OrdType.Limit);
        message.timeInForce(order.isImmediate ? ImmediateOrCancel : GoodTillCancel);
      });
    };
    const orders = new Map<number, ReturnType<typeof nextOrder>>();
    for (let cut = 0; cut < CUTS; cut++) {
      for (let i = 0; i < ORDERS_A_CUT; i++) {
        trade();
        send(n++);
        if (random.chance(20)) await pause();
      }
      await client.cut();
      for (let i = random.below(4); i > 0; i--) trade();
      const unanswered = firstUnanswered(client);
      await established(client, unanswered);
      const { received } = client;
      const subscribed = received.length;
      for (let again = unanswered; again < n; again++) send(again);
      await client.until(() => firstUnanswered(client) === n, 'all is answered');
      expect(subscribed).toBeGreaterThan(0);
    }
    for (let i = 0; i < 20; i++) trade();
    await allTraded();
    const last = doors.gateway.folds.views.sequenceOf(1);
    const isTold = () => eventsOf(client).length >= last - 1;
    await client.until(isTold, 'it is told everything');
    const numbers = eventsOf(client).map(({ accountSeqNo }) => accountSeqNo);
    expect(numbers).toEqual(numbers.map((_, i) => (numbers[0] as number) + i));
    expect(viewOf(client)).toEqual(truth.of(1));
    expect(truth.of(1).fills.size).toBeGreaterThan(CUTS);
    // Market data ends with the connection, and begins with a snapshot again.
    client.send(new sbe.MarketDataRequestEncoder(), (message) => {
      message.marketId(1).action(sbe.SubscriptionAction.Subscribe);
    });
    const snapshot = await client.next(sbe.MarketDataSnapshotDecoder);
    const [bids, asks]: [number, number][][] = [[], []];
    const bidGroup = snapshot.bids();
    while (bidGroup.next()) bids?.push([bidGroup.price(), bidGroup.qty()]);
    const offerGroup = snapshot.offers();
    while (offerGroup.next()) asks?.push([offerGroup.price(), offerGroup.qty()]);
    expect({ bids, asks }).toEqual(truth.book());
  });

  /** Connects until the door has seen the end of the connection before, and asks for all that was missed. */
  async function established(client: FixpClient, nextSeqNo: number): Promise<void> {
    for (;;) {
      await client.connect();
      const answer = await client.establish(KEEPALIVE_MS, nextSeqNo);
      if (answer.templateId === sbe.EstablishmentAckDecoder.TEMPLATE_ID) break;
      await client.cut();
    }
    const server = client.all(sbe.EstablishmentAckDecoder).at(-1)?.nextSeqNo() ?? 1;
    const seen = new Set(client.received.map(({ seqNo }) => seqNo));
    let from = 1;
    while (seen.has(from)) from++;
    for (; from < server; from += 1_000)
      await client.askAgain(from, Math.min(1_000, server - from));
  }

  function once(client: FixpClient): Received[] {
    const bySeqNo = new Map(client.received.map((message) => [message.seqNo, message]));
    bySeqNo.delete(null);
    return [...bySeqNo.values()].sort((a, b) => (a.seqNo as number) - (b.seqNo as number));
  }

  function firstUnanswered(client: FixpClient): number {
    const answered = new Set<number>();
    for (const message of once(client)) {
      const report = read(message, sbe.ExecutionReportNewDecoder);
      if (report.hasRequestSeqNo()) answered.add(report.requestSeqNo());
    }
    let n = 1;
    while (answered.has(n)) n++;
    return n;
  }

  /** All numbered messages begin alike. */
  function eventsOf(client: FixpClient) {
    return once(client).flatMap((message) => {
      const report = read(message, sbe.ExecutionReportNewDecoder);
      return report.hasAccountSeqNo() ? [{ accountSeqNo: report.accountSeqNo(), message }] : [];
    });
  }

  function viewOf(client: FixpClient): AccountView {
    const { orders, fills } = {
      orders: new Map<number, number>(),
      fills: new Map<number, number>(),
    };
    let [positionLots, collateralMicroUsd] = [0, 0];
    for (const { message } of eventsOf(client)) {
      if (message.templateId === sbe.ExecutionReportNewDecoder.TEMPLATE_ID) {
        const report = read(message, sbe.ExecutionReportNewDecoder);
        orders.set(report.orderId(), report.orderQty());
      } else if (message.templateId === sbe.ExecutionReportCancelDecoder.TEMPLATE_ID) {
        orders.delete(read(message, sbe.ExecutionReportCancelDecoder).orderId());
      } else if (message.templateId === sbe.ExecutionReportTradeDecoder.TEMPLATE_ID) {
        const fill = read(message, sbe.ExecutionReportTradeDecoder);
        fills.set(fill.tradeId(), fill.lastQty());
        if (fill.leavesQty() === 0) orders.delete(fill.orderId());
        else orders.set(fill.orderId(), fill.leavesQty());
        positionLots = fill.position();
        collateralMicroUsd = fill.collateral();
      }
    }
    return {
      orders: sorted([...orders]),
      positionLots,
      collateralMicroUsd,
      fills: sorted([...fills]),
    };
  }
});
