import {
  EF_LIMIT,
  EF_LOTS,
  EF_NEXT_FUNDING,
  EF_OPEN_INTEREST,
  EF_VALUE,
  EW_FLAGS,
  EW_PRICE,
  EW_STATE,
  SLOT_FLOATS,
  SLOT_WORDS,
} from '../messages/layout.js';
import { EVT_PRICE_GUARD } from '../messages/types.js';
import type { Doubt } from './index-price.js';
import type { MarketActor } from './market-actor.js';

/** Fields of EVT_MARK_PRICE: mark and index as they are now, why they are not trusted, and what the market lets in. */
export function writeMark({ pricing, positions, events, state }: MarketActor, event: number): void {
  const w = event * SLOT_WORDS;
  const f = event * SLOT_FLOATS;
  events.words[w + EW_PRICE] = pricing.markTicks;
  events.words[w + EW_FLAGS] = pricing.index.guards;
  events.words[w + EW_STATE] = state;
  events.floats[f + EF_LOTS] = pricing.index.ticks;
  events.floats[f + EF_VALUE] = pricing.index.publishTimeMs;
  events.floats[f + EF_NEXT_FUNDING] = pricing.shown.nextFundingMs;
  events.floats[f + EF_OPEN_INTEREST] = positions.openInterestLots;
}

/** EVT_PRICE_GUARD: the guards have changed, because of this doubt or for want of one. */
export function tellGuards(market: MarketActor, doubt: Doubt | null): void {
  const { pricing, events } = market;
  const event = market.tell(EVT_PRICE_GUARD);
  const w = event * SLOT_WORDS;
  const f = event * SLOT_FLOATS;
  events.words[w + EW_FLAGS] = pricing.index.guards;
  events.words[w + EW_PRICE] = pricing.markTicks;
  events.floats[f + EF_LOTS] = pricing.index.ticks;
  events.floats[f + EF_VALUE] = doubt?.value ?? 0;
  events.floats[f + EF_LIMIT] = doubt?.limit ?? 0;
}
