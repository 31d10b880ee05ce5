import { createHmac } from 'node:crypto';
import net from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Xorshift } from '../../engine/testing/xorshift.js';
import { PlimsollClient } from '../../sdk/client.js';
import { apiKeyLogin } from '../../sdk/login.js';
import { type FixClient, fieldsOf } from '../testing/fix-client.js';
import { FixExchange } from '../testing/fix-exchange.js';
import type { FixMessage } from './codec/fix-message.js';
import { MSG, TAG } from './codec/tags.js';

const BUY = {
  [TAG.ClOrdID]: 'a-1',
  [TAG.Symbol]: 'BTC-PERP',
  [TAG.Side]: 1,
  [TAG.OrdType]: 2,
  [TAG.OrderQty]: '0.010',
  [TAG.Price]: '50000.0',
};
const SELL = { ...BUY, [TAG.Side]: 2 };

const isReport = ({ type }: FixMessage) => type === MSG.ExecutionReport;
const isLogout = ({ type }: FixMessage) => type === MSG.Logout;

let exchange: FixExchange;

beforeEach(async () => {
  exchange = new FixExchange();
  await exchange.start();
});
afterEach(async () => {
  await exchange.close();
  expect(exchange.errors).toEqual([]);
});

describe('a logon', () => {
  it.each<[string, Record<number, string | number>, Record<number, string>, RegExp]>([
    [
      'with a wrong secret',
      { [TAG.Password]: 'wrong' },
      {},
      /must be an API key, and Password its secret/,
    ],
    [
      'with another user',
      { [TAG.Username]: 'other' },
      {},
      /must be an API key, and Password its secret/,
    ],
    [
      'as nobody',
      {},
      { [TAG.SenderCompID]: 'nobody' },
      /must be an API key, and Password its secret/,
    ],
    ['to another venue', {}, { [TAG.TargetCompID]: 'OTHER' }, /TargetCompID must be PLIMSOLL/],
    ['with encryption', { [TAG.EncryptMethod]: 1 }, {}, /EncryptMethod must be 0/],
    [
      'without heartbeats',
      { [TAG.HeartBtInt]: 0 },
      {},
      /HeartBtInt must be from 1 to 3600 seconds/,
    ],
    ['with what is not heeded', { 789: 5 }, {}, /tag 789 is not supported in this message/],
  ])('%s is refused', async (_name, fields, header, text) => {
    const { client, key } = await exchange.connect(1);
    const right = { [TAG.EncryptMethod]: 0, [TAG.HeartBtInt]: 30, [TAG.Username]: key.apiKey };
    client.send(MSG.Logon, { ...right, [TAG.Password]: key.apiSecret, ...fields }, header);
    const [logout] = await client.until(isLogout);
    expect(logout?.get(TAG.Text)).toMatch(text);
    await client.closed();
  });

  it('has to be the first message, and to come in time', async () => {
    const { client } = await exchange.connect(1);
    client.send('D', BUY);
    const [logout] = await client.until(isLogout);
    expect(logout?.get(TAG.Text)).toBe('the first message must be a Logon');
    await exchange.close();
    exchange = new FixExchange({ loginTimeoutMs: 50 });
    await exchange.start();
    await (await exchange.connect(1)).client.closed();
  });

  it('of a session that is logged on is refused, and the session goes on', async () => {
    const first = await exchange.client(1);
    const { client: second, key } = await exchange.connect(1);
    const answer = await second.logon(key.apiSecret);
    expect(fieldsOf(answer, TAG.MsgType, TAG.Text)).toEqual([
      '5',
      'the session is logged on already',
    ]);
    await second.closed();
    first.send('1', { [TAG.TestReqID]: 'still here' });
    await first.until((message) => message.get(TAG.TestReqID) === 'still here');
  });

  it('may begin the session anew', async () => {
    const first = await exchange.client(1);
    first.send('D', BUY);
    await first.until(isReport);
    first.cut();
    await first.closed();
    const again = await exchange.client(1, undefined, { [TAG.ResetSeqNumFlag]: 'Y' });
    expect(again.received[0]?.get(TAG.ResetSeqNumFlag)).toBe('Y');
    again.send('F', { [TAG.ClOrdID]: 'x', [TAG.OrigClOrdID]: 'a-1', [TAG.Symbol]: 'BTC-PERP' });
    const [report] = await again.until(isReport);
    expect(fieldsOf(report as FixMessage, TAG.MsgSeqNum, TAG.ExecType, TAG.ClOrdID)).toEqual([
      '2',
      '4',
      'x',
    ]);
  });
});

