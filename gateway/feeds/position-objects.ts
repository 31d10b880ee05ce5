import { divCeil, divFloor } from '../../engine/units/division.js';
import { PPM_ONE } from '../../engine/units/units.js';
import type { Fraction } from '../../risk/arithmetic/fraction.js';
import { RATE_ONE } from '../../risk/arithmetic/rate.js';
import { liquidationPrice } from '../../risk/liquidation-price/liquidation-price.js';
import { bracketsOf } from '../../risk/margin-tiers/margin-tiers.js';
import {
  positionMargin,
  type RiskMarket,
  type RiskPosition,
} from '../../risk/requirement/position-margin.js';
import { formatScaled } from '../codec/decimal-text.js';
import { type Market, type Markets, priceText, qtyText } from '../markets.js';
import { MARGIN_MODES } from '../protocol/names.js';
import type { AccountViews, PositionView } from './account-views.js';

const MICRO_PER_USD = 1_000_000n;
const MICRO_USD_DECIMALS = 6;
/** A rate in ppm as a multiple of 10^−18. */
const RATE_OF_PPM = RATE_ONE / BigInt(PPM_ONE);

/** A position as clients see it. */
export interface PositionObject {
  market: string;
  position: string;
  entryValue: string;
  marginMode: string;
  /** Of an isolated position its own; of others absent, they stand on the account's. */
  collateral: string | undefined;
  /** From here on it is liquidated, all other prices unchanged; absent: at no price. */
  liquidationPrice: string | undefined;
}

/** An account's positions, in the order of markets. */
export function positionObjects(
  markets: Markets,
  views: AccountViews,
  account: number,
): PositionObject[] {
  const positions = views.positionsOf(account);
  return positions.map((position) => {
    const market = markets.get(position.marketId) as Market;
    const p = market.params;
    const own = views.isolatedOf(account, position.marketId);
    const price = liquidationTicks(markets, views, account, position);
    return {
      market: p.symbol,
      position: qtyText(market, position.lots),
      entryValue: formatScaled(
        position.entryValue,
        p.tickMantissa * p.lotMantissa,
        p.tickDecimals + p.lotDecimals,
      ),
      marginMode: MARGIN_MODES[own === null ? 0 : 1],
      collateral: own === null ? undefined : formatScaled(own, 1, MICRO_USD_DECIMALS),
      liquidationPrice: price === null ? undefined : priceText(market, price),
    };
  });
}

/** Markets in which the account's margin is isolated, with what is in them. */
export function isolatedObjects(
  markets: Markets,
  views: AccountViews,
  account: number,
): { market: string; collateral: string }[] {
  return views.isolatedMarketsOf(account).map(({ marketId, collateral }) => ({
    market: (markets.get(marketId) as Market).params.symbol,
    collateral: formatScaled(collateral, 1, MICRO_USD_DECIMALS),
  }));
}

/** To the tick at which the position is liquidated for sure or earlier: up for a long, down for a short. */
export function liquidationTicks(
  markets: Markets,
  views: AccountViews,
  account: number,
  position: PositionView,
): number | null {
  const market = riskMarketOf(markets.get(position.marketId) as Market);
  const rest = restBehind(markets, views, account, position.marketId);
  const price = liquidationPrice(market, riskPositionOf(position), rest);
  if (price === null) return null;
  const { priceTicksMax } = (markets.get(position.marketId) as Market).params;
  const ticks = Number(position.lots > 0 ? ceilOf(price) : floorOf(price));
  return ticks < 1 || ticks > priceTicksMax ? null : ticks;
}

/** What stands behind a position apart from itself: its own collateral, or the account's with all other cross positions. */
function restBehind(
  markets: Markets,
  views: AccountViews,
  account: number,
  marketId: number,
): bigint {
  const own = views.isolatedOf(account, marketId);
  if (own !== null) return BigInt(own);
  let rest = BigInt(views.collateralOf(account));
  for (const other of views.positionsOf(account)) {
    if (other.marketId === marketId) continue;
    if (views.isolatedOf(account, other.marketId) !== null) continue;
    const market = riskMarketOf(markets.get(other.marketId) as Market);
    const { maintenanceMicroUsd, unrealizedMicroUsd } = positionMargin(
      market,
      riskPositionOf(other),
    );
    rest += unrealizedMicroUsd - maintenanceMicroUsd;
  }
  return rest;
}

/** No fees are in a liquidation price. */
export function riskMarketOf({ margin, markTicks, params }: Market): RiskMarket {
  const flat = {
    floorUsd: 0,
    initialPpm: params.initialMarginPpm,
    maintenancePpm: params.maintenanceMarginPpm,
  };
  const tiers = margin.tiers.length === 0 ? [flat] : margin.tiers;
  return {
    markTicks: BigInt(markTicks),
    takerRateE18: 0n,
    tickLot: {
      numerator: BigInt(params.microUsdPerTickLotNumerator),
      denominator: BigInt(params.microUsdPerTickLotDenominator),
    },
    brackets: bracketsOf(
      tiers.map(({ floorUsd, initialPpm, maintenancePpm }) => ({
        notionalFloorMicroUsd: BigInt(floorUsd) * MICRO_PER_USD,
        initialRateE18: BigInt(initialPpm) * RATE_OF_PPM,
        maintenanceRateE18: BigInt(maintenancePpm) * RATE_OF_PPM,
      })),
    ),
  };
}

export function riskPositionOf({ entryValue, lots }: PositionView): RiskPosition {
  return { lots: BigInt(lots), entryValueTickLots: BigInt(entryValue) };
}

function ceilOf({ numerator, denominator }: Fraction): bigint {
  return divCeil(numerator, denominator);
}

function floorOf({ numerator, denominator }: Fraction): bigint {
  return divFloor(numerator, denominator);
}
