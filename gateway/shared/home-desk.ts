import type { Collected } from '../feeds/feed-walk.js';
import type { NewKey } from '../identity/key-store.js';

/**
 * What a gateway in a thread of its own asks of the thread in which the exchange runs: everything of which there is one for all threads, and
 * which has to outlive each of them. A promise that is answered means that all threads know.
 */
export interface HomeDesk {
  createKey(wish: NewKey, nowMs: number): Promise<{ apiKey: string; apiSecret: string | null }>;
  revokeKey(apiKey: string): Promise<void>;
  openListenKey(account: number, apiKey: string): Promise<string>;
  /** Null: the API key has none. */
  keepListenKey(apiKey: string): Promise<string | null>;
  closeListenKey(account: number, apiKey: string): Promise<void>;
  /** Cancels all orders of the account in the market after so long, unless it is called again; 0: not at all. */
  setCountdown(account: number, marketId: number, inMs: number): Promise<void>;
  /** An order of the account with this client id is an algo order of the Binance door, or is not after all. */
  noteAlgo(account: number, clientOrderId: string, isAlgo: boolean): Promise<void>;
  /**
   * All other threads have come to an end with what they have sent for the account in the market. False: that could not be found out in time.
   */
  reach(account: number, marketId: number): Promise<boolean>;
  /** A connection's account wants its orders canceled should this thread die (1), or does not any more (−1). */
  guard(account: number, change: 1 | -1): void;
  /** As of a log of private feeds, which knows more than a thread that has just begun. */
  eventsAfter(
    shard: number,
    account: number,
    epoch: number,
    sequence: number,
  ): Promise<Collected | null>;
  recentEvents(shard: number, account: number, most: number): Promise<Collected | null>;
}
