import { flagsProblem } from '../../engine/market/order-rules.js';
import * as layout from '../../engine/messages/layout.js';
import { REJECT } from '../../engine/messages/reject-codes.js';
import { pushRejection } from '../../engine/messages/rejection.js';
import * as type from '../../engine/messages/types.js';
import { holdingOf, type NaiveAccount, type NaiveState, naiveReject } from './naive-home.js';
import { maxOf, type NaiveMarket } from './naive-money.js';
import { naiveCloseMany, naiveReserveMany } from './naive-reserve.js';
import { View } from './naive-views.js';

/** CMD_PLACE_SCALED: every order by itself among those that are open, all or none. CMD_PLACE_TWAP: a look at its form. */
export function naivePlaceParent(
  state: NaiveState,
  message: View,
  account: NaiveAccount,
  market: NaiveMarket,
  key: number | string | null,
): void {
  const isScaled = message.type === type.CMD_PLACE_SCALED;
  if (isScaled) {
    if (!scaledIsSound(state, message, market)) return;
    if (!reserve(state, message, account, market)) return;
  } else if (!twapIsSound(state, message, market)) return;
  const ref = key === null ? -1 : state.clientIds.add(account.id, key, market.marketId);
  const out = new View(state.inbox, state.inbox.push(2));
  const terms = lastSlot(message);
  for (let i = 0; i < layout.SLOT_WORDS; i++) {
    out.setWord(i, message.word(i));
    out.setWord(layout.SLOT_WORDS + i, terms.word(i));
  }
  const kind = isScaled ? type.MSG_PLACE_SCALED : type.MSG_PLACE_TWAP;
  out.setWord(layout.W_HEAD, layout.headOf(kind, 2, market.marketId));
  const flags = message.flags & type.CLIENT_FLAGS;
  out.setWord(layout.W_FLAGS, flags | (account.tier << type.TIER_SHIFT));
  out.setWord(layout.W_CLIENT_REF, ref);
  const distance = message.word(layout.W_PRICE) - Number(market.mark);
  out.setWord(layout.W_MARK_DISTANCE, isScaled ? distance : 0);
}

/** The market has refused a scaled order: none of its orders is on its way any more. */
export function naiveScaledRejected(state: NaiveState, event: View, market: NaiveMarket): void {
  const lots = BigInt(event.float(layout.EF_RESERVED_LOTS));
  if (lots === 0n) return;
  const holding = holdingOf(market, event.account);
  const pending = holding.orders.filter(({ orderId }) => orderId === 0);
  const sum = pending.reduce((all, order) => all + order.lots, 0n);
  if (sum !== lots) throw new Error(`${sum} lots are on their way, but ${lots} were refused`);
  holding.orders = holding.orders.filter(({ orderId }) => orderId !== 0);
  state.pending -= pending.length;
}

/** Prices from the first on towards the last; lots by weights, and what is left over by one each from the first on. */
function ordersOf(message: View): { price: number; lots: bigint }[] {
  const terms = lastSlot(message);
  const first = BigInt(message.word(layout.W_PRICE));
  const last = BigInt(terms.word(layout.SCALED_W_LAST_PRICE));
  const count = BigInt(terms.word(layout.SCALED_W_COUNT));
  const total = BigInt(message.float(layout.F_QTY));
  const shape = terms.word(layout.SCALED_W_DISTRIBUTION);
  const orders: { price: number; lots: bigint }[] = [];
  const all = shape === type.SCALED_EQUAL ? count : (count * (count + 1n)) / 2n;
  for (let i = 0n; i < count; i++) {
    let weight = 1n;
    if (shape === type.SCALED_RISING) weight = i + 1n;
    if (shape === type.SCALED_FALLING) weight = count - i;
    const price = Number(first + ((last - first) * i) / (count - 1n));
    orders.push({ price, lots: (total * weight) / all });
  }
  const given = orders.reduce((sum, { lots }) => sum + lots, 0n);
  orders.slice(0, Number(total - given)).forEach((order) => {
    order.lots++;
  });
  return orders;
}

function reserve(
  state: NaiveState,
  message: View,
  account: NaiveAccount,
  market: NaiveMarket,
): boolean {
  const isBuy = type.sideOf(message.flags) === type.SIDE_BUY;
  const orders = ordersOf(message).map(({ price, lots }) => {
    const distance = BigInt(price) - market.mark;
    return { price, isBuy, lots, lossTicks: maxOf(0n, isBuy ? distance : -distance) };
  });
  const refusal = naiveReserveMany(state, account, market, orders);
  if (refusal === null) return true;
  const isClosing = (message.flags & type.FLAG_REDUCE_ONLY) !== 0;
  if (refusal.code === REJECT.insufficient_margin && isClosing) {
    if (naiveCloseMany(state, account, market, orders)) return true;
  }
  const { buffer, slot } = message;
  const { code, value, limit } = refusal;
  pushRejection(state.events, buffer, slot, code, Number(value), Number(limit));
  return false;
}

