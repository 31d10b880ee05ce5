import { formatScaled } from '../codec/decimal-text.js';
import type { MarketUnits } from './question.js';

const MICRO_USD_DECIMALS = 6;
/** An average price has so many decimals more than a price. */
const AVERAGE_DECIMALS = 4;

export function price(units: MarketUnits, ticks: number): string {
  return formatScaled(ticks, units.tickMantissa, units.tickDecimals);
}

/** 0 ticks: there is no price. */
export function priceOrNull(units: MarketUnits, ticks: number): string | null {
  return ticks === 0 ? null : price(units, ticks);
}

export function qty(units: MarketUnits, lots: number): string {
  return formatScaled(lots, units.lotMantissa, units.lotDecimals);
}

export function money(microUsd: number): string {
  return formatScaled(microUsd, 1, MICRO_USD_DECIMALS);
}

export function rate(scaled: number, decimals: number, mantissa = 1): string {
  return formatScaled(scaled, mantissa, decimals);
}

/** Sums that may pass 2^53, in units of mantissa × 10^−decimals; not below zero. */
export function wide(sum: bigint, mantissa: number, decimals: number): string {
  const digits = String(sum * BigInt(mantissa)).padStart(decimals + 1, '0');
  if (decimals === 0) return digits;
  return `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}

/** Rounded down to a ten-thousandth of a tick's last digit; null: nothing was filled. */
export function averagePrice(
  units: MarketUnits,
  valueTickLots: bigint,
  lots: number,
): string | null {
  if (lots === 0) return null;
  const scaled =
    (valueTickLots * 10n ** BigInt(AVERAGE_DECIMALS) * BigInt(units.tickMantissa)) / BigInt(lots);
  return wide(scaled, 1, units.tickDecimals + AVERAGE_DECIMALS);
}

export function idOrNull(id: number): number | null {
  return id === 0 ? null : id;
}

export function timeOrNull(timeMs: number): number | null {
  return timeMs === 0 ? null : timeMs;
}

/** Value or limit of a rejection, which may be larger than anything that is let in. */
export function digits(value: number): string {
  return Number.isInteger(value) ? BigInt(value).toString() : String(value);
}
