import { type FixMessage, parseFields } from './fix-message.js';
import { TAG } from './tags.js';

const SOH = 1;
const EQUALS = 0x3d;
/** "10=ddd" and SOH. */
const TRAILER_BYTES = 7;
/** "8=FIX" and what BeginString and BodyLength can be long at most. */
const HEAD_BYTES_MAX = 40;
const START = Buffer.from('8=FIX');
const FIRST_BYTES = 4096;

/** A frame with its BeginString, which is no business of the framing. */
export interface Frame {
  readonly beginString: string;
  readonly message: FixMessage;
}

/**
 * Cuts a stream of bytes into FIX frames. What is no frame (wrong start, length or checksum, too long, MsgType not third) is
 * garbled: it is passed over up to the next "8=FIX", and nothing is remembered of it but a count, as FIX wants it. Memory
 * stays below twice the longest message, whatever is sent.
 */
export class FrameReader {
  /** Garbled frames, and pieces between frames, since the last good one. */
  garbled = 0;
  private bytes = Buffer.allocUnsafe(FIRST_BYTES);
  private start = 0;
  private end = 0;
  private readonly messageBytesMax: number;
  /** What is passed over belongs to a garbled piece that was counted already. */
  private skipping = false;

  constructor(messageBytesMax: number) {
    this.messageBytesMax = messageBytesMax;
  }

  /** Bytes of memory. */
  get capacity(): number {
    return this.bytes.length;
  }

  /** Takes bytes from the socket; `onFrame` is called for each whole frame and says false to stop reading. */
  push(chunk: Uint8Array, onFrame: (frame: Frame) => boolean): void {
    // In pieces, so that a large chunk does not make the buffer large.
    for (let from = 0; from < chunk.length; from += this.messageBytesMax) {
      const piece = chunk.subarray(from, from + this.messageBytesMax);
      this.append(piece);
      for (let frame = this.next(); frame !== null; frame = this.next()) {
        if (!onFrame(frame)) {
          this.start = this.end;
          return;
        }
      }
    }
  }

  /** The next whole frame, null when more bytes are needed. */
  private next(): Frame | null {
    while (this.start < this.end) {
      if (!this.seekStart()) return null;
      const head = this.readHead();
      if (head === 'short') return null;
      if (head === 'garbled') {
        this.passOver(START.length);
        continue;
      }
      const { beginString, bodyAt, trailerAt } = head;
      if (trailerAt + TRAILER_BYTES > this.end) return null;
      const found = this.readFrame(beginString, bodyAt, trailerAt);
      if (found !== null) return found;
    }
    return null;
  }

  private readFrame(beginString: string, bodyAt: number, trailerAt: number): Frame | null {
    const { bytes, start } = this;
    const checksum = this.readTrailer(trailerAt);
    if (checksum < 0) {
      // The length was wrong: the next frame may lie within what it claimed.
      this.passOver(START.length);
      return null;
    }
    let sum = 0;
    for (let i = start; i < trailerAt; i++) sum = (sum + (bytes[i] as number)) & 0xff;
    this.start = trailerAt + TRAILER_BYTES;
    this.skipping = false;
    const message = parseFields(bytes.toString('latin1', bodyAt, trailerAt));
    if (sum !== checksum || message.tags[0] !== TAG.MsgType) {
      this.garbled++;
      return null;
    }
    this.garbled = 0;
    return { beginString, message };
  }

  /** Moves to the next "8=FIX". False: there is none as yet. */
  private seekStart(): boolean {
    const at = this.bytes.subarray(this.start, this.end).indexOf(START);
    if (at === 0) return true;
    if (!this.skipping) {
      // The beginning of a start may be all that has come.
      const piece = this.bytes.subarray(this.start, this.end);
      if (at < 0 && START.subarray(0, piece.length).equals(piece)) return false;
      this.garbled++;
      this.skipping = true;
    }
    if (at > 0) {
      this.start += at;
      return true;
    }
    this.start = Math.max(this.start, this.end - START.length + 1);
    return false;
  }

  /** BeginString and BodyLength. */
  private readHead():
    | { beginString: string; bodyAt: number; trailerAt: number }
    | 'short'
    | 'garbled' {
    const { bytes, start, end } = this;
    const first = bytes.indexOf(SOH, start);
    const isTooLong = end - start > HEAD_BYTES_MAX;
    if (first < 0 || first >= end) return isTooLong ? 'garbled' : 'short';
    if (first - start > HEAD_BYTES_MAX) return 'garbled';
    const second = bytes.indexOf(SOH, first + 1);
    if (second < 0 || second >= end) return isTooLong ? 'garbled' : 'short';
    const length = bytes.toString('latin1', first + 1, second);
    if (!/^9=\d{1,7}$/.test(length)) return 'garbled';
    const body = Number(length.slice(2));
    const bodyAt = second + 1;
    if (bodyAt - start + body + TRAILER_BYTES > this.messageBytesMax) return 'garbled';
    return {
      beginString: bytes.toString('latin1', start + 2, first),
      bodyAt,
      trailerAt: bodyAt + body,
    };
  }

  /** The checksum; −1 when this is no trailer. */
  private readTrailer(at: number): number {
    const { bytes } = this;
    const isTrailer =
      bytes[at - 1] === SOH &&
      bytes[at] === 0x31 &&
      bytes[at + 1] === 0x30 &&
      bytes[at + 2] === EQUALS &&
      bytes[at + 6] === SOH;
    const digits = bytes.toString('latin1', at + 3, at + 6);
    return isTrailer && /^\d{3}$/.test(digits) ? Number(digits) : -1;
  }

  private passOver(count: number): void {
    this.garbled++;
    this.skipping = true;
    this.start += count;
  }

  private append(piece: Uint8Array): void {
    const length = this.end - this.start;
    const needed = length + piece.length;
    if (needed > this.bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, this.bytes.length * 2));
      this.bytes.copy(larger, 0, this.start, this.end);
      this.bytes = larger;
    } else if (this.end + piece.length > this.bytes.length) {
      this.bytes.copyWithin(0, this.start, this.end);
    } else {
      this.bytes.set(piece, this.end);
      this.end += piece.length;
      return;
    }
    this.start = 0;
    this.bytes.set(piece, length);
    this.end = needed;
  }
}
