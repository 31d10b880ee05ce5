import * as layout from '../../engine/messages/layout.js';
import * as type from '../../engine/messages/types.js';
import { MICRO_USD_MAX } from '../../engine/units/units.js';
import { holdingOf, type NaiveAccount, type NaiveState, naiveReject } from './naive-home.js';
import { maxOf } from './naive-money.js';
import { naiveWithdrawable } from './naive-operator.js';
import { pushEvent, type View } from './naive-views.js';

const SUBS_MAX = 50;
const KEYS_MAX = 128;

/** Whoever has a key or no parent is the head of a family; its sub-accounts without keys belong to it. */
function headOfFamily({ id, parent, key }: NaiveAccount): number {
  return parent === 0 || key.some((word) => word !== 0) ? id : parent;
}

export function naiveCreateSub(state: NaiveState, message: View, account: NaiveAccount): void {
  const number = message.word(layout.W_PRICE);
  const subs = [...state.accounts.values()].filter((other) => {
    return other.parent === account.id && other.key.every((word) => word === 0);
  });
  const next = subs.length + 1;
  const asked = number === 0 ? next : number;
  if (account.parent !== 0) {
    naiveReject(state, message, 'sub_account_must_not_have_sub_accounts', account.id, 0);
  } else if (number < 0 || number > next) {
    naiveReject(state, message, 'sub_account_number_must_be_within_0_and_limit', number, next);
  } else if (asked === next && next > SUBS_MAX) {
    naiveReject(state, message, 'sub_accounts_must_not_exceed_limit', next, SUBS_MAX);
  } else if (asked < next) {
    tellSub(state, message, account, (subs[asked - 1] as NaiveAccount).id, asked, 0);
  } else {
    const id = state.accounts.size + 1;
    const fresh = { tier: 0, isLiquidator: false, collateral: 0n, sequence: 0 };
    state.accounts.set(id, { id, parent: account.id, key: Array(8).fill(0), ...fresh });
    const slots = layout.EVENT_SLOTS + 1;
    const created = pushEvent(state.events, type.EVT_ACCOUNT_CREATED, slots, 0);
    created.setWord(layout.W_ACCOUNT, id);
    created.setFloat(layout.EF_ORDER_ID, account.id);
    tellSub(state, message, account, id, asked, 1);
  }
}

/** The family has sent this key before. */
export function answersTransferAgain(
  state: NaiveState,
  message: View,
  account: NaiveAccount,
): boolean {
  const key = keyOf(message);
  const known = state.transferKeys.get(headOfFamily(account)) ?? [];
  if (key === null || !known.includes(key)) return false;
  const to = message.word(layout.W_TRANSFER_TO);
  answer(message, balance(state, message, account, to, 0n));
  return true;
}

export function naiveTransfer(state: NaiveState, message: View, from: NaiveAccount): void {
  const amount = message.float(layout.F_QTY);
  const toId = message.word(layout.W_TRANSFER_TO);
  const to = state.accounts.get(toId);
  const family = headOfFamily(from);
  if (!Number.isInteger(amount) || amount < 1 || amount > MICRO_USD_MAX) {
    const name = 'amount_micro_usd_must_be_within_1_and_limit';
    naiveReject(state, message, name, amount, MICRO_USD_MAX);
    return;
  }
  if (toId === from.id) {
    naiveReject(state, message, 'accounts_must_be_different', toId, from.id);
    return;
  }
  if (to === undefined || headOfFamily(to) !== family) {
    naiveReject(state, message, 'accounts_must_be_of_one_family', toId, family);
    return;
  }
  const purses = state.markets.map((market) => holdingOf(market, toId).purse?.collateral ?? 0n);
  const has = purses.reduce((sum, purse) => sum + maxOf(purse, 0n), to.collateral);
  if (has + BigInt(amount) > BigInt(MICRO_USD_MAX)) {
    const name = 'collateral_micro_usd_must_not_exceed_limit';
    naiveReject(state, message, name, has + BigInt(amount), MICRO_USD_MAX);
    return;
  }
  const most = naiveWithdrawable(state, from);
  if (BigInt(amount) > most) {
    naiveReject(state, message, 'insufficient_free_collateral', amount, most);
    return;
  }
  remember(state, family, keyOf(message));
  from.collateral -= BigInt(amount);
  answer(message, numbered(balance(state, message, from, toId, -BigInt(amount)), from));
  to.collateral += BigInt(amount);
  numbered(balance(state, message, to, from.id, BigInt(amount)), to);
}

function remember(state: NaiveState, family: number, key: string | null): void {
  if (key === null) return;
  const keys = [...(state.transferKeys.get(family) ?? []), key];
  state.transferKeys.set(family, keys.slice(-KEYS_MAX));
}

function balance(
  state: NaiveState,
  message: View,
  account: NaiveAccount,
  other: number,
  change: bigint,
): View {
  const event = pushEvent(state.events, type.EVT_BALANCE, layout.EVENT_SLOTS, 0);
  event.setWord(layout.W_ACCOUNT, account.id);
  event.setWord(layout.EW_FLAGS, type.BALANCE_TRANSFER);
  event.setWord(layout.EW_OTHER_ACCOUNT, other);
  event.setFloat(layout.EF_LOTS, Number(change));
  event.setFloat(layout.EF_COLLATERAL, Number(account.collateral));
  for (let i = 0; i < 4; i++) {
    event.setWord(layout.EW_CASH_KEY + i, message.word(layout.W_TRANSFER_KEY + i));
  }
  return event;
}

function numbered(event: View, account: NaiveAccount): View {
  account.sequence++;
  event.setFloat(layout.EF_ACCOUNT_SEQUENCE, account.sequence);
  return event;
}

function tellSub(
  state: NaiveState,
  message: View,
  parent: NaiveAccount,
  id: number,
  number: number,
  isNew: number,
): void {
  const event = pushEvent(state.events, type.EVT_SUB_ACCOUNT, layout.EVENT_SLOTS, 0);
  event.setWord(layout.W_ACCOUNT, parent.id);
  event.setWord(layout.EW_FLAGS, isNew);
  event.setFloat(layout.EF_ORDER_ID, id);
  event.setFloat(layout.EF_LOTS, number);
  answer(message, event);
}

function answer(message: View, event: View): void {
  event.setWord(layout.EW_SESSION, message.word(layout.W_SESSION));
  event.setWord(layout.EW_REQUEST, message.word(layout.W_REQUEST));
}

function keyOf(message: View): string | null {
  const words = Array.from({ length: 4 }, (_, i) => message.word(layout.W_TRANSFER_KEY + i));
  return words.every((word) => word === 0) ? null : JSON.stringify(words);
}
