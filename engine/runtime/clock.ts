/** Where a shard's host takes the time from that it stamps on frames. */
export interface Clock {
  nowMs(): number;
}

export class RealClock implements Clock {
  nowMs(): number {
    return Date.now();
  }
}

/** Stands still until it is set; never goes back. */
export class ManualClock implements Clock {
  private timeMs: number;

  constructor(startMs: number) {
    this.timeMs = startMs;
  }

  nowMs(): number {
    return this.timeMs;
  }

  set(timeMs: number): void {
    if (timeMs > this.timeMs) this.timeMs = timeMs;
  }
}
