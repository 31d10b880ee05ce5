import type { GatewayLimits } from '../limits.js';

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
   * About once a second: who has more than his part since others have come, and is told nothing new, would keep it; and so would who was
   * told to go, and does not read that either.
   */
  sweep(): void {
    const { share } = this;
    for (const backlog of [...this.behind]) if (backlog.waitingBytes > share) backlog.cut();
  }

  private get share(): number {
    return Math.floor(this.bounds.allBuffersBytesMax / Math.max(1, this.behind.size));
  }
}
