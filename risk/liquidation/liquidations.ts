import { R_OPEN_LOTS, R_POSITION } from '../../engine/kernel/layout.js';
import { type Backing, NO_BACKING } from '../../engine/market/liquidation/bankruptcy.js';
import { bandPriceTicks } from '../../engine/market/order-rules.js';
import {
  EF_ACCOUNT_SEQUENCE,
  EF_COLLATERAL,
  SLOT_FLOATS,
  SLOT_WORDS,
  W_ACCOUNT,
} from '../../engine/messages/layout.js';
import type { MessageBuffer } from '../../engine/messages/message-buffer.js';
import { lossTicksOf } from '../../engine/messages/rejection.js';
import {
  FLAG_MASS_LIQUIDATION,
  FLAG_REDUCE_ONLY,
  LADDER_AUCTION,
  LADDER_COVER,
  LADDER_END,
  LADDER_FUND,
  LADDER_SLICE,
  LIQUIDATION_BEGUN,
  LIQUIDATION_ENDED,
  LIQUIDATION_RUNG,
  TIER_SHIFT,
  TIF_IOC,
  TIF_SHIFT,
} from '../../engine/messages/types.js';
import type { CanonicalReader, CanonicalWriter } from '../../engine/state/canonical-writer.js';
import { SortedList } from '../../engine/state/sorted-list.js';
import { isolatedCollateral, isPositionLiquidating, tellMoved } from '../margin/isolated-margin.js';
import type { MarketSummary } from '../margin/market-summaries.js';
import type { MarginState } from '../margin/trade-commands.js';
import { pushCancelAll, pushRung, pushStage } from './ladder-messages.js';
import {
  beginningAt,
  CROSS,
  isForBankrupt,
  type Liquidation,
  nextRung,
  noteRung,
  PAUSE_MS,
  pauseAfter,
  waitsForBidders,
} from './rung.js';
import { sliceOf } from './slice.js';

/**
 * The liquidations of a margin actor: who goes down the ladder, and which rung comes next. What a rung does, the market does
 * (engine/market/liquidation/).
 *
 * An account whose equity is below its maintenance margin at a trusted mark may do nothing any more but cancel and get deposits; its orders
 * and trigger orders in all markets are canceled. While it stays below, one thing at a time is done about the position that needs
 * the most margin (rung.ts). Above its margin again, or with nothing left and nothing owed, it is free.
 *
 * An isolated position goes down the ladder by itself: its own orders, its own collateral, its own margin. The account's other
 * positions and orders are left alone, and an account that is liquidated leaves its isolated positions alone, but not the orders
 * there, which would take from its collateral.
 *
 * Each timer message does one step of one account, so that a crash of many takes many small messages and everybody else's orders go
 * on in between.
 */
