import {
  BRACKET_W_SOURCES,
  SLOT_WORDS,
  slotsOf,
  W_FLAGS,
  W_HEAD,
} from '../../engine/messages/layout.js';
import type { MessageBuffer } from '../../engine/messages/message-buffer.js';
import { REJECT, type RejectCode } from '../../engine/messages/reject-codes.js';
import { FLAG_REDUCE_ONLY, SIDE_BUY, sideOf } from '../../engine/messages/types.js';
import { readLegs } from '../../engine/parents/bracket.js';
import { isPriceSource } from '../../engine/triggers/trigger-order.js';
import type { PriceTicks } from '../../engine/units/units.js';
import type { MarketSummary } from './market-summaries.js';

/**
 * What is wrong with the legs of CMD_PLACE_BRACKET, null for nothing. A take-profit lies on the winning side of the order's own price, of a market
 * order of the mark, and a stop on the losing side: otherwise it would fire as soon as the order fills.
 */
export function bracketProblem(
  message: MessageBuffer,
  slot: number,
  { params, markTicks }: MarketSummary,
  ownTicks: PriceTicks,
): [code: RejectCode, value: number, limit: number] | null {
  const { priceTicksMax } = params;
  const flags = message.words[slot * SLOT_WORDS + W_FLAGS] as number;
  // What only closes opens nothing to be protected.
  if ((flags & FLAG_REDUCE_ONLY) !== 0) return [REJECT.flags_are_contradictory, flags, 0];
  const legs = readLegs(message.words, lastSlotOf(message, slot) * SLOT_WORDS);
  if (legs.every(({ triggerTicks }) => triggerTicks === 0)) {
    return [REJECT.bracket_must_have_a_leg, 0, 0];
  }
  for (const { kind, triggerTicks, priceTicks, source } of legs) {
    if (!isPriceSource(source)) return [REJECT.trigger_kind_or_source_is_unknown, kind, source];
    for (const price of [triggerTicks, priceTicks]) {
      if (price >= 0 && price <= priceTicksMax && (triggerTicks !== 0 || price === 0)) continue;
      return [REJECT.bracket_price_ticks_must_be_within_1_and_limit, price, priceTicksMax];
    }
  }
  const entry = ownTicks === 0 ? markTicks : ownTicks;
  const sign = sideOf(flags) === SIDE_BUY ? 1 : -1;
  const [profit, stop] = legs;
  if (profit.triggerTicks !== 0 && (profit.triggerTicks - entry) * sign <= 0) {
    const code = REJECT.take_profit_must_be_on_the_winning_side_of_limit;
    return [code, profit.triggerTicks, entry];
  }
  if (stop.triggerTicks !== 0 && (stop.triggerTicks - entry) * sign >= 0) {
    return [REJECT.stop_loss_must_be_on_the_losing_side_of_limit, stop.triggerTicks, entry];
  }
  return null;
}

/** The last slot of the command, as the market reads it, behind the message at `out`. */
export function copyBracket(
  message: MessageBuffer,
  slot: number,
  inbox: MessageBuffer,
  out: number,
): void {
  const from = lastSlotOf(message, slot) * SLOT_WORDS;
  const to = (out + 1) * SLOT_WORDS;
  for (let i = 0; i <= BRACKET_W_SOURCES; i++) {
    inbox.words[to + i] = message.words[from + i] as number;
  }
}

function lastSlotOf(message: MessageBuffer, slot: number): number {
  return slot + slotsOf(message.words[slot * SLOT_WORDS + W_HEAD] as number) - 1;
}
