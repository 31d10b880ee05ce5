import type { MarginTerms } from '../../engine/market/margin-terms.js';
import type { MarketParams } from '../../engine/market/market-params.js';
import { MICRO_USD_MAX, VALUE_TICK_LOTS_MAX } from '../../engine/units/units.js';
import type { NaivePurse } from './naive-isolated.js';

/** An open order as its account's home sees it. */
export interface NaiveReservation {
  orderId: number;
  isBuy: boolean;
  lots: bigint;
  /** What a lot loses at once against the mark when it fills. */
  lossTicks: bigint;
}

/** All that an account has in one market. */
export interface NaiveHolding {
  /** Positive is long. */
  position: bigint;
  /** Signed tick·lots. */
  entryValue: bigint;
  /** That the account has chosen; 0: none. */
  leverage: bigint;
  orders: NaiveReservation[];
  /** Null: cross margin. */
  purse: NaivePurse | null;
}

export interface NaiveMarket {
  marketId: number;
  params: MarketParams;
  /** Margin tiers and caps. */
  terms: MarginTerms;
  mark: bigint;
  /** Lots, when the mark was told. */
  openInterest: bigint;
  /** Not 0: its prices are not trusted. */
  guards: number;
  state: number;
  /** By account. */
  holdings: Map<number, NaiveHolding>;
}

const PPM = 1_000_000n;

/** Lots of the open orders of one side, and what they lose at once when they fill. */
export function openOf(holding: NaiveHolding, isBuy: boolean): { lots: bigint; loss: bigint } {
  let lots = 0n;
  let loss = 0n;
  for (const order of holding.orders) {
    if (order.isBuy !== isBuy) continue;
    lots += order.lots;
    loss += order.lots * order.lossTicks;
  }
  return { lots, loss };
}

/** The formula at the head of risk/kernel/requirement.ts, each of its three terms rounded up. */
export function naiveInitialMargin(
  market: NaiveMarket,
  holding: NaiveHolding,
  takerPpm: bigint,
): bigint {
  const { mark, params } = market;
  const worst = naiveWorstLots(holding);
  const byTiers = naiveTieredMargin(market, worst, 'initialPpm');
  const { leverage } = holding;
  const value = worst * mark * BigInt(params.microUsdPerTickLotNumerator);
  const divisor = BigInt(params.microUsdPerTickLotDenominator) * leverage;
  const byLeverage = leverage === 0n ? 0n : divCeil(value, divisor);
  return maxOf(byTiers, byLeverage) + naiveOrderCosts(market, holding, takerPpm);
}

/** Losses and fees, should all open orders fill. */
export function naiveOrderCosts(
  { mark, params }: NaiveMarket,
  holding: NaiveHolding,
  takerPpm: bigint,
): bigint {
  const numerator = BigInt(params.microUsdPerTickLotNumerator);
  const denominator = BigInt(params.microUsdPerTickLotDenominator);
  const bids = openOf(holding, true);
  const asks = openOf(holding, false);
  const losses = bids.loss + asks.loss;
  const atRisk = mark * (bids.lots + asks.lots) + losses;
  return (
    divCeil(losses * numerator, denominator) +
    divCeil(atRisk * numerator * takerPpm, denominator * PPM)
  );
}

/** Of the larger of the positions that the orders of one side alone can make. */
export function naiveWorstLots(holding: NaiveHolding): bigint {
  const { position } = holding;
  return maxOf(position + openOf(holding, true).lots, openOf(holding, false).lots - position, 0n);
}

/** Maintenance margin of the position that the account has. */
export function naiveMaintenance(market: NaiveMarket, holding: NaiveHolding): bigint {
  return naiveTieredMargin(market, absOf(holding.position), 'maintenancePpm');
}

/** Each part of the notional at the rate of the tier in which it lies, all in one fraction that is rounded up. */
function naiveTieredMargin(
  market: NaiveMarket,
  lots: bigint,
  rate: 'initialPpm' | 'maintenancePpm',
): bigint {
  const { mark, params, terms } = market;
  const denominator = BigInt(params.microUsdPerTickLotDenominator);
  const notional = lots * mark * BigInt(params.microUsdPerTickLotNumerator);
  const { initialMarginPpm: initialPpm, maintenanceMarginPpm: maintenancePpm } = params;
  const flat = [{ floorUsd: 0, initialPpm, maintenancePpm }];
  const tiers = terms.tiers.length === 0 ? flat : terms.tiers;
  const floors = tiers.map(({ floorUsd }) => BigInt(floorUsd) * PPM * denominator);
  let margin = 0n;
  tiers.forEach((tier, i) => {
    const floor = floors[i] as bigint;
    const top = minOf(notional, floors[i + 1] ?? notional);
    const ppm = rate === 'initialPpm' ? grownPpm(market, tier.initialPpm) : BigInt(tier[rate]);
    if (top > floor) margin += (top - floor) * ppm;
  });
  return divCeil(margin, denominator * PPM);
}

