import { type MarginTerms, NO_MARGIN_TERMS, TIERS_MAX } from '../../engine/market/margin-terms.js';
import type { MarketParams } from '../../engine/market/market-params.js';
import { PRICING_OFF, type PricingParams } from '../../engine/market/pricing-params.js';
import type { Xorshift } from '../../engine/testing/xorshift.js';
import {
  asMicroUsd,
  asPpm,
  asPriceTicks,
  asQtyLots,
  PRICE_TICKS_MAX,
  QTY_LOTS_MAX,
} from '../../engine/units/units.js';

/** A market as the simulation lists it, with the prices and sizes around which its traffic moves. */
export interface MarketPlan {
  params: MarketParams;
  firstPriceTicks: number;
  /** How far orders usually stand from the mark. */
  spreadTicks: number;
  usualLots: number;
}

const BASE: MarketParams = {
  symbol: 'BTC-PERP',
  tickMantissa: 1,
  tickDecimals: 1,
  lotMantissa: 1,
  lotDecimals: 3,
  microUsdPerTickLotNumerator: 100,
  microUsdPerTickLotDenominator: 1,
  priceTicksMax: asPriceTicks(100_000_000),
  qtyLotsMax: asQtyLots(10_000_000),
  minNotionalMicroUsd: asMicroUsd(5_000_000),
  priceBandPpm: asPpm(100_000),
  initialMarginPpm: asPpm(50_000),
  maintenanceMarginPpm: asPpm(25_000),
  openOrdersMax: 40,
};

/** An ordinary market, one whose tick·lot is a fraction of a micro-USD, and two at the limits of the units. */
const MENU: readonly MarketPlan[] = [
  { params: BASE, firstPriceTicks: 600_000, spreadTicks: 60, usualLots: 50 },
  {
    params: {
      ...BASE,
      symbol: 'ETH-PERP',
      tickMantissa: 1,
      tickDecimals: 4,
      microUsdPerTickLotNumerator: 1,
      microUsdPerTickLotDenominator: 10,
      minNotionalMicroUsd: asMicroUsd(0),
      openOrdersMax: 200,
    },
    firstPriceTicks: 30_000_000,
    spreadTicks: 500,
    usualLots: 1_000,
  },
  {
    params: {
      ...BASE,
      symbol: 'TINY-PERP',
      tickMantissa: 1,
      tickDecimals: 8,
      lotMantissa: 7,
      lotDecimals: 1,
      microUsdPerTickLotNumerator: 7,
      microUsdPerTickLotDenominator: 1000,
      priceTicksMax: asPriceTicks(5_000),
      qtyLotsMax: QTY_LOTS_MAX,
      minNotionalMicroUsd: asMicroUsd(1),
      priceBandPpm: asPpm(1_000_000),
    },
    firstPriceTicks: 40,
    spreadTicks: 6,
    usualLots: 1_000_000,
  },
  {
    params: {
      ...BASE,
      symbol: 'WIDE-PERP',
      tickMantissa: 1,
      tickDecimals: 2,
      lotMantissa: 1,
      lotDecimals: 0,
      microUsdPerTickLotNumerator: 10_000,
      priceTicksMax: PRICE_TICKS_MAX,
      qtyLotsMax: QTY_LOTS_MAX,
      minNotionalMicroUsd: asMicroUsd(0),
      priceBandPpm: asPpm(900_000),
      initialMarginPpm: asPpm(1_000_000),
      maintenanceMarginPpm: asPpm(500_000),
    },
    firstPriceTicks: 1_000_000,
    spreadTicks: 40_000,
    usualLots: 3,
  },
];

/** The n-th market of a simulation; small variations make no two alike. */
export function planMarket(n: number, random: Xorshift): MarketPlan {
  const plan = MENU[n % MENU.length] as MarketPlan;
  const symbol = n < MENU.length ? plan.params.symbol : `M${n}-PERP`;
  const params = { ...plan.params, symbol, openOrdersMax: random.between(5, 200) };
  return { ...plan, params };
}

