import type { MarketItem } from '../packs/pack-types.js';
import type { BatchSection } from '../program/batch.js';
import { MarketNet } from './market-net.js';
import type { TickLotWorth } from './pack-check.js';

/** Of one batch. */
export interface WindowLimits {
  /** Fills, transfers and payments. */
  readonly itemsMax: number;
  /** Pairs of account and market, from 2. */
  readonly entriesMax: number;
  /** Σ price × lots, each trade counted once, at the prices of the trades. The chain counts at its oracle's: stay below its cap. */
  readonly notionalMicroUsdMax: number;
}

/** `full`: it belongs to the next window. `unplaced`: its market has no slot on chain. */
export type WindowAnswer = 'added' | 'full' | 'unplaced';

export interface WindowMarket {
  readonly marketId: number;
  readonly slot: number | null;
  readonly worth: TickLotWorth;
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
    const notional = this.notionalMicroUsd + net.notionalOf(item);
    const { maker, taker } = item;
    if (!this.isEmpty()) {
      if (notional > this.limits.notionalMicroUsdMax) return 'full';
      if (!this.hasRoom(net, maker.accountId, taker.accountId)) return 'full';
    }
    const before = net.touched;
    if (!net.addItem(item)) return 'full';
    this.touched += net.touched - before;
    this.notionalMicroUsd = notional;
    this.items++;
    return 'added';
  }

  addPayment(marketId: number, accountId: number, paymentMicroUsd: number): WindowAnswer {
    const net = this.markets.get(marketId);
    if (net === undefined) return 'unplaced';
    if (!this.isEmpty() && !this.hasRoom(net, accountId, accountId)) return 'full';
    const before = net.touched;
    if (!net.addPayment(accountId, paymentMicroUsd)) return 'full';
    this.touched += net.touched - before;
    this.payments++;
    return 'added';
  }

  isEmpty(): boolean {
    return this.items + this.payments === 0;
  }

  /** In ascending order of slots, without what has not changed. */
  sections(): BatchSection[] {
    return [...this.markets.values()]
      .sort((a, b) => a.slot - b.slot)
      .map((net) => net.section())
      .filter((section) => section !== null);
  }

  private hasRoom(net: MarketNet, first: number, second: number): boolean {
    const { itemsMax, entriesMax } = this.limits;
    if (this.items + this.payments >= itemsMax) return false;
    const room = entriesMax - this.touched;
    // Two entries at most are new, so who is new has to be asked only near the end.
    if (room >= 2) return true;
    const newFirst = net.isNew(first) ? 1 : 0;
    const newSecond = second !== first && net.isNew(second) ? 1 : 0;
    return newFirst + newSecond <= room;
  }
}
