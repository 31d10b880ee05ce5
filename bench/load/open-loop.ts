/**
 * Intended send times at a constant rate. The n-th send is due at start + n / rate, whatever happened to the
 * sends before it, and its latency counts from then: a stall of the system under test delays answers to all
 * requests that were due meanwhile, and each of them is counted (no coordinated omission).
 */
export class OpenLoopSchedule {
  readonly ratePerSecond: number;
  private readonly startNs: number;
  private readonly stepNs: number;
  private sent = 0;

  constructor(ratePerSecond: number, startNs: number) {
    if (!(ratePerSecond > 0))
      throw new RangeError(`rate must be positive, but is ${ratePerSecond}`);
    this.ratePerSecond = ratePerSecond;
    this.startNs = startNs;
    this.stepNs = 1e9 / ratePerSecond;
  }

  /** How many sends are due and not yet taken at this time. */
  dueAt(nowNs: number): number {
    if (nowNs < this.startNs) return 0;
    return Math.floor((nowNs - this.startNs) / this.stepNs) + 1 - this.sent;
  }

  /** Takes the next send; returns its intended time. */
  take(): number {
    return this.intendedNs(this.sent++);
  }

  get taken(): number {
    return this.sent;
  }

  intendedNs(index: number): number {
    // A product, not a running sum: rounding must not add up over millions of sends.
    return this.startNs + index * this.stepNs;
  }

  /** Time until the next send is due, 0 when it is. */
  waitNs(nowNs: number): number {
    return Math.max(0, this.intendedNs(this.sent) - nowNs);
  }
}

/** Monotonic nanoseconds; as a double exact to well below a microsecond for weeks of uptime. */
export function nowNs(): number {
  return performance.now() * 1e6;
}
