import { SLOT_BYTES } from '../messages/layout.js';
import type { Frame } from '../shard/frame.js';
import type { Shard } from '../shard/shard.js';
import type { Journal } from './journal/journal.js';

/**
 * Why a shard stopped for good, and what it was about to do. The journal up to `journaledSequence` gives the state before;
 * the frame that broke it is here and not in the journal, so that a restart comes back to the last sound state.
 */
export interface HaltReport {
  error: string;
  stack: string;
  /** Last sequence that is in the journal. */
  journaledSequence: number;
  epoch: number;
  timeMs: number;
  frame: {
    firstSequence: number;
    count: number;
    timeMs: number;
    /** The messages as they would stand in the journal, in hexadecimal. */
    messages: string;
  };
}

export function reportHalt(error: Error, shard: Shard, frame: Frame, journal: Journal): HaltReport {
  const { words, length } = frame.messages;
  const bytes = Buffer.from(words.buffer, words.byteOffset, length * SLOT_BYTES);
  return {
    error: `${error.name}: ${error.message}`,
    stack: error.stack ?? '',
    journaledSequence: journal.writtenSequence,
    epoch: journal.epoch,
    timeMs: shard.timeMs,
    frame: {
      firstSequence: frame.firstSequence,
      count: frame.count,
      timeMs: frame.timeMs,
      messages: bytes.toString('hex'),
    },
  };
}
