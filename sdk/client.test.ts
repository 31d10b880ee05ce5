import http from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import { PlimsollClient } from './client.js';
import { apiKeyLogin } from './login.js';

const GOING_AWAY = 1001;
const HELLO = { type: 'hello', venue: 'test', challenge: 'c', time: 1 };

const server = http.createServer();
let client: PlimsollClient | null = null;

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
