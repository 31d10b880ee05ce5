import {
  EF_FEE,
  EF_REALIZED,
  SLOT_FLOATS,
  SLOT_WORDS,
  typeOf,
  W_HEAD,
} from '../messages/layout.js';
import { EVT_FILL } from '../messages/types.js';

/**
 * Cash that a channel message carries to the account's home, micro-USD: the market has booked the fill already, the account has
 * not. Only fills move cash between shards.
 */
export function cashOf(message: Int32Array): bigint {
  if (typeOf(message[SLOT_WORDS + W_HEAD] as number) !== EVT_FILL) return 0n;
  const floats = new Float64Array(message.buffer, message.byteOffset, message.length / 2);
  const realized = floats[SLOT_FLOATS + EF_REALIZED] as number;
  const fee = floats[SLOT_FLOATS + EF_FEE] as number;
  return BigInt(realized) - BigInt(fee);
}
