import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { listShards, snapshotDirectory } from '../engine/runtime/journal/directories.js';
import { packageFile } from './package-root.js';
import { newTrader } from './testing/accounts.js';
import { ExchangeProcess } from './testing/exchange-process.js';
import { LAYOUTS } from './testing/layouts.js';

const FILES_MAX = 400;
/** At the public port more than the process can ever have open, at the others more than each may take. */
const STRANGERS = { port: 500, fixPort: 50, fixpPort: 50 } as const;
/** The least that may be configured. */
const SNAPSHOT_EVERY = 1_000;
const PATIENTLY = { timeout: 60_000 };
/** Orders that find nobody at their price. */
const BATCH = Array.from({ length: 50 }, () => {
  const order = { market: 'SOL-PERP', side: 'buy', price: '1.000', qty: '1000' } as const;
  return { op: 'place', ...order, timeInForce: 'ioc' } as const;
});

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'plimsoll-crowd-'));
const running: ExchangeProcess[] = [];
const strangers: net.Socket[] = [];

afterEach(async () => {
  for (const socket of strangers.splice(0)) socket.destroy();
  for (const exchange of running.splice(0)) await exchange.kill();
  fs.rmSync(folder, { recursive: true, force: true });
});

/** An exchange with its bots that may have few files open. */
async function startWithFewFiles(layout: string): Promise<ExchangeProcess> {
  fs.mkdirSync(folder, { recursive: true });
  const config = path.join(folder, 'few.toml');
  fs.writeFileSync(config, `[snapshots]\neveryMessages = ${SNAPSHOT_EVERY}\n`);
  const program = [process.execPath, packageFile('dist/main/start.js')];
  const command = ['sh', '-c', `ulimit -n ${FILES_MAX} && exec "$@"`, 'sh', ...program];
  const args = ['--data', path.join(folder, layout), '--layout', layout, '--config', config];
  const exchange = await ExchangeProcess.start(args, command);
  running.push(exchange);
  return exchange;
}

/** Sockets that say nothing, at each door; what is closed is opened again. */
function crowd({ ready }: ExchangeProcess): { leave: () => void } {
  let isOver = false;
  const open = (port: number) => {
    if (isOver) return;
    const socket = net.connect(port, '127.0.0.1');
    strangers.push(socket);
    socket.on('error', () => {});
    socket.on('close', () => setTimeout(() => open(port), 1_000));
  };
  for (const door of ['port', 'fixPort', 'fixpPort'] as const) {
    for (let n = 0; n < STRANGERS[door]; n++) open(ready[door] as number);
  }
  const leave = () => {
    isOver = true;
    for (const socket of strangers.splice(0)) socket.destroy();
  };
  return { leave };
}

/** Of all shards: where the client's account is at home depends on whether the bots had theirs before it. */
function snapshotsIn(dataDir: string): string[] {
  const folders = listShards(dataDir).map((shard) => snapshotDirectory(dataDir, shard));
  return folders.filter((each) => fs.existsSync(each)).flatMap((each) => fs.readdirSync(each));
}

async function figure(exchange: ExchangeProcess, name: string): Promise<number> {
  const { text } = await exchange.page(exchange.ready.adminPort, '/metrics');
  const [, value] = new RegExp(`^${name}(?:{.*})? (\\d+)`, 'm').exec(text) ?? [];
  return Number(value);
}

describe('strangers who open more sockets than there can be files', () => {
  it.each(LAYOUTS)(
    'keep neither journals, snapshots nor operators from theirs, nor an exchange from its end (%s)',
    async (layout) => {
      const exchange = await startWithFewFiles(layout);
      expect(exchange.sentences.tail).toContain('may have 400 files open, so the doors take');
      const client = await newTrader(exchange, '1000000');
      const { leave } = crowd(exchange);
      const refused = () => figure(exchange, 'plimsoll_refused_sockets_total');
      await expect.poll(refused, PATIENTLY).toBeGreaterThanOrEqual(1);
      for (let n = 0; n < SNAPSHOT_EVERY; n += BATCH.length) await client.batch(BATCH);
      await expect.poll(() => snapshotsIn(path.join(folder, layout)), PATIENTLY).not.toEqual([]);
      expect((await exchange.page(exchange.ready.adminPort, '/health')).status).toBe(200);
      await exchange.admin('POST', 'accounts', { publicKey: '11111111111111111111111111111112' });
      leave();
      // Its own bots found no room either, perhaps: they come when there is some.
      const connections = () => figure(exchange, 'plimsoll_connections');
      await expect.poll(connections, PATIENTLY).toBeGreaterThanOrEqual(6);
      crowd(exchange);
      await client.close();
      expect(await exchange.stop()).toBe(0);
    },
  );
});
