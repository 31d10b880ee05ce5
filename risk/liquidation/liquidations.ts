import { R_OPEN_LOTS, R_POSITION } from '../../engine/kernel/layout.js';
import { NO_CLIENT_REF } from '../../engine/kernel/orders.js';
import { lossTicksOf } from '../../engine/kernel/rejections.js';
import {
  EF_ACCOUNT_SEQUENCE,
  EF_COLLATERAL,
  EF_LIMIT,
  EF_VALUE,
  EVENT_SLOTS,
  EW_CLIENT_REF,
  EW_FLAGS,
  F_QTY,
  headOf,
  SLOT_FLOATS,
  SLOT_WORDS,
  W_ACCOUNT,
  W_CLIENT_REF,
  W_FLAGS,
  W_HEAD,
  W_MARK_DISTANCE,
  W_PRICE,
} from '../../engine/messages/layout.js';
import type { MessageBuffer } from '../../engine/messages/message-buffer.js';
import {
  EVT_LIQUIDATION,
  FLAG_MASS_ASKS,
  FLAG_MASS_BIDS,
  FLAG_MASS_LIQUIDATION,
  FLAG_REDUCE_ONLY,
  LIQUIDATION_BEGUN,
  LIQUIDATION_ENDED,
  MSG_MASS_CANCEL,
  MSG_PLACE,
  TIER_SHIFT,
  TIF_IOC,
  TIF_SHIFT,
} from '../../engine/messages/types.js';
import type { CanonicalReader, CanonicalWriter } from '../../engine/state/canonical-writer.js';
import type { MarketSummary } from '../margin/market-summaries.js';
import type { MarginState } from '../margin/trade-commands.js';
import { sliceOf } from './slice.js';

/** Between two slices of one account: time for makers to come back. Doubled while nobody takes anything, up to the longest. */
const PAUSE_MS = 1_000;
const PAUSE_MS_MAX = 60_000;

/** An account on its way down the ladder. */
interface Liquidation {
  account: number;
  nextMs: number;
  pauseMs: number;
  /** Lots that were open in all markets when the last slice was sent: none taken means nobody was there. */
  sizeBefore: number;
}

/**
 * The liquidations of a margin actor: the first two rungs of the ladder.
 *
 * 1. An account whose equity is below its maintenance margin at a trusted mark may do nothing any more but cancel and deposit; its
 *    orders and trigger orders in all markets are canceled.
 * 2. While it stays below, slices of the position that needs the most margin are closed into the book, one at a time, with a pause
 *    between, never beyond the price at which the account would be bankrupt.
 *
 * Above its margin again, it is free. What the book does not take waits for the next rungs; equity cannot be lost by waiting orders, for
 * there are none. Each timer message does one step of one account, so that a crash of many takes many small messages and
 * everybody else's orders go on in between.
 */
export class Liquidations {
  private readonly byAccount = new Map<number, Liquidation>();
  private first: Liquidation | null = null;
  private readonly state: MarginState;
  private readonly inbox: MessageBuffer;
  private readonly events: MessageBuffer;

  constructor(state: MarginState, inbox: MessageBuffer, events: MessageBuffer) {
    this.state = state;
    this.inbox = inbox;
    this.events = events;
  }

  /** The account whose step comes next: by time, then id. Null when there is none. */
  get next(): Readonly<Liquidation> | null {
    return this.first;
  }

  /** When its step is due, Infinity for never. */
  nextTimerMs(): number {
    return this.first?.nextMs ?? Number.POSITIVE_INFINITY;
  }

  /** A sweep has found the account below its margin, by what it saw then. True: it is now, too, and its liquidation has begun. */
  onCandidate(account: number, nowMs: number): boolean {
    const { kernel, accounts } = this.state;
    if (!accounts.exists(account) || accounts.isLiquidating(account)) return false;
    if (!kernel.calls.isBelowMargin(account, accounts.at(account))) return false;
    this.begin(account, nowMs);
    return true;
  }

