import { bandPriceTicks, flagsProblem } from '../../engine/market/order-rules.js';
import * as layout from '../../engine/messages/layout.js';
import { REJECT } from '../../engine/messages/reject-codes.js';
import { pushRejection } from '../../engine/messages/rejection.js';
import * as type from '../../engine/messages/types.js';
import { asPriceTicks, MARKET_ID_ALL } from '../../engine/units/units.js';
import { naiveBracketIsSound, naiveCopyBracket } from './naive-brackets.js';
import { naiveSetCountdown } from './naive-countdowns.js';
import { naiveTakeOver } from './naive-deleveraging.js';
import {
  holdingOf,
  marketWith,
  type NaiveAccount,
  type NaiveState,
  naiveReject,
} from './naive-home.js';
import { naiveMoveMargin, naiveSetMode } from './naive-isolated.js';
import { naiveSetLeverage } from './naive-leverage.js';
import { isNaiveLiquidating } from './naive-liquidations.js';
import { type NaiveMarket, naiveValueLimit, naiveWorstValue } from './naive-money.js';
import { naivePlaceParent } from './naive-parents.js';
import { naiveClose, naiveReserve } from './naive-reserve.js';
import { answersTransferAgain, naiveCreateSub, naiveTransfer } from './naive-sub-accounts.js';
import { naivePlaceTrigger } from './naive-triggers.js';
import { pushEvent, View } from './naive-views.js';

type Key = number | string | null;

/** Traders' commands at the home of their account: a retry is answered, what is sound and covered goes on to the market. */
export function naiveTradeCommand(state: NaiveState, message: View, nowMs: number): void {
  const account = state.accounts.get(message.account);
  if (account === undefined) {
    naiveReject(state, message, 'unknown_account', message.account, 0);
    return;
  }
  const isTrigger = message.type === type.CMD_PLACE_TRIGGER;
  const isParent = message.type === type.CMD_PLACE_SCALED || message.type === type.CMD_PLACE_TWAP;
  const plain: readonly number[] = [type.CMD_PLACE, type.CMD_REPLACE, type.CMD_PLACE_BRACKET];
  const isPlain = plain.includes(message.type);
  const places = isPlain || isTrigger || isParent;
  const harmless: number[] = [
    type.CMD_CANCEL,
    type.CMD_MASS_CANCEL,
    type.CMD_CANCEL_ALL_AFTER,
    type.CMD_CREATE_SUB_ACCOUNT,
  ];
  const cancels = harmless.includes(message.type);
  const key = keyOf(message);
  if (places && key !== null && answersRetry(state, message, key)) return;
  const transfers = message.type === type.CMD_TRANSFER;
  if (transfers && answersTransferAgain(state, message, account)) return;
  const deadline = message.float(layout.F_DEADLINE);
  if (deadline !== 0 && deadline < nowMs) {
    naiveReject(state, message, 'receive_window_has_passed', deadline, nowMs);
  } else if (isNaiveLiquidating(state, account.id) && !cancels) {
    naiveReject(state, message, 'account_is_being_liquidated', account.id, 0);
  } else if (!cancels && isPositionHeld(state, message)) {
    naiveReject(state, message, 'position_is_being_liquidated', message.marketId, 0);
  } else if (isTrigger) {
    const market = knownMarket(state, message);
    if (market !== null) naivePlaceTrigger(state, message, market, key);
  } else if (isParent) {
    const market = knownMarket(state, message);
    if (market !== null) naivePlaceParent(state, message, account, market, key);
  } else if (places) place(state, message, account, key);
  else if (message.type === type.CMD_CANCEL || message.type === type.CMD_AMEND) {
    cancelOrAmend(state, message, key);
  } else if (message.type === type.CMD_MASS_CANCEL) massCancel(state, message);
  else if (message.type === type.CMD_CANCEL_ALL_AFTER) {
    naiveSetCountdown(state, message, account, nowMs);
  } else if (transfers) naiveTransfer(state, message, account);
  else if (message.type === type.CMD_CREATE_SUB_ACCOUNT) naiveCreateSub(state, message, account);
  else if (message.type === type.CMD_SET_LEVERAGE) {
    const market = knownMarket(state, message);
    if (market !== null) naiveSetLeverage(state, message, account, market);
  } else if (message.type === type.CMD_TAKE_OVER) {
    const market = knownMarket(state, message);
    if (market !== null) naiveTakeOver(state, message, account, market);
  } else if (message.type === type.CMD_SET_MARGIN_MODE || message.type === type.CMD_MOVE_MARGIN) {
    const market = knownMarket(state, message);
    const isMode = message.type === type.CMD_SET_MARGIN_MODE;
    if (market !== null) (isMode ? naiveSetMode : naiveMoveMargin)(state, message, account, market);
  } else naiveReject(state, message, 'message_type_is_unknown', message.type, 0);
}

