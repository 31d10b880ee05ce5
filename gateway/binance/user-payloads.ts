import { FLAG_REDUCE_ONLY, FLAG_SIDE, TIF_GTD, tifOf } from '../../engine/messages/types.js';
import { type Market, priceText, qtyText } from '../markets.js';
import type { WalletFigures } from './account-figures.js';
import type { FillRecord } from './account-history.js';
import { averageText, markText, moneyText } from './numbers.js';
import {
  callbackRateText,
  filledTickLots,
  type OrderRecord,
  orderPriceText,
  originalTypeOf,
  SIDES,
  selfTradeOf,
  stopPriceText,
  timeInForceOf,
  typeOfOrder,
  workingTypeOf,
} from './order-record.js';
import { MARGIN_ASSET, symbolOf } from './symbols.js';

export function orderUpdate(
  order: OrderRecord,
  market: Market,
  execution: string,
  fill: FillRecord | null,
  timeMs: number,
) {
  const { flags } = order;
  const rate = callbackRateText(order);
  return {
    e: 'ORDER_TRADE_UPDATE',
    E: timeMs,
    T: timeMs,
    o: {
      s: symbolOf(market),
      c: order.clientOrderId,
      S: SIDES[flags & FLAG_SIDE],
      o: typeOfOrder(order),
      f: timeInForceOf(order),
      q: qtyText(market, order.qtyLots),
      p: orderPriceText(order, market),
      ap: averageText(market, filledTickLots(order), order.filledLots),
      sp: stopPriceText(order, market),
      x: execution,
      X: order.status,
      i: order.orderId,
      l: qtyText(market, fill?.lots ?? 0),
      z: qtyText(market, order.filledLots),
      L: priceText(market, fill?.priceTicks ?? 0),
      ...(fill === null ? {} : { N: MARGIN_ASSET, n: moneyText(fill.feeMicroUsd) }),
      T: timeMs,
      t: fill?.tradeId ?? 0,
      b: '0',
      a: '0',
      m: fill?.isMaker ?? false,
      R: (flags & FLAG_REDUCE_ONLY) !== 0,
      wt: workingTypeOf(order),
      ot: originalTypeOf(order),
      ps: 'BOTH',
      cp: order.trigger?.closesPosition === true,
      ...(rate === undefined ? {} : { AP: '0', cr: rate }),
      pP: false,
      si: 0,
      ss: 0,
      rp: moneyText(fill?.realizedMicroUsd ?? 0),
      V: selfTradeOf(order),
      pm: 'NONE',
      gtd: tifOf(flags) === TIF_GTD ? order.expiresAtMs : 0,
    },
  };
}

/** The balance, and of positions only that of the market which the event concerns (0: none). */
export function accountUpdate(
  figures: WalletFigures,
  reason: string,
  marketId: number,
  changeMicroUsd: number,
  timeMs: number,
) {
  const positions = figures.markets.filter(({ market }) => market.id === marketId);
  return {
    e: 'ACCOUNT_UPDATE',
    E: timeMs,
    T: timeMs,
    a: {
      m: reason,
      B: [
        {
          a: MARGIN_ASSET,
          wb: moneyText(figures.wallet),
          cw: moneyText(figures.crossWallet),
          bc: moneyText(changeMicroUsd),
        },
      ],
      P: positions.map(({ entryValue, isolated, lots, market, unrealized }) => ({
        s: symbolOf(market),
        pa: qtyText(market, lots),
        ep: averageText(market, entryValue, lots),
        bep: averageText(market, entryValue, lots),
        cr: '0',
        up: moneyText(unrealized),
        mt: isolated === null ? 'cross' : 'isolated',
        iw: isolated === null ? '0' : moneyText(isolated),
        ps: 'BOTH',
        ma: MARGIN_ASSET,
      })),
    },
  };
}

export function configUpdate(market: Market, leverage: number, timeMs: number) {
  return {
    e: 'ACCOUNT_CONFIG_UPDATE',
    E: timeMs,
    T: timeMs,
    ac: { s: symbolOf(market), l: leverage },
  };
}

/** What is near its liquidation: the cross positions, or an isolated one. */
export function marginCall(figures: WalletFigures, marketIds: readonly number[], timeMs: number) {
  const positions = figures.markets.filter(({ market }) => marketIds.includes(market.id));
  return {
    e: 'MARGIN_CALL',
    E: timeMs,
    cw: moneyText(figures.crossWallet),
    p: positions.map(({ isolated, lots, maintenance, market, unrealized }) => ({
      s: symbolOf(market),
      ps: 'BOTH',
      pa: qtyText(market, lots),
      mt: isolated === null ? 'CROSSED' : 'ISOLATED',
      iw: isolated === null ? '0' : moneyText(isolated),
      mp: markText(market, market.markTicks),
      up: moneyText(unrealized),
      mm: moneyText(maintenance),
    })),
  };
}

export function expiredPayload(listenKey: string, timeMs: number) {
  return { e: 'listenKeyExpired', E: timeMs, listenKey };
}
