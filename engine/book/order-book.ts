import type { MessageBuffer } from '../messages/message-buffer.js';
import type { CanonicalReader, CanonicalWriter } from '../state/canonical-writer.js';
import { asPriceTicks, asQtyLots, type PriceTicks, type QtyLots } from '../units/units.js';

/** Handle of an open order within one book; valid until the next command. −1: none. */
export type OrderHandle = number;
export const NO_ORDER: OrderHandle = -1;

/** Best price of an empty side. */
export const NO_PRICE = asPriceTicks(0);

/**
 * The positions that a book settles its fills into. Reduce-only rules read them, and the two fill events of
 * a trade carry their results. A bare book (benchmarks, LOBSTER replay) runs with `noPositions`.
 */
export interface FillLedger {
  /** Lots that an order of this side could close: short lots for a buy, long lots for a sell. */
  closableLots(account: number, side: number): QtyLots;
  /**
   * Settles one side of a fill. Reads price, lots and flags (side, maker, tier) from the event at `slot` of
   * `events` and writes fee, realised profit, position and entry value into it.
   */
  settleFill(events: MessageBuffer, slot: number): void;
}

/**
 * An order book of one market: price-time priority, run by one thread. Two implementations, `FastBook`
 * and `NaiveBook`, emit the same events for the same messages and have the same canonical state.
 *
 * Messages are those of `messages/`, already checked by the market actor (ranges, market state, price
 * band, notional): `inbox` and `slot` say where the message stands. Events are appended to `events`.
 *
 * ## Place (MSG_PLACE), in this order
 * 1. Reduce-only: quantity is cut to the account's closable lots; none → rejected
 *    `reduce_only_order_would_not_reduce_position` (value: quantity, limit: closable lots).
 * 2. Post-only that would cross the opposite best: with FLAG_POST_ONLY_SLIDE the price becomes best ask − 1
 *    (buy) or best bid + 1 (sell), and W_MARK_DISTANCE changes by as much; a slid price outside of
 *    1 … priceTicksMax, or without the flag → rejected `post_only_order_would_cross` (value: price asked for,
 *    limit: opposite best).
 * 3. The order gets the next id (1, 2, 3 … without a gap; rejections take none) and is accepted:
 *    EVT_ACCEPTED (EF_LOTS: quantity, EF_VALUE: quantity asked for, EW_PRICE, EF_EXPIRY for GTD else 0).
 * 4. FOK that cannot fill completely at once → EVT_CANCELED (REASON_FOK_UNFILLABLE, EF_REMAINING: all of it);
 *    nothing else has changed.
 * 5. Matching: while lots remain and the opposite best is within the limit, its oldest order is the maker.
 *    a. A reduce-only maker whose account has no closable lots is canceled (REASON_REDUCE_ONLY).
 *    b. Maker of the same account, and the taker's self-trade mode is not STP_NONE:
 *       cancel taker: the taker's rest is canceled, matching ends · cancel maker: the maker is canceled ·
 *       cancel both: maker canceled, then the taker's rest · decrement: both lose min(remaining, remaining);
 *       the maker first, then the taker: EVT_CANCELED (EF_REMAINING: the lots lost) when nothing is left,
 *       else EVT_AMENDED with the same price (total and remaining reduced). All with REASON_SELF_TRADE.
 *    c. Fill: min of both remaining (and of the maker's closable lots when it is reduce-only), at the maker's
 *       price. EVT_FILL of the maker, then of the taker; the trade sequence of the market counts up by one.
 *       The ledger settles the maker first. A maker without remaining lots leaves the book.
 * 6. What remains: market order → canceled REASON_NO_LIQUIDITY; IOC → canceled REASON_IOC_REMAINDER; else it
 *    rests at the end of its price level (and, GTD, in the expiry queue).
 * 7. Reduce-only trimming (below).
 *
 * ## FOK test
 * Simulates step 5 without effects. A reduce-only maker counts at most what its account could still close at
 * that point of the simulation, in which positions move with every simulated fill, of maker and taker. Own orders: cancel-maker
 * mode skips them; in the other modes but STP_NONE the first own order reached before the quantity is filled makes
 * the order unfillable. So an order that passes the test fills completely.
 *
 * ## Amend (MSG_AMEND, MSG_AMEND_GRANTED)
 * W_PRICE 0 or F_QTY 0: unchanged. The quantity is the new total, fills included; new remaining = total − filled
 * (filled = the order's total − its remaining). Flags, client reference and GTD expiry stay those of the order.
 * 1. New remaining ≤ 0 → the order is canceled (REASON_USER).
 * 2. Reduce-only: new remaining is cut to the closable lots (none → canceled, REASON_REDUCE_ONLY).
 * 3. Post-only and the new price would cross: as in place step 2 (the rejection leaves the order as it was).
 * 4. MSG_AMEND only: when the new remaining exceeds the old, or new remaining × new loss ticks exceeds old × old,
 *    nothing changes and EVT_RESERVE_AMEND asks the margin actor, which answers MSG_AMEND_GRANTED (W_PRICE
 *    and F_QTY are then explicit) or rejects. EVT_RESERVE_AMEND: EF_ORDER_ID, EF_LOTS new total, EF_REMAINING new
 *    remaining, EF_OLD_REMAINING, EW_PRICE new price, EW_OLD_PRICE, EW_OLD_LOSS_TICKS, EW_LOSS_TICKS new, EW_CLIENT_REF.
 *    Loss ticks of an order = max(0, distance) for a buy, max(0, −distance) for a sell, where distance is
 *    W_MARK_DISTANCE (price − mark) of the message; an unchanged price (0) keeps the order's loss ticks. The products may
 *    pass 2^53 and are compared exactly.
 *    MSG_AMEND_GRANTED: when the order has become smaller since it was asked for, by another amend that was on its way, more may be
 *    missing than was granted: new remaining − remaining > max(0, granted − asked), or the same for the products with the loss
 *    ticks. Then it asks again in the same way, with FLAG_GRANTED and the grant echoed, so that the margin actor takes that back first.
 * 5. Same price (also when the message spells it out) and a smaller remaining: in place, EVT_AMENDED with the fields of
 *    step 6, the order keeps its place in the queue and takes the new loss ticks.
 * 6. Anything else loses it: the order leaves its level, EVT_AMENDED (EF_LOTS new total, EF_REMAINING new
 *    remaining, EF_OLD_REMAINING, EW_PRICE new, EW_OLD_PRICE, EW_LOSS_TICKS new, EW_OLD_LOSS_TICKS; reason USER;
 *    FLAG_GRANTED and EF_GRANTED_REMAINING when granted), then matches like step 5 of place, and rests.
 * 7. Reduce-only trimming.
 *
 * Every answer to MSG_AMEND_GRANTED, also the EVT_CANCELED of steps 1 and 2, has FLAG_GRANTED and echoes the grant
 * (`writeGrant`), so that the margin actor can give back what it reserved.
 *
 * ## Reduce-only trimming
 * After the command, for each account that traded or placed with reduce-only orders open, in the order in which
 * they were touched (maker before taker of each trade): reduce-only orders on the side that does not close
 * anything are canceled, newest id first; then on the closing side, newest id first, they are cut until their sum is at most
 * the closable lots: EVT_CANCELED when nothing is left, else EVT_AMENDED in place (total and remaining reduced).
 * REASON_REDUCE_ONLY. An account is touched by each of its fills, and when a reduce-only order of it comes to rest (place,
 * replace, amend step 6); so a taker that trades comes after its first maker, one that only rests comes last.
 *
 * ## Cancel, replace, mass cancel, expiry
 * MSG_CANCEL → EVT_CANCELED (REASON_USER). MSG_REPLACE is atomic: steps 1 and 2 of place are tested first, with the target
 * (last slot) still open; a rejection leaves the target as it was. Then the target is canceled with REASON_REPLACED and the
 * new order goes on with step 3 (with the quantity and price that the test gave). Target not open → only the rejection, before
 * the tests. An order that is not open, or is another
 * account's → rejected `order_is_not_open` (value: order id). MSG_MASS_CANCEL: EVT_CANCELED (REASON_MASS_CANCEL) newest
 * id first, over both sides that the flags name, then EVT_MASS_CANCELED (EF_LOTS: how many).
 * `expire(now)`: GTD orders with expiry ≤ now are canceled (REASON_EXPIRED), by expiry, then id.
 *
 * Rejections are written by `pushMarketRejection` (messages/rejection.ts) with the value and limit named above.
 *
 * Exactly one event a message is its answer and carries its session and request: EVT_REJECTED; EVT_ACCEPTED of place and
 * replace; of amend the EVT_AMENDED or EVT_CANCELED of steps 1, 2, 5 or 6, or EVT_RESERVE_AMEND; EVT_CANCELED of cancel;
 * EVT_MASS_CANCELED. All other events (fills, rests, self-trade, trimming, the replaced target …) carry zeros there. EF_SEQUENCE, EF_ACCOUNT_SEQUENCE, EF_COLLATERAL and EF_CLIENT_ID are left
 * zero for others to fill in. An order with FLAG_CLIENT_TEXT has events of three slots, the third zeroed.
 *
 * ## Fields of the events
 * All events but EVT_REJECTED have W_ACCOUNT, EF_ORDER_ID, EW_FLAGS (client flags and tier of the order's W_FLAGS; reason and
 * FLAG_MAKER or FLAG_GRANTED added), EW_CLIENT_REF and EW_LOSS_TICKS of their order. EVT_MASS_CANCELED takes account, W_FLAGS and
 * W_CLIENT_REF from its message, has two slots, order id 0 and no loss ticks. Besides:
 * - EVT_ACCEPTED: as above, EF_REMAINING = EF_LOTS, and EW_OLD_LOSS_TICKS: the loss ticks of the message's own distance,
 *   which is what the margin actor reserved before a post-only slide.
 * - EVT_FILL: EF_LOTS of this fill, EF_REMAINING after it, EW_PRICE (the maker's), EF_TRADE_SEQUENCE; and the
 *   ledger's: EF_FEE, EF_REALIZED, EF_POSITION, EF_ENTRY_VALUE (zero for the ledger to find).
 * - EVT_CANCELED: EF_REMAINING (the lots canceled), EW_PRICE. EF_LOTS is 0.
 * - EVT_AMENDED, whatever its reason: all fields of amend step 6; an amend in place has equal old and new price.
 * - EVT_REJECTED: as `pushMarketRejection` writes it; the limit of `order_is_not_open` is 0.
 * Everything else is zero.
 */
