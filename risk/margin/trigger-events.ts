import {
  EF_ACCOUNT_SEQUENCE,
  EF_COLLATERAL,
  EF_EXPIRY,
  EF_LIMIT,
  EF_LOTS,
  EF_ORDER_ID,
  EF_VALUE,
  EW_CLIENT_REF,
  EW_CODE,
  EW_FLAGS,
  EW_PRICE,
  F_EXPIRY,
  F_ORDER_ID,
  F_QTY,
  headOf,
  marketOf,
  SLOT_FLOATS,
  SLOT_WORDS,
  slotsOf,
  typeOf,
  W_ACCOUNT,
  W_CLIENT_REF,
  W_FLAGS,
  W_HEAD,
  W_MARK_DISTANCE,
  W_PRICE,
} from '../../engine/messages/layout.js';
import type { MessageBuffer } from '../../engine/messages/message-buffer.js';
import type { RejectCode } from '../../engine/messages/reject-codes.js';
import {
  CLIENT_FLAGS,
  EVT_BRACKET,
  EVT_REJECTED,
  EVT_SLICE,
  EVT_TRIGGER_ACCEPTED,
  EVT_TRIGGER_REJECTED,
  EVT_TRIGGERED,
  MSG_NOT_RESERVED,
  MSG_PLACE_SLICE,
  MSG_PLACE_TRIGGERED,
  TIER_SHIFT,
} from '../../engine/messages/types.js';
import { asPriceTicks } from '../../engine/units/units.js';
import { holdOf } from './isolated-margin.js';
import type { MarketSummary } from './market-summaries.js';
import { reserveOrder } from './reserve-order.js';
import { type MarginState, refusedFigures } from './trade-commands.js';

/** EVT_TRIGGER_… and EVT_TRIGGERED, and those of parent orders. */
export function isTriggerEvent(type: number): boolean {
  return type >= EVT_TRIGGER_ACCEPTED && type <= EVT_BRACKET;
}

/**
 * Events of trigger orders at the home of their account. One that has fired is placed like an order that comes in: its worst
 * case is reserved, or the owner hears why not. Each event is numbered in the private feed.
 */
export class TriggerEventHandler {
  private readonly state: MarginState;
  private readonly inbox: MessageBuffer;

  constructor(state: MarginState, inbox: MessageBuffer) {
    this.state = state;
    this.inbox = inbox;
  }

  /** False: the account is not at home here, or its market is unknown. */
  handle(events: MessageBuffer, slot: number): boolean {
    const w = slot * SLOT_WORDS;
    const f = slot * SLOT_FLOATS;
    const { accounts, markets } = this.state;
    const head = events.words[w + W_HEAD] as number;
    const account = events.words[w + W_ACCOUNT] as number;
    const market = markets.find(marketOf(head));
    if (market === null || !accounts.exists(account)) return false;
    if (typeOf(head) === EVT_SLICE) {
      // A question of the market: what its owner hears of is the order that comes of it.
      this.place(events, slot, market, account);
      return true;
    }
    if (typeOf(head) === EVT_TRIGGER_REJECTED) this.giveBack(events, slot);
    events.floats[f + EF_ACCOUNT_SEQUENCE] = accounts.nextSequence(account);
    events.floats[f + EF_COLLATERAL] = accounts.collateral(account);
    if (typeOf(head) === EVT_TRIGGERED) this.place(events, slot, market, account);
    return true;
  }

  /** The market has refused the order: what was reserved for it goes back as with any other. */
  private giveBack(events: MessageBuffer, slot: number): void {
    const { kernel } = this.state;
    const at = slot * SLOT_WORDS + W_HEAD;
    const head = events.words[at] as number;
    events.words[at] = headOf(EVT_REJECTED, slotsOf(head), marketOf(head));
    kernel.calls.settleEvent(kernel.addressOf(events, slot));
    kernel.refresh();
    events.words[at] = head;
  }

