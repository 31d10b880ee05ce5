import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CMD_ORACLE_PRICE } from '../engine/messages/types.js';
import { createShardCore } from '../main/compose.js';
import { applyMarkets, applySeed, collectSeed } from '../main/exchange/shard-seed.js';
import { PlimsollClient } from '../sdk/client.js';
import type { ServerMessage } from '../sdk/codec.js';
import { keyPairLogin } from '../sdk/login.js';
import type { Gateway } from './gateway.js';
import { newCoreGateway } from './testing/core-gateway.js';
import { CorePort, ROOMY } from './testing/core-port.js';
import { newTrader, type Trader, until } from './testing/exchange.js';

const STOP = {
  market: 'BTC-PERP',
  side: 'sell',
  qty: '0.010',
  orderType: 'stop_market',
  triggerPrice: '49000',
} as const;
const MONEY = 10_000_000_000;

describe.each(['json', 'msgpack'] as const)('trigger orders over %s', (codec) => {
  const core = () => createShardCore();
  let shard: ReturnType<typeof core>;
  let port: CorePort;
  let traders: Trader[];
  let gateways: Gateway[];
  let clients: PlimsollClient[];

  beforeEach(() => {
    shard = core();
    port = new CorePort(shard);
    gateways = [];
    clients = [];
    traders = [1, 2].map(newTrader);
  });
  afterEach(async () => {
    await Promise.all(clients.map((client) => client.close()));
    await Promise.all(gateways.map((gateway) => gateway.close()));
  });

  async function begin(seeded = false): Promise<string> {
    const gateway = newCoreGateway(port);
    gateways.push(gateway);
    if (seeded) {
      const seed = collectSeed(shard, shard.epoch);
      applyMarkets(seed, 0, gateway.seed);
      applySeed(seed, 0, gateway.seed, () => undefined);
    }
    const url = `ws://127.0.0.1:${await gateway.listen()}/v1`;
    if (seeded) return url;
    port.open(1, ROOMY, 500_000);
    for (const { account, publicKey } of traders) port.fund(account, publicKey, MONEY);
    return url;
  }

  async function client(url: string, account: number): Promise<PlimsollClient> {
    const { secretKey } = traders[account - 1] as Trader;
    const login = keyPairLogin(secretKey);
    const connected = await PlimsollClient.connect({ url, login, codec });
    clients.push(connected);
    await connected.subscribe('private');
    return connected;
  }

  function mark(ticks: number): void {
    port.command(CMD_ORACLE_PRICE, 1, 1, { W_PRICE: ticks, F_QTY: port.timeMs });
    port.flush();
  }

  it('are placed, listed, fired and filled', async () => {
    const url = await begin();
    const one = await client(url, 1);
    const other = await client(url, 2);
    const orders: ServerMessage[] = [];
    one.on('order', (message) => orders.push(message));
    const placed = await one.place({ ...STOP, clientOrderId: 'protect' });
    expect(placed).toMatchObject({ result: 'accepted', orderId: 1, qty: '0.010' });
    expect(placed).not.toHaveProperty('price');
    const again = await client(url, 1);
    expect([...again.account.orders.values()]).toEqual([
      {
        market: 'BTC-PERP',
        orderId: 1,
        clientOrderId: 'protect',
        side: 'sell',
        orderType: 'stop_market',
        timeInForce: 'ioc',
        postOnly: 'none',
        reduceOnly: false,
        qty: '0.010',
        remaining: '0.010',
        triggerPrice: '49000.0',
        triggerBy: 'mark',
      },
    ]);
    await other.place({ market: 'BTC-PERP', side: 'buy', price: '48900', qty: '1' });
    mark(490_000);
    await until(() => one.account.positions.size === 1, 'the stop has sold');
    expect(orders).toMatchObject([
      { event: 'accepted', orderId: 1, orderType: 'stop_market', triggerPrice: '49000.0' },
      { event: 'triggered', orderId: 1, clientOrderId: 'protect', triggerBy: 'mark' },
      { event: 'accepted', orderId: 3, triggerOrderId: 1, orderType: 'market' },
    ]);
    expect(one.account.orders.size).toBe(0);
    expect(one.account.positions.get('BTC-PERP')).toMatchObject({ position: '-0.010' });
  });

  it('tell their owner why they came to nothing', async () => {
    const url = await begin();
    const one = await client(url, 1);
    const orders: ServerMessage[] = [];
    one.on('order', (message) => orders.push(message));
    await one.place({ ...STOP, reduceOnly: true });
    mark(480_000);
    await until(() => orders.length === 3, 'all three events came');
    expect(orders[2]).toMatchObject({
      event: 'rejected',
      orderId: 1,
      code: 'reduce_only_order_would_not_reduce_position',
      message:
        'qty 0.010 of a reduce-only order would not reduce the position; 0.000 can be closed',
    });
    expect(one.account.orders.size).toBe(0);
  });

  it('trail, and end with their partner', async () => {
    const url = await begin();
    const one = await client(url, 1);
    const { market, side, qty } = STOP;
    const order = { market, side, qty, clientOrderId: 'trail' };
    const trailing = { ...order, orderType: 'trailing_stop_market' } as const;
    await one.place({ ...trailing, trailingRate: '0.02' });
    const { orderId } = await one.place({
      ...STOP,
      orderType: 'take_profit_market',
      triggerPrice: '60000',
      ocoClientOrderId: 'trail',
    });
    const again = await client(url, 1);
    const pair = [
      { orderType: 'trailing_stop_market', trailingRate: '0.020000', ocoOrderId: orderId },
      { orderType: 'take_profit_market', triggerPrice: '60000.0', ocoOrderId: 1 },
    ];
    const reader = await client(await begin(true), 1);
    for (const { account } of [again, reader]) {
      expect([...account.orders.values()]).toMatchObject(pair);
      expect([...account.orders.values()][0]).not.toHaveProperty('triggerPrice');
    }
    const orders: ServerMessage[] = [];
    reader.on('order', (message) => orders.push(message));
    mark(520_000);
    mark(509_600);
    await until(() => orders.length >= 4, 'one has fired and the other ended');
    expect(orders).toMatchObject([
      { event: 'triggered', orderId: 1, triggerPrice: '50960.0', trailingRate: '0.020000' },
      { event: 'canceled', orderId: 2, reason: 'oco' },
      { event: 'accepted', triggerOrderId: 1, clientOrderId: 'trail' },
      { event: 'canceled', reason: 'no_liquidity' },
    ]);
  });

  it('belong to a position', async () => {
    const url = await begin();
    const one = await client(url, 1);
    const other = await client(url, 2);
    const { market, side, orderType, triggerPrice } = STOP;
    const bracket = { market, side, orderType, triggerPrice, closePosition: true } as const;
    await expect(one.place(bracket)).rejects.toMatchObject({
      code: 'reduce_only_order_would_not_reduce_position',
    });
    await one.place({ market, side: 'buy', price: '50000', qty: '0.3' });
    await other.place({ market, side: 'sell', price: '50000', qty: '0.2' });
    const placed = await one.place(bracket);
    expect(placed).toMatchObject({ result: 'accepted', orderId: 3 });
    expect(placed).not.toHaveProperty('qty');
    await other.place({ market, side: 'sell', price: '50000', qty: '0.1' });
    const reader = await client(await begin(true), 1);
    const stop = reader.account.order(market, 3);
    expect(stop).toMatchObject({ orderType: 'stop_market', closePosition: true, reduceOnly: true });
    expect(stop).not.toHaveProperty('qty');
    const orders: ServerMessage[] = [];
    reader.on('order', (message) => orders.push(message));
    mark(490_000);
    await until(() => orders.length >= 3, 'the stop has fired');
    expect(orders).toMatchObject([
      { event: 'triggered', orderId: 3, qty: '0.300', closePosition: true },
      { event: 'accepted', triggerOrderId: 3, qty: '0.300', reduceOnly: true },
      { event: 'canceled', reason: 'no_liquidity', canceledQty: '0.300' },
    ]);
  });

  it('are refused in words, and canceled by either name', async () => {
    const url = await begin();
    const one = await client(url, 1);
    await expect(one.place({ ...STOP, triggerPrice: '50000' })).rejects.toMatchObject({
      code: 'trigger_price_would_trigger_immediately',
      message: 'triggerPrice 50000.0 would trigger at once: the price is 50000.0',
    });
    const limit = { ...STOP, orderType: 'stop_limit', price: '48000', triggerBy: 'index' } as const;
    await one.place({ ...limit, clientOrderId: 9 });
    await one.place({ ...STOP, side: 'buy', orderType: 'take_profit_market' });
    expect(await one.cancel({ market: 'BTC-PERP', clientOrderId: 9 })).toMatchObject({
      result: 'canceled',
      orderId: 1,
      canceledQty: '0.010',
    });
    expect(await one.cancelAll()).toMatchObject({ result: 'massCanceled', count: 1 });
    await until(() => one.account.orders.size === 0, 'no order is open');
  });

  it('are known to a gateway that starts later', async () => {
    await begin();
    const url = await begin(true);
    const one = await client(url, 1);
    await one.place({ ...STOP, clientOrderId: 'text', triggerBy: 'last' });
    const later = await client(await begin(true), 1);
    expect([...later.account.orders.values()]).toMatchObject([
      { orderId: 1, clientOrderId: 'text', orderType: 'stop_market', triggerBy: 'last' },
    ]);
    const { bids, asks } = later.book('BTC-PERP');
    expect([bids, asks]).toEqual([[], []]);
  });
});
