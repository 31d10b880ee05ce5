import { FLAG_MARKET_ORDER } from '../../engine/messages/types.js';
import { ORDER_TYPES } from './names.js';

/** `limit` and `market`; the types behind them wait for a price, two for each kind of trigger: market, limit. */
const PLAIN_TYPES = 2;
export const TYPE_LIMIT = 0;
export const TYPE_MARKET = 1;

/** What an order of this type waits for (TRIGGER_…), 0 for nothing. */
export function triggerKindOf(type: number): number {
  return type < PLAIN_TYPES ? 0 : (type - PLAIN_TYPES + 2) >> 1;
}

/** TYPE_LIMIT or TYPE_MARKET: what it is once it has been triggered. */
export function plainTypeOf(type: number): number {
  if (type < PLAIN_TYPES) return type;
  return (type - PLAIN_TYPES) % 2 === 0 ? TYPE_MARKET : TYPE_LIMIT;
}

/** Index in ORDER_TYPES. `kind`: what the order waits for, 0 when it does not. */
export function orderTypeOf(flags: number, kind: number): number {
  const isMarket = (flags & FLAG_MARKET_ORDER) !== 0;
  if (kind === 0) return isMarket ? TYPE_MARKET : TYPE_LIMIT;
  return PLAIN_TYPES + (kind - 1) * 2 + (isMarket ? 0 : 1);
}

export function orderTypeName(flags: number, kind: number): (typeof ORDER_TYPES)[number] {
  return ORDER_TYPES[orderTypeOf(flags, kind)] as (typeof ORDER_TYPES)[number];
}
