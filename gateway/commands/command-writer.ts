import {
  BRACKET_W_PROFIT_LIMIT,
  BRACKET_W_PROFIT_PRICE,
  BRACKET_W_SOURCES,
  BRACKET_W_STOP_LIMIT,
  BRACKET_W_STOP_PRICE,
  CLIENT_TEXT_WORDS,
  F_CLIENT_ID,
  F_DEADLINE,
  F_EXPIRY,
  F_ORDER_ID,
  F_QTY,
  headOf,
  SCALED_W_COUNT,
  SCALED_W_DISTRIBUTION,
  SCALED_W_LAST_PRICE,
  SLOT_WORDS,
  TARGET_F_CLIENT_ID,
  TARGET_F_ORDER_ID,
  TARGET_W_TEXT,
  TARGET_W_TEXT_LENGTH,
  TRIGGER_F_OCO,
  TRIGGER_W_OCO_TEXT,
  TRIGGER_W_OCO_TEXT_LENGTH,
  TRIGGER_W_PRICE,
  TRIGGER_W_TERMS,
  TRIGGER_W_TRAIL_PPM,
  TRIGGER_W_TRAIL_TICKS,
  TWAP_W_DURATION,
  TWAP_W_SLICES,
  W_ACCOUNT,
  W_CLIENT_TEXT,
  W_CLIENT_TEXT_LENGTH,
  W_FLAGS,
  W_HEAD,
  W_PRICE,
  W_REQUEST,
  W_SESSION,
} from '../../engine/messages/layout.js';
import {
  CMD_AMEND,
  CMD_CANCEL,
  CMD_CANCEL_ALL_AFTER,
  CMD_MASS_CANCEL,
  CMD_MOVE_MARGIN,
  CMD_PLACE,
  CMD_PLACE_BRACKET,
  CMD_PLACE_SCALED,
  CMD_PLACE_TRIGGER,
  CMD_PLACE_TWAP,
  CMD_REPLACE,
  CMD_SET_LEVERAGE,
  CMD_SET_MARGIN_MODE,
  CMD_TAKE_OVER,
  FLAG_CLIENT_TEXT,
  FLAG_MARKET_ORDER,
  FLAG_POST_ONLY,
  FLAG_POST_ONLY_SLIDE,
  FLAG_REDUCE_ONLY,
  STP_SHIFT,
  TIF_SHIFT,
  TRIGGER_TERM_OCO_CLIENT,
} from '../../engine/messages/types.js';
import { triggerTerms } from '../../engine/triggers/trigger-events.js';
import type { ClientId, OrderDraft } from './draft.js';

/** A place with text (two slots), and the target of a replace, what a trigger order waits for, or the terms of a parent order. */
const COMMAND_SLOTS_MAX = 3;

/** Lays out commands one behind the other, as the shard's port takes them. */
export class CommandWriter {
  readonly words: Int32Array;
  private readonly floats: Float64Array;
  /** Slots written since `reset`. */
  slots = 0;
  /** New orders and amendments among them that are not only to close: what the order-to-trade ratio counts. */
  orders = 0;
  /** Commands written since `reset`, and those of them that do nothing but take orders away. */
  commands = 0;
  private cancels = 0;

  constructor(commandsMax: number) {
    this.words = new Int32Array(commandsMax * COMMAND_SLOTS_MAX * SLOT_WORDS);
    this.floats = new Float64Array(this.words.buffer);
  }

  reset(): void {
    this.slots = 0;
    this.orders = 0;
    this.commands = 0;
    this.cancels = 0;
  }

  /** Nothing but cancels was written: what overload never sheds. */
  get onlyCancels(): boolean {
    return this.commands === this.cancels;
  }

  place(draft: OrderDraft, account: number, session: number, request: number): void {
    if (draft.triggerKind !== 0) {
      this.placeTrigger(draft, account, session, request);
      return;
    }
    if (draft.profit.triggerTicks !== 0 || draft.stop.triggerTicks !== 0) {
      this.placeBracket(draft, account, session, request);
      return;
    }
    const at = this.begin(CMD_PLACE, draft, draft.clientId, 0, account, session, request);
    this.newOrder(at, draft);
  }

  cancel(draft: OrderDraft, account: number, session: number, request: number): void {
    const at = this.begin(CMD_CANCEL, draft, draft.clientId, 0, account, session, request);
    this.floats[at / 2 + F_ORDER_ID] = draft.orderId;
  }

