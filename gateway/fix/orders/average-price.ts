import type { MarketParams } from '../../../engine/market/market-params.js';

/** Decimals behind those of the tick size, where a price does not come out even. */
const EXTRA_DECIMALS = 8;
const EXTRA = 10n ** BigInt(EXTRA_DECIMALS);

/**
 * AvgPx: `filledValue` tick·lots over `lots`, as text. Exact when eight decimals behind those of the tick size suffice, else
 * rounded half up at the last of them. 0 when nothing is filled, or it is not known at what prices.
 */
export function averagePriceText(filledValue: string, lots: number, params: MarketParams): string {
  if (lots === 0 || filledValue === '') return '0';
  const mantissa = BigInt(params.tickMantissa);
  const scaled = BigInt(filledValue) * mantissa * EXTRA;
  const divisor = BigInt(lots);
  const rounded = (2n * scaled + divisor) / (2n * divisor);
  const decimals = params.tickDecimals + EXTRA_DECIMALS;
  const digits = rounded.toString().padStart(decimals + 1, '0');
  const point = digits.length - decimals;
  const fraction = digits.slice(point);
  const kept = fraction.slice(0, params.tickDecimals);
  const extra = fraction.slice(params.tickDecimals).replace(/0+$/, '');
  const behind = kept + extra;
  return behind === '' ? digits.slice(0, point) : `${digits.slice(0, point)}.${behind}`;
}
