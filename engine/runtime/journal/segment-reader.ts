import fs from 'node:fs';
import { crc32cOf } from './crc32c.js';
import {
  decodeSegmentHeader,
  FRAME_BYTES_MAX,
  H_LENGTH,
  H_PAYLOAD_CRC,
  H_SLOTS,
  HEADER_BYTES,
  HEADER_WORDS,
  isFrameHeader,
  type SegmentHeader,
} from './format.js';

const CHUNK_BYTES = 2 * 1024 * 1024;

/** `unreadable`: something stands here that is not a whole, intact frame. */
export type SegmentStep = 'frame' | 'end' | 'unreadable';

/**
 * Reads the frames of one segment in large chunks. It checks CRCs only; how frames follow each other
 * is the journal reader's business. Never writes.
 */
export class SegmentReader {
  /** Null when the file does not begin with a valid header; `headerProblem` says why. */
  readonly header: SegmentHeader | null;
  readonly headerProblem: string;
  /** Byte position of the frame that `next` found, or of what it could not read. */
  position = 0;
  /** Word in `words` where the found frame's header stands; its messages follow. */
  at = 0;
  words: Int32Array;
  floats: Float64Array;

  private readonly fd: number;
  private bytes: Uint8Array;
  /** Where in the file the buffer begins, how much of it is filled, and where the next frame is. */
  private bufferPosition = 0;
  private filled = 0;
  private nextPosition = HEADER_BYTES;

  constructor(file: string) {
    this.fd = fs.openSync(file, 'r');
    const size = fs.fstatSync(this.fd).size;
    this.bytes = new Uint8Array(Math.min(CHUNK_BYTES, roundUp(size)));
    this.words = new Int32Array(this.bytes.buffer);
    this.floats = new Float64Array(this.bytes.buffer);
    const whole = this.fill(0, HEADER_BYTES);
    const decoded = whole
      ? decodeSegmentHeader(this.bytes)
      : `the file has ${this.filled} bytes, a segment header has ${HEADER_BYTES}`;
    this.header = typeof decoded === 'string' ? null : decoded;
    this.headerProblem = typeof decoded === 'string' ? decoded : '';
  }

  /** Moves to the next frame. After anything but `frame` the reader stays where it is. */
  next(): SegmentStep {
    const salt = this.header?.salt;
    this.position = this.nextPosition;
    if (salt === undefined) return 'unreadable';
    if (!this.fill(this.position, HEADER_BYTES)) {
      return this.position === this.bufferPosition + this.filled ? 'end' : 'unreadable';
    }
    let at = (this.position - this.bufferPosition) >> 2;
    if (!isFrameHeader(this.words, at, salt)) return 'unreadable';
    const slots = this.words[at + H_SLOTS];
    const length = this.words[at + H_LENGTH] >>> 0;
    if (length > FRAME_BYTES_MAX || length !== HEADER_BYTES * (slots + 1)) return 'unreadable';
    if (!this.fill(this.position, length)) return 'unreadable';
    at = (this.position - this.bufferPosition) >> 2;
    const crc = crc32cOf(this.words, this.bytes, at + HEADER_WORDS, slots * HEADER_WORDS);
    if (crc !== this.words[at + H_PAYLOAD_CRC] >>> 0) return 'unreadable';
    this.at = at;
    this.nextPosition = this.position + length;
    return 'frame';
  }

  /**
   * Forgets what was read ahead, so that `next` reads it again: beside a running writer it may have been the beginning of a
   * write that failed and was taken back.
   */
  forgetAhead(): void {
    this.filled = Math.min(this.filled, Math.max(0, this.nextPosition - this.bufferPosition));
  }

  close(): void {
    fs.closeSync(this.fd);
  }

  /** Makes `length` bytes from `position` on available in the buffer; false when the file ends before. */
  private fill(position: number, length: number): boolean {
    if (position + length <= this.bufferPosition + this.filled) return true;
    const kept = this.bufferPosition + this.filled - position;
    if (length > this.bytes.length) this.grow(length);
    this.bytes.copyWithin(0, this.filled - kept, this.filled);
    this.bufferPosition = position;
    this.filled = kept;
    while (this.filled < this.bytes.length) {
      const room = this.bytes.length - this.filled;
      const went = fs.readSync(this.fd, this.bytes, this.filled, room, position + this.filled);
      if (went === 0) break;
      this.filled += went;
    }
    return length <= this.filled;
  }

  private grow(least: number): void {
    let size = this.bytes.length * 2;
    while (size < least) size *= 2;
    const bytes = new Uint8Array(size);
    bytes.set(this.bytes.subarray(0, this.filled));
    this.bytes = bytes;
    this.words = new Int32Array(bytes.buffer);
    this.floats = new Float64Array(bytes.buffer);
  }
}

/** Small segments need small buffers; room for one header more shows that the file has ended. */
function roundUp(bytes: number): number {
  return (Math.ceil(bytes / HEADER_BYTES) + 1) * HEADER_BYTES;
}
