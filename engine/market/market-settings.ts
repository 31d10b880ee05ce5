import {
  EF_NEXT_FUNDING,
  EVENT_SLOTS,
  EW_FLAGS,
  SLOT_FLOATS,
  SLOT_WORDS,
  W_FLAGS,
} from '../messages/layout.js';
import type { MessageBuffer } from '../messages/message-buffer.js';
import { REJECT } from '../messages/reject-codes.js';
import { pushRejection } from '../messages/rejection.js';
import {
  EVT_MARGIN_TIERS,
  EVT_MARK_PRICE,
  EVT_MARKET_STATE,
  EVT_PRICING,
  REASON_MARKET_STATE,
} from '../messages/types.js';
import { fundingProblem } from './funding-fraction.js';
import {
  MARGIN_SLOTS,
  type MarginTerms,
  marginTermsProblem,
  readMarginTerms,
  W_MARGIN_TERMS,
  writeMarginTerms,
} from './margin-terms.js';
import type { MarketActor } from './market-actor.js';
import { isMarketState, MARKET_STATE, mayFollow } from './market-state.js';
import { writeMark } from './price-events.js';
import {
  PRICING_WORDS,
  pricingParamsProblem,
  readPricingParams,
  writePricingParams,
} from './pricing-params.js';
import { isSettledBy, mayBeSettled, settle } from './settlement.js';

const PRICING_SLOTS = PRICING_WORDS / SLOT_WORDS;

/** CMD_SET_MARKET_STATE. */
export function setState(market: MarketActor, message: MessageBuffer, slot: number): void {
  const { book, events, liquidations } = market;
  const next = message.words[slot * SLOT_WORDS + W_FLAGS] as number;
  if (!isMarketState(next) || !mayFollow(market.state, next)) {
    const code = REJECT.market_state_transition_is_not_allowed;
    pushRejection(events, message, slot, code, next, market.state);
    return;
  }
  const settles = isSettledBy(market, next);
  if (settles && !mayBeSettled(market, message, slot)) return;
  market.state = next;
  if (next === MARKET_STATE.settling || next === MARKET_STATE.closed) {
    book.cancelEverything(REASON_MARKET_STATE);
    liquidations.endAll();
  }
  const event = market.answer(message, slot, EVT_MARKET_STATE, EVENT_SLOTS);
  events.words[event * SLOT_WORDS + EW_FLAGS] = next;
  // Before the first price there is nothing that a home could reckon with.
  if (market.markTicks !== 0) writeMark(market, market.tell(EVT_MARK_PRICE));
  if (settles) settle(market);
  market.triggers.onState();
  market.parents.onState();
}

/** CMD_SET_PRICING. */
export function setPricing(
  market: MarketActor,
  message: MessageBuffer,
  slot: number,
  nowMs: number,
): void {
  const { events, pricing } = market;
  const params = readPricingParams(message.floats, (slot + 1) * SLOT_FLOATS);
  if ((pricingParamsProblem(params) ?? fundingProblem(market.params, params)) !== null) {
    pushRejection(events, message, slot, REJECT.pricing_parameters_are_invalid, 0, 0);
    return;
  }
  pricing.setParams(params, nowMs);
  const event = market.answer(message, slot, EVT_PRICING, EVENT_SLOTS + PRICING_SLOTS);
  events.floats[event * SLOT_FLOATS + EF_NEXT_FUNDING] = pricing.shown.nextFundingMs;
  writePricingParams(events.floats, (event + EVENT_SLOTS) * SLOT_FLOATS, params);
}

/** CMD_SET_MARGIN_TIERS. The terms, which every home of accounts has to know; null when they were refused. */
export function setMarginTerms(
  market: MarketActor,
  message: MessageBuffer,
  slot: number,
): MarginTerms | null {
  const { events } = market;
  const { words, floats } = message;
  const terms = readMarginTerms(words, floats, slot * SLOT_WORDS + W_MARGIN_TERMS);
  const problem = marginTermsProblem(terms);
  if (problem !== null) {
    const { value, limit } = problem;
    pushRejection(events, message, slot, REJECT.margin_tiers_are_invalid, value, limit);
    return null;
  }
  market.marginTerms = terms;
  const event = market.answer(message, slot, EVT_MARGIN_TIERS, MARGIN_SLOTS);
  writeMarginTerms(events.words, events.floats, event * SLOT_WORDS + W_MARGIN_TERMS, terms);
  return terms;
}
