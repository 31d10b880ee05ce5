import {
  R_LEVERAGE_SHIFT,
  R_REDUCE_ONLY_MASK,
  R_REDUCE_ONLY_ORDERS,
} from '../../engine/kernel/layout.js';
import { i32At, setI32 } from '../../engine/kernel/memory.js';

/**
 * The leverage that an account has chosen in a market: at least notional ÷ leverage is asked for as initial margin. It stands
 * in the upper bits of a counter of the account's row, which every order has in hand: a column of its own would be one more
 * line to fetch from memory. 0: the account has chosen none.
 */
export function leverageOf(row: i32): i32 {
  return i32At(row + R_REDUCE_ONLY_ORDERS) >>> R_LEVERAGE_SHIFT;
}

export function setLeverage(row: i32, leverage: i32): void {
  const count = i32At(row + R_REDUCE_ONLY_ORDERS) & R_REDUCE_ONLY_MASK;
  setI32(row + R_REDUCE_ONLY_ORDERS, count | (leverage << R_LEVERAGE_SHIFT));
}