function scaledIsSound(state: NaiveState, message: View, market: NaiveMarket): boolean {
  const flags = message.flags & type.CLIENT_FLAGS;
  const { priceTicksMax, qtyLotsMax } = market.params;
  const terms = lastSlot(message);
  const first = message.word(layout.W_PRICE);
  const last = terms.word(layout.SCALED_W_LAST_PRICE);
  const count = terms.word(layout.SCALED_W_COUNT);
  const shape = terms.word(layout.SCALED_W_DISTRIBUTION);
  const lots = message.float(layout.F_QTY);
  const rests = type.tifOf(flags) === type.TIF_GTC || type.tifOf(flags) === type.TIF_GTD;
  const isLimit = (flags & type.FLAG_MARKET_ORDER) === 0;
  const least = shape === type.SCALED_EQUAL ? count : (count * (count + 1)) / 2;
  const isOff = (price: number) => price < 1 || price > priceTicksMax;
  if (flagsProblem(flags) !== 0 || !isLimit || !rests) {
    naiveReject(state, message, 'flags_are_contradictory', flags, 0);
  } else if (count < 2 || count > 50) {
    naiveReject(state, message, 'scaled_count_must_be_within_2_and_limit', count, 50);
  } else if (shape < 0 || shape > 2) {
    naiveReject(state, message, 'scaled_distribution_is_unknown', shape, 0);
  } else if (isOff(first) || isOff(last)) {
    const price = isOff(first) ? first : last;
    naiveReject(state, message, 'price_ticks_must_be_within_1_and_limit', price, priceTicksMax);
  } else if (Math.abs(last - first) < count - 1) {
    const range = Math.abs(last - first);
    naiveReject(state, message, 'scaled_range_ticks_must_reach_limit', range, count - 1);
  } else if (!Number.isInteger(lots) || lots < 1 || lots > qtyLotsMax * count) {
    const limit = qtyLotsMax * count;
    naiveReject(state, message, 'qty_lots_must_be_within_1_and_limit', lots, limit);
  } else if (lots < least) {
    naiveReject(state, message, 'qty_lots_must_give_each_child_order_a_lot', lots, least);
  } else if (market.mark === 0n) naiveReject(state, message, 'market_has_no_mark_price', 0, 0);
  else return true;
  return false;
}

function twapIsSound(state: NaiveState, message: View, market: NaiveMarket): boolean {
  const flags = message.flags & type.CLIENT_FLAGS;
  const { priceTicksMax, qtyLotsMax } = market.params;
  const terms = lastSlot(message);
  const slices = terms.word(layout.TWAP_W_SLICES);
  const duration = terms.word(layout.TWAP_W_DURATION);
  const price = message.word(layout.W_PRICE);
  const lots = message.float(layout.F_QTY);
  const others =
    type.FLAG_MARKET_ORDER |
    type.FLAG_POST_ONLY |
    type.FLAG_POST_ONLY_SLIDE |
    (type.TIF_MASK << type.TIF_SHIFT);
  const day = 86_400_000;
  if ((flags & others) !== 0 || type.stpOf(flags) > type.STP_DECREMENT) {
    naiveReject(state, message, 'flags_are_contradictory', flags, 0);
  } else if (slices < 2 || slices > 2_880) {
    naiveReject(state, message, 'twap_slices_must_be_within_2_and_limit', slices, 2_880);
  } else if (duration < slices * 1_000) {
    const least = slices * 1_000;
    naiveReject(state, message, 'twap_duration_ms_must_be_at_least_limit', duration, least);
  } else if (duration > day) {
    naiveReject(state, message, 'twap_duration_ms_must_not_exceed_limit', duration, day);
  } else if (price < 0 || price > priceTicksMax) {
    naiveReject(state, message, 'price_ticks_must_be_within_1_and_limit', price, priceTicksMax);
  } else if (!Number.isInteger(lots) || lots < 1 || lots > qtyLotsMax) {
    naiveReject(state, message, 'qty_lots_must_be_within_1_and_limit', lots, qtyLotsMax);
  } else if (lots < slices) {
    naiveReject(state, message, 'qty_lots_must_give_each_child_order_a_lot', lots, slices);
  } else if (BigInt(lots) * BigInt(priceTicksMax) > 2n ** 52n) {
    const value = BigInt(lots) * BigInt(priceTicksMax);
    naiveReject(state, message, 'twap_value_tick_lots_must_not_exceed_limit', value, 2 ** 52);
  } else return true;
  return false;
}

function lastSlot(message: View): View {
  return new View(message.buffer, message.slot + message.slots - 1);
}
