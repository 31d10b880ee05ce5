import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { PlimsollClient } from '../sdk/client.js';
import { apiKeyLogin } from '../sdk/login.js';
import type { NewOrder } from '../sdk/requests.js';
import { createShardIn } from './exchange/placement.js';
import { runJournalCommand } from './journal/run.js';
import { type AccountKey, follow, newAccounts } from './testing/accounts.js';
import { ExchangeProcess } from './testing/exchange-process.js';

interface ShardCut {
  shard: number;
  sequence: number;
  stateHash: string;
}

interface Invariants {
  sequence: number;
  stateHash: string;
  sumOfPositions: Record<string, number>;
  moneyDifferenceMicroUsd: string;
  shards: ShardCut[];
}

const SANDBOX = ['--oracle', 'manual', '--no-bots', '--clock', 'manual'];
const MARKETS = { 'BTC-PERP': '100000', 'ETH-PERP': '3500', 'SOL-PERP': '180' } as const;
const NO_POSITIONS = { 'BTC-PERP': 0, 'ETH-PERP': 0, 'SOL-PERP': 0 };
const BTC = { market: 'BTC-PERP', side: 'buy', price: '99999.5', qty: '0.01' } as const;
const SOL = { market: 'SOL-PERP', side: 'buy', price: '179.990', qty: '10.0' } as const;
const running: ExchangeProcess[] = [];
const folders: string[] = [];

function scratch(): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'plimsoll-spread-'));
  folders.push(folder);
  return folder;
}

async function start(data: string, layout: string, ...args: string[]): Promise<ExchangeProcess> {
  const own = ['--data', data, '--layout', layout];
  const exchange = await ExchangeProcess.start([...own, ...SANDBOX, ...args]);
  running.push(exchange);
  return exchange;
}

async function setPrices(exchange: ExchangeProcess): Promise<void> {
  for (const [market, index] of Object.entries(MARKETS)) {
    await exchange.admin('POST', 'prices', { market, index });
  }
}

function invariants(exchange: ExchangeProcess): Promise<Invariants> {
  return exchange.admin<Invariants>('GET', 'invariants');
}

/** What `npm run journal` prints for all shards at these sequences. */
function journal(command: 'replay' | 'hash', data: string, shards: readonly ShardCut[]) {
  let out = '';
  const until = shards.flatMap(({ shard, sequence }) => ['--until', `${shard}:${sequence}`]);
  const args = [command, '--data', data, ...until, '--json'];
  const code = runJournalCommand(args, createShardIn, {
    out: (text) => {
      out += text;
    },
    note: (text) => {
      out += `${text}\n`;
    },
  });
  expect(code, out).toBe(0);
  return JSON.parse(out) as { sequence: number; stateHash: string };
}

/** The same orders in any layout, each sent when the one before has been answered, and the clock stepped in between. */
async function trade(exchange: ExchangeProcess, clients: readonly PlimsollClient[]) {
  for (let i = 0; i < 120; i++) {
    const [market, index] = Object.entries(MARKETS)[i % 3] as [keyof typeof MARKETS, string];
    const client = clients[(i * 7) % clients.length] as PlimsollClient;
    const price = Number(index) * (1 + ((i % 9) - 4) / 10_000);
    const order: NewOrder = {
      market,
      side: (i >> 1) % 2 === 0 ? 'buy' : 'sell',
      price: price.toFixed(market === 'BTC-PERP' ? 1 : 2),
      qty: market === 'SOL-PERP' ? '3.7' : '0.013',
    };
    await client.place(order);
    // Between orders everything arrives, so that both layouts see one order of events.
    if (i % 5 === 0) await exchange.admin('POST', 'clock', { advanceMs: 7 });
    else await exchange.admin('POST', 'prices', { market, index });
  }
}

/** What counts of each account, in an order that does not depend on how it was learned. */
function accountsOf(clients: readonly PlimsollClient[]) {
  return clients.map(({ account }) => {
    const positions = [...account.positions.values()].map(({ market, position, entryValue }) => {
      return `${market} ${position} ${entryValue}`;
    });
    const orders = [...account.orders.values()].map(({ market, orderId, remaining }) => {
      return `${market} ${orderId} ${remaining}`;
    });
    return { collateral: account.collateral, positions: positions.sort(), orders: orders.sort() };
  });
}

