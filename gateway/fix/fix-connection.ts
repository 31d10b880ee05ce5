import type { Socket } from 'node:net';
import type { ClientSession } from './client-session.js';
import { type Frame, FrameReader } from './codec/frame-reader.js';
import type { FixSession } from './session/fix-session.js';
import type { Wire } from './session/session-link.js';

/** A client that takes nothing for so long while something waits for it is cut. */
const READS_WITHIN_MS = 10_000;

/** A client's TCP connection. */
export class FixConnection implements Wire {
  readonly openedAtMs: number;
  /** IP address of the client. */
  readonly address: string;
  readonly reader: FrameReader;
  /** From the Logon on. */
  fix: FixSession | null = null;
  client: ClientSession | null = null;
  isClosed = false;
  /** The present message is within the rate limit; how many in a row were not. */
  isAllowed = true;
  excess = 0;
  private readonly socket: Socket;
  private readonly bufferBytesMax: number;
  private isCorked = false;
  /** Nothing more is read, and the end is on its way. */
  private isEnding = false;

  constructor(socket: Socket, nowMs: number, messageBytesMax: number, bufferBytesMax: number) {
    this.socket = socket;
    this.openedAtMs = nowMs;
    this.address = socket.remoteAddress ?? '';
    this.reader = new FrameReader(messageBytesMax);
    this.bufferBytesMax = bufferBytesMax;
    socket.setNoDelay(true);
  }

  get waiting(): number {
    return this.socket.writableLength;
  }

  /** Cuts what has come into frames. */
  read(chunk: Uint8Array, onFrame: (frame: Frame) => void): void {
    this.reader.push(chunk, (frame) => {
      if (this.isEnding || this.isClosed) return false;
      onFrame(frame);
      return !this.isEnding && !this.isClosed;
    });
  }

  /** Sends; all of one turn of the event loop leaves together. Who does not read is cut. */
  write(bytes: Buffer): void {
    if (this.isClosed || this.isEnding) return;
    if (!this.isCorked) {
      this.isCorked = true;
      this.socket.cork();
      process.nextTick(this.uncork);
    }
    this.socket.write(bytes);
    this.fix?.sent(Date.now());
    if (this.waiting > this.bufferBytesMax) this.cut();
  }

  drained(): Promise<void> {
    return new Promise((resolve) => {
      const { socket } = this;
      const done = () => {
        clearTimeout(timer);
        socket.off('drain', done);
        socket.off('close', done);
        resolve();
      };
      const timer = setTimeout(() => {
        this.cut();
        done();
      }, READS_WITHIN_MS);
      if (this.isClosed || !socket.writableNeedDrain) {
        setImmediate(done);
        return;
      }
      socket.on('drain', done);
      socket.on('close', done);
    });
  }

  /** Ends the connection when everything written is out. */
  end(): void {
    if (this.isEnding || this.isClosed) return;
    this.isEnding = true;
    this.socket.end();
    // Who does not take the end goes without.
    this.socket.setTimeout(READS_WITHIN_MS, () => this.cut());
  }

  cut(): void {
    this.socket.destroy();
  }

  private readonly uncork = (): void => {
    this.isCorked = false;
    this.socket.uncork();
  };
}
