import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ShardPort } from '../engine/shard/shard-port.js';
import type { PlimsollClient } from '../sdk/client.js';
import { MSG, TAG } from './fix/codec/tags.js';
import * as sbe from './fixp/generated/index.js';
import { KEEPALIVE_MS } from './fixp/testing/fixp-client.js';
import { place } from './fixp/testing/place-order.js';
import { LOAD, SLOW_PUBLIC_MS } from './session/load-levels.js';
import { AllDoors, NO_RATES } from './testing/all-doors.js';
import { doorDrivers } from './testing/door-drivers.js';
import { until } from './testing/exchange.js';

/** Small rings, of which a quarter is kept for cancels; commands with names as text take two slots. */
const RING_SLOTS = 64;
const RESTING = 6;
const ORDERS = 80;
const FAR_BUY = { market: 'BTC-PERP', side: 'buy', price: '40000', qty: '0.010' } as const;

let doors: AllDoors;

beforeEach(async () => {
  doors = new AllDoors({ ringSlots: RING_SLOTS, limits: NO_RATES });
  await doors.start();
});
afterEach(async () => {
  doors.release();
  await doors.close();
  expect(doors.errors).toEqual([]);
});

const openOrders = () => doors.gateway.stats().openOrders;

describe('a shard that reads nothing any more', () => {
  it.each(doorDrivers())(
    'refuses orders and takes cancels, and each is answered: %s',
    async (_, door) => {
      await door.begin(doors);
      for (let n = 1; n <= RESTING; n++) door.place(n);
      await until(() => door.outcomes().accepted === RESTING, 'some orders rest');
      doors.held = true;
      const before = doors.taken;
      for (let n = 1; n <= ORDERS; n++) door.place(RESTING + n);
      await until(() => door.outcomes().busy > 0, 'the ring leaves no room for orders');
      for (let n = 1; n <= RESTING; n++) door.cancel(n);
      // What is refused is said at once.
      const inRing = RING_SLOTS * 0.75;
      await until(
        () => door.outcomes().busy >= ORDERS - inRing,
        'those that are too many are refused',
      );
      const isInRing = () => doors.taken - before === ORDERS + RESTING - door.outcomes().busy;
      await until(isInRing, 'all else is in the ring');
      const isShown = () => doors.gateway.stats().loadLevel === LOAD.orders_refused;
      await until(isShown, 'the level has risen');
      const { busy } = door.outcomes();
      expect(busy).toBeLessThan(ORDERS);
      expect(doors.gateway.stats()).toMatchObject({
        loadLevel: LOAD.orders_refused,
        shedRequests: busy,
      });
      doors.release();
      const all = { accepted: RESTING + ORDERS - busy, canceled: RESTING, busy };
      await until(() => door.outcomes().canceled === RESTING, 'all cancels came through');
      await until(() => door.outcomes().accepted === all.accepted, 'all orders are answered');
      expect(door.outcomes()).toEqual(all);
      expect(openOrders()).toBe(all.accepted - RESTING);
      // When it is over, it is over.
      await until(() => doors.gateway.stats().loadLevel === LOAD.normal, 'the level has fallen');
      door.place(RESTING + ORDERS + 1);
      await until(() => door.outcomes().accepted === all.accepted + 1, 'orders are taken again');
    },
  );

  it.each(doorDrivers())(
    'takes cancels for which there is no room at all, in their order: %s',
    async (_, door) => {
      await door.begin(doors);
      const count = RING_SLOTS + 20;
      for (let n = 1; n <= count; n++) {
        door.place(n);
        // A turn of the event loop must not bring more than the ring takes.
        if (n % 12 === 0 || n === count) {
          await until(() => door.outcomes().accepted === n, 'the orders rest');
        }
      }
      doors.held = true;
      for (let n = 1; n <= count; n++) door.cancel(n);
      await until(() => doors.gateway.folds.load.cancels.slots > 0, 'some wait');
      door.place(count + 1);
      await until(() => door.outcomes().busy === 1, 'nothing else is let in');
      doors.release();
      await until(() => door.outcomes().canceled === count, 'all cancels came through');
      expect(openOrders()).toBe(0);
      expect(doors.gateway.folds.load.cancels.slots).toBe(0);
      expect(door.outcomes()).toEqual({ accepted: count, canceled: count, busy: 1 });
    },
  );

  it('lets a batch of cancels in where one with an order is refused, and questions neither', async () => {
    const client = await doors.native(1);
    const [first, second] = [await client.place(FAR_BUY), await client.place(FAR_BUY)];
    await fill(client);
    const cancel = (orderId: unknown) => {
      return { op: 'cancel' as const, market: 'BTC-PERP', orderId: orderId as number };
    };
    const mixed = client.batch([cancel(first.orderId), { op: 'place', ...FAR_BUY }]);
    await expect(mixed).rejects.toMatchObject({ code: 'busy' });
    await expect(client.orderStatus({ market: 'BTC-PERP', orderId: 1 })).rejects.toMatchObject({
      code: 'busy',
    });
    const answers = client.batch([cancel(first.orderId), cancel(second.orderId)]);
    const all = client.cancelAll();
    await client.ping();
    doors.release();
    expect(await answers).toMatchObject([
      { value: { result: 'canceled' } },
      { value: { result: 'canceled' } },
    ]);
    expect(await all).toMatchObject({ result: 'massCanceled' });
    expect(openOrders()).toBe(0);
  });
});

