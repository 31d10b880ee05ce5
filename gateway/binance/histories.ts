import {
  EF_ACCOUNT_SEQUENCE,
  EF_LOTS,
  EF_ORDER_ID,
  EF_PAYMENT,
  EF_REALIZED,
  EF_REMAINING,
  EF_TRIGGER_ORDER_ID,
  EW_FLAGS,
  EW_PRICE,
  EW_TRIGGER_PRICE,
  SLOT_WORDS,
  slotsOf,
  typeOf,
  W_ACCOUNT,
  W_HEAD,
} from '../../engine/messages/layout.js';
import * as types from '../../engine/messages/types.js';
import type { AccountViews } from '../feeds/account-views.js';
import { HEAD_WORDS, RF_TIME } from '../feeds/feed-record.js';
import type { Collected } from '../feeds/feed-walk.js';
import type { OpenOrders } from '../feeds/open-orders.js';
import type { PrivateEvents } from '../feeds/private-events.js';
import { AccountHistory, type FillRecord, type IncomeRecord } from './account-history.js';
import type { AlgoNames } from './algo-names.js';
import { fillAt, marketAt, newRecord, triggerAt } from './event-records.js';
import { endOf, type OrderRecord } from './order-record.js';

/** Accounts that are remembered; the one that has not asked for longest is forgotten for a new one. */
export const ACCOUNTS_MAX = 2_000;

/** Events of an account's log that are read when it comes for the first time. */
const PAST_EVENTS_MAX = 2_000;

/** An event that came while the past was being read. */
interface Waiting {
  words: Int32Array;
  timeMs: number;
}

/** What happened to an account, for its user-data stream. */
export type AccountChange =
  | { kind: 'order'; order: OrderRecord; execution: string; fill: FillRecord | null }
  | { kind: 'account'; reason: string; marketId: number; changeMicroUsd: number }
  | { kind: 'leverage'; marketId: number; leverage: number };

/** Hears of changes in the order in which they happened. */
export type ChangeListener = (account: number, change: AccountChange, timeMs: number) => void;

/** Folds private events into the histories of those accounts that use this door; others cost one look-up. */
export class Histories {
  private readonly orders: OpenOrders;
  private readonly listener: ChangeListener;
  private readonly views: AccountViews;
  private readonly logOf: (account: number) => PrivateEvents;
  private readonly isFollowed: (account: number) => boolean;
  private readonly algos: AlgoNames;
  /** Of accounts whose past is being read. */
  private readonly waiting = new Map<AccountHistory, Waiting[]>();
  /** What is applied is past, and no news. */
  private isPast = false;
  private readonly byAccount = new Map<number, AccountHistory>();

  /**
   * `orders`: those open at present, as their owners' feeds tell them. `logOf`: the log that has an account's events. `isFollowed`:
   * somebody reads the account's stream.
   */
  constructor(
    orders: OpenOrders,
    views: AccountViews,
    logOf: (account: number) => PrivateEvents,
    isFollowed: (account: number) => boolean,
    algos: AlgoNames,
    listener: ChangeListener,
  ) {
    this.algos = algos;
    this.isFollowed = isFollowed;
    this.logOf = logOf;
    this.orders = orders;
    this.views = views;
    this.listener = (account, change, timeMs) => {
      if (!this.isPast) listener(account, change, timeMs);
    };
  }

  get count(): number {
    return this.byAccount.size;
  }

  /** The account's history. At its first request the past is read from its log: then it is not `ready` at once. */
  of(account: number, nowMs: number): AccountHistory {
    const known = this.byAccount.get(account);
    // The one that is asked for goes to the end.
    this.byAccount.delete(account);
    const history = known ?? new AccountHistory(account);
    this.byAccount.set(account, history);
    if (known === undefined) this.readPast(history, nowMs);
    if (this.byAccount.size > ACCOUNTS_MAX) this.forgetOne(account);
    return history;
  }

