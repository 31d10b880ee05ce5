import type { EventOutput } from './event-output.js';
import type { RingReader } from './ring.js';

/** The shard's side of a port: commands come in, events go out. */
export interface HostPort {
  /** 1 … 127; the host writes it into bits 24–31 of W_SESSION, so that no port can ask in another's name. */
  readonly portId: number;
  readonly input: RingReader;
  readonly output: EventOutput;
  /** Operator's and oracle's commands are let in. A door for traders must not pass them. */
  readonly mayOperate: boolean;
}
