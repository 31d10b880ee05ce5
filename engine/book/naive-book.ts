import { assert } from '../assert.js';
import * as layout from '../messages/layout.js';
import { MessageBuffer } from '../messages/message-buffer.js';
import { REJECT } from '../messages/reject-codes.js';
import * as type from '../messages/types.js';
import type { CanonicalReader, CanonicalWriter } from '../state/canonical-writer.js';
import { asPriceTicks, asQtyLots, type PriceTicks, type QtyLots } from '../units/units.js';
import { NaiveMatching } from './naive-matching.js';
import { type BookMessage, readMessage } from './naive-messages.js';
import {
  isBuy,
  isGoodTillDate,
  isPostOnly,
  isReduceOnly,
  lossTicksOf,
  type NaiveOrder,
  oppositeSide,
  reaches,
} from './naive-order.js';
import { NaiveOrders, newestFirst } from './naive-orders.js';
import { before, NaiveReport } from './naive-report.js';
import {
  type FillLedger,
  type LevelVisitor,
  NO_ORDER,
  NO_PRICE,
  type OrderBook,
  type OrderHandle,
} from './order-book.js';

export interface NaiveBookOptions {
  marketId: number;
  priceTicksMax: PriceTicks;
  ledger: FillLedger;
  /** Of the fast book; there is no window here. Accepted so that both are created alike. */
  windowBits?: number;
  /** Where events go; an own buffer when left out. */
  events?: MessageBuffer;
}

/** Flags that an order keeps; the others of a message belong to the message. */
const ORDER_FLAGS = type.CLIENT_FLAGS | (type.TIER_MASK << type.TIER_SHIFT);

/** What the reduce-only and post-only rules leave of an order's wishes. */
interface Terms {
  lots: QtyLots;
  priceTicks: PriceTicks;
  markDistanceTicks: number;
}

/**
 * The twin of the fast book: slow, and as close to the words of `order-book.ts` as code can be. Orders stand in two sorted
 * arrays, and whatever is wanted is found by looking through them. Tests compare the events and the state of both
 * books byte for byte, so each is the other's oracle. A step number in a comment is one of that specification.
 */
export class NaiveBook implements OrderBook {
  readonly events: MessageBuffer;
  private readonly orders = new NaiveOrders();
  private readonly matching: NaiveMatching;
  private readonly report: NaiveReport;
  private readonly priceTicksMax: PriceTicks;
  private lastOrderId = 0;

  constructor(options: NaiveBookOptions) {
    this.priceTicksMax = options.priceTicksMax;
    this.events = options.events ?? new MessageBuffer();
    this.report = new NaiveReport(this.events, options.marketId);
    this.matching = new NaiveMatching(this.orders, options.ledger, this.report, this.events);
  }

  get openOrders(): number {
    return this.orders.count;
  }

  bestBid(): PriceTicks {
    return this.orders.bids[0]?.priceTicks ?? NO_PRICE;
  }

  bestAsk(): PriceTicks {
    return this.orders.asks[0]?.priceTicks ?? NO_PRICE;
  }

  lastPrice(): PriceTicks {
    return this.matching.lastPriceTicks;
  }

  place(inbox: MessageBuffer, slot: number): void {
    const message = readMessage(inbox, slot);
    const terms = this.admit(message);
    if (terms !== null) this.enter(message, terms);
  }

  replace(inbox: MessageBuffer, slot: number): void {
    const message = readMessage(inbox, slot);
    const target = this.openOrder(message.targetId, message.account);
    if (target === null) {
      this.report.notOpen(message, message.targetId);
      return;
    }
    const terms = this.admit(message);
    if (terms === null) return;
    this.matching.cancelOpen(target, type.REASON_REPLACED);
    this.enter(message, terms);
  }

  cancel(inbox: MessageBuffer, slot: number): void {
    const message = readMessage(inbox, slot);
    const order = this.openOrder(message.orderId, message.account);
    if (order === null) this.report.notOpen(message, message.orderId);
    else this.cancelAsAnswer(order, type.REASON_USER, message);
  }