  /** Null: the account is not remembered. */
  known(account: number): AccountHistory | null {
    return this.byAccount.get(account) ?? null;
  }

  private readPast(history: AccountHistory, nowMs: number): void {
    const { account } = history;
    const log = this.logOf(account);
    // The log may have lost its end with the host; then only what is open is known.
    const isWhole = log.lastOf(account) === this.views.sequenceOf(account);
    const found = isWhole ? log.recent(account, PAST_EVENTS_MAX) : null;
    if (!(found instanceof Promise)) {
      this.begin(history, found, nowMs);
      return;
    }
    this.waiting.set(history, []);
    history.ready = found.then((past) => {
      this.begin(history, past, nowMs);
      history.ready = null;
    });
  }

  /** Takes in the past, what came since it was asked for, and what is open now. */
  private begin(history: AccountHistory, past: Collected | null, nowMs: number): void {
    this.isPast = true;
    for (const at of past?.starts ?? []) {
      const { floats, words } = (past as Collected).block;
      const timeMs = floats[at / 2 + RF_TIME] as number;
      this.applyTo(history, words, floats, at + HEAD_WORDS, timeMs);
    }
    this.isPast = false;
    const since = this.waiting.get(history) ?? [];
    this.waiting.delete(history);
    for (const { timeMs, words } of since) {
      this.applyTo(history, words, new Float64Array(words.buffer), 0, timeMs);
    }
    history.reconcile(this.orders.ofAccount(history.account), nowMs);
  }

  /** The one that has not asked for longest; one whose stream is read asks all the time. */
  private forgetOne(except: number): void {
    for (const [oldest, history] of this.byAccount) {
      if (oldest === except) return;
      this.byAccount.delete(oldest);
      if (!this.isFollowed(oldest)) return;
      this.byAccount.set(oldest, history);
    }
  }

  /** An event with a number in its account's feed. */
  apply(words: Int32Array, floats: Float64Array, at: number, timeMs: number): void {
    const history = this.byAccount.get(words[at + W_ACCOUNT] as number);
    if (history === undefined) return;
    const waiting = this.waiting.get(history);
    if (waiting === undefined) this.applyTo(history, words, floats, at, timeMs);
    else {
      const slots = slotsOf(words[at + W_HEAD] as number);
      waiting.push({ words: words.slice(at, at + slots * SLOT_WORDS), timeMs });
    }
  }

  private applyTo(
    history: AccountHistory,
    words: Int32Array,
    floats: Float64Array,
    at: number,
    timeMs: number,
  ): void {
    history.updateMs = timeMs;
    switch (typeOf(words[at + W_HEAD] as number)) {
      case types.EVT_ACCEPTED:
        this.accepted(history, words, floats, at, timeMs);
        break;
      case types.EVT_TRIGGER_ACCEPTED:
        this.waits(history, words, floats, at, timeMs);
        break;
      case types.EVT_FILL:
        this.filled(history, words, floats, at, timeMs);
        break;
      case types.EVT_CANCELED:
      case types.EVT_TRIGGER_CANCELED:
        this.ended(history, words, floats, at, timeMs);
        break;
      case types.EVT_TRIGGERED:
        this.fired(history, words, floats, at, timeMs);
        break;
      case types.EVT_TRIGGER_REJECTED:
        this.refused(history, words, floats, at, timeMs);
        break;
      case types.EVT_AMENDED:
      case types.EVT_TRIGGER_AMENDED:
        this.amended(history, words, floats, at, timeMs);
        break;
      default:
        this.money(history, words, floats, at, timeMs);
    }
  }