afterEach(async () => {
  for (const exchange of running.splice(0)) await exchange.kill();
  for (const folder of folders.splice(0)) fs.rmSync(folder, { recursive: true });
});

describe('an exchange in layout spread', () => {
  it('trades across shards, with public feeds from the host and private ones from the home', async () => {
    const exchange = await start(scratch(), 'spread', '--fsync', 'always');
    await setPrices(exchange);
    const keys = await newAccounts(exchange, 3);
    // Whoever hears of an account may log in at once, wherever it is at home.
    for (let i = 0; i < 3; i++) {
      const key = await exchange.admin<AccountKey>('POST', 'accounts', {});
      await (await follow(exchange, key)).close();
    }
    const [first, second, third] = (await Promise.all(
      keys.map((key) => follow(exchange, key)),
    )) as [PlimsollClient, PlimsollClient, PlimsollClient];
    await second.subscribe('book.SOL-PERP');
    await second.subscribe('trades.SOL-PERP');
    const trades: unknown[] = [];
    second.on('trades', (message: { trades: unknown[] }) => trades.push(...message.trades));
    // Neither account is at home at the market's shard, nor at the other's.
    const bid = await first.place({ ...SOL, clientOrderId: 'crosses' });
    await expect.poll(() => second.book('SOL-PERP').bids).toEqual([['179.990', '10.0']]);
    const sold = await second.place({ ...SOL, side: 'sell', qty: '4.0', timeInForce: 'ioc' });
    expect([bid.result, sold.result]).toEqual(['accepted', 'accepted']);
    await expect.poll(() => first.account.positions.get('SOL-PERP')?.position).toBe('4.0');
    await expect.poll(() => second.account.positions.get('SOL-PERP')?.position).toBe('-4.0');
    expect([...first.account.orders.values()]).toMatchObject([
      { clientOrderId: 'crosses', remaining: '6.0' },
    ]);
    await expect.poll(() => second.book('SOL-PERP').bids).toEqual([['179.990', '6.0']]);
    await expect
      .poll(() => trades)
      .toMatchObject([[1, '179.990', '4.0', 'sell', expect.anything()]]);
    // A question of the market and its answer from the home, and a cancel in all markets at once.
    await first.place(BTC);
    const more = await first.amend({ market: 'SOL-PERP', clientOrderId: 'crosses', qty: '20.0' });
    expect(more).toMatchObject({ result: 'amended', qty: '20.0', remaining: '16.0' });
    expect(await first.cancelAll({})).toMatchObject({ result: 'massCanceled', count: 2 });
    await expect.poll(() => first.account.orders.size).toBe(0);
    await expect(third.place({ ...SOL, qty: '100000.0' })).rejects.toThrow(/free collateral/);
    const now = await invariants(exchange);
    expect(now).toMatchObject({ moneyDifferenceMicroUsd: '0', sumOfPositions: NO_POSITIONS });
    expect(now.shards.map(({ shard }) => shard)).toEqual([0, 1, 2]);
    const { text } = await exchange.page(exchange.ready.port, '/metrics');
    // Each order and each trade is counted once, however many shards it concerns.
    const total = (name: string) => {
      const lines = text.split('\n').filter((line) => line.startsWith(`${name}{`));
      return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
    };
    expect([total('plimsoll_orders_total'), total('plimsoll_trades_total')]).toEqual([3, 1]);
    expect(text).toMatch(/plimsoll_channel_messages\{from="0",to="2"\} \d+\n/);
    expect(text).toMatch(/plimsoll_gateway_answer_seconds_count [1-9]\d*\n/);
    const buckets = [...text.matchAll(/answer_seconds_bucket\{le="[^"]+"\} (\d+)/g)].map(([, n]) =>
      Number(n),
    );
    expect([...buckets].sort((a, b) => a - b)).toEqual(buckets);
    expect((await exchange.page(exchange.ready.port, '/health')).status).toBe(200);
    await Promise.all([first.close(), second.close(), third.close()]);
  });

  it('gives every account the same, to the micro-dollar, as one shard does', async () => {
    const results: unknown[] = [];
    for (const layout of ['inline', 'spread']) {
      const exchange = await start(scratch(), layout);
      await setPrices(exchange);
      const keys = await newAccounts(exchange, 5);
      const clients = await Promise.all(keys.map((key) => follow(exchange, key)));
      await trade(exchange, clients);
      const now = await invariants(exchange);
      expect(now).toMatchObject({ moneyDifferenceMicroUsd: '0', sumOfPositions: NO_POSITIONS });
      await Promise.all(clients.map((client) => client.ping()));
      // A fresh snapshot of each account and the live fold agree.
      const again = await Promise.all(keys.map((key) => follow(exchange, key)));
      expect(accountsOf(again)).toEqual(accountsOf(clients));
      results.push(accountsOf(again));
      await Promise.all([...clients, ...again].map((client) => client.close()));
    }
    expect(results[1]).toEqual(results[0]);
    expect(JSON.stringify(results[0])).toMatch(/SOL-PERP -\d/);
  });

  it.each(['SIGTERM', 'SIGKILL'] as const)(
    'comes back after %s with orders, positions, time, and feeds that resume',
    async (signal) => {
      const data = scratch();
      const first = await start(data, 'spread');
      await setPrices(first);
      const keys = (await newAccounts(first, 2)) as [AccountKey, AccountKey];
      const [maker, taker] = (await Promise.all(keys.map((key) => follow(first, key)))) as [
        PlimsollClient,
        PlimsollClient,
      ];
      const resting = await maker.place({ ...SOL, clientOrderId: 'rests' });
      await maker.place({ ...SOL, clientOrderId: 77, price: '179.999' });
      const { time } = await first.admin<{ time: number }>('POST', 'clock', { advanceMs: 1_234 });
      await maker.ping();
      const seen = { epoch: maker.account.epoch, sequence: maker.account.accountSequence };
      await maker.close();
      await taker.place({ ...SOL, side: 'sell', qty: '4.0' });
      await first.admin('POST', 'clock', { advanceMs: 1 });
      const before = await invariants(first);
      await taker.close();
      if (signal === 'SIGKILL') await first.kill();
      else expect(await first.stop()).toBe(0);

      const second = await start(data, 'spread');
      const after = await invariants(second);
      expect(after.stateHash).toBe(before.stateHash);
      expect(after).toMatchObject({ moneyDifferenceMicroUsd: '0', sumOfPositions: NO_POSITIONS });
      expect(journal('replay', data, after.shards)).toMatchObject({ stateHash: after.stateHash });
      expect(journal('hash', data, after.shards)).toMatchObject({ stateHash: after.stateHash });
      const login = apiKeyLogin(keys[0].apiKey, keys[0].apiSecret);
      const back = await PlimsollClient.connect({ url: second.url, login, reconnect: false });
      expect(await back.time()).toBe(time + 1);
      const missed: { type: string; accountSequence: number }[] = [];
      back.on('fill', (fill) => missed.push(fill));
      const answer = await back.request('subscribe', { channel: 'private', ...seen });
      expect(answer.data).toMatchObject({ resumed: true });
      await expect.poll(() => missed).toMatchObject([{ accountSequence: seen.sequence + 1 }]);
      await back.close();
      const fresh = await follow(second, keys[0]);
      expect([...fresh.account.orders.values()]).toMatchObject([
        { orderId: resting.orderId, clientOrderId: 'rests', remaining: '10.0' },
        { clientOrderId: '77', remaining: '6.0' },
      ]);
      expect(fresh.account.positions.get('SOL-PERP')).toMatchObject({ position: '4.0' });
      await fresh.subscribe('book.SOL-PERP');
      expect(fresh.book('SOL-PERP').bids).toEqual([
        ['179.999', '6.0'],
        ['179.990', '10.0'],
      ]);
      expect(await fresh.place({ ...SOL, clientOrderId: 'rests' })).toMatchObject({
        result: 'duplicate',
        orderId: resting.orderId,
      });
      await fresh.close();
    },
  );

  it('runs timers of all shards in the order of time, and answers when all have heard of it', async () => {
    const startMs = 1_767_225_600_000;
    const exchange = await start(scratch(), 'spread', '--start-time', String(startMs));
    await setPrices(exchange);
    const [key] = (await newAccounts(exchange, 1)) as [AccountKey];
    const client = await follow(exchange, key);
    const ended: { market: string; time: number }[] = [];
    client.on('order', (event: { event: string; market: string; time: number }) => {
      if (event.event === 'canceled') ended.push(event);
    });
    const gtd = { timeInForce: 'gtd' } as const;
    await client.place({ ...SOL, ...gtd, expiresAt: startMs + 3_000 });
    await client.place({ ...BTC, ...gtd, expiresAt: startMs + 2_000 });
    await client.place({ ...SOL, ...gtd, expiresAt: startMs + 1_000 });
    const { time } = await exchange.admin<{ time: number }>('POST', 'clock', { advanceMs: 60_000 });
    expect(time).toBe(startMs + 60_000);
    await client.ping();
    expect(ended.map(({ market, time: at }) => [market, at - startMs])).toEqual([
      ['SOL-PERP', 1_000],
      ['BTC-PERP', 2_000],
      ['SOL-PERP', 3_000],
    ]);
    expect(await client.time()).toBe(time);
    await client.close();
  });

  it('keeps markets where they are when one is added, and keeps out other layouts', async () => {
    const data = scratch();
    const config = path.join(data, 'more.toml');
    const first = await start(data, 'spread');
    await setPrices(first);
    const keys = (await newAccounts(first, 2)) as [AccountKey, AccountKey];
    const maker = await follow(first, keys[1]);
    await maker.place({ ...SOL, clientOrderId: 'stays' });
    await maker.close();
    expect(await first.stop()).toBe(0);
    const placement = path.join(data, 'placement.json');
    expect(JSON.parse(fs.readFileSync(placement, 'utf8')).markets).toEqual([1, 2, 3]);
    for (const layout of ['inline', 'compact']) {
      await expect(start(data, layout)).rejects.toThrow(
        new RegExp(`was made by layout spread .* layout ${layout} cannot open.*--layout spread`),
      );
    }
    // The new market comes first in the file, and one that was there is left out.
    const defaults = fs.readFileSync(new URL('./plimsoll.toml', import.meta.url), 'utf8');
    const [, btc, , sol] = defaults.split('\n[[markets]]\n') as [string, string, string, string];
    const doge = btc.replace('id = 1', 'id = 9').replace('BTC-PERP', 'DOGE-PERP');
    fs.writeFileSync(config, [doge, sol, btc].map((table) => `[[markets]]\n${table}`).join('\n'));
    const second = await start(data, 'spread', '--config', config);
    expect(JSON.parse(fs.readFileSync(placement, 'utf8')).markets).toEqual([1, 2, 3, 9]);
    await second.admin('POST', 'prices', { market: 'DOGE-PERP', index: '100000' });
    // Of accounts 3 and 4 the second is at home at the new shard.
    const [, key] = (await newAccounts(second, 2)) as [AccountKey, AccountKey];
    const back = await follow(second, keys[1]);
    const taker = await follow(second, key);
    expect([...back.account.orders.values()]).toMatchObject([{ clientOrderId: 'stays' }]);
    // Margin of the new shard's account needs what the others knew before it was there: markets, fees, marks.
    const order = { ...BTC, market: 'DOGE-PERP' };
    await back.place(order);
    await taker.place({ ...order, side: 'sell' });
    await taker.place({ ...SOL, side: 'sell', qty: '1.0' });
    await expect.poll(() => back.account.positions.get('DOGE-PERP')?.position).toBe('0.010');
    await expect.poll(() => back.account.positions.get('SOL-PERP')?.position).toBe('1.0');
    const now = await invariants(second);
    expect(now.shards).toHaveLength(4);
    expect(now.moneyDifferenceMicroUsd).toBe('0');
    expect(journal('replay', data, now.shards).stateHash).toBe(now.stateHash);
    await Promise.all([back.close(), taker.close()]);
    const alone = scratch();
    expect(await (await start(alone, 'inline')).stop()).toBe(0);
    await expect(start(alone, 'spread')).rejects.toThrow(
      /was made by layout inline or compact .*layout spread cannot open.*--layout inline/,
    );
  });
});
