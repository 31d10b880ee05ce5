import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ShardAccess, ShardHooks, ShardSettings } from '../../main/exchange/shard-access.js';

export type OpenShard = (settings: ShardSettings, hooks: ShardHooks) => Promise<ShardAccess>;

export interface ScratchShard {
  shard: ShardAccess;
  close(): Promise<void>;
}

const NEVER = Number.MAX_SAFE_INTEGER;

/** A running shard with journal `batch` in a folder that goes with it. It halts the benchmark when it halts. */
export async function openScratchShard(
  open: OpenShard,
  different: Partial<ShardSettings> = {},
): Promise<ScratchShard> {
  const dataDir = mkdtempSync(join(tmpdir(), 'plimsoll-bench-'));
  const shard = await open(
    {
      shardId: 0,
      shards: null,
      dataDir,
      fsync: 'batch',
      clock: 'real',
      startTimeMs: 0,
      // Snapshots are another benchmark's business.
      snapshotEveryMessages: NEVER,
      snapshotEveryMs: NEVER,
      sweepThreads: 0,
      snapshotNotAfter: null,
      ...different,
    },
    {
      onReplayed: () => {},
      onHalt: (report) => {
        throw new Error(`the shard halted: ${JSON.stringify(report)}`);
      },
      onSweepFailed: (error) => {
        throw error;
      },
      onSnapshotFailed: (error) => {
        throw error;
      },
      onDied: (error) => {
        throw error;
      },
    },
  );
  await shard.begin(shard.report.epoch, shard.report.timeMs);
  await shard.letIn();
  return {
    shard,
    close: async () => {
      await shard.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}
