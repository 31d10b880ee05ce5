import type { MessageBuffer } from '../messages/message-buffer.js';
import * as type from '../messages/types.js';
import { asQtyLots, type PriceTicks, type QtyLots } from '../units/units.js';
import { isBuy, isReduceOnly, type NaiveOrder, oppositeSide, reaches } from './naive-order.js';
import { type NaiveOrders, reduceOnlyOf } from './naive-orders.js';
import { before, type NaiveReport } from './naive-report.js';
import { type FillLedger, NO_PRICE } from './order-book.js';

/** Matching and reduce-only trimming of the naive book: place steps 4, 5 and 7 of `order-book.ts`. */
export class NaiveMatching {
  lastTradeSequence = 0;
  /** Of the last trade. */
  lastPriceTicks: PriceTicks = NO_PRICE;
  /** Accounts to trim when the command ends; a Set keeps the order in which they came. */
  private readonly touched = new Set<number>();
  private readonly orders: NaiveOrders;
  private readonly ledger: FillLedger;
  private readonly report: NaiveReport;
  private readonly events: MessageBuffer;

  constructor(orders: NaiveOrders, ledger: FillLedger, report: NaiveReport, events: MessageBuffer) {
    this.orders = orders;
    this.ledger = ledger;
    this.report = report;
    this.events = events;
  }

  /** Lots that an order of this account and side could close now. */
  closable(order: { account: number; flags: number }): QtyLots {
    return this.ledger.closableLots(order.account, type.sideOf(order.flags));
  }

  /** The FOK test: step 5 played on numbers alone. */
  canFill(taker: NaiveOrder): boolean {
    const positions = new Map<number, number>();
    const position = (account: number) => positions.get(account) ?? this.position(account);
    const stp = type.stpOf(taker.flags);
    let missing: number = taker.remainingLots;
    for (const maker of this.orders.sideOf(oppositeSide(taker.flags))) {
      if (!reaches(taker.flags, taker.priceTicks, maker.priceTicks)) break;
      let lots = Math.min(missing, maker.remainingLots);
      if (isReduceOnly(maker)) {
        const held = position(maker.account);
        lots = Math.min(lots, Math.max(0, isBuy(maker) ? -held : held));
      }
      if (lots === 0) continue;
      if (maker.account === taker.account && stp !== type.STP_NONE) {
        if (stp === type.STP_CANCEL_MAKER) continue;
        return false;
      }
      const signed = isBuy(maker) ? lots : -lots;
      positions.set(maker.account, position(maker.account) + signed);
      positions.set(taker.account, position(taker.account) - signed);
      missing -= lots;
      if (missing === 0) return true;
    }
    return false;
  }

  /** Step 5. The taker is not in the book meanwhile; whatever remains of it afterwards is its caller's. */
  match(taker: NaiveOrder): void {
    const makers = this.orders.sideOf(oppositeSide(taker.flags));
    while (taker.remainingLots > 0) {
      const maker = makers[0];
      if (maker === undefined || !reaches(taker.flags, taker.priceTicks, maker.priceTicks)) return;
      if (isReduceOnly(maker) && this.closable(maker) === 0) {
        this.cancelOpen(maker, type.REASON_REDUCE_ONLY);
      } else if (maker.account === taker.account && type.stpOf(taker.flags) !== type.STP_NONE) {
        this.preventSelfTrade(taker, maker);
      } else {
        this.trade(taker, maker);
      }
    }
  }

  rest(order: NaiveOrder): void {
    this.orders.add(order);
    if (isReduceOnly(order)) this.touched.add(order.account);
  }

  /** Step 7. */
  /** The account's position has changed outside of the book. */
  touch(account: number): void {
    this.touched.add(account);
  }

  trim(): void {
    for (const account of this.touched) {
      for (const order of reduceOnlyOf(this.orders, account)) {
        if (this.closable(order) === 0) this.cancelOpen(order, type.REASON_REDUCE_ONLY);
      }
      const closing = reduceOnlyOf(this.orders, account);
      const newest = closing[0];
      if (newest === undefined) continue;
      let excess = sumOfRemaining(closing) - this.closable(newest);
      for (const order of closing) {
        if (excess <= 0) break;
        const lots = Math.min(excess, order.remainingLots);
        excess -= lots;
        if (lots === order.remainingLots) this.cancelOpen(order, type.REASON_REDUCE_ONLY);
        else this.cut(order, lots, type.REASON_REDUCE_ONLY);
      }
    }
    this.touched.clear();
  }

  cancelOpen(order: NaiveOrder, reason: number): void {
    this.orders.remove(order);
    this.cancelRest(order, reason);
  }

  /** Cancels what remains of an order that is not in the book. */
  cancelRest(order: NaiveOrder, reason: number): void {
    this.report.canceled(order, reason);
    order.remainingLots = asQtyLots(0);
  }

  get isTrimmed(): boolean {
    return this.touched.size === 0;
  }

  private preventSelfTrade(taker: NaiveOrder, maker: NaiveOrder): void {
    const mode = type.stpOf(taker.flags);
    if (mode === type.STP_DECREMENT) {
      const lots = Math.min(taker.remainingLots, maker.remainingLots);
      if (lots === maker.remainingLots) this.cancelOpen(maker, type.REASON_SELF_TRADE);
      else this.cut(maker, lots, type.REASON_SELF_TRADE);
      if (lots === taker.remainingLots) this.cancelRest(taker, type.REASON_SELF_TRADE);
      else this.cut(taker, lots, type.REASON_SELF_TRADE);
      return;
    }
    if (mode !== type.STP_CANCEL_TAKER) this.cancelOpen(maker, type.REASON_SELF_TRADE);
    if (mode !== type.STP_CANCEL_MAKER) this.cancelRest(taker, type.REASON_SELF_TRADE);
  }

  private trade(taker: NaiveOrder, maker: NaiveOrder): void {
    let lots = Math.min(taker.remainingLots, maker.remainingLots);
    if (isReduceOnly(maker)) lots = Math.min(lots, this.closable(maker));
    this.lastTradeSequence += 1;
    this.lastPriceTicks = maker.priceTicks;
    for (const order of [maker, taker]) {
      order.remainingLots = asQtyLots(order.remainingLots - lots);
      const by = order === maker ? type.FLAG_MAKER : 0;
      const slot = this.report.fill(order, lots, maker.priceTicks, this.lastTradeSequence, by);
      this.ledger.settleFill(this.events, slot);
      this.touched.add(order.account);
    }
    if (maker.remainingLots === 0) this.orders.remove(maker);
  }

  /** Takes lots from an order without a fill; some remain and the order keeps its place. */
  private cut(order: NaiveOrder, lots: number, reason: number): void {
    const old = before(order);
    order.totalLots = asQtyLots(order.totalLots - lots);
    order.remainingLots = asQtyLots(order.remainingLots - lots);
    this.report.amended(order, old, reason);
  }

  /** Signed: positive is long. */
  private position(account: number): number {
    const longLots = this.ledger.closableLots(account, type.SIDE_SELL);
    return longLots - this.ledger.closableLots(account, type.SIDE_BUY);
  }
}

function sumOfRemaining(orders: NaiveOrder[]): number {
  return orders.reduce((sum, order) => sum + order.remainingLots, 0);
}
