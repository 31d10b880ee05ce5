import { FLAG_REDUCE_ONLY, FLAG_SIDE, SIDE_BUY } from '../../engine/messages/types.js';
import { absOf, divCeil, maxOf, minOf } from '../../engine/units/division.js';
import { PPM_ONE } from '../../engine/units/units.js';
import { RATE_ONE } from '../../risk/arithmetic/rate.js';
import { microUsdCeil } from '../../risk/arithmetic/tick-lot-value.js';
import { marginOfValue } from '../../risk/margin-tiers/margin-tiers.js';
import { initialMarginWithOrders, worstPositionLots } from '../../risk/requirement/open-orders.js';
import { positionMargin, type RiskMarket } from '../../risk/requirement/position-margin.js';
import { withdrawableMicroUsd } from '../../risk/requirement/withdrawal.js';
import type { AccountViews } from '../feeds/account-views.js';
import type { OpenOrder, OpenOrders } from '../feeds/open-orders.js';
import { liquidationTicks, riskMarketOf, riskPositionOf } from '../feeds/position-objects.js';
import type { Market, Markets } from '../markets.js';
import type { AdlQuantiles } from './adl-quantiles.js';

/** What figures are made of. */
export interface FigureSources {
  readonly markets: Markets;
  readonly views: AccountViews;
  readonly orders: OpenOrders;
  readonly quantiles: AdlQuantiles;
  /** Of a fee tier, parts per million. */
  readonly takerPpm: (tier: number) => number;
}

/** A position, also one of nothing; micro-USD unless a name says otherwise. */
export interface PositionFigures {
  market: Market;
  lots: number;
  /** Signed tick·lots. */
  entryValue: number;
  /** Collateral of an isolated position; null: margin is cross. */
  isolated: bigint | null;
  notional: bigint;
  unrealized: bigint;
  maintenance: bigint;
}

/** What an account has and what its positions are worth, micro-USD. */
export interface WalletFigures<InMarket = PositionFigures> {
  /** Of the account and of its isolated positions. */
  wallet: bigint;
  crossWallet: bigint;
  crossUnrealized: bigint;
  /** Of what is in cross margin alone: what liquidation looks at. */
  crossMaintenance: bigint;
  /** In the order of markets; all of them. */
  markets: InMarket[];
}

/** An account in one market, with its orders; micro-USD unless a name says otherwise. */
export interface MarketFigures extends PositionFigures {
  leverage: number;
  positionInitial: bigint;
  orderInitial: bigint;
  /** Zero when there is none. */
  liquidationTicks: number;
  bidTickLots: number;
  askTickLots: number;
  hasOrders: boolean;
  /** 0 … 4: how soon the position would be deleveraged. */
  adlQuantile: number;
}

export interface AccountFigures extends WalletFigures<MarketFigures> {
  unrealized: bigint;
  positionInitial: bigint;
  orderInitial: bigint;
  maintenance: bigint;
  available: bigint;
  /** What may leave the account; unrealised profit never does. */
  withdrawable: bigint;
}

/** Most that an account may choose where it has chosen nothing: what the lowest margin tier allows. */
export function leverageMaxOf({ margin, params }: Market): number {
  const initialPpm = margin.tiers[0]?.initialPpm ?? params.initialMarginPpm;
  return Math.max(1, Math.floor(PPM_ONE / initialPpm));
}

export function leverageOf(views: AccountViews, account: number, market: Market): number {
  const chosen = views.leveragesOf(account).find(({ marketId }) => marketId === market.id);
  return chosen?.leverage ?? leverageMaxOf(market);
}

/** Without a look at orders, of which an account may have tens of thousands: it is asked for with every change of a balance. */
export function walletFigures(sources: FigureSources, account: number): WalletFigures {
  const markets = sources.markets.all().map((market) => positionFigures(sources, account, market));
  return walletOf(sources, account, markets);
}

/**
 * The account's margin by the formulas of `risk/`, at the present marks. Losses that open orders have reserved are as of the
 * present mark here, and as of the moment of their reservation in the engine, so what is available may differ a little from what
 * the engine lets in.
 */
export function accountFigures(
  sources: FigureSources,
  account: number,
  feeTier: number,
): AccountFigures {
  const open = sources.orders.ofAccount(account).filter(({ trigger }) => trigger === null);
  const markets = sources.markets.all().map((market) => {
    const own = open.filter(({ marketId }) => marketId === market.id);
    return marketFigures(sources, account, feeTier, market, own);
  });
  const walletFigures = walletOf(sources, account, markets);
  const { crossMaintenance, crossUnrealized, crossWallet } = walletFigures;
  const cross = markets.filter(({ isolated }) => isolated === null);
  const crossInitial = sum(cross, ({ positionInitial }) => positionInitial);
  const orderInitial = sum(markets, (figures) => figures.orderInitial);
  const available = crossWallet + crossUnrealized - crossInitial - orderInitial;
  const withdrawable = withdrawableMicroUsd({
    collateralMicroUsd: crossWallet,
    equityMicroUsd: crossWallet + crossUnrealized,
    unrealizedMicroUsd: crossUnrealized,
    lossesMicroUsd: sum(cross, ({ unrealized }) => minOf(unrealized, 0n)),
    notionalMicroUsd: sum(cross, ({ notional }) => absOf(notional)),
    initialMicroUsd: crossInitial + orderInitial,
    maintenanceMicroUsd: crossMaintenance,
    freeMicroUsd: available,
    isLiquidatable: false,
  });
  return {
    ...walletFigures,
    unrealized: sum(markets, ({ unrealized }) => unrealized),
    positionInitial: sum(markets, ({ positionInitial }) => positionInitial),
    orderInitial,
    maintenance: sum(markets, (figures) => figures.maintenance),
    available: maxOf(available, 0n),
    withdrawable,
  };
}

