import type { MarketActor } from '../market/market-actor.js';
import { expires } from '../market/order-rules.js';
import {
  F_EXPIRY,
  F_QTY,
  SLOT_FLOATS,
  SLOT_WORDS,
  TRIGGER_F_OCO,
  TRIGGER_W_PRICE,
  TRIGGER_W_TERMS,
  TRIGGER_W_TRAIL_PPM,
  TRIGGER_W_TRAIL_TICKS,
  W_ACCOUNT,
  W_CLIENT_REF,
  W_FLAGS,
  W_PRICE,
} from '../messages/layout.js';
import type { MessageBuffer } from '../messages/message-buffer.js';
import { REJECT, type RejectCode } from '../messages/reject-codes.js';
import {
  CLIENT_FLAGS,
  FLAG_MARKET_ORDER,
  FLAG_REDUCE_ONLY,
  PRICE_OF_INDEX,
  PRICE_OF_LAST_TRADE,
  sideOf,
  TRIGGER_TRAILING_STOP,
} from '../messages/types.js';
import { withoutMinusZero } from '../state/minus-zero.js';
import {
  asPpm,
  asPriceTicks,
  asQtyLots,
  asTimeMs,
  asValueTickLots,
  type PriceTicks,
  type QtyLots,
} from '../units/units.js';
import { closesPosition, kindOfTerms, sourceOfTerms } from './trigger-events.js';
import { isReached, type TriggerOrder } from './trigger-order.js';
import { type TriggerStore, WAITING_PER_ACCOUNT_MAX } from './trigger-store.js';

/** The order of MSG_PLACE_TRIGGER, which has no id yet. */
export function readOrder(inbox: MessageBuffer, slot: number): Omit<TriggerOrder, 'id'> {
  const w = slot * SLOT_WORDS;
  const f = slot * SLOT_FLOATS;
  const { words, floats } = inbox;
  const terms = w + SLOT_WORDS;
  const flags = (words[w + W_FLAGS] as number) & CLIENT_FLAGS;
  return {
    account: words[w + W_ACCOUNT] as number,
    flags,
    clientRef: words[w + W_CLIENT_REF] as number,
    kind: kindOfTerms(words[terms + TRIGGER_W_TERMS] as number),
    source: sourceOfTerms(words[terms + TRIGGER_W_TERMS] as number),
    triggerTicks: asPriceTicks(words[terms + TRIGGER_W_PRICE] as number),
    trailTicks: asPriceTicks(words[terms + TRIGGER_W_TRAIL_TICKS] as number),
    trailPpm: asPpm(words[terms + TRIGGER_W_TRAIL_PPM] as number),
    bestTicks: asPriceTicks(0),
    ocoId: withoutMinusZero(floats[terms / 2 + TRIGGER_F_OCO] as number),
    bracketId: 0,
    priceTicks: asPriceTicks(words[w + W_PRICE] as number),
    qtyLots: asQtyLots(withoutMinusZero(floats[f + F_QTY] as number)),
    closesPosition: closesPosition(words[terms + TRIGGER_W_TERMS] as number),
    expiryMs: asTimeMs(expires(flags) ? (floats[f + F_EXPIRY] as number) : 0),
  };
}

/** Whether the order may wait; otherwise it has been refused. */
export function admitsTrigger(
  market: MarketActor,
  store: TriggerStore,
  inbox: MessageBuffer,
  slot: number,
  order: Omit<TriggerOrder, 'id'>,
  nowMs: number,
): boolean {
  const { params } = market;
  const refuse = (code: RejectCode, value: number, limit: number): false =>
    market.refuse(inbox, slot, code, value, limit);
  const { flags, priceTicks, triggerTicks, qtyLots, expiryMs, account } = order;
  if (!market.stateAdmitsOrder(inbox, slot, flags)) return false;
  if (market.markTicks === 0) return refuse(REJECT.market_has_no_mark_price, 0, 0);
  const { priceTicksMax } = params;
  const isUnbounded = (flags & FLAG_MARKET_ORDER) !== 0 && priceTicks === 0;
  if (!isUnbounded && (priceTicks < 1 || priceTicks > priceTicksMax)) {
    return refuse(REJECT.price_ticks_must_be_within_1_and_limit, priceTicks, priceTicksMax);
  }
  const isTrailing = order.kind === TRIGGER_TRAILING_STOP;
  const now = priceOf(market, order.source);
  if (isTrailing && now === 0) return refuse(REJECT.price_source_has_no_price_yet, 0, 0);
  if (!isTrailing && (triggerTicks < 1 || triggerTicks > priceTicksMax)) {
    const code = REJECT.trigger_price_ticks_must_be_within_1_and_limit;
    return refuse(code, triggerTicks, priceTicksMax);
  }
  if (order.closesPosition && closableLots(market, order) === 0) {
    return refuse(REJECT.reduce_only_order_would_not_reduce_position, 0, 0);
  }
  if (!order.closesPosition && !market.admitsLots(inbox, slot, qtyLots)) return false;
  // What a market order will be worth is not known yet: the trigger price stands for it, or the present one.
  const bound = isTrailing ? now : triggerTicks;
  const value = asValueTickLots((isUnbounded ? bound : priceTicks) * qtyLots);
  if ((flags & FLAG_REDUCE_ONLY) === 0 && value < market.minValueTickLots) {
    return market.refuseNotional(inbox, slot, value);
  }
  if (expires(flags) && !(expiryMs > nowMs)) {
    return refuse(REJECT.expiry_time_must_be_in_the_future, expiryMs, nowMs);
  }
  const limit = Math.min(params.openOrdersMax, WAITING_PER_ACCOUNT_MAX);
  const waiting = store.countOf(account);
  if (waiting >= limit) {
    return refuse(REJECT.waiting_trigger_orders_must_not_exceed_limit, waiting + 1, limit);
  }
  if (now === 0 || !isReached(order, now)) return true;
  return refuse(REJECT.trigger_price_would_trigger_immediately, triggerTicks, now);
}

/** Whether the waiting order that this one names can be paired with it. */
export function mayPair(
  market: MarketActor,
  store: TriggerStore,
  inbox: MessageBuffer,
  slot: number,
  order: Omit<TriggerOrder, 'id'>,
): boolean {
  if (order.ocoId === 0) return true;
  const other = store.find(order.ocoId);
  if (other === null || other.account !== order.account) {
    return market.refuse(inbox, slot, REJECT.order_is_not_open, order.ocoId, 0);
  }
  const taken = other.bracketId === 0 ? other.ocoId : other.bracketId;
  if (taken === 0) return true;
  const code = REJECT.oco_order_is_paired_already;
  return market.refuse(inbox, slot, code, order.ocoId, taken);
}

/** The present price of a source, 0 for none yet. */
export function priceOf(market: MarketActor, source: number): PriceTicks {
  const { markTicks, pricing, book } = market;
  if (source === PRICE_OF_LAST_TRADE) return book.lastPrice();
  return source === PRICE_OF_INDEX ? pricing.index.ticks : markTicks;
}

/** What an order that belongs to a position would close now. */
export function closableLots(
  market: MarketActor,
  { account, flags }: Pick<TriggerOrder, 'account' | 'flags'>,
): QtyLots {
  return market.positions.closableLots(account, sideOf(flags));
}