  amend(inbox: MessageBuffer, slot: number): void {
    const message = readMessage(inbox, slot);
    const order = this.openOrder(message.orderId, message.account);
    if (order === null) this.report.notOpen(message, message.orderId);
    else this.amendOpen(order, message);
  }

  massCancel(inbox: MessageBuffer, slot: number): void {
    const message = readMessage(inbox, slot);
    const sideFlag = (order: NaiveOrder) =>
      isBuy(order) ? type.FLAG_MASS_BIDS : type.FLAG_MASS_ASKS;
    const named = this.orders
      .ofAccount(message.account)
      .filter((order) => (message.flags & sideFlag(order)) !== 0)
      .sort(newestFirst);
    const reason = type.reasonOfMassCancel(message.flags);
    for (const order of named) this.matching.cancelOpen(order, reason);
    this.report.massCanceled(message, named.length);
  }

  expire(nowMs: number): void {
    const due = this.orders
      .all()
      .filter((order) => isGoodTillDate(order) && order.expiryMs <= nowMs)
      .sort((a, b) => a.expiryMs - b.expiryMs || a.id - b.id);
    for (const order of due) this.matching.cancelOpen(order, type.REASON_EXPIRED);
  }

  cancelEverything(reason: number): void {
    for (const order of this.orders.all()) this.matching.cancelOpen(order, reason);
  }

  takeOrderId(): number {
    this.lastOrderId += 1;
    return this.lastOrderId;
  }

  nextExpiryMs(): number {
    let earliest = Number.POSITIVE_INFINITY;
    for (const order of this.orders.all()) {
      if (isGoodTillDate(order)) earliest = Math.min(earliest, order.expiryMs);
    }
    return earliest;
  }

  /** Handles are order ids. */
  find(inbox: MessageBuffer, slot: number): OrderHandle {
    const message = readMessage(inbox, slot);
    return this.openOrder(message.orderId, message.account)?.id ?? NO_ORDER;
  }

  flagsOf(order: OrderHandle): number {
    return this.mustBeOpen(order).flags;
  }

  priceOf(order: OrderHandle): PriceTicks {
    return this.mustBeOpen(order).priceTicks;
  }

  totalLotsOf(order: OrderHandle): QtyLots {
    return this.mustBeOpen(order).totalLots;
  }

  remainingLotsOf(order: OrderHandle): QtyLots {
    return this.mustBeOpen(order).remainingLots;
  }

  openOrdersOf(account: number): number {
    return this.orders.ofAccount(account).length;
  }

  forEachLevel(side: number, depth: number, visit: LevelVisitor): void {
    const levels = new Map<PriceTicks, { lots: number; orders: number }>();
    for (const order of this.orders.sideOf(side)) {
      const level = levels.get(order.priceTicks) ?? { lots: 0, orders: 0 };
      level.lots += order.remainingLots;
      level.orders += 1;
      levels.set(order.priceTicks, level);
    }
    // A Map keeps the order of insertion: best price first.
    for (const [priceTicks, level] of [...levels].slice(0, depth)) {
      visit(priceTicks, asQtyLots(level.lots), level.orders);
    }
  }

  trim(account: number): void {
    this.matching.touch(account);
    this.matching.trim();
  }

  writeCanonical(writer: CanonicalWriter, references: boolean): void {
    writer.put(this.lastOrderId);
    writer.put(this.matching.lastTradeSequence);
    writer.put(this.matching.lastPriceTicks);
    this.orders.write(writer, references);
  }

  readCanonical(reader: CanonicalReader): void {
    assert(this.lastOrderId === 0, 'only a new book is restored');
    this.lastOrderId = reader.take();
    this.matching.lastTradeSequence = reader.take();
    this.matching.lastPriceTicks = asPriceTicks(reader.take());
    this.orders.read(reader);
  }

  check(): void {
    this.orders.check(this.lastOrderId, this.priceTicksMax);
    assert(this.matching.isTrimmed, 'no account waits for trimming between commands');
  }

