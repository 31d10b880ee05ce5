import { formatScaled } from '../codec/decimal-text.js';
import { type Market, priceText } from '../markets.js';

/** Prices of averages have at least so many decimals, money always eight. */
const AVERAGE_DECIMALS = 5;
const MONEY_PAD = '00';
const MICRO_USD_DECIMALS = 6;
export const ZERO_MONEY = '0.00000000';

/** Micro-USD with eight decimals. */
export function moneyText(microUsd: number | bigint): string {
  if (typeof microUsd === 'number')
    return formatScaled(microUsd, 1, MICRO_USD_DECIMALS) + MONEY_PAD;
  return scaledText(microUsd, MICRO_USD_DECIMALS) + MONEY_PAD;
}

/** `units` × 10^−decimals. */
export function scaledText(units: bigint, decimals: number): string {
  const sign = units < 0n ? '-' : '';
  const digits = (units < 0n ? -units : units).toString().padStart(decimals + 1, '0');
  if (decimals === 0) return sign + digits;
  const point = digits.length - decimals;
  return `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
}

/** Mean price of `lots` that are worth `tickLots`, to the nearest; zero when there are none. Both may be negative. */
export function averageText(market: Market, tickLots: number, lots: number): string {
  const { tickDecimals, tickMantissa } = market.params;
  const decimals = Math.max(AVERAGE_DECIMALS, tickDecimals);
  if (lots === 0) return scaledText(0n, decimals);
  const scale = 10n ** BigInt(decimals - tickDecimals);
  const value = BigInt(Math.abs(tickLots)) * BigInt(tickMantissa) * scale;
  const size = BigInt(Math.abs(lots));
  return scaledText((value * 2n + size) / (size * 2n), decimals);
}

/** Tick·lots in USD, exact as far as eight decimals are. */
export function valueText(market: Market, tickLots: number | bigint): string {
  if (tickLots === 0) return ZERO_MONEY;
  const { microUsdPerTickLotNumerator, microUsdPerTickLotDenominator } = market.params;
  const pico = BigInt(tickLots) * BigInt(microUsdPerTickLotNumerator) * 100n;
  return scaledText(pico / BigInt(microUsdPerTickLotDenominator), MICRO_USD_DECIMALS + 2);
}

/** A mark or index price with eight decimals; zero when there is none yet. */
export function markText(market: Market, ticks: number): string {
  const text = priceText(market, ticks);
  const point = text.indexOf('.');
  const decimals = point < 0 ? 0 : text.length - point - 1;
  if (decimals >= 8) return text;
  return `${point < 0 ? `${text}.` : text}${'0'.repeat(8 - decimals)}`;
}

/** Parts per billion, eight decimals: what is finer is cut. */
export function rateText(ppb: number): string {
  const text = formatScaled(ppb, 1, 9);
  return text.slice(0, -1);
}
