/**
 * Intended times of requests that wait for their answers, in a ring by request number: answers of one
 * connection may overtake each other, and in steady state nothing is allocated.
 */
export class InFlightTimes {
  private readonly times: Float64Array;
  private readonly mask: number;

  /** `capacity`: a power of two that the number of waiting requests never reaches. */
  constructor(capacity: number) {
    if (capacity < 1 || (capacity & (capacity - 1)) !== 0) {
      throw new RangeError(`capacity must be a power of two, but is ${capacity}`);
    }
    this.times = new Float64Array(capacity).fill(Number.NaN);
    this.mask = capacity - 1;
  }

  begin(request: number, intendedNs: number): void {
    const place = request & this.mask;
    if (!Number.isNaN(this.times[place] as number)) {
      throw new Error(`more than ${this.mask + 1} requests wait for an answer`);
    }
    this.times[place] = intendedNs;
  }

  /** Latency of the request; NaN when it does not wait (an answer twice, or to nobody). */
  end(request: number, nowNs: number): number {
    const place = request & this.mask;
    const intended = this.times[place] as number;
    this.times[place] = Number.NaN;
    return nowNs - intended;
  }
}
