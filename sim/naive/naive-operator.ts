import { FEE_TIERS } from '../../engine/market/fee-schedule.js';
import type { MarketActor } from '../../engine/market/market-actor.js';
import * as layout from '../../engine/messages/layout.js';
import * as type from '../../engine/messages/types.js';
import { withoutMinusZero } from '../../engine/state/minus-zero.js';
import { ACCOUNT_ID_MAX, asMicroUsd, MICRO_USD_MAX } from '../../engine/units/units.js';
import { holdingOf, type NaiveAccount, type NaiveState, naiveReject } from './naive-home.js';
import { naiveNeed } from './naive-isolated.js';
import { isNaiveLiquidating } from './naive-liquidations.js';
import {
  divCeil,
  maxOf,
  minOf,
  naiveInitialMargin,
  naiveNotional,
  naiveUnrealized,
} from './naive-money.js';
import { pushEvent, type View } from './naive-views.js';

const W_PUBLIC_KEY = layout.SLOT_WORDS;
const W_IDEMPOTENCY_KEY = 6;

/** Accounts and their money. */
export function naiveOperatorCommand(state: NaiveState, message: View): void {
  if (message.type === type.CMD_CREATE_ACCOUNT) createAccount(state, message);
  else if (message.type === type.CMD_DEPOSIT || message.type === type.CMD_WITHDRAW) {
    moveCash(state, message);
  } else if (message.type === type.CMD_SET_FEE_TIER) setFeeTier(state, message);
  else if (message.type === type.CMD_SET_LIQUIDATOR) setLiquidator(state, message);
  else naiveReject(state, message, 'message_type_is_unknown', message.type, 0);
}

/** Equity − initial margin over all markets. */
export function naiveFree(state: NaiveState, account: NaiveAccount): bigint {
  const taker = BigInt(state.fees.takerPpm[account.tier] as number);
  let free = account.collateral;
  for (const market of state.markets) {
    const holding = holdingOf(market, account.id);
    if (holding.purse !== null) {
      free -= naiveNeed(state, account, market, holding);
      continue;
    }
    free += naiveUnrealized(market, holding) - naiveInitialMargin(market, holding, taker);
  }
  return free;
}

/** Collateral and losses, without profit, which is not money; max(initial margin, notional ÷ 10) of it stays. */
export function naiveWithdrawable(state: NaiveState, account: NaiveAccount): bigint {
  const taker = BigInt(state.fees.takerPpm[account.tier] as number);
  let money = account.collateral;
  let margin = 0n;
  let notional = 0n;
  for (const market of state.markets) {
    const holding = holdingOf(market, account.id);
    if (holding.purse !== null) {
      margin += naiveNeed(state, account, market, holding);
      continue;
    }
    money += minOf(naiveUnrealized(market, holding), 0n);
    margin += naiveInitialMargin(market, holding, taker);
    notional += naiveNotional(market, holding);
  }
  return money - maxOf(margin, divCeil(notional, 10n));
}

function createAccount(state: NaiveState, message: View): void {
  const parent = withoutMinusZero(message.float(layout.F_ORDER_ID));
  const key = Array.from({ length: 8 }, (_, i) => message.word(W_PUBLIC_KEY + i));
  if (parent !== 0 && !state.accounts.has(parent)) {
    naiveReject(state, message, 'unknown_account', parent, 0);
    return;
  }
  const id = state.accounts.size + 1;
  if (id > ACCOUNT_ID_MAX) {
    naiveReject(state, message, 'account_limit_reached', id - 1, ACCOUNT_ID_MAX);
    return;
  }
  const hasKey = key.some((word) => word !== 0);
  const holder = [...state.accounts.values()].find((other) => `${other.key}` === `${key}`);
  if (hasKey && holder !== undefined) {
    naiveReject(state, message, 'public_key_is_already_used', holder.id, 0);
    return;
  }
  const fresh = { tier: 0, isLiquidator: false, collateral: 0n, sequence: 0 };
  state.accounts.set(id, { id, parent, key, ...fresh });
  const event = answer(state, message, type.EVT_ACCOUNT_CREATED, layout.EVENT_SLOTS + 1);
  event.setWord(layout.W_ACCOUNT, id);
  event.setFloat(layout.EF_ORDER_ID, parent);
  key.forEach((word, i) => {
    event.setWord(layout.EW_CLIENT_TEXT + i, word);
  });
}