  amend(draft: OrderDraft, account: number, session: number, request: number): void {
    const at = this.begin(CMD_AMEND, draft, draft.clientId, 0, account, session, request);
    this.words[at + W_PRICE] = draft.priceTicks;
    this.floats[at / 2 + F_QTY] = draft.qtyLots;
    this.floats[at / 2 + F_ORDER_ID] = draft.orderId;
    this.orders++;
  }

  replace(draft: OrderDraft, account: number, session: number, request: number): void {
    const at = this.begin(CMD_REPLACE, draft, draft.clientId, 1, account, session, request);
    this.newOrder(at, draft);
    const target = (this.slots - 1) * SLOT_WORDS;
    const id = draft.targetClientId;
    this.floats[target / 2 + TARGET_F_ORDER_ID] = draft.targetOrderId;
    this.floats[target / 2 + TARGET_F_CLIENT_ID] = id.number;
    this.words[target + TARGET_W_TEXT_LENGTH] = id.length;
    this.writeText(target + TARGET_W_TEXT, id);
  }

  massCancel(draft: OrderDraft, account: number, session: number, request: number): void {
    const at = this.begin(CMD_MASS_CANCEL, draft, null, 0, account, session, request);
    this.words[at + W_FLAGS] = draft.massSides;
  }

  cancelAllAfter(draft: OrderDraft, account: number, session: number, request: number): void {
    const at = this.begin(CMD_CANCEL_ALL_AFTER, draft, null, 0, account, session, request);
    this.floats[at / 2 + F_QTY] = draft.timeoutMs;
  }

  setLeverage(draft: OrderDraft, account: number, session: number, request: number): void {
    const at = this.begin(CMD_SET_LEVERAGE, draft, null, 0, account, session, request);
    this.words[at + W_PRICE] = draft.leverage;
  }

  takeOver(draft: OrderDraft, account: number, session: number, request: number): void {
    const at = this.begin(CMD_TAKE_OVER, draft, null, 0, account, session, request);
    this.words[at + W_FLAGS] = draft.side;
    this.words[at + W_PRICE] = draft.priceTicks;
    this.floats[at / 2 + F_QTY] = draft.qtyLots;
    this.floats[at / 2 + F_ORDER_ID] = draft.auctionId;
  }

  setMarginMode(draft: OrderDraft, account: number, session: number, request: number): void {
    const at = this.begin(CMD_SET_MARGIN_MODE, draft, null, 0, account, session, request);
    this.words[at + W_PRICE] = draft.marginMode;
  }

  moveMargin(draft: OrderDraft, account: number, session: number, request: number): void {
    const at = this.begin(CMD_MOVE_MARGIN, draft, null, 0, account, session, request);
    this.floats[at / 2 + F_QTY] = draft.movedMicroUsd;
  }

  scaled(draft: OrderDraft, account: number, session: number, request: number): void {
    const at = this.begin(CMD_PLACE_SCALED, draft, draft.clientId, 1, account, session, request);
    this.newOrder(at, draft);
    const last = (this.slots - 1) * SLOT_WORDS;
    if (!draft.reduceOnly) this.orders += draft.count - 1;
    this.words[last + SCALED_W_LAST_PRICE] = draft.lastTicks;
    this.words[last + SCALED_W_COUNT] = draft.count;
    this.words[last + SCALED_W_DISTRIBUTION] = draft.distribution;
  }

  twap(draft: OrderDraft, account: number, session: number, request: number): void {
    const at = this.begin(CMD_PLACE_TWAP, draft, draft.clientId, 1, account, session, request);
    this.newOrder(at, draft);
    const last = (this.slots - 1) * SLOT_WORDS;
    this.words[last + TWAP_W_SLICES] = draft.slices;
    this.words[last + TWAP_W_DURATION] = draft.durationMs;
  }

  private placeBracket(draft: OrderDraft, account: number, session: number, request: number): void {
    const at = this.begin(CMD_PLACE_BRACKET, draft, draft.clientId, 1, account, session, request);
    this.newOrder(at, draft);
    const last = (this.slots - 1) * SLOT_WORDS;
    const { profit, stop } = draft;
    this.words[last + BRACKET_W_PROFIT_PRICE] = profit.triggerTicks;
    this.words[last + BRACKET_W_PROFIT_LIMIT] = profit.limitTicks;
    this.words[last + BRACKET_W_STOP_PRICE] = stop.triggerTicks;
    this.words[last + BRACKET_W_STOP_LIMIT] = stop.limitTicks;
    this.words[last + BRACKET_W_SOURCES] = profit.source | (stop.source << 8);
  }

