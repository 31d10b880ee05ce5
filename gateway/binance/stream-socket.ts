import type { WebSocket } from 'uWebSockets.js';
import type { Backlogs } from '../session/backlogs.js';
import type { ClientOrigin } from '../session/client-address.js';
import { ClientSocket, SENT } from '../session/client-socket.js';
import type { Bucket } from '../session/token-bucket.js';

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
export class StreamSocket extends ClientSocket<SocketData> {
  readonly bucket: Bucket;
  readonly streams = new Set<string>();
  /** Names stand around the data of each stream. */
  isCombined: boolean;
  /** Account of a session that is logged in; 0: none. */
  account = 0;
  apiKey = '';
  loggedInAtMs = 0;
  /** Requests over the limit, less some for each that was let in. */
  strikes = 0;
  readonly connectedAtMs = Date.now();
  readonly origin: ClientOrigin;
  private readonly touched: Set<StreamSocket>;
  private waiting: string[] = [];

  /** `touched` gathers those that have something to send. */
  constructor(
    socket: WebSocket<SocketData>,
    bucket: Bucket,
    backlogs: Backlogs,
    touched: Set<StreamSocket>,
  ) {
    super(socket, backlogs);
    this.bucket = bucket;
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
    this.clogged = true;
    if (this.waitingBytes <= this.backlogs.bytesMax) return;
    this.endUnread(1008, 'too much waits to be read');
  }

  private get isSlow(): boolean {
    return this.waitingBytes > this.backlogs.publicBytesMax;
  }
}
