import http from 'node:http';
import { PlimsollClient } from '../../sdk/client.js';
import { apiKeyLogin } from '../../sdk/login.js';
import type { ExchangeProcess } from './exchange-process.js';

export interface Key {
  accountId: number;
  apiKey: string;
  apiSecret: string;
}

export interface ThreadState {
  thread: number;
  state: string;
  connections: number;
  restarts: number;
}

const TRIES = 60;
/** Longer than threads wait before they write their figures. */
const FIGURES_MS = 120;

export async function threadsOf(exchange: ExchangeProcess): Promise<ThreadState[]> {
  const found = await exchange.admin<{ threads: ThreadState[] }>('GET', 'gateway-threads');
  return found.threads;
}

export function crash(exchange: ExchangeProcess, thread: number): Promise<object> {
  return exchange.admin('POST', `gateway-threads/${thread}/drill`, {});
}

export function stall(exchange: ExchangeProcess, thread: number, stallMs: number): Promise<object> {
  return exchange.admin('POST', `gateway-threads/${thread}/drill`, { stallMs });
}

/** An account with money. */
export async function newAccount(exchange: ExchangeProcess, amount = '100000'): Promise<Key> {
  const key = await exchange.admin<Key>('POST', 'accounts', {});
  await exchange.admin('POST', 'deposits', { accountId: key.accountId, amount });
  return key;
}

export function connect(
  exchange: ExchangeProcess,
  { apiKey, apiSecret }: Pick<Key, 'apiKey' | 'apiSecret'>,
  options: { reconnect?: boolean; cancelOnDisconnect?: boolean } = {},
): Promise<PlimsollClient> {
  const login = apiKeyLogin(apiKey, apiSecret);
  return PlimsollClient.connect({ url: exchange.url, login, reconnect: false, ...options });
}

/** The kernel chooses the thread: tries again until it is this one. While nobody else comes or goes. */
export async function connectTo(
  exchange: ExchangeProcess,
  thread: number,
  key: Pick<Key, 'apiKey' | 'apiSecret'>,
  options: { reconnect?: boolean; cancelOnDisconnect?: boolean } = {},
): Promise<PlimsollClient> {
  for (let i = 0; i < TRIES; i++) {
    const before = await connectionsAt(exchange, thread);
    const client = await connect(exchange, key, options);
    if ((await connectionsAt(exchange, thread)) > before) return client;
    await client.close();
  }
  throw new Error(`no connection came to thread ${thread}`);
}

async function connectionsAt(exchange: ExchangeProcess, thread: number): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, FIGURES_MS));
  const states = await threadsOf(exchange);
  return states.find((state) => state.thread === thread)?.connections ?? 0;
}

/** A request on a connection of its own, so that any thread may answer it. */
export function request(
  exchange: ExchangeProcess,
  method: string,
  path: string,
  headers: Record<string, string> = {},
): Promise<{ status: number; body: string }> {
  const { port } = exchange.ready;
  const options = { host: '127.0.0.1', port, method, path, headers, agent: false };
  return new Promise((resolve, reject) => {
    const sent = http.request(options, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (text: string) => {
        body += text;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    });
    sent.on('error', reject);
    sent.end();
  });
}
