import { NO_CLIENT_REF } from '../../engine/kernel/orders.js';
import {
  EF_LIMIT,
  EF_LOTS,
  EF_OLD_REMAINING,
  EF_ORDER_ID,
  EF_REMAINING,
  EF_RESERVED_LOSS,
  EF_RESERVED_LOTS,
  EF_VALUE,
  EW_CLIENT_REF,
  EW_CODE,
  EW_FLAGS,
  EW_LOSS_TICKS,
  EW_OLD_LOSS_TICKS,
  EW_PRICE,
  EW_REQUEST,
  EW_SESSION,
  F_GRANT_OLD_REMAINING,
  F_GRANT_REMAINING,
  F_ORDER_ID,
  F_QTY,
  headOf,
  marketOf,
  SLOT_FLOATS,
  SLOT_WORDS,
  slotsOf,
  typeOf,
  W_ACCOUNT,
  W_FLAGS,
  W_GRANT_OLD_LOSS_TICKS,
  W_HEAD,
  W_MARK_DISTANCE,
  W_PRICE,
  W_REQUEST,
  W_SESSION,
} from '../../engine/messages/layout.js';
import type { MessageBuffer } from '../../engine/messages/message-buffer.js';
import type { RejectCode } from '../../engine/messages/reject-codes.js';
import {
  EVT_REJECTED,
  FLAG_SIDE,
  MSG_AMEND_GRANTED,
  SIDE_BUY,
  sideOf,
} from '../../engine/messages/types.js';
import {
  SETTLED_GRANTED,
  SETTLED_NOTHING,
  SETTLED_NUMBERED,
  SETTLED_REJECTED,
} from '../kernel/order-events.js';
import { tellMoved } from './isolated-margin.js';
import { type MarginState, refusedFigures } from './trade-commands.js';
import { isTriggerEvent, TriggerEventHandler } from './trigger-events.js';

/**
 * Events of markets at the home of their account: reservations are given back, cash moves, the private feed is numbered. An
 * event is completed in place (account sequence, collateral, client id) and then goes out as it stands.
 */
export class OrderEventHandler {
  private readonly state: MarginState;
  private readonly inbox: MessageBuffer;
  private readonly triggers: TriggerEventHandler;

  constructor(state: MarginState, inbox: MessageBuffer) {
    this.state = state;
    this.inbox = inbox;
    this.triggers = new TriggerEventHandler(state, inbox);
  }

  /** False when the event was for this actor alone and must not go out. */
  handle(events: MessageBuffer, slot: number, nowMs: number): boolean {
    const { kernel, clientIds } = this.state;
    if (isTriggerEvent(typeOf(events.words[slot * SLOT_WORDS + W_HEAD] as number))) {
      this.handleTrigger(events, slot, nowMs);
      return true;
    }
    const settled = kernel.calls.settleEvent(kernel.addressOf(events, slot));
    kernel.refresh();
    tellMoved(kernel);
    const ref = events.words[slot * SLOT_WORDS + EW_CLIENT_REF] as number;
    if (settled === SETTLED_NUMBERED) {
      if (ref !== NO_CLIENT_REF) clientIds.nameOrder(events, slot, nowMs);
    } else if (settled === SETTLED_REJECTED || settled === SETTLED_NOTHING) {
      // A trigger order that was never let in has nothing reserved, but may have an id.
      if (ref !== NO_CLIENT_REF && isRejection(events, slot)) clientIds.drop(ref);
      if (events.floats[slot * SLOT_FLOATS + EF_RESERVED_LOTS] !== 0) this.giveBack(events, slot);
    } else if (settled === SETTLED_GRANTED) {
      this.grant(events, slot);
      return false;
    } else if (settled < 0) {
      const [value, limit] = refusedFigures(kernel);
      rewriteAsRejection(events, slot, -settled as RejectCode, value, limit);
    }
    return true;
  }

  private handleTrigger(events: MessageBuffer, slot: number, nowMs: number): void {
    const ref = events.words[slot * SLOT_WORDS + EW_CLIENT_REF] as number;
    if (this.triggers.handle(events, slot) && ref !== NO_CLIENT_REF) {
      this.state.clientIds.nameOrder(events, slot, nowMs);
    }
  }

