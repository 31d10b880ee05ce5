import { ROW_FLOAT_SHIFT } from '../../engine/book/account-rows.js';
import type { RejectCode } from '../../engine/messages/reject-codes.js';
import { REJECT } from '../../engine/messages/reject-codes.js';
import { freeCollateralMicroUsd } from './equity.js';
import {
  type MarketSummary,
  SF_ASK_LOTS,
  SF_BID_LOSS,
  SF_BID_LOTS,
  SF_POSITION,
} from './market-summaries.js';
import { initialMarginMicroUsd, unrealizedMicroUsd, worstValueTickLots } from './requirement.js';
import type { MarginState } from './trade-commands.js';

/**
 * What an order or an amend asks for. One object is used again and again; the changes stand in an array, where no number
 * is boxed: lots more than now, and loss reserve (tick·lots) more than now.
 */
export interface Reservation {
  account: number;
  side: number;
  priceTicks: number;
  readonly change: Float64Array;
}
export const CHANGE_LOTS = 0;
export const CHANGE_LOSS = 1;

export function newReservation(): Reservation {
  return { account: 0, side: 0, priceTicks: 0, change: new Float64Array(2) };
}

/** Figures of the last refusal of `tryReserve`, for the rejection's value and limit. */
export const refused = new Float64Array(2);

/**
 * Adds the change to its account's summary when the worst case is covered; else changes nothing and returns the code. One
 * that does not raise the requirement of its market passes even below the line: closing must always be possible.
 */
export function tryReserve(
  state: MarginState,
  market: MarketSummary,
  wanted: Reservation,
): 0 | RejectCode {
  const account = wanted.account;
  const lots = wanted.change[CHANGE_LOTS] as number;
  const loss = wanted.change[CHANGE_LOSS] as number;
  const rows = market.rows.floats;
  const row = account << ROW_FLOAT_SHIFT;
  const position = rows[row | SF_POSITION] as number;
  const open = (rows[row | SF_BID_LOTS] as number) + (rows[row | SF_ASK_LOTS] as number);
  const worstValue = worstValueTickLots(market, account, lots, wanted.priceTicks);
  if (worstValue > market.valueTickLotsMax) {
    refused[0] = worstValue;
    refused[1] = market.valueTickLotsMax;
    return REJECT.worst_value_tick_lots_must_not_exceed_limit;
  }
  const { accounts } = state;
  const taker = state.fees.takerPpm[accounts.tier(account)] as number;
  const before = initialMarginMicroUsd(market, account, taker);
  rows[row | (SF_BID_LOTS + wanted.side)]! += lots;
  rows[row | (SF_BID_LOSS + wanted.side)]! += loss;
  const after = initialMarginMicroUsd(market, account, taker);
  accounts.setActive(account, market.index);
  if (after <= before) return 0;
  const free = accounts.isActiveOnlyIn(account, market.index)
    ? accounts.collateral(account) + unrealizedMicroUsd(market, account) - after
    : freeCollateralMicroUsd(state, account);
  if (free >= 0) return 0;
  rows[row | (SF_BID_LOTS + wanted.side)]! -= lots;
  rows[row | (SF_BID_LOSS + wanted.side)]! -= loss;
  if (position === 0 && open === 0) accounts.clearActive(account, market.index);
  refused[0] = after - before;
  refused[1] = free + (after - before);
  return REJECT.insufficient_margin;
}