/** The isolated position there is being liquidated, and the message is not one that brings it collateral. */
function isPositionHeld(state: NaiveState, message: View): boolean {
  const brings = message.type === type.CMD_MOVE_MARGIN && message.float(layout.F_QTY) > 0;
  return isNaiveLiquidating(state, message.account, message.marketId) && !brings;
}

function answersRetry(state: NaiveState, message: View, key: number | string): boolean {
  const known = state.clientIds.find(message.account, key);
  if (known === null) return false;
  const event = pushEvent(state.events, type.EVT_DUPLICATE, layout.EVENT_SLOTS, known.marketId);
  event.setWord(layout.W_ACCOUNT, message.account);
  event.setWord(layout.EW_FLAGS, message.flags);
  event.setWord(layout.EW_SESSION, message.word(layout.W_SESSION));
  event.setWord(layout.EW_REQUEST, message.word(layout.W_REQUEST));
  event.setWord(layout.EW_CODE, known.state);
  event.setFloat(layout.EF_ORDER_ID, known.orderId);
  event.setFloat(layout.EF_CLIENT_ID, typeof key === 'number' ? key : 0);
  return true;
}

function place(state: NaiveState, message: View, account: NaiveAccount, key: Key): void {
  const market = knownMarket(state, message);
  if (market === null) return;
  const flags = message.flags & type.CLIENT_FLAGS;
  const problem = flagsProblem(flags);
  if (problem !== 0) {
    pushRejection(state.events, message.buffer, message.slot, problem, flags, 0);
    return;
  }
  let price = limitPrice(state, message, market, flags);
  if (price === null) return;
  const lots = message.float(layout.F_QTY);
  const { qtyLotsMax } = market.params;
  if (!Number.isInteger(lots) || lots < 1 || lots > qtyLotsMax) {
    naiveReject(state, message, 'qty_lots_must_be_within_1_and_limit', lots, qtyLotsMax);
    return;
  }
  const target = replacedId(state, message, market);
  if (target === null) return;
  const hasBracket = message.type === type.CMD_PLACE_BRACKET;
  if (hasBracket && !naiveBracketIsSound(state, message, market)) return;
  const asked = { flags, price, lots: BigInt(lots), distance: price - Number(market.mark) };
  const refusal = naiveReserve(state, account, market, asked);
  if (refusal?.code === REJECT.insufficient_margin) {
    const isUnbounded =
      (flags & type.FLAG_MARKET_ORDER) !== 0 && message.word(layout.W_PRICE) === 0;
    price = naiveClose(state, account, market, { ...asked, isUnbounded });
  }
  if (refusal !== null && (refusal.code !== REJECT.insufficient_margin || price === null)) {
    const { code, value, limit } = refusal;
    const { buffer, slot } = message;
    pushRejection(state.events, buffer, slot, code, Number(value), Number(limit));
    return;
  }
  const ref = key === null ? -1 : state.clientIds.add(account.id, key, market.marketId);
  const replaces = message.type === type.CMD_REPLACE;
  const plain = replaces ? type.MSG_REPLACE : type.MSG_PLACE;
  const out = forward(state, message, hasBracket ? type.MSG_PLACE_BRACKET : plain);
  out.setWord(layout.W_FLAGS, flags | (account.tier << type.TIER_SHIFT));
  out.setWord(layout.W_PRICE, price as number);
  out.setWord(layout.W_CLIENT_REF, ref);
  out.setWord(layout.W_MARK_DISTANCE, (price as number) - Number(market.mark));
  if (hasBracket) naiveCopyBracket(message, out);
  if (replaces) out.setFloat(layout.SLOT_FLOATS + layout.TARGET_F_ORDER_ID, target);
}

/** A market order's limit is the price band, or a tighter price of its own. */
function limitPrice(
  state: NaiveState,
  message: View,
  market: NaiveMarket,
  flags: number,
): number | null {
  const price = message.word(layout.W_PRICE);
  const isMarket = (flags & type.FLAG_MARKET_ORDER) !== 0;
  const { priceTicksMax } = market.params;
  if (!(isMarket && price === 0) && (price < 1 || price > priceTicksMax)) {
    naiveReject(state, message, 'price_ticks_must_be_within_1_and_limit', price, priceTicksMax);
    return null;
  }
  if (market.mark === 0n) {
    naiveReject(state, message, 'market_has_no_mark_price', 0, 0);
    return null;
  }
  if (!isMarket) return price;
  const side = type.sideOf(flags);
  const band = bandPriceTicks(market.params, side, asPriceTicks(Number(market.mark)));
  if (price === 0) return band;
  return side === type.SIDE_BUY ? Math.min(price, band) : Math.max(price, band);
}

/** 0 for PLACE, the order that a REPLACE names, null when there is none. */
function replacedId(state: NaiveState, message: View, market: NaiveMarket): number | null {
  if (message.type !== type.CMD_REPLACE) return 0;
  const target = new View(message.buffer, message.slot + message.slots - 1);
  const id = target.float(layout.TARGET_F_ORDER_ID);
  if (id !== 0) return id;
  const text = target.text(layout.TARGET_W_TEXT_LENGTH, layout.TARGET_W_TEXT);
  const numeric = target.float(layout.TARGET_F_CLIENT_ID);
  const found = orderWith(state, message.account, text === '' ? numeric : text, market);
  if (found !== 0) return found;
  naiveReject(state, message, 'order_is_not_open', numeric, 0);
  return null;
}

