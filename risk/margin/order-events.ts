import { ROW_FLOATS } from '../../engine/book/account-rows.js';
import {
  EF_ACCOUNT_SEQUENCE,
  EF_CLIENT_ID,
  EF_COLLATERAL,
  EF_ENTRY_VALUE,
  EF_FEE,
  EF_GRANT_OLD_REMAINING,
  EF_GRANTED_REMAINING,
  EF_LIMIT,
  EF_LOTS,
  EF_OLD_REMAINING,
  EF_ORDER_ID,
  EF_POSITION,
  EF_REALIZED,
  EF_REMAINING,
  EF_VALUE,
  EVENT_SLOTS,
  EW_CLIENT_REF,
  EW_CLIENT_TEXT,
  EW_CLIENT_TEXT_LENGTH,
  EW_CODE,
  EW_FLAGS,
  EW_LOSS_TICKS,
  EW_OLD_LOSS_TICKS,
  EW_PRICE,
  EW_REQUEST,
  EW_RESERVED_LOSS_TICKS,
  EW_RESERVED_OLD_LOSS_TICKS,
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
  EVT_ACCEPTED,
  EVT_AMENDED,
  EVT_CANCELED,
  EVT_FILL,
  EVT_REJECTED,
  EVT_RESERVE_AMEND,
  FLAG_GRANTED,
  FLAG_SIDE,
  MSG_AMEND_GRANTED,
  SIDE_BUY,
} from '../../engine/messages/types.js';
import { NO_CLIENT_REF } from './client-ids.js';
import { type MarketSummary, SF_ENTRY_VALUE, SF_POSITION } from './market-summaries.js';
import { CHANGE_LOSS, CHANGE_LOTS, newReservation, refused, tryReserve } from './reservation.js';
import { addOpen, clearActiveIfFlat, type MarginState } from './trade-commands.js';

/**
 * Events of markets at the home of their account: reservations are given back, cash moves, the private feed is numbered. An
 * event is completed in place (account sequence, collateral, client id) and then goes out as it stands.
 */
export class OrderEventHandler {
  private readonly state: MarginState;
  private readonly inbox: MessageBuffer;
  private readonly reservation = newReservation();

  constructor(state: MarginState, inbox: MessageBuffer) {
    this.state = state;
    this.inbox = inbox;
  }

  /** False when the event was for this actor alone and must not go out. */
  handle(events: MessageBuffer, slot: number, nowMs: number): boolean {
    const w = slot * SLOT_WORDS;
    const words = events.words;
    const head = words[w + W_HEAD] as number;
    const account = words[w + W_ACCOUNT] as number;
    const market = this.state.markets.find(marketOf(head));
    if (market === null) return true;
    // The refusal of a stranger: a wild account id must not make rows grow up to it.
    if (!this.state.accounts.exists(account)) return true;
    market.rows.ensure(account);
    const flags = words[w + EW_FLAGS] as number;
    if ((flags & FLAG_GRANTED) !== 0) this.undoGrant(events, slot, market, account);
    switch (typeOf(head)) {
      case EVT_ACCEPTED:
        this.accepted(events, slot, market, account);
        break;
      case EVT_FILL:
        this.filled(events, slot, market, account);
        break;
      case EVT_CANCELED:
        this.canceled(events, slot, market, account);
        break;
      case EVT_AMENDED:
        this.amended(events, slot, market, account);
        break;
      case EVT_REJECTED:
        this.rejected(events, slot, market, account);
        return true;
      case EVT_RESERVE_AMEND:
        return this.reserveAmend(events, slot, market, account);
      default:
        return true;
    }
    this.complete(events, slot, account, nowMs);
    return true;
  }

