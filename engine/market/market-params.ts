import { R_REDUCE_ONLY_MASK } from '../kernel/layout.js';
import { withoutMinusZero } from '../state/minus-zero.js';
import {
  asMicroUsd,
  asPpm,
  asPriceTicks,
  asQtyLots,
  MICRO_USD_MAX,
  type MicroUsd,
  PPM_ONE,
  type Ppm,
  PRICE_TICKS_MAX,
  type PriceTicks,
  QTY_LOTS_MAX,
  type QtyLots,
} from '../units/units.js';

/** Parameters of a market, as journaled by CMD_LIST_MARKET and CMD_SET_MARKET_PARAMS. */
export interface MarketParams {
  /** 1–16 characters A–Z, 0–9, '-'. Fixed once listed. */
  symbol: string;
  /** Tick size in USD = tickMantissa × 10^−tickDecimals; the same for lots. Fixed once listed. */
  tickMantissa: number;
  tickDecimals: number;
  lotMantissa: number;
  lotDecimals: number;
  /** Micro-USD a tick·lot as a fraction in lowest terms. Fixed once listed; follows from tick and lot. */
  microUsdPerTickLotNumerator: number;
  microUsdPerTickLotDenominator: number;
  priceTicksMax: PriceTicks;
  qtyLotsMax: QtyLots;
  minNotionalMicroUsd: MicroUsd;
  /** A buy may not be priced above mark × (1 + band), a sell not below mark × (1 − band). */
  priceBandPpm: Ppm;
  initialMarginPpm: Ppm;
  maintenanceMarginPpm: Ppm;
  /** Open orders an account may have in this market. */
  openOrdersMax: number;
}

/** As many as the counters of an account's row can hold. */
export const OPEN_ORDERS_MAX = R_REDUCE_ONLY_MASK;

/** Words of the parameter block in a message: two slots. */
export const PARAM_WORDS = 32;
const SYMBOL_BYTES = 16;

/** Writes the block at word `at` of a message (slots 2–3 of the command, so 16 floats). */
export function writeMarketParams(
  words: Int32Array,
  floats: Float64Array,
  at: number,
  params: MarketParams,
): void {
  for (let i = 0; i < SYMBOL_BYTES / 4; i++) {
    let word = 0;
    for (let k = 3; k >= 0; k--) word = (word << 8) | (params.symbol.charCodeAt(i * 4 + k) || 0);
    words[at + i] = word;
  }
  words[at + 4] = params.tickMantissa;
  words[at + 5] = params.tickDecimals;
  words[at + 6] = params.lotMantissa;
  words[at + 7] = params.lotDecimals;
  const f = at / 2 + 4;
  floats[f] = params.microUsdPerTickLotNumerator;
  floats[f + 1] = params.microUsdPerTickLotDenominator;
  floats[f + 2] = params.priceTicksMax;
  floats[f + 3] = params.qtyLotsMax;
  floats[f + 4] = params.minNotionalMicroUsd;
  floats[f + 5] = params.priceBandPpm;
  floats[f + 6] = params.initialMarginPpm;
  floats[f + 7] = params.maintenanceMarginPpm;
  floats[f + 8] = params.openOrdersMax;
  floats.fill(0, f + 9, f + 12);
}

export function readMarketParams(
  words: Int32Array,
  floats: Float64Array,
  at: number,
): MarketParams {
  let symbol = '';
  for (let i = 0; i < SYMBOL_BYTES; i++) {
    const byte = ((words[at + (i >> 2)] as number) >>> ((i & 3) * 8)) & 0xff;
    if (byte === 0) break;
    symbol += String.fromCharCode(byte);
  }
  const float = (i: number) => withoutMinusZero(floats[at / 2 + 4 + i] as number);
  return {
    symbol,
    tickMantissa: words[at + 4] as number,
    tickDecimals: words[at + 5] as number,
    lotMantissa: words[at + 6] as number,
    lotDecimals: words[at + 7] as number,
    microUsdPerTickLotNumerator: float(0),
    microUsdPerTickLotDenominator: float(1),
    priceTicksMax: asPriceTicks(float(2)),
    qtyLotsMax: asQtyLots(float(3)),
    minNotionalMicroUsd: asMicroUsd(float(4)),
    priceBandPpm: asPpm(float(5)),
    initialMarginPpm: asPpm(float(6)),
    maintenanceMarginPpm: asPpm(float(7)),
    openOrdersMax: float(8),
  };
}

/** Null when the parameters can be used; else a sentence with field, value and limit. */
export function marketParamsProblem(params: MarketParams): string | null {
  if (!/^[A-Z0-9-]{1,16}$/.test(params.symbol)) {
    return `symbol must be 1 to 16 of A-Z, 0-9 and '-', but is '${params.symbol}'`;
  }
  const ranges: [keyof MarketParams, number, number][] = [
    ['tickMantissa', 1, PRICE_TICKS_MAX],
    ['tickDecimals', 0, 12],
    ['lotMantissa', 1, PRICE_TICKS_MAX],
    ['lotDecimals', 0, 12],
    ['microUsdPerTickLotNumerator', 1, 2 ** 31],
    ['microUsdPerTickLotDenominator', 1, 2 ** 31],
    ['priceTicksMax', 1, PRICE_TICKS_MAX],
    ['qtyLotsMax', 1, QTY_LOTS_MAX],
    ['minNotionalMicroUsd', 0, MICRO_USD_MAX],
    ['priceBandPpm', 1, PPM_ONE],
    ['initialMarginPpm', 1, PPM_ONE],
    ['maintenanceMarginPpm', 1, PPM_ONE],
    ['openOrdersMax', 1, OPEN_ORDERS_MAX],
  ];
  for (const [field, least, most] of ranges) {
    const value = params[field] as number;
    if (!Number.isInteger(value) || value < least || value > most) {
      return `${field} must be an integer from ${least} to ${most}, but is ${value}`;
    }
  }
  if (params.maintenanceMarginPpm > params.initialMarginPpm) {
    return `maintenanceMarginPpm must not exceed initialMarginPpm ${params.initialMarginPpm}, but is ${params.maintenanceMarginPpm}`;
  }
  return unitProblem(params);
}

/** tick × lot × 10^6 must equal the stated fraction, so that money and sizes cannot drift apart. */
function unitProblem(p: MarketParams): string | null {
  const left =
    BigInt(p.tickMantissa) *
    BigInt(p.lotMantissa) *
    1_000_000n *
    BigInt(p.microUsdPerTickLotDenominator);
  const right =
    BigInt(p.microUsdPerTickLotNumerator) * 10n ** BigInt(p.tickDecimals + p.lotDecimals);
  return left === right ? null : 'microUsdPerTickLot must equal tick size × lot size × 1,000,000';
}
