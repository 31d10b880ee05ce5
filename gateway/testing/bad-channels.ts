import { createHmac } from 'node:crypto';
import http from 'node:http';
import { pack, unpack } from 'msgpackr';
import WebSocket from 'ws';
import { keyPairLogin, loginText } from '../../sdk/login.js';
import type { Json } from '../binance/binance.fixture.js';
import { MESSAGES } from '../protocol/messages.js';
import { REQUESTS, type RequestName } from '../protocol/requests.js';
import type { AllDoors } from './all-doors.js';
import type { BadChannel } from './bad-channel.js';
import { FixChannel, FixpChannel } from './bad-sessions.js';
import { until } from './exchange.js';
import type { Mutations } from './mutations.js';

const BURST = 250;
const CONNECTIONS = 20;
/** A message must be at most 16 KiB: with more the connection ends. */
const CHARACTERS_MAX = 5_000;
const NAMED = { market: 'BTC-PERP', orderId: 5 };
const TERMS = { market: 'BTC-PERP', side: 'buy', qty: '0.010' };
const CLOSING = { market: 'BTC-PERP', side: 'buy', closePosition: true };
const TWAP = { market: 'BTC-PERP', qty: '0.010' };
const ORDER = { ...TERMS, price: '50000.5', clientOrderId: 'client-17' };
/** Of the native door; those that are not here would change something when they are good by chance. */
const NATIVE: readonly [RequestName, Json][] = [
  ['place', ORDER],
  // Trigger orders reserve nothing while they wait: this one is refused because there is no position to close.
  ['place', { ...CLOSING, orderType: 'stop_market', triggerPrice: '60000', triggerBy: 'mark' }],
  ['place', { ...ORDER, takeProfitPrice: '60000', stopLossPrice: '40000', expiresAt: 2e12 }],
  ['cancel', { ...NAMED, deadline: 1.8e12 }],
  ['amend', { ...NAMED, price: '50000', qty: '0.02' }],
  ['replace', { ...ORDER, targetClientOrderId: 'client-16' }],
  ['cancelAll', { market: 'BTC-PERP', side: 'sell' }],
  ['takeOver', { ...TERMS, auctionId: 3, price: '50000' }],
  ['moveMargin', { market: 'BTC-PERP', amount: '-12.5' }],
  ['placeScaled', { ...TERMS, price: '1', lastPrice: '2', count: 5, distribution: 'rising' }],
  // A TWAP reserves nothing either: this one has no side, and would only close.
  ['placeTwap', { ...TWAP, duration: 60_000, slices: 4, reduceOnly: true }],
  ['login', { apiKey: 'AAAA', challenge: 'x', time: 1.7e12, signature: 'AAAA' }],
  ['unsubscribe', { channel: 'book.BTC-PERP.10.100ms' }],
  ['orderStatus', NAMED],
  ['revokeKey', { apiKey: 'AAAA' }],
  ['time', {}],
];
const ANSWERS: readonly number[] = [MESSAGES.ack.code, MESSAGES.error.code, MESSAGES.done.code];

/** JSON or msgpack: each frame gets one answer. */
class NativeChannel implements BadChannel {
  readonly name: string;
  readonly good: readonly Buffer[];
  private readonly isBinary: boolean;
  private socket!: WebSocket;
  private answers = 0;
  private sent = 0;

  constructor(isBinary: boolean) {
    this.isBinary = isBinary;
    this.name = isBinary ? 'native, msgpack' : 'native, JSON';
    const requests = NATIVE.map(([op, fields], i) => this.encode(op, i + 10, fields));
    const [place, cancel] = NATIVE.slice(0, 4).map(([op, fields], i) => {
      return this.value(op, i + 100, fields);
    });
    this.good = [...requests, this.encode('batch', 9, { requests: [place, cancel] })];
  }

