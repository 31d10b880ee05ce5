import { NO_CLIENT_REF } from '../../engine/kernel/orders.js';
import type { FeeSchedule } from '../../engine/market/fee-schedule.js';
import { flagsProblem } from '../../engine/market/order-rules.js';
import {
  EF_CLIENT_ID,
  EF_ORDER_ID,
  EVENT_SLOTS,
  EW_CODE,
  EW_FLAGS,
  EW_REQUEST,
  EW_SESSION,
  F_CLIENT_ID,
  F_DEADLINE,
  F_ORDER_ID,
  F_QTY,
  headOf,
  marketOf,
  SLOT_FLOATS,
  SLOT_WORDS,
  slotsOf,
  TARGET_F_CLIENT_ID,
  TARGET_F_ORDER_ID,
  typeOf,
  W_ACCOUNT,
  W_CLIENT_REF,
  W_FLAGS,
  W_HEAD,
  W_MARK_DISTANCE,
  W_PRICE,
  W_REQUEST,
  W_SESSION,
} from '../../engine/messages/layout.js';
import type { MessageBuffer } from '../../engine/messages/message-buffer.js';
import { REJECT, type RejectCode } from '../../engine/messages/reject-codes.js';
import { pushRejection } from '../../engine/messages/rejection.js';
import {
  CLIENT_FLAGS,
  CMD_AMEND,
  CMD_CANCEL,
  CMD_CANCEL_ALL_AFTER,
  CMD_CREATE_SUB_ACCOUNT,
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
  CMD_TRANSFER,
  EVT_DUPLICATE,
  FLAG_CLIENT_TEXT,
  FLAG_MARKET_ORDER,
  FLAG_MASS_ASKS,
  FLAG_MASS_BIDS,
  FLAG_MASS_COUNTDOWN,
  FLAG_MASS_LIQUIDATION,
  MSG_AMEND,
  MSG_CANCEL,
  MSG_MASS_CANCEL,
  MSG_PLACE,
  MSG_PLACE_BRACKET,
  MSG_REPLACE,
  TIER_SHIFT,
} from '../../engine/messages/types.js';
import {
  asPriceTicks,
  asQtyLots,
  MARKET_ID_ALL,
  type PriceTicks,
  type QtyLots,
} from '../../engine/units/units.js';
import { G_REFUSED_LIMIT, G_REFUSED_VALUE } from '../kernel/layout.js';
import { takeOver } from '../liquidation/take-over.js';
import type { Accounts } from './accounts.js';
import { bracketProblem, copyBracket } from './bracket-terms.js';
import type { ClientIds } from './client-ids.js';
import type { Countdowns } from './countdowns.js';
import { holdOf, IsolatedMargin } from './isolated-margin.js';
import { setLeverage } from './leverage-command.js';
import type { MarketSummary } from './market-summaries.js';
import type { MarketTable } from './market-table.js';
import { ParentCommands } from './parent-commands.js';
import { reserveOrder } from './reserve-order.js';
import type { RiskKernel } from './risk-kernel.js';
import type { SubAccounts } from './sub-accounts.js';
import { TriggerCommands } from './trigger-commands.js';

/** Everything that a margin actor owns. Its handlers (commands, events, ledger) are separate files over it. */
export interface MarginState {
  readonly kernel: RiskKernel;
  readonly accounts: Accounts;
  readonly markets: MarketTable;
  readonly clientIds: ClientIds;
  readonly fees: FeeSchedule;
}

/** What takes no risk is let in also while the account is liquidated. */
const ALWAYS_LET_IN = new Set<number>([
  CMD_CANCEL,
  CMD_MASS_CANCEL,
  CMD_CANCEL_ALL_AFTER,
  CMD_CREATE_SUB_ACCOUNT,
]);
/** Why a mass cancel comes is said by the margin actor, not by who sends it. */
const MARGIN_ACTORS_FLAGS = FLAG_MASS_LIQUIDATION | FLAG_MASS_COUNTDOWN;

/**
 * Traders' commands at the home of their account: who asks, is it a retry, is it in time, can the account bear the
 * worst case. What passes is reserved and forwarded to the market actor; what does not is answered here.
 */
