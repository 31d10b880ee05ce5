import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BinanceClient, BinanceExchange, type Json } from './binance.fixture.js';
import { BinanceError } from './errors.js';
import { Parameters, withoutSignature } from './parameters.js';

const RUNS = process.env.PLIMSOLL_FULL === undefined ? 1 : 20;
const NAMES = [
  'symbol',
  'side',
  'type',
  'timeInForce',
  'quantity',
  'price',
  'stopPrice',
  'orderId',
];
const MORE = [
  'timestamp',
  'recvWindow',
  'signature',
  'limit',
  'interval',
  'batchOrders',
  'reduceOnly',
];
const VALUES = ['BTCUSDT', 'BUY', 'LIMIT', 'MARKET', 'STOP', 'GTC', '0.01', '50000', '1m', 'true'];
const ODD = ['', '-1', '0', '1e99', '0x10', 'NaN', '%', '%zz', '%00', '[]', '[{}]', '[null]', '💥'];

const name = fc.oneof(fc.constantFrom(...NAMES, ...MORE), fc.string({ maxLength: 50 }));
const value = fc.oneof(fc.constantFrom(...VALUES, ...ODD), fc.string({ maxLength: 60 }));
const form = fc
  .array(fc.tuple(name, value), { maxLength: 80 })
  .map((pairs) => pairs.map(([left, right]) => `${left}=${right}`).join('&'));

let exchange: BinanceExchange;
let one: BinanceClient;

beforeAll(async () => {
  exchange = new BinanceExchange();
  const rates = { requestsPerSecond: 1e9, requestsBurst: 1e9 };
  await exchange.start({ limits: rates });
  one = exchange.client(1);
});
afterAll(() => exchange.close());

describe('texts of any kind', () => {
  it('are read as parameters, or refused with a code', () => {
    const read = (text: string) => {
      try {
        const parameters = Parameters.ofForms(text);
        for (const each of [...NAMES, ...MORE]) parameters.text(each);
        parameters.signedText();
        parameters.signedEncodedText();
      } catch (error) {
        expect(error).toBeInstanceOf(BinanceError);
      }
    };
    fc.assert(fc.property(form, read), { numRuns: 2_000 * RUNS });
    fc.assert(fc.property(fc.string({ maxLength: 200 }), read), { numRuns: 2_000 * RUNS });
  });

  it('lose their signature and nothing else', () => {
    const pair = fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.stringMatching(/^[a-z0-9]{0,5}$/));
    fc.assert(
      fc.property(fc.array(pair), fc.nat(10), (pairs, at) => {
        const texts = pairs.map(([left, right]) => `${left}=${right}`);
        const signed = [...texts];
        signed.splice(Math.min(at, texts.length), 0, 'signature=00ff');
        expect(withoutSignature(signed.join('&'))).toBe(texts.join('&'));
      }),
    );
  });
});

describe('requests of any kind', () => {
  const request = fc.record({
    method: fc.constantFrom('GET', 'POST', 'PUT', 'DELETE'),
    path: fc.constantFrom(
      'v1/order',
      'v1/batchOrders',
      'v1/depth',
      'v1/klines',
      'v1/leverage',
      'v1/positionMargin',
      'v3/account',
      'v1/listenKey',
      'v1/countdownCancelAll',
      'v9/nothing',
    ),
    fields: fc.dictionary(fc.constantFrom(...NAMES, 'limit', 'interval', 'batchOrders'), value, {
      maxKeys: 8,
    }),
  });

  it('get one answer each, as JSON with a code, and leave the exchange in order', async () => {
    await fc.assert(
      fc.asyncProperty(request, async ({ fields, method, path }) => {
        const { body, status } = await one.call(method, `/fapi/${path}`, fields);
        expect(status).toBeLessThan(500);
        if (status !== 200) expect(typeof body.code).toBe('number');
      }),
      { numRuns: 300 * RUNS },
    );
    const account = await one.must('GET', '/fapi/v3/account');
    expect(account.totalWalletBalance).toMatch(/^[0-9]+\.[0-9]{8}$/);
  });
});

describe('messages of any kind', () => {
  const method = fc.oneof(
    fc.constantFrom('SUBSCRIBE', 'UNSUBSCRIBE', 'LIST_SUBSCRIPTIONS', 'SET_PROPERTY'),
    fc.constantFrom('order.place', 'order.cancel', 'session.logon', 'depth', 'v2/account.status'),
    fc.string({ maxLength: 20 }),
  );
  const params = fc.oneof(
    fc.jsonValue({ maxDepth: 3 }),
    fc.array(fc.constantFrom('btcusdt@trade', 'btcusdt@depth', '!ticker@arr', 'x@y', '@', '')),
    fc.dictionary(fc.constantFrom(...NAMES, ...MORE, 'apiKey'), fc.oneof(value, fc.double())),
  );
  const message = fc.oneof(
    fc
      .record({ id: fc.oneof(fc.nat(), fc.jsonValue()), method, params })
      .map((each) => JSON.stringify(each)),
    fc.json(),
    fc.string({ maxLength: 300 }),
  );

  it.each(['/ws', '/stream', '/ws-fapi/v1'])('get an answer each at %s', async (path) => {
    const socket = await exchange.socket(path);
    const messages = fc.sample(message, 700 * RUNS);
    for (const text of messages) socket.send(text);
    socket.send({ id: 'the end', method: path === '/ws-fapi/v1' ? 'ping' : 'LIST_SUBSCRIPTIONS' });
    await socket.answer('the end');
    const isAnswer = (each: Json) => 'result' in each || 'error' in each;
    expect(socket.messages.filter(isAnswer)).toHaveLength(messages.length + 1);
    expect(socket.closed).toBe(false);
    socket.close();
  });
});

describe('bad messages without end', () => {
  it('leave nothing behind', async () => {
    setFlagsFromString('--expose_gc');
    const collect = runInNewContext('gc') as () => void;
    const socket = await exchange.socket('/ws-fapi/v1');
    const batch = async (round: number) => {
      for (let i = 0; i < 1_000; i++) {
        const params = { symbol: `X${round}-${i}`, signature: 'f'.repeat(64), apiKey: one.apiKey };
        socket.send({ id: i, method: 'order.place', params: { ...params, timestamp: 1 } });
      }
      await socket.ask({ id: `end ${round}`, method: 'ping' });
      socket.messages.length = 0;
    };
    for (let round = 0; round < 5; round++) await batch(round);
    collect();
    const before = process.memoryUsage().heapUsed;
    for (let round = 5; round < 5 + 20 * RUNS; round++) await batch(round);
    collect();
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(4 * 1024 * 1024);
  });
});
