import { qtyText } from '../markets.js';
import type { AccountFigures, MarketFigures } from './account-figures.js';
import { averageText, markText, moneyText, valueText, ZERO_MONEY } from './numbers.js';
import { MARGIN_ASSET, symbolOf } from './symbols.js';

/** Of an account's value, the highest that the engine lets any market have: 2^52 micro-USD. */
export const NOTIONAL_USD_MAX = Math.floor(2 ** 52 / 1_000_000);

/** GET /fapi/v2/account and /fapi/v3/account. */
export function accountObject(
  figures: AccountFigures,
  version: 2 | 3,
  updateTime: number,
  feeTier: number,
) {
  const totals = {
    totalInitialMargin: moneyText(figures.positionInitial + figures.orderInitial),
    totalMaintMargin: moneyText(figures.maintenance),
    totalWalletBalance: moneyText(figures.wallet),
    totalUnrealizedProfit: moneyText(figures.unrealized),
    totalMarginBalance: moneyText(figures.wallet + figures.unrealized),
    totalPositionInitialMargin: moneyText(figures.positionInitial),
    totalOpenOrderInitialMargin: moneyText(figures.orderInitial),
    totalCrossWalletBalance: moneyText(figures.crossWallet),
    totalCrossUnPnl: moneyText(figures.crossUnrealized),
    availableBalance: moneyText(figures.available),
    maxWithdrawAmount: moneyText(figures.withdrawable),
  };
  const assets = [assetObject(figures, updateTime)];
  if (version === 3) {
    const positions = figures.markets.filter(hasSomething).map((each) => {
      return accountPositionV3(each, updateTime);
    });
    return { ...totals, assets, positions };
  }
  return {
    feeTier,
    canTrade: true,
    canDeposit: true,
    canWithdraw: false,
    feeBurn: false,
    tradeGroupId: -1,
    updateTime: 0,
    multiAssetsMargin: false,
    ...totals,
    assets,
    positions: figures.markets.map((each) => accountPositionV2(each, updateTime)),
  };
}

/** GET /fapi/v2/balance and /fapi/v3/balance. */
export function balanceObjects(figures: AccountFigures, alias: string, updateTime: number) {
  return [
    {
      accountAlias: alias,
      asset: MARGIN_ASSET,
      balance: moneyText(figures.wallet),
      crossWalletBalance: moneyText(figures.crossWallet),
      crossUnPnl: moneyText(figures.crossUnrealized),
      availableBalance: moneyText(figures.available),
      maxWithdrawAmount: moneyText(figures.withdrawable),
      marginAvailable: true,
      updateTime,
    },
  ];
}

/** GET /fapi/v2/positionRisk: each market, whether there is a position or not. */
export function positionRiskV2(figures: MarketFigures, updateTime: number) {
  const { isolated, leverage, lots, market } = figures;
  return {
    symbol: symbolOf(market),
    positionAmt: qtyText(market, lots),
    entryPrice: averageText(market, figures.entryValue, lots),
    breakEvenPrice: averageText(market, figures.entryValue, lots),
    markPrice: markText(market, market.markTicks),
    unRealizedProfit: moneyText(figures.unrealized),
    liquidationPrice: liquidationText(figures),
    leverage: String(leverage),
    maxNotionalValue: String(NOTIONAL_USD_MAX),
    marginType: isolated === null ? 'cross' : 'isolated',
    isolatedMargin: isolatedMarginText(figures),
    isAutoAddMargin: 'false',
    positionSide: 'BOTH',
    notional: moneyText(figures.notional),
    isolatedWallet: isolated === null ? '0' : moneyText(isolated),
    updateTime: lots === 0 ? 0 : updateTime,
    isolated: isolated !== null,
    adlQuantile: figures.adlQuantile,
  };
}