export class TradeCommands {
  private readonly state: MarginState;
  private readonly inbox: MessageBuffer;
  private readonly events: MessageBuffer;
  private readonly triggers: TriggerCommands;
  private readonly isolated: IsolatedMargin;
  private readonly parents: ParentCommands;
  private readonly countdowns: Countdowns;
  private readonly subAccounts: SubAccounts;

  constructor(
    state: MarginState,
    inbox: MessageBuffer,
    events: MessageBuffer,
    countdowns: Countdowns,
    subAccounts: SubAccounts,
  ) {
    this.state = state;
    this.countdowns = countdowns;
    this.subAccounts = subAccounts;
    this.inbox = inbox;
    this.events = events;
    this.triggers = new TriggerCommands(state, inbox, events);
    this.isolated = new IsolatedMargin(state, events);
    this.parents = new ParentCommands(state, inbox, events);
  }

  handle(message: MessageBuffer, slot: number, nowMs: number): void {
    const w = slot * SLOT_WORDS;
    const account = message.words[w + W_ACCOUNT] as number;
    if (!this.state.accounts.exists(account)) {
      this.reject(message, slot, REJECT.unknown_account, account, 0);
      return;
    }
    const type = typeOf(message.words[w + W_HEAD] as number);
    const isTrigger = type === CMD_PLACE_TRIGGER;
    const isParent = type === CMD_PLACE_SCALED || type === CMD_PLACE_TWAP;
    const isPlain = type === CMD_PLACE || type === CMD_REPLACE || type === CMD_PLACE_BRACKET;
    const places = isPlain || isTrigger || isParent;
    if (places && this.answersRetry(message, slot, account)) return;
    if (type === CMD_TRANSFER && this.subAccounts.answersRetry(message, slot, account)) return;
    const deadline = message.floats[slot * SLOT_FLOATS + F_DEADLINE] as number;
    if (deadline !== 0 && deadline < nowMs) {
      this.reject(message, slot, REJECT.receive_window_has_passed, deadline, nowMs);
      return;
    }
    if (!ALWAYS_LET_IN.has(type) && this.isHeld(message, slot, account)) return;
    if (isTrigger) this.placeTrigger(message, slot, account);
    else if (isParent) this.placeParent(message, slot, account);
    else if (places) this.place(message, slot, account);
    else if (type === CMD_CANCEL || type === CMD_AMEND) this.forwardToOrder(message, slot);
    else if (type === CMD_MASS_CANCEL) this.massCancel(message, slot);
    else if (type === CMD_CANCEL_ALL_AFTER) this.countdowns.set(message, slot, nowMs);
    else if (type === CMD_TRANSFER) this.subAccounts.transfer(message, slot, account);
    else if (type === CMD_CREATE_SUB_ACCOUNT) this.subAccounts.create(message, slot, account);
    else if (type === CMD_SET_LEVERAGE) this.setLeverage(message, slot);
    else if (type === CMD_TAKE_OVER) this.takeOver(message, slot);
    else if (type === CMD_SET_MARGIN_MODE || type === CMD_MOVE_MARGIN) {
      this.changeMargin(message, slot, account, type);
    } else this.reject(message, slot, REJECT.message_type_is_unknown, type, 0);
  }

  /** While an account, or its isolated position, is liquidated, there is nothing to do but cancel and bring collateral. */
  private isHeld(message: MessageBuffer, slot: number, account: number): boolean {
    const head = message.words[slot * SLOT_WORDS + W_HEAD] as number;
    const hold = holdOf(this.state, this.state.markets.find(marketOf(head)), account);
    if (hold === null) return false;
    const brings =
      typeOf(head) === CMD_MOVE_MARGIN &&
      (message.floats[slot * SLOT_FLOATS + F_QTY] as number) > 0;
    if (brings && hold.code === REJECT.position_is_being_liquidated) return false;
    return !this.reject(message, slot, hold.code, hold.value, 0);
  }

