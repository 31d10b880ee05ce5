import type { UpdateFault } from './pyth/update-error.js';

/** A price as a source has it: mantissa × 10^exponent, exactly. */
export interface Observation {
  /** What the source calls the price: Pyth's feed id, or the symbol of a market. */
  feed: string;
  mantissa: bigint;
  /** In the same unit as the price; zero when the source knows none. */
  confidenceMantissa: bigint;
  exponent: number;
  publishTimeMs: number;
  /** Orders observations of one publish time; a later one has a larger number. */
  order: bigint;
}

/**
 * starting: nothing has come yet. live: it delivers. silent: it is connected and has said nothing new for too long.
 * down: it cannot be reached, or what it says is refused. stopped: for good.
 */
export type SourceState = 'starting' | 'live' | 'silent' | 'down' | 'stopped';

export interface SourceHealth {
  state: SourceState;
  /** Why it is silent or down; for people. */
  problem: string | null;
}

/** Whoever wants to hear a source. Calls come one at a time. */
export interface SourceListener {
  /** Something newer than all before of that feed. */
  onObservation(observation: Observation): void;
  /** Something was not believed, and nothing of it is used. */
  onRefused(fault: UpdateFault, sentence: string): void;
  /** Something came that is no newer than what is known: a repeat, or out of order. */
  onNotNewer(feed: string, kind: 'repeat' | 'older'): void;
  onHealth(health: SourceHealth): void;
}

/** Where prices come from. What one gives has been verified as far as it can be; whether it is good enough for an index is asked elsewhere. */
export interface PriceSource {
  /** Distinct among the sources of an oracle, and free of secrets: it stands in logs and metrics. */
  readonly name: string;
  start(listener: SourceListener): void;
  stop(): Promise<void>;
  /** The newest of a feed; null: none yet. */
  latest(feed: string): Observation | null;
  health(): SourceHealth;
}