/** GET /fapi/v3/positionRisk: markets with a position or open orders. */
export function positionRiskV3(figures: MarketFigures, updateTime: number) {
  const { isolated, lots, market } = figures;
  return {
    symbol: symbolOf(market),
    positionSide: 'BOTH',
    positionAmt: qtyText(market, lots),
    entryPrice: averageText(market, figures.entryValue, lots),
    breakEvenPrice: averageText(market, figures.entryValue, lots),
    markPrice: markText(market, market.markTicks),
    unRealizedProfit: moneyText(figures.unrealized),
    liquidationPrice: liquidationText(figures),
    isolatedMargin: isolatedMarginText(figures),
    notional: moneyText(figures.notional),
    marginAsset: MARGIN_ASSET,
    isolatedWallet: isolated === null ? '0' : moneyText(isolated),
    initialMargin: moneyText(figures.positionInitial + figures.orderInitial),
    maintMargin: moneyText(figures.maintenance),
    positionInitialMargin: moneyText(figures.positionInitial),
    openOrderInitialMargin: moneyText(figures.orderInitial),
    adl: figures.adlQuantile,
    bidNotional: valueText(market, figures.bidTickLots),
    askNotional: valueText(market, figures.askTickLots),
    updateTime,
  };
}

export function hasSomething({ hasOrders, lots }: MarketFigures): boolean {
  return lots !== 0 || hasOrders;
}

function assetObject(figures: AccountFigures, updateTime: number) {
  return {
    asset: MARGIN_ASSET,
    walletBalance: moneyText(figures.wallet),
    unrealizedProfit: moneyText(figures.unrealized),
    marginBalance: moneyText(figures.wallet + figures.unrealized),
    maintMargin: moneyText(figures.maintenance),
    initialMargin: moneyText(figures.positionInitial + figures.orderInitial),
    positionInitialMargin: moneyText(figures.positionInitial),
    openOrderInitialMargin: moneyText(figures.orderInitial),
    crossWalletBalance: moneyText(figures.crossWallet),
    crossUnPnl: moneyText(figures.crossUnrealized),
    availableBalance: moneyText(figures.available),
    maxWithdrawAmount: moneyText(figures.withdrawable),
    marginAvailable: true,
    updateTime,
  };
}

function accountPositionV2(figures: MarketFigures, updateTime: number) {
  const { isolated, leverage, lots, market } = figures;
  return {
    symbol: symbolOf(market),
    initialMargin: moneyText(figures.positionInitial + figures.orderInitial),
    maintMargin: moneyText(figures.maintenance),
    unrealizedProfit: moneyText(figures.unrealized),
    positionInitialMargin: moneyText(figures.positionInitial),
    openOrderInitialMargin: moneyText(figures.orderInitial),
    leverage: String(leverage),
    isolated: isolated !== null,
    entryPrice: averageText(market, figures.entryValue, lots),
    breakEvenPrice: averageText(market, figures.entryValue, lots),
    maxNotional: String(NOTIONAL_USD_MAX),
    bidNotional: valueText(market, figures.bidTickLots),
    askNotional: valueText(market, figures.askTickLots),
    positionSide: 'BOTH',
    positionAmt: qtyText(market, lots),
    notional: moneyText(figures.notional),
    isolatedWallet: isolated === null ? '0' : moneyText(isolated),
    updateTime: lots === 0 ? 0 : updateTime,
  };
}

function accountPositionV3(figures: MarketFigures, updateTime: number) {
  const { isolated, lots, market } = figures;
  return {
    symbol: symbolOf(market),
    positionSide: 'BOTH',
    positionAmt: qtyText(market, lots),
    unrealizedProfit: moneyText(figures.unrealized),
    isolatedMargin: isolatedMarginText(figures),
    notional: moneyText(figures.notional),
    isolatedWallet: isolated === null ? '0' : moneyText(isolated),
    initialMargin: moneyText(figures.positionInitial + figures.orderInitial),
    maintMargin: moneyText(figures.maintenance),
    updateTime,
  };
}

function liquidationText({ liquidationTicks, market }: MarketFigures): string {
  return liquidationTicks === 0 ? '0' : markText(market, liquidationTicks);
}

function isolatedMarginText({ isolated, lots, unrealized }: MarketFigures): string {
  if (isolated === null) return '0';
  return lots === 0 && isolated === 0n ? ZERO_MONEY : moneyText(isolated + unrealized);
}
