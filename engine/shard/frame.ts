import type { MessageBuffer } from '../messages/message-buffer.js';

/**
 * What a shard applies at a time: messages in arrival order, stamped with one time. The journal keeps frames;
 * replay applies the same frames to the same function.
 */
export interface Frame {
  /** The messages, back to back from slot 0 to `messages.length`. */
  messages: MessageBuffer;
  /** Journal sequence of the first message; the others count up by one each. */
  firstSequence: number;
  /** Number of messages (not slots). */
  count: number;
  /** Exchange time, never less than that of the frame before. */
  timeMs: number;
}