  private accepted(
    history: AccountHistory,
    words: Int32Array,
    floats: Float64Array,
    at: number,
    timeMs: number,
  ): void {
    const from = floats[at / 2 + EF_TRIGGER_ORDER_ID] as number;
    const fired = from === 0 ? undefined : history.find(marketAt(words, at), from);
    const trigger = fired?.trigger ?? null;
    // Who is being liquidated can place nothing there himself.
    const { liquidating } = history;
    const isForced = liquidating.has(0) || liquidating.has(marketAt(words, at));
    const order = newRecord(words, floats, at, timeMs, trigger, false, isForced);
    if (fired !== undefined) fired.firedOrderId = order.orderId;
    if (fired?.isAlgo === true) this.tellOrder(fired, 'EXPIRED', null, timeMs);
    history.feeTier = types.tierOf(order.flags);
    history.add(order);
    this.tellOrder(order, 'NEW', null, timeMs);
  }

  private waits(
    history: AccountHistory,
    words: Int32Array,
    floats: Float64Array,
    at: number,
    timeMs: number,
  ): void {
    const plain = newRecord(words, floats, at, timeMs, triggerAt(words, at), true);
    const order = { ...plain, isAlgo: this.algos.has(history.account, plain.clientOrderId) };
    history.add(order);
    this.tellOrder(order, 'NEW', null, timeMs);
  }

  private filled(
    history: AccountHistory,
    words: Int32Array,
    floats: Float64Array,
    at: number,
    timeMs: number,
  ): void {
    const f = at / 2;
    const marketId = marketAt(words, at);
    const fill = fillAt(words, floats, at, timeMs);
    let order = history.find(marketId, fill.orderId);
    if (order === undefined) {
      // It began before this account was remembered, and was open for no longer than the fills of one command.
      order = newRecord(words, floats, at, timeMs, null, false);
      history.add(order);
    }
    const remaining = floats[f + EF_REMAINING] as number;
    order.filledLots = Math.max(order.filledLots + fill.lots, order.qtyLots - remaining);
    order.qtyLots = Math.max(order.qtyLots, order.filledLots);
    order.seenLots += fill.lots;
    order.seenTickLots += fill.lots * fill.priceTicks;
    order.status = remaining === 0 ? 'FILLED' : 'PARTIALLY_FILLED';
    order.updateMs = timeMs;
    history.fills.push(fill);
    const { feeMicroUsd, realizedMicroUsd, tradeId } = fill;
    const sequence = floats[f + EF_ACCOUNT_SEQUENCE] as number;
    const earn = (type: IncomeRecord['type'], microUsd: number) => {
      if (microUsd === 0) return;
      history.income.push({ marketId, type, microUsd, transactionId: sequence, tradeId, timeMs });
    };
    earn('REALIZED_PNL', realizedMicroUsd);
    earn('COMMISSION', -feeMicroUsd);
    if (remaining === 0) history.close(order);
    const change = { kind: 'account', reason: 'ORDER', marketId, changeMicroUsd: 0 } as const;
    this.listener(history.account, change, timeMs);
    this.tellOrder(order, 'TRADE', fill, timeMs);
  }

  private ended(
    history: AccountHistory,
    words: Int32Array,
    floats: Float64Array,
    at: number,
    timeMs: number,
  ): void {
    const order = history.find(marketAt(words, at), floats[at / 2 + EF_ORDER_ID] as number);
    if (order === undefined) return;
    order.status = endOf(types.reasonOf(words[at + EW_FLAGS] as number));
    order.updateMs = timeMs;
    history.close(order);
    this.tellOrder(order, order.status === 'CANCELED' ? 'CANCELED' : 'EXPIRED', null, timeMs);
  }

  /** The waiting order ends here; what it becomes has an id of its own. */
  private fired(
    history: AccountHistory,
    words: Int32Array,
    floats: Float64Array,
    at: number,
    timeMs: number,
  ): void {
    const order = history.find(marketAt(words, at), floats[at / 2 + EF_ORDER_ID] as number);
    if (order === undefined) return;
    const lots = floats[at / 2 + EF_LOTS] as number;
    if (lots > 0) order.qtyLots = lots;
    if (order.trigger !== null) order.trigger.priceTicks = words[at + EW_TRIGGER_PRICE] as number;
    order.status = 'EXPIRED';
    order.updateMs = timeMs;
    history.close(order);
    // Of an algo order it is told together with what it becomes.
    if (!order.isAlgo) this.tellOrder(order, 'EXPIRED', null, timeMs);
  }