export class Liquidations {
  /** By the time of the next step, and by id. Out of it while its step is taken. */
  private readonly byTime = new SortedList<Liquidation>(({ nextMs }) => nextMs);
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
    return this.byTime.first ?? null;
  }

  /** When its step is due, Infinity for never. */
  nextTimerMs(): number {
    return this.next?.nextMs ?? Number.POSITIVE_INFINITY;
  }

  /**
   * A sweep has found the account, or an isolated position of it, below its margin, by what it saw then. True: it is now, too, and a
   * liquidation has begun.
   */
  onCandidate(account: number, nowMs: number): boolean {
    const { accounts, kernel, markets } = this.state;
    if (!accounts.exists(account)) return false;
    const before = this.byTime.length;
    if (kernel.calls.isAccountNewlyBelow(account, accounts.at(account))) {
      this.begin(account, CROSS, nowMs);
    }
    for (const market of markets.all) {
      if (this.isIsolated(account, market)) this.onPaid(account, market.marketId, nowMs);
    }
    return this.byTime.length !== before;
  }

  /** The account has paid something that is no trade for its position in this market. */
  onPaid(account: number, marketId: number, nowMs: number): void {
    const { accounts, kernel, markets } = this.state;
    const market = markets.find(marketId);
    if (market === null || !accounts.exists(account)) return;
    if (!kernel.calls.isNewlyBelow(market.block, market.rows.open(account), account)) return;
    this.begin(account, this.isIsolated(account, market) ? marketId : CROSS, nowMs);
  }

  /** Prices are trusted again, or orders let in: who has waited for that longer and longer goes on at once, with a slice into the book. */
  onOpened(market: MarketSummary, nowMs: number): void {
    const waiting = [...this.byTime].filter((entry) => {
      if (entry.nextMs <= nowMs || market.rows.get(entry.account, R_POSITION) === 0) return false;
      return this.positionsOf(entry).includes(market);
    });
    for (const entry of waiting) {
      this.byTime.remove(entry);
      entry.nextMs = nowMs;
      entry.pauseMs = PAUSE_MS;
      entry.sizeBefore = 0;
      this.byTime.add(entry);
    }
  }

  /** One step of the account that comes next, if it is due. */
  onTime(nowMs: number): void {
    const first = this.byTime.first;
    if (first === undefined || first.nextMs > nowMs) return;
    this.byTime.remove(first);
    if (this.step(first, nowMs)) this.byTime.add(first);
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
    const entries = [...this.byTime].sort((a, b) => a.id - b.id);
    writer.put(entries.length);
    for (const entry of entries) {
      const { account, part, nextMs, pauseMs, sizeBefore, rung, marketId, untilMs, tries } = entry;
      const values = [account, part, nextMs, pauseMs, sizeBefore, rung, marketId, untilMs, tries];
      for (const value of values) writer.put(value);
    }
  }

  readState(reader: CanonicalReader): void {
    for (let left = reader.take(); left > 0; left--) {
      const account = reader.take();
      const part = reader.take();
      const entry = beginningAt(account, part, reader.take());
      entry.pauseMs = reader.take();
      entry.sizeBefore = reader.take();
      entry.rung = reader.take();
      entry.marketId = reader.take();
      entry.untilMs = reader.take();
      entry.tries = reader.take();
      this.byTime.add(entry);
      this.mark(entry, true);
    }
  }

  /** Rung 1. The next one comes with the next timer, when the cancels have come back. */
  private begin(account: number, part: number, nowMs: number): void {
    const entry = beginningAt(account, part, nowMs);
    this.mark(entry, true);
    this.byTime.add(entry);
    this.tell(entry, LIQUIDATION_BEGUN);
    // Trigger orders leave no trace here, so all markets are asked.
    for (const { marketId } of this.marketsOf(entry))
      pushCancelAll(this.inbox, marketId, account, FLAG_MASS_LIQUIDATION);
  }

  /** False: it has ended. */
  private step(entry: Liquidation, nowMs: number): boolean {
    const equity = this.equityOf(entry);
    if (equity >= this.maintenanceOf(entry)) {
      this.end(entry);
      return false;
    }
    const size = this.sizeOf(entry);
    const isStuck = entry.sizeBefore === size;
    entry.sizeBefore = size;
    if (this.canBeTaken(entry) && waitsForBidders(entry, equity, nowMs)) {
      entry.nextMs = Math.min(nowMs + PAUSE_MS, entry.untilMs);
      return true;
    }
    if (this.cancelsOpen(entry)) this.wait(entry, isStuck, nowMs);
    else if (size === 0) this.cover(entry, equity, nowMs);
    else this.close(entry, equity, isStuck, nowMs);
    return true;
  }

  private wait(entry: Liquidation, isStuck: boolean, nowMs: number): void {
    entry.pauseMs = pauseAfter(entry, isStuck);
    entry.nextMs = nowMs + entry.pauseMs;
  }

  private end(entry: Liquidation): void {
    this.takeBack(entry, false);
    this.mark(entry, false);
    this.tell(entry, LIQUIDATION_ENDED);
    tellMoved(this.state.kernel);
  }

  /**
   * Nobody takes over a position from an account that is free, or at a price from before the account's next rung. And nobody is
   * deleveraged for an account that is not bankrupt any more, however late the homes of others answer the market that has asked them;
   * which markets wait for answers is not noted here, so all are told.
   */
  private takeBack(entry: Liquidation, isBankrupt: boolean): void {
    const { account, marketId, rung } = entry;
    if (rung === LADDER_AUCTION) this.ask(account, marketId, LADDER_END, NO_BACKING);
    if (isBankrupt || !isForBankrupt(rung)) return;
    for (const market of this.positionsOf(entry)) {
      this.ask(account, market.marketId, LADDER_END, NO_BACKING);
    }
  }

  /**
   * All that is left is a debt. The funds of all markets are asked in turn, of an isolated position that of its market; when none can
   * pay, it waits for one that can.
   */
  private cover(entry: Liquidation, equityMicroUsd: number, nowMs: number): void {
    const all = this.positionsOf(entry);
    if (all.length === 0) {
      this.wait(entry, true, nowMs);
      return;
    }
    const tries = entry.rung === LADDER_COVER ? entry.tries + 1 : 0;
    const { marketId } = all[tries % all.length] as MarketSummary;
    this.ask(entry.account, marketId, LADDER_COVER, { ...NO_BACKING, equityMicroUsd });
    this.note(entry, LADDER_COVER, marketId, true, nowMs);
    if ((tries + 1) % all.length === 0) this.wait(entry, true, nowMs);
  }

  private close(entry: Liquidation, equity: number, isStuck: boolean, nowMs: number): void {
    const { account } = entry;
    const market = this.heaviest(entry);
    if (market === null) {
      this.wait(entry, isStuck, nowMs);
      return;
    }
    const rung = nextRung(entry, equity, isStuck);
    const backing = {
      markTicks: market.markTicks,
      equityMicroUsd: equity,
      positionLots: market.rows.get(account, R_POSITION),
    };
    this.takeBack(entry, equity <= 0);
    this.note(entry, rung, market.marketId, isStuck, nowMs);
    if (rung === LADDER_SLICE || rung === LADDER_FUND) this.order(account, market, rung, backing);
    else this.ask(account, market.marketId, rung, backing);
  }

  /** Whoever's rung changes is told. */
  private note(
    entry: Liquidation,
    rung: number,
    marketId: number,
    isStuck: boolean,
    nowMs: number,
  ): void {
    if (entry.rung !== rung) this.tell(entry, LIQUIDATION_RUNG + rung);
    noteRung(entry, rung, marketId, isStuck, nowMs);
  }

  private ask(account: number, marketId: number, rung: number, backing: Backing): void {
    const nothing = { flags: 0, lots: 0, priceTicks: backing.markTicks };
    pushRung(this.inbox, marketId, { account, rung, backing, ...nothing });
  }

  /**
   * An immediate order for a slice of the position. It is reserved like any order, for its events give that back; how far beyond
   * bankruptcy the fund lets it go only the market knows, so such a one is reserved at the band.
   */
  private order(account: number, market: MarketSummary, rung: number, backing: Backing): void {
    const { kernel, accounts, fees } = this.state;
    const tier = accounts.tier(account);
    const { params, markTicks } = market;
    const takerPpm = fees.takerPpm[tier] as number;
    const slice = sliceOf({ params, backing, takerPpm });
    const { side, lots } = slice;
    const band = bandPriceTicks(params, side, markTicks);
    const priceTicks = rung === LADDER_FUND ? band : slice.priceTicks;
    const loss = lots * lossTicksOf(side, priceTicks - markTicks);
    kernel.calls.addOpen(market.rows.at(account), side, lots, loss);
    kernel.calls.setActive(accounts.at(account), market.block);
    const flags = side | (TIF_IOC << TIF_SHIFT) | FLAG_REDUCE_ONLY | (tier << TIER_SHIFT);
    pushRung(this.inbox, market.marketId, { account, rung, backing, flags, lots, priceTicks });
  }

  /** Nobody takes over in a market that is halted, while the account's positions in others can be closed. */
  private canBeTaken({ marketId }: Liquidation): boolean {
    return this.state.markets.find(marketId)?.letsLiquidate === true;
  }

  /**
   * The market whose position needs the most maintenance margin, of those where something can be done about it; the first one of equals.
   * One that is halted must not keep the account's positions in all others from being closed until nothing is left.
   */
  private heaviest(entry: Liquidation): MarketSummary | null {
    const { kernel } = this.state;
    let found: MarketSummary | null = null;
    let most = 0;
    for (const market of this.positionsOf(entry)) {
      const row = market.rows.at(entry.account);
      if (row === 0 || !market.letsLiquidate) continue;
      const margin = kernel.calls.maintenanceMargin(market.block, row);
      if (margin <= most) continue;
      most = margin;
      found = market;
    }
    return found;
  }

  /**
   * Asks again for cancels where something is open: they, or a slice, are still on their way between shards. True when something is.
   */
  private cancelsOpen(entry: Liquidation): boolean {
    const { account } = entry;
    const open = this.marketsOf(entry).filter(({ rows }) => {
      return rows.get(account, R_OPEN_LOTS) !== 0 || rows.get(account, R_OPEN_LOTS + 8) !== 0;
    });
    for (const { marketId } of open)
      pushCancelAll(this.inbox, marketId, account, FLAG_MASS_LIQUIDATION);
    return open.length > 0;
  }

  /** Lots of all positions; only good for seeing whether something has changed. */
  private sizeOf(entry: Liquidation): number {
    return this.positionsOf(entry).reduce((sum, { rows }) => {
      return sum + Math.abs(rows.get(entry.account, R_POSITION));
    }, 0);
  }

  /** Markets whose orders are canceled: of an account all that are not liquidated by themselves. */
  private marketsOf({ account, part }: Liquidation): MarketSummary[] {
    return this.state.markets.all.filter((market) => {
      if (part !== CROSS) return market.marketId === part;
      return !isPositionLiquidating(this.state, market, account);
    });
  }

  /** Markets whose positions are closed. */
  private positionsOf({ account, part }: Liquidation): MarketSummary[] {
    return this.state.markets.all.filter((market) => {
      return part === CROSS ? !this.isIsolated(account, market) : market.marketId === part;
    });
  }

  private isIsolated(account: number, market: MarketSummary): boolean {
    return isolatedCollateral(this.state, market, account) !== null;
  }

  /** Micro-USD behind what is liquidated. */
  private equityOf({ account, part }: Liquidation): number {
    const { accounts, kernel, markets } = this.state;
    const record = accounts.at(account);
    const market = part === CROSS ? null : markets.find(part);
    if (market === null) return kernel.calls.equityOf(account, record);
    const purse = kernel.calls.purseOf(market.block, account, record);
    return kernel.calls.equityOfPosition(market.block, market.rows.at(account), purse);
  }

  private maintenanceOf({ account, part }: Liquidation): number {
    const { accounts, kernel, markets } = this.state;
    const market = part === CROSS ? null : markets.find(part);
    if (market === null) return kernel.calls.maintenanceOfAccount(account, accounts.at(account));
    return kernel.calls.maintenanceMargin(market.block, market.rows.at(account));
  }

  /** Nothing may be traded any more with what is liquidated. */
  private mark({ account, part }: Liquidation, isLiquidating: boolean): void {
    const { accounts, kernel, markets } = this.state;
    const market = part === CROSS ? null : markets.find(part);
    if (market === null) accounts.setLiquidating(account, isLiquidating);
    else {
      const record = accounts.at(account);
      const { block, rows } = market;
      const purse = kernel.calls.purseOf(block, account, record);
      if (isLiquidating) kernel.calls.setPurseLiquidating(purse, true);
      else kernel.calls.endLiquidation(block, account, record, rows.at(account), purse);
    }
  }

  private tell(entry: Liquidation, stage: number): void {
    const equity = this.equityOf(entry);
    const maintenance = this.maintenanceOf(entry);
    const marketId = entry.part === CROSS ? 0 : entry.part;
    pushStage(this.events, marketId, entry.account, stage, equity, maintenance);
  }
}
