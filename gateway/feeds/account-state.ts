import type { Accounts } from '../session/accounts.js';
import type { AccountViews } from './account-views.js';
import type { Collected } from './feed-walk.js';
import type { OpenOrder, OpenOrders } from './open-orders.js';
import type { PrivateEvents } from './private-events.js';
import type { LastSeen } from './private-feed.js';

/** What a door of its own protocol has to know of accounts: folded state, and the log of their private events. */
export interface AccountSource {
  knows(account: number): boolean;
  /** The shard to which the account's commands go. */
  homeOf(account: number): number;
  /** Number of the account's last event, as of which `openOrders` are. */
  latestOf(account: number): number;
  openOrders(account: number): OpenOrder[];
  /** The account's events after this one (of ANY_EPOCH, when its own is not known); null: they are not to be had any more. A promise when files have to be read. */
  eventsAfter(account: number, seen: LastSeen): Collected | null | Promise<Collected | null>;
}

/** The gateway's folds as a source for other doors. */
export class AccountState implements AccountSource {
  private readonly accounts: Accounts;
  private readonly views: AccountViews;
  private readonly orders: OpenOrders;
  private readonly logOf: (account: number) => PrivateEvents;

  constructor(
    accounts: Accounts,
    views: AccountViews,
    orders: OpenOrders,
    logOf: (account: number) => PrivateEvents,
  ) {
    this.accounts = accounts;
    this.views = views;
    this.orders = orders;
    this.logOf = logOf;
  }

  knows(account: number): boolean {
    return this.accounts.has(account);
  }

  homeOf(account: number): number {
    return this.accounts.homeOf(account);
  }

  latestOf(account: number): number {
    return this.views.sequenceOf(account);
  }

  openOrders(account: number): OpenOrder[] {
    return this.orders.ofAccount(account);
  }

  eventsAfter(
    account: number,
    { epoch, sequence }: LastSeen,
  ): Collected | null | Promise<Collected | null> {
    // The log may have lost its end with the host; then only the folded state knows the truth.
    const log = this.logOf(account);
    if (log.lastOf(account) !== this.views.sequenceOf(account)) return null;
    return log.after(account, epoch, sequence);
  }
}