  /** The account has paid something that is no trade. */
  onPaid(account: number, nowMs: number): void {
    this.onCandidate(account, nowMs);
  }

  /** One step of the account that comes next, if it is due. */
  onTime(nowMs: number): void {
    if (this.first === null || this.first.nextMs > nowMs) return;
    this.step(this.first, nowMs);
    this.findFirst();
  }

  /** EVT_LIQUIDATION on its way out: it is numbered in its turn among the account's events. */
  number(events: MessageBuffer, slot: number): void {
    const { accounts } = this.state;
    const f = slot * SLOT_FLOATS;
    const account = events.words[slot * SLOT_WORDS + W_ACCOUNT] as number;
    events.floats[f + EF_COLLATERAL] = accounts.collateral(account);
    events.floats[f + EF_ACCOUNT_SEQUENCE] = accounts.nextSequence(account);
  }

  writeState(writer: CanonicalWriter): void {
    const entries = [...this.byAccount.values()].sort((a, b) => a.account - b.account);
    writer.put(entries.length);
    for (const { account, nextMs, pauseMs, sizeBefore } of entries) {
      for (const value of [account, nextMs, pauseMs, sizeBefore]) writer.put(value);
    }
  }

  readState(reader: CanonicalReader): void {
    for (let left = reader.take(); left > 0; left--) {
      const account = reader.take();
      const nextMs = reader.take();
      const pauseMs = reader.take();
      this.byAccount.set(account, { account, nextMs, pauseMs, sizeBefore: reader.take() });
      this.state.accounts.setLiquidating(account, true);
    }
    this.findFirst();
  }

  /** Rung 1. The first slice comes with the next timer, when the cancels have come back. */
  private begin(account: number, nowMs: number): void {
    const { accounts, markets } = this.state;
    accounts.setLiquidating(account, true);
    const entry = { account, nextMs: nowMs, pauseMs: PAUSE_MS, sizeBefore: 0 };
    this.byAccount.set(account, entry);
    // A crash begins thousands at once: they must not be looked through again for each.
    if (this.first === null || isBefore(entry, this.first)) this.first = entry;
    this.tell(account, LIQUIDATION_BEGUN);
    // Trigger orders leave no trace here, so all markets are asked.
    for (const { marketId } of markets.all) this.cancelAll(account, marketId);
  }

  private step(entry: Liquidation, nowMs: number): void {
    const { account } = entry;
    const { kernel, accounts } = this.state;
    const record = accounts.at(account);
    const size = this.sizeOf(account);
    const isBelow =
      kernel.calls.equityOf(account, record) < kernel.calls.maintenanceOfAccount(account, record);
    if (size === 0 || !isBelow) {
      this.end(account);
      return;
    }
    const tookNothing = entry.sizeBefore === size;
    entry.pauseMs = tookNothing ? Math.min(entry.pauseMs * 2, PAUSE_MS_MAX) : PAUSE_MS;
    entry.nextMs = nowMs + entry.pauseMs;
    entry.sizeBefore = size;
    if (this.cancelsOpen(account)) return;
    const market = this.heaviest(account);
    if (market !== null) this.close(account, market);
  }

  private end(account: number): void {
    this.byAccount.delete(account);
    this.state.accounts.setLiquidating(account, false);
    this.tell(account, LIQUIDATION_ENDED);
  }

