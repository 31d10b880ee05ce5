import fs from 'node:fs';
import { crc32cOf } from './crc32c.js';
import { type Damage, JournalDamageError, type TornTail } from './damage.js';
import {
  FRAME_BYTES_MAX,
  FRAME_MARK,
  frameHeaderCrc,
  H_CRC,
  H_LENGTH,
  H_MARK,
  H_PAYLOAD_CRC,
  H_SLOTS,
  HEADER_BYTES,
  HEADER_WORDS,
  HF_FIRST_SEQUENCE,
  isFrameHeader,
} from './format.js';

/** What stands where a frame should, and where that is. */
export interface BadFrame {
  file: string;
  position: number;
  salt: number;
  /** Sequence that the frame here should begin with. */
  sequence: number;
  isLastSegment: boolean;
}

const CHUNK_BYTES = 64 * 1024;
/** A message has at most four slots and a head that is not zero: an intact frame never has more. */
const ZERO_SLOTS_MAX = 3;

/**
 * Tells a torn tail, which a crash leaves and recovery cuts, from damage, which it refuses. The rule:
 * cut only what cannot be a frame that was once written whole. README.md has the reasons.
 */
export function judgeBadFrame(bad: BadFrame): TornTail | JournalDamageError {
  const fd = fs.openSync(bad.file, 'r');
  try {
    const verdict = judge(fd, bad);
    if (!('torn' in verdict)) return new JournalDamageError(verdict);
    const bytes = fs.fstatSync(fd).size - bad.position;
    return { file: bad.file, position: bad.position, bytes, reason: verdict.torn };
  } finally {
    fs.closeSync(fd);
  }
}

/** A last segment that never got its header: created, but nothing was ever written to it. */
export function judgeBadHeader(file: string): TornTail | null {
  const fd = fs.openSync(file, 'r');
  try {
    const bytes = fs.fstatSync(fd).size;
    const reason = 'the segment was created but its header was never written';
    const torn = bytes < HEADER_BYTES || isAllZeros(fd, 0);
    return torn ? { file, position: 0, bytes, reason } : null;
  } finally {
    fs.closeSync(fd);
  }
}

function judge(fd: number, bad: BadFrame): Damage | { torn: string } {
  const { file, position, sequence } = bad;
  const left = fs.fstatSync(fd).size - position;
  const damage: Damage = { file, position, sequence, reason: 'the frame is incomplete' };
  if (left < HEADER_BYTES) {
    return bad.isLastSegment ? { torn: 'the frame header is incomplete' } : damage;
  }
  const words = readWords(fd, position, HEADER_BYTES);
  const isHeader = isFrameHeader(words, 0, bad.salt);
  const length = words[H_LENGTH] >>> 0;
  if (isHeader && (length > FRAME_BYTES_MAX || length !== HEADER_BYTES * (words[H_SLOTS] + 1))) {
    return { ...damage, reason: `the frame header states an impossible length of ${length}` };
  }
  if (isHeader && length > left) {
    return bad.isLastSegment ? { torn: `the frame has ${left} of ${length} bytes` } : damage;
  }
  return isHeader ? judgePayload(fd, bad, damage, words) : judgeHeader(fd, bad, damage, words);
}

/** The header is intact and all bytes of the frame are there, but they are not the right ones. */
function judgePayload(
  fd: number,
  bad: BadFrame,
  damage: Damage,
  header: Int32Array,
): Damage | { torn: string } {
  const length = header[H_LENGTH] >>> 0;
  const payload = readWords(fd, bad.position + HEADER_BYTES, length - HEADER_BYTES);
  const bytes = new Uint8Array(payload.buffer);
  const found = {
    ...damage,
    reason: 'the CRC of the frame does not match its bytes',
    expectedCrc: header[H_PAYLOAD_CRC] >>> 0,
    actualCrc: crc32cOf(payload, bytes, 0, payload.length),
  };
  if (found.actualCrc === found.expectedCrc) {
    return { ...damage, reason: 'the file changed while it was read; run again' };
  }
  if (!bad.isLastSegment) return found;
  const laterFrameAt = findFrame(fd, bad.position + length, bad.salt);
  if (laterFrameAt !== null) return { ...found, laterFrameAt };
  if (hasUnwrittenSlots(payload)) return { torn: 'parts of the frame were never written' };
  found.reason += ' although all of them are there';
  return found;
}

