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
import { MARKET_ID_ALL } from '../../engine/units/units.js';
import { isolatedCollateral, isPositionLiquidating } from '../margin/isolated-margin.js';
import type { MarketSummary } from '../margin/market-summaries.js';
import type { MarginState } from '../margin/trade-commands.js';
import { sliceOf } from './slice.js';

/** Between two slices of one account: time for makers to come back. Doubled while nobody takes anything, up to the longest. */
const PAUSE_MS = 1_000;
const PAUSE_MS_MAX = 60_000;
/** Instead of a market's id: the account's cross margin over all markets. */
const CROSS = MARKET_ID_ALL;

/** An account, or one isolated position of it, on its way down the ladder. */
interface Liquidation {
  account: number;
  /** Of an isolated position; CROSS: all that is not isolated. */
  marketId: number;
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
 * An isolated position goes down the ladder by itself: its own orders, its own collateral, its own margin. The account's other
 * positions and orders are left alone, and an account that is liquidated leaves its isolated positions alone, but not the orders
 * there, which would take from its collateral.
 *
 * Above its margin again, it is free. What the book does not take waits for the next rungs; equity cannot be lost by waiting orders, for
 * there are none. Each timer message does one step of one account, so that a crash of many takes many small messages and
 * everybody else's orders go on in between.
 */
export class Liquidations {
  private readonly byKey = new Map<number, Liquidation>();
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

  /** A market has a new mark price: looks at every account that has a position there. */
  onMark(market: MarketSummary, nowMs: number): void {
    if (market.guards !== 0 || market.markTicks === 0) return;
    const { calls } = this.state.kernel;
    let account = calls.nextBelowMargin(market.block, 0);
    for (; account !== 0; account = calls.nextBelowMargin(market.block, account)) {
      this.beginIn(market, account, nowMs);
    }
  }

  /** The account has paid something that is no trade for its position in this market. */
  onPaid(account: number, marketId: number, nowMs: number): void {
    const { accounts, kernel, markets } = this.state;
    const market = markets.find(marketId);
    if (market === null || !accounts.exists(account)) return;
    if (market.guards !== 0 && this.isIsolated(account, market)) return;
    if (kernel.calls.isNewlyBelow(market.block, market.rows.open(account), account)) {
      this.beginIn(market, account, nowMs);
    }
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
    const entries = [...this.byKey.values()].sort((a, b) => keyOf(a) - keyOf(b));
    writer.put(entries.length);
    for (const { account, marketId, nextMs, pauseMs, sizeBefore } of entries) {
      for (const value of [account, marketId, nextMs, pauseMs, sizeBefore]) writer.put(value);
    }
  }

  readState(reader: CanonicalReader): void {
    for (let left = reader.take(); left > 0; left--) {
      const account = reader.take();
      const marketId = reader.take();
      const nextMs = reader.take();
      const pauseMs = reader.take();
      const entry = { account, marketId, nextMs, pauseMs, sizeBefore: reader.take() };
      this.byKey.set(keyOf(entry), entry);
      this.mark(entry, true);
    }
    this.findFirst();
  }

  private beginIn(market: MarketSummary, account: number, nowMs: number): void {
    this.begin(account, this.isIsolated(account, market) ? market.marketId : CROSS, nowMs);
  }

  /** Rung 1. The first slice comes with the next timer, when the cancels have come back. */
  private begin(account: number, marketId: number, nowMs: number): void {
    const entry = { account, marketId, nextMs: nowMs, pauseMs: PAUSE_MS, sizeBefore: 0 };
    this.mark(entry, true);
    this.byKey.set(keyOf(entry), entry);
    // A crash begins thousands at once: they must not be looked through again for each.
    if (this.first === null || isBefore(entry, this.first)) this.first = entry;
    this.tell(entry, LIQUIDATION_BEGUN);
    // Trigger orders leave no trace here, so all markets are asked.
    for (const market of this.marketsOf(entry)) this.cancelAll(account, market.marketId);
  }

  private step(entry: Liquidation, nowMs: number): void {
    const size = this.sizeOf(entry);
    if (size === 0 || this.equityOf(entry) >= this.maintenanceOf(entry)) {
      this.end(entry);
      return;
    }
    const tookNothing = entry.sizeBefore === size;
    entry.pauseMs = tookNothing ? Math.min(entry.pauseMs * 2, PAUSE_MS_MAX) : PAUSE_MS;
    entry.nextMs = nowMs + entry.pauseMs;
    entry.sizeBefore = size;
    if (this.cancelsOpen(entry)) return;
    const market = this.heaviest(entry);
    if (market !== null) this.close(entry, market);
  }

  private end(entry: Liquidation): void {
    this.byKey.delete(keyOf(entry));
    this.mark(entry, false);
    this.tell(entry, LIQUIDATION_ENDED);
  }

