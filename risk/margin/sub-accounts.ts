import {
  CASH_KEY_WORDS,
  EF_ACCOUNT_SEQUENCE,
  EF_COLLATERAL,
  EF_LOTS,
  EF_ORDER_ID,
  EVENT_SLOTS,
  EW_CASH_KEY,
  EW_FLAGS,
  EW_OTHER_ACCOUNT,
  EW_REQUEST,
  EW_SESSION,
  F_QTY,
  headOf,
  SLOT_FLOATS,
  SLOT_WORDS,
  W_ACCOUNT,
  W_HEAD,
  W_PRICE,
  W_REQUEST,
  W_SESSION,
  W_TRANSFER_KEY,
  W_TRANSFER_TO,
} from '../../engine/messages/layout.js';
import type { MessageBuffer } from '../../engine/messages/message-buffer.js';
import { REJECT, type RejectCode } from '../../engine/messages/reject-codes.js';
import { pushRejection } from '../../engine/messages/rejection.js';
import {
  BALANCE_TRANSFER,
  EVT_ACCOUNT_CREATED,
  EVT_BALANCE,
  EVT_SUB_ACCOUNT,
} from '../../engine/messages/types.js';
import { subAccountRefusal } from '../../engine/shard/sub-account-rules.js';
import type { CanonicalReader, CanonicalWriter } from '../../engine/state/canonical-writer.js';
import { ACCOUNT_ID_MAX, asMicroUsd, MICRO_USD_MAX } from '../../engine/units/units.js';
import { PUBLIC_KEY_WORDS } from './accounts.js';
import type { MarginState } from './trade-commands.js';
import { TransferKeys } from './transfer-keys.js';

const NO_KEY = new Int32Array(PUBLIC_KEY_WORDS);

/**
 * What owners do with sub-accounts: make them, and move collateral within the family, that is between an account and its sub-accounts
 * without keys of their own. A family has one home, so both sides of a transfer are booked in one message.
 */
export class SubAccounts {
  private readonly state: MarginState;
  private readonly events: MessageBuffer;
  private readonly keys = new TransferKeys();

  constructor(state: MarginState, events: MessageBuffer) {
    this.state = state;
    this.events = events;
  }

  /** CMD_CREATE_SUB_ACCOUNT, where one shard has everything in it; of several, the one that gives out ids does this. */
  create(message: MessageBuffer, slot: number, parent: number): void {
    const { accounts } = this.state;
    if (accounts.parent(parent) !== 0) {
      this.reject(message, slot, REJECT.sub_account_must_not_have_sub_accounts, parent, 0);
      return;
    }
    const number = message.words[slot * SLOT_WORDS + W_PRICE] as number;
    const subs = accounts.subsOf(parent);
    const refusal = subAccountRefusal(subs.length, number);
    if (refusal !== null) {
      this.reject(message, slot, refusal.code, refusal.value, refusal.limit);
      return;
    }
    const existing = number === 0 ? undefined : subs[number - 1];
    if (existing !== undefined) {
      this.answerCreated(message, slot, parent, existing, number, false);
      return;
    }
    if (accounts.lastId >= ACCOUNT_ID_MAX) {
      this.reject(message, slot, REJECT.account_limit_reached, accounts.lastId, ACCOUNT_ID_MAX);
      return;
    }
    const account = accounts.create(parent, NO_KEY, 0);
    const event = this.events.push(EVENT_SLOTS + 1);
    this.events.words[event * SLOT_WORDS + W_HEAD] = headOf(
      EVT_ACCOUNT_CREATED,
      EVENT_SLOTS + 1,
      0,
    );
    this.events.words[event * SLOT_WORDS + W_ACCOUNT] = account;
    this.events.floats[event * SLOT_FLOATS + EF_ORDER_ID] = parent;
    this.answerCreated(message, slot, parent, account, accounts.subsOf(parent).length, true);
  }

  /** True when CMD_TRANSFER was sent before and is answered: whatever holds now, it has been done. */
  answersRetry(message: MessageBuffer, slot: number, from: number): boolean {
    const w = slot * SLOT_WORDS;
    const family = this.state.accounts.familyOf(from);
    if (!this.keys.isRepeat(family, message.words, w + W_TRANSFER_KEY)) return false;
    const event = this.pushBalance(message, slot, from, 0);
    this.events.words[event * SLOT_WORDS + EW_OTHER_ACCOUNT] = message.words[
      w + W_TRANSFER_TO
    ] as number;
    this.address(message, slot, event);
    return true;
  }