function judgeHeader(
  fd: number,
  bad: BadFrame,
  damage: Damage,
  words: Int32Array,
): Damage | { torn: string } {
  const found = {
    ...damage,
    reason: 'the CRC of the frame header does not match its bytes',
    expectedCrc: words[H_CRC] >>> 0,
    actualCrc: frameHeaderCrc(words, 0, bad.salt),
  };
  if (!bad.isLastSegment) return found;
  const laterFrameAt = findFrame(fd, bad.position + HEADER_BYTES, bad.salt);
  if (laterFrameAt !== null) return { ...found, laterFrameAt };
  if (isAllZeros(fd, bad.position)) return { torn: 'only zeros follow' };
  if (words.every((word) => word === 0)) return { torn: 'the frame header was never written' };
  if (!resemblesHeader(words, bad.sequence)) return { torn: 'what follows was never a frame' };
  return found;
}

/**
 * A flipped byte spoils at most one of these three; bytes that match none of them are leftovers
 * of another kind.
 */
function resemblesHeader(words: Int32Array, sequence: number): boolean {
  const floats = new Float64Array(words.buffer);
  const slots = words[H_SLOTS];
  const lengthFits = slots > 0 && words[H_LENGTH] >>> 0 === HEADER_BYTES * (slots + 1);
  return words[H_MARK] === FRAME_MARK || floats[HF_FIRST_SEQUENCE] === sequence || lengthFits;
}

/** Whether slots are zero that cannot be zero in a frame that was written whole. */
function hasUnwrittenSlots(payload: Int32Array): boolean {
  let run = 0;
  let longest = 0;
  for (let slot = 0; slot < payload.length; slot += HEADER_WORDS) {
    let bits = 0;
    for (let i = 0; i < HEADER_WORDS; i++) bits |= payload[slot + i];
    run = bits === 0 ? run + 1 : 0;
    longest = Math.max(longest, run);
  }
  return longest > ZERO_SLOTS_MAX || longest === payload.length / HEADER_WORDS;
}

/** Position of the first frame header from `position` on that this segment's writer made, or null. */
function findFrame(fd: number, position: number, salt: number): number | null {
  const size = fs.fstatSync(fd).size;
  for (let from = position; from + HEADER_BYTES <= size; from += CHUNK_BYTES) {
    const words = readWords(fd, from, Math.min(CHUNK_BYTES, size - from));
    for (let at = 0; at + HEADER_WORDS <= words.length; at += HEADER_WORDS) {
      if (isFrameHeader(words, at, salt)) return from + at * 4;
    }
  }
  return null;
}

function isAllZeros(fd: number, position: number): boolean {
  const bytes = Buffer.alloc(CHUNK_BYTES);
  for (let from = position; ; ) {
    const went = fs.readSync(fd, bytes, 0, bytes.length, from);
    if (went === 0) return true;
    for (let i = 0; i < went; i++) if (bytes[i] !== 0) return false;
    from += went;
  }
}

/** Whole words from a position; a remainder of one to three bytes at the end of the file is left out. */
function readWords(fd: number, position: number, length: number): Int32Array {
  const bytes = new Uint8Array(length & ~3);
  let done = 0;
  while (done < bytes.length) {
    const went = fs.readSync(fd, bytes, done, bytes.length - done, position + done);
    if (went === 0) break;
    done += went;
  }
  return new Int32Array(bytes.buffer);
}
