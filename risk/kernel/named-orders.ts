import { floatOf, setFloat, wordOf } from '../../engine/kernel/events.js';
import { E_BASE, E_LENGTH } from '../../engine/kernel/layout.js';
import { copyBytes, f64At, fail, i32At } from '../../engine/kernel/memory.js';
import { NO_CLIENT_REF } from '../../engine/kernel/orders.js';
import {
  EF_CLIENT_ID,
  EF_ORDER_ID,
  EF_REMAINING,
  EVENT_SLOTS,
  EW_CLIENT_REF,
  EW_CLIENT_TEXT_LENGTH,
  F_CLIENT_ID,
  F_ORDER_ID,
  marketOf,
  SLOT_BYTES,
  slotsOf,
  TARGET_F_CLIENT_ID,
  TARGET_W_TEXT_LENGTH,
  typeOf,
  W_ACCOUNT,
  W_CLIENT_TEXT_LENGTH,
  W_FLAGS,
  W_HEAD,
} from '../../engine/messages/layout.js';
import {
  EVT_ACCEPTED,
  EVT_CANCELED,
  EVT_FILL,
  EVT_PARENT_ENDED,
  EVT_SCALED_ACCEPTED,
  EVT_TRIGGER_ACCEPTED,
  EVT_TRIGGER_CANCELED,
  EVT_TRIGGER_REJECTED,
  EVT_TWAP_ACCEPTED,
  FLAG_CLIENT_TEXT,
} from '../../engine/messages/types.js';
import { addClient, closeClient, findClient, openClient } from './client-ids.js';
import { fetchCell, hashOfClient } from './client-index.js';
import { accountOfClient, clientAt, marketOfClient, textOfClient } from './client-records.js';
import { lengthOfText } from './client-texts.js';
import { fetchLastClosed } from './closed-orders.js';
import { C_KEY, C_ORDER_ID, C_OWNER, G_CLIENT_REFS, TEXT_BYTES } from './layout.js';

/** Client ids in commands and events: who is meant, and what an event tells its owner. */

/** Whether a command has a client id. */
export function hasClientId(message: i32): boolean {
  return floatOf(message, F_CLIENT_ID) !== 0 || textOf(message) !== 0;
}

/** Reference of the client id in a command; NO_CLIENT_REF when it has none, or an unknown one. */
export function findNamed(message: i32): i32 {
  const text = textOf(message);
  const number = floatOf(message, F_CLIENT_ID);
  if (text === 0 && number === 0) return NO_CLIENT_REF;
  return findClient(wordOf(message, W_ACCOUNT), number, text);
}

/** Keeps the client id of a new order in mind. `record`: the account's. NO_CLIENT_REF when it has none. */
export function addNamed(message: i32, record: i32): i32 {
  const text = textOf(message);
  const number = floatOf(message, F_CLIENT_ID);
  if (text === 0 && number === 0) return NO_CLIENT_REF;
  const market = marketOf(wordOf(message, W_HEAD));
  return addClient(record, wordOf(message, W_ACCOUNT), market, number, text);
}

/** Id of the order that a cancel or amend names, itself or by client id; 0 when that is none of an order in this market. */
export function namedOrderId(message: i32): f64 {
  const id = floatOf(message, F_ORDER_ID);
  return id !== 0 ? id : orderIdIn(message, findNamed(message));
}

/** Id of the order that a REPLACE wants to go, named like that. */
export function replacedOrderId(message: i32): f64 {
  const target = message + (slotsOf(wordOf(message, W_HEAD)) - 1) * SLOT_BYTES;
  const text = target + (TARGET_W_TEXT_LENGTH << 2);
  const named = lengthOfText(text) === 0 ? 0 : text;
  const number = floatOf(target, TARGET_F_CLIENT_ID);
  return orderIdIn(message, findClient(wordOf(message, W_ACCOUNT), number, named));
}

/** Completes the events from slot `first` on that have a client reference. */
export function nameOrders(first: i32, nowMs: f64): void {
  let event = i32At(E_BASE) + first * SLOT_BYTES;
  const end = i32At(E_BASE) + i32At(E_LENGTH) * SLOT_BYTES;
  while (event < end) {
    if (wordOf(event, EW_CLIENT_REF) !== NO_CLIENT_REF) nameOrder(event, nowMs);
    event += slotsOf(wordOf(event, W_HEAD)) * SLOT_BYTES;
  }
}

/** Tells the order of an event by its owner's own id, and keeps in mind whether it is open. The event has a client reference. */
export function nameOrder(event: i32, nowMs: f64): void {
  const ref = wordOf(event, EW_CLIENT_REF);
  const client = clientAt(ref);
  if (accountOfClient(client) !== wordOf(event, W_ACCOUNT)) fail();
  const head = wordOf(event, W_HEAD);
  const type = typeOf(head);
  const isParent = type === EVT_SCALED_ACCEPTED || type === EVT_TWAP_ACCEPTED;
  if (type === EVT_ACCEPTED || type === EVT_TRIGGER_ACCEPTED || isParent)
    openClient(ref, floatOf(event, EF_ORDER_ID));
  const text = textOfClient(client);
  if (text === 0) setFloat(event, EF_CLIENT_ID, f64At(client + C_KEY));
  else if (slotsOf(head) > EVENT_SLOTS) {
    copyBytes(event + (EW_CLIENT_TEXT_LENGTH << 2), text, TEXT_BYTES);
  }
  const isFilled = type === EVT_FILL && floatOf(event, EF_REMAINING) === 0;
  const isDropped = type === EVT_TRIGGER_CANCELED || type === EVT_TRIGGER_REJECTED;
  // Nobody tells when the last order of a scaled one has gone, so its id is remembered like that of a closed order.
  const hasEnded = type === EVT_SCALED_ACCEPTED || type === EVT_PARENT_ENDED;
  if (type === EVT_CANCELED || isFilled || isDropped || hasEnded) closeClient(ref, nowMs);
}

/** Reads what `findNamed` and `addNamed` need first; see the lane. */
export function fetchNamed(message: i32): i32 {
  const text = textOf(message);
  const number = floatOf(message, F_CLIENT_ID);
  if (text === 0 && number === 0) return 0;
  return fetchCell(hashOfClient(wordOf(message, W_ACCOUNT), number, text));
}

/** Reads what an order's event, and its end, need of its client id. A stranger's reference is one of its home, and may be any. */
export function fetchClient(ref: i32): i32 {
  if (ref >= i32At(G_CLIENT_REFS)) return 0;
  const client = clientAt(ref);
  return i32At(client + C_OWNER) + fetchLastClosed(accountOfClient(client));
}

function orderIdIn(message: i32, ref: i32): f64 {
  if (ref === NO_CLIENT_REF) return 0;
  const client = clientAt(ref);
  const market = marketOf(wordOf(message, W_HEAD));
  return marketOfClient(client) === market ? f64At(client + C_ORDER_ID) : 0;
}

/** Address of the text that is a command's client id, 0 when it has none. */
function textOf(message: i32): i32 {
  const isText = (wordOf(message, W_FLAGS) & FLAG_CLIENT_TEXT) !== 0;
  return isText ? message + (W_CLIENT_TEXT_LENGTH << 2) : 0;
}
