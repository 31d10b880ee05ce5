import type { MessagePort } from 'node:worker_threads';
import type { HaltReport } from '../../engine/runtime/halt-report.js';
import type { RecoveryReport } from '../../engine/runtime/journal/open-shard.js';
import type { ShardSettings } from './shard-access.js';
import type { ShardSeed } from './shard-seed.js';

/** One port of a shard in a thread: memory of its two rings. */
export interface PortMemory {
  portId: number;
  mayOperate: boolean;
  commands: SharedArrayBuffer;
  events: SharedArrayBuffer;
}

/** What a shard's thread is started with. */
export interface ThreadStart {
  settings: ShardSettings;
  ports: PortMemory[];
  bell: SharedArrayBuffer;
  stats: SharedArrayBuffer;
  /** A message here wakes the thread that reads the events. */
  wake: MessagePort;
}

export type Operation = 'begin' | 'settle' | 'invariants' | 'advance' | 'stop';

/** To the shard's thread; handled between frames. */
export interface ThreadRequest {
  id: number;
  operation: Operation;
  byMs: number;
}

/** From the shard's thread. */
export type ThreadMessage =
  | { kind: 'replayed'; words: Int32Array }
  | { kind: 'opened'; report: RecoveryReport; seed: ShardSeed }
  | { kind: 'failed'; name: string; message: string }
  | { kind: 'halted'; report: HaltReport }
  | { kind: 'snapshotFailed'; message: string }
  | { kind: 'answer'; id: number; result: unknown }
  | { kind: 'refusal'; id: number; message: string };
