import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { expect } from 'vitest';
import type { PlimsollClient } from '../../sdk/client.js';
import { type AccountKey, connect } from './accounts.js';
import { ExchangeProcess } from './exchange-process.js';

export interface ThreadState {
  thread: number;
  state: string;
  connections: number;
  restarts: number;
}

const TRIES = 60;
/** Longer than threads wait before they write their figures, unless the machine pauses. */
const FIGURES_MS = 150;
const LOOK_MS = 10;
/** Whoever is not in the figures by then came before somebody else had left them. */
const SHOWN_WITHIN_MS = 3_000;
const REPLACED_TRIES = 3_000;
const REPLACED_PAUSE_MS = 20;
export const MARKET = 'BTC-PERP';

const running: ExchangeProcess[] = [];
const clients: PlimsollClient[] = [];
const folders: string[] = [];

/** A folder that `tidyUp` takes away. */
export function scratch(): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'plimsoll-threads-'));
  folders.push(folder);
  return folder;
}

/** An exchange with so many gateway threads, in layout compact unless the options name another one. */
export async function start(
  data: string,
  threads: number,
  ...args: string[]
): Promise<ExchangeProcess> {
  const layout = args.includes('--layout') ? [] : ['--layout', 'compact'];
  const own = ['--data', data, ...layout, '--gateway-threads', String(threads)];
  const exchange = await ExchangeProcess.start([
    ...own,
    '--oracle',
    'manual',
    '--no-bots',
    ...args,
  ]);
  running.push(exchange);
  await exchange.admin('POST', 'prices', { market: MARKET, index: '100000' });
  return exchange;
}

/** A client that `tidyUp` closes. */
export function kept(client: PlimsollClient): PlimsollClient {
  clients.push(client);
  return client;
}

export async function closeClients(): Promise<void> {
  for (const client of clients.splice(0)) await client.close();
}

/** After each test. */
export async function tidyUp(): Promise<void> {
  await closeClients();
  for (const exchange of running.splice(0)) await exchange.kill();
  for (const folder of folders.splice(0)) fs.rmSync(folder, { recursive: true });
}

/** The thread listens again, after so many replacements at least. */
export async function isReplaced(
  exchange: ExchangeProcess,
  thread: number,
  restarts: number,
): Promise<void> {
  for (let i = 0; i < REPLACED_TRIES; i++) {
    const found = (await threadsOf(exchange)).find((state) => state.thread === thread);
    if (found?.state === 'listening' && found.restarts >= restarts) return;
    await new Promise((resolve) => setTimeout(resolve, REPLACED_PAUSE_MS));
  }
  throw new Error(`gateway thread ${thread} was not replaced`);
}

export async function threadsOf(exchange: ExchangeProcess): Promise<ThreadState[]> {
  const found = await exchange.admin<{ threads: ThreadState[] }>('GET', 'gateway-threads');
  return found.threads;
}

export function crash(exchange: ExchangeProcess, thread: number): Promise<object> {
  return exchange.admin('POST', `gateway-threads/${thread}/drill`, {});
}

/** It stands still for so long, as in an endless loop. */
export function stall(exchange: ExchangeProcess, thread: number, stallMs: number): Promise<object> {
  return exchange.admin('POST', `gateway-threads/${thread}/drill`, { stallMs });
}

/** It stands still for so long in a call that cannot be interrupted. */
export function block(exchange: ExchangeProcess, thread: number, blockMs: number): Promise<object> {
  return exchange.admin('POST', `gateway-threads/${thread}/drill`, { blockMs });
}

/** The kernel chooses the thread: tries again until it is this one. While nobody else comes or goes. */
export async function connectTo(
  exchange: ExchangeProcess,
  thread: number,
  key: Pick<AccountKey, 'apiKey' | 'apiSecret'>,
  options: { reconnect?: boolean; cancelOnDisconnect?: boolean } = {},
): Promise<PlimsollClient> {
  for (let i = 0; i < TRIES; i++) {
    const before = await connectionsAtRest(exchange);
    const client = await connect(exchange, key, options);
    const endMs = performance.now() + SHOWN_WITHIN_MS;
    let after = before;
    while (total(after) <= total(before) && performance.now() < endMs) {
      await pause(LOOK_MS);
      after = await connectionsOf(exchange);
    }
    if ((after.get(thread) ?? 0) > (before.get(thread) ?? 0)) return client;
    await client.close();
  }
  throw new Error(`no connection came to thread ${thread}`);
}

/** By thread, when two looks see the same. */
async function connectionsAtRest(exchange: ExchangeProcess): Promise<Map<number, number>> {
  for (let before = await connectionsOf(exchange); ; ) {
    await pause(FIGURES_MS);
    const now = await connectionsOf(exchange);
    if ([...now].every(([thread, count]) => before.get(thread) === count)) return now;
    before = now;
  }
}

async function connectionsOf(exchange: ExchangeProcess): Promise<Map<number, number>> {
  const states = await threadsOf(exchange);
  return new Map(states.map(({ thread, connections }) => [thread, connections]));
}

function total(connections: ReadonlyMap<number, number>): number {
  return [...connections.values()].reduce((sum, count) => sum + count, 0);
}

/** The threads' figures, as soon as they show so many connections in all. */
export async function showConnections(
  exchange: ExchangeProcess,
  count: number,
): Promise<ThreadState[]> {
  await expect.poll(async () => total(await connectionsOf(exchange))).toBe(count);
  return threadsOf(exchange);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
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
