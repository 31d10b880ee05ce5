import { EF_NEXT_FUNDING, EVENT_SLOTS, SLOT_FLOATS, SLOT_WORDS } from '../messages/layout.js';
import type { MessageBuffer } from '../messages/message-buffer.js';
import { REJECT } from '../messages/reject-codes.js';
import { pushRejection } from '../messages/rejection.js';
import { EVT_MARGIN_TIERS, EVT_PRICING } from '../messages/types.js';
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
import {
  PRICING_WORDS,
  pricingParamsProblem,
  readPricingParams,
  writePricingParams,
} from './pricing-params.js';

const PRICING_SLOTS = PRICING_WORDS / SLOT_WORDS;

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
