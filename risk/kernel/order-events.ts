import { floatOf, setFloat, wordOf } from '../../engine/kernel/events.js';
import { R_ENTRY_VALUE, R_POSITION } from '../../engine/kernel/layout.js';
import { f64At, i32At, setF64, setI32 } from '../../engine/kernel/memory.js';
import { openRow } from '../../engine/kernel/rows.js';
import {
  EF_ACCOUNT_SEQUENCE,
  EF_COLLATERAL,
  EF_ENTRY_VALUE,
  EF_FEE,
  EF_GRANT_OLD_REMAINING,
  EF_GRANTED_REMAINING,
  EF_LOTS,
  EF_OLD_REMAINING,
  EF_PAYMENT,
  EF_POSITION,
  EF_REALIZED,
  EF_REMAINING,
  EF_VALUE,
  EW_FLAGS,
  EW_LOSS_TICKS,
  EW_OLD_LOSS_TICKS,
  EW_PRICE,
  EW_RESERVED_LOSS_TICKS,
  EW_RESERVED_OLD_LOSS_TICKS,
  marketOf,
  typeOf,
  W_ACCOUNT,
  W_HEAD,
} from '../../engine/messages/layout.js';
import {
  EVT_ACCEPTED,
  EVT_AMENDED,
  EVT_CANCELED,
  EVT_FILL,
  EVT_FUNDING,
  EVT_INSURANCE,
  EVT_MARGIN_MODE,
  EVT_POSITION_MARGIN,
  EVT_REJECTED,
  EVT_RESERVE_AMEND,
  EVT_TRANSFER,
  FLAG_GRANTED,
  FLAG_SIDE,
} from '../../engine/messages/types.js';
import { findAccount } from './accounts.js';
import { freeCollateral, withdrawable } from './equity.js';
import { fillIsolated, insureIsolated, payIsolated, showPosition } from './isolated.js';
import { A_COLLATERAL, A_MOVES_SHIFT, A_SEQUENCE, A_STATUS } from './layout.js';
import { findBlock } from './markets.js';
import { purseOf } from './purses.js';
import { addOpen, clearActiveIfFlat, tryReserve } from './reservation.js';

/** What `settleEvent` has done. A negative answer is the code with which the question of an amend is refused. */
export const SETTLED_NOTHING = 0;
/** The event has its number in the account's feed. */
export const SETTLED_NUMBERED = 1;
/** An order was never made: what was reserved is given back. */
export const SETTLED_REJECTED = 2;
/** The question of an amend: what it needs more is reserved. */
export const SETTLED_GRANTED = 3;

/**
 * An event of a market at the home of its account: reservations are given back, cash moves, the event is numbered in the
 * private feed and gets the collateral. Client ids are left to those who keep them.
 */
export function settleEvent(event: i32): i32 {
  const block = findBlock(marketOf(wordOf(event, W_HEAD)));
  return block === 0 ? SETTLED_NOTHING : settleIn(block, event);
}

/** As `settleEvent`, of the market of this block. */
export function settleIn(block: i32, event: i32): i32 {
  const account = wordOf(event, W_ACCOUNT);
  // The refusal of a stranger: a wild account id must not make rows grow up to it.
  const record = findAccount(account);
  if (record === 0) return SETTLED_NOTHING;
  const row = openRow(block, account);
  const flags = wordOf(event, EW_FLAGS);
  const side = flags & FLAG_SIDE;
  const type = typeOf(wordOf(event, W_HEAD));
  if ((flags & FLAG_GRANTED) !== 0) undoGrant(event, row, side);
  if (type === EVT_FILL) settleFilled(event, block, record, row, side);
  else if (type === EVT_CANCELED) settleCanceled(event, block, record, row, side);
  else if (type === EVT_AMENDED) settleAmended(event, row, side);
  else if (type === EVT_ACCEPTED) settleAccepted(event, row, side);
  else if (type === EVT_FUNDING) settleFunding(event, block, record);
  else if (type === EVT_INSURANCE) settleInsurance(event, block, record, row);
  else if (type === EVT_TRANSFER) settleTransfer(event, block, record, row, side);
  else if (type === EVT_REJECTED) return settleRejected(event, block, record, row, flags);
  else if (type === EVT_RESERVE_AMEND) return settleQuestion(event, block, record, row, side);
  else if (type === EVT_POSITION_MARGIN || type === EVT_MARGIN_MODE) {
    showPosition(event, block, account, record);
  } else return SETTLED_NOTHING;
  numberEvent(event, record);
  return SETTLED_NUMBERED;
}

/** Numbers the event in the account's feed and writes the collateral into it. */
export function numberEvent(event: i32, record: i32): void {
  const number: f64 = f64At(record + A_SEQUENCE) + 1;
  setF64(record + A_SEQUENCE, number);
  setFloat(event, EF_ACCOUNT_SEQUENCE, number);
  setFloat(event, EF_COLLATERAL, f64At(record + A_COLLATERAL));
}

/** A transfer has no fee; who took it over had reserved for it. */
function settleTransfer(event: i32, block: i32, record: i32, row: i32, side: i32): void {
  const reserved = floatOf(event, EF_REMAINING);
  addOpen(row, side, -reserved, -reserved * wordOf(event, EW_LOSS_TICKS));
  settlePosition(event, block, record, row);
}

function settleFunding(event: i32, block: i32, record: i32): void {
  const account = wordOf(event, W_ACCOUNT);
  const payment = floatOf(event, EF_PAYMENT);
  const purse = purseOf(block, account, record);
  if (purse === 0) setF64(record + A_COLLATERAL, f64At(record + A_COLLATERAL) - payment);
  else payIsolated(block, account, purse, payment);
}