function moveCash(state: NaiveState, message: View): void {
  const account = state.accounts.get(message.account);
  const amount = message.float(layout.F_QTY);
  if (account === undefined) {
    naiveReject(state, message, 'unknown_account', message.account, 0);
    return;
  }
  if (!Number.isInteger(amount) || amount < 1 || amount > MICRO_USD_MAX) {
    const name = 'amount_micro_usd_must_be_within_1_and_limit';
    naiveReject(state, message, name, amount, MICRO_USD_MAX);
    return;
  }
  const key = cashKey(message, account.id);
  if (key !== null && state.cashKeys.includes(key)) {
    balance(state, message, account, 0n);
    return;
  }
  const isDeposit = message.type === type.CMD_DEPOSIT;
  const change = isDeposit ? BigInt(amount) : -BigInt(amount);
  const after = account.collateral + change;
  const apart = state.markets.reduce((sum, market) => {
    return sum + maxOf(holdingOf(market, account.id).purse?.collateral ?? 0n, 0n);
  }, 0n);
  if (isDeposit && after + apart > BigInt(MICRO_USD_MAX)) {
    const name = 'collateral_micro_usd_must_not_exceed_limit';
    naiveReject(state, message, name, after + apart, MICRO_USD_MAX);
    return;
  }
  if (!isDeposit && isNaiveLiquidating(state, account.id)) {
    naiveReject(state, message, 'account_is_being_liquidated', account.id, 0);
    return;
  }
  const withdrawable = naiveWithdrawable(state, account);
  if (!isDeposit && withdrawable < BigInt(amount)) {
    naiveReject(state, message, 'insufficient_free_collateral', amount, withdrawable);
    return;
  }
  if (isDeposit) state.deposits += change;
  else state.withdrawals -= change;
  if (key !== null) state.cashKeys.push(key);
  account.collateral = after;
  balance(state, message, account, change);
}

function setFeeTier(state: NaiveState, message: View): void {
  const account = state.accounts.get(message.account);
  const tier = message.flags;
  if (account === undefined) {
    naiveReject(state, message, 'unknown_account', message.account, 0);
  } else if (tier < 0 || tier >= FEE_TIERS) {
    naiveReject(state, message, 'fee_tier_must_be_within_0_and_15', tier, FEE_TIERS - 1);
  } else {
    account.tier = tier;
    const event = answer(state, message, type.EVT_FEE_TIER, layout.EVENT_SLOTS);
    event.setWord(layout.W_ACCOUNT, account.id);
    event.setWord(layout.EW_FLAGS, tier);
  }
}

function setLiquidator(state: NaiveState, message: View): void {
  const account = state.accounts.get(message.account);
  if (account === undefined) {
    naiveReject(state, message, 'unknown_account', message.account, 0);
    return;
  }
  account.isLiquidator = message.flags === 1;
  const event = answer(state, message, type.EVT_LIQUIDATOR, layout.EVENT_SLOTS);
  event.setWord(layout.W_ACCOUNT, account.id);
  event.setWord(layout.EW_FLAGS, account.isLiquidator ? 1 : 0);
}

/** CMD_FUND_INSURANCE: money from outside, or back to it. */
export function naiveFundInsurance(state: NaiveState, message: View, market: MarketActor): void {
  const change = message.float(layout.F_QTY);
  const key = cashKey(message, -market.marketId);
  const isRepeat = key !== null && state.cashKeys.includes(key);
  const after = market.positions.insuranceMicroUsd + change;
  if (!isRepeat && (!Number.isInteger(change) || after < 0 || after > MICRO_USD_MAX)) {
    const name = 'insurance_micro_usd_must_be_within_0_and_limit';
    naiveReject(state, message, name, after, MICRO_USD_MAX);
    return;
  }
  if (!isRepeat) {
    if (change > 0) state.deposits += BigInt(change);
    else state.withdrawals -= BigInt(change);
    if (key !== null) state.cashKeys.push(key);
    market.liquidations.fund(asMicroUsd(change));
  }
  const event = answer(
    state,
    message,
    type.EVT_INSURANCE_FUNDED,
    layout.EVENT_SLOTS,
    market.marketId,
  );
  event.setFloat(layout.EF_LOTS, isRepeat ? 0 : change);
  event.setFloat(layout.EF_LIMIT, market.positions.insuranceMicroUsd);
  tellKey(message, event);
}

/** A repeated command is answered too, but its answer is no new event of the private feed. */
function balance(state: NaiveState, message: View, account: NaiveAccount, change: bigint): void {
  const event = answer(state, message, type.EVT_BALANCE, layout.EVENT_SLOTS);
  event.setWord(layout.W_ACCOUNT, account.id);
  event.setFloat(layout.EF_LOTS, Number(change));
  event.setFloat(layout.EF_COLLATERAL, Number(account.collateral));
  tellKey(message, event);
  if (change === 0n) return;
  account.sequence++;
  event.setFloat(layout.EF_ACCOUNT_SEQUENCE, account.sequence);
}

function answer(state: NaiveState, message: View, kind: number, slots: number, marketId = 0): View {
  const event = pushEvent(state.events, kind, slots, marketId);
  event.setWord(layout.EW_SESSION, message.word(layout.W_SESSION));
  event.setWord(layout.EW_REQUEST, message.word(layout.W_REQUEST));
  return event;
}

function tellKey(message: View, event: View): void {
  for (let i = 0; i < layout.CASH_KEY_WORDS; i++) {
    event.setWord(layout.EW_CASH_KEY + i, message.word(W_IDEMPOTENCY_KEY + i));
  }
}

/** Together with whose it is: an account's number, or that of a market below zero. */
function cashKey(message: View, owner: number): string | null {
  const words = Array.from({ length: 4 }, (_, i) => message.word(W_IDEMPOTENCY_KEY + i));
  if (words.every((word) => word === 0)) return null;
  return JSON.stringify([owner, ...words]);
}