function walletOf<InMarket extends PositionFigures>(
  { views }: FigureSources,
  account: number,
  markets: InMarket[],
): WalletFigures<InMarket> {
  const crossWallet = BigInt(views.collateralOf(account));
  let wallet = crossWallet;
  for (const { collateral } of views.isolatedMarketsOf(account)) wallet += BigInt(collateral);
  const cross = markets.filter(({ isolated }) => isolated === null);
  return {
    wallet,
    crossWallet,
    crossUnrealized: sum(cross, ({ unrealized }) => unrealized),
    crossMaintenance: sum(cross, ({ maintenance }) => maintenance),
    markets,
  };
}

function sum<Figures>(list: readonly Figures[], of: (figures: Figures) => bigint): bigint {
  return list.reduce((total, figures) => total + of(figures), 0n);
}

function positionFigures(
  { views }: FigureSources,
  account: number,
  market: Market,
): PositionFigures {
  const [lots, entryValue] = [
    views.lotsOf(account, market.id),
    views.entryValueOf(account, market.id),
  ];
  const isolated = views.isolatedOf(account, market.id);
  const figures: PositionFigures = {
    market,
    lots,
    entryValue,
    isolated: isolated === null ? null : BigInt(isolated),
    notional: 0n,
    unrealized: 0n,
    maintenance: 0n,
  };
  if (market.markTicks === 0 || lots === 0) return figures;
  const position = { marketId: market.id, lots, entryValue };
  const alone = positionMargin(riskMarketOf(market), riskPositionOf(position));
  figures.notional = lots < 0 ? -alone.notionalMicroUsd : alone.notionalMicroUsd;
  figures.unrealized = alone.unrealizedMicroUsd;
  figures.maintenance = alone.maintenanceMicroUsd;
  return figures;
}

function marketFigures(
  sources: FigureSources,
  account: number,
  feeTier: number,
  market: Market,
  open: readonly OpenOrder[],
): MarketFigures {
  const { markets, views } = sources;
  const leverage = leverageOf(views, account, market);
  const figures: MarketFigures = {
    ...positionFigures(sources, account, market),
    leverage,
    positionInitial: 0n,
    orderInitial: 0n,
    liquidationTicks: 0,
    bidTickLots: 0,
    askTickLots: 0,
    hasOrders: open.length > 0,
    adlQuantile: 0,
  };
  // Without a mark price there is neither a position nor an order.
  if (market.markTicks === 0 || (figures.lots === 0 && open.length === 0)) return figures;
  const takerRateE18 = (BigInt(sources.takerPpm(feeTier)) * RATE_ONE) / BigInt(PPM_ONE);
  const risk = { ...riskMarketOf(market), takerRateE18 };
  const lots = BigInt(figures.lots);
  figures.positionInitial = leveraged(risk, lots < 0n ? -lots : lots, leverage);
  const orders = open.map(({ flags, priceTicks, remainingLots }) => ({
    isBuy: (flags & FLAG_SIDE) === SIDE_BUY,
    priceTicks: BigInt(priceTicks),
    lots: BigInt(remainingLots),
    reduceOnly: (flags & FLAG_REDUCE_ONLY) !== 0,
  }));
  const worst = worstPositionLots(lots, orders);
  const byTiers = marginOfValue(risk.brackets.initial, worst * risk.markTicks, risk.tickLot);
  const costs = initialMarginWithOrders(risk, lots, orders) - byTiers;
  figures.orderInitial = leveraged(risk, worst, leverage) + costs - figures.positionInitial;
  for (const { flags, priceTicks, remainingLots } of open) {
    if ((flags & FLAG_SIDE) === SIDE_BUY) figures.bidTickLots += priceTicks * remainingLots;
    else figures.askTickLots += priceTicks * remainingLots;
  }
  if (figures.lots !== 0) {
    const position = { marketId: market.id, lots: figures.lots, entryValue: figures.entryValue };
    figures.adlQuantile = sources.quantiles.of(account, market, performance.now());
    figures.liquidationTicks = liquidationTicks(markets, views, account, position) ?? 0;
  }
  return figures;
}

/** Initial margin by tiers, and no less than the chosen leverage asks for. */
function leveraged(market: RiskMarket, lots: bigint, leverage: number): bigint {
  const value = lots * market.markTicks;
  const byTiers = marginOfValue(market.brackets.initial, value, market.tickLot);
  return maxOf(byTiers, divCeil(microUsdCeil(value, market.tickLot), BigInt(leverage)));
}
