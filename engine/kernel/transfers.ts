import {
  EF_ENTRY_VALUE,
  EF_LOTS,
  EF_POSITION,
  EF_REALIZED,
  EVENT_SLOTS,
  EW_CLIENT_REF,
  EW_FLAGS,
  EW_PRICE,
  W_ACCOUNT,
  W_HEAD,
} from '../messages/layout.js';
import {
  EVT_TRANSFER,
  FLAG_SIDE,
  REASON_SHIFT,
  SIDE_BUY,
  SIDE_SELL,
  TRANSFER_SETTLEMENT,
} from '../messages/types.js';
import { pushEvent, setFloat, setWord } from './events.js';
import {
  B_HEAD,
  B_ROW_CHUNKS,
  B_ROW_TABLE,
  R_ENTRY_VALUE,
  R_POSITION,
  ROW_SHIFT,
  ROWS_CHUNK_SHIFT,
  ROWS_PER_CHUNK,
  S_REALIZED,
} from './layout.js';
import { f64At, i32At } from './memory.js';
import { NO_CLIENT_REF } from './orders.js';
import { addTo, movePosition } from './positions.js';
import { touch, trimTouched } from './reduce-only.js';
import { openRow, settledOf } from './rows.js';

const TRANSFER_HEAD: i32 = EVT_TRANSFER | (EVENT_SLOTS << 8);

/**
 * One side of a transfer outside of the book: the account buys or sells (`flags`) lots at a price, without a fee. Whoever calls it does
 * the same to somebody else with the other side, so that positions stay balanced. Appends EVT_TRANSFER and returns its slot's address.
 */
export function transfer(book: i32, account: i32, flags: i32, lots: f64, price: i32): i32 {
  const row = openRow(book, account);
  const signed: f64 = (flags & FLAG_SIDE) === SIDE_BUY ? lots : -lots;
  const realized = movePosition(book, row, signed, price);
  addTo(settledOf(book, account) + S_REALIZED, realized);
  const event = pushEvent(EVENT_SLOTS);
  setWord(event, W_HEAD, TRANSFER_HEAD | i32At(book + B_HEAD));
  setWord(event, W_ACCOUNT, account);
  setWord(event, EW_FLAGS, flags);
  setWord(event, EW_PRICE, price);
  setWord(event, EW_CLIENT_REF, NO_CLIENT_REF);
  setFloat(event, EF_LOTS, lots);
  setFloat(event, EF_REALIZED, realized);
  setFloat(event, EF_POSITION, f64At(row + R_POSITION));
  setFloat(event, EF_ENTRY_VALUE, f64At(row + R_ENTRY_VALUE));
  return event;
}

/**
 * Closes every position at one price, by account id. What roundings leave, always against the trader, stays in the market's clearing
 * account like with any fill.
 */
export function settlePositions(book: i32, price: i32): void {
  const chunks = i32At(book + B_ROW_CHUNKS);
  for (let chunk = 0; chunk < chunks; chunk++) {
    const rows = i32At(i32At(book + B_ROW_TABLE) + (chunk << 3));
    if (rows === 0) continue;
    for (let i = 0; i < ROWS_PER_CHUNK; i++) {
      const position = f64At(rows + (i << ROW_SHIFT) + R_POSITION);
      if (position === 0) continue;
      const side = position > 0 ? SIDE_SELL : SIDE_BUY;
      const flags = side | (TRANSFER_SETTLEMENT << REASON_SHIFT);
      transfer(book, (chunk << ROWS_CHUNK_SHIFT) + i, flags, Math.abs(position), price);
    }
  }
}

/** The account's position has changed outside of the book: its reduce-only orders follow it. */
export function trimAccount(book: i32, account: i32): void {
  touch(account);
  trimTouched(book);
}
