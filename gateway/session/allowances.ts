import { type Bucket, type Rates, TokenBucket } from './token-bucket.js';

/** Allowances by key: those of accounts, or of addresses. */
export interface AllowanceTable<Key> {
  /** Keys that are remembered. */
  readonly size: number;
  /** Connections of this key. */
  users(key: Key): number;
  /** The bucket for one connection more. */
  enter(key: Key, nowMs: number): Bucket;
  /** The bucket as it is now, for those who ask again each time: it may be another one when it was full. */
  of(key: Key, nowMs: number): Bucket;
  leave(key: Key): void;
  /** Forgets those that nobody uses and that are full. */
  sweep(nowMs: number): void;
}

interface Shared {
  bucket: TokenBucket;
  /** Connections that draw from it. */
  users: number;
}

/** Keys that are remembered, unless more have connections. */
export const ALLOWANCES_MAX = 50_000;

/**
 * Allowances by key, the one table that all doors have for it: those of an account, however many connections, keys and doors it comes with,
 * and those of an address, whoever comes from there. One without connections is remembered until it is full again, so that nothing is
 * won by coming anew. Whoever fills the table from ever new addresses pushes out the oldest ones without connections: memory is
 * bounded either way.
 */
export class Allowances<Key> implements AllowanceTable<Key> {
  private readonly shared = new Map<Key, Shared>();
  private readonly rates: Rates;
  private readonly most: number;

  constructor(rates: Rates, most = ALLOWANCES_MAX) {
    this.rates = rates;
    this.most = most;
  }

  get size(): number {
    return this.shared.size;
  }

  users(key: Key): number {
    return this.shared.get(key)?.users ?? 0;
  }

  enter(key: Key, nowMs: number): TokenBucket {
    const shared = this.found(key, nowMs);
    shared.users++;
    return shared.bucket;
  }

  of(key: Key, nowMs: number): TokenBucket {
    return this.found(key, nowMs).bucket;
  }

  leave(key: Key): void {
    const found = this.shared.get(key);
    if (found !== undefined) found.users--;
  }

  sweep(nowMs: number): void {
    for (const [key, { bucket, users }] of this.shared) {
      if (users === 0 && bucket.isFull(nowMs)) this.shared.delete(key);
    }
  }

  private found(key: Key, nowMs: number): Shared {
    let found = this.shared.get(key);
    if (found === undefined) {
      if (this.shared.size >= this.most) this.makeRoom(nowMs);
      found = { bucket: new TokenBucket(this.rates, nowMs), users: 0 };
      this.shared.set(key, found);
    }
    return found;
  }

  /** Half of the table, so that it is not done for every new key. */
  private makeRoom(nowMs: number): void {
    this.sweep(nowMs);
    for (const [key, { users }] of this.shared) {
      if (this.shared.size <= this.most / 2) return;
      if (users === 0) this.shared.delete(key);
    }
  }
}
