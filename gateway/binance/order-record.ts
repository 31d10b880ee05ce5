import {
  FLAG_MARKET_ORDER,
  FLAG_POST_ONLY,
  FLAG_REDUCE_ONLY,
  FLAG_SIDE,
  PRICE_OF_LAST_TRADE,
  REASON_FOK_UNFILLABLE,
  REASON_MASS_CANCEL,
  REASON_REPLACED,
  REASON_SELF_TRADE,
  REASON_USER,
  stpOf,
  TIF_FOK,
  TIF_GTD,
  TIF_IOC,
  TRIGGER_TAKE_PROFIT,
  TRIGGER_TRAILING_STOP,
  tifOf,
} from '../../engine/messages/types.js';
import { formatScaled } from '../codec/decimal-text.js';
import { type Market, priceText, qtyText } from '../markets.js';
import { averageText, valueText } from './numbers.js';
import { symbolOf } from './symbols.js';

export type OrderStatus =
  | 'NEW'
  | 'PARTIALLY_FILLED'
  | 'FILLED'
  | 'CANCELED'
  | 'EXPIRED'
  | 'EXPIRED_IN_MATCH';

/** An order as this dialect remembers it, open or closed. */
export interface OrderRecord {
  readonly marketId: number;
  readonly orderId: number;
  readonly account: number;
  readonly clientOrderId: string;
  flags: number;
  priceTicks: number;
  qtyLots: number;
  filledLots: number;
  /** Of what has filled, as far as this process has seen it: lots of it, and their value in tick·lots. */
  seenLots: number;
  seenTickLots: number;
  expiresAtMs: number;
  status: OrderStatus;
  timeMs: number;
  updateMs: number;
  /** What it waits for, or has waited for before it fired. */
  readonly trigger: TriggerRecord | null;
  /** The order itself waits, or did until it fired. */
  readonly waits: boolean;
  /** It was placed as an algo order, and its events are told as such. */
  readonly isAlgo: boolean;
  /** The exchange has placed it, to liquidate a position. */
  readonly isForced: boolean;
  /** The order that this one has become, once it has fired; 0: none. */
  firedOrderId: number;
}

export interface TriggerRecord {
  kind: number;
  source: number;
  priceTicks: number;
  trailTicks: number;
  trailPpm: number;
  closesPosition: boolean;
}

export const SIDES = ['BUY', 'SELL'] as const;
const TIMES = ['GTC', 'IOC', 'FOK', 'GTD'] as const;
const SELF_TRADES = ['NONE', 'EXPIRE_TAKER', 'EXPIRE_MAKER', 'EXPIRE_BOTH', 'DECREMENT'] as const;
const USER_REASONS: readonly number[] = [REASON_USER, REASON_MASS_CANCEL, REASON_REPLACED];

export function isOpen({ status }: OrderRecord): boolean {
  return status === 'NEW' || status === 'PARTIALLY_FILLED';
}

/** It can never rest, so its end comes right behind its beginning. */
export function endsAtOnce({ flags, waits }: OrderRecord): boolean {
  const tif = tifOf(flags);
  return !waits && ((flags & FLAG_MARKET_ORDER) !== 0 || tif === TIF_IOC || tif === TIF_FOK);
}

/** Status of an order that ended without filling; `reason` is the engine's. */
export function endOf(reason: number): OrderStatus {
  if (USER_REASONS.includes(reason)) return 'CANCELED';
  return reason === REASON_SELF_TRADE ? 'EXPIRED_IN_MATCH' : 'EXPIRED';
}

export function isFillOrKillEnd(reason: number): boolean {
  return reason === REASON_FOK_UNFILLABLE;
}

export function timeInForceOf({ flags }: OrderRecord): string {
  if ((flags & FLAG_POST_ONLY) !== 0) return 'GTX';
  return TIMES[tifOf(flags)] as string;
}

/** Its present type: an order that has fired is a plain one. */
export function typeOfOrder(order: OrderRecord): string {
  const isMarket = (order.flags & FLAG_MARKET_ORDER) !== 0;
  return order.waits ? originalTypeOf(order) : isMarket ? 'MARKET' : 'LIMIT';
}

export function originalTypeOf({ flags, trigger }: OrderRecord): string {
  const isMarket = (flags & FLAG_MARKET_ORDER) !== 0;
  if (trigger === null) return isMarket ? 'MARKET' : 'LIMIT';
  if (trigger.kind === TRIGGER_TRAILING_STOP) return 'TRAILING_STOP_MARKET';
  const name = trigger.kind === TRIGGER_TAKE_PROFIT ? 'TAKE_PROFIT' : 'STOP';
  return isMarket ? `${name}_MARKET` : name;
}

export function workingTypeOf({ trigger }: OrderRecord): string {
  return trigger !== null && trigger.source !== PRICE_OF_LAST_TRADE
    ? 'MARK_PRICE'
    : 'CONTRACT_PRICE';
}

export function selfTradeOf({ flags }: OrderRecord): string {
  return SELF_TRADES[stpOf(flags)] ?? 'NONE';
}

/** Market orders show no price: the bound that the engine gave them is no one's business. */
export function orderPriceText(order: OrderRecord, market: Market): string {
  return (order.flags & FLAG_MARKET_ORDER) !== 0 ? '0' : priceText(market, order.priceTicks);
}

export function stopPriceText({ trigger }: OrderRecord, market: Market): string {
  return trigger === null || trigger.priceTicks === 0 ? '0' : priceText(market, trigger.priceTicks);
}

/** Percent, as Binance writes it; empty unless it trails by a share of the price. */
export function callbackRateText({ trigger }: OrderRecord): string | undefined {
  if (trigger === null || trigger.kind !== TRIGGER_TRAILING_STOP) return undefined;
  return formatScaled(trigger.trailPpm, 1, 4);
}

/** Of fills from before this process began the price is not known; they count as if at the order's own. */
export function filledTickLots({ filledLots, priceTicks, seenLots, seenTickLots }: OrderRecord) {
  return seenTickLots + (filledLots - seenLots) * priceTicks;
}

/** The order as REST answers show it. */
export function orderObject(order: OrderRecord, market: Market): Record<string, unknown> {
  const { flags, filledLots, trigger } = order;
  const value = filledTickLots(order);
  const rate = callbackRateText(order);
  return {
    orderId: order.orderId,
    symbol: symbolOf(market),
    status: order.status,
    clientOrderId: order.clientOrderId,
    price: orderPriceText(order, market),
    avgPrice: averageText(market, value, filledLots),
    origQty: qtyText(market, order.qtyLots),
    executedQty: qtyText(market, filledLots),
    cumQty: qtyText(market, filledLots),
    cumQuote: valueText(market, value),
    timeInForce: timeInForceOf(order),
    type: typeOfOrder(order),
    reduceOnly: (flags & FLAG_REDUCE_ONLY) !== 0,
    closePosition: trigger?.closesPosition === true,
    side: SIDES[flags & FLAG_SIDE],
    positionSide: 'BOTH',
    stopPrice: stopPriceText(order, market),
    workingType: workingTypeOf(order),
    priceProtect: false,
    origType: originalTypeOf(order),
    priceMatch: 'NONE',
    selfTradePreventionMode: selfTradeOf(order),
    goodTillDate: tifOf(flags) === TIF_GTD ? order.expiresAtMs : 0,
    // Left out of the answer when undefined.
    priceRate: rate,
    activatePrice: rate === undefined ? undefined : '0',
    time: order.timeMs,
    updateTime: order.updateMs,
  };
}
