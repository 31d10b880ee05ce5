import {
  EF_FEE,
  EF_FUND,
  EF_NEXT_FUNDING,
  EF_RATE_PPB,
  EW_PRICE,
  SLOT_FLOATS,
  SLOT_WORDS,
} from '../messages/layout.js';
import { EVT_FUNDING_RATE } from '../messages/types.js';
import { fundingFraction } from './funding-fraction.js';
import type { MarketActor } from './market-actor.js';
import type { FundingDue } from './market-pricing.js';
import { MARKET_STATE } from './market-state.js';

/**
 * EVT_FUNDING_RATE, and behind it the payments. Funding is due only where positions can be closed; from a doubtful index nothing is paid.
 */
export function payFunding(
  market: MarketActor,
  { ratePpb, premiumPpb, nextMs }: FundingDue,
  nowMs: number,
): void {
  const { events, params, positions, pricing, state } = market;
  const isTrading = state >= MARKET_STATE.open && state <= MARKET_STATE.reduce_only;
  const rate = isTrading && pricing.index.isTrusted ? ratePpb : 0;
  const event = market.tell(EVT_FUNDING_RATE);
  const f = event * SLOT_FLOATS;
  events.words[event * SLOT_WORDS + EW_PRICE] = pricing.index.ticks;
  events.floats[f + EF_RATE_PPB] = rate;
  events.floats[f + EF_NEXT_FUNDING] = nextMs;
  events.floats[f + EF_FEE] = premiumPpb;
  pricing.keep(rate, nowMs);
  const { fundingIntervalMs } = pricing.params;
  if (rate !== 0) {
    const fraction = fundingFraction(params, rate, fundingIntervalMs);
    positions.payFunding(pricing.index.ticks, rate, fundingIntervalMs, fraction);
  }
  // The payments may have moved the events, and what they round off is the insurance fund's.
  events.floats[f + EF_FUND] = positions.insuranceMicroUsd;
}
