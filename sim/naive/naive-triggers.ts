import { bandPriceTicks, flagsProblem } from '../../engine/market/order-rules.js';
import * as layout from '../../engine/messages/layout.js';
import { REJECT } from '../../engine/messages/reject-codes.js';
import { pushRejection } from '../../engine/messages/rejection.js';
import * as type from '../../engine/messages/types.js';
import { asPriceTicks } from '../../engine/units/units.js';
import { holdingOf, type NaiveAccount, type NaiveState, naiveReject } from './naive-home.js';
import { isNaiveLiquidating } from './naive-liquidations.js';
import type { NaiveMarket } from './naive-money.js';
import { naiveClose, naiveReserve } from './naive-reserve.js';
import { pushEvent, View } from './naive-views.js';

const KINDS: readonly number[] = [
  type.TRIGGER_STOP,
  type.TRIGGER_TAKE_PROFIT,
  type.TRIGGER_TRAILING_STOP,
];
const SOURCES: readonly number[] = [
  type.PRICE_OF_MARK,
  type.PRICE_OF_LAST_TRADE,
  type.PRICE_OF_INDEX,
];

/** CMD_PLACE_TRIGGER: a look at its form, and on to the market; nothing is reserved. */
export function naivePlaceTrigger(
  state: NaiveState,
  message: View,
  market: NaiveMarket,
  key: number | string | null,
): void {
  if (!isSound(state, message, market)) return;
  const terms = lastSlot(message);
  const oco = ocoOrder(state, message, market);
  if (oco === null) return;
  const ref = key === null ? -1 : state.clientIds.add(message.account, key, market.marketId);
  const out = new View(state.inbox, state.inbox.push(2));
  for (let i = 0; i < layout.SLOT_WORDS; i++) out.setWord(i, message.word(i));
  out.setWord(layout.W_HEAD, layout.headOf(type.MSG_PLACE_TRIGGER, 2, market.marketId));
  out.setWord(layout.W_FLAGS, message.flags & type.CLIENT_FLAGS);
  out.setWord(layout.W_CLIENT_REF, ref);
  out.setWord(layout.W_MARK_DISTANCE, 0);
  for (let i = 0; i < layout.SLOT_WORDS; i++) {
    const isUsed = i <= layout.TRIGGER_W_TRAIL_PPM;
    out.setWord(layout.SLOT_WORDS + i, isUsed ? terms.word(i) : 0);
  }
  const flagless = terms.word(layout.TRIGGER_W_TERMS) & ~type.TRIGGER_TERM_OCO_CLIENT;
  out.setWord(layout.SLOT_WORDS + layout.TRIGGER_W_TERMS, flagless);
  out.setFloat(layout.SLOT_FLOATS + layout.TRIGGER_F_OCO, oco);
}

/** The order that is named for OCO: 0 for none, null when it is unknown. */
function ocoOrder(state: NaiveState, message: View, market: NaiveMarket): number | null {
  const terms = lastSlot(message);
  const named = terms.float(layout.TRIGGER_F_OCO);
  const text = terms.text(layout.TRIGGER_W_OCO_TEXT_LENGTH, layout.TRIGGER_W_OCO_TEXT);
  const byNumber = (terms.word(layout.TRIGGER_W_TERMS) & type.TRIGGER_TERM_OCO_CLIENT) !== 0;
  if (text === '' && !byNumber) return named;
  const known = state.clientIds.find(message.account, text === '' ? named : text);
  const id = known?.marketId === market.marketId ? known.orderId : 0;
  if (id !== 0) return id;
  naiveReject(state, message, 'order_is_not_open', named, 0);
  return null;
}

/** An event of a trigger order at the home of its account, before it is numbered. */
export function naiveTriggerRejected(state: NaiveState, event: View, market: NaiveMarket): void {
  const wasReserved = event.float(layout.EF_LOTS) !== 0;
  if (!wasReserved) return;
  const holding = holdingOf(market, event.account);
  const pending = holding.orders.findIndex(({ orderId }) => orderId === 0);
  holding.orders.splice(pending, 1);
  state.pending--;
}

/** EVT_TRIGGERED, after it was numbered: an order as if it came in now. */
export function naiveFire(
  state: NaiveState,
  event: View,
  account: NaiveAccount,
  market: NaiveMarket,
): void {
  const flags = event.word(layout.EW_FLAGS) & type.CLIENT_FLAGS;
  const own = event.word(layout.EW_PRICE);
  let price: number | null = limitOf(market, flags, own);
  const lots = event.float(layout.EF_LOTS);
  const asked = { flags, price, lots: BigInt(lots), distance: price - Number(market.mark) };
  const refusal = naiveHold(state, account, market) ?? naiveReserve(state, account, market, asked);
  if (refusal?.code === REJECT.insufficient_margin) {
    const isUnbounded = (flags & type.FLAG_MARKET_ORDER) !== 0 && own === 0;
    price = naiveClose(state, account, market, { ...asked, isUnbounded });
  }
  if (refusal !== null && (refusal.code !== REJECT.insufficient_margin || price === null)) {
    const { slots, marketId } = event;
    const out = pushEvent(state.events, type.EVT_TRIGGER_REJECTED, slots, marketId);
    const fired = new View(state.events, event.slot);
    out.setWord(layout.W_ACCOUNT, account.id);
    out.setWord(layout.EW_FLAGS, flags);
    out.setFloat(layout.EF_ORDER_ID, fired.float(layout.EF_ORDER_ID));
    out.setFloat(layout.EF_VALUE, Number(refusal.value));
    out.setFloat(layout.EF_LIMIT, Number(refusal.limit));
    out.setWord(layout.EW_CODE, refusal.code);
    out.setWord(layout.EW_CLIENT_REF, fired.word(layout.EW_CLIENT_REF));
    const told = pushEvent(state.inbox, type.MSG_NOT_RESERVED, 1, event.marketId);
    for (let i = 1; i < layout.SLOT_WORDS; i++) told.setWord(i, 0);
    told.setWord(layout.W_ACCOUNT, account.id);
    told.setFloat(layout.F_ORDER_ID, fired.float(layout.EF_ORDER_ID));
    return;
  }
  const isSlice = event.type === type.EVT_SLICE;
  const kind = isSlice ? type.MSG_PLACE_SLICE : type.MSG_PLACE_TRIGGERED;
  const out = pushEvent(state.inbox, kind, 1, event.marketId);
  for (let i = 1; i < layout.SLOT_WORDS; i++) out.setWord(i, 0);
  out.setWord(layout.W_ACCOUNT, account.id);
  out.setWord(layout.W_FLAGS, flags | (account.tier << type.TIER_SHIFT));
  out.setWord(layout.W_PRICE, price as number);
  out.setFloat(layout.F_QTY, lots);
  out.setFloat(layout.F_ORDER_ID, event.float(layout.EF_ORDER_ID));
  out.setFloat(layout.F_EXPIRY, event.float(layout.EF_EXPIRY));
  out.setWord(layout.W_CLIENT_REF, event.word(layout.EW_CLIENT_REF));
  out.setWord(layout.W_MARK_DISTANCE, (price as number) - Number(market.mark));
}

