import type { EventOutput } from './event-output.js';
import type { RingReader } from './ring.js';

/**
 * What a port lets in: traders' commands; those and operator's and oracle's commands; or messages of other shards and nothing
 * else, which nobody outside may forge.
 */
export type Door = 'traders' | 'operators' | 'shards';

/** Where messages come in. */
export interface HostInput {
  /** 1 … 127; the host writes it into bits 24–31 of W_SESSION, so that no port can ask in another's name. */
  readonly portId: number;
  readonly input: RingReader;
  readonly door: Door;
}

/** The shard's side of a port: commands come in, events go out. */
export interface HostPort extends HostInput {
  readonly output: EventOutput;
}

/** A host's ends of the channels to other shards. */
export interface HostChannels {
  readonly inputs: readonly HostInput[];
  /** Sees all events like a port, and takes those for other shards. It never holds up the others: see `shard-channels.ts`. */
  readonly output: EventOutput;
  /** More is under way between shards than should be: what comes from outside waits, what other shards send does not. */
  readonly congested: boolean;
  /** Number of a shard that has stopped for good, −1 while all run. */
  readonly stoppedShard: number;
  /** Sends what found no room before. */
  pump(): void;
  /** Something waits to be sent, and there is room for it. */
  readonly canPump: boolean;
  /** The host has applied what it took; everything up to `keptSequence` is safe in its journal. */
  applied(sequence: number, keptSequence: number): void;
  /** This shard has stopped for good. */
  stop(): void;
}