  async open(doors: AllDoors, account: number): Promise<void> {
    const protocol = this.isBinary ? 'plimsoll.msgpack' : 'plimsoll.json';
    const socket = new WebSocket(`ws://${doors.origin}/v1`, protocol);
    this.socket = socket;
    const hello = await new Promise<Buffer>((resolve) => socket.once('message', resolve));
    const [, , venue, , time, challenge] = this.isBinary
      ? (unpack(hello) as [number, number, string, number, number, string])
      : ([0, 0, ...helloOf(hello)] as [number, number, string, number, number, string]);
    socket.on('message', (data: Buffer) => {
      this.heard(data);
    });
    const { identity, sign } = keyPairLogin(doors.trader(account).secretKey);
    const signature = sign(loginText(venue, challenge, time));
    this.write(this.encode('login', 1, { ...identity, challenge, time, signature }));
    await until(() => this.answers === 1, 'the login was answered');
  }

  async send(mutations: Mutations, count: number): Promise<void> {
    for (let left = count; left > 0; left -= BURST) {
      for (let i = Math.min(left, BURST); i > 0; i--) this.write(mutations.of(this.good));
      await until(() => this.answers === this.sent, `each frame is answered: ${this.name}`);
    }
  }

  close(): void {
    this.socket.close();
  }

  private write(bytes: Buffer): void {
    this.sent++;
    // Text that is no UTF-8 ends a connection before anybody here sees it.
    if (this.isBinary) this.socket.send(bytes, { binary: true });
    else this.socket.send(bytes.toString('utf8').slice(0, CHARACTERS_MAX));
  }

  /** A batch that is good by chance is answered, and so is each request in it. */
  private heard(data: Buffer): void {
    const text = this.isBinary ? '' : data.toString('utf8');
    if (!this.isBinary && !/^\{"type":"(ack|error|done)"/.test(text)) return;
    const [code, , , detail] = this.isBinary ? (unpack(data) as unknown[]) : codeOf(text);
    if (!ANSWERS.includes(code as number)) return;
    this.answers++;
    if (code === MESSAGES.done.code) this.sent += (detail as { sent?: number } | null)?.sent ?? 0;
  }

  private value(op: RequestName, id: number, fields: Json): unknown {
    if (!this.isBinary) return { op, id, ...fields };
    const { code, fields: names } = REQUESTS[op];
    return [code, id, ...names.map((name) => fields[name] ?? null)];
  }

  private encode(op: RequestName, id: number, fields: Json): Buffer {
    const value = this.value(op, id, fields);
    return this.isBinary ? Buffer.from(pack(value)) : Buffer.from(JSON.stringify(value));
  }
}

/** As an array of the msgpack form begins. */
function codeOf(text: string): [number, number, string, unknown] {
  if (!text.startsWith('{"type":"done"')) return [MESSAGES.ack.code, 0, '', null];
  const { id, op, data } = JSON.parse(text);
  return [MESSAGES.done.code, id, op, data];
}

function helloOf(data: Buffer): [string, number, number, string] {
  const { venue, epoch, time, challenge } = JSON.parse(String(data));
  return [venue, epoch, time, challenge];
}

const BINANCE_ORDER = {
  symbol: 'BTCUSDT',
  side: 'BUY',
  type: 'LIMIT',
  timeInForce: 'GTC',
  quantity: '0.010',
  price: '50000',
};

/** A WebSocket of the Binance door: each message gets one answer. */
class BinanceSocketChannel implements BadChannel {
  readonly name: string;
  readonly good: readonly Buffer[];
  private readonly path: string;
  private socket!: WebSocket;
  private answers = 0;
  private sent = 0;

  constructor(path: string, requests: readonly Json[]) {
    this.name = `Binance, ${path}`;
    this.path = path;
    this.good = requests.map((request, i) => Buffer.from(JSON.stringify({ id: i, ...request })));
  }

