import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { base58 } from '@scure/base';
import { afterEach, describe, expect, it } from 'vitest';
import { newTrader } from '../gateway/testing/exchange.js';
import { PlimsollClient } from '../sdk/client.js';
import { keyPairLogin } from '../sdk/login.js';
import { type AccountKey, connect, newAccount } from './testing/accounts.js';
import { ExchangeProcess } from './testing/exchange-process.js';

interface Invariants {
  sequence: number;
  stateHash: string;
  sumOfPositions: Record<string, number>;
  moneyDifferenceMicroUsd: string;
}

const SANDBOX = ['--oracle', 'manual', '--no-bots', '--clock', 'manual'];
const ORDER = { market: 'BTC-PERP', side: 'buy', price: '99999.5', qty: '0.01' } as const;
const running: ExchangeProcess[] = [];
const folders: string[] = [];

function scratch(): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'plimsoll-exchange-'));
  folders.push(folder);
  return folder;
}

async function start(data: string, ...args: string[]): Promise<ExchangeProcess> {
  const exchange = await ExchangeProcess.start(['--data', data, ...SANDBOX, ...args]);
  running.push(exchange);
  return exchange;
}

/** An account with money and a client for it. */
async function trader(exchange: ExchangeProcess, amount = '100000') {
  const key = await newAccount(exchange, amount);
  return { key, client: await connect(exchange, key) };
}

async function ready(exchange: ExchangeProcess): Promise<void> {
  await exchange.admin('POST', 'prices', { market: 'BTC-PERP', index: '100000' });
}

afterEach(async () => {
  for (const exchange of running.splice(0)) await exchange.kill();
  for (const folder of folders.splice(0)) fs.rmSync(folder, { recursive: true });
});