  /** A part of the quantity was never accepted, or the price slid: what was reserved too much goes back. */
  private accepted(
    events: MessageBuffer,
    slot: number,
    market: MarketSummary,
    account: number,
  ): void {
    const w = slot * SLOT_WORDS;
    const f = slot * SLOT_FLOATS;
    const asked = events.floats[f + EF_VALUE] as number;
    const lots = events.floats[f + EF_LOTS] as number;
    const reservedLoss = events.words[w + EW_OLD_LOSS_TICKS] as number;
    const loss = events.words[w + EW_LOSS_TICKS] as number;
    if (asked !== lots || reservedLoss !== loss) {
      const side = (events.words[w + EW_FLAGS] as number) & FLAG_SIDE;
      addOpen(
        market.rows.floats,
        account * ROW_FLOATS,
        side,
        lots - asked,
        lots * loss - asked * reservedLoss,
      );
    }
    const ref = events.words[w + EW_CLIENT_REF] as number;
    if (ref !== NO_CLIENT_REF)
      this.state.clientIds.open(ref, events.floats[f + EF_ORDER_ID] as number);
  }

  private filled(
    events: MessageBuffer,
    slot: number,
    market: MarketSummary,
    account: number,
  ): void {
    const w = slot * SLOT_WORDS;
    const f = slot * SLOT_FLOATS;
    const floats = events.floats;
    const rows = market.rows.floats;
    const row = account * ROW_FLOATS;
    const lots = floats[f + EF_LOTS] as number;
    const loss = events.words[w + EW_LOSS_TICKS] as number;
    addOpen(rows, row, (events.words[w + EW_FLAGS] as number) & FLAG_SIDE, -lots, -lots * loss);
    rows[row + SF_POSITION] = floats[f + EF_POSITION] as number;
    rows[row + SF_ENTRY_VALUE] = floats[f + EF_ENTRY_VALUE] as number;
    const cash = (floats[f + EF_REALIZED] as number) - (floats[f + EF_FEE] as number);
    this.state.accounts.addCollateral(account, cash);
    clearActiveIfFlat(this.state.accounts, market, account);
  }

  private canceled(
    events: MessageBuffer,
    slot: number,
    market: MarketSummary,
    account: number,
  ): void {
    const w = slot * SLOT_WORDS;
    const lots = events.floats[slot * SLOT_FLOATS + EF_REMAINING] as number;
    const loss = events.words[w + EW_LOSS_TICKS] as number;
    const side = (events.words[w + EW_FLAGS] as number) & FLAG_SIDE;
    addOpen(market.rows.floats, account * ROW_FLOATS, side, -lots, -lots * loss);
    clearActiveIfFlat(this.state.accounts, market, account);
  }

  private amended(
    events: MessageBuffer,
    slot: number,
    market: MarketSummary,
    account: number,
  ): void {
    const w = slot * SLOT_WORDS;
    const f = slot * SLOT_FLOATS;
    const now = events.floats[f + EF_REMAINING] as number;
    const before = events.floats[f + EF_OLD_REMAINING] as number;
    const loss = events.words[w + EW_LOSS_TICKS] as number;
    const oldLoss = events.words[w + EW_OLD_LOSS_TICKS] as number;
    // A maker's everyday move reserves what it did: its row need not be fetched from memory.
    if (now === before && loss === oldLoss) return;
    const side = (events.words[w + EW_FLAGS] as number) & FLAG_SIDE;
    addOpen(
      market.rows.floats,
      account * ROW_FLOATS,
      side,
      now - before,
      now * loss - before * oldLoss,
    );
  }

  private rejected(
    events: MessageBuffer,
    slot: number,
    market: MarketSummary,
    account: number,
  ): void {
    const w = slot * SLOT_WORDS;
    const flags = events.words[w + EW_FLAGS] as number;
    // What a grant had reserved is already undone; EF_LOTS is a reservation only of place and replace.
    if ((flags & FLAG_GRANTED) !== 0) return;
    const lots = events.floats[slot * SLOT_FLOATS + EF_LOTS] as number;
    if (lots === 0) return;
    const loss = events.words[w + EW_RESERVED_LOSS_TICKS] as number;
    addOpen(market.rows.floats, account * ROW_FLOATS, flags & FLAG_SIDE, -lots, -lots * loss);
    clearActiveIfFlat(this.state.accounts, market, account);
    const ref = events.words[w + EW_CLIENT_REF] as number;
    if (ref !== NO_CLIENT_REF) this.state.clientIds.drop(ref);
  }