  async open(doors: AllDoors, account: number): Promise<void> {
    const socket = new WebSocket(`ws://${doors.origin}${this.path}`);
    this.socket = socket;
    await new Promise((resolve) => socket.once('open', resolve));
    socket.on('message', (data: Buffer) => {
      if (/"(result|error)":/.test(data.subarray(0, 200).toString('latin1'))) this.answers++;
    });
    if (this.path !== '/ws-fapi/v1') return;
    const client = doors.binance(account);
    const { apiKey } = client;
    const timestamp = ++doors.shard.timeMs;
    const signature = client.sign(`apiKey=${apiKey}&timestamp=${timestamp}`);
    const params = { apiKey, timestamp, signature };
    this.write(Buffer.from(JSON.stringify({ id: 'on', method: 'session.logon', params })));
    await until(() => this.answers === 1, 'the session has begun');
  }

  async send(mutations: Mutations, count: number): Promise<void> {
    for (let left = count; left > 0; left -= BURST) {
      for (let i = Math.min(left, BURST); i > 0; i--) this.write(mutations.of(this.good));
      await until(() => this.answers === this.sent, `each message is answered: ${this.name}`);
    }
  }

  close(): void {
    this.socket.close();
  }

  private write(bytes: Buffer): void {
    this.sent++;
    this.socket.send(bytes.toString('utf8'));
  }
}

/** Query strings and bodies: each request gets one answer, and never one of the door's own failure. */
class HttpChannel implements BadChannel {
  readonly name: string;
  readonly good: readonly Buffer[];
  private readonly door: 'native' | 'Binance';
  private readonly agent = new http.Agent({ keepAlive: true, maxSockets: 8 });
  private doors!: AllDoors;
  private key = { apiKey: '', apiSecret: '' };

  constructor(door: 'native' | 'Binance', requests: readonly string[]) {
    this.door = door;
    this.name = `${door} HTTP`;
    this.good = requests.map((request) => Buffer.from(request));
  }

  async open(doors: AllDoors, account: number): Promise<void> {
    this.doors = doors;
    this.key = doors.key(account);
  }

  async send(mutations: Mutations, count: number): Promise<void> {
    for (let left = count; left > 0; left -= BURST) {
      const some = Array.from({ length: Math.min(left, BURST) }, () => this.one(mutations));
      await Promise.all(some);
    }
  }

  close(): void {
    this.agent.destroy();
  }

  /** A message here is `METHOD path?form`; path and form are changed, the rest has to be HTTP. */
  private one(mutations: Mutations): Promise<void> {
    const text = mutations.of(this.good).toString('utf8');
    const method =
      ['GET', 'POST', 'PUT', 'DELETE'].find((known) => text.startsWith(known)) ?? 'GET';
    const target = text.replace(/^[A-Z]+ /, '').slice(0, 3_000);
    const [path = '', ...rest] = target.split('?');
    const form = `${rest.join('?')}&timestamp=${this.doors.shard.timeMs}`;
    const signature = createHmac('sha256', this.key.apiSecret).update(form).digest('hex');
    const signed = `${form}&signature=${signature}`;
    const inBody = method !== 'GET' && mutations.below(2) === 0;
    const asked = /^\/(v1|fapi)\//.test(path)
      ? path
      : this.door === 'native'
        ? '/v1/time'
        : '/fapi/v1/order';
    return this.ask(method, encodeOdd(inBody ? asked : `${asked}?${signed}`), inBody ? signed : '');
  }

  private ask(method: string, path: string, body: string): Promise<void> {
    const [host, port] = this.doors.origin.split(':');
    const headers = { 'x-mbx-apikey': this.key.apiKey, 'content-length': Buffer.byteLength(body) };
    return new Promise((resolve, reject) => {
      const request = http.request(
        { host, port, method, path, headers, agent: this.agent },
        (response) => {
          response.resume();
          response.on('end', () => {
            if ((response.statusCode ?? 500) === 500) reject(new Error(`500: ${method} ${path}`));
            else resolve();
          });
        },
      );
      request.on('error', reject);
      request.end(body);
    });
  }
}

/** Names of streams and listen keys in the address: each connection is opened, hears nothing of anybody's, and answers. */
class StreamNameChannel implements BadChannel {
  readonly name = 'Binance, names in the address';
  readonly good: readonly Buffer[] = [
    `/ws/${'A'.repeat(64)}`,
    '/ws/btcusdt@depth@100ms/btcusdt@kline_1m',
    '/stream?streams=btcusdt@aggTrade/!bookTicker',
    `/private/ws?listenKey=${'B'.repeat(64)}`,
  ].map((path) => Buffer.from(path));
  private doors!: AllDoors;

