import { SLOT_WORDS, slotsOf, W_HEAD } from '../../messages/layout.js';
import type { MessageBuffer } from '../../messages/message-buffer.js';
import type { Frame } from '../../shard/frame.js';
import type { Shard } from '../../shard/shard.js';
import { JournalDamageError } from './damage.js';
import type { JournalFrame } from './journal-frame.js';
import type { JournalReader } from './journal-reader.js';

export interface ReplayOptions {
  /** Last sequence to apply; a frame that reaches beyond it is applied in part. */
  until?: number;
  /** Called after each frame with the events it caused; they are gone afterwards. */
  onEvents?: (events: MessageBuffer, frame: Frame) => void;
  /** Called after each frame with the messages applied so far. */
  onProgress?: (messages: number, frame: JournalFrame) => void;
}

export interface ReplayCount {
  frames: number;
  messages: number;
}

/** Applies the frames that follow the shard's state. The reader must begin right after it. */
export function replay(
  shard: Shard,
  reader: JournalReader,
  options: ReplayOptions = {},
): ReplayCount {
  const until = options.until ?? Number.POSITIVE_INFINITY;
  const { onEvents, onProgress } = options;
  const count: ReplayCount = { frames: 0, messages: 0 };
  while (shard.sequence < until && reader.next()) {
    const { frame } = reader;
    refuseOverlap(shard, frame);
    if (frame.firstSequence + frame.count - 1 > until) cutFrame(frame, until);
    shard.events.reset();
    shard.applyFrame(frame);
    const last = frame.firstSequence + frame.count - 1;
    if (shard.sequence !== last) {
      throw new Error(`the shard stands at ${shard.sequence} after the frame that ends at ${last}`);
    }
    onEvents?.(shard.events, frame);
    count.frames++;
    count.messages += frame.count;
    onProgress?.(count.messages, frame);
  }
  shard.events.reset();
  return count;
}

/** A snapshot is taken between frames, so the first frame after it begins with the next sequence. */
function refuseOverlap(shard: Shard, frame: JournalFrame): void {
  const sequence = shard.sequence + 1;
  if (frame.firstSequence === sequence) return;
  const { file, position } = frame;
  const reason = `the state ends at ${sequence - 1}, the frame begins with ${frame.firstSequence}`;
  throw new JournalDamageError({ file, position, sequence, reason });
}

/** Messages run to completion one after the other, so the first part of a frame is a frame. */
function cutFrame(frame: Frame, until: number): void {
  const count = until - frame.firstSequence + 1;
  const { words } = frame.messages;
  let slots = 0;
  for (let i = 0; i < count; i++) slots += slotsOf(words[slots * SLOT_WORDS + W_HEAD]);
  frame.messages.length = slots;
  frame.count = count;
}