/** What an operator may change later, and sometimes what he must not. */
export function changedParams(params: MarketParams, random: Xorshift): MarketParams {
  const initialMarginPpm = random.chance(80)
    ? random.between(1_000, 200_000)
    : random.between(1, 1_000_000);
  return {
    ...params,
    symbol: random.chance(5) ? 'OTHER' : params.symbol,
    initialMarginPpm: asPpm(initialMarginPpm),
    maintenanceMarginPpm: asPpm(random.between(1, initialMarginPpm + 100)),
    priceBandPpm: asPpm(
      random.chance(80) ? random.between(50_000, 1_000_000) : random.between(1, 50_000),
    ),
    minNotionalMicroUsd: asMicroUsd(random.pick([0, 1, 5_000_000])),
    openOrdersMax: random.between(3, 200),
    qtyLotsMax: asQtyLots(
      random.chance(90) ? params.qtyLotsMax : random.pick([1_000, QTY_LOTS_MAX]),
    ),
  };
}

/** Short intervals, so that a run of minutes sees funding; in one market of four prices are taken as they come. */
export function planPricing(random: Xorshift): PricingParams {
  if (random.chance(25)) return PRICING_OFF;
  const markIntervalMs = random.pick([100, 1_000, 7_000]);
  const premiumIntervalMs = random.pick([100, 500, 1_000]);
  const isGuarded = random.chance(40);
  return {
    markIntervalMs: random.chance(90) ? markIntervalMs : 0,
    averageMs: markIntervalMs * random.between(1, 20),
    fundingIntervalMs: random.pick([0, premiumIntervalMs, 10_000, 60_000, 3_600_000]),
    premiumIntervalMs,
    impactNotionalMicroUsd: asMicroUsd(random.pick([1, 1_000_000, 100_000_000])),
    interestPpb: random.pick([0, 100_000, -100_000]),
    dampenerPpb: random.pick([0, 500_000]),
    rateCapPpb: random.pick([0, 1_000_000, 40_000_000]),
    indexAgeMaxMs: isGuarded ? random.pick([0, 5_000, 60_000]) : 0,
    confidenceMaxPpm: isGuarded ? random.pick([0, 20_000]) : 0,
    jumpMaxPpm: isGuarded ? random.pick([0, 100_000]) : 0,
    divergenceMaxPpm: random.pick([0, 20_000, 200_000]),
  };
}

/**
 * Tiers whose floors lie where positions of usual orders get to, and caps that some of them reach; in one market of four none, and
 * now and then tiers that must be refused.
 */
export function planMargin(plan: MarketPlan, random: Xorshift): MarginTerms {
  if (random.chance(25)) return NO_MARGIN_TERMS;
  const { params, firstPriceTicks, usualLots } = plan;
  const worth = params.microUsdPerTickLotNumerator / params.microUsdPerTickLotDenominator;
  const usualUsd = Math.ceil((firstPriceTicks * usualLots * worth) / 1_000_000);
  const tier = { floorUsd: 0, initialPpm: random.between(1_000, 50_000), maintenancePpm: 0 };
  tier.maintenancePpm = random.between(1, tier.initialPpm);
  const tiers = [{ ...tier }];
  for (let n = random.below(random.chance(90) ? 4 : TIERS_MAX); n > 0; n--) {
    tier.floorUsd += random.between(random.chance(97) ? 1 : 0, usualUsd * 5);
    tier.initialPpm = random.between(tier.initialPpm, Math.min(1_000_000, tier.initialPpm * 3));
    tier.maintenancePpm = random.between(tier.maintenancePpm, tier.initialPpm);
    tiers.push({ ...tier });
  }
  const lower = random.between(0, usualUsd * 20);
  const grows = random.chance(30) && lower < 1_000_000_000;
  const growth = grows
    ? { growthLowerUsd: lower, growthUpperUsd: lower + random.between(1, usualUsd * 100) }
    : { growthLowerUsd: 0, growthUpperUsd: 0 };
  const cap = (orders: number) => asQtyLots(random.chance(50) ? 0 : usualLots * orders);
  return {
    tiers: random.chance(90) ? tiers : [],
    openInterestLotsMax: cap(random.between(10, 150)),
    positionLotsMax: cap(random.between(2, 40)),
    ...growth,
  };
}
