import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CMD_TIMER } from '../engine/messages/types.js';
import { createShardCore } from '../main/compose.js';
import { applyMarkets, applySeed, collectSeed } from '../main/exchange/shard-seed.js';
import { PlimsollClient } from '../sdk/client.js';
import type { ServerMessage } from '../sdk/codec.js';
import { keyPairLogin } from '../sdk/login.js';
import type { Gateway } from './gateway.js';
import { newCoreGateway } from './testing/core-gateway.js';
import { CorePort, ROOMY } from './testing/core-port.js';
import { newTrader, type Trader, until } from './testing/exchange.js';
import { RequestHarness } from './testing/request-harness.js';

const SCALED = {
  market: 'BTC-PERP',
  side: 'buy',
  price: '49900',
  lastPrice: '49000',
  qty: '0.061',
  count: 3,
} as const;
const TWAP = {
  market: 'BTC-PERP',
  side: 'buy',
  qty: '0.040',
  duration: 40_000,
  slices: 4,
} as const;
const MONEY = 10_000_000_000;

describe.each(['json', 'msgpack'] as const)('orders that make orders, over %s', (codec) => {
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

  function timersAfter(ms: number): void {
    port.timeMs += ms;
    while (shard.nextTimerMs() <= port.timeMs) {
      port.command(CMD_TIMER, 1, 0, {});
      port.flush();
    }
  }

  it('place a scaled order, list what it made, and cancel all of that by one id', async () => {
    const one = await client(await begin(), 1);
    const told: ServerMessage[] = [];
    one.on('message', (message) => told.push(message));
    const placed = await one.placeScaled({ ...SCALED, distribution: 'rising', clientOrderId: 's' });
    expect(placed).toMatchObject({
      result: 'accepted',
      orderId: 1,
      clientOrderId: 's',
      price: '49900.0',
      qty: '0.061',
      count: 3,
    });
    await until(() => told.length === 4, 'the order and its three are told');
    expect(told).toMatchObject([
      { type: 'parent', event: 'accepted', kind: 'scaled', orderId: 1, lastPrice: '49000.0' },
      { event: 'accepted', orderId: 2, parentOrderId: 1, price: '49900.0', qty: '0.011' },
      { event: 'accepted', orderId: 3, parentOrderId: 1, price: '49450.0', qty: '0.020' },
      { event: 'accepted', orderId: 4, parentOrderId: 1, price: '49000.0', qty: '0.030' },
    ]);
    expect(one.account.orders.size).toBe(3);
    const canceled = await one.cancel({ market: 'BTC-PERP', clientOrderId: 's' });
    expect(canceled).toMatchObject({ result: 'canceled', orderId: 1, canceledQty: '0.061' });
    await until(() => one.account.orders.size === 0, 'all of them are gone');
    await until(() => told.at(-1)?.type === 'parent', 'its end is told');
    expect(told.at(-1)).toMatchObject({ type: 'parent', event: 'ended', reason: 'user' });
  });

  it('run a TWAP, show how far it is, and tell what it has bought at its end', async () => {
    const url = await begin();
    const one = await client(url, 1);
    const other = await client(url, 2);
    const parents: ServerMessage[] = [];
    await other.place({ market: 'BTC-PERP', side: 'sell', price: '50000', qty: '0.015' });
    await other.place({ market: 'BTC-PERP', side: 'sell', price: '50100', qty: '1' });
    expect(await one.placeTwap({ ...TWAP, clientOrderId: 7 })).toMatchObject({
      result: 'accepted',
      orderId: 3,
      count: 4,
    });
    timersAfter(0);
    await until(() => one.account.positions.size === 1, 'the first slice has bought');
    const expected = [
      {
        market: 'BTC-PERP',
        orderId: 3,
        clientOrderId: '7',
        side: 'buy',
        reduceOnly: false,
        qty: '0.040',
        remaining: '0.030',
        count: 4,
        endsAt: port.timeMs + 40_000,
      },
    ];
    const again = await client(url, 1);
    const later = await client(await begin(true), 1);
    for (const { account } of [again, later]) {
      expect([...account.twaps.values()]).toEqual(expected);
    }
    // From here on the shard tells the gateway that came last.
    later.on('parent', (message) => parents.push(message));
    for (let i = 0; i < 3; i++) timersAfter(10_000);
    await until(() => later.account.twaps.size === 0, 'it has ended');
    expect(parents).toMatchObject([
      {
        event: 'ended',
        kind: 'twap',
        clientOrderId: '7',
        qty: '0.040',
        remaining: '0.000',
        reason: 'none',
        filledValue: '2002.5000',
        averagePrice: '50062.50000',
      },
    ]);
    expect(later.account.positions.get('BTC-PERP')).toMatchObject({ position: '0.040' });
  });

  it('tell of a slice that could not be borne', async () => {
    const url = await begin();
    const one = await client(url, 1);
    const other = await client(url, 2);
    const orders: ServerMessage[] = [];
    one.on('order', (message) => orders.push(message));
    await other.place({ market: 'BTC-PERP', side: 'sell', price: '50000', qty: '5' });
    const { orderId } = await one.placeTwap({ ...TWAP, qty: '40' });
    timersAfter(0);
    await until(() => orders.length === 1, 'the slice was refused');
    expect(orders[0]).toMatchObject({ event: 'rejected', orderId, code: 'insufficient_margin' });
    expect(await one.cancelAll()).toMatchObject({ result: 'massCanceled', count: 1 });
  });
});

