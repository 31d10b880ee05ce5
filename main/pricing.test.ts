import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { connect, newAccount } from './testing/accounts.js';
import { ExchangeProcess } from './testing/exchange-process.js';
import { LAYOUTS } from './testing/layouts.js';

interface Invariants {
  stateHash: string;
  sumOfPositions: Record<string, number>;
  moneyDifferenceMicroUsd: string;
}

type Seen = Record<string, unknown>[];

const HOUR_MS = 3_600_000;
/** 2026-01-01 00:00 UTC: funding of 8 hours is due at 08:00. */
const START_MS = 1_767_225_600_000;
const BTC = 'BTC-PERP';
/** Few enough turns of the clocks for the shards of `spread`, which advance in step. */
const CONFIG = `[pricing]
markIntervalMs = 60000
averageSeconds = 300
premiumIntervalSeconds = 60
`;
const running: ExchangeProcess[] = [];
const folders: string[] = [];

function scratch(): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'plimsoll-pricing-'));
  folders.push(folder);
  return folder;
}

async function start(data: string, layout: string): Promise<ExchangeProcess> {
  const sandbox = ['--oracle', 'manual', '--no-bots', '--clock', 'manual'];
  const time = ['--start-time', String(START_MS), '--layout', layout];
  const config = path.join(data, 'pricing.toml');
  fs.writeFileSync(config, CONFIG);
  const files = ['--data', data, '--config', config];
  const exchange = await ExchangeProcess.start([...files, ...sandbox, ...time]);
  running.push(exchange);
  return exchange;
}

async function newTrader(exchange: ExchangeProcess) {
  const client = await connect(exchange, await newAccount(exchange, '1000000'));
  const funding: Seen = [];
  client.on('funding', (message) => funding.push(message as Record<string, unknown>));
  await client.subscribe('private');
  return { client, funding };
}

function price(exchange: ExchangeProcess, index: string) {
  return exchange.admin<{ markPrice: string }>('POST', 'prices', { market: BTC, index });
}

function advance(exchange: ExchangeProcess, advanceMs: number) {
  return exchange.admin('POST', 'clock', { advanceMs });
}

afterEach(async () => {
  for (const exchange of running.splice(0)) await exchange.kill();
  for (const folder of folders.splice(0)) fs.rmSync(folder, { recursive: true });
});

describe.each(LAYOUTS)('mark price and funding in layout %s', (layout) => {
  it('pays funding at 08:00, exactly, and the same state comes back after a kill', async () => {
    const data = scratch();
    const exchange = await start(data, layout);
    await price(exchange, '100000');
    const long = await newTrader(exchange);
    const short = await newTrader(exchange);
    const order = { market: BTC, price: '100000', qty: '0.123' };
    await long.client.place({ ...order, side: 'buy' });
    await short.client.place({ ...order, side: 'sell' });
    // Deep enough for the impact notional of 10,000 USD: it could be sold at 100,200, 0.2 % above the index.
    await long.client.place({ market: BTC, side: 'buy', price: '100200', qty: '1' });
    await short.client.place({ market: BTC, side: 'sell', price: '100400', qty: '1' });
    await advance(exchange, 8 * HOUR_MS - 1);
    expect(long.funding).toEqual([]);
    await advance(exchange, 1);
    // Premium 0.002 at every sample; rate = 0.002 + clamp(0.0001 − 0.002, ±0.0005) = 0.0015.
    const paid = { market: BTC, fundingRate: '0.001500000', intervalHours: '8' };
    await expect.poll(() => long.funding).toMatchObject([{ ...paid, payment: '18.450000' }]);
    await expect.poll(() => short.funding).toMatchObject([{ ...paid, payment: '-18.450000' }]);
    // 1,000,000 − maker fee 0.02 % of 12,300 − funding.
    expect(long.client.account.collateral).toBe('999979.090000');
    const before = await exchange.admin<Invariants>('GET', 'invariants');
    expect(before.moneyDifferenceMicroUsd).toBe('0');
    await exchange.kill();
    const again = await start(data, layout);
    const after = await again.admin<Invariants>('GET', 'invariants');
    expect(after.stateHash).toBe(before.stateHash);
    expect(after.moneyDifferenceMicroUsd).toBe('0');
    await advance(again, 8 * HOUR_MS);
  });

  it('the mark is the median, bounded by the index, and its guard lets positions only be closed', async () => {
    const exchange = await start(scratch(), layout);
    expect((await price(exchange, '100000')).markPrice).toBe('100000');
    const maker = await newTrader(exchange);
    await maker.client.place({ market: BTC, side: 'buy', price: '99990', qty: '1' });
    // One side alone says nothing.
    expect((await price(exchange, '100000')).markPrice).toBe('100000');
    await maker.client.place({ market: BTC, side: 'sell', price: '100030', qty: '1' });
    // Nothing was traded yet: the mean of 100,000 and the mid 100,010.
    expect((await price(exchange, '100000')).markPrice).toBe('100005');
    await expect(price(exchange, '0')).rejects.toThrow(/index must be/);
    // The book stays where it was: at most 5 % away from the index.
    expect((await price(exchange, '80000')).markPrice).toBe('84000');
    const open = { market: BTC, side: 'buy', price: '84000', qty: '0.1' } as const;
    await expect(maker.client.place(open)).rejects.toMatchObject({
      code: 'market_accepts_only_reduce_only_orders',
    });
    await maker.client.cancelAll({ market: BTC });
    expect((await price(exchange, '80000')).markPrice).toBe('80000');
    await expect(maker.client.place(open)).resolves.toMatchObject({ result: 'accepted' });
  });
});
