import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { TABLES } from '../gateway/history/migrations.js';
import { dump } from '../gateway/history/testing/scratch.js';
import { PlimsollClient } from '../sdk/client.js';
import { apiKeyLogin } from '../sdk/login.js';
import { RestClient } from '../sdk/rest-client.js';
import { type AccountKey, newAccounts } from './testing/accounts.js';
import { ExchangeProcess } from './testing/exchange-process.js';
import { LAYOUTS } from './testing/layouts.js';

interface Told {
  accountSequence: number;
  market: string;
}

const OPTIONS = ['--oracle', 'manual', '--no-bots'];
const MARKETS = { 'BTC-PERP': '100000', 'ETH-PERP': '3500', 'SOL-PERP': '180' } as const;
const SIZES = { 'BTC-PERP': '0.010', 'ETH-PERP': '0.100', 'SOL-PERP': '1.0' } as const;
const ACCOUNTS = 4;
/** Six starts of an exchange. */
vi.setConfig({ testTimeout: 240_000 });
const running: ExchangeProcess[] = [];
const folders: string[] = [];

afterEach(async () => {
  for (const exchange of running.splice(0)) await exchange.kill();
  for (const folder of folders.splice(0)) fs.rmSync(folder, { recursive: true });
});

function scratch(): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'plimsoll-history-'));
  folders.push(folder);
  return folder;
}

async function start(data: string, layout: string, ...args: string[]): Promise<ExchangeProcess> {
  const own = ['--data', data, '--layout', layout, ...OPTIONS, ...args];
  const exchange = await ExchangeProcess.start(own);
  running.push(exchange);
  return exchange;
}

async function setPrices(exchange: ExchangeProcess): Promise<void> {
  for (const [market, index] of Object.entries(MARKETS)) {
    await exchange.admin('POST', 'prices', { market, index });
  }
}

function rest(exchange: ExchangeProcess, key?: AccountKey): RestClient {
  return new RestClient({ url: `http://127.0.0.1:${exchange.ready.port}`, ...key });
}

async function rowsOf<Row>(client: RestClient, name: string, query = {}): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const row of client.rows<Row>(name, { sort: 'oldest', limit: 100, ...query })) {
    rows.push(row);
  }
  return rows;
}

/** An account's own view over the native protocol: its fills by their number, over kills and resumes. */
class Witness {
  readonly fills = new Map<number, Told>();
  readonly key: AccountKey;
  client: PlimsollClient | null = null;
  private seen: { epoch: number; sequence: number } | null = null;

  constructor(key: AccountKey) {
    this.key = key;
  }

  async connect(exchange: ExchangeProcess): Promise<void> {
    const { apiKey, apiSecret } = this.key;
    const login = apiKeyLogin(apiKey, apiSecret);
    const client = await PlimsollClient.connect({ url: exchange.url, login, reconnect: false });
    client.on('error', () => {});
    for (const type of ['fill', 'order', 'balance', 'privateSnapshot']) {
      client.on(type, (message) => {
        this.seen = { epoch: message.epoch, sequence: message.accountSequence };
        if (type === 'fill') this.fills.set(message.accountSequence, message);
      });
    }
    await client.request('subscribe', {
      channel: 'private',
      ...(this.seen ?? { epoch: 0, sequence: 0 }),
    });
    this.client = client;
  }
}

/** Trades among all accounts in all markets until it is told to stop, or the exchange is gone. */
async function trade(witnesses: readonly Witness[], isOver: () => boolean): Promise<number> {
  let orders = 0;
  const markets = Object.keys(MARKETS) as (keyof typeof MARKETS)[];
  for (let i = 0; !isOver(); i++) {
    const market = markets[i % markets.length] as keyof typeof MARKETS;
    const maker = witnesses[i % ACCOUNTS]?.client as PlimsollClient;
    const taker = witnesses[(i + 1 + (i % 2)) % ACCOUNTS]?.client as PlimsollClient;
    const order = { market, price: MARKETS[market], qty: SIZES[market] } as const;
    const [makes, takes] = i % 3 === 0 ? (['sell', 'buy'] as const) : (['buy', 'sell'] as const);
    try {
      await maker.place({ ...order, side: makes, clientOrderId: `m-${Date.now()}-${i}` });
      await taker.place({ ...order, side: takes, timeInForce: 'ioc' });
      if (i % 4 === 0) await maker.cancelAll();
      orders += 2;
    } catch (error) {
      if (!isOver()) throw error;
    }
  }
  return orders;
}

