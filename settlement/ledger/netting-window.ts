import type { MarketItem } from '../packs/pack-types.js';
import type { BatchSection } from '../program/batch.js';
import { LedgerStateError } from './errors.js';
import { MarketNet } from './market-net.js';
import type { TickLotWorth } from './pack-check.js';

/** Of one batch. Each has to be within what the chain takes, or batches are built that can never settle. */
export interface WindowLimits {
  /** Fills, transfers and payments. */
  readonly itemsMax: number;
  /** Pairs of account and market, from 2. */
  readonly entriesMax: number;
  /** Of the batch's encoding. */
  readonly bytesMax: number;
  /** Accounts of a page share one account of the chain, and a transaction can name only so many of those, from 2. */
  readonly pagesMax: number;
  readonly rowsPerPage: number;
  /** Σ price × lots, each trade counted once, at the prices of the trades. The chain counts at its oracle's: stay below its caps. */
  readonly notionalMicroUsdMax: number;
  readonly marketNotionalMicroUsdMax: number;
  /**
   * What was taken in later stays for the next window. Streams do not arrive alike: with a tenth of a second of patience, payments find
   * the trades that they are for. Default: everything is taken.
   */
  readonly ingestedUntilMs?: number;
  /** Payments wait until it is certain that all trades before them are here (PaymentGate). Default: they do not. */
  readonly paymentsWait?: boolean;
}

/** `full`: it belongs to the next window. `unplaced`: its market has no slot on chain. */
export type WindowAnswer = 'added' | 'full' | 'unplaced';

export interface WindowMarket {
  readonly marketId: number;
  readonly slot: number | null;
  readonly worth: TickLotWorth;
}

/** A section has at most so many entries. */
export const ENTRIES_MAX = 0xffff;

/** Throws LedgerStateError unless every limit can be kept. */
export function checkLimits(limits: WindowLimits): void {
  const least: Record<keyof Omit<WindowLimits, 'ingestedUntilMs' | 'paymentsWait'>, number> = {
    itemsMax: 1,
    entriesMax: 2,
    bytesMax: 1,
    pagesMax: 2,
    rowsPerPage: 1,
    notionalMicroUsdMax: 1,
    marketNotionalMicroUsdMax: 1,
  };
  for (const [field, bound] of Object.entries(least)) {
    const value = limits[field as keyof typeof least];
    if (value >= bound) continue;
    throw new LedgerStateError(`${field} is ${value}, and must be from ${bound}`);
  }
  if (limits.entriesMax <= ENTRIES_MAX) return;
  throw new LedgerStateError(`entriesMax is ${limits.entriesMax}, and must be to ${ENTRIES_MAX}`);
}

/**
 * Nets items into one batch. Every item is balanced in itself, so a window may end behind any of them. The first item is taken whatever
 * its size: one that alone is beyond a limit must not stop everything behind it.
 */
export class NettingWindow {
  items = 0;
  payments = 0;
  private readonly limits: WindowLimits;
  private readonly markets = new Map<number, MarketNet>();
  private readonly pages = new Set<number>();
  private touched = 0;
  private notionalMicroUsd = 0;

  constructor(limits: WindowLimits, markets: readonly WindowMarket[]) {
    this.limits = limits;
    for (const { marketId, slot, worth } of markets) {
      if (slot !== null) this.markets.set(marketId, new MarketNet(marketId, slot, worth));
    }
  }

  addItem(marketId: number, item: MarketItem): WindowAnswer {
    const net = this.markets.get(marketId);
    if (net === undefined) return 'unplaced';
    const notional = net.notionalOf(item);
    const [maker, taker] = [item.maker.accountId, item.taker.accountId];
    if (!this.isEmpty()) {
      const { notionalMicroUsdMax, marketNotionalMicroUsdMax } = this.limits;
      if (this.notionalMicroUsd + notional > notionalMicroUsdMax) return 'full';
      if (net.notionalMicroUsd + notional > marketNotionalMicroUsdMax) return 'full';
      if (!this.hasRoom(net, maker, taker)) return 'full';
    }
    const before = net.touched;
    if (!net.addItem(item, notional)) return 'full';
    this.notionalMicroUsd += notional;
    this.note(net.touched - before, maker, taker);
    this.items++;
    return 'added';
  }

  /** `isForced`: room was asked for before, for this and others together. */
  addPayment(
    marketId: number,
    accountId: number,
    paymentMicroUsd: number,
    isForced = false,
  ): WindowAnswer {
    const net = this.markets.get(marketId);
    if (net === undefined) return 'unplaced';
    if (!isForced && !this.isEmpty() && !this.hasRoom(net, accountId, accountId)) return 'full';
    const before = net.touched;
    if (!net.addPayment(accountId, paymentMicroUsd)) return 'full';
    this.note(net.touched - before, accountId, accountId);
    this.payments++;
    return 'added';
  }

  isEmpty(): boolean {
    return this.items + this.payments === 0;
  }

  /** True when the market has a slot on chain. */
  hasPlaceFor(marketId: number): boolean {
    return this.markets.has(marketId);
  }

  /** True when so many payments that must not be divided can be taken now: always when the window is empty. */
  hasRoomForAll(payments: number): boolean {
    const { itemsMax, entriesMax, pagesMax } = this.limits;
    if (this.isEmpty()) return true;
    if (this.items + this.payments + payments > itemsMax) return false;
    return this.touched + payments <= entriesMax && this.pages.size + payments <= pagesMax;
  }

  /** In ascending order of slots, without what has not changed. */
  sections(): BatchSection[] {
    return [...this.markets.values()]
      .sort((a, b) => a.slot - b.slot)
      .map((net) => net.section())
      .filter((section) => section !== null);
  }

  private hasRoom(net: MarketNet, first: number, second: number): boolean {
    const { itemsMax, entriesMax, pagesMax } = this.limits;
    if (this.items + this.payments >= itemsMax) return false;
    // Two at most are new, so who is new has to be asked only near the end.
    if (entriesMax - this.touched < 2) {
      const newFirst = net.isNew(first) ? 1 : 0;
      const newSecond = second !== first && net.isNew(second) ? 1 : 0;
      if (newFirst + newSecond > entriesMax - this.touched) return false;
    }
    if (pagesMax - this.pages.size >= 2) return true;
    const [pageOne, pageTwo] = [this.pageOf(first), this.pageOf(second)];
    const newOne = this.pages.has(pageOne) ? 0 : 1;
    const newTwo = pageTwo === pageOne || this.pages.has(pageTwo) ? 0 : 1;
    return newOne + newTwo <= pagesMax - this.pages.size;
  }

  private note(newEntries: number, first: number, second: number): void {
    if (newEntries === 0) return;
    this.touched += newEntries;
    this.pages.add(this.pageOf(first)).add(this.pageOf(second));
  }

  private pageOf(accountId: number): number {
    return Math.floor(accountId / this.limits.rowsPerPage);
  }
}
