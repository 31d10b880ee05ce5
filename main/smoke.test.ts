import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { PlimsollClient } from '../sdk/client.js';
import { apiKeyLogin } from '../sdk/login.js';
import { ExchangeProcess } from './testing/exchange-process.js';

/** A few seconds with every change; `.ci/run` takes a minute. */
const SECONDS = Number(process.env.PLIMSOLL_SMOKE_SECONDS ?? 3);

function figure(metrics: string, name: string): number {
  const line = metrics.split('\n').find((one) => one.startsWith(`${name}{`));
  return Number(line?.split(' ').at(-1));
}

describe('npm start', () => {
  it(
    'runs a living exchange with its defaults, takes an order, and ends well when asked',
    async () => {
      const data = fs.mkdtempSync(path.join(os.tmpdir(), 'plimsoll-smoke-'));
      const exchange = await ExchangeProcess.start(['--data', data], ['npm', 'start', '--']);
      const { port, adminPort } = exchange.ready;
      for (const door of [port, adminPort]) {
        expect(await exchange.page(door, '/health')).toMatchObject({ status: 200 });
      }
      const key = await exchange.admin<{ accountId: number; apiKey: string; apiSecret: string }>(
        'POST',
        'accounts',
        {},
      );
      await exchange.admin('POST', 'deposits', { accountId: key.accountId, amount: '10000' });
      const login = apiKeyLogin(key.apiKey, key.apiSecret);
      const client = await PlimsollClient.connect({ url: exchange.url, login });
      await client.subscribe('private');
      await client.subscribe('book.BTC-PERP');
      await sleep(SECONDS * 1000);
      // Whatever else the machine does, it is alive some time.
      await expect.poll(() => client.book('BTC-PERP').bids.length).toBeGreaterThan(0);
      const bid = client.book('BTC-PERP').bids[0]?.[0] as string;
      const order = { market: 'BTC-PERP', side: 'buy', price: bid, qty: '0.001' } as const;
      const answer = await client.place({ ...order, clientOrderId: 1 });
      expect(answer.result).toBe('accepted');
      const bought = await client.place({
        market: 'ETH-PERP',
        side: 'buy',
        qty: '0.01',
        orderType: 'market',
        timeInForce: 'ioc',
      });
      expect(bought.result).toBe('accepted');
      await client.close();
      const figureNow = async (name: string) => {
        return figure((await exchange.page(port, '/metrics')).text, name);
      };
      await expect.poll(() => figureNow('plimsoll_orders_total')).toBeGreaterThan(30);
      await expect.poll(() => figureNow('plimsoll_trades_total')).toBeGreaterThan(0);
      expect(await figureNow('plimsoll_shard_state')).toBe(0);
      const invariants = await exchange.admin<{ moneyDifferenceMicroUsd: string }>(
        'GET',
        'invariants',
      );
      expect(invariants.moneyDifferenceMicroUsd).toBe('0');
      const { insuranceFunds } = await exchange.admin<{ insuranceFunds: Record<string, string> }>(
        'GET',
        'insurance',
      );
      expect(Number(insuranceFunds['BTC-PERP'])).toBeGreaterThanOrEqual(250_000);
      const log = () => fs.readFileSync(path.join(data, 'log', 'exchange.log'), 'utf8');
      await expect.poll(log).toContain('liquidator waits for auctions');
      expect(await exchange.stop()).toBe(0);
      fs.rmSync(data, { recursive: true });
    },
    (SECONDS + 240) * 1000,
  );
});