  private placeTrigger(draft: OrderDraft, account: number, session: number, request: number): void {
    const at = this.begin(CMD_PLACE_TRIGGER, draft, draft.clientId, 1, account, session, request);
    this.newOrder(at, draft);
    const terms = (this.slots - 1) * SLOT_WORDS;
    const id = draft.ocoClientId;
    const byNumber = id.number !== 0 ? TRIGGER_TERM_OCO_CLIENT : 0;
    this.words[terms + TRIGGER_W_TERMS] =
      triggerTerms(draft.triggerKind, draft.triggerSource, draft.closesPosition) | byNumber;
    this.words[terms + TRIGGER_W_PRICE] = draft.triggerTicks;
    this.words[terms + TRIGGER_W_TRAIL_TICKS] = draft.trailTicks;
    this.words[terms + TRIGGER_W_TRAIL_PPM] = draft.trailPpm;
    this.floats[terms / 2 + TRIGGER_F_OCO] = id.number !== 0 ? id.number : draft.ocoOrderId;
    this.words[terms + TRIGGER_W_OCO_TEXT_LENGTH] = id.length;
    this.writeText(terms + TRIGGER_W_OCO_TEXT, id);
  }

  /** Takes the slots and writes what all commands have; gives the first word. */
  private begin(
    type: number,
    draft: OrderDraft,
    id: ClientId | null,
    extraSlots: number,
    account: number,
    session: number,
    request: number,
  ): number {
    const hasText = id !== null && id.length > 0;
    const slots = 1 + (hasText ? 1 : 0) + extraSlots;
    const at = this.slots * SLOT_WORDS;
    this.slots += slots;
    this.commands++;
    if (type === CMD_CANCEL || type === CMD_MASS_CANCEL || type === CMD_CANCEL_ALL_AFTER) {
      this.cancels++;
    }
    const words = this.words;
    // A loop: for so few words the call of fill costs more than the writing.
    for (let i = at, end = at + slots * SLOT_WORDS; i < end; i++) words[i] = 0;
    words[at + W_HEAD] = headOf(type, slots, draft.marketId);
    words[at + W_ACCOUNT] = account;
    words[at + W_SESSION] = session;
    words[at + W_REQUEST] = request;
    this.floats[at / 2 + F_DEADLINE] = draft.deadlineMs;
    if (id === null) return at;
    this.floats[at / 2 + F_CLIENT_ID] = id.number;
    if (hasText) {
      words[at + W_FLAGS] = FLAG_CLIENT_TEXT;
      words[at + W_CLIENT_TEXT_LENGTH] = id.length;
      this.writeText(at + W_CLIENT_TEXT, id);
    }
    return at;
  }

  private newOrder(at: number, draft: OrderDraft): void {
    const words = this.words;
    if (!draft.reduceOnly && !draft.closesPosition) this.orders++;
    let flags = draft.side | (draft.timeInForce << TIF_SHIFT) | (draft.selfTrade << STP_SHIFT);
    if (draft.type !== 0) flags |= FLAG_MARKET_ORDER;
    if (draft.postOnly !== 0) flags |= FLAG_POST_ONLY;
    if (draft.postOnly === 2) flags |= FLAG_POST_ONLY_SLIDE;
    if (draft.reduceOnly) flags |= FLAG_REDUCE_ONLY;
    words[at + W_FLAGS] = (words[at + W_FLAGS] as number) | flags;
    words[at + W_PRICE] = draft.priceTicks;
    this.floats[at / 2 + F_QTY] = draft.qtyLots;
    this.floats[at / 2 + F_EXPIRY] = draft.expiresAtMs;
  }

  private writeText(firstWord: number, id: ClientId): void {
    if (id.length === 0) return;
    for (let i = 0; i < CLIENT_TEXT_WORDS; i++) {
      let word = 0;
      for (let k = 3; k >= 0; k--) {
        const index = i * 4 + k;
        word = (word << 8) | (index < id.length ? (id.bytes[index] as number) : 0);
      }
      this.words[firstWord + i] = word;
    }
  }
}
