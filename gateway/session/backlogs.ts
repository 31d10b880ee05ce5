import type { GatewayLimits } from '../limits.js';

/** After it a socket that was told to go is gone, whether its client has read that or not: longer than the socket's own patience. */
const LINGERS_MS = 60_000;

/** A client's socket that has held something back. */
export interface Backlog {
  /** What waits for its client to be read. */
  readonly waitingBytes: number;
  /** Ends it at once, with what waits for it. */
  cut(): void;
}

type Bounds = Pick<
  GatewayLimits,
  'publicBufferBytesMax' | 'privateBufferBytesMax' | 'allBuffersBytesMax'
>;

/**
 * What waits for all sockets of a thread together. Each may have so much waiting as the limits say, as long as few have: thousands that
 * ask and do not read share what there is for all of them, so that strangers cannot use up the memory.
 */
export class Backlogs {
  private readonly bounds: Bounds;
  private readonly behind = new Set<Backlog>();
  /** What those had waiting that were told to go, since then. */
  private lingeringBytes = 0;
  private lingeringSinceMs = 0;

  constructor(bounds: Bounds) {
    this.bounds = bounds;
  }

  /** A socket has held something back; told again it changes nothing. */
  add(backlog: Backlog): void {
    this.behind.add(backlog);
  }

  /** Nothing waits for it any more, or it has ended. */
  delete(backlog: Backlog): void {
    this.behind.delete(backlog);
  }

  /** Above it public data is left out for a socket. */
  get publicBytesMax(): number {
    return Math.min(this.bounds.publicBufferBytesMax, this.share);
  }

  /** Above it a socket is cut. */
  get bytesMax(): number {
    return Math.min(this.bounds.privateBufferBytesMax, this.share);
  }

  /**
   * Whether a socket with so much waiting may be told why it is ended, which it keeps its memory for until its client has read all before it. False: there is
   * too much of that, it is to be cut.
   */
  mayLinger(bytes: number, nowMs: number): boolean {
    if (nowMs - this.lingeringSinceMs >= LINGERS_MS) {
      this.lingeringBytes = 0;
      this.lingeringSinceMs = nowMs;
    }
    // Half of it, because those of the time before may be there still.
    if (this.lingeringBytes + bytes > this.bounds.allBuffersBytesMax / 2) return false;
    this.lingeringBytes += bytes;
    return true;
  }

  /** About once a second: who has more than his part since others have come, and is told nothing new, would keep it. */
  sweep(): void {
    const { share } = this;
    for (const backlog of [...this.behind]) if (backlog.waitingBytes > share) backlog.cut();
  }

  private get share(): number {
    return Math.floor(this.bounds.allBuffersBytesMax / Math.max(1, this.behind.size));
  }
}