  /** Rung 2: one slice of the position in this market. It is reserved like any order, for its events give that back. */
  private close(account: number, market: MarketSummary): void {
    const { kernel, accounts, fees } = this.state;
    const tier = accounts.tier(account);
    const { markTicks, block } = market;
    const { side, lots, priceTicks } = sliceOf({
      params: market.params,
      markTicks,
      positionLots: market.rows.get(account, R_POSITION),
      equityMicroUsd: kernel.calls.equityOf(account, accounts.at(account)),
      takerPpm: fees.takerPpm[tier] as number,
    });
    const distance = priceTicks - markTicks;
    kernel.calls.addOpen(market.rows.at(account), side, lots, lots * lossTicksOf(side, distance));
    kernel.calls.setActive(accounts.at(account), block);
    const flags = side | (TIF_IOC << TIF_SHIFT) | FLAG_REDUCE_ONLY | (tier << TIER_SHIFT);
    const at = this.message(MSG_PLACE, market.marketId, account, flags);
    this.inbox.words[at * SLOT_WORDS + W_PRICE] = priceTicks;
    this.inbox.words[at * SLOT_WORDS + W_MARK_DISTANCE] = distance;
    this.inbox.floats[at * SLOT_FLOATS + F_QTY] = lots;
  }

  private cancelAll(account: number, marketId: number): void {
    const flags = FLAG_MASS_BIDS | FLAG_MASS_ASKS | FLAG_MASS_LIQUIDATION;
    this.message(MSG_MASS_CANCEL, marketId, account, flags);
  }

  /** The market whose position needs the most maintenance margin and whose prices are trusted; the first one of equals. */
  private heaviest(account: number): MarketSummary | null {
    const { kernel, markets } = this.state;
    let found: MarketSummary | null = null;
    let most = 0;
    for (const market of markets.all) {
      const row = market.rows.at(account);
      if (row === 0 || market.guards !== 0) continue;
      const margin = kernel.calls.maintenanceMargin(market.block, row);
      if (margin <= most) continue;
      most = margin;
      found = market;
    }
    return found;
  }

  /**
   * Asks again for cancels where something is open: a halted market has refused them, or they, or a slice, are still on their way
   * between shards. True when something is.
   */
  private cancelsOpen(account: number): boolean {
    const open = this.state.markets.all.filter(({ rows }) => {
      return rows.get(account, R_OPEN_LOTS) !== 0 || rows.get(account, R_OPEN_LOTS + 8) !== 0;
    });
    for (const { marketId } of open) this.cancelAll(account, marketId);
    return open.length > 0;
  }

  /** Lots of all positions; only good for seeing whether something has changed. */
  private sizeOf(account: number): number {
    return this.state.markets.all.reduce((sum, { rows }) => {
      return sum + Math.abs(rows.get(account, R_POSITION));
    }, 0);
  }

  private message(type: number, marketId: number, account: number, flags: number): number {
    const { inbox } = this;
    const at = inbox.push(1);
    const w = at * SLOT_WORDS;
    // The inbox is rewound, not cleared, between commands.
    inbox.words.fill(0, w, w + SLOT_WORDS);
    inbox.words[w + W_HEAD] = headOf(type, 1, marketId);
    inbox.words[w + W_ACCOUNT] = account;
    inbox.words[w + W_FLAGS] = flags;
    inbox.words[w + W_CLIENT_REF] = NO_CLIENT_REF;
    return at;
  }

  private tell(account: number, stage: number): void {
    const { kernel, accounts } = this.state;
    const record = accounts.at(account);
    const event = this.events.push(EVENT_SLOTS);
    const w = event * SLOT_WORDS;
    const f = event * SLOT_FLOATS;
    const { words, floats } = this.events;
    words[w + W_HEAD] = headOf(EVT_LIQUIDATION, EVENT_SLOTS, 0);
    words[w + W_ACCOUNT] = account;
    words[w + EW_FLAGS] = stage;
    words[w + EW_CLIENT_REF] = NO_CLIENT_REF;
    floats[f + EF_VALUE] = kernel.calls.equityOf(account, record);
    floats[f + EF_LIMIT] = kernel.calls.maintenanceOfAccount(account, record);
  }

  private findFirst(): void {
    this.first = null;
    for (const entry of this.byAccount.values()) {
      if (this.first === null || isBefore(entry, this.first)) this.first = entry;
    }
  }
}

/** By time, then id. */
function isBefore(a: Liquidation, b: Liquidation): boolean {
  return a.nextMs < b.nextMs || (a.nextMs === b.nextMs && a.account < b.account);
}
