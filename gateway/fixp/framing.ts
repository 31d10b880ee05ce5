import { SBE_HEADER_LENGTH } from './generated/index.js';

/** The Simple Open Framing Header: length of the whole frame and encoding type, both big-endian (FIX Trading Community, SOFH 1.0). */
export const FRAMING_BYTES = 6;
/** SBE 1.0, little-endian. */
export const ENCODING_TYPE = 0xeb50;
export const HEAD_BYTES = FRAMING_BYTES + SBE_HEADER_LENGTH;

/** Writes the framing header of a frame whose message, with its own header, has `messageBytes`. Gives the length of the frame. */
export function writeFraming(view: DataView, at: number, messageBytes: number): number {
  const length = FRAMING_BYTES + messageBytes;
  view.setUint32(at, length, false);
  view.setUint16(at + 4, ENCODING_TYPE, false);
  return length;
}

/** Why bytes are no frame. */
export type FramingFault = 'encoding' | 'tooShort' | 'tooLong';

/** Takes a whole frame: where its message's header begins, and where it ends. False: stop, the connection is over. */
export type FrameHandler = (view: DataView, at: number, end: number) => boolean;

const NOTHING = Buffer.alloc(0);

/** Cuts the bytes of a connection into frames. What is not whole yet waits for the rest; it never keeps more than one frame. */
export class FrameReader {
  private waiting = NOTHING;
  private readonly frameBytesMax: number;

  constructor(frameBytesMax: number) {
    this.frameBytesMax = frameBytesMax;
  }

  /** Hands over each frame that is whole now; gives the fault at which it ended, or null. */
  take(chunk: Buffer, handle: FrameHandler): FramingFault | null {
    const bytes = this.waiting.length === 0 ? chunk : Buffer.concat([this.waiting, chunk]);
    this.waiting = NOTHING;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    let at = 0;
    while (bytes.length - at >= FRAMING_BYTES) {
      const length = view.getUint32(at, false);
      if (view.getUint16(at + 4, false) !== ENCODING_TYPE) return 'encoding';
      if (length < HEAD_BYTES) return 'tooShort';
      if (length > this.frameBytesMax) return 'tooLong';
      if (bytes.length - at < length) break;
      if (!handle(view, at + FRAMING_BYTES, at + length)) return null;
      at += length;
    }
    // A copy: the chunk is a part of memory that the socket uses again.
    if (at < bytes.length) this.waiting = Buffer.from(bytes.subarray(at));
    return null;
  }
}
