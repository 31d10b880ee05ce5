import type { HaltReport } from '../../engine/runtime/halt-report.js';
import type { HostStats } from '../../engine/runtime/host-stats.js';
import type { RecoveryReport } from '../../engine/runtime/journal/open-shard.js';
import type { SyncPolicy } from '../../engine/runtime/journal/sync-scheduler.js';
import type { ShardPort } from '../../engine/shard/shard-port.js';
import type { ShardSeed } from './shard-seed.js';

/** What a shard is opened with; plain data, so that it can be handed to a thread. */
export interface ShardSettings {
  shardId: number;
  dataDir: string;
  fsync: SyncPolicy;
  clock: 'real' | 'manual';
  /** Manual clock: where time begins when the journal is not further already. */
  startTimeMs: number;
  snapshotEveryMessages: number;
  snapshotEveryMs: number;
}

export interface ShardHooks {
  /** Numbered events of replayed frames, before the shard is open: see `replayed-events.ts`. */
  onReplayed(words: Int32Array): void;
  onHalt(report: HaltReport): void;
  onSnapshotFailed(error: Error): void;
  /** The shard's thread has ended by itself. */
  onDied(error: Error): void;
}

/** State of one shard between two frames. */
export interface ShardInvariants {
  shard: number;
  sequence: number;
  stateHash: string;
  /** Σ positions by symbol, in lots. */
  sumOfPositions: Record<string, number>;
  moneyDifferenceMicroUsd: string;
}

export const GATEWAY_PORT_ID = 1;
export const ADMIN_PORT_ID = 2;

/** A running shard as the rest of the exchange sees it, whatever thread it lives in. */
export interface ShardAccess {
  readonly shardId: number;
  readonly report: RecoveryReport;
  /** State at the moment of opening, before the epoch begins. */
  readonly seed: ShardSeed;
  readonly stats: HostStats;
  readonly gatewayPort: ShardPort;
  readonly adminPort: ShardPort;
  /** Begins the epoch; until then the shard takes nothing. */
  begin(): Promise<void>;
  /** Waits until everything sent so far is applied, journaled and out. */
  settle(): Promise<void>;
  invariants(): Promise<ShardInvariants>;
  /** Manual clock only: runs what is due in order; gives the new time. */
  advance(byMs: number): Promise<number>;
  /** Takes no more input, lets everything out, writes a snapshot, closes the journal. */
  stop(): Promise<void>;
}
