import { createHash, randomBytes } from 'node:crypto';
import { ERRORS } from './errors.js';

/** A key that is not kept alive ends after this time. */
const LIFE_MS = 60 * 60 * 1_000;
/** 64 characters in base64url. */
const KEY_BYTES = 48;
export const LISTEN_KEY_LENGTH = 64;
const KEY = /^[A-Za-z0-9_-]{64}$/;

/** Whose it is, and the API key that it was opened by. */
export interface ListenKey {
  readonly account: number;
  readonly apiKey: string;
  readonly listenKey: string;
}

interface Entry extends ListenKey {
  expiresAtMs: number;
}

/** Whether an API key still opens what its owner may read; `address` null: wherever from. */
export type StillOpens = (apiKey: string, address: string | null) => boolean;

/**
 * Keys that open an account's user-data stream, one for each API key at a time, with which it ends. They are 48 random bytes, found by
 * their digest, so that no comparison tells how much of a guess was right. Their time is real time: a sandbox may hold the exchange's.
 */
export class ListenKeys {
  private readonly byDigest = new Map<string, Entry>();
  private readonly byApiKey = new Map<string, Entry>();
  private readonly stillOpens: StillOpens;

  constructor(stillOpens: StillOpens) {
    this.stillOpens = stillOpens;
  }

  /** The API key's listen key, a new one if it has none; it lives for an hour from now. */
  open(account: number, apiKey: string, nowMs: number): string {
    const known = this.byApiKey.get(apiKey);
    if (known !== undefined) {
      known.expiresAtMs = nowMs + LIFE_MS;
      return known.listenKey;
    }
    const listenKey = randomBytes(KEY_BYTES).toString('base64url');
    this.add({ account, apiKey, listenKey, expiresAtMs: nowMs + LIFE_MS });
    return listenKey;
  }

  keepAlive(apiKey: string, nowMs: number): string {
    const entry = this.byApiKey.get(apiKey);
    if (entry === undefined) throw ERRORS.noListenKey();
    entry.expiresAtMs = nowMs + LIFE_MS;
    return entry.listenKey;
  }

  /** Gives the listen key that is not valid any more, if there was one. */
  close(apiKey: string): string | null {
    const entry = this.byApiKey.get(apiKey);
    if (entry === undefined) return null;
    this.byApiKey.delete(apiKey);
    this.byDigest.delete(digestOf(entry.listenKey));
    return entry.listenKey;
  }

  /** A key that another thread has made, and keeps the time of: here it lives until it is closed. */
  learn({ account, apiKey, listenKey }: ListenKey): void {
    this.close(apiKey);
    this.add({ account, apiKey, listenKey, expiresAtMs: Number.POSITIVE_INFINITY });
  }

  /** Those that are valid now. */
  all(): ListenKey[] {
    return [...this.byApiKey.values()].map(({ account, apiKey, listenKey }) => {
      return { account, apiKey, listenKey };
    });
  }

  /** The account whose key it is, for somebody at this address; 0 when there is none. */
  accountOf(listenKey: string, address: string): number {
    if (!KEY.test(listenKey)) return 0;
    const entry = this.byDigest.get(digestOf(listenKey));
    return entry !== undefined && this.stillOpens(entry.apiKey, address) ? entry.account : 0;
  }

  /** Ends those that were not kept alive, and those whose API key opens nothing any more. */
  expire(nowMs: number): ListenKey[] {
    const expired = [...this.byApiKey.values()].filter(({ apiKey, expiresAtMs }) => {
      return expiresAtMs <= nowMs || !this.stillOpens(apiKey, null);
    });
    for (const { apiKey } of expired) this.close(apiKey);
    return expired;
  }

  private add(entry: Entry): void {
    this.byDigest.set(digestOf(entry.listenKey), entry);
    this.byApiKey.set(entry.apiKey, entry);
  }
}

function digestOf(listenKey: string): string {
  return createHash('sha256').update(listenKey).digest('base64');
}
