import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { headOf, SLOT_WORDS } from '../../engine/messages/layout.js';
import { MessageBuffer } from '../../engine/messages/message-buffer.js';
import { CMD_BEGIN_EPOCH, CMD_CREATE_ACCOUNT, CMD_DEPOSIT } from '../../engine/messages/types.js';
import { openShard } from '../../engine/runtime/journal/open-shard.js';
import { stateHash } from '../../engine/runtime/journal/state-hash.js';
import { createShardCore } from '../compose.js';
import type * as SnapshotThread from './snapshot-thread.js';

/** Threads run compiled code; `npm test` compiles before it starts. */
const compiled = pathToFileURL(path.resolve('dist/main/exchange/snapshot-thread.js')).href;

let dataDir = '';
afterEach(() => fs.rmSync(dataDir, { recursive: true, force: true }));

describe('a snapshot in a thread of its own', () => {
  it('has the state of the shard it never touched, and is what the next start reads', async () => {
    const { snapshotInThread } = (await import(compiled)) as typeof SnapshotThread;
    dataDir = fs.mkdtempSync(path.join(os.tmpdir(), 'plimsoll-snapshot-'));
    const opened = openShard(dataDir, 0, () => createShardCore(), { policy: 'batch' });
    const messages = new MessageBuffer();
    const apply = () => {
      const { shard, journal } = opened;
      const frame = { messages, firstSequence: journal.nextSequence, count: 1, timeMs: 1_000 };
      shard.applyFrame(frame);
      journal.append(frame);
      journal.write();
      shard.events.reset();
      messages.reset();
    };
    messages.words[messages.push(1)] = headOf(CMD_BEGIN_EPOCH, 1, 0);
    messages.floats[2] = opened.journal.epoch;
    apply();
    for (let account = 1; account <= 50; account++) {
      messages.words[messages.push(2) * SLOT_WORDS] = headOf(CMD_CREATE_ACCOUNT, 2, 0);
      apply();
      messages.words[messages.push(1) * SLOT_WORDS] = headOf(CMD_DEPOSIT, 1, 0);
      messages.words[1] = account;
      messages.floats[2] = account * 1_000_000;
      apply();
    }
    await opened.journal.sync();
    const until = opened.shard.sequence;

    const info = await snapshotInThread(orderFor(dataDir, until));

    expect(info).toMatchObject({ sequence: until, stateHash: stateHash(opened.shard) });
    await opened.close();
    const again = openShard(dataDir, 0, () => createShardCore(), { policy: 'batch' });
    expect(again.report).toMatchObject({ snapshotSequence: until, messages: 0 });
    expect(stateHash(again.shard)).toBe(info.stateHash);
    await again.close();
  });

  it('refuses a sequence that the journal does not have', async () => {
    const { snapshotInThread } = (await import(compiled)) as typeof SnapshotThread;
    dataDir = fs.mkdtempSync(path.join(os.tmpdir(), 'plimsoll-snapshot-'));
    await expect(snapshotInThread(orderFor(dataDir, 7))).rejects.toThrow();
  });
});

function orderFor(dataDir: string, until: number): SnapshotThread.SnapshotOrder {
  return { dataDir, shardId: 0, isSpread: false, until, firstKept: null };
}
