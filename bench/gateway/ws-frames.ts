/**
 * WebSocket frames as far as a benchmark needs them: whole binary messages. A client must mask what it sends;
 * a key of four equal bytes does, and lets a prepared frame be patched without regard to positions.
 */
export const MASK_BYTE = 0x5a;

const OPCODE_TEXT = 1;
const OPCODE_BINARY = 2;
const OPCODE_CLOSE = 8;
const OPCODE_PING = 9;
const OPCODE_PONG = 10;
const FINAL = 0x80;
const MASKED = 0x80;

/** A masked frame with the payload; `headBytes` in front of it. */
export function clientFrame(payload: Uint8Array): Buffer {
  return frameOf(payload, OPCODE_BINARY);
}

/** The same as a text frame. */
export function clientTextFrame(payload: Uint8Array): Buffer {
  return frameOf(payload, OPCODE_TEXT);
}

export function pongFrame(payload: Uint8Array): Buffer {
  return frameOf(payload, OPCODE_PONG);
}

/** Bytes before the payload of a frame that `clientFrame` makes. */
export function headBytes(payloadLength: number): number {
  return (payloadLength < 126 ? 2 : 4) + 4;
}

function frameOf(payload: Uint8Array, opcode: number): Buffer {
  const { length } = payload;
  if (length > 0xffff) throw new RangeError(`${length} bytes are too many for the benchmark`);
  const head = headBytes(length);
  const frame = Buffer.alloc(head + length, MASK_BYTE);
  frame[0] = FINAL | opcode;
  if (length < 126) {
    frame[1] = MASKED | length;
  } else {
    frame[1] = MASKED | 126;
    frame.writeUInt16BE(length, 2);
  }
  for (let i = 0; i < length; i++) frame[head + i] = (payload[i] as number) ^ MASK_BYTE;
  return frame;
}

export interface FrameSink {
  message(bytes: Buffer, from: number, to: number): void;
  ping(payload: Buffer): void;
  closed(code: number, reason: string): void;
}

/** Cuts the byte stream of a server into messages; a frame may come in any number of pieces. */
export class FrameReader {
  private rest: Buffer = Buffer.alloc(0);
  private readonly sink: FrameSink;

  constructor(sink: FrameSink) {
    this.sink = sink;
  }

  push(chunk: Buffer): void {
    const bytes = this.rest.length === 0 ? chunk : Buffer.concat([this.rest, chunk]);
    let at = 0;
    for (;;) {
      const next = this.frame(bytes, at);
      if (next < 0) break;
      at = next;
    }
    this.rest = at === bytes.length ? Buffer.alloc(0) : Buffer.from(bytes.subarray(at));
  }

  /** Where the next frame begins, or −1 when this one is not complete. */
  private frame(bytes: Buffer, at: number): number {
    if (at + 2 > bytes.length) return -1;
    const second = bytes[at + 1] as number;
    if (second >= MASKED) throw new Error('a server must not mask its frames');
    let from = at + 2;
    let length = second;
    if (second === 126) {
      from += 2;
      if (from > bytes.length) return -1;
      length = bytes.readUInt16BE(at + 2);
    } else if (second === 127) {
      from += 8;
      if (from > bytes.length) return -1;
      length = Number(bytes.readBigUInt64BE(at + 2));
    }
    const to = from + length;
    if (to > bytes.length) return -1;
    this.deliver(bytes, bytes[at] as number, from, to);
    return to;
  }

  private deliver(bytes: Buffer, first: number, from: number, to: number): void {
    const opcode = first & 0x0f;
    if (opcode === OPCODE_BINARY || opcode === OPCODE_TEXT) {
      if ((first & FINAL) === 0) throw new Error('a message in several frames was not expected');
      this.sink.message(bytes, from, to);
    } else if (opcode === OPCODE_PING) {
      this.sink.ping(Buffer.from(bytes.subarray(from, to)));
    } else if (opcode === OPCODE_CLOSE) {
      const code = to - from >= 2 ? bytes.readUInt16BE(from) : 1005;
      this.sink.closed(code, bytes.toString('utf8', Math.min(to, from + 2), to));
    } else if (opcode !== OPCODE_PONG) {
      throw new Error(`opcode ${opcode} was not expected`);
    }
  }
}
