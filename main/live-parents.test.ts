import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { ServerMessage } from '../sdk/codec.js';
import { type AccountKey, follow, newAccounts } from './testing/accounts.js';
import { ExchangeProcess } from './testing/exchange-process.js';
import { LAYOUTS } from './testing/layouts.js';

const SANDBOX = ['--oracle', 'manual', '--no-bots', '--clock', 'manual', '--fsync', 'always'];
const MARKET = 'BTC-PERP';
const folders: string[] = [];
const running: ExchangeProcess[] = [];

async function start(data: string, layout: string): Promise<ExchangeProcess> {
  const exchange = await ExchangeProcess.start(['--data', data, '--layout', layout, ...SANDBOX]);
  running.push(exchange);
  return exchange;
}

/** Answered when all consequences have reached the feeds. */
function advance(exchange: ExchangeProcess, advanceMs: number): Promise<unknown> {
  return exchange.admin('POST', 'clock', { advanceMs });
}

afterEach(async () => {
  for (const exchange of running.splice(0)) await exchange.kill();
  for (const folder of folders.splice(0)) fs.rmSync(folder, { recursive: true });
});

describe.each(LAYOUTS)('parent orders in layout %s', (layout) => {
  it('survive a kill: a TWAP goes on in time, and a scaled order is canceled by its id', async () => {
    const data = fs.mkdtempSync(path.join(os.tmpdir(), 'plimsoll-parents-'));
    folders.push(data);
    const first = await start(data, layout);
    await first.admin('POST', 'prices', { market: MARKET, index: '100000' });
    // In layout spread the second account is not at home where the market is.
    const keys = await newAccounts(first, 2, '100000');
    const [makerKey, ownerKey] = keys as [AccountKey, AccountKey];
    const maker = await follow(first, makerKey);
    await maker.place({ market: MARKET, side: 'sell', price: '100100', qty: '1' });
    const owner = await follow(first, ownerKey);
    const scale = { price: '99000', lastPrice: '98000', qty: '0.030', count: 3 } as const;
    await owner.placeScaled({ market: MARKET, side: 'buy', ...scale, clientOrderId: 'scale' });
    const slow = { qty: '0.040', duration: 40_000, slices: 4, clientOrderId: 'slow' } as const;
    await owner.placeTwap({ market: MARKET, side: 'buy', ...slow });
    await advance(first, 10_000);
    await owner.ping();
    expect(owner.account.positions.get(MARKET)).toMatchObject({ position: '0.020' });
    await first.kill();

    const second = await start(data, layout);
    const again = await follow(second, ownerKey);
    expect([...again.account.twaps.values()]).toMatchObject([
      { clientOrderId: 'slow', qty: '0.040', remaining: '0.020', count: 4 },
    ]);
    const parents: ServerMessage[] = [];
    again.on('parent', (message) => parents.push(message));
    await advance(second, 20_000);
    await again.ping();
    expect(parents).toMatchObject([
      { event: 'ended', clientOrderId: 'slow', remaining: '0.000', averagePrice: '100100.00000' },
    ]);
    expect(again.account.positions.get(MARKET)).toMatchObject({ position: '0.040' });
    expect(again.account.orders.size).toBe(3);
    const canceled = await again.cancel({ market: MARKET, clientOrderId: 'scale' });
    expect(canceled).toMatchObject({ result: 'canceled', canceledQty: '0.030' });
    await expect.poll(() => again.account.orders.size).toBe(0);
    const { moneyDifferenceMicroUsd } = await second.admin<{ moneyDifferenceMicroUsd: string }>(
      'GET',
      'invariants',
    );
    expect(moneyDifferenceMicroUsd).toBe('0');
  });

  it('survive a kill: legs of a bracket wait with what the order has filled, and one ends the other', async () => {
    const data = fs.mkdtempSync(path.join(os.tmpdir(), 'plimsoll-parents-'));
    folders.push(data);
    const first = await start(data, layout);
    await first.admin('POST', 'prices', { market: MARKET, index: '100000' });
    const keys = await newAccounts(first, 2, '100000');
    const [makerKey, ownerKey] = keys as [AccountKey, AccountKey];
    const owner = await follow(first, ownerKey);
    const entry = { market: MARKET, side: 'buy', price: '100000', qty: '0.030' } as const;
    await owner.place({ ...entry, takeProfitPrice: '105000', stopLossPrice: '95000' });
    const seller = await follow(first, makerKey);
    await seller.place({ ...entry, side: 'sell', qty: '0.020' });
    await first.kill();

    const second = await start(data, layout);
    const again = await follow(second, ownerKey);
    expect([...again.account.orders.values()]).toMatchObject([
      { orderId: 1, remaining: '0.010', takeProfitPrice: '105000.0', stopLossPrice: '95000.0' },
      { orderId: 3, orderType: 'take_profit_market', qty: '0.020', parentOrderId: 1 },
      { orderId: 4, orderType: 'stop_market', qty: '0.020', parentOrderId: 1 },
    ]);
    const maker = await follow(second, makerKey);
    await maker.place({ market: MARKET, side: 'buy', price: '94900', qty: '1' });
    await second.admin('POST', 'prices', { market: MARKET, index: '95000' });
    await again.ping();
    expect(again.account.orders.size).toBe(0);
    expect(again.account.positions.size).toBe(0);
    expect(await second.admin('GET', 'invariants')).toMatchObject({ moneyDifferenceMicroUsd: '0' });
  });
});
