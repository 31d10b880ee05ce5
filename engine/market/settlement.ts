import type { MessageBuffer } from '../messages/message-buffer.js';
import { REJECT } from '../messages/reject-codes.js';
import { pushRejection } from '../messages/rejection.js';
import type { MarketActor } from './market-actor.js';
import { MARKET_STATE, type MarketState } from './market-state.js';

/** Whether there is something to settle when the market goes to this state. */
export function isSettledBy(market: MarketActor, next: MarketState): boolean {
  return next === MARKET_STATE.closed && market.positions.openInterestLots > 0;
}

/** On prices that are not trusted nothing is settled: the command is refused. */
export function mayBeSettled(market: MarketActor, message: MessageBuffer, slot: number): boolean {
  const { index } = market.pricing;
  if (index.isTrusted) return true;
  const code = REJECT.settlement_needs_a_trusted_price;
  pushRejection(market.events, message, slot, code, index.guards, 0);
  return false;
}

/** Closes all positions at the average of the index prices that have passed the guards, so that no last price decides. */
export function settle({ positions, pricing }: MarketActor): void {
  positions.settleAll(pricing.index.averageTicks);
}