  /** A known client id: the answer says which order it is. True when answered. */
  private answersRetry(message: MessageBuffer, slot: number, account: number): boolean {
    const ids = this.state.clientIds;
    const ref = ids.find(message, slot);
    if (ref === NO_CLIENT_REF) return false;
    const event = this.events.push(EVENT_SLOTS);
    const words = this.events.words;
    const e = event * SLOT_WORDS;
    const w = slot * SLOT_WORDS;
    words[e + W_HEAD] = headOf(EVT_DUPLICATE, EVENT_SLOTS, ids.marketOf(ref));
    words[e + W_ACCOUNT] = account;
    words[e + EW_FLAGS] = message.words[w + W_FLAGS] as number;
    words[e + EW_SESSION] = message.words[w + W_SESSION] as number;
    words[e + EW_REQUEST] = message.words[w + W_REQUEST] as number;
    words[e + EW_CODE] = ids.stateOf(ref);
    const floats = this.events.floats;
    floats[event * SLOT_FLOATS + EF_ORDER_ID] = ids.orderIdOf(ref);
    floats[event * SLOT_FLOATS + EF_CLIENT_ID] = clientNumberOf(message, slot);
    return true;
  }

  private takeOver(message: MessageBuffer, slot: number): void {
    const market = this.market(message, slot);
    if (market === null) return;
    takeOver(this.state, this.inbox, this.events, message, slot, market);
  }

  private placeTrigger(message: MessageBuffer, slot: number, account: number): void {
    const market = this.market(message, slot);
    if (market !== null) this.triggers.place(message, slot, market, account);
  }

  private placeParent(message: MessageBuffer, slot: number, account: number): void {
    const market = this.market(message, slot);
    if (market !== null) this.parents.place(message, slot, market, account);
  }

  private place(message: MessageBuffer, slot: number, account: number): void {
    const w = slot * SLOT_WORDS;
    const market = this.market(message, slot);
    if (market === null) return;
    const flags = (message.words[w + W_FLAGS] as number) & CLIENT_FLAGS;
    const problem = flagsProblem(flags);
    if (problem !== 0) {
      this.reject(message, slot, problem, flags, 0);
      return;
    }
    const ownTicks = asPriceTicks(message.words[w + W_PRICE] as number);
    if (!this.admitsPrice(message, slot, market, flags, ownTicks)) return;
    const lots = asQtyLots(message.floats[slot * SLOT_FLOATS + F_QTY] as number);
    if (!Number.isInteger(lots) || lots < 1 || lots > market.params.qtyLotsMax) {
      const code = REJECT.qty_lots_must_be_within_1_and_limit;
      this.reject(message, slot, code, lots, market.params.qtyLotsMax);
      return;
    }
    const replaced = this.replacedId(message, slot);
    if (replaced < 0 || !this.bracketIsSound(message, slot, market, ownTicks)) return;
    const price = reserveOrder(this.state, market, { account, flags, ownTicks, lots });
    if (price < 0) {
      const [value, limit] = refusedFigures(this.state.kernel);
      this.reject(message, slot, -price as RejectCode, value, limit);
      return;
    }
    const { accounts, clientIds } = this.state;
    const ref = clientIds.add(message, slot, accounts.at(account));
    const out = this.forward(message, slot, forwardedAs(message, slot), replaced);
    const o = out * SLOT_WORDS;
    this.inbox.words[o + W_FLAGS] = flags | (accounts.tier(account) << TIER_SHIFT);
    this.inbox.words[o + W_PRICE] = price;
    this.inbox.words[o + W_CLIENT_REF] = ref;
    this.inbox.words[o + W_MARK_DISTANCE] = price - market.markTicks;
  }

  /** True also when there is none. */
  private bracketIsSound(
    message: MessageBuffer,
    slot: number,
    market: MarketSummary,
    ownTicks: PriceTicks,
  ): boolean {
    if (typeOf(message.words[slot * SLOT_WORDS + W_HEAD] as number) !== CMD_PLACE_BRACKET)
      return true;
    const refusal = bracketProblem(message, slot, market, ownTicks);
    return refusal === null || this.reject(message, slot, ...refusal);
  }

  /** A limit order has a price, a market order may have one, and the market has a mark. */
  private admitsPrice(
    message: MessageBuffer,
    slot: number,
    market: MarketSummary,
    flags: number,
    own: PriceTicks,
  ): boolean {
    const { priceTicksMax } = market.params;
    const isUnbounded = (flags & FLAG_MARKET_ORDER) !== 0 && own === 0;
    if (!isUnbounded && (own < 1 || own > priceTicksMax)) {
      const code = REJECT.price_ticks_must_be_within_1_and_limit;
      return this.reject(message, slot, code, own, priceTicksMax);
    }
    if (market.markTicks !== 0) return true;
    return this.reject(message, slot, REJECT.market_has_no_mark_price, 0, 0);
  }