  /** CMD_TRANSFER: what may leave is what may be withdrawn, what may come is what may be deposited. */
  transfer(message: MessageBuffer, slot: number, from: number): void {
    const { accounts, kernel } = this.state;
    const w = slot * SLOT_WORDS;
    const to = message.words[w + W_TRANSFER_TO] as number;
    const amount = message.floats[slot * SLOT_FLOATS + F_QTY] as number;
    if (!Number.isInteger(amount) || amount < 1 || amount > MICRO_USD_MAX) {
      const code = REJECT.amount_micro_usd_must_be_within_1_and_limit;
      this.reject(message, slot, code, amount, MICRO_USD_MAX);
      return;
    }
    if (to === from) {
      this.reject(message, slot, REJECT.accounts_must_be_different, to, from);
      return;
    }
    // Who is not of the family and who does not exist are told apart for nobody.
    const family = accounts.familyOf(from);
    if (!accounts.exists(to) || accounts.familyOf(to) !== family) {
      this.reject(message, slot, REJECT.accounts_must_be_of_one_family, to, family);
      return;
    }
    const after = kernel.calls.cashOf(to, accounts.at(to)) + amount;
    if (after > MICRO_USD_MAX) {
      const code = REJECT.collateral_micro_usd_must_not_exceed_limit;
      this.reject(message, slot, code, after, MICRO_USD_MAX);
      return;
    }
    const withdrawable = kernel.calls.withdrawable(from, accounts.at(from));
    if (withdrawable < amount) {
      this.reject(message, slot, REJECT.insufficient_free_collateral, amount, withdrawable);
      return;
    }
    this.keys.remember(family, message.words, w + W_TRANSFER_KEY);
    this.move(message, slot, from, to, amount);
  }

  writeState(writer: CanonicalWriter): void {
    this.keys.writeState(writer);
  }

  readState(reader: CanonicalReader): void {
    this.keys.readState(reader);
  }

  private move(
    message: MessageBuffer,
    slot: number,
    from: number,
    to: number,
    amount: number,
  ): void {
    const { accounts } = this.state;
    const sides = [
      { account: from, other: to, change: -amount },
      { account: to, other: from, change: amount },
    ];
    for (const { account, other, change } of sides) {
      accounts.addCollateral(account, asMicroUsd(change));
      const event = this.pushBalance(message, slot, account, change);
      this.events.words[event * SLOT_WORDS + EW_OTHER_ACCOUNT] = other;
      this.events.floats[event * SLOT_FLOATS + EF_ACCOUNT_SEQUENCE] =
        accounts.nextSequence(account);
      if (account === from) this.address(message, slot, event);
    }
  }

  private pushBalance(
    message: MessageBuffer,
    slot: number,
    account: number,
    change: number,
  ): number {
    const event = this.events.push(EVENT_SLOTS);
    const { words, floats } = this.events;
    const e = event * SLOT_WORDS;
    words[e + W_HEAD] = headOf(EVT_BALANCE, EVENT_SLOTS, 0);
    words[e + W_ACCOUNT] = account;
    words[e + EW_FLAGS] = BALANCE_TRANSFER;
    const key = slot * SLOT_WORDS + W_TRANSFER_KEY;
    words.set(message.words.subarray(key, key + CASH_KEY_WORDS), e + EW_CASH_KEY);
    floats[event * SLOT_FLOATS + EF_LOTS] = change;
    floats[event * SLOT_FLOATS + EF_COLLATERAL] = this.state.accounts.collateral(account);
    return event;
  }

  private answerCreated(
    message: MessageBuffer,
    slot: number,
    parent: number,
    account: number,
    number: number,
    isNew: boolean,
  ): void {
    const event = this.events.push(EVENT_SLOTS);
    const e = event * SLOT_WORDS;
    this.events.words[e + W_HEAD] = headOf(EVT_SUB_ACCOUNT, EVENT_SLOTS, 0);
    this.events.words[e + W_ACCOUNT] = parent;
    this.events.words[e + EW_FLAGS] = isNew ? 1 : 0;
    this.events.floats[event * SLOT_FLOATS + EF_ORDER_ID] = account;
    this.events.floats[event * SLOT_FLOATS + EF_LOTS] = number;
    this.address(message, slot, event);
  }

  /** The event is the answer. */
  private address(message: MessageBuffer, slot: number, event: number): void {
    const w = slot * SLOT_WORDS;
    const e = event * SLOT_WORDS;
    this.events.words[e + EW_SESSION] = message.words[w + W_SESSION] as number;
    this.events.words[e + EW_REQUEST] = message.words[w + W_REQUEST] as number;
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
