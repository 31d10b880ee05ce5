import type { AccountViews } from './feeds/account-views.js';
import type { L2Book } from './feeds/l2-book.js';
import type { OpenOrders } from './feeds/open-orders.js';
import type { PrivateEvents } from './feeds/private-events.js';
import type { Markets } from './markets.js';
import type { FindOrder } from './order-status/order-status.js';
import type { Accounts } from './session/accounts.js';
import type { AllowanceTable } from './session/allowances.js';
import type { LoadLevels } from './session/load-levels.js';
import type { OrderCounts } from './session/order-ratios.js';

/** What a gateway has folded from the events of its shards, which other doors only read, and the allowances, which all draw from. */
export interface GatewayFolds {
  readonly accounts: Accounts;
  readonly markets: Markets;
  readonly views: AccountViews;
  /** As their owners' feeds tell them. */
  readonly openOrders: OpenOrders;
  /** The public book of a market. */
  readonly bookOf: (marketId: number) => L2Book;
  /** The log that has the private events of an account. */
  readonly logOf: (account: number) => PrivateEvents;
  /** Of accounts. */
  readonly allowances: AllowanceTable<number>;
  /** Orders of accounts against their trades, over all doors. */
  readonly ratios: OrderCounts;
  /** Of the thread that all doors share. */
  readonly load: LoadLevels;
  readonly epoch: () => number;
  /** Orders of which a door remembers nothing. */
  readonly findOrder: FindOrder;
}
