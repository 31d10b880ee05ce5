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
function setPrice(exchange: ExchangeProcess, index: string): Promise<unknown> {
  return exchange.admin('POST', 'prices', { market: MARKET, index });
}

afterEach(async () => {
  for (const exchange of running.splice(0)) await exchange.kill();
  for (const folder of folders.splice(0)) fs.rmSync(folder, { recursive: true });
});

describe.each(LAYOUTS)('trigger orders in layout %s', (layout) => {
  it('survive a kill, fire on the market’s price and fill, wherever their owner is at home', async () => {
    const data = fs.mkdtempSync(path.join(os.tmpdir(), 'plimsoll-triggers-'));
    folders.push(data);
    const first = await start(data, layout);
    await setPrice(first, '100000');
    // In layout spread the second account is not at home where the market is.
    const keys = await newAccounts(first, 2, '100000');
    const [makerKey, ownerKey] = keys as [AccountKey, AccountKey];
    const owner = await follow(first, ownerKey);
    const stop = { market: MARKET, side: 'sell', qty: '0.010', clientOrderId: 'my-stop' } as const;
    await owner.place({ ...stop, orderType: 'stop_market', triggerPrice: '95000' });
    const profit = { ...stop, clientOrderId: 7, price: '110000', triggerPrice: '105000' } as const;
    const oco = { ocoClientOrderId: 'my-stop' };
    await owner.place({ ...profit, ...oco, orderType: 'take_profit_limit', triggerBy: 'index' });
    await first.kill();

    const second = await start(data, layout);
    const maker = await follow(second, makerKey);
    const again = await follow(second, ownerKey);
    expect([...again.account.orders.values()]).toMatchObject([
      { orderId: 1, clientOrderId: 'my-stop', triggerPrice: '95000.0', ocoOrderId: 2 },
      { orderId: 2, clientOrderId: '7', triggerBy: 'index', ocoOrderId: 1 },
    ]);
    const orders: ServerMessage[] = [];
    again.on('order', (message) => orders.push(message));
    await maker.place({ market: MARKET, side: 'buy', price: '94000', qty: '1' });
    await setPrice(second, '95000.1');
    expect(orders).toEqual([]);
    await setPrice(second, '95000');
    await again.ping();
    expect(orders).toMatchObject([
      { event: 'triggered', orderId: 1, clientOrderId: 'my-stop' },
      { event: 'canceled', orderId: 2, reason: 'oco' },
      { event: 'accepted', orderId: 4, triggerOrderId: 1, clientOrderId: 'my-stop' },
    ]);
    expect(again.account.orders.size).toBe(0);
    expect(again.account.positions.get(MARKET)).toMatchObject({ position: '-0.010' });
    const { moneyDifferenceMicroUsd } = await second.admin<{ moneyDifferenceMicroUsd: string }>(
      'GET',
      'invariants',
    );
    expect(moneyDifferenceMicroUsd).toBe('0');
  });
});
