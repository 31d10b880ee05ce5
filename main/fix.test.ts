import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { FixMessage } from '../gateway/fix/codec/fix-message.js';
import { MSG, TAG } from '../gateway/fix/codec/tags.js';
import { type ClientNumbers, FixClient, fieldsOf } from '../gateway/testing/fix-client.js';
import { PlimsollClient } from '../sdk/client.js';
import { apiKeyLogin } from '../sdk/login.js';
import { type AccountKey, newAccount } from './testing/accounts.js';
import { ExchangeProcess } from './testing/exchange-process.js';
import { LAYOUTS } from './testing/layouts.js';

const SANDBOX = ['--oracle', 'manual', '--no-bots', '--clock', 'manual'];
const MARKETS = [
  ['BTC-PERP', '100000'],
  ['ETH-PERP', '4000'],
] as const;
const BUY = { [TAG.Symbol]: 'BTC-PERP', [TAG.Side]: 1, [TAG.OrdType]: 2, [TAG.OrderQty]: '0.010' };
const SELL = { ...BUY, [TAG.Side]: 2, [TAG.Price]: '100000.0' };
const RESET = { [TAG.ResetSeqNumFlag]: 'Y' };
const isReport = ({ type }: FixMessage) => type === MSG.ExecutionReport;
const state = (message: FixMessage | undefined) => {
  const tags = [TAG.ClOrdID, TAG.ExecType, TAG.OrdStatus, TAG.CumQty, TAG.AvgPx];
  return message === undefined ? null : fieldsOf(message, ...tags);
};
const running: ExchangeProcess[] = [];
const clients: FixClient[] = [];
const folders: string[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) client.cut();
  for (const exchange of running.splice(0)) await exchange.kill();
  for (const folder of folders.splice(0)) fs.rmSync(folder, { recursive: true });
});

function scratch(): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'plimsoll-main-fix-'));
  folders.push(folder);
  return folder;
}

async function start(data: string, ...args: string[]): Promise<ExchangeProcess> {
  const exchange = await ExchangeProcess.start(['--data', data, ...SANDBOX, ...args]);
  running.push(exchange);
  for (const [market, index] of MARKETS) await exchange.admin('POST', 'prices', { market, index });
  return exchange;
}

async function connected(
  exchange: ExchangeProcess,
  { apiKey, apiSecret }: AccountKey,
  numbers?: ClientNumbers,
  extra = {},
): Promise<FixClient> {
  const client = await FixClient.connect(exchange.ready.fixPort as number, apiKey, numbers);
  clients.push(client);
  await client.logon(apiSecret, extra);
  return client;
}

