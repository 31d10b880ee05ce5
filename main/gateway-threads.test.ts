import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { snapshotDirectory } from '../engine/runtime/journal/directories.js';
import { CLOSE } from '../gateway/protocol/close-codes.js';
import type { PlimsollClient } from '../sdk/client.js';
import { type AccountKey, connect, newAccount } from './testing/accounts.js';
import { ExchangeProcess } from './testing/exchange-process.js';
import {
  block,
  closeClients,
  connectTo,
  crash,
  isReplaced,
  kept,
  MARKET,
  request,
  scratch,
  showConnections,
  stall,
  start,
  threadsOf,
  tidyUp,
} from './testing/gateway-threads.fixture.js';
import { withoutFunding } from './testing/no-funding.js';

const SANDBOX = ['--oracle', 'manual', '--no-bots'];
const CLIENTS = 40;
const ORDERS_EACH = 60;

/** What a client knows of its account. */
function viewOf({ account }: PlimsollClient) {
  const { collateral, orders, positions } = account;
  return {
    collateral,
    orders: [...orders.values()]
      .map(({ orderId, price, remaining, side }) => ({ orderId, price, remaining, side }))
      .sort((a, b) => a.orderId - b.orderId),
    positions: [...positions.values()]
      .filter(({ position }) => Number(position) !== 0)
      .map(({ entryValue, market, position }) => ({ entryValue, market, position })),
  };
}

/** The accounts as somebody sees them who comes now. */
async function freshViews(exchange: ExchangeProcess, keys: readonly AccountKey[]) {
  const views = [];
  for (const key of keys) {
    const client = await connect(exchange, key);
    await client.subscribe('private');
    await expect.poll(() => client.account.collateral).not.toBe('');
    views.push(viewOf(client));
    await client.close();
  }
  return views;
}

afterEach(tidyUp);

/** A trader who places around the price, now and then cancels all, and writes down what he hears. */
class Trader {
  readonly client: PlimsollClient;
  readonly key: AccountKey;
  /** Numbers of the account's events, as they came. */
  readonly sequences: number[] = [];
  readonly fills = new Set<number>();
  readonly resumed: boolean[] = [];
  cuts = 0;
  private seed: number;

  constructor(client: PlimsollClient, key: AccountKey) {
    this.client = client;
    this.key = key;
    this.seed = key.accountId;
    client.on(
      'message',
      (message: { type: string; accountSequence?: number; tradeId?: number }) => {
        if (message.accountSequence === undefined || message.type.endsWith('Snapshot')) return;
        this.sequences.push(message.accountSequence);
        if (message.type === 'fill') this.fills.add(message.tradeId as number);
      },
    );
    client.on('resumed', (channel: string, isComplete: boolean) => {
      if (channel === 'private') this.resumed.push(isComplete);
    });
    client.on('disconnected', () => {
      this.cuts++;
    });
  }

  async trade(): Promise<void> {
    for (let i = 0; i < ORDERS_EACH; i++) {
      const side = this.random(2) === 0 ? 'buy' : 'sell';
      const price = String(99_980 + this.random(41));
      const qty = `0.00${1 + this.random(9)}`;
      const sent =
        this.random(12) === 0
          ? this.client.cancelAll({ market: MARKET })
          : this.client.place({ market: MARKET, side, price, qty });
      // Cut off or refused: what has become of it the feed tells.
      await sent.catch(() => sleep(5));
      await sleep(this.random(4));
    }
  }

  private random(below: number): number {
    this.seed = (Math.imul(this.seed, 1_103_515_245) + 12_345) >>> 0;
    return (this.seed >>> 8) % below;
  }
}

