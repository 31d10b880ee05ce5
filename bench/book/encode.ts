import {
  F_CLIENT_ID,
  F_DEADLINE,
  F_EXPIRY,
  F_ORDER_ID,
  F_QTY,
  headOf,
  SLOT_FLOATS,
  SLOT_WORDS,
  W_ACCOUNT,
  W_FLAGS,
  W_HEAD,
  W_PRICE,
  W_REQUEST,
  W_SESSION,
} from '../../engine/messages/layout.js';

/** The market of all benchmarks. */
export const BENCH_MARKET = 1;
/** Who asks, in commands that want an answer: connection 1 of port 1. */
export const BENCH_SESSION = (1 << 24) | 1;

/**
 * Writes a command of one slot with every word of it, because the buffer is reused. Commands from outside
 * and their forwarded form share the layout, so this serves the bare book and the whole core; the words of
 * client reference and mark distance are those of the deadline, zero in both. The caller holds the two
 * views, so that a loop over a batch does not load them again for every command.
 */
export function writeCommand(
  words: Int32Array,
  floats: Float64Array,
  slot: number,
  type: number,
  account: number,
  flags: number,
  priceTicks: number,
  qtyLots: number,
  orderId: number,
  request: number,
): void {
  const w = slot * SLOT_WORDS;
  const f = slot * SLOT_FLOATS;
  words[w + W_HEAD] = headOf(type, 1, BENCH_MARKET);
  words[w + W_ACCOUNT] = account;
  words[w + W_FLAGS] = flags;
  words[w + W_PRICE] = priceTicks;
  floats[f + F_QTY] = qtyLots;
  floats[f + F_CLIENT_ID] = 0;
  floats[f + F_ORDER_ID] = orderId;
  words[w + W_SESSION] = request === 0 ? 0 : BENCH_SESSION;
  words[w + W_REQUEST] = request;
  floats[f + F_DEADLINE] = 0;
  floats[f + F_EXPIRY] = 0;
}
