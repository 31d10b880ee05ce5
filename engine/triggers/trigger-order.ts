import {
  PRICE_OF_INDEX,
  PRICE_OF_MARK,
  SIDE_BUY,
  sideOf,
  TRIGGER_STOP,
  TRIGGER_TAKE_PROFIT,
} from '../messages/types.js';
import type { PriceTicks, QtyLots, TimeMs } from '../units/units.js';

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
  readonly triggerTicks: PriceTicks;
  /** Limit; of a market order the worst price that it accepts, 0 for none. */
  readonly priceTicks: PriceTicks;
  readonly qtyLots: QtyLots;
  /** GTD: the time at which it ends, waiting or not; 0: none. */
  readonly expiryMs: TimeMs;
}

export function isTriggerKind(kind: number): boolean {
  return kind === TRIGGER_STOP || kind === TRIGGER_TAKE_PROFIT;
}

export function isPriceSource(source: number): boolean {
  return source >= PRICE_OF_MARK && source <= PRICE_OF_INDEX;
}

/** A stop goes with the price: buys when it has risen, sells when it has fallen. A take-profit goes against it. */
export function firesWhenPriceRises(kind: number, flags: number): boolean {
  return (sideOf(flags) === SIDE_BUY) === (kind === TRIGGER_STOP);
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
