import type { MarginTerms } from '../../engine/market/margin-terms.js';
import { type MarketParams, marketParamsProblem } from '../../engine/market/market-params.js';
import type { PricingParams } from '../../engine/market/pricing-params.js';
import { MICRO_USD_STEP, parseDecimal, type Step } from '../../engine/units/decimal.js';
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
} from '../../engine/units/units.js';
import type { IndexGuards } from '../../oracle/index/guards.js';
import { readMargin } from './margin-config.js';
import { readGuards } from './oracle-config.js';
import { checkFunding, readPricing } from './pricing-config.js';
import type { TableReader } from './table-reader.js';

export interface MarketConfig {
  marketId: number;
  params: MarketParams;
  pricing: PricingParams;
  margin: MarginTerms;
  /** What its insurance fund begins with. */
  insuranceMicroUsd: MicroUsd;
  /** Where the recorded oracle begins. */
  referenceTicks: PriceTicks;
  /** Pyth's id of its price in lower-case hexadecimal; null: it has none. */
  pythFeed: string | null;
  /** What its index needs of the sources of --oracle pyth. */
  indexGuards: IndexGuards;
}

const RATE_STEP: Step = { mantissa: 1, decimals: 6 };
const MARKET_ID_MAX = 65_534;
const FEED_ID = /^(0x)?[0-9a-f]{64}$/i;

export function readMarket(
  table: TableReader,
  usual: PricingParams,
  usualGuards: IndexGuards,
): MarketConfig {
  const marketId = table.integer('id', 1, MARKET_ID_MAX);
  const symbol = table.text('symbol', /^[A-Z0-9-]{1,16}$/, "1 to 16 of A-Z, 0-9 and '-'");
  const tick = stepOf(table.decimal('tickSize'));
  const lot = stepOf(table.decimal('lotSize'));
  const steps = (key: string, step: Step, least: number, most: number) =>
    readSteps(table, key, step, least, most);
  const rate = (key: string) => readRatePpm(table, key, 1, PPM_ONE);
  const params: MarketParams = {
    symbol,
    tickMantissa: tick.mantissa,
    tickDecimals: tick.decimals,
    lotMantissa: lot.mantissa,
    lotDecimals: lot.decimals,
    ...microUsdPerTickLot(tick, lot),
    priceTicksMax: asPriceTicks(steps('priceMax', tick, 1, PRICE_TICKS_MAX)),
    qtyLotsMax: asQtyLots(steps('qtyMax', lot, 1, QTY_LOTS_MAX)),
    minNotionalMicroUsd: asMicroUsd(steps('minNotional', MICRO_USD_STEP, 0, MICRO_USD_MAX)),
    priceBandPpm: rate('priceBand'),
    initialMarginPpm: rate('initialMarginRate'),
    maintenanceMarginPpm: rate('maintenanceMarginRate'),
    openOrdersMax: table.integer('openOrdersMax', 1, 1_000_000),
  };
  const referenceTicks = asPriceTicks(steps('referencePrice', tick, 1, params.priceTicksMax));
  const pricing = table.has('pricing') ? readPricing(table.tableAt('pricing'), usual) : usual;
  const margin = readMargin(table, params);
  const insuranceMicroUsd = asMicroUsd(
    table.has('insuranceFund') ? steps('insuranceFund', MICRO_USD_STEP, 0, MICRO_USD_MAX) : 0,
  );
  const pythFeed = table.has('pythFeed')
    ? table.text('pythFeed', FEED_ID, '64 hexadecimal digits').toLowerCase().replace(/^0x/, '')
    : null;
  const indexGuards = table.has('oracle')
    ? readGuards(table.tableAt('oracle'), usualGuards)
    : usualGuards;
  table.refuseUnknown();
  const problem = marketParamsProblem(params);
  if (problem !== null) table.fail(problem);
  checkFunding(table, params, pricing);
  const funds = { insuranceMicroUsd, referenceTicks };
  return { marketId, params, pricing, margin, ...funds, pythFeed, indexGuards };
}

/** A decimal of the file in whole steps. */
export function readSteps(
  table: TableReader,
  key: string,
  step: Step,
  least: number,
  most: number,
): number {
  const parsed = parseDecimal(table.decimal(key), { field: key, step, least, most });
  return typeof parsed === 'number' ? parsed : table.fail(parsed.sentence);
}

/** Ppm of a share such as "0.0005". */
export function readRatePpm(table: TableReader, key: string, least: number, most: number): Ppm {
  return asPpm(readSteps(table, key, RATE_STEP, least, most));
}

/** "0.25" is 25 × 10^−2; zeros at the end do not count. */
function stepOf(text: string): Step {
  const [whole = '', fraction = ''] = text.split('.');
  const digits = fraction.replace(/0+$/, '');
  return { mantissa: Number(whole + digits), decimals: digits.length };
}

/** tick × lot × 10^6 in lowest terms. */
function microUsdPerTickLot(tick: Step, lot: Step) {
  const numerator = BigInt(tick.mantissa) * BigInt(lot.mantissa) * 1_000_000n;
  const denominator = 10n ** BigInt(tick.decimals + lot.decimals);
  const divisor = gcd(numerator, denominator);
  return {
    microUsdPerTickLotNumerator: Number(numerator / divisor),
    microUsdPerTickLotDenominator: Number(denominator / divisor),
  };
}

function gcd(a: bigint, b: bigint): bigint {
  return b === 0n ? a || 1n : gcd(b, a % b);
}
