import { FEE_TIERS } from '../../engine/market/fee-schedule.js';
import type { MarketActor } from '../../engine/market/market-actor.js';
import {
  CASH_KEY_WORDS,
  EF_ACCOUNT_SEQUENCE,
  EF_COLLATERAL,
  EF_LIMIT,
  EF_LOTS,
  EF_ORDER_ID,
  EVENT_SLOTS,
  EW_CASH_KEY,
  EW_CLIENT_TEXT,
  EW_FLAGS,
  EW_REQUEST,
  EW_SESSION,
  F_ORDER_ID,
  F_QTY,
  headOf,
  SLOT_FLOATS,
  SLOT_WORDS,
  W_ACCOUNT,
  W_FLAGS,
  W_HEAD,
  W_REQUEST,
  W_SESSION,
} from '../../engine/messages/layout.js';
import type { MessageBuffer } from '../../engine/messages/message-buffer.js';
import { REJECT, type RejectCode } from '../../engine/messages/reject-codes.js';
import { pushRejection } from '../../engine/messages/rejection.js';
import {
  EVT_ACCOUNT_CREATED,
  EVT_BALANCE,
  EVT_FEE_TIER,
  EVT_INSURANCE_FUNDED,
  EVT_LIQUIDATOR,
} from '../../engine/messages/types.js';
import { withoutMinusZero } from '../../engine/state/minus-zero.js';
import {
  ACCOUNT_ID_MAX,
  asMicroUsd,
  MICRO_USD_MAX,
  type MicroUsd,
} from '../../engine/units/units.js';
import { type CashLedger, fundOwner } from './cash-ledger.js';
import type { MarginState } from './trade-commands.js';

/** Word of the public key in CMD_CREATE_ACCOUNT (its second slot). */
const W_PUBLIC_KEY = SLOT_WORDS;
/** Words of the idempotency key of a deposit or withdrawal. */
const W_IDEMPOTENCY_KEY = 6;

/** Commands about accounts and their money, from the operator or the settlement. */
export class OperatorCommands {
  private readonly state: MarginState;
  private readonly cash: CashLedger;
  private readonly events: MessageBuffer;

  constructor(state: MarginState, cash: CashLedger, events: MessageBuffer) {
    this.state = state;
    this.cash = cash;
    this.events = events;
  }

  createAccount(message: MessageBuffer, slot: number): void {
    const { accounts } = this.state;
    const w = slot * SLOT_WORDS;
    const parent = withoutMinusZero(message.floats[slot * SLOT_FLOATS + F_ORDER_ID] as number);
    if (parent !== 0 && !accounts.exists(parent)) {
      this.reject(message, slot, REJECT.unknown_account, parent, 0);
      return;
    }
    if (accounts.lastId >= ACCOUNT_ID_MAX) {
      this.reject(message, slot, REJECT.account_limit_reached, accounts.lastId, ACCOUNT_ID_MAX);
      return;
    }
    const holder = accounts.withKey(message.words, w + W_PUBLIC_KEY);
    if (holder !== 0) {
      this.reject(message, slot, REJECT.public_key_is_already_used, holder, 0);
      return;
    }
    const account = accounts.create(parent, message.words, w + W_PUBLIC_KEY);
    const event = pushAnswer(this.events, message, slot, EVT_ACCOUNT_CREATED, EVENT_SLOTS + 1);
    this.events.words[event * SLOT_WORDS + W_ACCOUNT] = account;
    this.events.floats[event * SLOT_FLOATS + EF_ORDER_ID] = parent;
    accounts.copyKey(account, this.events.words, event * SLOT_WORDS + EW_CLIENT_TEXT);
  }

  /** Deposit (sign 1) or withdrawal (sign −1). */
  moveCash(message: MessageBuffer, slot: number, sign: 1 | -1): void {
    const { accounts, kernel } = this.state;
    const w = slot * SLOT_WORDS;
    const account = message.words[w + W_ACCOUNT] as number;
    const amount = asMicroUsd(message.floats[slot * SLOT_FLOATS + F_QTY] as number);
    if (!accounts.exists(account)) {
      this.reject(message, slot, REJECT.unknown_account, account, 0);
      return;
    }
    if (!Number.isInteger(amount) || amount < 1 || amount > MICRO_USD_MAX) {
      const code = REJECT.amount_micro_usd_must_be_within_1_and_limit;
      this.reject(message, slot, code, amount, MICRO_USD_MAX);
      return;
    }
    if (this.cash.isRepeat(account, message.words, w + W_IDEMPOTENCY_KEY)) {
      this.balance(message, slot, account, asMicroUsd(0), false);
      return;
    }
    const before = kernel.calls.cashOf(account, accounts.at(account));
    if (sign > 0 && before + amount > MICRO_USD_MAX) {
      const code = REJECT.collateral_micro_usd_must_not_exceed_limit;
      this.reject(message, slot, code, before + amount, MICRO_USD_MAX);
      return;
    }
    if (sign < 0 && accounts.isLiquidating(account)) {
      this.reject(message, slot, REJECT.account_is_being_liquidated, account, 0);
      return;
    }
    const withdrawable = asMicroUsd(
      sign < 0 ? kernel.calls.withdrawable(account, accounts.at(account)) : 0,
    );
    if (sign < 0 && withdrawable < amount) {
      this.reject(message, slot, REJECT.insufficient_free_collateral, amount, withdrawable);
      return;
    }
    const change = asMicroUsd(sign * amount);
    this.cash.move(account, message.words, w + W_IDEMPOTENCY_KEY, change);
    accounts.addCollateral(account, change);
    this.balance(message, slot, account, change, true);
  }

