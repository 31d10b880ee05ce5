import type { MessagePort } from 'node:worker_threads';
import type { HaltReport } from '../../engine/runtime/halt-report.js';
import type { HostStats } from '../../engine/runtime/host-stats.js';
import type { ChannelEnds } from '../../engine/runtime/journal/consistent-cut.js';
import type { RecoveryReport } from '../../engine/runtime/journal/open-shard.js';
import type { SyncPolicy } from '../../engine/runtime/journal/sync-scheduler.js';
import type { ShardPort } from '../../engine/shard/shard-port.js';
import type { StressTotals } from '../../risk/stress/stress.js';
import type { ShardSeed } from './shard-seed.js';

/** What a shard is opened with; plain data, so that it can be handed to a thread. */
export interface ShardSettings {
  shardId: number;
  /** How many there are in layout `spread`; null for a shard with everything in it. */
  shards: number | null;
  dataDir: string;
  fsync: SyncPolicy;
  clock: 'real' | 'manual';
  /** Manual clock: where time begins when the journal is not further already. */
  startTimeMs: number;
  snapshotEveryMessages: number;
  snapshotEveryMs: number;
  /** Threads that look through this shard's accounts; 0: its own does. */
  sweepThreads: number;
  /** Snapshots that end later are passed over; null for none. */
  snapshotNotAfter: number | null;
}

export interface ShardHooks {
  /** Numbered events of replayed frames, before the shard is open: see `replayed-events.ts`. */
  onReplayed(words: Int32Array): void;
  onHalt(report: HaltReport): void;
  onSnapshotFailed(error: Error): void;
  /** A thread that sweeps accounts has ended; another one takes its place. */
  onSweepFailed(error: Error): void;
  /** The shard's thread has ended by itself. */
  onDied(error: Error): void;
}

/** What opening a shard found. */
export interface ShardReport extends RecoveryReport {
  /** Null for a shard with everything in it. */
  channels: ChannelEnds | null;
}

/** State of one shard between two frames. */
export interface ShardInvariants {
  shard: number;
  sequence: number;
  stateHash: string;
  /** Σ positions by symbol, in lots. */
  sumOfPositions: Record<string, number>;
  /** Without what is under way between shards. */
  moneyDifferenceMicroUsd: string;
}

export interface ShardStress {
  totals: StressTotals;
  insuranceMicroUsd: bigint;
}

export const GATEWAY_PORT_ID = 1;
export const ADMIN_PORT_ID = 2;
/** Inside of the shard's thread: candidates for liquidation. */
export const SWEEPS_PORT_ID = 3;
export const FIX_PORT_ID = 5;
/** The binary door. */
export const FIXP_PORT_ID = 4;

/** Ports of gateways in threads: each thread that begins has another one, so that no answer to a dead one comes to the next. */
export const THREAD_PORT_ID_FIRST = 16;
export const THREAD_PORT_ID_LAST = 111;

/** A port of a shard as it is handed to another thread. */
export interface AttachedPort {
  portId: number;
  commands: SharedArrayBuffer;
  events: SharedArrayBuffer;
  /** Wakes the shard. */
  bell: SharedArrayBuffer;
  /** A message here says that there are events; to be transferred. */
  wake: MessagePort;
}

/** A running shard as the rest of the exchange sees it, whatever thread it lives in. */
export interface ShardAccess {
  readonly shardId: number;
  readonly report: ShardReport;
  readonly stats: HostStats;
  readonly gatewayPort: ShardPort;
  /** Of the FIX door. */
  readonly fixPort: ShardPort;
  readonly adminPort: ShardPort;
  readonly fixpPort: ShardPort;
  /**
   * Begins the epoch; a manual clock goes on at this time, where the furthest shard was. Until `letIn` the shard takes only
   * what other shards send it.
   */
  begin(epoch: number, timeMs: number): Promise<void>;
  /** State between two frames. */
  seed(): Promise<ShardSeed>;
  /** Client order ids by the references that markets elsewhere keep. */
  clientIds(references: Float64Array): Promise<string[]>;
  /**
   * Takes no commands until `goOn`, and resolves when all that was taken is out. Rejects after a while when it does not come to that.
   */
  hold(): Promise<void>;
  goOn(): Promise<void>;
  /** A port for traders more, while input is held; null: this layout has everything in one thread. */
  attach(portId: number): Promise<AttachedPort> | null;
  /** Nobody reads there any more. */
  detach(portId: number): void;
  /** From now on commands are taken and timers run. */
  letIn(): Promise<void>;
  /** Waits until everything sent so far is applied, journaled and out. */
  settle(): Promise<void>;
  /** Stands still until `resume`; gives the last numbers taken, by sender. */
  pause(): Promise<number[]>;
  resume(): Promise<void>;
  invariants(): Promise<ShardInvariants>;
  /** What moves of all marks would do to the accounts at home here, and what the fund of the markets here has. */
  stress(): Promise<ShardStress>;
  /** Cash in messages to the others that have not taken them; by receiver, the last number it took. Micro-USD. */
  cashUnderWay(taken: readonly number[]): Promise<string>;
  /** Manual clock only: Infinity when nothing waits. */
  nextTimerMs(): Promise<number>;
  /** Manual clock only: runs what is due up to this time, in order, and journals the time itself when asked to. */
  advanceTo(timeMs: number, stamps: boolean): Promise<void>;
  /** Takes no more commands from now on. */
  stopInput(): Promise<void>;
  /** Lets everything out, writes a snapshot unless told not to, closes the journal. */
  stop(): Promise<void>;
  /** Closes a shard that has not begun, and leaves its files as they are. */
  close(): Promise<void>;
}