  /** Steps 1 and 2 of place: the terms on which the order may enter, or null and a rejection. */
  private admit(message: BookMessage): Terms | null {
    let lots = message.qtyLots;
    if (isReduceOnly(message)) {
      const closable = this.matching.closable(message);
      if (closable === 0) {
        const code = REJECT.reduce_only_order_would_not_reduce_position;
        this.report.rejected(message, code, lots, closable);
        return null;
      }
      lots = asQtyLots(Math.min(lots, closable));
    }
    const terms = {
      lots,
      priceTicks: message.priceTicks,
      markDistanceTicks: message.markDistanceTicks,
    };
    const crossed = this.slide(message.flags, terms);
    if (crossed === null) return terms;
    const code = REJECT.post_only_order_would_cross;
    this.report.rejected(message, code, message.priceTicks, crossed);
    return null;
  }

  /** Slides the price of a post-only order when need be. Returns the opposite best when it must be refused, else null. */
  private slide(flags: number, terms: Terms): PriceTicks | null {
    const best = this.orders.sideOf(oppositeSide(flags))[0]?.priceTicks;
    if (best === undefined || !isPostOnly({ flags })) return null;
    if (!reaches(flags, terms.priceTicks, best)) return null;
    if ((flags & type.FLAG_POST_ONLY_SLIDE) === 0) return best;
    const slid = asPriceTicks(isBuy({ flags }) ? best - 1 : best + 1);
    if (slid < 1 || slid > this.priceTicksMax) return best;
    terms.markDistanceTicks += slid - terms.priceTicks;
    terms.priceTicks = slid;
    return null;
  }

  /** Steps 3 to 7 of place. */
  private enter(message: BookMessage, terms: Terms): void {
    this.lastOrderId += 1;
    const order: NaiveOrder = {
      id: this.lastOrderId,
      account: message.account,
      flags: message.flags & ORDER_FLAGS,
      clientRef: message.clientRef,
      expiryMs: isGoodTillDate(message) ? message.expiryMs : 0,
      priceTicks: terms.priceTicks,
      totalLots: terms.lots,
      remainingLots: terms.lots,
      lossTicks: lossTicksOf(message.flags, terms.markDistanceTicks),
    };
    this.report.accepted(order, message);
    if (type.tifOf(order.flags) === type.TIF_FOK && !this.matching.canFill(order)) {
      this.matching.cancelRest(order, type.REASON_FOK_UNFILLABLE);
      return;
    }
    this.matching.match(order);
    if (order.remainingLots > 0) this.settleRemainder(order);
    this.matching.trim();
  }

  /** Step 6 of place. */
  private settleRemainder(order: NaiveOrder): void {
    const tif = type.tifOf(order.flags);
    assert(tif !== type.TIF_FOK, 'a fill-or-kill order that passes its test fills completely');
    if ((order.flags & type.FLAG_MARKET_ORDER) !== 0) {
      this.matching.cancelRest(order, type.REASON_NO_LIQUIDITY);
    } else if (tif === type.TIF_IOC) {
      this.matching.cancelRest(order, type.REASON_IOC_REMAINDER);
    } else {
      this.matching.rest(order);
    }
  }

  /** Steps 1 and 2 of amend. */
  private amendOpen(order: NaiveOrder, message: BookMessage): void {
    const wantedLots = message.qtyLots === 0 ? order.totalLots : message.qtyLots;
    let lots = asQtyLots(wantedLots - filledLots(order));
    if (lots <= 0) {
      this.cancelAsAnswer(order, type.REASON_USER, message);
      return;
    }
    if (isReduceOnly(order)) lots = asQtyLots(Math.min(lots, this.matching.closable(order)));
    if (lots === 0) {
      this.cancelAsAnswer(order, type.REASON_REDUCE_ONLY, message);
      return;
    }
    const priceTicks = message.priceTicks === 0 ? order.priceTicks : message.priceTicks;
    const terms = { lots, priceTicks, markDistanceTicks: message.markDistanceTicks };
    const crossed = this.slide(order.flags, terms);
    if (crossed === null) this.amendTo(order, terms, message);
    else this.report.rejected(message, REJECT.post_only_order_would_cross, priceTicks, crossed);
  }