  /** Order id that a REPLACE names, 0 for PLACE; −1 when it was rejected. */
  private replacedId(message: MessageBuffer, slot: number): number {
    const head = message.words[slot * SLOT_WORDS + W_HEAD] as number;
    if (typeOf(head) !== CMD_REPLACE) return 0;
    const target = slot + slotsOf(head) - 1;
    const f = target * SLOT_FLOATS;
    const id = message.floats[f + TARGET_F_ORDER_ID] as number;
    if (id !== 0) return id;
    const numeric = message.floats[f + TARGET_F_CLIENT_ID] as number;
    const found = this.state.clientIds.replacedOrderId(message, slot);
    if (found !== 0) return found;
    this.reject(message, slot, REJECT.order_is_not_open, numeric, 0);
    return -1;
  }

  /** Cancel and amend: the order is named by id, or by client id, which only this actor knows. */
  private forwardToOrder(message: MessageBuffer, slot: number): void {
    const market = this.market(message, slot);
    if (market === null) return;
    const w = slot * SLOT_WORDS;
    const f = slot * SLOT_FLOATS;
    const cancels = typeOf(message.words[w + W_HEAD] as number) === CMD_CANCEL;
    const price = asPriceTicks(message.words[w + W_PRICE] as number);
    const lots = asQtyLots(message.floats[f + F_QTY] as number);
    if (!cancels && !this.amendIsSound(message, slot, market, price, lots)) return;
    const id = this.state.clientIds.namedOrderId(message, slot);
    if (id === 0) {
      this.reject(message, slot, REJECT.order_is_not_open, clientNumberOf(message, slot), 0);
      return;
    }
    const out = this.forward(message, slot, cancels ? MSG_CANCEL : MSG_AMEND, 0);
    const o = out * SLOT_WORDS;
    this.inbox.floats[out * SLOT_FLOATS + F_ORDER_ID] = id;
    this.inbox.words[o + W_MARK_DISTANCE] = price === 0 ? 0 : price - market.markTicks;
  }

  private amendIsSound(
    message: MessageBuffer,
    slot: number,
    market: MarketSummary,
    price: PriceTicks,
    lots: QtyLots,
  ): boolean {
    if (price === 0 && lots === 0) {
      return this.reject(message, slot, REJECT.amend_must_change_something, 0, 0);
    }
    if (price < 0 || price > market.params.priceTicksMax) {
      const code = REJECT.price_ticks_must_be_within_1_and_limit;
      return this.reject(message, slot, code, price, market.params.priceTicksMax);
    }
    if (!Number.isInteger(lots) || lots < 0 || lots > market.params.qtyLotsMax) {
      const code = REJECT.qty_lots_must_be_within_1_and_limit;
      return this.reject(message, slot, code, lots, market.params.qtyLotsMax);
    }
    // Up to twice the mark, what the account has open stays exact; beyond, its value has to be looked at.
    if (price > 2 * market.markTicks) {
      const account = message.words[slot * SLOT_WORDS + W_ACCOUNT] as number;
      const { worstValue } = this.state.kernel.calls;
      const value = worstValue(market.block, market.rows.open(account), 0, price);
      const limit = market.valueTickLotsMax;
      const code = REJECT.worst_value_tick_lots_must_not_exceed_limit;
      if (value > limit) return this.reject(message, slot, code, value, limit);
    }
    return true;
  }

  private massCancel(message: MessageBuffer, slot: number): void {
    const w = slot * SLOT_WORDS;
    const flags = message.words[w + W_FLAGS] as number;
    if ((flags & (FLAG_MASS_BIDS | FLAG_MASS_ASKS)) === 0) {
      this.reject(message, slot, REJECT.flags_are_contradictory, flags, 0);
      return;
    }
    if (marketOf(message.words[w + W_HEAD] as number) !== MARKET_ID_ALL) {
      const market = this.market(message, slot);
      if (market !== null) this.forwardMassCancel(message, slot, market.marketId);
      return;
    }
    for (const market of this.state.markets.all) {
      this.forwardMassCancel(message, slot, market.marketId);
    }
  }