describe('an exchange with two gateway threads', () => {
  it.each(['compact', 'spread'])(
    'trades in layout %s, and goes on when a thread is killed: nothing is lost, and all views agree',
    async (layout) => {
      const data = scratch();
      const options = ['--layout', layout, ...withoutFunding(data)];
      const exchange = await start(data, 2, ...options);
      const keys: AccountKey[] = [];
      for (let i = 0; i < CLIENTS; i++) keys.push(await newAccount(exchange));
      const traders: Trader[] = [];
      for (const key of keys) {
        const client = kept(await connect(exchange, key, { reconnect: true }));
        const trader = new Trader(client, key);
        traders.push(trader);
        await client.subscribe('private');
        await client.subscribe(`book.${MARKET}`);
      }
      const before = await showConnections(exchange, CLIENTS);
      expect(before.map(({ connections }) => connections > 0)).toEqual([true, true]);

      const trading = Promise.all(traders.map((trader) => trader.trade()));
      await sleep(150);
      const killedMs = performance.now();
      await crash(exchange, 1);
      await isReplaced(exchange, 1, 1);
      const replacedMs = performance.now() - killedMs;
      await trading;
      // Who was at the other thread has noticed nothing.
      const cut = traders.filter(({ cuts }) => cuts > 0);
      expect(cut).toHaveLength(before[0]?.connections as number);
      expect(cut.every(({ cuts }) => cuts === 1)).toBe(true);
      const ready = () => traders.map(({ client }) => client.ping().then(() => true));
      await expect.poll(() => Promise.all(ready())).not.toContain(false);
      for (const trader of cut) {
        await expect.poll(() => trader.resumed.length).toBeGreaterThan(0);
      }
      expect(cut.flatMap(({ resumed }) => resumed)).not.toContain(false);

      await exchange.admin('POST', 'prices', { market: MARKET, index: '100000' });
      await Promise.all(ready());
      // Each trade told to both sides, none of which is the other.
      const untold = async () => {
        const { trades } = await figures(exchange);
        return 2 * trades - traders.reduce((sum, { fills }) => sum + fills.size, 0);
      };
      await expect.poll(untold).toBe(0);
      expect((await figures(exchange)).trades).toBeGreaterThan(50);
      // Each event once and none left out.
      for (const { sequences } of traders) {
        const first = sequences[0] as number;
        expect(sequences).toEqual(sequences.map((_, i) => first + i));
      }
      const books = () => {
        const all = traders.map(({ client }) => {
          const { asks, bids } = client.book(MARKET);
          return JSON.stringify({ asks, bids, checksum: client.book(MARKET).checksum() });
        });
        return [...new Set(all)];
      };
      await expect.poll(books).toHaveLength(1);
      expect(traders[0]?.client.book(MARKET).bids.length).toBeGreaterThan(0);
      // As those see it who come now, wherever they land, and as the engine has it after a restart without threads.
      const views = traders.map(({ client }) => viewOf(client));
      expect(await freshViews(exchange, keys)).toEqual(views);
      const invariants = await exchange.admin<Record<string, unknown>>('GET', 'invariants');
      expect(invariants.moneyDifferenceMicroUsd).toBe('0');
      await closeClients();
      expect(await exchange.stop()).toBe(0);
      const again = await start(data, 0, ...options);
      expect(await freshViews(again, keys)).toEqual(views);
      // No bound of time is asserted: other work on the machine decides it.
      process.stdout.write(
        `a killed gateway thread was replaced after ${Math.round(replacedMs)} ms\n`,
      );
    },
  );

  it('cancels the orders of those who want that when their thread dies', async () => {
    const exchange = await start(scratch(), 2);
    const [key, other] = [await newAccount(exchange), await newAccount(exchange)];
    const guarded = kept(await connectTo(exchange, 1, key, { cancelOnDisconnect: true }));
    const plain = kept(await connectTo(exchange, 1, other));
    const order = { market: MARKET, side: 'buy', price: '99000', qty: '0.01' } as const;
    await guarded.place(order);
    await plain.place(order);
    await crash(exchange, 1);
    await isReplaced(exchange, 1, 1);
    const openOf = async (account: AccountKey) =>
      (await freshViews(exchange, [account]))[0]?.orders.length;
    await expect.poll(() => openOf(key)).toBe(0);
    expect(await openOf(other)).toBe(1);
  });

  it('backs off and warns when a thread dies again and again', async () => {
    const exchange = await start(scratch(), 2);
    for (let i = 1; i <= 3; i++) {
      await crash(exchange, 2);
      await isReplaced(exchange, 2, i);
    }
    const health = async () => {
      const { status, body } = await request(exchange, 'GET', '/health');
      return [status, JSON.parse(body)];
    };
    const warnings = ['gateway thread 2 has ended 3 times in a row'];
    await expect.poll(health).toEqual([200, { status: 'ok', reasons: [], warnings }]);
    const metrics = await request(exchange, 'GET', '/metrics');
    expect(metrics.body).toContain('plimsoll_gateway_thread_restarts_total{thread="2"} 3');
    expect(metrics.body).toContain('plimsoll_gateway_thread_up{thread="1"} 1');
    expect(await exchange.stop()).toBe(0);
  });

  it('ends a thread that stands still, and replaces it', async () => {
    const exchange = await start(scratch(), 2);
    const key = await newAccount(exchange);
    const client = kept(await connectTo(exchange, 1, key, { reconnect: true }));
    await client.subscribe('private');
    const cut = new Promise((resolve) => client.once('disconnected', resolve));
    const resumed = new Promise((resolve) =>
      client.once('resumed', (_name, whole) => resolve(whole)),
    );
    // Longer than the test may take: it does not end by itself.
    await stall(exchange, 1, 60_000);
    expect(await cut).toBe(CLOSE.going_away);
    await isReplaced(exchange, 1, 1);
    expect(await resumed).toBe(true);
    await client.place({ market: MARKET, side: 'buy', price: '99000', qty: '0.01' });
    const { text } = await exchange.page(exchange.ready.adminPort, '/health');
    expect(JSON.parse(text)).toEqual({ status: 'ok', reasons: [] });
    expect(await exchange.stop()).toBe(0);
  });

  it('goes on without a thread that nobody can end, and replaces it when it wakes up', async () => {
    const data = scratch();
    const file = path.join(data, 'limits.toml');
    fs.writeFileSync(file, '[gateway]\nrequestsPerSecond = 100000\nrequestsBurst = 100000\n');
    const exchange = await start(data, 2, '--config', file);
    const key = await newAccount(exchange);
    const silent = kept(await connectTo(exchange, 1, key));
    const other = kept(await connectTo(exchange, 2, await newAccount(exchange)));
    const cut = new Promise((resolve) => silent.once('disconnected', resolve));
    // Five seconds of silence are noticed; the rest is for a look at the warning, also on a machine that pauses.
    await block(exchange, 1, 15_000);
    const warnings = async () => {
      const { text } = await exchange.page(exchange.ready.adminPort, '/health');
      return (JSON.parse(text) as { warnings?: string[] }).warnings ?? [];
    };
    const warned = ['gateway thread 1 does not answer'];
    await expect.poll(warnings).toEqual(warned);
    // Nobody waits for it: neither the shard with more events than its ring holds, nor a revocation.
    const made = await other.createKey({ permissions: ['read'], label: 'short' });
    await other.revokeKey(made.apiKey);
    const order = { market: MARKET, side: 'buy', price: '99000', qty: '0.01' } as const;
    for (let i = 0; i < 500; i++) {
      const orders = Array.from({ length: 50 }, () => ({ op: 'place', ...order }) as const);
      const placed = await other.batch(orders);
      expect(placed.every(({ status }) => status === 'fulfilled')).toBe(true);
      await other.cancelAll({ market: MARKET });
    }
    expect(await cut).toBe(CLOSE.going_away);
    await isReplaced(exchange, 1, 1);
    await expect.poll(warnings).toEqual([]);
    expect(await freshViews(exchange, [key])).toMatchObject([{ orders: [] }]);
  });

  it('stops in time when a thread hangs, with all else closed', async () => {
    const data = scratch();
    const exchange = await start(data, 2);
    const key = await newAccount(exchange);
    const other = kept(await connectTo(exchange, 2, key));
    await other.place({ market: MARKET, side: 'buy', price: '99000', qty: '0.01' });
    await block(exchange, 1, 60_000);
    await expect.poll(async () => (await threadsOf(exchange))[0]?.state).toBe('ending');
    // It was killed, but not before all was written, its last snapshot among it.
    expect(await exchange.stop()).toBeNull();
    expect(exchange.sentences.tail).toContain('gateway thread 1 hangs');
    expect(fs.readdirSync(snapshotDirectory(data, 0))).toHaveLength(1);
    const again = await start(data, 2);
    expect((await freshViews(again, [key]))[0]?.orders).toHaveLength(1);
  });

  it('is refused where everything has one thread', async () => {
    const args = ['--data', scratch(), '--layout', 'inline', '--gateway-threads', '2', ...SANDBOX];
    await expect(ExchangeProcess.start(args)).rejects.toThrow(
      'layout inline has one thread for everything',
    );
  });

  it('is refused a port that something else listens on', async () => {
    const exchange = await start(scratch(), 2);
    const port = String(exchange.ready.port);
    await expect(start(scratch(), 2, '--port', port)).rejects.toThrow('cannot be listened on');
  });
});

/** From /metrics. */
async function figures(exchange: ExchangeProcess): Promise<{ trades: number }> {
  const { body } = await request(exchange, 'GET', '/metrics');
  const counts = [...body.matchAll(/^plimsoll_trades_total\{shard="\d+"\} (\d+)$/gm)];
  return { trades: counts.reduce((sum, [, count]) => sum + Number(count), 0) };
}
