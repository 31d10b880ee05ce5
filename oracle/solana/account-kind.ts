import type { PublicKey } from '@solana/web3.js';
import type { PythPrice } from '../pyth/price-message.js';

/** An account as an endpoint tells of it. */
export interface AccountState {
  owner: PublicKey;
  data: Buffer;
}

/** A price out of an account; the slot orders those of one publish time. */
export interface AccountPrice extends PythPrice {
  slot: bigint;
}

/** One of the two kinds of accounts that hold Pyth's prices. */
export interface AccountKind {
  /** Where the price of a feed is. */
  addressOf(feedId: string): PublicKey;
  /** Reads the account of the feed. Throws an UpdateError when it is not what it should be. */
  read(account: AccountState, feedId: string): AccountPrice;
}
