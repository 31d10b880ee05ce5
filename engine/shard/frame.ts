import {
  FRAME_F_EPOCH,
  FRAME_F_SEQUENCE,
  FRAME_F_TIME,
  headOf,
  SLOT_FLOATS,
  SLOT_WORDS,
  slotsOf,
  W_HEAD,
} from '../messages/layout.js';
import type { MessageBuffer } from '../messages/message-buffer.js';
import { EVT_FRAME } from '../messages/types.js';

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

/** EVT_FRAME, before the events of the frame. */
export function announceFrame(events: MessageBuffer, frame: Frame, epoch: number): void {
  const event = events.push(1);
  const f = event * SLOT_FLOATS;
  events.words[event * SLOT_WORDS + W_HEAD] = headOf(EVT_FRAME, 1, 0);
  events.floats[f + FRAME_F_SEQUENCE] = frame.firstSequence;
  events.floats[f + FRAME_F_TIME] = frame.timeMs;
  events.floats[f + FRAME_F_EPOCH] = epoch;
}

/** Slot behind so many messages from `slot` on. */
export function behind(messages: MessageBuffer, slot: number, count: number): number {
  const { words } = messages;
  let next = slot;
  for (let i = 0; i < count; i++) next += slotsOf(words[next * SLOT_WORDS + W_HEAD] as number);
  return next;
}
