import {
  PRICE_OF_INDEX,
  PRICE_OF_MARK,
  SIDE_BUY,
  sideOf,
  TRIGGER_STOP,
  TRIGGER_TAKE_PROFIT,
  TRIGGER_TRAILING_STOP,
} from '../messages/types.js';
import { mulDivCeil } from '../units/mul-div.js';
import {
  asPriceTicks,
  PPM_ONE,
  type Ppm,
  type PriceTicks,
  type QtyLots,
  type TimeMs,
} from '../units/units.js';

/** Mark, last trade, index. */
export const PRICE_SOURCES = PRICE_OF_INDEX - PRICE_OF_MARK + 1;

/** An order that waits outside of the book until a price reaches its trigger price. */
export interface TriggerOrder {
  /** From the market's ordinary sequence of order ids. */
  readonly id: number;
  readonly account: number;
  /** The client's flags of the order that it becomes. */
  readonly flags: number;
  /** The margin actor's reference to the client id, −1 for none. */
  readonly clientRef: number;
  readonly kind: number;
  readonly source: number;
  /** Of a trailing stop where it stands at present; below 1 or beyond every price: out of reach as yet. */
  triggerTicks: PriceTicks;
  /** Trailing stop: distance from the best price, in ticks or in ppm of that price; the other one, and of other kinds both, 0. */
  readonly trailTicks: PriceTicks;
  readonly trailPpm: Ppm;
  /** Trailing stop: the highest price since it was placed (sell) or the lowest (buy); else 0. */
  bestTicks: PriceTicks;
  /** The waiting order of which only one may fire; 0: none. It names this one. */
  ocoId: number;
  /** Of a leg of a bracket the order that it is attached to; else 0. */
  readonly bracketId: number;
  /** Limit; of a market order the worst price that it accepts, 0 for none. */
  readonly priceTicks: PriceTicks;
  /** 0 when it closes the position. That of a leg follows what its entry has filled. */
  qtyLots: QtyLots;
  /** It closes the account's position, whatever its size then, and ends with it. */
  readonly closesPosition: boolean;
  /** GTD: the time at which it ends, waiting or not; 0: none. */
  readonly expiryMs: TimeMs;
}

export function isTriggerKind(kind: number): boolean {
  return kind === TRIGGER_STOP || kind === TRIGGER_TAKE_PROFIT || kind === TRIGGER_TRAILING_STOP;
}

export function isPriceSource(source: number): boolean {
  return source >= PRICE_OF_MARK && source <= PRICE_OF_INDEX;
}

/** A stop, trailing or not, goes with the price: buys when it has risen, sells when it has fallen. A take-profit goes against it. */
export function firesWhenPriceRises(kind: number, flags: number): boolean {
  return (sideOf(flags) === SIDE_BUY) === (kind !== TRIGGER_TAKE_PROFIT);
}

/** Whether the order's condition holds at this price. Touching is enough. */
export function isReached(
  order: Pick<TriggerOrder, 'kind' | 'flags' | 'triggerTicks'>,
  priceTicks: PriceTicks,
): boolean {
  return firesWhenPriceRises(order.kind, order.flags)
    ? priceTicks >= order.triggerTicks
    : priceTicks <= order.triggerTicks;
}

/** Whether the price is better than any before: a trailing stop moves on. */
export function isBetter(order: TriggerOrder, priceTicks: PriceTicks): boolean {
  if (order.kind !== TRIGGER_TRAILING_STOP) return false;
  return firesWhenPriceRises(order.kind, order.flags)
    ? priceTicks < order.bestTicks
    : priceTicks > order.bestTicks;
}

/**
 * Sets the best price and the trigger price that follows: best − distance for a sell, best + distance for a buy. A rate's
 * distance is rounded up, so it never fires sooner than its rate says, and at least a tick away from the best price. When
 * the best price moves by a tick the distance grows or shrinks by a tick at most: the trigger price never goes back.
 */
export function trailTo(
  order: Pick<TriggerOrder, 'flags' | 'trailTicks' | 'trailPpm' | 'bestTicks' | 'triggerTicks'>,
  bestTicks: PriceTicks,
): void {
  const { trailTicks, trailPpm } = order;
  const distance = trailTicks !== 0 ? trailTicks : mulDivCeil(bestTicks, trailPpm, PPM_ONE);
  order.bestTicks = bestTicks;
  const isBuy = sideOf(order.flags) === SIDE_BUY;
  order.triggerTicks = asPriceTicks(isBuy ? bestTicks + distance : bestTicks - distance);
}
