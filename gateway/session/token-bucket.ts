/**
 * An allowance: a bucket for all requests and a second one that only cancels may use when the first is empty, so that a
 * trader who is over the limit can still get out.
 */
export interface Rates {
  readonly requestsPerSecond: number;
  readonly requestsBurst: number;
  readonly cancelsPerSecond: number;
  readonly cancelsBurst: number;
}

/** What one account or address may still send. */
export interface Bucket {
  /** Takes tokens for a request. False: over the limit, and nothing was taken. */
  take(count: number, nowMs: number): boolean;
  /** Takes tokens from the cancels' own allowance. */
  takeCancel(count: number, nowMs: number): boolean;
  isFull(nowMs: number): boolean;
  /** Requests that would be let through right now. */
  remaining(nowMs: number): number;
  /** Whole seconds until so many requests are let through, or until the bucket is full, whichever is sooner. */
  secondsUntil(count: number, nowMs: number): number;
}

/** A kilobyte costs as much as a request. */
const BYTES_PER_TOKEN = 1024;

/** What a message of so many bytes costs. */
export function tokensOf(bytes: number): number {
  return 1 + tokensBeyond(bytes);
}

/** … and so many bytes that are sent for a request that is paid for already. */
export function tokensBeyond(bytes: number): number {
  return Math.floor(bytes / BYTES_PER_TOKEN);
}

/**
 * Takes tokens for what is about to be sent on a request, beyond the request's own: a snapshot of a deep book is a thousand times as long as
 * the request for it. False: too few are left, and nothing was taken. Whoever has not asked for anything for a while gets the longest one.
 */
export function affords(
  tokens: number,
  { requestsBurst }: Pick<Rates, 'requestsBurst'>,
  take: (count: number) => boolean,
): boolean {
  return tokens === 0 || take(Math.min(tokens, Math.floor(requestsBurst / 2)));
}

/** A bucket of one thread. */
export class TokenBucket implements Bucket {
  private requests: number;
  private cancels: number;
  private filledAtMs: number;
  private readonly rates: Rates;

  constructor(rates: Rates, nowMs: number) {
    this.rates = rates;
    this.requests = rates.requestsBurst;
    this.cancels = rates.cancelsBurst;
    this.filledAtMs = nowMs;
  }

  take(count: number, nowMs: number): boolean {
    if (nowMs !== this.filledAtMs) this.refill(nowMs);
    if (this.requests < count) return false;
    this.requests -= count;
    return true;
  }

  takeCancel(count: number, nowMs: number): boolean {
    if (nowMs !== this.filledAtMs) this.refill(nowMs);
    if (this.cancels < count) return false;
    this.cancels -= count;
    return true;
  }

  isFull(nowMs: number): boolean {
    this.refill(nowMs);
    const { requestsBurst, cancelsBurst } = this.rates;
    return this.requests === requestsBurst && this.cancels === cancelsBurst;
  }

  remaining(nowMs: number): number {
    this.refill(nowMs);
    return Math.floor(this.requests);
  }

  secondsUntil(count: number, nowMs: number): number {
    this.refill(nowMs);
    const missing = Math.min(count, this.rates.requestsBurst) - this.requests;
    return Math.max(0, Math.ceil(missing / this.rates.requestsPerSecond));
  }

  /** Doors look at clocks of their own, and one may be a tick behind: what was filled in already must not be filled in again. */
  private refill(nowMs: number): void {
    if (nowMs <= this.filledAtMs) return;
    const seconds = (nowMs - this.filledAtMs) / 1000;
    this.filledAtMs = nowMs;
    const r = this.rates;
    this.requests = Math.min(r.requestsBurst, this.requests + seconds * r.requestsPerSecond);
    this.cancels = Math.min(r.cancelsBurst, this.cancels + seconds * r.cancelsPerSecond);
  }
}

/** Rates of so many at once. */
export function timesRates(rates: Rates, factor: number): Rates {
  return {
    requestsPerSecond: rates.requestsPerSecond * factor,
    requestsBurst: rates.requestsBurst * factor,
    cancelsPerSecond: rates.cancelsPerSecond * factor,
    cancelsBurst: rates.cancelsBurst * factor,
  };
}
