import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createShardCore } from '../main/compose.js';
import { PlimsollClient } from '../sdk/client.js';
import type { ServerMessage } from '../sdk/codec.js';
import { keyPairLogin } from '../sdk/login.js';
import type { Gateway } from './gateway.js';
import { newCoreGateway } from './testing/core-gateway.js';
import { CorePort, ROOMY } from './testing/core-port.js';
import { newTrader, type Trader, until } from './testing/exchange.js';
import { ODD } from './testing/test-market.js';

const BUY = { market: 'BTC-PERP', side: 'buy', price: '50000.0', qty: '0.010' } as const;
const SELL = { ...BUY, side: 'sell' } as const;
const MONEY = 10_000_000_000;

let gateway: Gateway;
let port: CorePort;
let url: string;
let traders: Trader[];
const clients: PlimsollClient[] = [];

beforeEach(async () => {
  port = new CorePort(createShardCore());
  gateway = newCoreGateway(port);
  url = `ws://127.0.0.1:${await gateway.listen()}/v1`;
  port.open(1, ROOMY, 500_000);
  port.open(2, ODD, 400);
  traders = [1, 2, 3].map(newTrader);
  for (const { account, publicKey } of traders) port.fund(account, publicKey, MONEY);
});
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
  await gateway.close();
});

async function client(account: number): Promise<PlimsollClient> {
  const { secretKey } = traders[account - 1] as Trader;
  const login = keyPairLogin(secretKey);
  const connected = await PlimsollClient.connect({ url, login, codec: 'msgpack' });
  clients.push(connected);
  return connected;
}

