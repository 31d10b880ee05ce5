/**
 * The messages of the naive book as plain objects: what it reads from an inbox, and what it writes as events. Nothing is
 * shared with the fast book but the layout itself.
 */
import * as layout from '../messages/layout.js';
import type { MessageBuffer } from '../messages/message-buffer.js';
import { writeGrant } from '../messages/rejection.js';
import { EVT_MASS_CANCELED, FLAG_CLIENT_TEXT, MSG_AMEND_GRANTED } from '../messages/types.js';
import { asPriceTicks, asQtyLots, type PriceTicks, type QtyLots } from '../units/units.js';

/** A message of the margin actor to a book, with the names that the book's rules use. */
export interface BookMessage {
  type: number;
  account: number;
  flags: number;
  /** 0 in an amend: unchanged. */
  priceTicks: PriceTicks;
  /** 0 in an amend: unchanged. */
  qtyLots: QtyLots;
  orderId: number;
  session: number;
  request: number;
  clientRef: number;
  markDistanceTicks: number;
  expiryMs: number;
  /** Only of MSG_REPLACE: the order to cancel. */
  targetId: number;
  /** Where it stands, for the rejections that are the same for every actor. */
  inbox: MessageBuffer;
  slot: number;
}

/** An event; a field that is left out is zero. */
export interface BookEvent {
  type: number;
  account: number;
  orderId: number;
  flags: number;
  clientRef: number;
  lots?: number;
  remainingLots?: number;
  priceTicks?: number;
  lossTicks?: number;
  oldRemainingLots?: number;
  oldPriceTicks?: number;
  oldLossTicks?: number;
  tradeSequence?: number;
  expiryMs?: number;
  askedLots?: number;
  /** The message that this event answers; an event that nobody asked for has none. */
  answerTo?: BookMessage | undefined;
}

export function readMessage(inbox: MessageBuffer, slot: number): BookMessage {
  const word = (at: number) => inbox.words[slot * layout.SLOT_WORDS + at] as number;
  const float = (at: number) => inbox.floats[slot * layout.SLOT_FLOATS + at] as number;
  const lastSlot = layout.slotsOf(word(layout.W_HEAD)) - 1;
  return {
    type: layout.typeOf(word(layout.W_HEAD)),
    account: word(layout.W_ACCOUNT),
    flags: word(layout.W_FLAGS),
    priceTicks: asPriceTicks(word(layout.W_PRICE)),
    qtyLots: asQtyLots(float(layout.F_QTY)),
    orderId: float(layout.F_ORDER_ID),
    session: word(layout.W_SESSION),
    request: word(layout.W_REQUEST),
    clientRef: word(layout.W_CLIENT_REF),
    markDistanceTicks: word(layout.W_MARK_DISTANCE),
    expiryMs: float(layout.F_EXPIRY),
    targetId: float(lastSlot * layout.SLOT_FLOATS + layout.TARGET_F_ORDER_ID),
    inbox,
    slot,
  };
}

/** Appends the event and returns its first slot. */
export function writeEvent(events: MessageBuffer, marketId: number, event: BookEvent): number {
  // A mass cancel has no client id of its own.
  const hasText = event.type !== EVT_MASS_CANCELED && (event.flags & FLAG_CLIENT_TEXT) !== 0;
  const slots = hasText ? 3 : layout.EVENT_SLOTS;
  const slot = events.push(slots);
  const word = (at: number, value = 0) => {
    events.words[slot * layout.SLOT_WORDS + at] = value;
  };
  const float = (at: number, value = 0) => {
    events.floats[slot * layout.SLOT_FLOATS + at] = value;
  };
  const granted = event.answerTo?.type === MSG_AMEND_GRANTED ? event.answerTo : null;
  word(layout.W_HEAD, layout.headOf(event.type, slots, marketId));
  word(layout.W_ACCOUNT, event.account);
  float(layout.EF_ORDER_ID, event.orderId);
  float(layout.EF_LOTS, event.lots);
  float(layout.EF_REMAINING, event.remainingLots);
  word(layout.EW_PRICE, event.priceTicks);
  word(layout.EW_FLAGS, event.flags);
  word(layout.EW_SESSION, event.answerTo?.session);
  word(layout.EW_REQUEST, event.answerTo?.request);
  // One place has two meanings, by the event's type; no event has both.
  float(layout.EF_VALUE, event.askedLots ?? event.oldRemainingLots);
  word(layout.EW_OLD_PRICE, event.oldPriceTicks);
  word(layout.EW_OLD_LOSS_TICKS, event.oldLossTicks);
  word(layout.EW_LOSS_TICKS, event.lossTicks);
  float(layout.EF_TRADE_SEQUENCE, event.tradeSequence);
  float(layout.EF_EXPIRY, event.expiryMs);
  word(layout.EW_CLIENT_REF, event.clientRef);
  if (granted !== null) writeGrant(events, slot, granted.inbox, granted.slot);
  return slot;
}