describe('public data under load', () => {
  it('comes less often at all doors, and nothing of it is missing', async () => {
    const [native, fixp] = [await doors.native(1), doors.fixpClient(1)];
    const fix = await doors.fixClient(1);
    const binance = await doors.socket('/ws/btcusdt@bookTicker');
    await fixp.begin();
    fixp.send(new sbe.MarketDataRequestEncoder(), (message) => {
      message.marketId(1).action(sbe.SubscriptionAction.Subscribe);
    });
    fix.send(MSG.MarketDataRequest, MARKET_DATA);
    await fix.until(({ type }) => type === MSG.MarketDataSnapshot);
    await fixp.next(sbe.MarketDataSnapshotDecoder);
    await native.subscribe('book.BTC-PERP');
    await native.subscribe('trades.BTC-PERP');
    const deltas: unknown[] = [];
    const trades: number[] = [];
    native.on('bookDelta', (message) => deltas.push(message));
    native.on('trades', (message) => {
      for (const [tradeId] of message.trades) trades.push(tradeId);
    });
    // Another ring that is not read fast enough, of whichever door.
    const { load } = doors.gateway.folds;
    load.watch([slowPort]);
    await until(() => load.level === LOAD.public_slow, 'the level has risen');
    const begin = performance.now();
    for (let i = 0; i < 60; i++) {
      // Half of it stays in the book.
      await native.place({ ...FAR_BUY, side: 'sell', price: `${50_000 + (i % 7)}`, qty: '0.020' });
      await native.place({
        ...FAR_BUY,
        price: '50006',
        timeInForce: 'ioc',
        selfTradePrevention: 'none',
      });
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await until(() => trades.length === 60, 'all trades are told');
    const told = () => ({
      native: deltas.length,
      fixp: fixp.all(sbe.MarketDataIncrementalDecoder).length,
      fix: fix.received.filter(({ type }) => type === MSG.MarketDataIncremental).length,
      binance: binance.messages.length,
    });
    await until(() => Object.values(told()).every((count) => count > 0), 'each told something');
    const most = Math.floor((performance.now() - begin) / SLOW_PUBLIC_MS) + 2;
    for (const [door, count] of Object.entries(told())) {
      expect(count, `${door}: at most ${most}`).toBeLessThanOrEqual(most);
    }
    expect(trades).toEqual(trades.map((_, i) => i + 1));
    expect(native.book('BTC-PERP').valid).toBe(true);
    expect(doors.gateway.stats().slowTicks).toBeGreaterThan(0);
    // None of it was an order's fault: they were all taken.
    expect(doors.gateway.stats().shedRequests).toBe(0);
  });
});

const MARKET_DATA: [number, string | number][] = [
  [TAG.MDReqID, 'book'],
  [TAG.SubscriptionRequestType, 1],
  [TAG.MarketDepth, 0],
  [TAG.MDUpdateType, 1],
  [TAG.NoMDEntryTypes, 2],
  [TAG.MDEntryType, 0],
  [TAG.MDEntryType, 1],
  [TAG.NoRelatedSym, 1],
  [TAG.Symbol, 'BTC-PERP'],
];
/** A third full. */
const slowPort: ShardPort = {
  portId: 9,
  trySend: () => false,
  trySendAll: () => false,
  flush: () => {},
  onEvents: () => {},
  occupancy: () => ({ inbound: 1 / 3, outbound: 0 }),
};

/** Orders until there is room for cancels alone. */
async function fill(client: PlimsollClient): Promise<void> {
  doors.held = true;
  let busy = 0;
  for (let i = 0; i < RING_SLOTS; i++) client.place(FAR_BUY).catch(() => busy++);
  await until(() => busy > 0, 'there is no room for orders');
}

/** Nothing finds room any more, cancels neither. */
async function fillUp(client: PlimsollClient): Promise<void> {
  await fill(client);
  for (let i = 0; i < RING_SLOTS; i++) {
    client.cancel({ market: 'BTC-PERP', orderId: 1e9 }).catch(() => {});
  }
  await client.ping();
  expect(doors.gateway.folds.load.cancels.slots).toBeGreaterThan(0);
}

describe('what nobody asks for again is tried until there is room', () => {
  it('cancels on disconnect of the native door', async () => {
    const client = await doors.native(1);
    const gone = await doors.native(2, { cancelOnDisconnect: true, reconnect: false });
    for (let i = 0; i < 3; i++) await gone.place(FAR_BUY);
    await fillUp(client);
    gone.drop();
    await new Promise((resolve) => setTimeout(resolve, 50));
    doors.release();
    await until(() => ordersOf(2) === 0, 'its orders are gone');
  });

  it('cancels on disconnect of the binary door, of several sessions', async () => {
    const { AllOrders } = sbe.CancelOnDisconnect;
    const sessions = [2, 3].map((account) => doors.fixpClient(account));
    for (const session of sessions) {
      await session.connect();
      await session.negotiate();
      await session.establish(KEEPALIVE_MS, 1, Date.now(), AllOrders);
      for (let i = 0; i < 2; i++) place(session, { price: 400_000 });
    }
    await until(() => openOrders() === 4, 'their orders rest');
    const busy = doors.fixpClient(1);
    await busy.begin();
    doors.held = true;
    for (let i = 0; i <= RING_SLOTS; i++) {
      busy.send(new sbe.OrderCancelRequestEncoder(), (message) => message.marketId(1).orderId(1e9));
    }
    await until(() => doors.gateway.folds.load.cancels.slots > 0, 'its ring is full');
    for (const session of sessions) await session.cut();
    await new Promise((resolve) => setTimeout(resolve, 150));
    doors.release();
    await until(() => openOrders() === 0, 'their orders are gone');
  });

  it('the countdown of the Binance door', async () => {
    const binance = doors.binance(2);
    const gone = await doors.native(2);
    await gone.place(FAR_BUY);
    const client = await doors.native(1);
    await fillUp(client);
    await binance.must('POST', '/fapi/v1/countdownCancelAll', {
      symbol: 'BTCUSDT',
      countdownTime: 1,
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(ordersOf(2)).toBe(1);
    doors.release();
    await until(() => ordersOf(2) === 0, 'the order is gone');
  });
});

function ordersOf(account: number): number {
  return doors.gateway.folds.openOrders.ofAccount(account).length;
}
