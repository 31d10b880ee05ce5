import http from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import { PlimsollClient } from './client.js';
import { apiKeyLogin } from './login.js';

const GOING_AWAY = 1001;
/** How often a client is refused before it is let in again. */
const REFUSALS = 3;
const HELLO = { type: 'hello', venue: 'test', challenge: 'c', time: 1 };

let server: http.Server;
let client: PlimsollClient | null = null;

beforeEach(() => {
  server = http.createServer();
});
afterEach(async () => {
  await client?.close();
  await new Promise((resolve) => server.close(resolve));
});

/**
 * A server that greets and answers, and goes away: first behind a login, then behind the first answer of the connection that comes back,
 * in one packet with it, so that the client's next step finds the connection closing.
 */
async function goingAwayTwice(): Promise<string> {
  let connections = 0;
  let wire: Socket | null = null;
  server.on('connection', (socket) => {
    wire = socket;
  });
  new WebSocketServer({ server }).on('connection', (socket) => {
    const connection = ++connections;
    socket.send(JSON.stringify(HELLO));
    socket.on('message', (data) => {
      const { op, id } = JSON.parse(String(data)) as { op: string; id: number };
      wire?.cork();
      const answer = op === 'instruments' ? [] : { accountId: 1 };
      socket.send(JSON.stringify({ type: 'done', id, data: answer }));
      if (connection === 2 || (connection === 1 && op === 'login')) socket.close(GOING_AWAY);
      wire?.uncork();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

it('a client comes back also when the server goes away between two steps of its login', async () => {
  const login = apiKeyLogin('key', 'c2VjcmV0');
  const url = await goingAwayTwice();
  client = await PlimsollClient.connect({ url, login, reconnectDelayMinMs: 1 });
  let returns = 0;
  client.on('connected', () => returns++);
  await expect.poll(() => returns, { timeout: 5_000 }).toBe(1);
  expect(client.connected).toBe(true);
});

/** A server that goes away after the first login, and then refuses what comes back some times: the login, or what is read after it. */
async function refusing(op: string, code: string): Promise<string> {
  let connections = 0;
  new WebSocketServer({ server }).on('connection', (socket) => {
    const connection = ++connections;
    socket.send(JSON.stringify(HELLO));
    socket.on('message', (data) => {
      const asked = JSON.parse(String(data)) as { op: string; id: number };
      const { id } = asked;
      const isRefused = asked.op === op && connection > 1 && connection <= 1 + REFUSALS;
      const answer = isRefused
        ? { type: 'error', id, code, message: code }
        : { type: 'done', id, data: asked.op === 'instruments' ? [] : { accountId: 1 } };
      socket.send(JSON.stringify(answer));
      if (connection === 1 && asked.op === 'subscribe') socket.close(GOING_AWAY);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

it.each([
  ['login', 'rate_limited'],
  ['login', 'busy'],
  ['instruments', 'rate_limited'],
  ['subscribe', 'rate_limited'],
])('a client comes back when its %s was refused for the moment (%s)', async (op, code) => {
  const login = apiKeyLogin('key', 'c2VjcmV0');
  const url = await refusing(op, code);
  const delays = { reconnectDelayMinMs: 1, reconnectDelayMaxMs: 5 };
  client = await PlimsollClient.connect({ url, login, ...delays });
  let isResumed = false;
  client.on('resumed', () => {
    isResumed = client?.connected === true;
  });
  await client.subscribe('trades.BTC-PERP');
  isResumed = false;
  await expect.poll(() => isResumed, { timeout: 5_000 }).toBe(true);
});

it('a client does not come back when its login was refused for good', async () => {
  const login = apiKeyLogin('key', 'c2VjcmV0');
  const url = await refusing('login', 'signature_is_invalid');
  client = await PlimsollClient.connect({ url, login, reconnectDelayMinMs: 1 });
  const refused = new Promise<Error>((resolve) => client?.on('error', resolve));
  await client.subscribe('trades.BTC-PERP');
  expect((await refused).message).toBe('signature_is_invalid');
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(client.connected).toBe(false);
});
