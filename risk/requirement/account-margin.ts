import { divCeil, minOf } from '../../engine/units/division.js';
import { RATE_ONE } from '../arithmetic/rate.js';
import { initialMarginWithOrders, type OpenOrder } from './open-orders.js';
import { positionMargin, type RiskMarket, type RiskPosition } from './position-margin.js';

/** What an account has in one market. */
export interface Holding {
  market: RiskMarket;
  position: RiskPosition;
  orders: readonly OpenOrder[];
  /**
   * The position stands on collateral of its own and is no part of the account's figures. Its open orders are: what they ask for
   * beyond the position itself has to come from the account.
   */
  isIsolated: boolean;
}

/** Figures of a whole account in cross margin, micro-USD. */
export interface AccountMargin {
  collateralMicroUsd: bigint;
  /** Collateral + unrealised profit and loss. */
  equityMicroUsd: bigint;
  unrealizedMicroUsd: bigint;
  /** Losses alone, as a negative number: profits of other positions do not make up for them. */
  lossesMicroUsd: bigint;
  notionalMicroUsd: bigint;
  initialMicroUsd: bigint;
  maintenanceMicroUsd: bigint;
  /** Equity − initial margin; negative: no order that raises the requirement is let in. */
  freeMicroUsd: bigint;
  /** There is a position and equity is below maintenance margin; equal is not below. */
  isLiquidatable: boolean;
}

/** Sums over all markets; each market's figures are rounded for themselves, as the margin actor books them. */
export function accountMargin(
  collateralMicroUsd: bigint,
  holdings: readonly Holding[],
): AccountMargin {
  let unrealizedMicroUsd = 0n;
  let lossesMicroUsd = 0n;
  let notionalMicroUsd = 0n;
  let initialMicroUsd = 0n;
  let maintenanceMicroUsd = 0n;
  let hasPosition = false;
  for (const { isIsolated, market, orders, position } of holdings) {
    const alone = positionMargin(market, position);
    initialMicroUsd += initialMarginWithOrders(market, position.lots, orders);
    if (isIsolated) {
      initialMicroUsd -= alone.initialMicroUsd;
      continue;
    }
    unrealizedMicroUsd += alone.unrealizedMicroUsd;
    lossesMicroUsd += minOf(alone.unrealizedMicroUsd, 0n);
    notionalMicroUsd += alone.notionalMicroUsd;
    maintenanceMicroUsd += alone.maintenanceMicroUsd;
    hasPosition ||= position.lots !== 0n;
  }
  const equityMicroUsd = collateralMicroUsd + unrealizedMicroUsd;
  return {
    collateralMicroUsd,
    equityMicroUsd,
    unrealizedMicroUsd,
    lossesMicroUsd,
    notionalMicroUsd,
    initialMicroUsd,
    maintenanceMicroUsd,
    freeMicroUsd: equityMicroUsd - initialMicroUsd,
    isLiquidatable: hasPosition && equityMicroUsd < maintenanceMicroUsd,
  };
}

/**
 * Maintenance margin ÷ equity, × 10^18 and rounded up, so that an account never looks better than it is: above one, it is
 * liquidatable. Zero when nothing is asked for; null when equity is not above zero and the ratio is thus beyond all numbers.
 * Source: Binance USDⓈ-M and Hyperliquid have their margin ratios this way round; liquidation is at 100 %.
 */
export function marginRatioE18(account: AccountMargin): bigint | null {
  const { equityMicroUsd, maintenanceMicroUsd } = account;
  if (maintenanceMicroUsd === 0n) return 0n;
  if (equityMicroUsd <= 0n) return null;
  return divCeil(maintenanceMicroUsd * RATE_ONE, equityMicroUsd);
}
