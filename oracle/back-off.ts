/** How long to wait before the next attempt. */
export interface BackOffLimits {
  firstMs: number;
  mostMs: number;
}

/**
 * Waits that double from attempt to attempt, each shortened by chance by up to half, so that clients which lost the same server do not all
 * come back at the same moment.
 */
export class BackOff {
  private readonly limits: BackOffLimits;
  private readonly random: () => number;
  private attempts = 0;

  /** `random` gives numbers from 0 to below 1. */
  constructor(limits: BackOffLimits, random: () => number) {
    this.limits = limits;
    this.random = random;
  }

  /** In milliseconds; longer with each call. */
  next(): number {
    const { firstMs, mostMs } = this.limits;
    const wholeMs = Math.min(mostMs, firstMs * 2 ** this.attempts);
    this.attempts = Math.min(this.attempts + 1, 32);
    return Math.round(wholeMs * (1 - this.random() / 2));
  }

  /** Something went well. */
  reset(): void {
    this.attempts = 0;
  }
}
