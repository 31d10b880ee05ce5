import {
  EF_ACCOUNT_SEQUENCE,
  FRAME_F_EPOCH,
  FRAME_F_SEQUENCE,
  FRAME_F_TIME,
  headOf,
  SLOT_FLOATS,
  SLOT_WORDS,
  slotsOf,
  typeOf,
  W_HEAD,
} from '../../engine/messages/layout.js';
import type { MessageBuffer } from '../../engine/messages/message-buffer.js';
import { EVT_FRAME } from '../../engine/messages/types.js';
import type { Frame } from '../../engine/shard/frame.js';
import type { PrivateLog } from '../../gateway/feeds/private-log.js';

const CHUNK_SLOTS = 8192;

/**
 * Gathers the numbered events of replayed frames, each frame's with an EVT_FRAME before them, and hands them on in chunks that may
 * go to another thread.
 */
export class ReplayedEvents {
  private words = new Int32Array(CHUNK_SLOTS * SLOT_WORDS);
  private slots = 0;
  private readonly handOn: (words: Int32Array) => void;

  constructor(handOn: (words: Int32Array) => void) {
    this.handOn = handOn;
  }

  add(events: MessageBuffer, frame: Frame, epoch: number): void {
    let announced = false;
    for (let slot = 0; slot < events.length; ) {
      const word = slot * SLOT_WORDS;
      const head = events.words[word + W_HEAD] as number;
      const slots = slotsOf(head);
      const numbered =
        typeOf(head) !== EVT_FRAME &&
        (events.floats[slot * SLOT_FLOATS + EF_ACCOUNT_SEQUENCE] as number) > 0;
      if (numbered) {
        if (!announced || this.slots + slots > CHUNK_SLOTS) this.announce(frame, epoch, slots);
        announced = true;
        const own = events.words.subarray(word, word + slots * SLOT_WORDS);
        this.words.set(own, this.slots * SLOT_WORDS);
        this.slots += slots;
      }
      slot += slots;
    }
  }

  flush(): void {
    if (this.slots === 0) return;
    this.handOn(this.words.subarray(0, this.slots * SLOT_WORDS));
    this.words = new Int32Array(CHUNK_SLOTS * SLOT_WORDS);
    this.slots = 0;
  }

  /** Every chunk begins with an EVT_FRAME, so that it stands for itself. */
  private announce(frame: Frame, epoch: number, slotsBehind: number): void {
    if (this.slots + 1 + slotsBehind > CHUNK_SLOTS) this.flush();
    const word = this.slots * SLOT_WORDS;
    const floats = new Float64Array(this.words.buffer);
    this.words[word + W_HEAD] = headOf(EVT_FRAME, 1, 0);
    floats[word / 2 + FRAME_F_SEQUENCE] = frame.firstSequence;
    floats[word / 2 + FRAME_F_TIME] = frame.timeMs;
    floats[word / 2 + FRAME_F_EPOCH] = epoch;
    this.slots++;
  }
}

/** Sequence of the first frame of a chunk. */
export function firstSequenceOf(words: Int32Array): number {
  return floatsOf(words)[FRAME_F_SEQUENCE] as number;
}

/** Appends a chunk's events to the log of private feeds, which passes over those it has. */
export function appendReplayed(log: PrivateLog, words: Int32Array): void {
  const floats = floatsOf(words);
  let timeMs = 0;
  let epoch = 0;
  for (let word = 0; word < words.length; ) {
    const head = words[word + W_HEAD] as number;
    if (typeOf(head) === EVT_FRAME) {
      timeMs = floats[word / 2 + FRAME_F_TIME] as number;
      epoch = floats[word / 2 + FRAME_F_EPOCH] as number;
    } else log.append(words, floats, word, epoch, timeMs);
    word += slotsOf(head) * SLOT_WORDS;
  }
}

function floatsOf(words: Int32Array): Float64Array {
  return new Float64Array(words.buffer, words.byteOffset, words.length / 2);
}
