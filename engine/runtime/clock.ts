/** Where a shard's host takes the time from that it stamps on frames. */
export interface Clock {
  nowMs(): number;
}

/** How fast time goes on while it is ahead of the system's clock: slower, so that the two meet again. */
const PACE_WHILE_AHEAD = 7 / 8;

/**
 * The system's clock, which somebody may set back. Time cannot follow, because what is in the journal has happened; and it must not wait until
 * that clock has come so far again, because prices that get no older would be traded on: it goes on by the steady clock, a little slower.
 * What the system's clock jumps ahead it follows: most of all that is a machine that has slept.
 */
export class RealClock implements Clock {
  private timeMs: number;
  private seenAtMs: number;
  private readonly systemMs: () => number;
  private readonly steadyMs: () => number;

  /** `notBeforeMs`: what was told before, by an earlier process as well. */
  constructor(
    notBeforeMs: number,
    systemMs: () => number = Date.now,
    steadyMs: () => number = () => performance.now(),
  ) {
    this.timeMs = notBeforeMs;
    this.seenAtMs = steadyMs();
    this.systemMs = systemMs;
    this.steadyMs = steadyMs;
  }

  nowMs(): number {
    const steadyMs = this.steadyMs();
    const passedMs = steadyMs - this.seenAtMs;
    this.seenAtMs = steadyMs;
    this.timeMs = Math.max(this.systemMs(), this.timeMs + passedMs * PACE_WHILE_AHEAD);
    return Math.floor(this.timeMs);
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
