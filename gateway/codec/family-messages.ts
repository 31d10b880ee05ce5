import {
  EF_ACCOUNT_SEQUENCE,
  EF_ORDER_ID,
  EW_FLAGS,
  typeOf,
  W_HEAD,
} from '../../engine/messages/layout.js';
import { EVT_BALANCE, EVT_SUB_ACCOUNT } from '../../engine/messages/types.js';
import type { MessageSink } from './message-sink.js';

/** The answer to a transfer with a key that was used, or to a sub-account's number that exists: nothing was done now. */
export function isAnsweredAgain(words: Int32Array, floats: Float64Array, at: number): boolean {
  const type = typeOf(words[at + W_HEAD] as number);
  if (type === EVT_BALANCE) return floats[at / 2 + EF_ACCOUNT_SEQUENCE] === 0;
  return type === EVT_SUB_ACCOUNT && words[at + EW_FLAGS] === 0;
}

/** Last field of an ack: the sub-account that it is about. */
export function writeSubAccount(
  sink: MessageSink,
  floats: Float64Array,
  at: number,
  type: number,
): void {
  if (type === EVT_SUB_ACCOUNT) sink.uint('accountId', floats[at / 2 + EF_ORDER_ID] as number);
  else sink.none('accountId');
}
