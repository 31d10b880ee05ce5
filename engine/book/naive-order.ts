import {
  FLAG_POST_ONLY,
  FLAG_REDUCE_ONLY,
  SIDE_BUY,
  SIDE_SELL,
  sideOf,
  TIF_GTD,
  tifOf,
} from '../messages/types.js';
import type { PriceTicks, QtyLots } from '../units/units.js';

/** An order of the naive book. Filled lots are total − remaining. */
export interface NaiveOrder {
  readonly id: number;
  readonly account: number;
  readonly flags: number;
  readonly clientRef: number;
  /** GTD: the time at which it ends; otherwise 0. */
  readonly expiryMs: number;
  priceTicks: PriceTicks;
  totalLots: QtyLots;
  remainingLots: QtyLots;
  lossTicks: number;
}

export function isBuy(order: { flags: number }): boolean {
  return sideOf(order.flags) === SIDE_BUY;
}

export function oppositeSide(flags: number): number {
  return sideOf(flags) === SIDE_BUY ? SIDE_SELL : SIDE_BUY;
}

export function isReduceOnly(order: { flags: number }): boolean {
  return (order.flags & FLAG_REDUCE_ONLY) !== 0;
}

export function isPostOnly(order: { flags: number }): boolean {
  return (order.flags & FLAG_POST_ONLY) !== 0;
}

export function isGoodTillDate(order: { flags: number }): boolean {
  return tifOf(order.flags) === TIF_GTD;
}

/** Ticks by which a fill at the order's limit would lose against the mark; never negative. */
export function lossTicksOf(flags: number, markDistanceTicks: number): number {
  const loss = sideOf(flags) === SIDE_BUY ? markDistanceTicks : -markDistanceTicks;
  return loss > 0 ? loss : 0;
}

/** Whether an order of this side and limit may trade at a price of the opposite side. */
export function reaches(flags: number, limitTicks: PriceTicks, oppositeTicks: PriceTicks): boolean {
  return sideOf(flags) === SIDE_BUY ? oppositeTicks <= limitTicks : oppositeTicks >= limitTicks;
}