/** An initial rate grows with open interest from what it is to all of the notional: share and rate to 18 decimals, up to a whole ppm. */
function grownPpm({ mark, openInterest, params, terms }: NaiveMarket, ppm: number): bigint {
  const { growthLowerUsd, growthUpperUsd } = terms;
  if (growthUpperUsd === 0) return BigInt(ppm);
  const one = 10n ** 18n;
  const { microUsdPerTickLotNumerator, microUsdPerTickLotDenominator } = params;
  const notional = divCeil(
    openInterest * mark * BigInt(microUsdPerTickLotNumerator),
    BigInt(microUsdPerTickLotDenominator),
  );
  const above = maxOf(0n, notional - BigInt(growthLowerUsd) * PPM);
  const span = BigInt(growthUpperUsd - growthLowerUsd) * PPM;
  const share = minOf(one, divCeil(above * one, span));
  const usual = (BigInt(ppm) * one) / PPM;
  return divCeil((usual + divCeil((one - usual) * share, one)) * PPM, one);
}

/** What the account would have in the market if everything open, and these lots, filled at the higher of price and mark. */
export function naiveWorstValue(
  market: NaiveMarket,
  holding: NaiveHolding,
  moreLots: bigint,
  price: number,
): bigint {
  const open = openOf(holding, true).lots + openOf(holding, false).lots;
  return (absOf(holding.position) + open + moreLots) * maxOf(BigInt(price), market.mark);
}

/** 2^52 tick·lots, or as many as make 2^52 micro-USD. */
export function naiveValueLimit(market: NaiveMarket): bigint {
  const { microUsdPerTickLotNumerator, microUsdPerTickLotDenominator } = market.params;
  const money = BigInt(MICRO_USD_MAX) * BigInt(microUsdPerTickLotDenominator);
  return minOf(BigInt(VALUE_TICK_LOTS_MAX), money / BigInt(microUsdPerTickLotNumerator));
}

/** Value of the position at the mark, rounded up. */
export function naiveNotional(market: NaiveMarket, holding: NaiveHolding): bigint {
  const { microUsdPerTickLotNumerator, microUsdPerTickLotDenominator } = market.params;
  const value = absOf(holding.position) * market.mark * BigInt(microUsdPerTickLotNumerator);
  return divCeil(value, BigInt(microUsdPerTickLotDenominator));
}

/** Rounded down: the house never lends against a fraction. */
export function naiveUnrealized(market: NaiveMarket, holding: NaiveHolding): bigint {
  const value = holding.position * market.mark - holding.entryValue;
  const { microUsdPerTickLotNumerator, microUsdPerTickLotDenominator } = market.params;
  return divFloor(
    value * BigInt(microUsdPerTickLotNumerator),
    BigInt(microUsdPerTickLotDenominator),
  );
}

/** Settles a fill into the holding; returns the realised profit in micro-USD. */
export function naiveFill(
  market: NaiveMarket,
  holding: NaiveHolding,
  signedLots: bigint,
  price: bigint,
): bigint {
  let opening = signedLots;
  let realized = 0n;
  const { position } = holding;
  if (position !== 0n && position > 0n !== signedLots > 0n) {
    const size = absOf(position);
    const closed = absOf(signedLots) < size ? absOf(signedLots) : size;
    // The part of the entry value that goes is rounded against the trader.
    const part = divCeil(holding.entryValue * closed, size);
    const closing = signedLots > 0n ? closed : -closed;
    realized = -closing * price - part;
    holding.position += closing;
    holding.entryValue -= part;
    opening -= closing;
  }
  holding.position += opening;
  holding.entryValue += opening * price;
  const { microUsdPerTickLotNumerator, microUsdPerTickLotDenominator } = market.params;
  return divFloor(
    realized * BigInt(microUsdPerTickLotNumerator),
    BigInt(microUsdPerTickLotDenominator),
  );
}

/** Rate × notional, rounded up; a rebate is a negative fee and thus shrinks. */
export function naiveFee(market: NaiveMarket, value: bigint, ratePpm: bigint): bigint {
  const { microUsdPerTickLotNumerator, microUsdPerTickLotDenominator } = market.params;
  const divisor = BigInt(microUsdPerTickLotDenominator) * PPM;
  return divCeil(value * BigInt(microUsdPerTickLotNumerator) * ratePpm, divisor);
}

export function isFlat(holding: NaiveHolding): boolean {
  return holding.position === 0n && holding.orders.length === 0;
}

export function maxOf(...values: bigint[]): bigint {
  return values.reduce((most, value) => (value > most ? value : most));
}
export function minOf(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
export function absOf(value: bigint): bigint {
  return value < 0n ? -value : value;
}
/** Towards −∞; the divisor is positive. */
export function divFloor(value: bigint, divisor: bigint): bigint {
  const quotient = value / divisor;
  return value % divisor < 0n ? quotient - 1n : quotient;
}
export function divCeil(value: bigint, divisor: bigint): bigint {
  return -divFloor(-value, divisor);
}
