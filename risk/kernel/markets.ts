import { allocate, release } from '../../engine/kernel/heap.js';
import {
  B_HEAD,
  B_MICRO_DENOMINATOR,
  B_MICRO_NUMERATOR,
  BOOK_BYTES,
} from '../../engine/kernel/layout.js';
import { copyBytes, f64At, i32At, setF64, setI32 } from '../../engine/kernel/memory.js';
import { PPM_ONE } from '../../engine/units/ppm.js';
import {
  A_ACTIVE,
  A_ACTIVE_HIGH,
  G_MARKET_IDS,
  G_MARKET_TABLE,
  G_MARKETS,
  M_ACTIVE_AT,
  M_ACTIVE_BIT,
  M_OPEN_INTEREST_MAX,
  M_POSITION_MAX,
  M_RATE_DIVISOR,
  M_VALUE_MAX,
} from './layout.js';

/**
 * What a margin actor knows of its markets: parameters, mark price, and for each of its accounts position and open orders. A
 * market of the same shard has all of it in the block of its book, so that an order touches no line twice; one that lives
 * elsewhere has a block without a book.
 */

/** Highest value in tick·lots and in micro-USD: twice as much still counts exactly. */
const VALUE_MAX: f64 = 4503599627370496;

/** Block of this market id, 0 when there is no such market. */
export function findBlock(marketId: i32): i32 {
  if (marketId >= i32At(G_MARKET_IDS)) return 0;
  return i32At(i32At(G_MARKET_TABLE) + (marketId << 2));
}

/** Block of a market that lives in another shard. */
export function openRemoteBlock(marketId: i32): i32 {
  const block = allocate(BOOK_BYTES);
  setI32(block + B_HEAD, marketId << 16);
  return block;
}

/** The margin actor knows this market from now on; `index`: its place 0–63 in accounts' active sets. Its contract is set. */
export function addMarket(block: i32, marketId: i32, index: i32): void {
  if (marketId >= i32At(G_MARKET_IDS)) widenTable(marketId + 1);
  setI32(i32At(G_MARKET_TABLE) + (marketId << 2), block);
  setI32(G_MARKETS + (index << 2), block);
  setI32(block + M_ACTIVE_AT, index < 32 ? A_ACTIVE : A_ACTIVE_HIGH);
  setI32(block + M_ACTIVE_BIT, 1 << (index & 31));
  const numerator = f64At(block + B_MICRO_NUMERATOR);
  const denominator = f64At(block + B_MICRO_DENOMINATOR);
  setF64(block + M_RATE_DIVISOR, denominator * PPM_ONE);
  // 2^52 tick·lots, and no more than 2^52 micro-USD.
  const value: f64 = Math.floor((VALUE_MAX / numerator) * denominator);
  setF64(block + M_VALUE_MAX, value < VALUE_MAX ? value : VALUE_MAX);
  setF64(block + M_POSITION_MAX, Infinity);
  setF64(block + M_OPEN_INTEREST_MAX, Infinity);
}

function widenTable(ids: i32): void {
  const old = i32At(G_MARKET_IDS);
  let wider = old === 0 ? 64 : old;
  while (wider < ids) wider *= 2;
  const to = allocate(wider << 2);
  if (old !== 0) {
    copyBytes(to, i32At(G_MARKET_TABLE), old << 2);
    release(i32At(G_MARKET_TABLE), old << 2);
  }
  setI32(G_MARKET_TABLE, to);
  setI32(G_MARKET_IDS, wider);
}
