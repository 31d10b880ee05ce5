import type { Socket } from 'node:net';
import type { FixpSession } from './fixp-session.js';
import { FRAMING_BYTES, type FrameHandler, FrameReader, writeFraming } from './framing.js';
import {
  SBE_HEADER_LENGTH,
  SequenceEncoder,
  TerminateEncoder,
  TerminationCode,
} from './generated/index.js';

/** After the last message the client has this long to read it. */
const LINGER_MS = 1_000;
const CONTROL_BYTES = 1_024;

/** What one TCP connection is and has said. A session binds to it, and lives on when it ends. */
export class FixpConnection {
  readonly socket: Socket;
  /** IP address of the client. */
  readonly address: string;
  readonly reader: FrameReader;
  readonly openedAtMs: number;
  /** Set by Establish. */
  session: FixpSession | null = null;
  /** That was negotiated here; when it was never established it goes with the connection. */
  negotiated: FixpSession | null = null;
  /** Number of the next application message on this connection. */
  incomingSeqNo = 1;
  /** Of the client: nothing heard for twice as long, and it counts as gone. */
  keepaliveMs = 0;
  lastHeardMs: number;
  lastSentMs: number;
  failures = 0;
  /** Refused messages in a row. */
  strikes = 0;
  /** The client has asked for the end. */
  finishing = false;
  closed = false;
  private readonly bufferBytesMax: number;
  private readonly control = Buffer.alloc(CONTROL_BYTES);
  private readonly controlView: DataView;

  constructor(socket: Socket, frameBytesMax: number, bufferBytesMax: number, nowMs: number) {
    this.socket = socket;
    this.address = socket.remoteAddress ?? '';
    this.reader = new FrameReader(frameBytesMax);
    this.bufferBytesMax = bufferBytesMax;
    this.openedAtMs = nowMs;
    this.lastHeardMs = nowMs;
    this.lastSentMs = nowMs;
    const { buffer, byteOffset } = this.control;
    this.controlView = new DataView(buffer, byteOffset, CONTROL_BYTES);
  }

  /** Whether bytes that came can be read; the fault, or null. */
  take(chunk: Buffer, handle: FrameHandler) {
    return this.reader.take(chunk, handle);
  }

  /**
   * Sends a message that has no number. `write` lays it behind the framing header, at the offset it is given, and gives its length with
   * its own header. What the flow has waiting goes before it.
   */
  send(nowMs: number, write: (view: DataView, at: number) => number): void {
    if (this.closed) return;
    this.flush(nowMs);
    const length = writeFraming(this.controlView, 0, write(this.controlView, FRAMING_BYTES));
    this.write(Buffer.from(this.control.subarray(0, length)), nowMs);
  }

  /** Sends a whole frame that has no number, behind what the flow has waiting. */
  sendFrame(frame: Buffer, nowMs: number): void {
    this.flush(nowMs);
    this.write(frame, nowMs);
  }

  /** Sends bytes that are whole frames. A client that does not read is cut. */
  write(bytes: Buffer, nowMs: number): void {
    if (this.closed) return;
    this.socket.write(bytes);
    this.lastSentMs = nowMs;
    const waiting = this.socket.writableLength;
    if (waiting === 0) return;
    this.session?.flow.lentTo(this.socket);
    if (waiting <= this.bufferBytesMax) return;
    // It comes back and asks for what it has missed.
    const reason = `more than ${this.bufferBytesMax} bytes wait to be read`;
    this.terminate(TerminationCode.SlowConsumer, reason, nowMs);
  }

  /** Sends what the flow has for this connection. */
  flush(nowMs: number): void {
    const { session } = this;
    if (session === null || this.closed || !session.flow.hasUnsent) return;
    for (const part of session.flow.takeUnsent()) this.write(part, nowMs);
  }

  /** Heartbeat: it tells the number of the next message too. */
  sendSequence(nowMs: number): void {
    const { session } = this;
    if (session === null) return;
    this.send(nowMs, (view, at) => {
      const encoder = sequence.wrapAndApplyHeader(view, at);
      return messageBytes(encoder.nextSeqNo(session.flow.nextSeqNo));
    });
  }

  /** Says why, and ends the connection; the session stays. */
  terminate(code: TerminationCode, reason: string, nowMs: number): void {
    if (this.closed) return;
    const id = Buffer.from(this.session?.identity.id ?? ''.padEnd(32, '0'), 'hex');
    if (code !== TerminationCode.SlowConsumer) this.flush(nowMs);
    if (this.closed) return;
    this.closed = true;
    const bytes = Buffer.from(reason, 'latin1');
    const encoder = terminateEncoder.wrapAndApplyHeader(this.controlView, FRAMING_BYTES);
    encoder.clear().putSessionId(id, 0).code(code).putReason(bytes, 0, Math.min(bytes.length, 200));
    const length = writeFraming(this.controlView, 0, messageBytes(encoder));
    const { socket } = this;
    socket.end(Buffer.from(this.control.subarray(0, length)));
    const timer = setTimeout(() => socket.destroy(), LINGER_MS).unref();
    socket.once('close', () => clearTimeout(timer));
  }
}

/** Its length with its header. */
export function messageBytes(encoder: { sbeEncodedLength(): number }): number {
  return SBE_HEADER_LENGTH + encoder.sbeEncodedLength();
}

const sequence = new SequenceEncoder();
const terminateEncoder = new TerminateEncoder();
