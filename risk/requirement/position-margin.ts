import { absOf } from '../../engine/units/division.js';
import { microUsdCeil, microUsdFloor, type TickLotValue } from '../arithmetic/tick-lot-value.js';
import { type Brackets, marginOfValue } from '../margin-tiers/margin-tiers.js';

/** What margin has to know of a market. */
export interface RiskMarket {
  tickLot: TickLotValue;
  /** Above zero. */
  markTicks: bigint;
  brackets: Brackets;
  /** Of the account whose margin is asked for; not negative. */
  takerRateE18: bigint;
}

/** Lots and entry value in tick·lots, both signed: positive is long. The same two columns as in the engine's positions. */
export interface RiskPosition {
  lots: bigint;
  entryValueTickLots: bigint;
}

/** Figures of one position, micro-USD. */
export interface PositionMargin {
  notionalMicroUsd: bigint;
  unrealizedMicroUsd: bigint;
  initialMicroUsd: bigint;
  maintenanceMicroUsd: bigint;
}

/**
 * Notional = |lots| × mark, rounded up. Unrealised profit = lots × mark − entry value, rounded down. Margins by the brackets of
 * the notional. Everything is at the mark, also for a position that is far away from its entry (as at Binance, dYdX and
 * Hyperliquid; Bybit takes maintenance margin at entry).
 */
export function positionMargin(market: RiskMarket, position: RiskPosition): PositionMargin {
  const { brackets, markTicks, tickLot } = market;
  const { lots, entryValueTickLots } = position;
  const valueTickLots = absOf(lots) * markTicks;
  return {
    notionalMicroUsd: microUsdCeil(valueTickLots, tickLot),
    unrealizedMicroUsd: microUsdFloor(lots * markTicks - entryValueTickLots, tickLot),
    initialMicroUsd: marginOfValue(brackets.initial, valueTickLots, tickLot),
    maintenanceMicroUsd: marginOfValue(brackets.maintenance, valueTickLots, tickLot),
  };
}
