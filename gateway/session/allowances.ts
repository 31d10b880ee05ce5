import { type Rates, TokenBucket } from './token-bucket.js';

interface Shared {
  bucket: TokenBucket;
  /** Connections that draw from it. */
  users: number;
}

/**
 * Allowances that connections share: those of an account, however many connections, keys and doors it comes with, and those of an address,
 * whoever comes from there. One without connections is remembered until it is full again, so that nothing is won by coming anew.
 */
export class Allowances<Key> {
  private readonly shared = new Map<Key, Shared>();
  private readonly rates: Rates;

  constructor(rates: Rates) {
    this.rates = rates;
  }

  /** Connections of this key. */
  users(key: Key): number {
    return this.shared.get(key)?.users ?? 0;
  }

  /** The bucket for one connection more. */
  enter(key: Key, nowMs: number): TokenBucket {
    const shared = this.found(key, nowMs);
    shared.users++;
    return shared.bucket;
  }

  /** The bucket as it is now, for those who ask again each time: it may be another one when it was full. */
  of(key: Key, nowMs: number): TokenBucket {
    return this.found(key, nowMs).bucket;
  }

  leave(key: Key): void {
    const found = this.shared.get(key);
    if (found !== undefined) found.users--;
  }

  /** Forgets those that nobody uses and that are full. */
  sweep(nowMs: number): void {
    for (const [key, { bucket, users }] of this.shared) {
      if (users === 0 && bucket.isFull(nowMs)) this.shared.delete(key);
    }
  }

  private found(key: Key, nowMs: number): Shared {
    let found = this.shared.get(key);
    if (found === undefined) {
      found = { bucket: new TokenBucket(this.rates, nowMs), users: 0 };
      this.shared.set(key, found);
    }
    return found;
  }
}
