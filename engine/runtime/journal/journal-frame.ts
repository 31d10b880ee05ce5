import { MessageBuffer } from '../../messages/message-buffer.js';
import type { Frame } from '../../shard/frame.js';
import {
  H_COUNT,
  H_SLOTS,
  HEADER_BYTES,
  HEADER_WORDS,
  HF_EPOCH,
  HF_FIRST_SEQUENCE,
  HF_TIME,
} from './format.js';
import type { SegmentReader } from './segment-reader.js';

/** A frame with where it came from. */
export interface JournalFrame extends Frame {
  epoch: number;
  file: string;
  position: number;
  /** Bytes in the segment, header included. */
  bytes: number;
}

/** The one frame that a reader hands out again and again. */
export function newJournalFrame(): JournalFrame {
  return {
    messages: new MessageBuffer(4096),
    firstSequence: 0,
    count: 0,
    timeMs: Number.NEGATIVE_INFINITY,
    epoch: 0,
    file: '',
    position: 0,
    bytes: 0,
  };
}

/** What the header of the segment's present frame says. */
export function readHeader(frame: JournalFrame, segment: SegmentReader, file: string): void {
  const { at, words, floats, position } = segment;
  const float = at >> 1;
  frame.firstSequence = floats[float + HF_FIRST_SEQUENCE] as number;
  frame.count = words[at + H_COUNT] as number;
  frame.timeMs = floats[float + HF_TIME] as number;
  frame.epoch = floats[float + HF_EPOCH] as number;
  frame.file = file;
  frame.position = position;
  frame.bytes = HEADER_BYTES * ((words[at + H_SLOTS] as number) + 1);
}

/** Copies the messages of the segment's present frame: its memory is the reader's. */
export function copyMessages({ messages }: JournalFrame, { at, words }: SegmentReader): void {
  const slots = words[at + H_SLOTS] as number;
  messages.reset();
  messages.push(slots);
  const payloadAt = at + HEADER_WORDS;
  const payloadWords = slots * HEADER_WORDS;
  if (slots <= 8) {
    // A view costs more than copying a few slots one by one.
    for (let i = 0; i < payloadWords; i++) messages.words[i] = words[payloadAt + i] as number;
  } else {
    messages.words.set(words.subarray(payloadAt, payloadAt + payloadWords));
  }
}
