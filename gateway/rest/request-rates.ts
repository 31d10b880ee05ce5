import { type Rates, TokenBucket } from '../session/token-bucket.js';

/** What is left for a client, as headers tell it. */
export interface Allowance {
  isGranted: boolean;
  limit: number;
  remaining: number;
  /** Seconds until all of it is there again. */
  resetSeconds: number;
  /** Seconds until this request would be let through; 0 when it was. */
  retrySeconds: number;
}

const BUCKETS_MAX = 50_000;

/** A bucket for each address or account that has asked lately. Full buckets are forgotten: they say nothing. */
export class RequestRates<Key> {
  private readonly buckets = new Map<Key, TokenBucket>();
  private readonly rates: Rates;

  constructor(requestsPerSecond: number, requestsBurst: number) {
    const none = { cancelsPerSecond: 0, cancelsBurst: 0 };
    this.rates = { requestsPerSecond, requestsBurst, ...none };
  }

  /** Takes tokens if there are so many. A request that costs more than the burst is let through when the bucket is full. */
  take(key: Key, cost: number, nowMs: number): Allowance {
    let bucket = this.buckets.get(key);
    if (bucket === undefined) {
      if (this.buckets.size >= BUCKETS_MAX) this.sweep(nowMs);
      bucket = new TokenBucket(this.rates, nowMs);
      this.buckets.set(key, bucket);
    }
    const { requestsBurst } = this.rates;
    const count = Math.min(cost, requestsBurst);
    const isGranted = bucket.take(count, nowMs);
    return {
      isGranted,
      limit: requestsBurst,
      remaining: bucket.remaining(nowMs),
      resetSeconds: bucket.secondsUntil(requestsBurst, nowMs),
      retrySeconds: isGranted ? 0 : Math.max(1, bucket.secondsUntil(count, nowMs)),
    };
  }

  /** Whoever fills the table from ever new addresses pushes out the oldest ones: memory is bounded either way. */
  private sweep(nowMs: number): void {
    const { requestsBurst } = this.rates;
    for (const [key, bucket] of this.buckets) {
      if (bucket.remaining(nowMs) >= requestsBurst) this.buckets.delete(key);
    }
    for (const key of this.buckets.keys()) {
      if (this.buckets.size < BUCKETS_MAX / 2) break;
      this.buckets.delete(key);
    }
  }
}
