import {
  EF_ORDER_ID,
  EF_PARENT_ORDER_ID,
  EVENT_SLOTS,
  EW_CLIENT_REF,
  EW_FLAGS,
  EW_REQUEST,
  EW_SESSION,
  headOf,
  marketOf,
  SLOT_FLOATS,
  SLOT_WORDS,
  typeOf,
  W_ACCOUNT,
  W_HEAD,
  W_REQUEST,
  W_SESSION,
} from '../messages/layout.js';
import type { MessageBuffer } from '../messages/message-buffer.js';
import {
  EVT_REJECTED,
  EVT_TRIGGER_REJECTED,
  FLAG_CLIENT_TEXT,
  REASON_SHIFT,
} from '../messages/types.js';

/** What events of all parent orders say. */
export interface Parent {
  readonly id: number;
  readonly account: number;
  /** The client's flags. */
  readonly flags: number;
  /** The margin actor's reference to the client id, −1 for none. */
  readonly clientRef: number;
}

/** Appends an event of a parent order. The fields that its kind has beyond are the caller's. Returns its slot. */
export function pushParentEvent(
  events: MessageBuffer,
  type: number,
  marketId: number,
  { id, account, flags, clientRef }: Parent,
  reason = 0,
): number {
  const slots = (flags & FLAG_CLIENT_TEXT) === 0 ? EVENT_SLOTS : EVENT_SLOTS + 1;
  const event = events.push(slots);
  const { words, floats } = events;
  const w = event * SLOT_WORDS;
  words[w + W_HEAD] = headOf(type, slots, marketId);
  words[w + W_ACCOUNT] = account;
  floats[event * SLOT_FLOATS + EF_ORDER_ID] = id;
  words[w + EW_FLAGS] = flags | (reason << REASON_SHIFT);
  words[w + EW_CLIENT_REF] = clientRef;
  return event;
}

/** Makes the event the answer to a message. */
export function answerParent(
  events: MessageBuffer,
  event: number,
  inbox: MessageBuffer,
  slot: number,
): void {
  const w = event * SLOT_WORDS;
  events.words[w + EW_SESSION] = inbox.words[slot * SLOT_WORDS + W_SESSION] as number;
  events.words[w + EW_REQUEST] = inbox.words[slot * SLOT_WORDS + W_REQUEST] as number;
}

/**
 * Links the first event of an order that the exchange has placed for a parent order to that. One that was refused becomes
 * EVT_TRIGGER_REJECTED of the parent: nobody waits for an answer, so its owner hears of it in the private feed. False: it was.
 */
export function linkToParent(events: MessageBuffer, event: number, parentId: number): boolean {
  const w = event * SLOT_WORDS;
  const head = events.words[w + W_HEAD] as number;
  if (typeOf(head) !== EVT_REJECTED) {
    events.floats[event * SLOT_FLOATS + EF_PARENT_ORDER_ID] = parentId;
    return true;
  }
  events.words[w + W_HEAD] = headOf(EVT_TRIGGER_REJECTED, EVENT_SLOTS, marketOf(head));
  events.floats[event * SLOT_FLOATS + EF_ORDER_ID] = parentId;
  return false;
}