describe.each(LAYOUTS)('the FIX door in layout %s', (layout) => {
  it.each(['SIGTERM', 'SIGKILL'] as const)(
    'goes on after %s with numbers, orders, and what has happened meanwhile',
    async (signal) => {
      const data = scratch();
      const first = await start(data, '--layout', layout);
      const [makerKey, takerKey] = [await newAccount(first), await newAccount(first)];
      const maker = await connected(first, makerKey);
      maker.send('D', { ...BUY, [TAG.ClOrdID]: 'rests', [TAG.Price]: '99999.9' });
      maker.send('D', {
        ...BUY,
        [TAG.ClOrdID]: 'eth',
        [TAG.Symbol]: 'ETH-PERP',
        [TAG.Price]: '3999',
      });
      await maker.until(isReport, 2);
      const taker = await connected(first, takerKey);
      const sell = { ...SELL, [TAG.OrderQty]: '0.004', [TAG.Price]: '99999.0' };
      taker.send('D', { ...sell, [TAG.ClOrdID]: 't-1' });
      await maker.until(isReport, 3);
      maker.cut();
      await maker.closed();
      taker.send('D', { ...sell, [TAG.ClOrdID]: 't-2', [TAG.OrderQty]: '0.003' });
      await taker.until(isReport, 4);
      taker.cut();
      await taker.closed();
      await first.stop(signal);

      const second = await start(data, '--layout', layout);
      const back = await connected(second, makerKey, maker.numbers);
      const [missed] = await back.until(isReport);
      expect(state(missed)).toEqual(['rests', 'F', '1', '0.007', '99999.9']);
      const seller = await connected(second, takerKey, taker.numbers);
      seller.send('D', { ...sell, [TAG.ClOrdID]: 't-3', [TAG.OrderQty]: '0.001' });
      const [, live] = await back.until(isReport, 2);
      expect(state(live)).toEqual(['rests', 'F', '1', '0.008', '99999.9']);
      back.send('F', {
        [TAG.Symbol]: 'ETH-PERP',
        [TAG.OrigClOrdID]: 'eth',
        [TAG.ClOrdID]: 'x',
      });
      const [, , canceled] = await back.until(isReport, 3);
      expect(state(canceled)).toEqual(['x', '4', '4', '0.000', '0']);
      // Numbers have no gap: the client has asked for nothing.
      expect(back.received.some(({ type }) => type === MSG.ResendRequest)).toBe(false);
      expect(back.numbers.nextIn).toBe(maker.numbers.nextIn);
    },
  );

  it('shows books and trades of all markets', async () => {
    const exchange = await start(scratch(), '--layout', layout);
    const [one, other] = [await newAccount(exchange), await newAccount(exchange)];
    const maker = await connected(exchange, one);
    const taker = await connected(exchange, other);
    taker.send('V', [
      [TAG.MDReqID, 'books'],
      [TAG.SubscriptionRequestType, 1],
      [TAG.MarketDepth, 5],
      [TAG.MDUpdateType, 1],
      [TAG.NoMDEntryTypes, 1],
      [TAG.MDEntryType, 2],
      [TAG.NoRelatedSym, 1],
      [TAG.Symbol, 'ETH-PERP'],
    ]);
    await taker.until(({ type }) => type === MSG.MarketDataSnapshot);
    const eth = { [TAG.Symbol]: 'ETH-PERP', [TAG.Price]: '4000.00' };
    maker.send('D', { ...SELL, ...eth, [TAG.ClOrdID]: 'm' });
    await maker.until(isReport);
    taker.send('D', { ...BUY, ...eth, [TAG.ClOrdID]: 't' });
    const [trade] = await taker.until(({ type }) => type === MSG.MarketDataIncremental);
    const tags = [TAG.NoMDEntries, TAG.MDEntryType, TAG.Symbol, TAG.MDEntryPx, TAG.MDEntrySize];
    expect(fieldsOf(trade as FixMessage, ...tags)).toEqual([
      '1',
      '2',
      'ETH-PERP',
      '4000.00',
      '0.010',
    ]);
  });
});

