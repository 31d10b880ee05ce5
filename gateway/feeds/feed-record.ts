import { EF_ACCOUNT_SEQUENCE, EF_SEQUENCE, W_ACCOUNT } from '../../engine/messages/layout.js';

/**
 * A record of the private feed log: eight words of head, then the event as the shard wrote it. Positions are word
 * numbers in one endless stream that chunks and segment files cut into pieces.
 */
export const HEAD_WORDS = 8;
/** Words of the whole record; 0: nothing more in this chunk. */
export const R_LENGTH = 0;
export const R_CHECKSUM = 1;
/** Position of the account's record before this one, −1 when the log has none. */
export const RF_PREVIOUS = 1;
export const RF_TIME = 2;
export const RF_EPOCH = 3;
/** The longest event has three slots. */
export const RECORD_WORDS_MAX = HEAD_WORDS + 48;

export const CHUNK_WORDS = 1 << 18;
export const CHUNKS_PER_SEGMENT = 64;
export const SEGMENT_WORDS = CHUNK_WORDS * CHUNKS_PER_SEGMENT;
/** Of the checksum: a polynomial in it, and its powers. */
const FACTOR = 31;
const FACTOR_2 = FACTOR ** 2;
const FACTOR_3 = FACTOR ** 3;
const FACTOR_4 = FACTOR ** 4;

/** Words with a float view of the same bytes. */
export interface WordBlock {
  readonly words: Int32Array;
  readonly floats: Float64Array;
}

export function newBlock(words: number): WordBlock {
  const block = new Int32Array(words);
  return { words: block, floats: new Float64Array(block.buffer) };
}

export function recordAccount(block: WordBlock, at: number): number {
  return block.words[at + HEAD_WORDS + W_ACCOUNT] as number;
}

export function recordAccountSequence(block: WordBlock, at: number): number {
  return block.floats[(at + HEAD_WORDS) / 2 + EF_ACCOUNT_SEQUENCE] as number;
}

export function recordSequence(block: WordBlock, at: number): number {
  return block.floats[(at + HEAD_WORDS) / 2 + EF_SEQUENCE] as number;
}

/**
 * Tells a whole record from one that a power failure cut; it guards against nothing else. Covers the first `count`
 * words of a record of `length`.
 */
export function checksumOf(
  words: Int32Array,
  at: number,
  count: number,
  length = words[at + R_LENGTH] as number,
): number {
  let sum = length;
  for (let i = at + R_CHECKSUM + 1; i < at + count; i++) {
    sum = (Math.imul(sum, FACTOR) + (words[i] as number)) | 0;
  }
  return sum;
}

/**
 * Copies words and gives the checksum that `checksumOf` would have gone on to over them, in one pass: this is the hot path of every event.
 * Four words a step, because each step waits for the sum of the one before. `count`: a multiple of four.
 */
export function copyOnto(
  sum: number,
  words: Int32Array,
  from: number,
  target: Int32Array,
  to: number,
  count: number,
): number {
  for (let i = 0; i < count; i += 4) {
    const a = words[from + i] as number;
    const b = words[from + i + 1] as number;
    const c = words[from + i + 2] as number;
    const d = words[from + i + 3] as number;
    target[to + i] = a;
    target[to + i + 1] = b;
    target[to + i + 2] = c;
    target[to + i + 3] = d;
    const first = (Math.imul(a, FACTOR_3) + Math.imul(b, FACTOR_2)) | 0;
    const rest = (Math.imul(c, FACTOR) + d) | 0;
    sum = (Math.imul(sum, FACTOR_4) + ((first + rest) | 0)) | 0;
  }
  return sum;
}

/** Whether a whole, unharmed record begins here. */
export function isRecord(block: WordBlock, at: number, end: number): boolean {
  const length = block.words[at + R_LENGTH] as number;
  if (length <= HEAD_WORDS || length > RECORD_WORDS_MAX || at + length > end) return false;
  return block.words[at + R_CHECKSUM] === checksumOf(block.words, at, length);
}