/** What the insurance fund and an account pay each other. */
function settleInsurance(event: i32, block: i32, record: i32, row: i32): void {
  const account = wordOf(event, W_ACCOUNT);
  const payment = floatOf(event, EF_PAYMENT);
  const purse = purseOf(block, account, record);
  if (purse === 0) setF64(record + A_COLLATERAL, f64At(record + A_COLLATERAL) - payment);
  else insureIsolated(block, account, record, row, purse, payment);
}

/**
 * What may go to an isolated position at a fill: what was let in by equity must not come up against the stricter rule of withdrawals, or
 * the position would have nothing behind it and the insurance fund would pay.
 */
function movable(account: i32, record: i32): f64 {
  const free = freeCollateral(account, record);
  const money = withdrawable(account, record);
  return free > money ? free : money;
}

/** What a fill had reserved is position now; fee and realised profit move the collateral. */
function settleFilled(event: i32, block: i32, record: i32, row: i32, side: i32): void {
  const lots = floatOf(event, EF_LOTS);
  addOpen(row, side, -lots, -lots * wordOf(event, EW_LOSS_TICKS));
  settlePosition(event, block, record, row);
}

/** Fills and transfers alike. */
function settlePosition(event: i32, block: i32, record: i32, row: i32): void {
  setF64(row + R_POSITION, floatOf(event, EF_POSITION));
  setF64(row + R_ENTRY_VALUE, floatOf(event, EF_ENTRY_VALUE));
  const account = wordOf(event, W_ACCOUNT);
  const purse = purseOf(block, account, record);
  if (purse === 0) {
    const cash: f64 = floatOf(event, EF_REALIZED) - floatOf(event, EF_FEE);
    setF64(record + A_COLLATERAL, f64At(record + A_COLLATERAL) + cash);
  } else fillIsolated(event, block, record, row, purse, movable(account, record));
  clearActiveIfFlat(record, block, row);
  setI32(record + A_STATUS, i32At(record + A_STATUS) + (1 << A_MOVES_SHIFT));
}

function settleCanceled(event: i32, block: i32, record: i32, row: i32, side: i32): void {
  const lots = floatOf(event, EF_REMAINING);
  addOpen(row, side, -lots, -lots * wordOf(event, EW_LOSS_TICKS));
  clearActiveIfFlat(record, block, row);
}

/** A part of the quantity was never accepted, or the price slid: what was reserved too much goes back. */
function settleAccepted(event: i32, row: i32, side: i32): void {
  const asked = floatOf(event, EF_VALUE);
  const lots = floatOf(event, EF_LOTS);
  const reservedLoss = wordOf(event, EW_OLD_LOSS_TICKS);
  const loss = wordOf(event, EW_LOSS_TICKS);
  if (asked === lots && reservedLoss === loss) return;
  addOpen(row, side, lots - asked, lots * loss - asked * reservedLoss);
}

function settleAmended(event: i32, row: i32, side: i32): void {
  const now = floatOf(event, EF_REMAINING);
  const before = floatOf(event, EF_OLD_REMAINING);
  const loss = wordOf(event, EW_LOSS_TICKS);
  const oldLoss = wordOf(event, EW_OLD_LOSS_TICKS);
  // A maker's everyday move reserves what it did: its row need not be fetched from memory.
  if (now === before && loss === oldLoss) return;
  addOpen(row, side, now - before, now * loss - before * oldLoss);
}

function settleRejected(event: i32, block: i32, record: i32, row: i32, flags: i32): i32 {
  // What a grant had reserved is already undone; EF_LOTS is a reservation only of place and replace.
  if ((flags & FLAG_GRANTED) !== 0) return SETTLED_NOTHING;
  const lots = floatOf(event, EF_LOTS);
  if (lots === 0) return SETTLED_NOTHING;
  addOpen(row, flags & FLAG_SIDE, -lots, -lots * wordOf(event, EW_RESERVED_LOSS_TICKS));
  clearActiveIfFlat(record, block, row);
  return SETTLED_REJECTED;
}

/** EVT_RESERVE_AMEND: reserves the increase, or says with which code it is refused. */
function settleQuestion(event: i32, block: i32, record: i32, row: i32, side: i32): i32 {
  const account = wordOf(event, W_ACCOUNT);
  const now = floatOf(event, EF_REMAINING);
  const before = floatOf(event, EF_OLD_REMAINING);
  const lots: f64 = now - before;
  const value: f64 = now * wordOf(event, EW_LOSS_TICKS) - before * wordOf(event, EW_OLD_LOSS_TICKS);
  const price = wordOf(event, EW_PRICE);
  const code = tryReserve(block, account, record, row, side, price, lots, value);
  if (code !== 0) return -code;
  // Until the market has answered, the order may fill as it was or as it will be: the larger of both stays reserved.
  addOpen(row, side, raiseOf(lots) - lots, raiseOf(value) - value);
  return SETTLED_GRANTED;
}

/** Takes what a grant raised back; what the market really did is then booked like any event. */
function undoGrant(event: i32, row: i32, side: i32): void {
  const granted = floatOf(event, EF_GRANTED_REMAINING);
  const before = floatOf(event, EF_GRANT_OLD_REMAINING);
  const value: f64 =
    granted * wordOf(event, EW_RESERVED_LOSS_TICKS) -
    before * wordOf(event, EW_RESERVED_OLD_LOSS_TICKS);
  addOpen(row, side, -raiseOf(granted - before), -raiseOf(value));
}

/** An amend in flight never lowers a reservation. */
function raiseOf(change: f64): f64 {
  return change > 0 ? change : 0;
}
