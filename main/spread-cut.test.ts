import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { journalDirectory, shardDirectory } from '../engine/runtime/journal/directories.js';
import { JournalReader } from '../engine/runtime/journal/journal-reader.js';
import type { PlimsollClient } from '../sdk/client.js';
import { type AccountKey, connect, newAccounts } from './testing/accounts.js';
import { ExchangeProcess } from './testing/exchange-process.js';

interface Invariants {
  moneyDifferenceMicroUsd: string;
  shards: { shard: number; sequence: number }[];
}

const ARGS = ['--layout', 'spread', '--oracle', 'manual', '--no-bots', '--fsync', 'never'];
const ORDER = { market: 'SOL-PERP', side: 'buy', price: '179.990', qty: '10.0' } as const;
/** Of the market's host; the traders are at home at shards 0 and 1. */
const HOST = 2;
const running: ExchangeProcess[] = [];
const folders: string[] = [];

async function start(data: string): Promise<ExchangeProcess> {
  const exchange = await ExchangeProcess.start(['--data', data, ...ARGS]);
  running.push(exchange);
  return exchange;
}

function invariants(exchange: ExchangeProcess): Promise<Invariants> {
  return exchange.admin<Invariants>('GET', 'invariants');
}

/** Two accounts with money, a price, and an order of the first that rests. */
async function prepared(exchange: ExchangeProcess): Promise<[AccountKey, AccountKey]> {
  await exchange.admin('POST', 'prices', { market: 'SOL-PERP', index: '180' });
  const keys = await newAccounts(exchange, 2, '1000');
  const maker = await connect(exchange, keys[0] as AccountKey);
  await maker.place({ ...ORDER, clientOrderId: 'rests' });
  await exchange.admin('POST', 'prices', { market: 'SOL-PERP', index: '180' });
  await maker.close();
  return keys as [AccountKey, AccountKey];
}

/** What a power failure may do that reaches one journal before its sync and others behind theirs. */
function loseAllAfter(data: string, shard: number, sequence: number): void {
  const reader = new JournalReader(journalDirectory(data, shard), shard, sequence + 1);
  if (!reader.next()) throw new Error(`shard ${shard} has nothing after sequence ${sequence}`);
  const { file, position, firstSequence } = reader.frame;
  reader.close();
  expect(firstSequence).toBe(sequence + 1);
  fs.truncateSync(file, position);
}

function scratch(): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'plimsoll-cut-'));
  folders.push(folder);
  return folder;
}

afterEach(async () => {
  for (const exchange of running.splice(0)) await exchange.kill();
  for (const folder of folders.splice(0)) fs.rmSync(folder, { recursive: true });
});

describe('shards of which one has lost more than the others', () => {
  it('are cut back to where they fit together, say so, and keep what was cut', async () => {
    const data = scratch();
    const first = await start(data);
    const keys = await prepared(first);
    const before = await invariants(first);
    const [maker, taker] = (await Promise.all(keys.map((key) => connect(first, key)))) as [
      PlimsollClient,
      PlimsollClient,
    ];
    await maker.subscribe('private');
    await taker.subscribe('private');
    await taker.place({ ...ORDER, side: 'sell', qty: '4.0' });
    // Both homes have heard of the fill, and journaled it.
    await expect.poll(() => maker.account.positions.get('SOL-PERP')?.position).toBe('4.0');
    await expect.poll(() => taker.account.positions.get('SOL-PERP')?.position).toBe('-4.0');
    const seen = { epoch: maker.account.epoch, sequence: maker.account.accountSequence };
    await first.kill();
    await Promise.all([maker.close(), taker.close()]);
    const { sequence = 0 } = before.shards.find(({ shard }) => shard === HOST) ?? {};
    loseAllAfter(data, HOST, sequence);

    const second = await start(data);
    const after = await invariants(second);
    expect(after.moneyDifferenceMicroUsd).toBe('0');
    const log = fs.readFileSync(path.join(data, 'log', 'exchange.log'), 'utf8');
    for (const shard of [0, 1]) {
      const [kept = ''] = fs.readdirSync(path.join(shardDirectory(data, shard), 'cut-off'));
      expect(kept).toMatch(/^\d+-1$/);
      expect(log).toMatch(new RegExp(`after a power failure shard ${shard} was cut back to`));
    }
    // The taker's home still had the order, so it goes to the market once more. The first fill has never been: what its owner
    // was told has a number of an epoch that is gone.
    const back = await connect(second, keys[0]);
    const answer = await back.request('subscribe', { channel: 'private', ...seen });
    expect(answer.data).toMatchObject({ resumed: false });
    await expect.poll(() => back.account.orders.size).toBe(1);
    expect([...back.account.orders.values()]).toMatchObject([
      { clientOrderId: 'rests', remaining: '6.0' },
    ]);
    expect(back.account.positions.get('SOL-PERP')).toMatchObject({ position: '4.0' });
    const again = await connect(second, keys[1]);
    await again.place({ ...ORDER, side: 'sell', qty: '6.0' });
    await expect.poll(() => back.account.positions.get('SOL-PERP')?.position).toBe('10.0');
    expect((await invariants(second)).moneyDifferenceMicroUsd).toBe('0');
    await Promise.all([back.close(), again.close()]);
    expect(await second.stop()).toBe(0);
    // With nothing to cut, nothing is cut.
    const third = await start(data);
    expect(fs.readdirSync(path.join(shardDirectory(data, 0), 'cut-off'))).toHaveLength(1);
    expect(await third.stop()).toBe(0);
  });

  it('do not start when files of one are missing or old, and change nothing', async () => {
    const data = scratch();
    const first = await start(data);
    await prepared(first);
    expect(await first.stop()).toBe(0);
    const copy = path.join(data, 'copy');
    fs.cpSync(shardDirectory(data, HOST), copy, { recursive: true });
    const second = await start(data);
    await second.admin('POST', 'prices', { market: 'SOL-PERP', index: '181' });
    expect(await second.stop()).toBe(0);
    const third = await start(data);
    await third.kill();
    const sizes = () => fs.readdirSync(journalDirectory(data, 0)).join();
    const untouched = sizes();
    fs.rmSync(shardDirectory(data, HOST), { recursive: true });
    const sentence = new RegExp(
      `shard \\d has message \\d+ of shard ${HOST}, whose journal ends before it, and no power failure .*` +
        `files of shard ${HOST} are missing, or an old copy .*Nothing was changed`,
    );
    await expect(start(data)).rejects.toThrow(sentence);
    fs.rmSync(shardDirectory(data, HOST), { recursive: true });
    fs.cpSync(copy, shardDirectory(data, HOST), { recursive: true });
    await expect(start(data)).rejects.toThrow(sentence);
    expect(sizes()).toBe(untouched);
    expect(fs.existsSync(path.join(shardDirectory(data, 0), 'cut-off'))).toBe(false);
  });
});
