import type { MarketItem } from '../packs/pack-types.js';
import type { BatchSection } from '../program/batch.js';
import { addressBytes, batchComputeUnits } from '../program/batch-cost.js';
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
  /** Of the transaction, for markets and pages together (`addressBytes`); from a market and two pages on. */
  readonly addressBytesMax: number;
  /** Of the transaction (`batchComputeUnits`). A batch with more is made again of half as many items. */
  readonly computeUnitsMax: number;
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

/**
 * `full`: it belongs to the next window. `unplaced`: its market has no slot on chain. `crowded`: there is no room for one more market, but for
 * more of those that are in the window.
 */
export type WindowAnswer = 'added' | 'full' | 'unplaced' | 'crowded';

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
    addressBytesMax: addressBytes(1, 2),
    computeUnitsMax: 1,
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
  /** Markets with entries. */
  private sectionCount = 0;
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
      const room = this.roomFor(net, maker, taker);
      if (room !== 'added') return room;
    }
    const before = net.touched;
    if (!net.addItem(item, notional)) return 'full';
    this.notionalMicroUsd += notional;
    this.note(net, before, maker, taker);
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
    if (!isForced && !this.isEmpty()) {
      const room = this.roomFor(net, accountId, accountId);
      if (room !== 'added') return room;
    }
    const before = net.touched;
    if (!net.addPayment(accountId, paymentMicroUsd)) return 'full';
    this.note(net, before, accountId, accountId);
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
    const { itemsMax, entriesMax, pagesMax, addressBytesMax } = this.limits;
    if (this.isEmpty()) return true;
    if (this.items + this.payments + payments > itemsMax) return false;
    const markets = Math.min(this.markets.size, this.sectionCount + payments);
    const pages = this.pages.size + payments;
    if (addressBytes(markets, pages) > addressBytesMax) return false;
    return this.touched + payments <= entriesMax && pages <= pagesMax;
  }

  /** In ascending order of slots, without what has not changed. */
  sections(): BatchSection[] {
    return [...this.markets.values()]
      .sort((a, b) => a.slot - b.slot)
      .map((net) => net.section())
      .filter((section) => section !== null);
  }

  /** The most compute units that the batch can take of its transaction. */
  computeUnits(sections: readonly BatchSection[], bytes: number): number {
    const worths = new Map([...this.markets.values()].map(({ slot, worth }) => [slot, worth]));
    const size = { bytes, pages: this.pages.size };
    return batchComputeUnits(sections, (slot) => worths.get(slot) as TickLotWorth, size);
  }

  /** Bytes of its transaction for markets and pages. */
  addressBytes(): number {
    return addressBytes(this.sectionCount, this.pages.size);
  }

  private roomFor(net: MarketNet, first: number, second: number): WindowAnswer {
    const { itemsMax, entriesMax, pagesMax, addressBytesMax } = this.limits;
    if (this.items + this.payments >= itemsMax) return 'full';
    // Two at most are new, so who is new has to be asked only near the end.
    if (entriesMax - this.touched < 2) {
      const newFirst = net.isNew(first) ? 1 : 0;
      const newSecond = second !== first && net.isNew(second) ? 1 : 0;
      if (newFirst + newSecond > entriesMax - this.touched) return 'full';
    }
    const markets = this.sectionCount + (net.touched === 0 ? 1 : 0);
    const isFar = addressBytes(markets, this.pages.size + 2) <= addressBytesMax;
    if (isFar && pagesMax - this.pages.size >= 2) return 'added';
    const [pageOne, pageTwo] = [this.pageOf(first), this.pageOf(second)];
    const newOne = this.pages.has(pageOne) ? 0 : 1;
    const newTwo = pageTwo === pageOne || this.pages.has(pageTwo) ? 0 : 1;
    const pages = this.pages.size + newOne + newTwo;
    if (pages > pagesMax) return 'full';
    if (addressBytes(markets, pages) <= addressBytesMax) return 'added';
    return net.touched === 0 ? 'crowded' : 'full';
  }

  private note(net: MarketNet, touchedBefore: number, first: number, second: number): void {
    if (net.touched === touchedBefore) return;
    if (touchedBefore === 0) this.sectionCount++;
    this.touched += net.touched - touchedBefore;
    this.pages.add(this.pageOf(first)).add(this.pageOf(second));
  }

  private pageOf(accountId: number): number {
    return Math.floor(accountId / this.limits.rowsPerPage);
  }
}
