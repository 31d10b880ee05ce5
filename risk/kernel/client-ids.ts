import { f64At, i32At, setF64, setI32 } from '../../engine/kernel/memory.js';
import { NO_CLIENT_REF } from '../../engine/kernel/orders.js';
import {
  cellWith,
  firstCell,
  hashOfClient,
  hasOldIndex,
  indexClient,
  refIn,
  unindexClient,
} from './client-index.js';
import {
  accountOfClient,
  clientAt,
  closedMsOf,
  giveClient,
  setClientState,
  setClosedMs,
  takeClient,
  textOfClient,
} from './client-records.js';
import { giveText, isSameText, keepText } from './client-texts.js';
import { linkClosed, unlinkOldest } from './closed-orders.js';
import {
  A_HAS_CLIENT_IDS,
  A_STATUS,
  C_ACCOUNT_SHIFT,
  C_IS_TEXT,
  C_KEY,
  C_ORDER_ID,
  CLIENT_CLOSED,
  CLIENT_OPEN,
  CLIENT_PENDING,
  CLOSED_REMEMBERED,
  CLOSED_REMEMBERED_MS,
  G_INDEX,
  G_OLD_INDEX,
  Q_COUNT,
  Q_FIRST,
} from './layout.js';

/**
 * Client order ids of a margin actor's accounts: remembered while the order is open and for a while after, so that a retry is
 * recognised and never makes a second order. An id is a number, or a text, which is named by its address (client-texts.ts);
 * `text` 0 means the number.
 */

/** Reference of a remembered id, NO_CLIENT_REF when it is unknown. */
export function findClient(account: i32, number: f64, text: i32): i32 {
  const hash = hashOfClient(account, number, text);
  const ref = findIn(G_INDEX, hash, account, number, text);
  if (ref !== NO_CLIENT_REF || !hasOldIndex()) return ref;
  return findIn(G_OLD_INDEX, hash, account, number, text);
}

/** Keeps an unknown id in mind, whose order is on its way. `record`: the account's. Returns the reference. */
export function addClient(record: i32, account: i32, marketId: i32, number: f64, text: i32): i32 {
  const kind = text === 0 ? 0 : C_IS_TEXT;
  const ref = takeClient((account << C_ACCOUNT_SHIFT) | kind | CLIENT_PENDING, marketId);
  const client = clientAt(ref);
  if (text === 0) setF64(client + C_KEY, number);
  else setI32(client + C_KEY, keepText(text));
  indexClient(ref, hashOfClient(account, number, text));
  setI32(record + A_STATUS, i32At(record + A_STATUS) | A_HAS_CLIENT_IDS);
  return ref;
}

/** The order exists from now on. */
export function openClient(ref: i32, orderId: f64): void {
  const client = clientAt(ref);
  setF64(client + C_ORDER_ID, orderId);
  setClientState(client, CLIENT_OPEN);
}

/** The order is done; the id is kept for a while, and the oldest ones that nobody has to remember go. */
export function closeClient(ref: i32, nowMs: f64): void {
  const list = rememberClosed(ref, nowMs);
  while (i32At(list + Q_COUNT) > CLOSED_REMEMBERED) {
    const oldest = clientAt(i32At(list + Q_FIRST) - 1);
    if (closedMsOf(oldest) + CLOSED_REMEMBERED_MS > nowMs) return;
    dropClient(unlinkOldest(list));
  }
}

/** As `closeClient`, but none goes. Returns the account's list of closed orders. */
export function rememberClosed(ref: i32, closedMs: f64): i32 {
  const client = clientAt(ref);
  setClientState(client, CLIENT_CLOSED);
  setClosedMs(client, closedMs);
  return linkClosed(accountOfClient(client), ref);
}

/** No order was made, or all is long over: the id may be used again. */
export function dropClient(ref: i32): void {
  const client = clientAt(ref);
  const text = textOfClient(client);
  unindexClient(ref, hashOfClient(accountOfClient(client), f64At(client + C_KEY), text));
  if (text !== 0) giveText(text);
  giveClient(ref);
}

function findIn(table: i32, hash: i32, account: i32, number: f64, text: i32): i32 {
  let cell = cellWith(table, hash, firstCell(table, hash));
  while (cell >= 0) {
    const ref = refIn(table, cell);
    if (isNamed(clientAt(ref), account, number, text)) return ref;
    cell = cellWith(table, hash, cell + 1);
  }
  return NO_CLIENT_REF;
}

function isNamed(client: i32, account: i32, number: f64, text: i32): boolean {
  if (accountOfClient(client) !== account) return false;
  const own = textOfClient(client);
  if (text === 0 || own === 0) return text === own && f64At(client + C_KEY) === number;
  return isSameText(own, text);
}
