import type { AccountItem, MarketItem } from '../packs/pack-types.js';

/** Takes what the fold makes of a shard's events, in the order of its journal. */
export interface ItemSink {
  /**
   * Of a market that the shard hosts; `sequence` is that of the command that it comes from. The item is the fold's: it holds until the call
   * returns.
   */
  marketItem(marketId: number, sequence: number, item: MarketItem): void;
  accountItem(item: AccountItem): void;
  price(price: MarketPrice): void;
  /** Of what follows; told with every frame, and when it changes. */
  epoch(epoch: number): void;
}

export interface MarketPrice {
  marketId: number;
  sequence: number;
  timeMs: number;
  /** 0: none yet. */
  indexTicks: number;
  markTicks: number;
  publishTimeMs: number;
}

/** Micro-USD of a tick·lot as a fraction in lowest terms. */
export interface Contract {
  microUsdPerTickLotNumerator: number;
  microUsdPerTickLotDenominator: number;
}
