import { R_POSITION } from '../../engine/kernel/layout.js';
import { flagsProblem } from '../../engine/market/order-rules.js';
import { copyWords } from '../../engine/messages/copy-words.js';
import {
  F_QTY,
  headOf,
  SCALED_W_COUNT,
  SCALED_W_DISTRIBUTION,
  SCALED_W_LAST_PRICE,
  SLOT_FLOATS,
  SLOT_WORDS,
  slotsOf,
  TWAP_W_DURATION,
  TWAP_W_SLICES,
  typeOf,
  W_CLIENT_REF,
  W_FLAGS,
  W_HEAD,
  W_MARK_DISTANCE,
  W_PRICE,
} from '../../engine/messages/layout.js';
import type { MessageBuffer } from '../../engine/messages/message-buffer.js';
import { REJECT, type RejectCode } from '../../engine/messages/reject-codes.js';
import { pushRejection } from '../../engine/messages/rejection.js';
import {
  CLIENT_FLAGS,
  CMD_PLACE_SCALED,
  FLAG_CLIENT_TEXT,
  FLAG_MARKET_ORDER,
  FLAG_REDUCE_ONLY,
  FLAG_SIDE,
  MSG_PLACE_SCALED,
  MSG_PLACE_TWAP,
  SIDE_BUY,
  STP_MASK,
  STP_SHIFT,
  sideOf,
  TIER_SHIFT,
  TIF_GTC,
  TIF_GTD,
  tifOf,
} from '../../engine/messages/types.js';
import {
  isDistribution,
  leastScaledLots,
  lossValueOf,
  SCALED_ORDERS_MAX,
  type ScaledTerms,
  scaledChildren,
} from '../../engine/parents/scaled-order.js';
import {
  TWAP_DURATION_MS_MAX,
  TWAP_INTERVAL_MS_MIN,
  TWAP_SLICES_MAX,
} from '../../engine/parents/twap-schedule.js';
import { VALUE_TICK_LOTS_MAX } from '../../engine/units/units.js';
import type { MarketSummary } from './market-summaries.js';
import { type MarginState, refusedFigures } from './trade-commands.js';

/** Flags that a TWAP may have: how its slices trade is the engine's business. */
const TWAP_FLAGS = FLAG_SIDE | (STP_MASK << STP_SHIFT) | FLAG_REDUCE_ONLY | FLAG_CLIENT_TEXT;

type Refusal = [code: RejectCode, value: number, limit: number];

/**
 * CMD_PLACE_SCALED and CMD_PLACE_TWAP at the home of their account. All orders of a scaled one are reserved at once, or it is refused as a
 * whole. A TWAP reserves nothing: each slice asks for its margin when it is due (trigger-events.ts).
 */
export class ParentCommands {
  private readonly state: MarginState;
  private readonly inbox: MessageBuffer;
  private readonly events: MessageBuffer;

  constructor(state: MarginState, inbox: MessageBuffer, events: MessageBuffer) {
    this.state = state;
    this.inbox = inbox;
    this.events = events;
  }

  /** `market`: the one that the command names. */
  place(message: MessageBuffer, slot: number, market: MarketSummary, account: number): void {
    const w = slot * SLOT_WORDS;
    const isScaled = typeOf(message.words[w + W_HEAD] as number) === CMD_PLACE_SCALED;
    const refusal = isScaled
      ? (scaledProblem(message, slot, market) ?? this.reserve(message, slot, market, account))
      : twapProblem(message, slot, market);
    if (refusal !== null) {
      pushRejection(this.events, message, slot, ...refusal);
      return;
    }
    const { accounts, clientIds } = this.state;
    const ref = clientIds.add(message, slot, accounts.at(account));
    const out = this.inbox.push(2);
    const o = out * SLOT_WORDS;
    const { words } = this.inbox;
    const last = lastSlotOf(message, slot) * SLOT_WORDS;
    copyWords(message.words, w, words, o, SLOT_WORDS);
    copyWords(message.words, last, words, o + SLOT_WORDS, SLOT_WORDS);
    words[o + W_HEAD] = headOf(isScaled ? MSG_PLACE_SCALED : MSG_PLACE_TWAP, 2, market.marketId);
    const flags = (message.words[w + W_FLAGS] as number) & CLIENT_FLAGS;
    words[o + W_FLAGS] = flags | (accounts.tier(account) << TIER_SHIFT);
    words[o + W_CLIENT_REF] = ref;
    const first = message.words[w + W_PRICE] as number;
    words[o + W_MARK_DISTANCE] = isScaled ? first - market.markTicks : 0;
  }

  /** All orders in one sum, at the worse of the two ends. Reduce-only ones may be paid for by all of equity, as single ones may. */
  private reserve(
    message: MessageBuffer,
    slot: number,
    market: MarketSummary,
    account: number,
  ): Refusal | null {
    const { kernel, accounts } = this.state;
    const { block, rows, markTicks } = market;
    const flags = message.words[slot * SLOT_WORDS + W_FLAGS] as number;
    const terms = readScaled(message, slot);
    const side = sideOf(flags);
    const loss = lossValueOf(scaledChildren(terms), side === SIDE_BUY, markTicks);
    const record = accounts.at(account);
    const row = rows.open(account);
    const worst = Math.max(terms.firstTicks, terms.lastTicks);
    const { tryReserve, tryClose } = kernel.calls;
    const code = tryReserve(block, account, record, row, side, worst, terms.totalLots, loss);
    if (code === 0) return null;
    const position = rows.get(account, R_POSITION);
    const closes = side === SIDE_BUY ? position < 0 : position > 0;
    const isClosing = (flags & FLAG_REDUCE_ONLY) !== 0 && closes;
    if (code === REJECT.insufficient_margin && isClosing) {
      if (tryClose(block, account, record, row, side, terms.totalLots, loss) === 0) return null;
    }
    return [code as RejectCode, ...refusedFigures(kernel)];
  }
}

