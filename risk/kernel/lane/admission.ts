import { keyOf } from '../../../engine/kernel/ladder.js';
import { B_OPEN_INTEREST, B_PRICE_MAX } from '../../../engine/kernel/layout.js';
import { f64At, i32At } from '../../../engine/kernel/memory.js';
import {
  G_HOMES_ELSEWHERE,
  LEAVES_TRADES,
  M_LANE,
  M_LOTS_MAX,
  M_OPEN_INTEREST_MAX,
  M_PRICE_LIMITS,
  TAKES_ORDERS,
} from '../layout.js';

/** What a market actor (engine/market/market-actor.ts) asks of price and size. */

/** Market open with a mark price, the price in its range and within the band. */
export function admitsPrice(book: i32, side: i32, price: i32): boolean {
  if ((i32At(book + M_LANE) & TAKES_ORDERS) === 0) return false;
  if (price < 1 || price > i32At(book + B_PRICE_MAX)) return false;
  // Compared as keys, of which the smaller one is the better price on both sides: the side cannot be predicted.
  return keyOf(side, price) >= keyOf(side, i32At(book + M_PRICE_LIMITS + (side << 2)));
}

/**
 * Whether trading is left to the long way: because traders in the way may be at home elsewhere, or because the market has to
 * look at every trade.
 */
export function leavesTrades(book: i32): boolean {
  return i32At(G_HOMES_ELSEWHERE) !== 0 || (i32At(book + M_LANE) & LEAVES_TRADES) !== 0;
}

/** A whole number of lots within the limits. */
export function admitsLots(book: i32, lots: f64): boolean {
  return lots >= 1 && lots <= f64At(book + M_LOTS_MAX) && Math.floor(lots) === lots;
}

/** Whether so many lots more stay within the cap on open interest whatever they do; near it the long way looks closer. */
export function admitsInterest(book: i32, lots: f64): boolean {
  return f64At(book + B_OPEN_INTEREST) + lots <= f64At(book + M_OPEN_INTEREST_MAX);
}
