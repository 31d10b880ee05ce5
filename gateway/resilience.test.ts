import { afterEach, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import type { PlimsollClient } from '../sdk/client.js';
import { JsonCodec, type ServerMessage } from '../sdk/codec.js';
import { keyPairLogin, loginText } from '../sdk/login.js';
import type { GatewayLimits } from './limits.js';
import { TestExchange, until } from './testing/exchange.js';

const BUY = { market: 'BTC-PERP', side: 'buy', price: '50000.0', qty: '0.010' } as const;

/** Where rates are not what is tested. */
const FAST = { requestsPerSecond: 1e6, requestsBurst: 1e6 };

let exchange: TestExchange;
const sockets: WebSocket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.terminate();
  await exchange.close();
});

async function start(limits: Partial<GatewayLimits> = {}): Promise<void> {
  exchange = new TestExchange();
  await exchange.start({ limits });
}

/** A bare connection that keeps what it is sent and how it ends. */
class Bare {
  readonly messages: ServerMessage[] = [];
  closed: { code: number; reason: string } | null = null;
  readonly socket: WebSocket;
  private readonly codec = new JsonCodec();

  private constructor(socket: WebSocket) {
    this.socket = socket;
    sockets.push(socket);
    socket.on('message', (data: Buffer) => this.messages.push(this.codec.decode(data)));
    socket.on('close', (code, reason) => {
      this.closed = { code, reason: reason.toString() };
    });
    socket.on('error', () => {});
  }

  static async open(): Promise<Bare> {
    const bare = new Bare(new WebSocket(exchange.url, 'plimsoll.json'));
    await until(() => bare.messages.length > 0, 'the greeting came');
    return bare;
  }

