import {
  EF_FEE,
  EF_PAYMENT,
  EF_REALIZED,
  SLOT_FLOATS,
  SLOT_WORDS,
  typeOf,
  W_HEAD,
} from '../messages/layout.js';
import { EVT_FILL, EVT_FUNDING, EVT_INSURANCE, EVT_TRANSFER } from '../messages/types.js';

/**
 * Cash that a channel message carries to the account's home, micro-USD: the market has booked the fill already, the account has
 * not. Only fills, transfers, funding and the insurance fund move cash between shards.
 */
export function cashOf(message: Int32Array): bigint {
  const type = typeOf(message[SLOT_WORDS + W_HEAD] as number);
  const floats = new Float64Array(message.buffer, message.byteOffset, message.length / 2);
  if (type === EVT_FUNDING || type === EVT_INSURANCE)
    return -BigInt(floats[SLOT_FLOATS + EF_PAYMENT] as number);
  if (type !== EVT_FILL && type !== EVT_TRANSFER) return 0n;
  const realized = floats[SLOT_FLOATS + EF_REALIZED] as number;
  const fee = floats[SLOT_FLOATS + EF_FEE] as number;
  return BigInt(realized) - BigInt(fee);
}