export interface OrderBook {
  readonly events: MessageBuffer;
  readonly openOrders: number;
  /** Best prices in ticks, NO_PRICE when the side is empty. */
  bestBid(): PriceTicks;
  bestAsk(): PriceTicks;
  /** Of the last trade, NO_PRICE before the first. */
  lastPrice(): PriceTicks;

  place(inbox: MessageBuffer, slot: number): void;
  cancel(inbox: MessageBuffer, slot: number): void;
  amend(inbox: MessageBuffer, slot: number): void;
  replace(inbox: MessageBuffer, slot: number): void;
  massCancel(inbox: MessageBuffer, slot: number): void;
  expire(nowMs: number): void;
  /** Cancels every order (bids best first, then asks best first, each level in queue order). */
  cancelEverything(reason: number): void;
  /** The account's position has changed outside of the book: reduce-only trimming, as after a command. */
  trim(account: number): void;
  /** Takes the market's next order id, for an order that waits outside of the book. */
  takeOrderId(): number;
  /** Earliest GTD expiry, Infinity when there is none. */
  nextExpiryMs(): number;

  /** The open order with the id at F_ORDER_ID of the message if it belongs to the message's account. */
  find(inbox: MessageBuffer, slot: number): OrderHandle;
  flagsOf(order: OrderHandle): number;
  priceOf(order: OrderHandle): PriceTicks;
  totalLotsOf(order: OrderHandle): QtyLots;
  remainingLotsOf(order: OrderHandle): QtyLots;
  openOrdersOf(account: number): number;

  /** Best first; stops after `depth` levels. */
  forEachLevel(side: number, depth: number, visit: LevelVisitor): void;
  /**
   * Last order id, last trade sequence, last price (0: none), then count and orders of the bids and of the asks, best level first, each in queue
   * order: id, account, flags, price, remaining, total, expiry (0: none), loss ticks.
   * With `references` (snapshots only, not hashed) each order's client reference follows.
   */
  writeCanonical(writer: CanonicalWriter, references: boolean): void;
  /** Restores an empty book from `writeCanonical` with references. */
  readCanonical(reader: CanonicalReader): void;
  /** Throws InvariantError when links, sums or indices do not agree. For tests and the simulator. */
  check(): void;
}

export type LevelVisitor = (priceTicks: PriceTicks, qtyLots: QtyLots, orders: number) => void;

export const noPositions: FillLedger = {
  closableLots: () => asQtyLots(0),
  settleFill: () => {},
};
