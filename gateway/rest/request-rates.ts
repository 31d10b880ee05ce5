import type { AllowanceTable } from '../session/allowances.js';
import type { Rates } from '../session/token-bucket.js';

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

/** What REST requests of each address or account are charged to. */
export class RequestRates<Key> {
  private readonly allowances: AllowanceTable<Key>;
  private readonly burst: number;

  /** `requestsBurst`: that of the allowances. */
  constructor(allowances: AllowanceTable<Key>, requestsBurst: number) {
    this.allowances = allowances;
    this.burst = requestsBurst;
  }

  /** Takes tokens if there are so many. A request that costs more than the burst is let through when the bucket is full. */
  take(key: Key, cost: number, nowMs: number): Allowance {
    const bucket = this.allowances.of(key, nowMs);
    const count = Math.min(cost, this.burst);
    const isGranted = bucket.take(count, nowMs);
    return {
      isGranted,
      limit: this.burst,
      remaining: bucket.remaining(nowMs),
      resetSeconds: bucket.secondsUntil(this.burst, nowMs),
      retrySeconds: isGranted ? 0 : Math.max(1, bucket.secondsUntil(count, nowMs)),
    };
  }
}

/** Requests alone: there is nothing to cancel. */
export function restRates(requestsPerSecond: number, requestsBurst: number): Rates {
  return { requestsPerSecond, requestsBurst, cancelsPerSecond: 0, cancelsBurst: 0 };
}