describe('kills while orders are on their way', () => {
  it('lose no order and no fill, and tell none twice', { timeout: 240_000 }, async () => {
    const data = scratch();
    let exchange = await start(data, '--clock', 'real');
    const [makerKey, takerKey] = [await newAccount(exchange), await newAccount(exchange)];
    let maker = await connected(exchange, makerKey);
    const all: FixMessage[] = [];
    for (let kill = 0; kill < 5; kill++) {
      const taker = await connected(exchange, takerKey, { nextIn: 1, nextOut: 1 }, RESET);
      for (let i = 0; i < 60; i++) {
        const id = `${kill}-${i}`;
        maker.send('D', { ...BUY, [TAG.ClOrdID]: `m${id}`, [TAG.Price]: `${99_950 + (i % 20)}` });
        if (i % 7 === 0) {
          const names = { [TAG.ClOrdID]: `x${id}`, [TAG.OrigClOrdID]: `m${kill}-${i >> 1}` };
          maker.send('F', { ...names, [TAG.Symbol]: 'BTC-PERP' });
        }
        if (i % 3 === 0)
          taker.send('D', { ...SELL, [TAG.ClOrdID]: `t${id}`, [TAG.Price]: '99900' });
        if (i % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 3));
      }
      // At the first one something is done for certain; at the others it is as far as the machine has come by then.
      if (kill === 0) await maker.until((message) => message.get(TAG.ExecType) === 'F');
      else await new Promise((resolve) => setTimeout(resolve, (kill - 1) * 8));
      await exchange.kill();
      await maker.closed();
      all.push(...maker.received);
      exchange = await start(data, '--clock', 'real');
      maker = await connected(exchange, makerKey, maker.numbers);
      // Whatever got no answer is asked for again; this client lets it go.
      maker.send('1', { [TAG.TestReqID]: `no gap ${kill}` });
      const [first] = await maker.until((message) => {
        return (
          message.type === MSG.ResendRequest || message.get(TAG.TestReqID) === `no gap ${kill}`
        );
      });
      for (const gap of first?.type === MSG.ResendRequest ? [first] : []) {
        const header = { [TAG.PossDupFlag]: 'Y', [TAG.OrigSendingTime]: '20260101-00:00:00' };
        const fill = { [TAG.GapFillFlag]: 'Y', [TAG.NewSeqNo]: maker.numbers.nextOut };
        maker.sendAs(Number(gap.get(TAG.BeginSeqNo)), MSG.SequenceReset, fill, header);
      }
    }
    maker.send('1', { [TAG.TestReqID]: 'end' });
    await maker.until((message) => message.get(TAG.TestReqID) === 'end');
    all.push(...maker.received);
    const reports = all.filter(isReport);
    const ids = reports.map((report) => report.get(TAG.ExecID));
    expect(new Set(ids).size).toBe(ids.length);
    const open = new Set<string>();
    let lots = 0;
    for (const report of reports) {
      const [id, status] = fieldsOf(report, TAG.OrderID, TAG.OrdStatus) as [string, string];
      if (status === '0' || status === '1') open.add(id);
      else open.delete(id);
      if (report.get(TAG.ExecType) === 'F')
        lots += Math.round(Number(report.get(TAG.LastQty)) * 1_000);
    }
    const native = await PlimsollClient.connect({
      url: exchange.url,
      login: apiKeyLogin(makerKey.apiKey, makerKey.apiSecret),
    });
    await native.subscribe('private');
    const real = () =>
      [...native.account.orders.values()].map(({ orderId }) => `1-${orderId}`).sort();
    await expect.poll(real).toEqual([...open].sort());
    expect(native.account.positions.get('BTC-PERP')?.position).toBe((lots / 1_000).toFixed(3));
    expect(lots).toBeGreaterThan(0);
    await native.close();
  });
});

describe('a session that begins long after its account', () => {
  it('misses nothing from then on, whatever epoch the account was last heard of in', async () => {
    const data = scratch();
    const first = await start(data);
    const [makerKey, takerKey] = [await newAccount(first), await newAccount(first)];
    const native = await PlimsollClient.connect({
      url: first.url,
      login: apiKeyLogin(makerKey.apiKey, makerKey.apiSecret),
    });
    const order = { market: 'BTC-PERP', side: 'buy', price: '99990', qty: '0.01' } as const;
    await native.place({ ...order, clientOrderId: 'old' });
    await native.close();
    await first.stop();
    await (await start(data)).stop();
    const third = await start(data);
    const client = await connected(third, makerKey);
    client.send('H', { [TAG.ClOrdID]: 'old', [TAG.Symbol]: 'BTC-PERP' });
    const [status] = await client.until(isReport);
    expect(state(status)).toEqual(['old', 'I', '0', '0.000', '0']);
    client.cut();
    await client.closed();
    const taker = await connected(third, takerKey);
    taker.send('D', { ...SELL, [TAG.ClOrdID]: 't', [TAG.Price]: '99990' });
    await taker.until(isReport, 2);
    const back = await connected(third, makerKey, client.numbers);
    const [fill] = await back.until(isReport);
    expect(state(fill)).toEqual(['old', 'F', '2', '0.010', '99990.0']);
  });
});

describe('the port of the FIX door', () => {
  it('that was asked for has to be free', async () => {
    const other = net.createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as net.AddressInfo;
    const args = ['--data', scratch(), ...SANDBOX, '--fix-port', String(port)];
    await expect(ExchangeProcess.start(args)).rejects.toThrow(
      `127.0.0.1:${port} cannot be listened on, most likely because something else does; choose another --fix-port`,
    );
    await new Promise((resolve) => other.close(resolve));
  });
});
