import * as layout from '../../engine/messages/layout.js';
import * as type from '../../engine/messages/types.js';
import { type NaiveState, naiveReject } from './naive-home.js';
import type { NaiveMarket } from './naive-money.js';
import { View } from './naive-views.js';

/** CMD_PLACE_BRACKET: a look at the form of what is attached to an order that is sound by itself. */
export function naiveBracketIsSound(
  state: NaiveState,
  message: View,
  market: NaiveMarket,
): boolean {
  const terms = lastSlot(message);
  const highest = market.params.priceTicksMax;
  const price = message.word(layout.W_PRICE);
  const entry = price === 0 ? Number(market.mark) : price;
  const isBuy = type.sideOf(message.flags) === type.SIDE_BUY;
  const profit = terms.word(layout.BRACKET_W_PROFIT_PRICE);
  const stop = terms.word(layout.BRACKET_W_STOP_PRICE);
  const limits = [layout.BRACKET_W_PROFIT_LIMIT, layout.BRACKET_W_STOP_LIMIT];
  const sources = terms.word(layout.BRACKET_W_SOURCES);
  if ((message.flags & type.FLAG_REDUCE_ONLY) !== 0) {
    const flags = message.flags;
    naiveReject(state, message, 'flags_are_contradictory', flags, 0);
    return false;
  }
  if (profit === 0 && stop === 0) {
    naiveReject(state, message, 'bracket_must_have_a_leg', 0, 0);
    return false;
  }
  for (const [i, trigger] of [profit, stop].entries()) {
    const source = (sources >> (8 * i)) & 255;
    const limit = terms.word(limits[i] as number);
    const kind = i === 0 ? type.TRIGGER_TAKE_PROFIT : type.TRIGGER_STOP;
    if (source > 2) {
      naiveReject(state, message, 'trigger_kind_or_source_is_unknown', kind, source);
      return false;
    }
    const code = 'bracket_price_ticks_must_be_within_1_and_limit';
    if (trigger < 0 || trigger > highest) {
      naiveReject(state, message, code, trigger, highest);
      return false;
    }
    if (limit < 0 || limit > highest || (trigger === 0 && limit !== 0)) {
      naiveReject(state, message, code, limit, highest);
      return false;
    }
  }
  const wins = (of: number) => (isBuy ? of > entry : of < entry);
  const loses = (of: number) => (isBuy ? of < entry : of > entry);
  if (profit !== 0 && !wins(profit)) {
    naiveReject(state, message, 'take_profit_must_be_on_the_winning_side_of_limit', profit, entry);
  } else if (stop !== 0 && !loses(stop)) {
    naiveReject(state, message, 'stop_loss_must_be_on_the_losing_side_of_limit', stop, entry);
  } else return true;
  return false;
}

export function naiveCopyBracket(message: View, out: View): void {
  const terms = lastSlot(message);
  for (let i = 0; i < 5; i++) out.setWord(layout.SLOT_WORDS + i, terms.word(i));
}

function lastSlot(message: View): View {
  return new View(message.buffer, message.slot + message.slots - 1);
}
