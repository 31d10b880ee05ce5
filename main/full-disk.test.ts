import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { PlimsollClient } from '../sdk/client.js';
import { packageFile } from './package-root.js';
import { newTrader } from './testing/accounts.js';
import { ExchangeProcess } from './testing/exchange-process.js';
import { LAYOUTS } from './testing/layouts.js';

const OPTIONS = ['--oracle', 'manual', '--no-bots', '--clock', 'manual', '--fsync', 'always'];
const DISK_BYTES = 16 * 1024 ** 2;
const ORDER = { market: 'SOL-PERP', side: 'buy', price: '179.990', qty: '1.0' } as const;
const REFUSED = /nothing was sent, try again/;
/** What the last page of a file still takes is a few dozen orders. */
const ORDERS_MAX = 500;

/** A disk of its own needs namespaces of Linux, which some machines keep from everybody but root. */
const hasOwnDisks = spawnSync('unshare', ['-rm', 'true']).status === 0;

let folder = '';
const running: ExchangeProcess[] = [];

afterEach(async () => {
  for (const exchange of running.splice(0)) await exchange.kill();
  fs.rmSync(folder, { recursive: true });
});

interface Invariants {
  stateHash: string;
  moneyDifferenceMicroUsd: string;
}

/** An exchange whose data lie on a small disk of their own, which others reach by the process. */
async function startOnSmallDisk(layout: string, bytes = DISK_BYTES) {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'plimsoll-full-'));
  const mount = 'mount -t tmpfs -o size="$1" plimsoll "$2" && shift 2 && exec "$@"';
  const program = [process.execPath, packageFile('dist/main/start.js')];
  const command = ['unshare', '-rm', 'sh', '-c', mount, 'sh', `${bytes}`, folder, ...program];
  const data = path.join(folder, 'data');
  const args = ['--data', data, '--layout', layout, ...OPTIONS];
  const exchange = await ExchangeProcess.start(args, command);
  running.push(exchange);
  return { exchange, disk: path.join(`/proc/${exchange.pid}/root`, folder) };
}

/** Leaves not a byte, whatever is written meanwhile. */
function fill(ballast: string): void {
  const file = fs.openSync(ballast, 'a');
  const page = Buffer.alloc(4096);
  try {
    for (;;) fs.writeSync(file, page);
  } catch (error) {
    expect(error).toMatchObject({ code: 'ENOSPC' });
  } finally {
    fs.closeSync(file);
  }
}

function place(client: PlimsollClient, clientOrderId: number): Promise<string> {
  return client.place({ ...ORDER, clientOrderId }).then(
    () => 'placed',
    (error: Error) => error.message,
  );
}

async function statusOf(exchange: ExchangeProcess): Promise<number> {
  return (await exchange.page(exchange.ready.port, '/health')).status;
}

describe.runIf(hasOwnDisks)('a disk that gets full', () => {
  it.each(LAYOUTS)(
    'stops nothing for good: orders are refused meanwhile, and none is lost (%s)',
    async (layout) => {
      const { exchange, disk } = await startOnSmallDisk(layout);
      await exchange.admin('POST', 'prices', { market: ORDER.market, index: '180' });
      const client = await newTrader(exchange, '1000000');
      expect(await place(client, 1)).toBe('placed');
      const answers: Promise<string>[] = [];
      const ballast = path.join(disk, 'ballast');
      while ((await statusOf(exchange)) === 200) {
        // Again and again: what others rewrite meanwhile makes room.
        fill(ballast);
        answers.push(place(client, 2 + answers.length));
        expect(answers.length).toBeLessThan(ORDERS_MAX);
      }
      const health = (await exchange.page(exchange.ready.port, '/health')).text;
      expect(health).toMatch(/the journal of shard \d cannot be written/);
      for (let n = 0; n < 3; n++) expect(await place(client, ORDERS_MAX + n)).toMatch(REFUSED);
      // A cancel is never refused: it waits.
      const canceled = client.cancel({ market: ORDER.market, clientOrderId: 1 });

      fs.rmSync(ballast);
      await expect.poll(() => statusOf(exchange)).toBe(200);
      const told = await Promise.all(answers);
      const placed = told.filter((answer) => answer === 'placed').length;
      // The one that met the full disk waited for room; what came between that and the look at /health was refused.
      expect(placed).toBeGreaterThan(0);
      for (const answer of told.slice(placed)) expect(answer).toMatch(REFUSED);
      await canceled;
      expect(await place(client, ORDERS_MAX)).toBe('placed');
      const { text } = await exchange.page(exchange.ready.port, '/metrics');
      expect(text).toContain(`\nplimsoll_open_orders ${placed + 1}\n`);
      const before = await exchange.admin<Invariants>('GET', 'invariants');
      expect(before.moneyDifferenceMicroUsd).toBe('0');
      expect(await hashAfterCrash(exchange, disk, layout)).toBe(before.stateHash);
      expect(exchange.sentences.tail).toMatch(/has \d+ MB left/);
    },
  );
});

describe.runIf(hasOwnDisks)('a disk without room for a start', () => {
  it('is said, and nothing is begun', async () => {
    await expect(startOnSmallDisk('inline', 64 * 1024)).rejects.toThrow(
      /ended with code 1:\n.*has \d+ bytes left, and a start needs 4194304; make room and start again/s,
    );
  });

  it('does for a start when it is as much as is asked for', async () => {
    const { exchange } = await startOnSmallDisk('spread', 4 * 1024 ** 2 + 64 * 1024);
    expect(await statusOf(exchange)).toBe(200);
  });
});

/** The state that its files give as they are at this moment. */
async function hashAfterCrash(exchange: ExchangeProcess, disk: string, layout: string) {
  const data = path.join(folder, 'copy');
  fs.cpSync(path.join(disk, 'data'), data, { recursive: true });
  await exchange.kill();
  const again = await ExchangeProcess.start(['--data', data, '--layout', layout, ...OPTIONS]);
  running.push(again);
  return (await again.admin<Invariants>('GET', 'invariants')).stateHash;
}
