import type { MessageBuffer } from '../messages/message-buffer.js';
import type { CanonicalReader, CanonicalWriter } from '../state/canonical-writer.js';
import type { Frame } from './frame.js';

/**
 * A shard as its host sees it: a deterministic function over frames. `ShardCore` implements it; the host (thread,
 * simulator, replay, benchmark) owns clock, journal and rings.
 */
export interface Shard {
  /** Events of the frames since the last `events.reset()`, in order; the host publishes them after journaling. */
  readonly events: MessageBuffer;
  /** Last sequence that was applied; 0 at the beginning. */
  readonly sequence: number;
  /** Time of the last frame. */
  readonly timeMs: number;
  readonly epoch: number;
  /** Time at which a CMD_TIMER has to arrive (GTD expiry …), Infinity when nothing waits. */
  nextTimerMs(): number;
  applyFrame(frame: Frame): void;
  /** Canonical trading state: the bytes whose SHA-256 is `stateHash`. Independent of layout and memory. */
  writeTradingState(writer: CanonicalWriter): void;
  /** Feed numbers, client id memory, references: the bytes whose SHA-256 is `deliveryHash`. */
  writeDeliveryState(writer: CanonicalWriter): void;
  /** Everything needed to go on: a superset of both, in a versioned form. */
  writeSnapshot(writer: CanonicalWriter): void;
  /** Into a new shard only. Throws when the version is unknown or the bytes end early. */
  readSnapshot(reader: CanonicalReader): void;
  /** Throws InvariantError when positions, money or books do not agree. */
  check(): void;
}