  /** It has fired, and no order came of it. */
  private refused(
    history: AccountHistory,
    words: Int32Array,
    floats: Float64Array,
    at: number,
    timeMs: number,
  ): void {
    const order = history.find(marketAt(words, at), floats[at / 2 + EF_ORDER_ID] as number);
    if (order?.isAlgo === true) this.tellOrder(order, 'EXPIRED', null, timeMs);
  }

  private amended(
    history: AccountHistory,
    words: Int32Array,
    floats: Float64Array,
    at: number,
    timeMs: number,
  ): void {
    const f = at / 2;
    const order = history.find(marketAt(words, at), floats[f + EF_ORDER_ID] as number);
    if (order === undefined) return;
    order.priceTicks = words[at + EW_PRICE] as number;
    order.qtyLots = floats[f + EF_LOTS] as number;
    order.updateMs = timeMs;
    this.tellOrder(order, 'AMENDMENT', null, timeMs);
  }

  /** Everything that is not of an order. */
  private money(
    history: AccountHistory,
    words: Int32Array,
    floats: Float64Array,
    at: number,
    timeMs: number,
  ): void {
    const f = at / 2;
    const marketId = marketAt(words, at);
    const transactionId = floats[f + EF_ACCOUNT_SEQUENCE] as number;
    const income = (type: IncomeRecord['type'], microUsd: number) => {
      history.income.push({ marketId, type, microUsd, transactionId, tradeId: 0, timeMs });
    };
    const tell = (reason: string, changeMicroUsd = 0) => {
      const change = { kind: 'account', reason, marketId, changeMicroUsd } as const;
      this.listener(history.account, change, timeMs);
    };
    switch (typeOf(words[at + W_HEAD] as number)) {
      case types.EVT_BALANCE: {
        const changed = floats[f + EF_LOTS] as number;
        income('TRANSFER', changed);
        const isTransfer = words[at + EW_FLAGS] === types.BALANCE_TRANSFER;
        const fromOutside = changed < 0 ? 'WITHDRAW' : 'DEPOSIT';
        tell(isTransfer ? 'ASSET_TRANSFER' : fromOutside, changed);
        break;
      }
      case types.EVT_FUNDING: {
        const received = -(floats[f + EF_PAYMENT] as number);
        income('FUNDING_FEE', received);
        tell('FUNDING_FEE', received);
        break;
      }
      case types.EVT_INSURANCE:
        income('INSURANCE_CLEAR', -(floats[f + EF_PAYMENT] as number));
        tell('INSURANCE_CLEAR', -(floats[f + EF_PAYMENT] as number));
        break;
      case types.EVT_TRANSFER:
        // Out of the book: taken over, or deleveraged.
        income('REALIZED_PNL', floats[f + EF_REALIZED] as number);
        tell('ADJUSTMENT');
        break;
      case types.EVT_LIQUIDATION:
        if (words[at + EW_FLAGS] === types.LIQUIDATION_ENDED) history.liquidating.delete(marketId);
        else history.liquidating.add(marketId);
        break;
      case types.EVT_MARGIN_MODE:
        tell('MARGIN_TYPE_CHANGE');
        break;
      case types.EVT_POSITION_MARGIN:
        if (floats[f + EF_LOTS] !== 0) tell('MARGIN_TRANSFER');
        break;
      case types.EVT_LEVERAGE: {
        const leverage = floats[f + EF_LOTS] as number;
        this.listener(history.account, { kind: 'leverage', marketId, leverage }, timeMs);
        break;
      }
    }
  }

  private tellOrder(
    order: OrderRecord,
    execution: string,
    fill: FillRecord | null,
    timeMs: number,
  ): void {
    this.listener(order.account, { kind: 'order', order, execution, fill }, timeMs);
  }
}