function scaledProblem(
  message: MessageBuffer,
  slot: number,
  { params, markTicks }: MarketSummary,
): Refusal | null {
  const flags = (message.words[slot * SLOT_WORDS + W_FLAGS] as number) & CLIENT_FLAGS;
  const problem = flagsProblem(flags);
  if (problem !== 0) return [problem, flags, 0];
  const rests = tifOf(flags) === TIF_GTC || tifOf(flags) === TIF_GTD;
  if ((flags & FLAG_MARKET_ORDER) !== 0 || !rests)
    return [REJECT.flags_are_contradictory, flags, 0];
  const terms = readScaled(message, slot);
  const { firstTicks, lastTicks, count, distribution, totalLots } = terms;
  if (count < 2 || count > SCALED_ORDERS_MAX) {
    return [REJECT.scaled_count_must_be_within_2_and_limit, count, SCALED_ORDERS_MAX];
  }
  if (!isDistribution(distribution)) {
    return [REJECT.scaled_distribution_is_unknown, distribution, 0];
  }
  for (const price of [firstTicks, lastTicks]) {
    if (price >= 1 && price <= params.priceTicksMax) continue;
    return [REJECT.price_ticks_must_be_within_1_and_limit, price, params.priceTicksMax];
  }
  const range = Math.abs(lastTicks - firstTicks);
  if (range < count - 1) return [REJECT.scaled_range_ticks_must_reach_limit, range, count - 1];
  const lotsMax = params.qtyLotsMax * count;
  if (!Number.isInteger(totalLots) || totalLots < 1 || totalLots > lotsMax) {
    return [REJECT.qty_lots_must_be_within_1_and_limit, totalLots, lotsMax];
  }
  const least = leastScaledLots(terms);
  if (totalLots < least)
    return [REJECT.qty_lots_must_give_each_child_order_a_lot, totalLots, least];
  return markTicks === 0 ? [REJECT.market_has_no_mark_price, 0, 0] : null;
}

function twapProblem(
  message: MessageBuffer,
  slot: number,
  { params }: MarketSummary,
): Refusal | null {
  const { words, floats } = message;
  const flags = (words[slot * SLOT_WORDS + W_FLAGS] as number) & CLIENT_FLAGS;
  const prevention = flagsProblem(flags & TWAP_FLAGS);
  if ((flags & ~TWAP_FLAGS) !== 0 || prevention !== 0) {
    return [REJECT.flags_are_contradictory, flags, 0];
  }
  const last = lastSlotOf(message, slot) * SLOT_WORDS;
  const slices = words[last + TWAP_W_SLICES] as number;
  const durationMs = words[last + TWAP_W_DURATION] as number;
  if (slices < 2 || slices > TWAP_SLICES_MAX) {
    return [REJECT.twap_slices_must_be_within_2_and_limit, slices, TWAP_SLICES_MAX];
  }
  const leastMs = slices * TWAP_INTERVAL_MS_MIN;
  if (durationMs < leastMs) {
    return [REJECT.twap_duration_ms_must_be_at_least_limit, durationMs, leastMs];
  }
  if (durationMs > TWAP_DURATION_MS_MAX) {
    return [REJECT.twap_duration_ms_must_not_exceed_limit, durationMs, TWAP_DURATION_MS_MAX];
  }
  const price = words[slot * SLOT_WORDS + W_PRICE] as number;
  if (price < 0 || price > params.priceTicksMax) {
    return [REJECT.price_ticks_must_be_within_1_and_limit, price, params.priceTicksMax];
  }
  const lots = floats[slot * SLOT_FLOATS + F_QTY] as number;
  if (!Number.isInteger(lots) || lots < 1 || lots > params.qtyLotsMax) {
    return [REJECT.qty_lots_must_be_within_1_and_limit, lots, params.qtyLotsMax];
  }
  if (lots < slices) return [REJECT.qty_lots_must_give_each_child_order_a_lot, lots, slices];
  // What it has filled is kept exact, whatever the prices.
  const value = lots * params.priceTicksMax;
  if (value <= VALUE_TICK_LOTS_MAX) return null;
  return [REJECT.twap_value_tick_lots_must_not_exceed_limit, value, VALUE_TICK_LOTS_MAX];
}

function readScaled(message: MessageBuffer, slot: number): ScaledTerms {
  const last = lastSlotOf(message, slot) * SLOT_WORDS;
  return {
    firstTicks: message.words[slot * SLOT_WORDS + W_PRICE] as number,
    lastTicks: message.words[last + SCALED_W_LAST_PRICE] as number,
    count: message.words[last + SCALED_W_COUNT] as number,
    distribution: message.words[last + SCALED_W_DISTRIBUTION] as number,
    totalLots: message.floats[slot * SLOT_FLOATS + F_QTY] as number,
  };
}

function lastSlotOf(message: MessageBuffer, slot: number): number {
  return slot + slotsOf(message.words[slot * SLOT_WORDS + W_HEAD] as number) - 1;
}
