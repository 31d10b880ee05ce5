import type { AccountViews } from './feeds/account-views.js';
import type { L2Book } from './feeds/l2-book.js';
import type { OpenOrders } from './feeds/open-orders.js';
import type { PrivateLog } from './feeds/private-log.js';
import type { Markets } from './markets.js';
import type { Accounts } from './session/accounts.js';

/** What a gateway has folded from the events of its shards; other doors read it, and change nothing. */
export interface GatewayFolds {
  readonly accounts: Accounts;
  readonly markets: Markets;
  readonly views: AccountViews;
  /** As their owners' feeds tell them. */
  readonly openOrders: OpenOrders;
  /** The public book of a market. */
  readonly bookOf: (marketId: number) => L2Book;
  /** The log that has the private events of an account. */
  readonly logOf: (account: number) => PrivateLog;
  readonly epoch: () => number;
}