  /** A scaled order that its market has refused: all of its orders are released. */
  private giveBack(events: MessageBuffer, slot: number): void {
    const w = slot * SLOT_WORDS;
    const f = slot * SLOT_FLOATS;
    if (!isRejection(events, slot)) return;
    const { kernel, accounts, markets } = this.state;
    const market = markets.find(marketOf(events.words[w + W_HEAD] as number));
    const account = events.words[w + W_ACCOUNT] as number;
    if (market === null || !accounts.exists(account)) return;
    const row = market.rows.open(account);
    const lots = events.floats[f + EF_RESERVED_LOTS] as number;
    const loss = events.floats[f + EF_RESERVED_LOSS] as number;
    kernel.calls.addOpen(row, sideOf(events.words[w + EW_FLAGS] as number), -lots, -loss);
    kernel.calls.clearActiveIfFlat(accounts.at(account), market.block, row);
  }

  /** Tells the market to go on with an amend. */
  private grant(events: MessageBuffer, slot: number): void {
    const w = slot * SLOT_WORDS;
    const side = (events.words[w + EW_FLAGS] as number) & FLAG_SIDE;
    const f = slot * SLOT_FLOATS;
    const out = this.inbox.push(1);
    const o = out * SLOT_WORDS;
    // The inbox is rewound, not cleared, between commands.
    this.inbox.words.fill(0, o, o + SLOT_WORDS);
    const p = out * SLOT_FLOATS;
    const words = this.inbox.words;
    const loss = events.words[w + EW_LOSS_TICKS] as number;
    words[o + W_HEAD] = headOf(MSG_AMEND_GRANTED, 1, marketOf(events.words[w + W_HEAD] as number));
    words[o + W_ACCOUNT] = events.words[w + W_ACCOUNT] as number;
    words[o + W_FLAGS] = side;
    words[o + W_PRICE] = events.words[w + EW_PRICE] as number;
    this.inbox.floats[p + F_QTY] = events.floats[f + EF_LOTS] as number;
    this.inbox.floats[p + F_GRANT_OLD_REMAINING] = events.floats[f + EF_OLD_REMAINING] as number;
    this.inbox.floats[p + F_ORDER_ID] = events.floats[f + EF_ORDER_ID] as number;
    words[o + W_SESSION] = events.words[w + EW_SESSION] as number;
    words[o + W_REQUEST] = events.words[w + EW_REQUEST] as number;
    words[o + W_GRANT_OLD_LOSS_TICKS] = events.words[w + EW_OLD_LOSS_TICKS] as number;
    words[o + W_MARK_DISTANCE] = side === SIDE_BUY ? loss : -loss;
    this.inbox.floats[p + F_GRANT_REMAINING] = events.floats[f + EF_REMAINING] as number;
  }
}

function isRejection(events: MessageBuffer, slot: number): boolean {
  return typeOf(events.words[slot * SLOT_WORDS + W_HEAD] as number) === EVT_REJECTED;
}

/** EVT_RESERVE_AMEND becomes the answer to its message; order id, flags, session and request stay. */
function rewriteAsRejection(
  events: MessageBuffer,
  slot: number,
  code: RejectCode,
  value: number,
  limit: number,
): void {
  const w = slot * SLOT_WORDS;
  const f = slot * SLOT_FLOATS;
  const slots = slotsOf(events.words[w + W_HEAD] as number);
  const keep = [W_HEAD, W_ACCOUNT, EW_FLAGS, EW_SESSION, EW_REQUEST].map(
    (at) => events.words[w + at] as number,
  );
  const order = events.floats[f + EF_ORDER_ID] as number;
  events.floats.fill(0, f, f + slots * SLOT_FLOATS);
  const [head, account, flags, session, request] = keep as [number, number, number, number, number];
  events.words[w + W_HEAD] = headOf(EVT_REJECTED, slots, marketOf(head));
  events.words[w + W_ACCOUNT] = account;
  events.words[w + EW_FLAGS] = flags;
  events.words[w + EW_SESSION] = session;
  events.words[w + EW_REQUEST] = request;
  events.floats[f + EF_ORDER_ID] = order;
  events.floats[f + EF_VALUE] = value;
  events.floats[f + EF_LIMIT] = limit;
  events.words[w + EW_CODE] = code;
  events.words[w + EW_CLIENT_REF] = NO_CLIENT_REF;
}
