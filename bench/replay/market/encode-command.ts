import {
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
} from '../../../engine/messages/layout.js';
import type { MessageBuffer } from '../../../engine/messages/message-buffer.js';

/** The one market of a replay. */
export const REPLAY_MARKET = 1;
/** Every command is a request of its own; the number only has to differ from 0, which no answer carries. */
export const REQUEST = 1;

/**
 * Makes the message the only one of the buffer. Commands from outside and their forwarded form share the
 * layout, so this serves the bare book and the whole core.
 */
export function encodeCommand(
  inbox: MessageBuffer,
  type: number,
  account: number,
  flags: number,
  priceTicks: number,
  qtyLots: number,
  orderId: number,
  slots = 1,
): void {
  inbox.reset();
  const slot = inbox.push(slots);
  const { words, floats } = inbox;
  const w = slot * SLOT_WORDS;
  const f = slot * SLOT_FLOATS;
  words[w + W_HEAD] = headOf(type, slots, REPLAY_MARKET);
  words[w + W_ACCOUNT] = account;
  words[w + W_FLAGS] = flags;
  words[w + W_PRICE] = priceTicks;
  floats[f + F_QTY] = qtyLots;
  floats[f + F_ORDER_ID] = orderId;
  words[w + W_SESSION] = REQUEST;
  words[w + W_REQUEST] = REQUEST;
}
