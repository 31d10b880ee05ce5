import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Config, Layout } from '../config/config.js';
import type { Log } from '../observe/log.js';
import type { FeedLog } from './feed-log.js';
import type { SpreadPlacement } from './placement.js';
import type { ShardHooks } from './shard-access.js';

/** More would wait for memory, not for each other. */
const SWEEP_THREADS_MAX = 4;
/** A snapshot takes a thread that compiles anew what it runs, and a restart reads some millions of messages a second. */
const SNAPSHOT_EVERY = 5_000_000;
/** What shards have sent each other since their snapshots is in memory while they recover. */
const SNAPSHOT_EVERY_IN_SPREAD = 1_000_000;

/** What the exchange does when a shard says something. */
export function hooksOf(
  config: Config,
  log: Log,
  shardId: number,
  isSpread: boolean,
  feed: FeedLog,
): ShardHooks {
  return {
    onReplayed: (words) => feed.append(words),
    onHalt: (report) => {
      const name = `halt-${isSpread ? `shard-${shardId}-` : ''}${report.journaledSequence}.json`;
      const file = path.join(config.dataDir, name);
      fs.writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`, { mode: 0o600 });
      log.fatal({ file, error: report.error }, `trading has stopped: ${report.error}; see ${file}`);
    },
    onSnapshotFailed: (error) => {
      log.error({ err: error }, `a snapshot could not be written: ${error.message}`);
    },
    onSweepFailed: (error) => {
      log.warn({ err: error }, `a thread that sweeps accounts has ended: ${error.message}`);
    },
    onDied: (error) => {
      log.fatal({ err: error }, `trading has stopped: the shard's thread ended: ${error.message}`);
    },
  };
}

export function complain(log: Log, error: Error): void {
  log.error({ err: error }, `the log of private feeds cannot be written: ${error.message}`);
}

export function groupOptions(config: Config, layout: Layout, placement: SpreadPlacement | null) {
  const { dataDir, fsync, clock, startTimeMs, snapshotEveryMs } = config;
  const shards = placement?.markets.length ?? null;
  const snapshotEvery = shards === null ? SNAPSHOT_EVERY : SNAPSHOT_EVERY_IN_SPREAD;
  return {
    dataDir,
    shards,
    isInline: layout === 'inline',
    settings: {
      fsync,
      clock,
      startTimeMs,
      snapshotEveryMessages: config.snapshotEveryMessages ?? snapshotEvery,
      snapshotEveryMs,
      sweepThreads: config.sweepThreads ?? sweepThreadsFor(config, layout, shards ?? 1),
    },
  };
}

/** Threads of a shard that sweep accounts: what cores the others leave, one of them for whatever else runs. */
function sweepThreadsFor(config: Config, layout: Layout, shards: number): number {
  const others = threadsOf(config, layout, shards);
  const spare = Math.floor((os.availableParallelism() - others - 1) / shards);
  return Math.max(0, Math.min(SWEEP_THREADS_MAX, spare));
}

/** Of the main thread, shards and gateways. */
export function threadsOf({ gatewayThreads }: Config, layout: Layout, shards: number): number {
  return layout === 'inline' ? 1 : 1 + shards + gatewayThreads;
}
