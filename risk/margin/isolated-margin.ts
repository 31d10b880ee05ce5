import { R_POSITION } from '../../engine/kernel/layout.js';
import { NO_CLIENT_REF } from '../../engine/kernel/orders.js';
import {
  EF_LOTS,
  EVENT_SLOTS,
  EW_CLIENT_REF,
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
} from '../../engine/messages/layout.js';
import type { MessageBuffer } from '../../engine/messages/message-buffer.js';
import { REJECT, type RejectCode } from '../../engine/messages/reject-codes.js';
import { pushRejection } from '../../engine/messages/rejection.js';
import {
  EVT_MARGIN_MODE,
  EVT_POSITION_MARGIN,
  MARGIN_CROSS,
  MARGIN_ISOLATED,
} from '../../engine/messages/types.js';
import type { CanonicalReader, CanonicalWriter } from '../../engine/state/canonical-writer.js';
import { asMicroUsd, MICRO_USD_MAX, type MicroUsd } from '../../engine/units/units.js';
import { G_MOVED_BLOCK, N_COLLATERAL } from '../kernel/layout.js';
import type { MarketSummary } from './market-summaries.js';
import type { RiskKernel } from './risk-kernel.js';
import { type MarginState, refusedFigures } from './trade-commands.js';

/** A trader's command about an account and a market that are both known. */
interface Asked {
  message: MessageBuffer;
  slot: number;
  account: number;
  market: MarketSummary;
}

/**
 * Isolated margin of a margin actor's accounts: the two commands, and what snapshots have of it. The rules are in the kernel
 * (risk/kernel/isolated.ts).
 */
export class IsolatedMargin {
  private readonly state: MarginState;
  private readonly events: MessageBuffer;

  constructor(state: MarginState, events: MessageBuffer) {
    this.state = state;
    this.events = events;
  }

  /** CMD_SET_MARGIN_MODE: only where the account has neither position nor open orders. Orders that wait for a trigger may stay. */
  setMode(asked: Asked): void {
    const { account, market, message, slot } = asked;
    const { accounts, kernel } = this.state;
    const mode = message.words[slot * SLOT_WORDS + W_PRICE] as number;
    if (mode !== MARGIN_CROSS && mode !== MARGIN_ISOLATED) {
      this.reject(asked, REJECT.margin_mode_is_unknown, mode, MARGIN_ISOLATED);
      return;
    }
    const record = accounts.at(account);
    if (!kernel.calls.isFlat(market.rows.open(account))) {
      const lots = market.rows.get(account, R_POSITION);
      this.reject(asked, REJECT.margin_mode_may_change_only_without_position_and_orders, lots, 0);
      return;
    }
    const collateral = isolatedCollateral(this.state, market, account);
    if (mode === MARGIN_CROSS && collateral !== null && collateral < 0) {
      this.reject(asked, REJECT.position_collateral_must_not_be_negative, collateral, 0);
      return;
    }
    // A debt is covered by the funds of the markets in which the account is cross: one of them has to be left.
    const owed = accounts.collateral(account);
    if (mode === MARGIN_ISOLATED && owed < 0) {
      this.reject(asked, REJECT.insufficient_margin, 0, owed);
      return;
    }
    if (mode === MARGIN_ISOLATED) kernel.calls.openPurse(market.block, account, record);
    else if (collateral !== null) kernel.calls.closePurse(market.block, account, record);
    kernel.refresh();
    const event = this.events.push(EVENT_SLOTS);
    const e = event * SLOT_WORDS;
    this.events.words[e + W_HEAD] = headOf(EVT_MARGIN_MODE, EVENT_SLOTS, market.marketId);
    this.answer(asked, event);
  }

