import { type AccountSource, AccountState } from '../feeds/account-state.js';
import type { L2Book } from '../feeds/l2-book.js';
import type { GatewayFolds } from '../gateway-folds.js';
import type { Markets } from '../markets.js';
import type { FindOrder } from '../order-status/order-status.js';
import type { AllowanceTable } from '../session/allowances.js';
import type { LoadLevels } from '../session/load-levels.js';
import type { OrderCounts } from '../session/order-ratios.js';

/** What the FIX door reads of the exchange's folded state. */
export interface FixSources {
  readonly markets: Markets;
  readonly accounts: AccountSource;
  /** Its published levels are those of the last tick. */
  readonly bookOf: (marketId: number) => L2Book;
  /** The epoch that has begun. */
  readonly epoch: () => number;
  /** Of accounts; all doors draw from them. */
  readonly allowances: AllowanceTable<number>;
  readonly ratios: OrderCounts;
  readonly load: LoadLevels;
  /** Orders that a session does not remember. */
  readonly findOrder: FindOrder;
}

export function fixSources(folds: GatewayFolds): FixSources {
  const { markets, accounts, views, openOrders, logOf } = folds;
  const { bookOf, epoch, allowances, ratios, load, findOrder } = folds;
  const state = new AccountState(accounts, views, openOrders, logOf);
  return { markets, accounts: state, bookOf, epoch, allowances, ratios, load, findOrder };
}
