import { microUsdCeil, type TickLotValue } from '../../risk/arithmetic/tick-lot-value.js';
import {
  bracketsOf,
  type MarginTier,
  type TierProblem,
  tiersProblem,
} from '../../risk/margin-tiers/margin-tiers.js';
import {
  type OpenInterestGrowth,
  tiersAtOpenInterest,
} from '../../risk/margin-tiers/open-interest-growth.js';
import type { MarketCaps } from '../../risk/requirement/order-check.js';
import type { RiskMarket } from '../../risk/requirement/position-margin.js';
import {
  moneyNotNegative,
  moneyNotNegativeOrNull,
  PRICE,
  rate,
  refuseAbove,
  SHARE,
  SIZE,
  SIZE_OR_ZERO,
  ticksOf,
} from './amounts.js';
import type { Exact } from './exact.js';
import { DocumentError, Fields, stepsOf } from './fields.js';

const KNOWN = [
  ...['markPrice', 'tiers', 'takerFeeRate', 'tickSize', 'lotSize'],
  ...['openInterest', 'openInterestGrowth', 'positionCap', 'openInterestCap'],
];
const TIER_KNOWN = ['notionalFloor', 'initialMarginRate', 'maintenanceMarginRate'];
const TIER_FIELDS: Record<TierProblem['field'], string> = {
  notionalFloorMicroUsd: 'notionalFloor',
  initialRateE18: 'initialMarginRate',
  maintenanceRateE18: 'maintenanceMarginRate',
};

/** A market of a margin document, still in decimals: what a tick is depends on the positions. */
export interface MarketDocument {
  fields: Fields;
  mark: Exact;
  tick: Exact;
  lot: Exact;
  tiers: readonly MarginTier[];
  takerRateE18: bigint;
}

/** A market in engine units. */
export interface ScaledMarket {
  market: RiskMarket;
  /** Prices are counted in 10^−decimals. */
  priceDecimals: number;
  caps: MarketCaps;
  openInterestLots: bigint;
}

export function readMarketDocument(value: unknown, path: string): MarketDocument {
  const fields = new Fields(value, path, KNOWN);
  return {
    fields,
    mark: fields.decimal('markPrice', PRICE),
    tick: fields.decimal('tickSize', PRICE),
    lot: fields.decimal('lotSize', SIZE),
    tiers: readTiers(fields),
    takerRateE18: fields.has('takerFeeRate') ? rate(fields, 'takerFeeRate', SHARE) : 0n,
  };
}

/**
 * Positions have average entry prices and venues state marks between ticks, so a tick is divided by ten until all of `prices` are
 * whole numbers of it. Nothing is rounded, and the risk functions do not mind: a smaller tick is worth less.
 */
export function scaleMarket(document: MarketDocument, prices: readonly Exact[]): ScaledMarket {
  const { fields, lot, mark, takerRateE18, tick } = document;
  const priceDecimals = [tick, mark, ...prices].reduce(
    (most, each) => Math.max(most, each.decimals),
    0,
  );
  const tickLot: TickLotValue = {
    numerator: 1_000_000n * stepsOf(lot, lot.decimals, fields.pathOf('lotSize')),
    denominator: 10n ** BigInt(priceDecimals + lot.decimals),
  };
  const markTicks = ticksOf(mark, priceDecimals, fields.pathOf('markPrice'));
  const openInterestLots = fields.has('openInterest')
    ? lotsOf(fields.decimal('openInterest', SIZE_OR_ZERO), lot, fields.pathOf('openInterest'))
    : 0n;
  const openInterest = microUsdCeil(openInterestLots * markTicks, tickLot);
  refuseAbove(openInterest, `${fields.pathOf('openInterest')} × markPrice`);
  const tiers = grownTiers(document, openInterest);
  const caps = {
    positionMicroUsd: moneyNotNegativeOrNull(fields, 'positionCap'),
    openInterestMicroUsd: moneyNotNegativeOrNull(fields, 'openInterestCap'),
  };
  if (caps.openInterestMicroUsd !== null) requireOpenInterest(fields, 'openInterestCap');
  const market = { tickLot, markTicks, takerRateE18, brackets: bracketsOf(tiers) };
  return { market, priceDecimals, caps, openInterestLots };
}

/** Whole lots; refused when it is no multiple of the lot, or of more lots than can be counted exactly. */
export function lotsOf(size: Exact, lot: Exact, path: string): bigint {
  return multiplesOf(size, lot, path);
}

/** Refused when it is no multiple of the market's tick. */
export function refuseOffTick(price: Exact, { tick }: MarketDocument, path: string): void {
  multiplesOf(price, tick, path);
}

function multiplesOf(value: Exact, step: Exact, path: string): bigint {
  const decimals = Math.max(value.decimals, step.decimals);
  const steps = stepsOf(value, decimals, path);
  const one = stepsOf(step, decimals, path);
  if (steps % one !== 0n) {
    throw new DocumentError(`${path} must be a multiple of ${step.text}, but is ${value.text}`);
  }
  const count = steps / one;
  if (count <= Number.MAX_SAFE_INTEGER && count >= -Number.MAX_SAFE_INTEGER) return count;
  const limit = `2^53 − 1 times ${step.text}`;
  throw new DocumentError(`${path} must not exceed ${limit}, but is ${value.text}`);
}

function readTiers(market: Fields): MarginTier[] {
  const tiers = market.list('tiers').map((value, index) => {
    const fields = new Fields(value, `${market.pathOf('tiers')}[${index}]`, TIER_KNOWN);
    return {
      notionalFloorMicroUsd: moneyNotNegative(fields, 'notionalFloor'),
      initialRateE18: rate(fields, 'initialMarginRate', SHARE),
      maintenanceRateE18: rate(fields, 'maintenanceMarginRate', SHARE),
    };
  });
  const problem = tiersProblem(tiers);
  if (problem === null) return tiers;
  const { field, index, sentence } = problem;
  const given = (market.list('tiers')[index] ?? {}) as Record<string, unknown>;
  const is = tiers.length === 0 ? '' : `, but is ${String(given[TIER_FIELDS[field]])}`;
  return market.fail(`tiers[${index}].${TIER_FIELDS[field]}`, `${sentence}${is}`);
}

function grownTiers({ fields, tiers }: MarketDocument, openInterest: bigint) {
  const value = fields.raw('openInterestGrowth');
  if (value === null) return tiers;
  requireOpenInterest(fields, 'openInterestGrowth');
  const growth = readGrowth(value, fields.pathOf('openInterestGrowth'));
  return tiersAtOpenInterest(tiers, growth, openInterest);
}

function readGrowth(value: unknown, path: string): OpenInterestGrowth {
  const fields = new Fields(value, path, ['lower', 'upper']);
  const lowerMicroUsd = moneyNotNegative(fields, 'lower');
  const upperMicroUsd = moneyNotNegative(fields, 'upper');
  if (upperMicroUsd > lowerMicroUsd) return { lowerMicroUsd, upperMicroUsd };
  const [lower, upper] = [fields.raw('lower'), fields.raw('upper')];
  return fields.fail('upper', `must be above lower ${String(lower)}, but is ${String(upper)}`);
}

function requireOpenInterest(fields: Fields, key: string): void {
  if (!fields.has('openInterest')) fields.fail(key, 'needs openInterest, which is missing');
}
