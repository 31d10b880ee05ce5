import type { WebSocket } from 'uWebSockets.js';
import type { Backlog, Backlogs } from '../session/backlogs.js';
import type { ClientOrigin } from '../session/client-address.js';
import type { Bucket } from '../session/token-bucket.js';

/** What a socket says when nothing is left waiting. */
const SENT = 1;

/** A WebSocket of this dialect from its upgrade on. */
export interface SocketData {
  /** `api`: requests and answers; otherwise streams, with their names around them or not. */
  readonly kind: 'api' | 'raw' | 'combined';
  /** Streams that the address names. */
  readonly streams: readonly string[];
  readonly origin: ClientOrigin;
  socket: StreamSocket | null;
}

/** One client's connection: what waits to be sent to it, and the streams that it reads. */
export class StreamSocket implements Backlog {
  readonly socket: WebSocket<SocketData>;
  readonly bucket: Bucket;
  readonly streams = new Set<string>();
  /** Names stand around the data of each stream. */
  isCombined: boolean;
  closed = false;
  /** Was told to go: the socket is there until the client has read that. */
  lingers = false;
  /** Account of a session that is logged in; 0: none. */
  account = 0;
  apiKey = '';
  loggedInAtMs = 0;
  readonly connectedAtMs = Date.now();
  readonly origin: ClientOrigin;
  private readonly backlogs: Backlogs;
  private readonly touched: Set<StreamSocket>;
  private waiting: string[] = [];

  /** `touched` gathers those that have something to send. */
  constructor(
    socket: WebSocket<SocketData>,
    bucket: Bucket,
    backlogs: Backlogs,
    touched: Set<StreamSocket>,
  ) {
    this.socket = socket;
    this.bucket = bucket;
    this.backlogs = backlogs;
    this.touched = touched;
    this.isCombined = socket.getUserData().kind === 'combined';
    this.origin = socket.getUserData().origin;
  }

  /** To be sent at the next flush, in order. */
  queue(text: string): void {
    if (this.closed) return;
    this.waiting.push(text);
    this.touched.add(this);
  }

  /** Public data: left out when the client reads too slowly. It sees the gap in its numbers, where there are any. */
  queuePublic(text: string): void {
    if (this.closed || this.isSlow) return;
    this.queue(text);
  }

  /** Sends what waits. A client that cannot keep up with what concerns itself is cut. */
  flush(): void {
    if (this.closed) return;
    const { socket, waiting } = this;
    this.waiting = [];
    let isClogged = false;
    socket.cork(() => {
      for (const text of waiting) isClogged = socket.send(text, false) !== SENT || isClogged;
    });
    if (!isClogged) return;
    this.backlogs.add(this);
    const { backlogs, waitingBytes } = this;
    if (waitingBytes <= backlogs.bytesMax) return;
    if (backlogs.mayLinger(waitingBytes, performance.now()))
      this.end(1008, 'too much waits to be read');
    else this.cut();
  }

  end(code: number, reason: string): void {
    if (this.closed) return;
    this.lingers = true;
    this.socket.end(code, reason);
  }

  get waitingBytes(): number {
    return this.socket.getBufferedAmount();
  }

  /** Ends it without a word, which would wait like all else. */
  cut(): void {
    if (!this.closed) this.socket.close();
  }

  /** Its client has read some of what waited. */
  drained(): void {
    if (this.waitingBytes === 0) this.backlogs.delete(this);
  }

  /** The socket has ended. */
  gone(): void {
    this.closed = true;
    this.backlogs.delete(this);
  }

  private get isSlow(): boolean {
    return this.waitingBytes > this.backlogs.publicBytesMax;
  }
}