  async open(doors: AllDoors): Promise<void> {
    this.doors = doors;
  }

  async send(mutations: Mutations, count: number): Promise<void> {
    for (let left = count; left > 0; left -= CONNECTIONS) {
      const some = Array.from({ length: Math.min(left, CONNECTIONS) }, () => this.one(mutations));
      await Promise.all(some);
    }
  }

  close(): void {}

  private one(mutations: Mutations): Promise<void> {
    const text = mutations.of(this.good).toString('utf8').slice(0, 2_000);
    // Of another path there is nothing; what follows it is what is tried.
    const [prefix] = /^\/(ws|stream|private\/ws)[/?]/.exec(text) ?? ['/ws/'];
    const rest = encodeOdd(text.slice(prefix.length)).replaceAll('#', '%');
    const socket = new WebSocket(`ws://${this.doors.origin}${prefix}${rest}`);
    return new Promise((resolve, reject) => {
      socket.on('open', () => socket.send('{"id":1,"method":"LIST_SUBSCRIPTIONS"}'));
      socket.on('message', (data) => {
        const message = JSON.parse(String(data)) as Json;
        if ('e' in message && /ORDER|ACCOUNT/.test(String(message.e))) reject(new Error(text));
        if (message.id === 1) socket.terminate();
      });
      socket.on('error', () => {});
      socket.on('close', () => resolve());
    });
  }
}

/** What Node's client would not send at all. */
function encodeOdd(target: string): string {
  return target.replace(/[^\x21-\x7e]/g, (found) => {
    return [...Buffer.from(found)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
  });
}

const signedOrder = Object.entries(BINANCE_ORDER)
  .map(([name, value]) => `${name}=${value}`)
  .join('&');

/** One of each way in. */
export function badChannels(): BadChannel[] {
  return [
    new NativeChannel(false),
    new NativeChannel(true),
    new BinanceSocketChannel('/ws-fapi/v1', [
      { method: 'order.place', params: { ...BINANCE_ORDER, timestamp: 1_767_225_600_001 } },
      { method: 'order.cancel', params: { symbol: 'BTCUSDT', orderId: 5 } },
      { method: 'v2/account.status', params: { timestamp: 1_767_225_600_001, recvWindow: 60_000 } },
      { method: 'depth', params: { symbol: 'BTCUSDT', limit: 5 } },
    ]),
    new BinanceSocketChannel('/ws', [
      { method: 'UNSUBSCRIBE', params: ['btcusdt@depth@100ms', 'btcusdt@kline_1m'] },
      { method: 'UNSUBSCRIBE', params: ['A'.repeat(64)] },
      { method: 'SUBSCRIBE', params: ['A'.repeat(64), 'nousdt@trade'] },
      { method: 'LIST_SUBSCRIPTIONS' },
    ]),
    new StreamNameChannel(),
    new HttpChannel('native', [
      'GET /v1/time?x=1',
      'GET /v1/instruments?market=BTC-PERP&limit=100&from=0&sort=newest',
      'GET /v1/trades?market=BTC-PERP&cursor=AAAA',
    ]),
    new HttpChannel('Binance', [
      `POST /fapi/v1/order?${signedOrder}`,
      'DELETE /fapi/v1/order?symbol=BTCUSDT&orderId=5',
      'GET /fapi/v1/klines?symbol=BTCUSDT&interval=1m&limit=5&startTime=0',
      'POST /fapi/v1/batchOrders?batchOrders=%5B%7B%22symbol%22%3A%22BTCUSDT%22%7D%5D',
      'GET /fapi/v3/account?recvWindow=5000',
      'PUT /fapi/v1/listenKey?listenKey=AAAA',
    ]),
    new FixpChannel(),
    new FixChannel(),
  ];
}