  send(message: unknown): void {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  async logIn(account: number): Promise<ServerMessage> {
    const login = keyPairLogin(exchange.traders[account - 1]?.secretKey as Uint8Array);
    const { venue, challenge, time } = this.messages[0] as unknown as {
      venue: string;
      challenge: string;
      time: number;
    };
    const signature = login.sign(loginText(venue, challenge, time));
    const request = { op: 'login', id: 1, ...login.identity, challenge, time, signature };
    this.send(request);
    await until(() => this.messages.length > 1, 'the login was answered');
    return request as unknown as ServerMessage;
  }
}

describe('a connection that is lost', () => {
  it('comes back and has every private event exactly once', async () => {
    await start();
    const maker = await exchange.client(1, { codec: 'msgpack', reconnectDelayMinMs: 10 });
    const taker = await exchange.client(2);
    const seen = numbers(maker);
    const resumes: boolean[] = [];
    maker.on('resumed', (channel, complete) => channel === 'private' && resumes.push(complete));
    await maker.subscribe('private');
    for (let round = 0; round < 5; round++) {
      for (let i = 0; i < 20; i++) await maker.place(BUY);
      maker.drop();
      for (let i = 0; i < 20; i++) await taker.place({ ...BUY, side: 'sell', timeInForce: 'ioc' });
      await until(() => maker.connected && resumes.length === round + 1, 'the maker is back');
    }
    await until(() => seen.length === 200, 'all events came');
    expect(seen).toEqual(Array.from({ length: 200 }, (_, i) => i + 1));
    expect(resumes).toEqual([true, true, true, true, true]);
    expect(maker.account.positions.get('BTC-PERP')?.position).toBe('1.000');
    expect(maker.account.orders.size).toBe(0);
  });

  it('resumes the book, or gets a snapshot when the frames are gone', async () => {
    await start({ publicFramesMax: 8 });
    const maker = await exchange.client(1);
    const reader = await exchange.connect({ reconnectDelayMinMs: 10 });
    const resumes: boolean[] = [];
    reader.on('resumed', (_channel, complete) => resumes.push(complete));
    await reader.subscribe('book.BTC-PERP');
    await maker.place(BUY);
    await until(() => reader.book('BTC-PERP').bids.length === 1, 'the book came');
    reader.drop();
    await maker.place({ ...BUY, price: '49999.0' });
    await until(() => reader.book('BTC-PERP').bids.length === 2, 'the delta was resumed');
    expect(resumes).toEqual([true]);
    const away = new Promise((resolve) => reader.once('disconnected', resolve));
    reader.drop();
    await away;
    for (let i = 0; i < 20; i++) {
      await maker.place({ ...BUY, price: `${40000 + i}` });
      await new Promise((resolve) => setTimeout(resolve, 8));
    }
    await until(() => reader.book('BTC-PERP').bids.length === 22, 'the book is complete');
    expect(reader.book('BTC-PERP').valid).toBe(true);
  });

  it('gets a snapshot for numbers of an epoch that is not this one', async () => {
    await start();
    const client = await exchange.client(1);
    await client.place(BUY);
    const bare = await Bare.open();
    await bare.logIn(1);
    bare.send({ op: 'subscribe', id: 2, channel: 'private', epoch: 9, sequence: 1 });
    await until(() => bare.messages.length === 4, 'answer and snapshot came');
    expect(bare.messages[2]).toMatchObject({ id: 2, data: { resumed: false } });
    expect(bare.messages[3]).toMatchObject({
      type: 'privateSnapshot',
      epoch: 1,
      accountSequence: 1,
      orders: [{ orderId: 1, price: '50000.0', remaining: '0.010' }],
    });
  });

  it('leaves no answer for whoever comes next', async () => {
    await start();
    const first = await Bare.open();
    await first.logIn(1);
    exchange.port.held = true;
    first.send({ op: 'place', id: 5, ...BUY });
    first.send({ op: 'ping', id: 6 });
    await until(() => first.messages.length === 3, 'the order was read');
    first.socket.terminate();
    const others = await Promise.all([Bare.open(), Bare.open(), Bare.open()]);
    exchange.port.release();
    await new Promise((resolve) => setTimeout(resolve, 20));
    for (const other of others) expect(other.messages).toHaveLength(1);
    expect(exchange.port.book(1).openOrders).toBe(1);
  });
});

describe('a client that reads too slowly', () => {
  it('is left behind without delaying the others, and told when it is back', async () => {
    const privateBufferBytesMax = 64 * 1024 * 1024;
    await start({ ...FAST, publicBufferBytesMax: 16 * 1024, privateBufferBytesMax, tickMs: 1 });
    const maker = await exchange.client(1, { codec: 'msgpack' });
    const reader = await exchange.connect();
    await reader.subscribe('trades.BTC-PERP');
    const slow = await Bare.open();
    await slow.logIn(1);
    const channels = ['book.BTC-PERP', 'trades.BTC-PERP', 'private'];
    for (const [i, channel] of channels.entries())
      slow.send({ op: 'subscribe', id: 2 + i, channel });
    await until(() => slow.messages.length === 2 + channels.length * 2, 'it is subscribed');
    slow.socket.pause();
    let trades = 0;
    reader.on('trades', (message) => {
      trades += message.trades.length;
    });
    // With the private events much more than the socket buffers of both sides can hold.
    const rounds = 400;
    for (let round = 0; round < rounds; round++) await maker.batch(crossing(round));
    await until(() => trades === rounds * 25, 'the fast reader has all trades');
    slow.socket.resume();
    // The private feed is never thinned out. A notice may have come before the sockets were full for good.
    const isOwn = ({ accountSequence, type }: ServerMessage) =>
      type !== 'privateSnapshot' && accountSequence !== undefined;
    const events = rounds * 25 * 4;
    await until(() => slow.messages.filter(isOwn).length === events, 'all private events came');
    const own = slow.messages.filter(isOwn).map(({ accountSequence }) => accountSequence);
    expect(own).toEqual(Array.from({ length: events }, (_, i) => i + 1));
    const isNotice = ({ type }: ServerMessage) => type === 'notice';
    await until(() => slow.messages.findLast(isNotice) !== undefined, 'it was told');
    await until(() => slow.messages.findLastIndex(isNotice) < slow.messages.length - 1, 'the rest');
    const notice = slow.messages.findLastIndex(isNotice);
    expect(slow.messages[notice]).toMatchObject({ code: 'frames_left_out' });
    expect(slow.messages[notice + 1]?.type).toMatch(/Snapshot$/);
    expect(slow.closed).toBeNull();
  });

  it('is cut with a reason when private events pile up, and can resume', async () => {
    await start({ ...FAST, privateBufferBytesMax: 64 * 1024 });
    const slow = await Bare.open();
    await slow.logIn(1);
    slow.send({ op: 'subscribe', id: 2, channel: 'private', epoch: 0, sequence: 0 });
    await until(() => slow.messages.length === 3, 'it is subscribed');
    slow.socket.pause();
    const busy = await exchange.client(1, { codec: 'msgpack' });
    for (let round = 0; round < 400; round++) await busy.batch(crossing(round));
    slow.socket.resume();
    await until(() => slow.closed !== null, 'it was cut');
    expect(slow.closed).toMatchObject({ code: 4008 });
    expect(slow.closed?.reason).toContain('reconnect and resume');
    const feed = slow.messages.filter(({ accountSequence }) => accountSequence !== undefined);
    const last = feed[feed.length - 1] as ServerMessage;
    const again = await Bare.open();
    await again.logIn(1);
    const { epoch, accountSequence } = last;
    again.send({ op: 'subscribe', id: 2, channel: 'private', epoch, sequence: accountSequence });
    const total = 400 * 25 * 4;
    const missing = total - (accountSequence as number);
    await until(() => again.messages.length === 3 + missing, 'the rest came');
    expect(again.messages[3]).toMatchObject({ accountSequence: (accountSequence as number) + 1 });
    expect(again.messages[2 + missing]).toMatchObject({ accountSequence: total });
  });
});

describe('a client that misbehaves', () => {
  it('gets rate_limited, may still cancel, and is closed when it goes on', async () => {
    await start({ requestsPerSecond: 0.001, requestsBurst: 10, cancelsBurst: 5, strikesMax: 20 });
    const bare = await Bare.open();
    await bare.logIn(1);
    for (let id = 2; id <= 30; id++) bare.send({ op: 'place', id, ...BUY });
    bare.send({ op: 'cancel', id: 31, market: 'BTC-PERP', orderId: 1 });
    await until(() => bare.messages.some(({ id }) => id === 31), 'the cancel was answered');
    expect(bare.messages.find(({ id }) => id === 31)).toMatchObject({ result: 'canceled' });
    expect(bare.messages.find(({ id }) => id === 30)).toMatchObject({ code: 'rate_limited' });
    for (let id = 32; id <= 80; id++) bare.send({ op: 'place', id, ...BUY });
    await until(() => bare.closed !== null, 'it was closed');
    expect(bare.closed).toMatchObject({ code: 4029 });
    expect(exchange.port.book(1).openOrders).toBeLessThan(11);
  });

  it('is told that a message is too large, and closed', async () => {
    await start();
    const bare = await Bare.open();
    bare.send(`{"op":"ping","id":1,"x":"${'x'.repeat(17_000)}"}`);
    await until(() => bare.closed !== null, 'it was closed');
    expect(bare.messages[1]).toMatchObject({ code: 'message_is_too_large' });
    expect(bare.closed).toMatchObject({ code: 4009 });
  });

  it('is told that the frame type is wrong, and closed after many malformed messages', async () => {
    await start({ strikesMax: 5 });
    const bare = await Bare.open();
    bare.socket.send(Buffer.from([1, 2, 3]));
    for (let i = 0; i < 6; i++) bare.send('{');
    await until(() => bare.closed !== null, 'it was closed');
    expect(bare.messages[1]).toMatchObject({ code: 'frame_type_is_wrong' });
    expect(bare.messages[2]).toMatchObject({ code: 'message_is_not_valid_json' });
    expect(bare.closed).toMatchObject({ code: 4000 });
  });

  it('is closed when it neither logs in nor subscribes', async () => {
    await start({ loginTimeoutMs: 200 });
    // After a pause of the machine it may be too late for this one, too: then another one comes.
    let reader: Bare;
    do {
      reader = await Bare.open();
      reader.send({ op: 'subscribe', id: 1, channel: 'marketState' });
      await until(() => reader.messages.length > 1 || reader.closed !== null, 'it was answered');
    } while (reader.messages[1]?.id !== 1);
    const idle = await Bare.open();
    await until(() => idle.closed !== null, 'it was closed');
    expect(idle.closed).toMatchObject({ code: 4001 });
    expect(reader.closed).toBeNull();
  });

  it('cannot replay a login, and is closed after some failures', async () => {
    await start({ loginFailuresMax: 3 });
    const first = await Bare.open();
    const login = await first.logIn(1);
    const second = await Bare.open();
    for (let i = 0; i < 3; i++) second.send(login);
    await until(() => second.closed !== null, 'it was closed');
    expect(second.messages[1]).toMatchObject({ code: 'challenge_is_unknown_or_used' });
    expect(second.closed).toMatchObject({ code: 4002 });
  });

  it('gets an HTTP answer for a wrong sub-protocol or when all connections are taken', async () => {
    await start({ connectionsMax: 2 });
    await Bare.open();
    await Bare.open();
    expect(await refused('plimsoll.json')).toBe(503);
    expect(await refused('something.else')).toBe(400);
  });
});

/** Sell orders that rest and buy orders that take them, all of the same account. */
function crossing(round: number) {
  const price = `${50_000 + (round % 50)}`;
  const common = { op: 'place', market: 'BTC-PERP', price, qty: '0.001' } as const;
  return Array.from({ length: 50 }, (_, i) => ({
    ...common,
    side: i < 25 ? ('sell' as const) : ('buy' as const),
    selfTradePrevention: 'none' as const,
  }));
}

function numbers(client: PlimsollClient): number[] {
  const seen: number[] = [];
  client.on('message', (message: ServerMessage) => {
    if (message.type === 'privateSnapshot') return;
    if (message.accountSequence !== undefined) seen.push(message.accountSequence as number);
  });
  return seen;
}

function refused(subprotocol: string): Promise<number> {
  const socket = new WebSocket(exchange.url, subprotocol);
  return new Promise((resolve, reject) => {
    socket.on('unexpected-response', (_request, response) => {
      resolve(response.statusCode ?? 0);
      socket.terminate();
    });
    socket.on('open', () => reject(new Error('the connection was accepted')));
    socket.on('error', () => {});
  });
}