describe('a session', () => {
  it('tells when it is back what happened while it was away', async () => {
    const client = await exchange.client(1);
    client.send('D', BUY);
    await client.until(isReport);
    client.cut();
    await client.closed();
    const other = await exchange.client(2);
    other.send('D', { ...SELL, [TAG.OrderQty]: '0.004' });
    other.send('D', { ...SELL, [TAG.ClOrdID]: 'b', [TAG.OrderQty]: '0.004' });
    await other.until(isReport, 4);
    const back = await exchange.client(1, client.numbers);
    const found = await back.until(isReport, 2);
    const tags = [TAG.ExecType, TAG.ClOrdID, TAG.LeavesQty, TAG.CumQty, TAG.PossDupFlag];
    expect(found.map((one) => fieldsOf(one, ...tags))).toEqual([
      ['F', 'a-1', '0.006', '0.004', undefined],
      ['F', 'a-1', '0.002', '0.008', undefined],
    ]);
  });

  it('sends again what is asked for, marked, with gaps for what is of no use again', async () => {
    const client = await exchange.client(1);
    client.send('1', { [TAG.TestReqID]: 'x' });
    client.send('D', BUY);
    client.send('1', { [TAG.TestReqID]: 'y' });
    client.send('D', { ...BUY, [TAG.ClOrdID]: 'a-2' });
    await client.until(isReport, 2);
    const before = client.numbers.nextIn;
    // As if nothing had come: all of it is new to a client with these numbers.
    const seen = client.received
      .filter(isReport)
      .map((one) => fieldsOf(one, TAG.MsgSeqNum, TAG.ExecID));
    client.numbers.nextIn = 1;
    client.received.length = 0;
    client.send('2', { [TAG.BeginSeqNo]: 1, [TAG.EndSeqNo]: 0 });
    const again = await client.until(isReport, 2);
    expect(again.map((one) => fieldsOf(one, TAG.MsgSeqNum, TAG.ExecID))).toEqual(seen);
    for (const one of again) {
      expect(one.isPossibleDuplicate).toBe(true);
      expect(one.get(TAG.OrigSendingTime)).toBeDefined();
    }
    await expect.poll(() => client.numbers.nextIn).toBe(before);
  });

  it('takes orders that come again after a gap, each once', async () => {
    const client = await exchange.client(1);
    const time = '20260101-00:00:00';
    const missing = client.numbers.nextOut++;
    client.send('D', { ...BUY, [TAG.ClOrdID]: 'second' });
    const [asked] = await client.until(({ type }) => type === MSG.ResendRequest);
    expect(fieldsOf(asked as FixMessage, TAG.BeginSeqNo, TAG.EndSeqNo)).toEqual([
      String(missing),
      '0',
    ]);
    const header = { [TAG.PossDupFlag]: 'Y', [TAG.OrigSendingTime]: time };
    client.sendAs(missing, 'D', { ...BUY, [TAG.ClOrdID]: 'first' }, header);
    client.sendAs(missing + 1, 'D', { ...BUY, [TAG.ClOrdID]: 'second' }, header);
    client.sendAs(missing + 1, 'D', { ...BUY, [TAG.ClOrdID]: 'second' }, header);
    client.send('D', { ...BUY, [TAG.ClOrdID]: 'third' });
    const found = await client.until(isReport, 3);
    expect(found.map((one) => one.get(TAG.ClOrdID))).toEqual(['first', 'second', 'third']);
  });

  it('goes on with its numbers, orders and names when the door begins anew', async () => {
    const client = await exchange.client(1);
    client.send('D', { ...BUY, [TAG.OrderQty]: '0.030' });
    await client.until(isReport);
    const other = await exchange.client(2);
    other.send('D', { ...SELL, [TAG.OrderQty]: '0.010', [TAG.Price]: '49999.9' });
    const change = {
      ...BUY,
      [TAG.OrigClOrdID]: 'a-1',
      [TAG.ClOrdID]: 'a-2',
      [TAG.OrderQty]: '0.025',
    };
    client.send('G', change);
    await client.until(isReport, 3);
    await exchange.restartDoor();
    await client.closed();
    const seller = await exchange.client(2, other.numbers);
    seller.send('D', {
      ...SELL,
      [TAG.ClOrdID]: 'c',
      [TAG.Price]: '49000.0',
      [TAG.OrderQty]: '0.005',
    });
    await seller.until(isReport, 2);
    const back = await exchange.client(1, client.numbers);
    const [logon, fill] = await back.until(() => true, 2);
    expect(fieldsOf(logon as FixMessage, TAG.MsgType, TAG.MsgSeqNum)).toEqual(['A', '6']);
    const tags = [TAG.ExecType, TAG.ClOrdID, TAG.OrderQty, TAG.CumQty, TAG.LeavesQty, TAG.AvgPx];
    expect(fieldsOf(fill as FixMessage, ...tags)).toEqual([
      'F',
      'a-2',
      '0.025',
      '0.015',
      '0.010',
      '50000.0',
    ]);
    back.send('F', { [TAG.Symbol]: 'BTC-PERP', [TAG.OrigClOrdID]: 'a-2', [TAG.ClOrdID]: 'a-3' });
    const [, canceled] = await back.until(isReport, 2);
    expect(fieldsOf(canceled as FixMessage, TAG.ExecType, TAG.ClOrdID, TAG.CumQty)).toEqual([
      '4',
      'a-3',
      '0.015',
    ]);
    // From before the door ended.
    back.numbers.nextIn = 2;
    back.received.length = 0;
    back.send('2', { [TAG.BeginSeqNo]: 2, [TAG.EndSeqNo]: 4 });
    const again = await back.until(
      (message) => isReport(message) && message.isPossibleDuplicate,
      3,
    );
    expect(again.map((one) => one.get(TAG.MsgSeqNum))).toEqual(['2', '3', '4']);
  });

  it('of an account that traded before begins with what is open, and exact averages', async () => {
    const native = await Promise.all(
      [1, 2].map((account) => {
        const { apiKey, apiSecret } = exchange.key(account);
        const login = apiKeyLogin(apiKey, apiSecret);
        return PlimsollClient.connect({ url: exchange.url, login });
      }),
    );
    const [own, other] = native as [PlimsollClient, PlimsollClient];
    const order = { market: 'BTC-PERP', side: 'buy', price: '50000', qty: '0.02' } as const;
    const { orderId } = await own.place({ ...order, clientOrderId: 'n' });
    await other.place({ ...order, side: 'sell', qty: '0.004' });
    await own.request('amend', { market: 'BTC-PERP', orderId, price: '50000.3' });
    await other.place({ ...order, side: 'sell', qty: '0.002' });
    const client = await exchange.client(1);
    client.send('H', { [TAG.ClOrdID]: 'n', [TAG.Symbol]: 'BTC-PERP' });
    const [status] = await client.until(isReport);
    const tags = [TAG.ExecType, TAG.OrdStatus, TAG.LeavesQty, TAG.CumQty, TAG.AvgPx];
    expect(fieldsOf(status as FixMessage, ...tags)).toEqual([
      'I',
      '1',
      '0.014',
      '0.006',
      '50000.1',
    ]);
    expect(client.received.filter(isReport)).toHaveLength(1);
    await Promise.all(native.map((one) => one.close()));
  });

  it('has an allowance, and cancels one of their own beyond it', async () => {
    await exchange.close();
    exchange = new FixExchange({
      requestsBurst: 3,
      requestsPerSecond: 0.001,
      cancelsBurst: 2,
      cancelsPerSecond: 0.001,
    });
    await exchange.start();
    const client = await exchange.client(1);
    for (let i = 1; i <= 5; i++) client.send('D', { ...BUY, [TAG.ClOrdID]: `o${i}` });
    for (let i = 1; i <= 3; i++) {
      const names = { [TAG.OrigClOrdID]: `o${i}`, [TAG.ClOrdID]: `c${i}` };
      client.send('F', { ...names, [TAG.Symbol]: 'BTC-PERP' });
    }
    await client.until(isReport, 7);
    const over = client.received.filter((one) => one.get(TAG.Text)?.startsWith('rate_limited'));
    expect(over.map((one) => one.get(TAG.ClOrdID)).sort()).toEqual(['c3', 'o4', 'o5']);
  });

  it('counts its orders, and those of the other doors, against what its account trades', async () => {
    await exchange.close();
    exchange = new FixExchange({ orderWindowFree: 2, orderUsdEach: 1_000 });
    await exchange.start();
    const { apiKey, apiSecret } = exchange.key(1);
    const login = apiKeyLogin(apiKey, apiSecret);
    const native = await PlimsollClient.connect({ url: exchange.url, login });
    await native.place({ market: 'BTC-PERP', side: 'buy', price: '49000', qty: '0.01' });
    const client = await exchange.client(1);
    client.send('D', { ...BUY, [TAG.ClOrdID]: 'second' });
    client.send('D', { ...BUY, [TAG.ClOrdID]: 'third' });
    const isThird = (message: FixMessage) => message.get(TAG.ClOrdID) === 'third';
    const [refused] = await client.until(isThird);
    expect(refused?.get(TAG.Text)).toMatch(/^order_to_trade_ratio_exceeded: .* would be 3;/);
    const order = 'symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&price=49000&quantity=0.01';
    const query = `${order}&timestamp=${exchange.core.timeMs}`;
    const signature = createHmac('sha256', apiSecret).update(query).digest('hex');
    const url = `http${exchange.url.slice(2, -3)}/fapi/v1/order?${query}&signature=${signature}`;
    const answer = await fetch(url, { method: 'POST', headers: { 'x-mbx-apikey': apiKey } });
    expect([answer.status, await answer.json()]).toMatchObject([429, { code: -1015 }]);
    const names = { [TAG.OrigClOrdID]: 'second', [TAG.ClOrdID]: 'gone' };
    client.send('F', { ...names, [TAG.Symbol]: 'BTC-PERP' });
    const [gone] = await client.until((message) => message.get(TAG.ClOrdID) === 'gone');
    expect(gone?.get(TAG.OrdStatus)).toBe('4');
    await native.close();
  });

  it('draws from the allowance that its account has at all doors', async () => {
    await exchange.close();
    exchange = new FixExchange({ requestsBurst: 6, requestsPerSecond: 0.001 });
    await exchange.start();
    const { apiKey, apiSecret } = exchange.key(1);
    const login = apiKeyLogin(apiKey, apiSecret);
    // What the logins take is not fixed here: the native client uses up what they leave.
    const native = await PlimsollClient.connect({ url: exchange.url, login });
    const order = { market: 'BTC-PERP', side: 'buy', price: '49000', qty: '0.01' } as const;
    const client = await exchange.client(1);
    for (let i = 0; i < 6; i++) await native.place(order).catch(() => {});
    client.send('D', BUY);
    // It tells of the native client's orders too.
    const isOwn = (message: FixMessage) => message.get(TAG.ClOrdID) === BUY[TAG.ClOrdID];
    const [refused] = await client.until(isOwn);
    expect(refused?.get(TAG.Text)).toMatch(/^rate_limited/);
    const query = `timestamp=${exchange.core.timeMs}`;
    const signature = createHmac('sha256', apiSecret).update(query).digest('hex');
    const url = `http${exchange.url.slice(2, -3)}/fapi/v2/balance?${query}&signature=${signature}`;
    const answer = await fetch(url, { headers: { 'x-mbx-apikey': apiKey } });
    expect([answer.status, await answer.json()]).toEqual([
      429,
      { code: -1003, msg: expect.stringContaining('Too many requests') },
    ]);
    const other = await exchange.client(2);
    other.send('D', BUY);
    expect((await other.until(isReport))[0]?.get(TAG.OrdStatus)).toBe('0');
    await native.close();
  });

  it('is cut when it does not read, and has everything when it is back', async () => {
    await exchange.close();
    const few = { publicBufferBytesMax: 2_000, privateBufferBytesMax: 200_000 };
    exchange = new FixExchange({ ...few, requestsBurst: 100_000 });
    await exchange.start();
    const client = await exchange.client(1);
    client.stopReading();
    const orders = 3_000;
    for (let i = 1; i <= orders; i++) {
      client.send('D', { ...BUY, [TAG.ClOrdID]: `o${i}`, [TAG.Price]: '49000.0' });
      if (i % 100 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    }
    await expect.poll(() => exchange.door.stats().commands).toBe(orders);
    client.cut();
    await client.closed();
    const back = await exchange.client(1, client.numbers);
    await back.until((message) => message.get(TAG.ClOrdID) === `o${orders}`);
    const names = [...client.received, ...back.received]
      .filter(isReport)
      .map((one) => one.get(TAG.ClOrdID));
    expect(names).toEqual(Array.from({ length: orders }, (_, i) => `o${i + 1}`));
  });
});

describe('any bytes', () => {
  it('harm nobody: the door goes on, and nothing is done', async () => {
    const client = await exchange.client(1);
    const random = new Xorshift(7);
    for (let i = 0; i < 60; i++) {
      const socket = net.connect(exchange.port, '127.0.0.1');
      socket.on('error', () => {});
      const bytes = Buffer.from(Array.from({ length: 400 }, () => random.next() & 0xff));
      socket.write(
        i % 2 === 0 ? bytes : Buffer.concat([Buffer.from('8=FIX.4.4\u00019=100\u0001'), bytes]),
      );
      await new Promise((resolve) => setTimeout(resolve, 2));
      socket.destroy();
    }
    client.raw(Buffer.from('8=FIX.4.4\u00019=12\u000135=D\u000110=000\u0001garbage'));
    client.send('D', BUY);
    await client.until(isReport);
    await expect.poll(() => exchange.door.stats().connections).toBe(1);
    expect(exchange.door.stats().commands).toBe(1);
  });
});

/** What a client believes of its orders after all that came: open ones by name, and the sum of its trades. */
function believed(messages: readonly FixMessage[]) {
  const open = new Map<string, string>();
  let lots = 0;
  for (const message of messages.filter(isReport)) {
    const [id, status, leaves, type, quantity, side] = fieldsOf(
      message,
      ...[TAG.OrderID, TAG.OrdStatus, TAG.LeavesQty, TAG.ExecType, TAG.LastQty, TAG.Side],
    );
    if (type === 'F') lots += Math.round(Number(quantity) * 1_000) * (side === '1' ? 1 : -1);
    if (id === 'NONE') continue;
    if (status === '0' || status === '1') open.set(id as string, leaves as string);
    else open.delete(id as string);
  }
  return { open: new Map([...open].sort()), lots };
}

const CUTS = process.env.PLIMSOLL_FULL === '1' ? 200 : 20;

describe(`${CUTS} cuts under load`, () => {
  it('lose nothing: the client has every order and fill of the exchange, each once', async () => {
    await exchange.close();
    exchange = new FixExchange({ requestsBurst: 1e6, requestsPerSecond: 1e6 });
    await exchange.start();
    const random = new Xorshift(11);
    const between = (least: number, most: number) => random.between(least, most);
    const other = await exchange.client(2);
    const all: FixMessage[] = [];
    let client: FixClient = await exchange.client(1);
    let orders = 0;
    for (let cut = 0; cut < CUTS; cut++) {
      for (let i = between(1, 12); i > 0; i--) {
        orders++;
        const price = `${between(49_990, 50_010)}.0`;
        const order = { ...BUY, [TAG.ClOrdID]: `o${orders}`, [TAG.Price]: price };
        client.send('D', { ...order, [TAG.Side]: between(1, 2) });
        if (i % 3 === 0) {
          const names = {
            [TAG.OrigClOrdID]: `o${between(1, orders)}`,
            [TAG.ClOrdID]: `x${orders}`,
          };
          client.send('F', { ...names, [TAG.Symbol]: 'BTC-PERP' });
        }
      }
      other.send('D', {
        ...BUY,
        [TAG.ClOrdID]: `b${cut}`,
        [TAG.Side]: between(1, 2),
        [TAG.OrderQty]: '0.020',
      });
      await new Promise((resolve) => setTimeout(resolve, between(0, 3)));
      client.cut();
      await client.closed();
      all.push(...client.received);
      // What the exchange has not got is asked for; this client has nothing left to give, and fills the gap.
      client = await backWithGaps(client);
    }
    for (const one of [other, client]) {
      one.send('1', { [TAG.TestReqID]: 'end' });
      await one.until((message) => message.get(TAG.TestReqID) === 'end');
    }
    all.push(...client.received);
    const view = believed(all);
    const native = await nativeView();
    expect(view.open).toEqual(native.open);
    expect(view.lots).toBe(native.lots);
    expect(view.open.size).toBeGreaterThan(0);
    const ids = all.filter(isReport).map((one) => one.get(TAG.ExecID));
    expect(new Set(ids).size).toBe(ids.length);
  });

  async function backWithGaps(before: FixClient): Promise<FixClient> {
    const client = await exchange.client(1, before.numbers);
    const asked = client.received.find(({ type }) => type === MSG.ResendRequest);
    const isBehind = client.received[0]?.type === MSG.Logon;
    expect(isBehind).toBe(true);
    const [gap] = asked === undefined ? await gapOf(client) : [asked];
    if (gap !== undefined) {
      const from = Number(gap.get(TAG.BeginSeqNo));
      const header = { [TAG.PossDupFlag]: 'Y', [TAG.OrigSendingTime]: '20260101-00:00:00' };
      const next = { [TAG.GapFillFlag]: 'Y', [TAG.NewSeqNo]: client.numbers.nextOut };
      client.sendAs(from, MSG.SequenceReset, next, header);
    }
    return client;
  }

  /** A ResendRequest follows the Logon at once, before anything else is answered, or does not come. */
  async function gapOf(client: FixClient): Promise<FixMessage[]> {
    client.send(MSG.TestRequest, { [TAG.TestReqID]: 'no gap' });
    const [first] = await client.until((message) => {
      return message.type === MSG.ResendRequest || message.get(TAG.TestReqID) === 'no gap';
    });
    return first?.type === MSG.ResendRequest ? [first] : [];
  }

  async function nativeView() {
    const { apiKey, apiSecret } = exchange.key(1);
    const client = await PlimsollClient.connect({
      url: exchange.url,
      login: apiKeyLogin(apiKey, apiSecret),
    });
    await client.subscribe('private');
    const open = exchange.sources.accounts.openOrders(1).map((order): [string, string] => {
      return [`1-${order.orderId}`, (order.remainingLots / 1_000).toFixed(3)];
    });
    const position = client.account.positions.get('BTC-PERP')?.position ?? '0';
    await client.close();
    return { open: new Map(open.sort()), lots: Math.round(Number(position) * 1_000) };
  }
});