/** Nothing is placed for who is being liquidated. */
function naiveHold(state: NaiveState, { id }: NaiveAccount, { marketId }: NaiveMarket) {
  if (isNaiveLiquidating(state, id)) {
    return { code: REJECT.account_is_being_liquidated, value: BigInt(id), limit: 0n };
  }
  if (!isNaiveLiquidating(state, id, marketId)) return null;
  return { code: REJECT.position_is_being_liquidated, value: BigInt(marketId), limit: 0n };
}

function isSound(state: NaiveState, message: View, market: NaiveMarket): boolean {
  const flags = message.flags & type.CLIENT_FLAGS;
  const { priceTicksMax, qtyLotsMax } = market.params;
  const terms = lastSlot(message);
  const kind = terms.word(layout.TRIGGER_W_TERMS) & 255;
  const source = (terms.word(layout.TRIGGER_W_TERMS) >> 8) & 255;
  const trail = terms.word(layout.TRIGGER_W_TRAIL_TICKS);
  const rate = terms.word(layout.TRIGGER_W_TRAIL_PPM);
  const closes = (terms.word(layout.TRIGGER_W_TERMS) & type.TRIGGER_TERM_CLOSES_POSITION) !== 0;
  const trails = kind === type.TRIGGER_TRAILING_STOP;
  const trigger = terms.word(layout.TRIGGER_W_PRICE);
  const price = message.word(layout.W_PRICE);
  const lots = message.float(layout.F_QTY);
  const mayHaveNoPrice = (flags & type.FLAG_MARKET_ORDER) !== 0;
  const problem = flagsProblem(flags);
  if (problem !== 0) {
    pushRejection(state.events, message.buffer, message.slot, problem, flags, 0);
  } else if (!KINDS.includes(kind) || !SOURCES.includes(source)) {
    naiveReject(state, message, 'trigger_kind_or_source_is_unknown', kind, source);
  } else if (!(mayHaveNoPrice && price === 0) && (price < 1 || price > priceTicksMax)) {
    naiveReject(state, message, 'price_ticks_must_be_within_1_and_limit', price, priceTicksMax);
  } else if (trails && !mayHaveNoPrice) {
    naiveReject(state, message, 'flags_are_contradictory', flags, 0);
  } else if (trails ? trigger !== 0 || (trail !== 0) === (rate !== 0) : trail !== 0 || rate !== 0) {
    naiveReject(state, message, 'trailing_distance_must_be_given_once', trail, rate);
  } else if (trails && trail !== 0 && (trail < 1 || trail > priceTicksMax)) {
    naiveReject(
      state,
      message,
      'trailing_distance_must_be_within_1_and_limit',
      trail,
      priceTicksMax,
    );
  } else if (trails && rate !== 0 && (rate < 1 || rate > 999_999)) {
    naiveReject(state, message, 'trailing_distance_must_be_within_1_and_limit', rate, 999_999);
  } else if (!trails && (trigger < 1 || trigger > priceTicksMax)) {
    const name = 'trigger_price_ticks_must_be_within_1_and_limit';
    naiveReject(state, message, name, trigger, priceTicksMax);
  } else if (closes && (flags & type.FLAG_REDUCE_ONLY) === 0) {
    naiveReject(state, message, 'flags_are_contradictory', flags, 0);
  } else if (closes && lots !== 0) {
    naiveReject(state, message, 'qty_must_be_absent_when_position_is_closed', lots, 0);
  } else if (!closes && (!Number.isInteger(lots) || lots < 1 || lots > qtyLotsMax)) {
    naiveReject(state, message, 'qty_lots_must_be_within_1_and_limit', lots, qtyLotsMax);
  } else return true;
  return false;
}

function limitOf(market: NaiveMarket, flags: number, own: number): number {
  if ((flags & type.FLAG_MARKET_ORDER) === 0) return own;
  const side = type.sideOf(flags);
  const band = bandPriceTicks(market.params, side, asPriceTicks(Number(market.mark)));
  if (own === 0) return band;
  return side === type.SIDE_BUY ? Math.min(own, band) : Math.max(own, band);
}

function lastSlot(message: View): View {
  return new View(message.buffer, message.slot + message.slots - 1);
}
