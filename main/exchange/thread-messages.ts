import type { MessagePort } from 'node:worker_threads';
import type { ChannelMemory } from '../../engine/runtime/channel-memory.js';
import type { HaltReport } from '../../engine/runtime/halt-report.js';
import type { Door } from '../../engine/runtime/host-port.js';
import type { ShardReport, ShardSettings } from './shard-access.js';

/** One port of a shard in a thread: memory of its two rings. */
export interface PortMemory {
  portId: number;
  door: Door;
  commands: SharedArrayBuffer;
  events: SharedArrayBuffer;
}

/** What a shard's thread is started with. */
export interface ThreadStart {
  settings: ShardSettings;
  ports: PortMemory[];
  bell: SharedArrayBuffer;
  stats: SharedArrayBuffer;
  /** Null for a shard with everything in it. */
  channels: ChannelMemory | null;
  /** Both wake the thread that reads the events: see `wake-call.ts`. */
  wake: MessagePort;
  wakeMemory: SharedArrayBuffer;
}

/** What a shard's thread can be asked for; each is a method of `HostedShard`. */
export type Operation =
  | { name: 'begin'; epoch: number; timeMs: number }
  | { name: 'clientIds'; references: Float64Array }
  | { name: 'cashUnderWay'; taken: readonly number[] }
  | { name: 'advanceTo'; timeMs: number; stamps: boolean }
  /** `wake`: a message there wakes the thread that reads the events. */
  | { name: 'attach'; port: PortMemory; wake: MessagePort }
  | {
      name:
        | 'seed'
        | 'letIn'
        | 'settle'
        | 'hold'
        | 'goOn'
        | 'pause'
        | 'resume'
        | 'invariants'
        | 'stress'
        | 'nextTimerMs'
        | 'stopInput'
        | 'stop'
        | 'close';
    };

/** To the shard's thread; handled between frames. */
export interface ThreadRequest {
  id: number;
  operation: Operation;
}

/** From the shard's thread. */
export type ThreadMessage =
  | { kind: 'replayed'; words: Int32Array }
  | { kind: 'opened'; report: ShardReport }
  | { kind: 'failed'; name: string; message: string }
  | { kind: 'halted'; report: HaltReport }
  | { kind: 'snapshotFailed'; message: string }
  | { kind: 'sweepFailed'; message: string }
  | { kind: 'answer'; id: number; result: unknown }
  | { kind: 'refusal'; id: number; message: string };