  setFeeTier(message: MessageBuffer, slot: number): void {
    const account = message.words[slot * SLOT_WORDS + W_ACCOUNT] as number;
    const tier = message.words[slot * SLOT_WORDS + W_FLAGS] as number;
    if (!this.state.accounts.exists(account)) {
      this.reject(message, slot, REJECT.unknown_account, account, 0);
      return;
    }
    if (tier < 0 || tier >= FEE_TIERS) {
      this.reject(message, slot, REJECT.fee_tier_must_be_within_0_and_15, tier, FEE_TIERS - 1);
      return;
    }
    this.state.accounts.setTier(account, tier);
    const event = pushAnswer(this.events, message, slot, EVT_FEE_TIER, EVENT_SLOTS);
    this.events.words[event * SLOT_WORDS + W_ACCOUNT] = account;
    this.events.words[event * SLOT_WORDS + EW_FLAGS] = tier;
  }

  setLiquidator(message: MessageBuffer, slot: number): void {
    const account = message.words[slot * SLOT_WORDS + W_ACCOUNT] as number;
    if (!this.state.accounts.exists(account)) {
      this.reject(message, slot, REJECT.unknown_account, account, 0);
      return;
    }
    const isLiquidator = message.words[slot * SLOT_WORDS + W_FLAGS] === 1;
    this.state.accounts.setLiquidator(account, isLiquidator);
    const event = pushAnswer(this.events, message, slot, EVT_LIQUIDATOR, EVENT_SLOTS);
    this.events.words[event * SLOT_WORDS + W_ACCOUNT] = account;
    this.events.words[event * SLOT_WORDS + EW_FLAGS] = isLiquidator ? 1 : 0;
  }

  /** Pays into the insurance fund of a market of this shard, or out of it. Like a deposit it is money from outside. */
  fundInsurance(message: MessageBuffer, slot: number, market: MarketActor): void {
    const { positions, liquidations } = market;
    const key = slot * SLOT_WORDS + W_IDEMPOTENCY_KEY;
    const change = asMicroUsd(message.floats[slot * SLOT_FLOATS + F_QTY] as number);
    const after = positions.insuranceMicroUsd + change;
    const owner = fundOwner(market.marketId);
    const isRepeat = this.cash.isRepeat(owner, message.words, key);
    if (!isRepeat && (!Number.isInteger(change) || after < 0 || after > MICRO_USD_MAX)) {
      const code = REJECT.insurance_micro_usd_must_be_within_0_and_limit;
      this.reject(message, slot, code, after, MICRO_USD_MAX);
      return;
    }
    if (!isRepeat) {
      this.cash.move(owner, message.words, key, change);
      liquidations.fund(change);
    }
    const event = market.answer(message, slot, EVT_INSURANCE_FUNDED, EVENT_SLOTS);
    this.events.floats[event * SLOT_FLOATS + EF_LOTS] = isRepeat ? 0 : change;
    this.events.floats[event * SLOT_FLOATS + EF_LIMIT] = positions.insuranceMicroUsd;
    this.tellKey(message, slot, event);
  }

  private balance(
    message: MessageBuffer,
    slot: number,
    account: number,
    change: MicroUsd,
    numbered: boolean,
  ): void {
    const event = pushAnswer(this.events, message, slot, EVT_BALANCE, EVENT_SLOTS);
    const f = event * SLOT_FLOATS;
    this.events.words[event * SLOT_WORDS + W_ACCOUNT] = account;
    this.events.floats[f + EF_LOTS] = change;
    this.events.floats[f + EF_COLLATERAL] = this.state.accounts.collateral(account);
    this.tellKey(message, slot, event);
    if (numbered) {
      this.events.floats[f + EF_ACCOUNT_SEQUENCE] = this.state.accounts.nextSequence(account);
    }
  }

  /** Settlement knows by its key which deposit on chain, or which withdrawal, an event is the booking of. */
  private tellKey(message: MessageBuffer, slot: number, event: number): void {
    const from = slot * SLOT_WORDS + W_IDEMPOTENCY_KEY;
    const key = message.words.subarray(from, from + CASH_KEY_WORDS);
    this.events.words.set(key, event * SLOT_WORDS + EW_CASH_KEY);
  }

  private reject(
    message: MessageBuffer,
    slot: number,
    code: RejectCode,
    value: number,
    limit: number,
  ): void {
    pushRejection(this.events, message, slot, code, value, limit);
  }
}

/** An event that answers the operator's command at `slot`; returns its slot. */
export function pushAnswer(
  events: MessageBuffer,
  message: MessageBuffer,
  slot: number,
  type: number,
  slots: number,
): number {
  const event = events.push(slots);
  const e = event * SLOT_WORDS;
  const w = slot * SLOT_WORDS;
  events.words[e + W_HEAD] = headOf(type, slots, 0);
  events.words[e + EW_SESSION] = message.words[w + W_SESSION] as number;
  events.words[e + EW_REQUEST] = message.words[w + W_REQUEST] as number;
  return event;
}