  /** Step 4 of amend. */
  private amendTo(order: NaiveOrder, terms: Terms, message: BookMessage): void {
    // Without a new price the distance of the message means nothing, and nothing can have slid.
    const keepsLoss = message.priceTicks === 0;
    const newLossTicks = lossTicksOf(order.flags, terms.markDistanceTicks);
    const lossTicks = keepsLoss ? order.lossTicks : newLossTicks;
    const asks =
      message.type === type.MSG_AMEND
        ? needsReserve(order, terms.lots, lossTicks)
        : exceedsGrant(order, terms.lots, lossTicks, message);
    if (asks) {
      const { lots: remainingLots, priceTicks } = terms;
      const lots = filledLots(order) + remainingLots;
      this.report.reserveAmend(order, { lots, remainingLots, priceTicks, lossTicks }, message);
    } else {
      this.applyAmend(order, terms, lossTicks, message);
    }
  }

  /** Steps 5 to 7 of amend. */
  private applyAmend(
    order: NaiveOrder,
    terms: Terms,
    lossTicks: number,
    message: BookMessage,
  ): void {
    const old = before(order);
    const keepsPlace = terms.priceTicks === order.priceTicks && terms.lots < order.remainingLots;
    if (!keepsPlace) this.orders.remove(order);
    order.totalLots = asQtyLots(filledLots(order) + terms.lots);
    order.remainingLots = terms.lots;
    order.priceTicks = terms.priceTicks;
    order.lossTicks = lossTicks;
    this.report.amended(order, old, type.REASON_USER, message);
    if (!keepsPlace) {
      this.matching.match(order);
      if (order.remainingLots > 0) this.matching.rest(order);
    }
    this.matching.trim();
  }

  private cancelAsAnswer(order: NaiveOrder, reason: number, message: BookMessage): void {
    this.orders.remove(order);
    this.report.canceled(order, reason, message);
  }

  /** Somebody else's order is as good as none. */
  private openOrder(id: number, account: number): NaiveOrder | null {
    const order = this.orders.get(id);
    return order?.account === account ? order : null;
  }

  private mustBeOpen(handle: OrderHandle): NaiveOrder {
    const order = this.orders.get(handle);
    assert(order !== null, 'a handle names an open order');
    return order;
  }
}

function filledLots(order: NaiveOrder): number {
  return order.totalLots - order.remainingLots;
}

/** Whether an amend could lose more than what is reserved for the order. Products may pass 2^53. */
function needsReserve(order: NaiveOrder, newLots: QtyLots, newLossTicks: number): boolean {
  if (newLots > order.remainingLots) return true;
  const newLoss = BigInt(newLots) * BigInt(newLossTicks);
  return newLoss > BigInt(order.remainingLots) * BigInt(order.lossTicks);
}

/** Step 4 of amend, for a grant: the order has become smaller meanwhile, so that more is missing than was granted. */
function exceedsGrant(
  order: NaiveOrder,
  lots: number,
  lossTicks: number,
  { inbox, slot }: BookMessage,
): boolean {
  const words = (word: number) => inbox.words[slot * layout.SLOT_WORDS + word] as number;
  const floats = (float: number) => inbox.floats[slot * layout.SLOT_FLOATS + float] as number;
  const granted = floats(layout.F_GRANT_REMAINING);
  const asked = floats(layout.F_GRANT_OLD_REMAINING);
  const grantedLoss = lossTicksOf(order.flags, words(layout.W_MARK_DISTANCE));
  const grantedValue = granted * grantedLoss - asked * words(layout.W_GRANT_OLD_LOSS_TICKS);
  const neededLots = lots - order.remainingLots;
  const neededValue = lots * lossTicks - order.remainingLots * order.lossTicks;
  return neededLots > Math.max(0, granted - asked) || neededValue > Math.max(0, grantedValue);
}
