import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { headOf, SLOT_WORDS, W_HEAD } from '../../engine/messages/layout.js';
import { CMD_CREATE_ACCOUNT } from '../../engine/messages/types.js';

// Threads run compiled code.
const compiled = pathToFileURL(path.resolve('dist/main/exchange/threaded-shard.js')).href;
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'plimsoll-threaded-'));
const NEVER = Number.MAX_SAFE_INTEGER;
/** Their events are more than the rings of a port hold. */
const ACCOUNTS = 150_000;
const A_TURN = 1_000;

function thrown(error: unknown): never {
  throw error;
}

async function opened() {
  const { openThreadedShard } = (await import(compiled)) as typeof import('./threaded-shard.js');
  const settings = {
    shardId: 0,
    shards: null,
    dataDir: folder,
    fsync: 'never',
    clock: 'manual',
    startTimeMs: 1e12,
    snapshotEveryMessages: NEVER,
    snapshotEveryMs: NEVER,
    sweepThreads: 0,
    snapshotNotAfter: null,
  } as const;
  const shard = await openThreadedShard(settings, {
    onReplayed: () => {},
    onHalt: thrown,
    onSweepFailed: thrown,
    onSnapshotFailed: thrown,
    onDied: thrown,
  });
  await shard.begin(shard.report.epoch, shard.report.timeMs);
  await shard.letIn();
  return shard;
}

afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

describe('a shard in a thread of its own', () => {
  it('goes on when doors that nobody has opened read nothing', async () => {
    const shard = await opened();
    let events = 0;
    shard.gatewayPort.onEvents(() => {
      events++;
    });
    shard.adminPort.onEvents(() => {});
    const words = new Int32Array(2 * A_TURN * SLOT_WORDS);
    for (let i = 0; i < A_TURN; i++) {
      words[2 * i * SLOT_WORDS + W_HEAD] = headOf(CMD_CREATE_ACCOUNT, 2, 0);
    }
    for (let sent = 0; sent < ACCOUNTS; sent += A_TURN) {
      while (!shard.adminPort.trySendAll(words, 0, 2 * A_TURN)) {
        await new Promise((resolve) => setImmediate(resolve));
      }
      shard.adminPort.flush();
    }
    await shard.settle();
    expect(events).toBeGreaterThanOrEqual(ACCOUNTS);
    await shard.stop();
  });
});