  private place(events: MessageBuffer, slot: number, market: MarketSummary, account: number): void {
    const w = slot * SLOT_WORDS;
    const f = slot * SLOT_FLOATS;
    const { kernel, accounts } = this.state;
    const flags = (events.words[w + EW_FLAGS] as number) & CLIENT_FLAGS;
    const ownTicks = asPriceTicks(events.words[w + EW_PRICE] as number);
    const lots = events.floats[f + EF_LOTS] as number;
    const hold = holdOf(this.state, market, account);
    if (hold !== null) {
      this.refuse(events, slot, hold.code, hold.value, 0);
      return;
    }
    const price = reserveOrder(this.state, market, { account, flags, ownTicks, lots });
    if (price < 0) {
      const [value, limit] = refusedFigures(kernel);
      this.refuse(events, slot, -price as RejectCode, value, limit);
      return;
    }
    const out = this.inbox.push(1);
    const o = out * SLOT_WORDS;
    const { words, floats } = this.inbox;
    words.fill(0, o, o + SLOT_WORDS);
    const isSlice = typeOf(events.words[w + W_HEAD] as number) === EVT_SLICE;
    const type = isSlice ? MSG_PLACE_SLICE : MSG_PLACE_TRIGGERED;
    words[o + W_HEAD] = headOf(type, 1, market.marketId);
    words[o + W_ACCOUNT] = account;
    words[o + W_FLAGS] = flags | (accounts.tier(account) << TIER_SHIFT);
    words[o + W_PRICE] = price;
    floats[out * SLOT_FLOATS + F_QTY] = lots;
    floats[out * SLOT_FLOATS + F_ORDER_ID] = events.floats[f + EF_ORDER_ID] as number;
    floats[out * SLOT_FLOATS + F_EXPIRY] = events.floats[f + EF_EXPIRY] as number;
    words[o + W_CLIENT_REF] = events.words[w + EW_CLIENT_REF] as number;
    words[o + W_MARK_DISTANCE] = price - market.markTicks;
  }

  /** Its owner hears why, and the market, which waits for the order, that none comes. */
  private refuse(
    events: MessageBuffer,
    slot: number,
    code: RejectCode,
    value: number,
    limit: number,
  ): void {
    pushRefusal(events, slot, code, value, limit);
    this.tellNotReserved(events, slot);
  }

  private tellNotReserved(events: MessageBuffer, slot: number): void {
    const w = slot * SLOT_WORDS;
    const out = this.inbox.push(1);
    const o = out * SLOT_WORDS;
    const { words, floats } = this.inbox;
    words.fill(0, o, o + SLOT_WORDS);
    words[o + W_HEAD] = headOf(MSG_NOT_RESERVED, 1, marketOf(events.words[w + W_HEAD] as number));
    words[o + W_ACCOUNT] = events.words[w + W_ACCOUNT] as number;
    floats[out * SLOT_FLOATS + F_ORDER_ID] = events.floats[
      slot * SLOT_FLOATS + EF_ORDER_ID
    ] as number;
  }
}

/** EVT_TRIGGER_REJECTED behind the event of a fired order that is not let in. */
function pushRefusal(
  events: MessageBuffer,
  slot: number,
  code: RejectCode,
  value: number,
  limit: number,
): void {
  const from = slot * SLOT_WORDS;
  const head = events.words[from + W_HEAD] as number;
  const out = events.push(slotsOf(head));
  const { words, floats } = events;
  const w = out * SLOT_WORDS;
  const f = out * SLOT_FLOATS;
  words[w + W_HEAD] = headOf(EVT_TRIGGER_REJECTED, slotsOf(head), marketOf(head));
  words[w + W_ACCOUNT] = words[from + W_ACCOUNT] as number;
  words[w + EW_FLAGS] = (words[from + EW_FLAGS] as number) & CLIENT_FLAGS;
  floats[f + EF_ORDER_ID] = floats[slot * SLOT_FLOATS + EF_ORDER_ID] as number;
  floats[f + EF_VALUE] = value;
  floats[f + EF_LIMIT] = limit;
  words[w + EW_CODE] = code;
  words[w + EW_CLIENT_REF] = words[from + EW_CLIENT_REF] as number;
}
