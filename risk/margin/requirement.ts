import { ROW_FLOATS } from '../../engine/book/account-rows.js';
import { mulDivCeil, mulDivFloor } from '../../engine/units/mul-div.js';
import {
  type MarketSummary,
  SF_ASK_LOSS,
  SF_ASK_LOTS,
  SF_BID_LOSS,
  SF_BID_LOTS,
  SF_ENTRY_VALUE,
  SF_POSITION,
} from './market-summaries.js';

/**
 * Initial margin of an account in one market, micro-USD, rounded up:
 *
 *   initial rate × mark × max(position + bids, asks − position, 0)   worst position that open orders can make
 *   + Σ max(0, price − mark) over bids + Σ max(0, mark − price) over asks   what they lose at once when they fill
 *   + taker rate × (mark × (bids + asks) + those losses)   fees, should all of them fill
 *
 * Every open order may fill alone, so the worst position is taken over each side by itself (as Binance and dYdX do), and
 * losses and fees over both. An order that fills at or inside of the mark thus never raises the requirement.
 */
export function initialMarginMicroUsd(
  market: MarketSummary,
  account: number,
  takerPpm: number,
): number {
  const rows = market.rows.floats;
  const row = account * ROW_FLOATS;
  const position = rows[row + SF_POSITION] as number;
  const bids = rows[row + SF_BID_LOTS] as number;
  const asks = rows[row + SF_ASK_LOTS] as number;
  const losses = (rows[row + SF_BID_LOSS] as number) + (rows[row + SF_ASK_LOSS] as number);
  return requirementMicroUsd(
    market,
    position + bids,
    asks - position,
    bids + asks,
    losses,
    takerPpm,
  );
}

/** The formula above on its inputs: lots long and short at worst, lots open, loss value in tick·lots. */
export function requirementMicroUsd(
  market: MarketSummary,
  longLots: number,
  shortLots: number,
  openLots: number,
  lossTickLots: number,
  takerPpm: number,
): number {
  const params = market.params;
  const numerator = params.microUsdPerTickLotNumerator;
  const worst = longLots > shortLots ? longLots : shortLots;
  let margin = 0;
  if (worst > 0) {
    const rate = numerator * params.initialMarginPpm;
    margin = mulDivCeil(worst * market.markTicks, rate, market.rateDivisor);
  }
  if (openLots === 0) return margin;
  const atRisk = openLots * market.markTicks + lossTickLots;
  if (takerPpm !== 0) margin += mulDivCeil(atRisk, numerator * takerPpm, market.rateDivisor);
  if (lossTickLots === 0) return margin;
  return margin + mulDivCeil(lossTickLots, numerator, params.microUsdPerTickLotDenominator);
}

/**
 * Value in tick·lots that the account would have in this market if all its open orders and `moreLots` filled at the price or
 * the mark, whichever is higher. It may pass 2^53 and is then only good for comparing with the limit.
 */
export function worstValueTickLots(
  market: MarketSummary,
  account: number,
  moreLots: number,
  priceTicks: number,
): number {
  const rows = market.rows.floats;
  const row = account * ROW_FLOATS;
  const position = rows[row + SF_POSITION] as number;
  const lots =
    (position < 0 ? -position : position) +
    (rows[row + SF_BID_LOTS] as number) +
    (rows[row + SF_ASK_LOTS] as number) +
    moreLots;
  return lots * (priceTicks > market.markTicks ? priceTicks : market.markTicks);
}

/** Profit of the open position at the mark, micro-USD, rounded down. */
export function unrealizedMicroUsd(market: MarketSummary, account: number): number {
  const rows = market.rows.floats;
  const row = account * ROW_FLOATS;
  const position = rows[row + SF_POSITION] as number;
  if (position === 0) return 0;
  const value = position * market.markTicks - (rows[row + SF_ENTRY_VALUE] as number);
  const params = market.params;
  if (params.microUsdPerTickLotDenominator === 1) return value * params.microUsdPerTickLotNumerator;
  return mulDivFloor(
    value,
    params.microUsdPerTickLotNumerator,
    params.microUsdPerTickLotDenominator,
  );
}