describe('the gateway in front of a real shard', () => {
  it('shows money, positions and fills as the margin actor has them', async () => {
    const maker = await client(1);
    const taker = await client(2);
    const fills: ServerMessage[] = [];
    for (const one of [maker, taker]) {
      one.on('fill', (fill) => fills.push(fill));
      await one.subscribe('private');
    }
    expect(maker.account.collateral).toBe('10000.000000');
    await maker.place({ ...BUY, clientOrderId: 'quote-1' });
    await taker.place({ ...SELL, orderType: 'market', price: undefined as never, qty: '0.004' });
    await until(() => fills.length === 2, 'both fills came');
    expect(fills.find(({ maker: made }) => made)).toMatchObject({
      clientOrderId: 'quote-1',
      price: '50000.0',
      qty: '0.004',
      position: '0.004',
      entryValue: '200.0000',
    });
    expect(taker.account.positions.get('BTC-PERP')).toMatchObject({ position: '-0.004' });
    const again = await client(2);
    await again.subscribe('private');
    expect(again.account.positions.get('BTC-PERP')).toMatchObject({ position: '-0.004' });
    expect(again.account.collateral).toBe(taker.account.collateral);
    expect(again.account.accountSequence).toBe(taker.account.accountSequence);
  });

  it('explains rejections of the shard with field, value and limit', async () => {
    const one = await client(1);
    const rejected = (order: object) =>
      one.place({ ...BUY, ...order }).then(
        () => 'accepted',
        (error) => `${error.code}: ${error.message}`,
      );
    expect(await rejected({ price: '60000' })).toBe(
      'price_ticks_must_not_exceed_upper_band: price of a buy must be at most 55000.0, the upper price band, but is 60000.0',
    );
    expect(await rejected({ qty: '100' })).toMatch(/^insufficient_margin: .* 10000\.000000$/);
    expect(await rejected({ reduceOnly: true })).toMatch(/^reduce_only_order_would_not_reduce/);
    expect(await rejected({ deadline: 1 })).toMatch(/^receive_window_has_passed: the deadline 1 /);
    expect(await rejected({ timeInForce: 'gtd', expiresAt: 5 })).toMatch(
      /^expiry_time_must_be_in_the_future: expiresAt .* 5$/,
    );
  });

  it('answers a cancel of all markets once, also when a market refuses', async () => {
    const one = await client(1);
    await one.place(BUY);
    await one.place({ ...BUY, market: 'ODD-PERP', price: '100.25', qty: '1.0' });
    expect(await one.cancelAll()).toMatchObject({ result: 'massCanceled', count: 2 });
    expect(await one.cancelAll()).toMatchObject({ count: 0 });
    await one.place(BUY);
    port.command(37, 1, 2, { W_FLAGS: 5 });
    port.flush();
    await expect(one.cancelAll()).rejects.toMatchObject({
      code: 'market_does_not_accept_cancels',
      message: 'ODD-PERP accepts no cancels in its present state',
    });
    expect(await one.cancelAll({ market: 'BTC-PERP' })).toMatchObject({ count: 0 });
  });

  it('cancels everything of who does not come back in time', async () => {
    const one = await client(1);
    const told: ServerMessage[] = [];
    one.on('cancelAllAfter', (message) => told.push(message));
    await one.subscribe('private');
    await one.place(BUY);
    await one.place({ ...BUY, market: 'ODD-PERP', price: '100.25', qty: '1.0' });
    const ack = await one.cancelAllAfter(30_000);
    expect(ack).toMatchObject({ result: 'done', expiresAt: port.timeMs + 30_000 });
    expect(ack).not.toHaveProperty('accountSequence');
    expect((await one.cancelAllAfter(0)).expiresAt).toBeUndefined();
    await one.cancelAllAfter(1_000);
    port.timeMs += 1_000;
    port.command(39, 1, 0, {});
    port.flush();
    await until(() => told.length === 1 && one.account.orders.size === 0, 'the switch fell');
    await expect(one.cancelAllAfter(86_400_001)).rejects.toMatchObject({
      code: 'countdown_ms_must_be_within_0_and_limit',
      message: 'timeout must be a whole number of milliseconds from 0 to 86400000, but is 86400001',
    });
    await expect(one.cancelAllAfter(undefined as never)).rejects.toMatchObject({
      code: 'field_is_missing',
    });
  });

  it('cancels everything of a connection that asked for it when it ends, and of no other', async () => {
    const watcher = await client(1);
    await watcher.subscribe('private');
    const { secretKey } = traders[0] as Trader;
    const options = { url, login: keyPairLogin(secretKey), reconnect: false };
    const careless = await PlimsollClient.connect(options);
    const careful = await PlimsollClient.connect({ ...options, cancelOnDisconnect: true });
    await careful.place(BUY);
    await careful.place({ ...BUY, market: 'ODD-PERP', price: '100.25', qty: '1.0' });
    await until(() => watcher.account.orders.size === 2, 'both are told');
    careless.drop();
    await until(() => gateway.stats().connections === 2, 'one has gone');
    expect(watcher.account.orders.size).toBe(2);
    careful.drop();
    await until(() => watcher.account.orders.size === 0, 'its orders went with the other');
  });

  it('knows a retry by its client id, as text and as number, open or closed', async () => {
    const one = await client(1);
    for (const clientOrderId of ['text', 77]) {
      const { orderId } = await one.place({ ...BUY, clientOrderId });
      const open = await one.place({ ...BUY, clientOrderId });
      expect(open).toMatchObject({ result: 'duplicate', orderId });
      await one.amend({ market: 'BTC-PERP', clientOrderId, price: '49000' });
      await one.cancel({ market: 'BTC-PERP', clientOrderId });
      const closed = await one.place({ ...BUY, clientOrderId });
      expect(closed).toMatchObject({ result: 'duplicate', orderId });
    }
  });

  it('announces marks and states', async () => {
    const one = await client(1);
    const marks: ServerMessage[] = [];
    const states: ServerMessage[] = [];
    one.on('mark', (message) => marks.push(message));
    one.on('marketState', (message) => states.push(message));
    await one.subscribe('mark.BTC-PERP');
    await one.subscribe('marketState');
    port.command(38, 1, 1, { W_PRICE: 510_000, F_QTY: port.timeMs });
    port.command(37, 1, 2, { W_FLAGS: 3 });
    port.flush();
    await until(() => marks.length === 1 && states.length === 1, 'both were announced');
    expect(marks[0]).toMatchObject({ markPrice: '51000.0', indexPrice: '51000.0' });
    expect(states[0]).toMatchObject({ states: { 'ODD-PERP': 'cancel_only' } });
  });
});