  /** Reserves the increase of an amend and tells the market to go on, or turns the question into a rejection. */
  private reserveAmend(
    events: MessageBuffer,
    slot: number,
    market: MarketSummary,
    account: number,
  ): boolean {
    const w = slot * SLOT_WORDS;
    const f = slot * SLOT_FLOATS;
    const side = (events.words[w + EW_FLAGS] as number) & FLAG_SIDE;
    const now = events.floats[f + EF_REMAINING] as number;
    const before = events.floats[f + EF_OLD_REMAINING] as number;
    const loss = events.words[w + EW_LOSS_TICKS] as number;
    const oldLoss = events.words[w + EW_OLD_LOSS_TICKS] as number;
    const value = now * loss - before * oldLoss;
    const wanted = this.reservation;
    wanted.account = account;
    wanted.side = side;
    wanted.priceTicks = events.words[w + EW_PRICE] as number;
    wanted.change[CHANGE_LOTS] = now - before;
    wanted.change[CHANGE_LOSS] = value;
    const code = tryReserve(this.state, market, wanted);
    if (code !== 0) {
      rewriteAsRejection(events, slot, code, refused[0] as number, refused[1] as number);
      return true;
    }
    // Until the market has answered, the order may fill as it was or as it will be: the larger of both stays reserved.
    const row = account * ROW_FLOATS;
    addOpen(
      market.rows.floats,
      row,
      side,
      raiseOf(now - before) - (now - before),
      raiseOf(value) - value,
    );
    this.grant(events, slot, side);
    return false;
  }

  private grant(events: MessageBuffer, slot: number, side: number): void {
    const w = slot * SLOT_WORDS;
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

  /** Takes what a grant raised back; what the market really did is then booked like any event. */
  private undoGrant(
    events: MessageBuffer,
    slot: number,
    market: MarketSummary,
    account: number,
  ): void {
    const w = slot * SLOT_WORDS;
    const f = slot * SLOT_FLOATS;
    const granted = events.floats[f + EF_GRANTED_REMAINING] as number;
    const before = events.floats[f + EF_GRANT_OLD_REMAINING] as number;
    const loss = events.words[w + EW_RESERVED_LOSS_TICKS] as number;
    const oldLoss = events.words[w + EW_RESERVED_OLD_LOSS_TICKS] as number;
    const side = (events.words[w + EW_FLAGS] as number) & FLAG_SIDE;
    const row = account * ROW_FLOATS;
    const value = granted * loss - before * oldLoss;
    addOpen(market.rows.floats, row, side, -raiseOf(granted - before), -raiseOf(value));
  }

  /** Numbers the event in the account's feed and fills in what only its home knows. */
  private complete(events: MessageBuffer, slot: number, account: number, nowMs: number): void {
    const w = slot * SLOT_WORDS;
    const f = slot * SLOT_FLOATS;
    const { accounts, clientIds } = this.state;
    events.floats[f + EF_ACCOUNT_SEQUENCE] = accounts.nextSequence(account);
    events.floats[f + EF_COLLATERAL] = accounts.collateral(account);
    const ref = events.words[w + EW_CLIENT_REF] as number;
    if (ref === NO_CLIENT_REF) return;
    const key = clientIds.keyAt(ref);
    if (typeof key === 'number') events.floats[f + EF_CLIENT_ID] = key;
    else if (slotsOf(events.words[w + W_HEAD] as number) > EVENT_SLOTS) {
      clientIds.writeText(ref, events.words, w + EW_CLIENT_TEXT_LENGTH, w + EW_CLIENT_TEXT);
    }
    const type = typeOf(events.words[w + W_HEAD] as number);
    const ends =
      type === EVT_CANCELED || (type === EVT_FILL && events.floats[f + EF_REMAINING] === 0);
    if (ends) clientIds.close(ref, nowMs);
  }
}

/** An amend in flight never lowers a reservation. */
function raiseOf(change: number): number {
  return change > 0 ? change : 0;
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