function cancelOrAmend(state: NaiveState, message: View, key: Key): void {
  const market = knownMarket(state, message);
  if (market === null) return;
  const isAmend = message.type === type.CMD_AMEND;
  if (isAmend && !amendIsSound(state, message, market)) return;
  let id = message.float(layout.F_ORDER_ID);
  if (id === 0 && key !== null) id = orderWith(state, message.account, key, market);
  if (id === 0) {
    naiveReject(state, message, 'order_is_not_open', typeof key === 'number' ? key : 0, 0);
    return;
  }
  const out = forward(state, message, isAmend ? type.MSG_AMEND : type.MSG_CANCEL);
  const price = message.word(layout.W_PRICE);
  out.setFloat(layout.F_ORDER_ID, id);
  out.setWord(layout.W_MARK_DISTANCE, price === 0 ? 0 : price - Number(market.mark));
}

function amendIsSound(state: NaiveState, message: View, market: NaiveMarket): boolean {
  const price = message.word(layout.W_PRICE);
  const lots = message.float(layout.F_QTY);
  const { priceTicksMax, qtyLotsMax } = market.params;
  if (price === 0 && lots === 0) naiveReject(state, message, 'amend_must_change_something', 0, 0);
  else if (price < 0 || price > priceTicksMax) {
    naiveReject(state, message, 'price_ticks_must_be_within_1_and_limit', price, priceTicksMax);
  } else if (!Number.isInteger(lots) || lots < 0 || lots > qtyLotsMax) {
    naiveReject(state, message, 'qty_lots_must_be_within_1_and_limit', lots, qtyLotsMax);
  } else return farPriceIsBearable(state, message, market, price);
  return false;
}

/** Beyond twice the mark, a new price must leave the account within the limit on its worst value. */
function farPriceIsBearable(
  state: NaiveState,
  message: View,
  market: NaiveMarket,
  price: number,
): boolean {
  if (BigInt(price) <= 2n * market.mark) return true;
  const value = naiveWorstValue(market, holdingOf(market, message.account), 0n, price);
  const limit = naiveValueLimit(market);
  if (value <= limit) return true;
  naiveReject(state, message, 'worst_value_tick_lots_must_not_exceed_limit', value, limit);
  return false;
}

function massCancel(state: NaiveState, message: View): void {
  if ((message.flags & (type.FLAG_MASS_BIDS | type.FLAG_MASS_ASKS)) === 0) {
    naiveReject(state, message, 'flags_are_contradictory', message.flags, 0);
    return;
  }
  const isForAll = message.marketId === MARKET_ID_ALL;
  const named = isForAll ? state.markets : [knownMarket(state, message)];
  for (const market of named) {
    if (market === null) return;
    const out = forward(state, message, type.MSG_MASS_CANCEL);
    out.setWord(layout.W_HEAD, layout.headOf(type.MSG_MASS_CANCEL, 1, market.marketId));
    out.setWord(
      layout.W_FLAGS,
      message.flags & ~(type.FLAG_MASS_LIQUIDATION | type.FLAG_MASS_COUNTDOWN),
    );
  }
}

/** The first slot of the command, as a message to its market. */
function forward(state: NaiveState, message: View, kind: number): View {
  const slots = kind === type.MSG_REPLACE || kind === type.MSG_PLACE_BRACKET ? 2 : 1;
  const out = new View(state.inbox, state.inbox.push(slots));
  for (let i = 0; i < layout.SLOT_WORDS; i++) out.setWord(i, message.word(i));
  out.setWord(layout.W_HEAD, layout.headOf(kind, slots, message.marketId));
  out.setWord(layout.W_CLIENT_REF, -1);
  out.setWord(layout.W_MARK_DISTANCE, 0);
  for (let i = layout.SLOT_WORDS; i < slots * layout.SLOT_WORDS; i++) out.setWord(i, 0);
  return out;
}

function knownMarket(state: NaiveState, message: View): NaiveMarket | null {
  const market = marketWith(state, message.marketId);
  if (market === null) naiveReject(state, message, 'unknown_market', message.marketId, 0);
  return market;
}

function keyOf(message: View): Key {
  if ((message.flags & type.FLAG_CLIENT_TEXT) !== 0) {
    return message.text(layout.W_CLIENT_TEXT_LENGTH, layout.W_CLIENT_TEXT);
  }
  return message.float(layout.F_CLIENT_ID) || null;
}

function orderWith(state: NaiveState, account: number, key: number | string, market: NaiveMarket) {
  const known = state.clientIds.find(account, key);
  return known?.marketId === market.marketId ? known.orderId : 0;
}