  /** CMD_MOVE_MARGIN: from the account to its isolated position, or back. */
  move(asked: Asked): void {
    const { account, market, message, slot } = asked;
    const { accounts, kernel } = this.state;
    const amount = message.floats[slot * SLOT_FLOATS + F_QTY] as number;
    if (!Number.isInteger(amount) || amount === 0 || Math.abs(amount) > MICRO_USD_MAX) {
      const code = REJECT.amount_micro_usd_must_be_within_1_and_limit;
      this.reject(asked, code, amount, MICRO_USD_MAX);
      return;
    }
    const record = accounts.at(account);
    const purse = kernel.calls.purseOf(market.block, account, record);
    if (purse === 0) {
      this.reject(asked, REJECT.position_margin_is_not_isolated, market.marketId, 0);
      return;
    }
    const row = market.rows.at(account);
    const code = kernel.calls.tryMove(market.block, account, record, row, purse, amount);
    if (code !== 0) {
      const [value, limit] = refusedFigures(kernel);
      this.reject(asked, code as RejectCode, value, limit);
      return;
    }
    const event = this.events.push(EVENT_SLOTS);
    const e = event * SLOT_WORDS;
    this.events.words[e + W_HEAD] = headOf(EVT_POSITION_MARGIN, EVENT_SLOTS, market.marketId);
    this.events.floats[event * SLOT_FLOATS + EF_LOTS] = amount;
    this.answer(asked, event);
  }

  /** By account id: those whose margin in this market is isolated, with their collateral. */
  writeState(writer: CanonicalWriter, market: MarketSummary): void {
    const countAt = writer.length;
    writer.put(0);
    let count = 0;
    market.rows.forEach((account) => {
      const collateral = isolatedCollateral(this.state, market, account);
      if (collateral === null) return;
      writer.put(account);
      writer.put(collateral);
      count++;
    });
    writer.patch(countAt, count);
  }

  readState(reader: CanonicalReader, market: MarketSummary): void {
    const { accounts, kernel } = this.state;
    for (let left = reader.take(); left > 0; left--) {
      const account = reader.take();
      market.rows.open(account);
      const purse = kernel.calls.openPurse(market.block, account, accounts.at(account));
      kernel.refresh();
      kernel.floats[(purse + N_COLLATERAL) >> 3] = reader.take();
    }
  }

  /** Σ collateral of all isolated positions, exact. */
  sumOfCollateral(): bigint {
    let sum = 0n;
    for (const market of this.state.markets.all) {
      market.rows.forEach((account) => {
        sum += BigInt(isolatedCollateral(this.state, market, account) ?? 0);
      });
    }
    return sum;
  }

  private answer({ account, message, slot }: Asked, event: number): void {
    const e = event * SLOT_WORDS;
    const w = slot * SLOT_WORDS;
    this.events.words[e + W_ACCOUNT] = account;
    this.events.words[e + EW_SESSION] = message.words[w + W_SESSION] as number;
    this.events.words[e + EW_REQUEST] = message.words[w + W_REQUEST] as number;
    this.events.words[e + EW_CLIENT_REF] = NO_CLIENT_REF;
  }

  private reject({ message, slot }: Asked, code: RejectCode, value: number, limit: number): void {
    pushRejection(this.events, message, slot, code, value, limit);
  }
}

/** Collateral of the account's isolated position in this market; null where its margin is cross. */
export function isolatedCollateral(
  { accounts, kernel }: MarginState,
  { block }: MarketSummary,
  account: number,
): MicroUsd | null {
  if (!accounts.exists(account)) return null;
  const purse = kernel.calls.purseOf(block, account, accounts.at(account));
  return purse === 0 ? null : asMicroUsd(kernel.float(purse + N_COLLATERAL));
}

/** The collateral of an isolated position may have moved: then an event of its own says so, behind all others. */
export function tellMoved(kernel: RiskKernel): void {
  if (kernel.word(G_MOVED_BLOCK) === 0) return;
  kernel.enter();
  kernel.calls.tellMoved();
  kernel.leave();
}

/** Why nothing is placed for the account in this market, and the figure that goes with it: it, or its position there, is being liquidated. */
export interface Hold {
  code: RejectCode;
  value: number;
}

/** Null: orders of the account are let in here. */
export function holdOf(
  state: MarginState,
  market: MarketSummary | null,
  account: number,
): Hold | null {
  if (state.accounts.isLiquidating(account)) {
    return { code: REJECT.account_is_being_liquidated, value: account };
  }
  if (market === null || !isPositionLiquidating(state, market, account)) return null;
  return { code: REJECT.position_is_being_liquidated, value: market.marketId };
}

/** Whether the position in this market is being liquidated by itself. */
export function isPositionLiquidating(
  { accounts, kernel }: MarginState,
  { block }: MarketSummary,
  account: number,
): boolean {
  const purse = kernel.calls.purseOf(block, account, accounts.at(account));
  return purse !== 0 && kernel.calls.isPurseLiquidating(purse);
}
