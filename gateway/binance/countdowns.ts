import type { Market } from '../markets.js';

interface Countdown {
  readonly account: number;
  readonly market: Market;
  /** By a clock that never goes back. */
  readonly atMs: number;
}

/**
 * Dead man's switches: unless it is set again in time, all orders of an account in a market are canceled. They are this process's
 * and end with it. Their time is real time: a client that is gone is gone in a sandbox, too.
 */
export class Countdowns {
  private readonly running = new Map<string, Countdown>();

  /** `inMs` 0 ends it. */
  set(account: number, market: Market, inMs: number, nowMs: number): void {
    const key = `${account}:${market.id}`;
    if (inMs === 0) this.running.delete(key);
    else this.running.set(key, { account, market, atMs: nowMs + inMs });
  }

  /** Those whose time has come; they are over. */
  take(nowMs: number): Countdown[] {
    if (this.running.size === 0) return [];
    const due: Countdown[] = [];
    for (const [key, countdown] of this.running) {
      if (countdown.atMs > nowMs) continue;
      this.running.delete(key);
      due.push(countdown);
    }
    return due;
  }
}