describe.each(['json', 'msgpack'] as const)('brackets over %s', (codec) => {
  let shard: ReturnType<typeof createShardCore>;
  let port: CorePort;
  let trader: Trader;
  let other: Trader;
  const open: { close(): Promise<void> }[] = [];

  beforeEach(() => {
    shard = createShardCore();
    port = new CorePort(shard);
    [trader, other] = [newTrader(1), newTrader(2)];
  });
  afterEach(async () => {
    for (const one of open.splice(0).reverse()) await one.close();
  });

  async function gateway(isFirst: boolean): Promise<string> {
    const made = newCoreGateway(port, {});
    open.push(made);
    if (isFirst) {
      const url = `ws://127.0.0.1:${await made.listen()}/v1`;
      port.open(1, ROOMY, 500_000);
      for (const { account, publicKey } of [trader, other]) port.fund(account, publicKey, MONEY);
      return url;
    }
    const seed = collectSeed(shard, shard.epoch);
    applyMarkets(seed, 0, made.seed);
    applySeed(seed, 0, made.seed, () => undefined);
    return `ws://127.0.0.1:${await made.listen()}/v1`;
  }

  async function client(url: string, { secretKey }: Trader): Promise<PlimsollClient> {
    const login = keyPairLogin(secretKey);
    const made = await PlimsollClient.connect({ url, login, codec });
    open.push(made);
    await made.subscribe('private');
    return made;
  }

  it('are attached, armed by fills, shown after a restart, and resized', async () => {
    const url = await gateway(true);
    const one = await client(url, trader);
    const two = await client(url, other);
    const entry = { market: 'BTC-PERP', side: 'buy', price: '49900', qty: '0.030' } as const;
    const legs = { takeProfitPrice: '52000', takeProfitLimit: '51990', stopLossPrice: '49000' };
    await one.place({ ...entry, ...legs, stopLossBy: 'last', clientOrderId: 'e' });
    const attached = {
      orderId: 1,
      takeProfitPrice: '52000.0',
      takeProfitLimit: '51990.0',
      takeProfitBy: 'mark',
      stopLossPrice: '49000.0',
      stopLossBy: 'last',
    };
    await until(() => one.account.order('BTC-PERP', 1)?.stopLossBy === 'last', 'it is told');
    expect(one.account.order('BTC-PERP', 1)).toMatchObject(attached);
    await two.place({ ...entry, side: 'sell', qty: '0.010' });
    await until(() => one.account.orders.size === 3, 'both legs wait');
    const later = await client(await gateway(false), trader);
    const waiting = [
      { ...attached, remaining: '0.020' },
      {
        orderId: 3,
        orderType: 'take_profit_limit',
        price: '51990.0',
        qty: '0.010',
        reduceOnly: true,
        parentOrderId: 1,
      },
      { orderId: 4, orderType: 'stop_market', triggerBy: 'last', qty: '0.010', parentOrderId: 1 },
    ];
    for (const { account } of [one, later]) {
      expect([...account.orders.values()]).toMatchObject(waiting);
      expect([...account.orders.values()][2]).not.toHaveProperty('trailingAmount');
    }
    await (await client(await gateway(false), other)).place({
      ...entry,
      side: 'sell',
      qty: '0.020',
    });
    const last = await client(await gateway(false), trader);
    expect([...last.account.orders.values()]).toMatchObject([
      { orderId: 3, qty: '0.030' },
      { orderId: 4, qty: '0.030' },
    ]);
  });

  it('tell of another size in the feed', async () => {
    const url = await gateway(true);
    const one = await client(url, trader);
    const two = await client(url, other);
    const orders: ServerMessage[] = [];
    one.on('order', (message) => orders.push(message));
    const entry = { market: 'BTC-PERP', side: 'buy', price: '49900', qty: '0.030' } as const;
    await one.place({ ...entry, stopLossPrice: '49000' });
    await two.place({ ...entry, side: 'sell', qty: '0.010' });
    await two.place({ ...entry, side: 'sell', qty: '0.020' });
    await until(() => orders.length === 3, 'the stop is told twice');
    expect(orders.slice(1)).toMatchObject([
      { event: 'accepted', orderId: 3, qty: '0.010', parentOrderId: 1 },
      { event: 'amended', orderId: 3, qty: '0.030', remaining: '0.030', parentOrderId: 1 },
    ]);
    expect(one.account.order('BTC-PERP', 3)).toMatchObject({ qty: '0.030' });
  });
});

