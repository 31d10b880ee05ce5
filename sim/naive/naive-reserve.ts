import { REJECT, type RejectCode } from '../../engine/messages/reject-codes.js';
import * as type from '../../engine/messages/types.js';
import { holdingOf, type NaiveAccount, type NaiveState } from './naive-home.js';
import {
  maxOf,
  type NaiveHolding,
  type NaiveMarket,
  naiveInitialMargin,
  naiveValueLimit,
  naiveWorstLots,
  naiveWorstValue,
} from './naive-money.js';
import { naiveFree } from './naive-operator.js';

export interface Asked {
  flags: number;
  price: number;
  lots: bigint;
  /** Price − mark, in ticks. */
  distance: number;
}

export interface Refusal {
  code: RejectCode;
  value: bigint;
  limit: bigint;
}

/**
 * Puts the order among those that are open, as one on its way to the market; or says why not. An order that does not raise its
 * market's requirement always passes; any other must be covered afterwards.
 */
export function naiveReserve(
  state: NaiveState,
  account: NaiveAccount,
  market: NaiveMarket,
  asked: Asked,
): Refusal | null {
  const holding = holdingOf(market, account.id);
  const worstValue = naiveWorstValue(market, holding, asked.lots, asked.price);
  const limit = naiveValueLimit(market);
  if (worstValue > limit) {
    const code = REJECT.worst_value_tick_lots_must_not_exceed_limit;
    return { code, value: worstValue, limit };
  }
  const isBuy = type.sideOf(asked.flags) === type.SIDE_BUY;
  const lossTicks = maxOf(0n, BigInt(isBuy ? asked.distance : -asked.distance));
  const taker = BigInt(state.fees.takerPpm[account.tier] as number);
  const before = naiveInitialMargin(market, holding, taker);
  const worstBefore = naiveWorstLots(holding);
  holding.orders.push({ orderId: 0, isBuy, lots: asked.lots, lossTicks });
  const beyond = naivePositionBeyondCap(market, holding, worstBefore);
  if (beyond !== null) {
    holding.orders.pop();
    return beyond;
  }
  const after = naiveInitialMargin(market, holding, taker);
  const free = naiveFree(state, account);
  if (after > before && free < 0n) {
    holding.orders.pop();
    const value = after - before;
    return { code: REJECT.insufficient_margin, value, limit: free + value };
  }
  state.pending++;
  return null;
}

/** The cap binds who raises the worst position: the refusal, null when the change is let in. */
export function naivePositionBeyondCap(
  market: NaiveMarket,
  holding: NaiveHolding,
  worstBefore: bigint,
): Refusal | null {
  const limit = BigInt(market.terms.positionLotsMax);
  const value = naiveWorstLots(holding);
  if (limit === 0n || value <= limit || value <= worstBefore) return null;
  return { code: REJECT.position_lots_must_not_exceed_limit, value, limit };
}
