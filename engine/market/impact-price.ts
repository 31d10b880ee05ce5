import type { OrderBook } from '../book/order-book.js';
import type { ValueTickLots } from '../units/units.js';
import type { ImpactPrice } from './pricing-rules.js';

/** A side that needs more levels than this for the impact notional counts as too thin for it. */
const LEVELS_MAX = 1000;
const TOO_THIN: ImpactPrice = { valueTickLots: 0, lots: 0 };

/** At which average price orders of this side would take the impact value, the last level only as far as needed. */
export function impactPrice(book: OrderBook, side: number, value: ValueTickLots): ImpactPrice {
  let valueTickLots = 0;
  let lots = 0;
  book.forEachLevel(side, LEVELS_MAX, (priceTicks, qtyLots) => {
    if (valueTickLots >= value) return;
    const taken = Math.min(qtyLots, Math.ceil((value - valueTickLots) / priceTicks));
    valueTickLots += taken * priceTicks;
    lots += taken;
  });
  return valueTickLots >= value ? { valueTickLots, lots } : TOO_THIN;
}