  private setLeverage(message: MessageBuffer, slot: number): void {
    const market = this.market(message, slot);
    if (market !== null) setLeverage(this.state, this.events, message, slot, market);
  }

  private changeMargin(message: MessageBuffer, slot: number, account: number, type: number): void {
    const market = this.market(message, slot);
    if (market === null) return;
    if (type === CMD_SET_MARGIN_MODE) this.isolated.setMode({ message, slot, account, market });
    else this.isolated.move({ message, slot, account, market });
  }

  private forwardMassCancel(message: MessageBuffer, slot: number, marketId: number): void {
    const out = this.forward(message, slot, MSG_MASS_CANCEL, 0);
    this.inbox.words[out * SLOT_WORDS + W_HEAD] = headOf(MSG_MASS_CANCEL, 1, marketId);
    this.inbox.words[out * SLOT_WORDS + W_FLAGS]! &= ~MARGIN_ACTORS_FLAGS;
  }

  /** Copies the first slot of the command as a message to the market; a replace gets its target slot. */
  private forward(message: MessageBuffer, slot: number, type: number, replaced: number): number {
    const slots = type === MSG_REPLACE || type === MSG_PLACE_BRACKET ? 2 : 1;
    const out = this.inbox.push(slots);
    copySlot(message.floats, slot << 3, this.inbox.floats, out << 3);
    const market = marketOf(message.words[slot * SLOT_WORDS + W_HEAD] as number);
    const o = out * SLOT_WORDS;
    this.inbox.words[o + W_HEAD] = headOf(type, slots, market);
    this.inbox.words[o + W_CLIENT_REF] = NO_CLIENT_REF;
    this.inbox.words[o + W_MARK_DISTANCE] = 0;
    if (slots === 2) {
      this.inbox.words.fill(0, o + SLOT_WORDS, o + 2 * SLOT_WORDS);
      if (type === MSG_PLACE_BRACKET) copyBracket(message, slot, this.inbox, out);
      else this.inbox.floats[(out + 1) * SLOT_FLOATS + TARGET_F_ORDER_ID] = replaced;
    }
    return out;
  }

  private market(message: MessageBuffer, slot: number): MarketSummary | null {
    const id = marketOf(message.words[slot * SLOT_WORDS + W_HEAD] as number);
    const market = this.state.markets.find(id);
    if (market === null) this.reject(message, slot, REJECT.unknown_market, id, 0);
    return market;
  }

  private reject(
    message: MessageBuffer,
    slot: number,
    code: RejectCode,
    value: number,
    limit: number,
  ): false {
    pushRejection(this.events, message, slot, code, value, limit);
    return false;
  }
}

/** Client id of a command that is a number; 0 when it has none, or a text. */
function clientNumberOf(message: MessageBuffer, slot: number): number {
  const flags = message.words[slot * SLOT_WORDS + W_FLAGS] as number;
  if ((flags & FLAG_CLIENT_TEXT) !== 0) return 0;
  const number = message.floats[slot * SLOT_FLOATS + F_CLIENT_ID] as number;
  // −0 is none either, and has other bytes.
  return number === 0 ? 0 : number;
}

/** What a command that places an order becomes. */
function forwardedAs(message: MessageBuffer, slot: number): number {
  const type = typeOf(message.words[slot * SLOT_WORDS + W_HEAD] as number);
  if (type === CMD_PLACE_BRACKET) return MSG_PLACE_BRACKET;
  return type === CMD_PLACE ? MSG_PLACE : MSG_REPLACE;
}

/** Copies a slot, eight floats; written out, because a loop costs as much again. */
function copySlot(source: Float64Array, from: number, target: Float64Array, to: number): void {
  target[to] = source[from] as number;
  target[to | 1] = source[from | 1] as number;
  target[to | 2] = source[from | 2] as number;
  target[to | 3] = source[from | 3] as number;
  target[to | 4] = source[from | 4] as number;
  target[to | 5] = source[from | 5] as number;
  target[to | 6] = source[from | 6] as number;
  target[to | 7] = source[from | 7] as number;
}

/** Value and limit of what `tryReserve` has just refused. */
export function refusedFigures(kernel: RiskKernel): [value: number, limit: number] {
  return [kernel.float(G_REFUSED_VALUE), kernel.float(G_REFUSED_LIMIT)];
}
