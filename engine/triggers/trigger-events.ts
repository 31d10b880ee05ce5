import {
  EF_EXPIRY,
  EF_LOTS,
  EF_OCO_ORDER_ID,
  EF_ORDER_ID,
  EF_PARENT_ORDER_ID,
  EF_REMAINING,
  EVENT_SLOTS,
  EW_CLIENT_REF,
  EW_FLAGS,
  EW_PRICE,
  EW_TRAIL_PPM,
  EW_TRAIL_TICKS,
  EW_TRIGGER_PRICE,
  EW_TRIGGER_TERMS,
  headOf,
  SLOT_FLOATS,
  SLOT_WORDS,
  W_ACCOUNT,
  W_HEAD,
} from '../messages/layout.js';
import type { MessageBuffer } from '../messages/message-buffer.js';
import {
  FLAG_CLIENT_TEXT,
  REASON_SHIFT,
  TRIGGER_TERM_CLOSES_POSITION,
  TRIGGER_TERM_IN_BRACKET,
} from '../messages/types.js';
import { PRICE_TICKS_MAX } from '../units/units.js';
import type { TriggerOrder } from './trigger-order.js';

/** Kind and source of a trigger order, and whether it closes a position, in one word. */
export function triggerTerms(kind: number, source: number, closesPosition = false): number {
  return kind | (source << 8) | (closesPosition ? TRIGGER_TERM_CLOSES_POSITION : 0);
}

export function closesPosition(terms: number): boolean {
  return (terms & TRIGGER_TERM_CLOSES_POSITION) !== 0;
}

export function isInBracket(terms: number): boolean {
  return (terms & TRIGGER_TERM_IN_BRACKET) !== 0;
}

export function kindOfTerms(terms: number): number {
  return terms & 0xff;
}

export function sourceOfTerms(terms: number): number {
  return (terms >>> 8) & 0xff;
}

/** A trailing stop's trigger price that no price can reach as yet is told as none. */
function reachableTicks(triggerTicks: number): number {
  return triggerTicks >= 1 && triggerTicks <= PRICE_TICKS_MAX ? triggerTicks : 0;
}

/** Appends an event of the order with all its fields (EVT_TRIGGER_ACCEPTED, EVT_TRIGGER_CANCELED, EVT_TRIGGERED). */
export function pushTriggerEvent(
  events: MessageBuffer,
  type: number,
  marketId: number,
  order: TriggerOrder,
  reason = 0,
): number {
  const slots = (order.flags & FLAG_CLIENT_TEXT) === 0 ? EVENT_SLOTS : EVENT_SLOTS + 1;
  const event = events.push(slots);
  const { words, floats } = events;
  const w = event * SLOT_WORDS;
  const f = event * SLOT_FLOATS;
  words[w + W_HEAD] = headOf(type, slots, marketId);
  words[w + W_ACCOUNT] = order.account;
  floats[f + EF_ORDER_ID] = order.id;
  floats[f + EF_LOTS] = order.qtyLots;
  floats[f + EF_REMAINING] = order.qtyLots;
  words[w + EW_PRICE] = order.priceTicks;
  words[w + EW_FLAGS] = order.flags | (reason << REASON_SHIFT);
  const terms = triggerTerms(order.kind, order.source, order.closesPosition);
  words[w + EW_TRIGGER_TERMS] = terms | (order.bracketId === 0 ? 0 : TRIGGER_TERM_IN_BRACKET);
  words[w + EW_TRIGGER_PRICE] = reachableTicks(order.triggerTicks);
  floats[f + EF_OCO_ORDER_ID] = order.ocoId;
  // Legs of brackets do not trail.
  if (order.bracketId !== 0) floats[f + EF_PARENT_ORDER_ID] = order.bracketId;
  else {
    words[w + EW_TRAIL_TICKS] = order.trailTicks;
    words[w + EW_TRAIL_PPM] = order.trailPpm;
  }
  floats[f + EF_EXPIRY] = order.expiryMs;
  words[w + EW_CLIENT_REF] = order.clientRef;
  return event;
}
