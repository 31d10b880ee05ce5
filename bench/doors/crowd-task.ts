import type { Login } from '../gateway/load-task.js';

/** What the process of the crowd is asked to do, one thing after the other. */
export type CrowdQuestion =
  | { kind: 'open'; port: number; connections: number; logins: Login[] }
  | { kind: 'subscribe' | 'unsubscribe'; channels: readonly string[] }
  /** Frames from here on are timed, until `end`. */
  | { kind: 'begin' | 'end' };

export interface CrowdAnswer {
  /** Frames that all have read together since `begin`. */
  frames: number;
  /** Encoded LatencyHistograms: delays of the newest change of each frame, and of the oldest that it can have. */
  newest: string;
  oldest: string;
  error?: string;
}