const ENTRY = { market: 'BTC-PERP', side: 'buy', price: '49900', qty: '0.030' } as const;

/** One row for each way: what is asked, what is changed, and the code that must answer. */
const WRONG: [string, 'place' | 'placeScaled' | 'placeTwap', object, string][] = [
  ['limit without profit', 'place', { takeProfitLimit: '5' }, 'field_is_missing'],
  ['source without stop', 'place', { stopLossBy: 'last' }, 'field_is_missing'],
  [
    'bracket of a stop',
    'place',
    { orderType: 'stop_limit', triggerPrice: '51000', stopLossPrice: '5' },
    'flags_are_contradictory',
  ],
  [
    'bracket of a closing order',
    'place',
    { reduceOnly: true, stopLossPrice: '5' },
    'flags_are_contradictory',
  ],
  ['stop off tick', 'place', { stopLossPrice: '5.05' }, 'price_must_be_multiple_of_tick'],
  ['wild source', 'place', { stopLossPrice: '5', stopLossBy: 'bid' }, 'value_is_not_allowed'],
  ['no side', 'placeScaled', { side: undefined }, 'field_is_missing'],
  ['no last price', 'placeScaled', { lastPrice: undefined }, 'field_is_missing'],
  ['last price off tick', 'placeScaled', { lastPrice: '1.05' }, 'price_must_be_multiple_of_tick'],
  ['no count', 'placeScaled', { count: undefined }, 'field_is_missing'],
  ['one order', 'placeScaled', { count: 1 }, 'integer_must_be_within_limits'],
  ['too many orders', 'placeScaled', { count: 51 }, 'integer_must_be_within_limits'],
  ['wild distribution', 'placeScaled', { distribution: 'bell' }, 'value_is_not_allowed'],
  ['ioc', 'placeScaled', { timeInForce: 'ioc' }, 'flags_are_contradictory'],
  ['gtd without a time', 'placeScaled', { timeInForce: 'gtd' }, 'field_is_missing'],
  ['time without gtd', 'placeScaled', { expiresAt: 5 }, 'flags_are_contradictory'],
  ['range', 'placeScaled', { lastPrice: '49899.9' }, 'scaled_range_ticks_must_reach_limit'],
  ['lots', 'placeScaled', { qty: '0.002' }, 'qty_lots_must_give_each_child_order_a_lot'],
  [
    'notional',
    'placeScaled',
    { price: '100', lastPrice: '90' },
    'notional_micro_usd_must_reach_minimum',
  ],
  ['trigger price', 'placeScaled', { triggerPrice: '9' }, 'field_is_unknown'],
  ['no duration', 'placeTwap', { duration: undefined }, 'field_is_missing'],
  ['neither slices nor interval', 'placeTwap', { slices: undefined }, 'flags_are_contradictory'],
  ['slices and interval', 'placeTwap', { interval: 10_000 }, 'flags_are_contradictory'],
  [
    'no whole number of slices',
    'placeTwap',
    { slices: undefined, interval: 9_000 },
    'value_is_not_allowed',
  ],
  [
    'one slice',
    'placeTwap',
    { slices: undefined, interval: 40_000 },
    'twap_slices_must_be_within_2_and_limit',
  ],
  ['too short', 'placeTwap', { duration: 3_999 }, 'twap_duration_ms_must_be_at_least_limit'],
  ['too long', 'placeTwap', { duration: 86_400_001 }, 'integer_must_be_within_limits'],
  ['post-only', 'placeTwap', { postOnly: 'reject' }, 'field_is_unknown'],
];

describe('orders that make orders', () => {
  it.each(WRONG)('are refused at the door: %s of %s', (_what, op, change, code) => {
    const harness = new RequestHarness();
    const good = { place: ENTRY, placeScaled: SCALED, placeTwap: TWAP }[op];
    const [answer] = harness.json(JSON.stringify({ op, id: 1, ...good, ...change }));
    expect(answer).toMatchObject({ type: 'error', id: 1, code });
    expect(harness.port.sent).toBe(0);
  });

  it('pass the door when all is right', () => {
    const harness = new RequestHarness();
    harness.json(JSON.stringify({ op: 'placeScaled', id: 1, ...SCALED }));
    const { slices: _slices, ...timed } = TWAP;
    harness.json(JSON.stringify({ op: 'placeTwap', id: 2, ...timed, interval: 5_000 }));
    harness.json(JSON.stringify({ op: 'place', id: 3, ...ENTRY, stopLossPrice: '49000' }));
    expect(harness.port.sent).toBe(3);
  });
});