  /** Rung 2: one slice of the position in this market. It is reserved like any order, for its events give that back. */
  private close(entry: Liquidation, market: MarketSummary): void {
    const { account } = entry;
    const { kernel, accounts, fees } = this.state;
    const tier = accounts.tier(account);
    const { markTicks, block } = market;
    const { side, lots, priceTicks } = sliceOf({
      params: market.params,
      markTicks,
      positionLots: market.rows.get(account, R_POSITION),
      equityMicroUsd: this.equityOf(entry),
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
  private heaviest(entry: Liquidation): MarketSummary | null {
    const { kernel } = this.state;
    let found: MarketSummary | null = null;
    let most = 0;
    for (const market of this.positionsOf(entry)) {
      const row = market.rows.at(entry.account);
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
  private cancelsOpen(entry: Liquidation): boolean {
    const { account } = entry;
    const open = this.marketsOf(entry).filter(({ rows }) => {
      return rows.get(account, R_OPEN_LOTS) !== 0 || rows.get(account, R_OPEN_LOTS + 8) !== 0;
    });
    for (const { marketId } of open) this.cancelAll(account, marketId);
    return open.length > 0;
  }

  /** Lots of all positions; only good for seeing whether something has changed. */
  private sizeOf(entry: Liquidation): number {
    return this.positionsOf(entry).reduce((sum, { rows }) => {
      return sum + Math.abs(rows.get(entry.account, R_POSITION));
    }, 0);
  }

  /** Markets whose orders are canceled: of an account all that are not liquidated by themselves. */
  private marketsOf({ account, marketId }: Liquidation): MarketSummary[] {
    return this.state.markets.all.filter((market) => {
      if (marketId !== CROSS) return market.marketId === marketId;
      return !isPositionLiquidating(this.state, market, account);
    });
  }

  /** Markets whose positions are closed. */
  private positionsOf(entry: Liquidation): MarketSummary[] {
    const { account, marketId } = entry;
    if (marketId !== CROSS) return this.marketsOf(entry);
    return this.state.markets.all.filter((market) => !this.isIsolated(account, market));
  }

  private isIsolated(account: number, market: MarketSummary): boolean {
    return isolatedCollateral(this.state, market, account) !== null;
  }

  /** Micro-USD behind what is liquidated. */
  private equityOf({ account, marketId }: Liquidation): number {
    const { accounts, kernel, markets } = this.state;
    const record = accounts.at(account);
    const market = marketId === CROSS ? null : markets.find(marketId);
    if (market === null) return kernel.calls.equityOf(account, record);
    const purse = kernel.calls.purseOf(market.block, account, record);
    return kernel.calls.equityOfPosition(market.block, market.rows.at(account), purse);
  }

  private maintenanceOf({ account, marketId }: Liquidation): number {
    const { accounts, kernel, markets } = this.state;
    const market = marketId === CROSS ? null : markets.find(marketId);
    if (market === null) return kernel.calls.maintenanceOfAccount(account, accounts.at(account));
    return kernel.calls.maintenanceMargin(market.block, market.rows.at(account));
  }

  /** Nothing may be traded any more with what is liquidated. */
  private mark({ account, marketId }: Liquidation, isLiquidating: boolean): void {
    const { accounts, kernel, markets } = this.state;
    const market = marketId === CROSS ? null : markets.find(marketId);
    if (market === null) accounts.setLiquidating(account, isLiquidating);
    else {
      const purse = kernel.calls.purseOf(market.block, account, accounts.at(account));
      kernel.calls.setPurseLiquidating(purse, isLiquidating);
    }
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

  private tell(entry: Liquidation, stage: number): void {
    const { account, marketId } = entry;
    const event = this.events.push(EVENT_SLOTS);
    const w = event * SLOT_WORDS;
    const f = event * SLOT_FLOATS;
    const { words, floats } = this.events;
    words[w + W_HEAD] = headOf(EVT_LIQUIDATION, EVENT_SLOTS, marketId === CROSS ? 0 : marketId);
    words[w + W_ACCOUNT] = account;
    words[w + EW_FLAGS] = stage;
    words[w + EW_CLIENT_REF] = NO_CLIENT_REF;
    floats[f + EF_VALUE] = this.equityOf(entry);
    floats[f + EF_LIMIT] = this.maintenanceOf(entry);
  }

  private findFirst(): void {
    this.first = null;
    for (const entry of this.byKey.values()) {
      if (this.first === null || isBefore(entry, this.first)) this.first = entry;
    }
  }
}

/** By time, then account, its isolated positions by market, and itself last. */
function isBefore(a: Liquidation, b: Liquidation): boolean {
  return a.nextMs < b.nextMs || (a.nextMs === b.nextMs && keyOf(a) < keyOf(b));
}

function keyOf({ account, marketId }: Pick<Liquidation, 'account' | 'marketId'>): number {
  return account * (MARKET_ID_ALL + 1) + marketId;
}
