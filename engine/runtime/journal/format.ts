import type { Frame } from '../../shard/frame.js';
import { crc32cOfWords } from './crc32c.js';

/**
 * The bytes of a segment, little-endian; README.md has the tables. Every header is 64 bytes and a
 * message slot is 64 bytes too, so frames begin at multiples of 64: no header ever crosses a disk
 * sector, and a search for frames after damage needs to look at every 64th byte only.
 */
export const FORMAT_VERSION = 1;
export const HEADER_BYTES = 64;
export const HEADER_WORDS = 16;
/** A frame is one group commit; one that is larger is a mistake of the host. */
export const FRAME_BYTES_MAX = 64 * 1024 * 1024;
export const SEQUENCE_MAX = Number.MAX_SAFE_INTEGER;

// ---- Segment header ----
const SEGMENT_MAGIC_LOW = 0x4d494c50; // 'PLIM'
const SEGMENT_MAGIC_HIGH = 0x4c4e524a; // 'JRNL'
const S_VERSION = 2;
const S_CRC = 3;
const S_SHARD = 4;
const S_SALT = 5;
const SF_FIRST_SEQUENCE = 3;
const SF_EPOCH = 4;

// ---- Frame header, in words and floats from its beginning ----
export const H_LENGTH = 0;
export const H_CRC = 1;
export const H_PAYLOAD_CRC = 2;
export const H_MARK = 3;
export const H_COUNT = 4;
export const H_SLOTS = 5;
export const HF_FIRST_SEQUENCE = 3;
export const HF_TIME = 4;
export const HF_EPOCH = 5;
/** 'FR' and the format version in one word. */
export const FRAME_MARK = 0x5246_0000 | FORMAT_VERSION;

export interface SegmentHeader {
  shardId: number;
  firstSequence: number;
  epoch: number;
  /**
   * A random number that seeds the CRC of every frame header in the segment. Bytes that a client
   * chose, or that an older file left behind, therefore cannot pass for a frame.
   */
  salt: number;
}

export function encodeSegmentHeader(header: SegmentHeader): Uint8Array {
  const words = new Int32Array(HEADER_WORDS);
  const floats = new Float64Array(words.buffer);
  words[0] = SEGMENT_MAGIC_LOW;
  words[1] = SEGMENT_MAGIC_HIGH;
  words[S_VERSION] = FORMAT_VERSION;
  words[S_SHARD] = header.shardId;
  words[S_SALT] = header.salt;
  floats[SF_FIRST_SEQUENCE] = header.firstSequence;
  floats[SF_EPOCH] = header.epoch;
  words[S_CRC] = segmentHeaderCrc(words);
  return new Uint8Array(words.buffer);
}

/** The header, or a sentence that says why the bytes are none. */
export function decodeSegmentHeader(bytes: Uint8Array): SegmentHeader | string {
  const words = new Int32Array(bytes.slice(0, HEADER_BYTES).buffer);
  const floats = new Float64Array(words.buffer);
  if (words[0] !== SEGMENT_MAGIC_LOW || words[1] !== SEGMENT_MAGIC_HIGH) {
    return 'the file does not begin with the mark of a journal segment';
  }
  const actual = segmentHeaderCrc(words);
  if (words[S_CRC] >>> 0 !== actual) {
    return `the segment header has CRC ${hex(words[S_CRC])} but its bytes give ${hex(actual)}`;
  }
  if (words[S_VERSION] !== FORMAT_VERSION) {
    return `the segment has format version ${words[S_VERSION]}, this release reads ${FORMAT_VERSION}`;
  }
  return {
    shardId: words[S_SHARD],
    firstSequence: floats[SF_FIRST_SEQUENCE],
    epoch: floats[SF_EPOCH],
    salt: words[S_SALT] >>> 0,
  };
}

/** Writes all 64 bytes of a frame header at word `at`; the payload's CRC is already known. */
export function writeFrameHeader(
  words: Int32Array,
  floats: Float64Array,
  at: number,
  frame: Frame,
  epoch: number,
  salt: number,
  payloadCrc: number,
): void {
  const slots = frame.messages.length;
  words[at + H_LENGTH] = HEADER_BYTES * (slots + 1);
  words[at + H_PAYLOAD_CRC] = payloadCrc;
  words[at + H_MARK] = FRAME_MARK;
  words[at + H_COUNT] = frame.count;
  words[at + H_SLOTS] = slots;
  const float = at >> 1;
  floats[float + HF_FIRST_SEQUENCE] = frame.firstSequence;
  floats[float + HF_TIME] = frame.timeMs;
  floats[float + HF_EPOCH] = epoch;
  floats[float + 6] = 0;
  floats[float + 7] = 0;
  words[at + H_CRC] = frameHeaderCrc(words, at, salt);
}

/** CRC32C over the header without its own CRC word, seeded with the segment's salt. */
export function frameHeaderCrc(words: Int32Array, at: number, salt: number): number {
  const crc = crc32cOfWords(words, at + H_LENGTH, 1, salt);
  return crc32cOfWords(words, at + H_PAYLOAD_CRC, HEADER_WORDS - H_PAYLOAD_CRC, crc);
}

/** Whether a header that this segment's writer made stands at word `at`. */
export function isFrameHeader(words: Int32Array, at: number, salt: number): boolean {
  return (
    words[at + H_MARK] === FRAME_MARK && words[at + H_CRC] >>> 0 === frameHeaderCrc(words, at, salt)
  );
}

export function hex(value: number): string {
  return `0x${(value >>> 0).toString(16).padStart(8, '0')}`;
}

function segmentHeaderCrc(words: Int32Array): number {
  const crc = crc32cOfWords(words, 0, S_CRC);
  return crc32cOfWords(words, S_CRC + 1, HEADER_WORDS - S_CRC - 1, crc);
}
