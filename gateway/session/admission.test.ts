import net from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { TestExchange, until } from '../testing/exchange.js';

const BINANCE_STREAM = '/ws/btcusdt@trade';

let exchange: TestExchange;
const sockets: net.Socket[] = [];
const clients: WebSocket[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const client of clients.splice(0)) client.terminate();
  await exchange.close();
});

/** A stranger who opens a socket and says nothing; `ended` when the gateway has closed it. */
function silent(): { ended: boolean } {
  const state = { ended: false };
  const socket = net.connect(Number(new URL(exchange.url).port), '127.0.0.1');
  socket.on('error', () => {});
  socket.on('close', () => {
    state.ended = true;
  });
  sockets.push(socket);
  return state;
}

function open(path = '/v1', headers = {}): WebSocket {
  const url = `${exchange.url.replace('/v1', '')}${path}`;
  const client =
    path === '/v1'
      ? new WebSocket(url, 'plimsoll.json', { headers })
      : new WebSocket(url, { headers });
  client.on('error', () => {});
  clients.push(client);
  return client;
}

/** Resolves with the status of an answer that is no WebSocket, 101 for one, 0 for none at all. */
function statusOf(client: WebSocket): Promise<number> {
  return new Promise((resolve) => {
    client.once('open', () => resolve(101));
    client.once('unexpected-response', (_request, { statusCode }) => resolve(statusCode ?? 0));
    client.once('close', () => resolve(0));
  });
}

/** Opens one until there is room for it. */
async function roomFor(path: string): Promise<void> {
  const end = performance.now() + 30_000;
  while ((await statusOf(open(path))) !== 101) {
    if (performance.now() > end) throw new Error(`there is no room for ${path}`);
  }
}

describe('the public port', () => {
  it('closes sockets above its limit unanswered, and has room again when others have gone', async () => {
    exchange = new TestExchange();
    await exchange.start({ limits: { socketsMax: 6, connectionsMax: 4 } });
    expect(await statusOf(open('/v1'))).toBe(101);
    expect(await statusOf(open(BINANCE_STREAM))).toBe(101);
    const silents = Array.from({ length: 20 }, silent);
    await until(() => silents.filter(({ ended }) => ended).length === 16, 'those above are closed');
    expect(await statusOf(open('/v1'))).toBe(0);
    // Who is in has noticed nothing.
    expect(clients.slice(0, 2).map(({ readyState }) => readyState)).toEqual([1, 1]);
    for (const socket of sockets) socket.destroy();
    await roomFor('/v1');
    await roomFor(BINANCE_STREAM);
    // Ends of WebSockets of both doors are counted, however they come.
    for (let round = 0; round < 10; round++) {
      for (const client of clients.splice(0)) {
        if (round % 2 === 0) client.terminate();
        else client.close();
      }
      await roomFor('/v1');
      await roomFor(BINANCE_STREAM);
    }
  });

  it('counts sockets that were told to go, and whose clients do not, until they are closed', async () => {
    exchange = new TestExchange();
    await exchange.start({ limits: { socketsMax: 4, connectionsMax: 4, strikesMax: 1 } });
    // Three that are ended for their messages, which they do not stop reading only because nobody reads.
    for (const path of ['/v1', '/v1', '/v1']) {
      const client = open(path);
      expect(await statusOf(client)).toBe(101);
      client.pause();
      for (let n = 0; n < 5; n++) client.send('{');
    }
    await until(() => exchange.connections === 0, 'all were told to go');
    const silents = Array.from({ length: 5 }, silent);
    await until(() => silents.filter(({ ended }) => ended).length === 4, 'there is room for one');
  });

  it('counts the WebSockets of all its doors, in all and by address', async () => {
    exchange = new TestExchange();
    await exchange.start({ limits: { connectionsMax: 3, connectionsPerAddressMax: 2 } });
    expect(await statusOf(open('/v1'))).toBe(101);
    expect(await statusOf(open(BINANCE_STREAM))).toBe(101);
    expect(await statusOf(open('/v1'))).toBe(429);
    expect(await statusOf(open(BINANCE_STREAM))).toBe(429);
    // A proxy on this machine tells whose connection it is.
    const other = { 'x-forwarded-for': '203.0.113.5, 198.51.100.7' };
    expect(await statusOf(open(BINANCE_STREAM, other))).toBe(101);
    expect(await statusOf(open('/v1', other))).toBe(503);
    expect(await statusOf(open(BINANCE_STREAM, other))).toBe(503);
  });
});