describe.each(['inline', 'compact'])('an exchange in layout %s', (layout) => {
  it('lets a Solana key pair in, trades, and keeps money and positions in balance', async () => {
    const exchange = await start(scratch(), '--layout', layout);
    await ready(exchange);
    const { publicKey, secretKey } = newTrader(1);
    const { accountId } = await exchange.admin<AccountKey>('POST', 'accounts', {
      publicKey: base58.encode(publicKey),
    });
    await exchange.admin('POST', 'deposits', { accountId, amount: '5000' });
    const login = keyPairLogin(secretKey);
    const seller = await PlimsollClient.connect({ url: exchange.url, login });
    const { client: buyer } = await trader(exchange);
    await buyer.subscribe('private');
    await buyer.place(ORDER);
    await seller.place({ ...ORDER, side: 'sell', timeInForce: 'ioc' });
    await expect.poll(() => buyer.account.positions.get('BTC-PERP')?.position).toBe('0.010');
    const invariants = await exchange.admin<Invariants>('GET', 'invariants');
    expect(invariants.moneyDifferenceMicroUsd).toBe('0');
    expect(invariants.sumOfPositions).toEqual({ 'BTC-PERP': 0, 'ETH-PERP': 0, 'SOL-PERP': 0 });
    await Promise.all([seller.close(), buyer.close()]);
  });

  it('moves time only by hand, and runs what is due on the way', async () => {
    const exchange = await start(scratch(), '--layout', layout, '--start-time', '1767225600000');
    await ready(exchange);
    const { client: maker } = await trader(exchange);
    await maker.subscribe('private');
    expect(await maker.time()).toBe(1767225600000);
    const expiresAt = 1767225600000 + 5_000;
    await maker.place({ ...ORDER, timeInForce: 'gtd', expiresAt });
    expect(await exchange.admin('POST', 'clock', { advanceMs: 4_999 })).toEqual({
      time: expiresAt - 1,
    });
    expect(maker.account.orders.size).toBe(1);
    const canceled: { time: number }[] = [];
    maker.on('order', (event: { event: string; time: number }) => {
      if (event.event === 'canceled') canceled.push(event);
    });
    // Far beyond: the order still ends at its own time. The answer comes after the feeds.
    await exchange.admin('POST', 'clock', { advanceMs: 60_000 });
    await maker.ping();
    expect(canceled).toMatchObject([{ time: expiresAt, reason: 'expired' }]);
    expect(await maker.time()).toBe(expiresAt - 1 + 60_000);
    await maker.close();
  });

  it('has the queues of the book after a restart as they were before', async () => {
    const data = scratch();
    const first = await start(data, '--layout', layout);
    await ready(first);
    const { client: maker, key } = await trader(first);
    const ids: number[] = [];
    for (let i = 0; i < 3; i++) ids.push((await maker.place(ORDER)).orderId as number);
    // More of it loses the place, less of it does not.
    await maker.amend({ market: ORDER.market, orderId: ids[0] as number, qty: '0.011' });
    await maker.amend({ market: ORDER.market, orderId: ids[1] as number, qty: '0.009' });
    await maker.close();
    await first.kill();
    const second = await start(data, '--layout', layout);
    const back = await connect(second, key);
    await back.subscribe('orders.BTC-PERP');
    const queue = back.orders('BTC-PERP').bids.map(({ orderId, qty }) => [orderId, qty]);
    expect(queue).toEqual([
      [ids[1], '0.009'],
      [ids[2], '0.010'],
      [ids[0], '0.011'],
    ]);
    await back.close();
  });

  it.each(['SIGTERM', 'SIGKILL'] as const)(
    'comes back after %s with orders, positions, time, and feeds that resume',
    async (signal) => {
      const data = scratch();
      const first = await start(data, '--layout', layout);
      await ready(first);
      const { client: maker, key } = await trader(first);
      const { client: taker, key: takerKey } = await trader(first);
      await maker.subscribe('private');
      const resting = await maker.place({ ...ORDER, clientOrderId: 'rests' });
      const filled = await maker.place({ ...ORDER, clientOrderId: 77, price: '99999.9' });
      await first.admin('POST', 'clock', { advanceMs: 1_234 });
      await maker.ping();
      const seen = { epoch: maker.account.epoch, sequence: maker.account.accountSequence };
      await maker.close();
      await taker.place({ ...ORDER, side: 'sell', qty: '0.004' });
      const before = await first.admin<Invariants>('GET', 'invariants');
      const { time } = await first.admin<{ time: number }>('POST', 'clock', { advanceMs: 1 });
      await taker.close();
      if (signal === 'SIGKILL') await first.kill();
      else expect(await first.stop()).toBe(0);

      const second = await start(data, '--layout', layout);
      const after = await second.admin<Invariants>('GET', 'invariants');
      expect(after.stateHash).toBe(before.stateHash);
      expect(after.sequence).toBe(before.sequence + 2);
      const back = await connect(second, key);
      expect(await back.time()).toBe(time);
      const missed: { type: string; accountSequence: number }[] = [];
      back.on('fill', (fill) => missed.push(fill));
      const answer = await back.request('subscribe', { channel: 'private', ...seen });
      expect(answer.data).toMatchObject({ resumed: true });
      await expect.poll(() => missed).toMatchObject([{ accountSequence: seen.sequence + 1 }]);
      await back.close();
      const fresh = await connect(second, key);
      await fresh.subscribe('private');
      expect([...fresh.account.orders.values()]).toMatchObject([
        { orderId: resting.orderId, clientOrderId: 'rests', remaining: '0.010' },
        { orderId: filled.orderId, clientOrderId: '77', remaining: '0.006' },
      ]);
      expect(fresh.account.positions.get('BTC-PERP')).toMatchObject({ position: '0.004' });
      await fresh.subscribe('book.BTC-PERP');
      expect(fresh.book('BTC-PERP').bids).toEqual([
        ['99999.9', '0.006'],
        ['99999.5', '0.010'],
      ]);
      expect(await fresh.place({ ...ORDER, clientOrderId: 'rests' })).toMatchObject({
        result: 'duplicate',
        orderId: resting.orderId,
      });
      const other = await connect(second, takerKey);
      await other.place({ ...ORDER, side: 'sell', qty: '0.016' });
      await expect.poll(() => fresh.account.orders.size).toBe(0);
      await Promise.all([fresh.close(), other.close()]);
    },
  );

  it('gives the same state for the same commands in every layout', async () => {
    const exchange = await start(scratch(), '--layout', layout);
    await ready(exchange);
    const { client: maker } = await trader(exchange);
    for (let i = 0; i < 50; i++) {
      const price = (99_990 + (i % 20)).toFixed(1);
      await maker.place({ ...ORDER, price, side: i % 3 === 0 ? 'sell' : 'buy' });
    }
    const { stateHash } = await exchange.admin<Invariants>('GET', 'invariants');
    hashes.add(stateHash);
    expect(hashes.size).toBe(1);
    await maker.close();
  });
});

/** Of the same commands, one for each layout. */
const hashes = new Set<string>();