/** The history has everything that the exchange had done when this was called. */
async function untilFed(exchange: ExchangeProcess): Promise<void> {
  const page = async () => (await exchange.page(exchange.ready.port, '/metrics')).text;
  const lags = async () => {
    return [...(await page()).matchAll(/^plimsoll_history_lag_messages\{.*\} (\d+)$/gm)].map(
      ([, lag]) => Number(lag),
    );
  };
  await expect.poll(lags, { timeout: 30_000 }).toSatisfy((all: number[]) => {
    return all.length > 0 && all.every((lag) => lag === 0);
  });
}

describe.each(LAYOUTS)('the history of an exchange in layout %s', (layout) => {
  it('has every fill once, over kills at any moment, and comes back whole when it is deleted', async () => {
    const data = scratch();
    let exchange = await start(data, layout);
    await setPrices(exchange);
    const witnesses = (await newAccounts(exchange, ACCOUNTS, '1000000')).map(
      (key) => new Witness(key),
    );
    let orders = 0;
    for (let round = 0; round < 4; round++) {
      for (const witness of witnesses) await witness.connect(exchange);
      let isOver = false;
      const trading = trade(witnesses, () => isOver);
      await sleep(60 + Math.random() * 400);
      isOver = true;
      await exchange.kill();
      orders += await trading;
      exchange = await start(data, layout);
      await setPrices(exchange);
    }
    for (const witness of witnesses) await witness.connect(exchange);
    const endMs = performance.now() + 300;
    const told = () => witnesses.reduce((sum, { fills }) => sum + fills.size, 0);
    // A machine that pauses has had its work done later.
    orders += await trade(witnesses, () => performance.now() > endMs && told() > 60);
    await untilFed(exchange);
    let compared = 0;
    const trades = new Set<string>();
    for (const { key, fills } of witnesses) {
      let history: (Told & { tradeId: number })[] = [];
      // The last fills may be on their way still: to the history, and to their owner.
      await expect
        .poll(async () => {
          history = await rowsOf(rest(exchange, key), '/v1/history/fills');
          return history.length - fills.size;
        })
        .toBe(0);
      for (const row of history) {
        const { accountSequence, market, tradeId } = row;
        const {
          type: _,
          epoch: _epoch,
          ...fill
        } = fills.get(accountSequence) as Told & Record<string, unknown>;
        expect(row).toMatchObject(fill);
        trades.add(`${market}/${tradeId}`);
        compared++;
      }
    }
    expect(compared).toBeGreaterThan(50);
    expect(orders).toBeGreaterThan(50);
    let traded = 0;
    for (const market of Object.keys(MARKETS)) {
      const own = await rowsOf<{ tradeId: number; qty: string }>(rest(exchange), '/v1/trades', {
        market,
      });
      expect(own.map(({ tradeId }) => tradeId)).toEqual(own.map((_, i) => i + 1));
      for (const { tradeId } of own) expect(trades.has(`${market}/${tradeId}`)).toBe(true);
      traded += own.length;
      const days = await rowsOf<{ trades: number }>(rest(exchange), '/v1/candles', {
        market,
        interval: '1d',
      });
      expect(days.reduce((sum, day) => sum + day.trades, 0)).toBe(own.length);
    }
    expect(trades.size).toBe(traded);
    await Promise.all(witnesses.map(({ client }) => client?.close()));

    expect(await exchange.stop()).toBe(0);
    const shards = fs
      .readdirSync(path.join(data, 'history'))
      .filter((name) => name.endsWith('.db'));
    const before = shards.map((_, shard) => tablesOf(data, shard));
    fs.rmSync(path.join(data, 'history'), { recursive: true });
    const again = await start(data, layout);
    await untilFed(again);
    expect(await again.stop()).toBe(0);
    expect(shards.map((_, shard) => tablesOf(data, shard))).toEqual(before);
  });
});

function tablesOf(data: string, shard: number) {
  const tables = dump(data, shard);
  return TABLES.map((table) => tables[table]);
}

describe('an exchange without history', () => {
  it('has neither its routes nor its channels, and says so', async () => {
    const data = scratch();
    const config = path.join(data, 'no-history.toml');
    fs.writeFileSync(config, '[history]\nenabled = false\n');
    const exchange = await start(data, 'inline', '--config', config);
    const { status, text } = await exchange.page(exchange.ready.port, '/v1/history/fills');
    expect([status, JSON.parse(text).code]).toEqual([404, 'unknown_route']);
    const document = await rest(exchange).get<{ paths: object }>('/v1/openapi.json');
    expect(Object.keys(document.paths)).toEqual([
      '/v1/time',
      '/v1/instruments',
      '/v1/openapi.json',
      '/v1/asyncapi.json',
    ]);
    const client = await PlimsollClient.connect({ url: exchange.url, reconnect: false });
    await expect(client.subscribe('candles.BTC-PERP.1m')).rejects.toMatchObject({
      code: 'channel_is_unknown',
    });
    await client.close();
    expect(fs.existsSync(path.join(data, 'history'))).toBe(false);
  });
});
