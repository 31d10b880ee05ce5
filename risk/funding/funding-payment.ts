import { divCeil } from '../../engine/units/division.js';
import { RATE_ONE } from '../arithmetic/rate.js';
import type { TickLotValue } from '../arithmetic/tick-lot-value.js';

const EIGHT_HOURS_MS = 8n * 3_600_000n;

/**
 * What a position pays for an interval, micro-USD; negative: what it gets.
 *
 *   signed lots × index × rate for eight hours × interval ÷ 8 h
 *
 * Rounded up, so payers pay at most a micro-USD more and receivers get at most one less. Over a market, whose positions sum to
 * zero, the payments thus sum to zero or to dust that stays with the house. The index price, not the mark, makes the notional, so that
 * what moves the rate does not also move the sum (as at Hyperliquid and dYdX; Binance takes the mark).
 */
export function fundingPaymentMicroUsd(
  positionLots: bigint,
  indexTicks: bigint,
  tickLot: TickLotValue,
  rateE18: bigint,
  intervalMs: bigint,
): bigint {
  return divCeil(
    positionLots * indexTicks * tickLot.numerator * rateE18 * intervalMs,
    tickLot.denominator * RATE_ONE * EIGHT_HOURS_MS,
  );
}
