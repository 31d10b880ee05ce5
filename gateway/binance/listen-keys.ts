import { createHash, randomBytes } from 'node:crypto';
import { ERRORS } from './errors.js';

/** A key that is not kept alive ends after this time. */
const LIFE_MS = 60 * 60 * 1_000;
/** 64 characters in base64url. */
const KEY_BYTES = 48;
export const LISTEN_KEY_LENGTH = 64;
const KEY = /^[A-Za-z0-9_-]{64}$/;

interface Entry {
  readonly account: number;
  readonly listenKey: string;
  expiresAtMs: number;
}

/**
 * Keys that open an account's user-data stream, one for each account at a time. They are 48 random bytes, found by their digest, so
 * that no comparison tells how much of a guess was right. Their time is real time: a sandbox may hold the exchange's.
 */
export class ListenKeys {
  private readonly byDigest = new Map<string, Entry>();
  private readonly byAccount = new Map<number, Entry>();

  /** The account's key, a new one if it has none; it lives for an hour from now. */
  open(account: number, nowMs: number): string {
    const known = this.byAccount.get(account);
    if (known !== undefined) {
      known.expiresAtMs = nowMs + LIFE_MS;
      return known.listenKey;
    }
    const listenKey = randomBytes(KEY_BYTES).toString('base64url');
    this.add(account, listenKey, nowMs + LIFE_MS);
    return listenKey;
  }

  keepAlive(account: number, nowMs: number): string {
    const entry = this.byAccount.get(account);
    if (entry === undefined) throw ERRORS.noListenKey();
    entry.expiresAtMs = nowMs + LIFE_MS;
    return entry.listenKey;
  }

  /** Gives the key that is not valid any more, if there was one. */
  close(account: number): string | null {
    const entry = this.byAccount.get(account);
    if (entry === undefined) return null;
    this.byAccount.delete(account);
    this.byDigest.delete(digestOf(entry.listenKey));
    return entry.listenKey;
  }

  /** A key that another thread has made, and keeps the time of: here it lives until it is closed. */
  learn(account: number, listenKey: string): void {
    this.close(account);
    this.add(account, listenKey, Number.POSITIVE_INFINITY);
  }

  /** Those that are valid now. */
  all(): { account: number; listenKey: string }[] {
    return [...this.byAccount.values()].map(({ account, listenKey }) => ({ account, listenKey }));
  }

  /** The account whose key it is, 0 when there is none. */
  accountOf(listenKey: string): number {
    if (!KEY.test(listenKey)) return 0;
    return this.byDigest.get(digestOf(listenKey))?.account ?? 0;
  }

  /** Ends those that were not kept alive. */
  expire(nowMs: number): { account: number; listenKey: string }[] {
    const expired = [...this.byAccount.values()].filter(({ expiresAtMs }) => expiresAtMs <= nowMs);
    for (const { account } of expired) this.close(account);
    return expired;
  }

  private add(account: number, listenKey: string, expiresAtMs: number): void {
    const entry = { account, listenKey, expiresAtMs };
    this.byDigest.set(digestOf(listenKey), entry);
    this.byAccount.set(account, entry);
  }
}

function digestOf(listenKey: string): string {
  return createHash('sha256').update(listenKey).digest('base64');
}
