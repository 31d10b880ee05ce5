import {
  EF_CLIENT_ID,
  EF_GRANT_OLD_REMAINING,
  EF_GRANTED_REMAINING,
  EF_LIMIT,
  EF_LOTS,
  EF_ORDER_ID,
  EF_VALUE,
  EVENT_SLOTS,
  EW_CLIENT_REF,
  EW_CODE,
  EW_FLAGS,
  EW_REQUEST,
  EW_RESERVED_LOSS_TICKS,
  EW_RESERVED_OLD_LOSS_TICKS,
  EW_SESSION,
  F_CLIENT_ID,
  F_GRANT_OLD_REMAINING,
  F_GRANT_REMAINING,
  F_ORDER_ID,
  F_QTY,
  headOf,
  marketOf,
  SLOT_FLOATS,
  SLOT_WORDS,
  typeOf,
  W_ACCOUNT,
  W_CLIENT_REF,
  W_FLAGS,
  W_GRANT_OLD_LOSS_TICKS,
  W_HEAD,
  W_MARK_DISTANCE,
  W_REQUEST,
  W_SESSION,
} from './layout.js';
import type { MessageBuffer } from './message-buffer.js';
import type { RejectCode } from './reject-codes.js';
import {
  EVT_REJECTED,
  FLAG_GRANTED,
  MSG_AMEND_GRANTED,
  MSG_PLACE,
  MSG_PLACE_SCALED,
  MSG_PLACE_TRIGGER,
  MSG_PLACE_TWAP,
  MSG_REPLACE,
  MSG_TAKE_OVER,
  sideOf,
} from './types.js';

/**
 * Appends EVT_REJECTED, the answer to the message at `slot` of `inbox`: its account, market, flags, order id, numeric
 * client id, session and request, with the code, the value that was refused and the limit it broke. Returns its slot.
 * EW_CLIENT_REF is −1; who rejects a forwarded message sets it.
 */
export function pushRejection(
  events: MessageBuffer,
  inbox: MessageBuffer,
  slot: number,
  code: RejectCode,
  value: number,
  limit: number,
): number {
  const out = events.push(EVENT_SLOTS);
  const w = out * SLOT_WORDS;
  const f = out * SLOT_FLOATS;
  const from = slot * SLOT_WORDS;
  const words = events.words;
  const floats = events.floats;
  words[w + W_HEAD] = headOf(
    EVT_REJECTED,
    EVENT_SLOTS,
    marketOf(inbox.words[from + W_HEAD] as number),
  );
  words[w + W_ACCOUNT] = inbox.words[from + W_ACCOUNT] as number;
  words[w + EW_FLAGS] = inbox.words[from + W_FLAGS] as number;
  words[w + EW_SESSION] = inbox.words[from + W_SESSION] as number;
  words[w + EW_REQUEST] = inbox.words[from + W_REQUEST] as number;
  floats[f + EF_ORDER_ID] = inbox.floats[slot * SLOT_FLOATS + F_ORDER_ID] as number;
  floats[f + EF_CLIENT_ID] = inbox.floats[slot * SLOT_FLOATS + F_CLIENT_ID] as number;
  floats[f + EF_VALUE] = value;
  floats[f + EF_LIMIT] = limit;
  words[w + EW_CODE] = code;
  words[w + EW_CLIENT_REF] = -1;
  return out;
}

/** Loss reserve a lot of an order `distance` = price − mark away: what it loses at once when it fills. */
export function lossTicksOf(side: number, distance: number): number {
  // Negated for a sell, and zero when negative; without branches, which nobody could predict.
  const loss = ((distance ^ -side) + side) | 0;
  return loss & ~(loss >> 31);
}

/**
 * Rejection by a market actor of a message that a margin actor forwarded: as above, with what the margin actor has
 * reserved for it, so that it can give it back. Place, replace and take-over: EF_LOTS, EW_RESERVED_LOSS_TICKS, EW_CLIENT_REF. Granted
 * amend: see `writeGrant`.
 */
export function pushMarketRejection(
  events: MessageBuffer,
  inbox: MessageBuffer,
  slot: number,
  code: RejectCode,
  value: number,
  limit: number,
): void {
  const out = pushRejection(events, inbox, slot, code, value, limit);
  const from = slot * SLOT_WORDS;
  const w = out * SLOT_WORDS;
  const f = out * SLOT_FLOATS;
  const type = typeOf(inbox.words[from + W_HEAD] as number);
  if (type === MSG_PLACE || type === MSG_REPLACE || type === MSG_TAKE_OVER) {
    events.floats[f + EF_LOTS] = inbox.floats[slot * SLOT_FLOATS + F_QTY] as number;
    events.words[w + EW_RESERVED_LOSS_TICKS] = reservedLossTicks(inbox, slot);
    events.words[w + EW_CLIENT_REF] = inbox.words[from + W_CLIENT_REF] as number;
  } else if (type === MSG_PLACE_TRIGGER || type === MSG_PLACE_TWAP || type === MSG_PLACE_SCALED) {
    // Nothing is reserved (of a scaled order that is told elsewhere), but its client id is free again.
    events.words[w + EW_CLIENT_REF] = inbox.words[from + W_CLIENT_REF] as number;
  } else if (type === MSG_AMEND_GRANTED) {
    // The client id's place in the message holds what was granted.
    events.floats[f + EF_CLIENT_ID] = 0;
    writeGrant(events, out, inbox, slot);
  }
}

/**
 * Marks an answer to MSG_AMEND_GRANTED and echoes the grant in it, so that the margin actor can take its reservation
 * back before it books what really happened: remaining lots and loss reserve a lot, granted and before.
 */
export function writeGrant(
  events: MessageBuffer,
  event: number,
  inbox: MessageBuffer,
  slot: number,
): void {
  const w = event * SLOT_WORDS;
  const f = event * SLOT_FLOATS;
  const from = slot * SLOT_FLOATS;
  events.words[w + EW_FLAGS]! |= FLAG_GRANTED;
  events.floats[f + EF_GRANTED_REMAINING] = inbox.floats[from + F_GRANT_REMAINING] as number;
  events.floats[f + EF_GRANT_OLD_REMAINING] = inbox.floats[from + F_GRANT_OLD_REMAINING] as number;
  events.words[w + EW_RESERVED_LOSS_TICKS] = reservedLossTicks(inbox, slot);
  events.words[w + EW_RESERVED_OLD_LOSS_TICKS] = inbox.words[
    slot * SLOT_WORDS + W_GRANT_OLD_LOSS_TICKS
  ] as number;
}

function reservedLossTicks(inbox: MessageBuffer, slot: number): number {
  const w = slot * SLOT_WORDS;
  return lossTicksOf(
    sideOf(inbox.words[w + W_FLAGS] as number),
    inbox.words[w + W_MARK_DISTANCE] as number,
  );
}
