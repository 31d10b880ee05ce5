import type { BatchSection } from './batch.js';

/** Micro-USD of one tick·lot of a market, as a fraction. */
export interface MarketWorth {
  readonly numerator: number;
  readonly denominator: number;
}

/** A market comes with its price account, and each page is an account: 32 bytes and the byte that points to it. */
export const MARKET_ADDRESS_BYTES = 66;
export const PAGE_ADDRESS_BYTES = 33;
/**
 * Room for them in the transaction that commits a staged batch, which has 1,232 bytes, one signature, limit and price of its compute units,
 * and names its accounts in full: one market with 24 pages, 7 with 12, or 12 with 2.
 */
export const COMMIT_ADDRESS_BYTES_MAX = 886;
/** A transaction has 1.4 million. The rest is for a chain that counts a little differently than the one that was measured. */
export const COMPUTE_UNITS_MAX = 1_300_000;

/**
 * Each a little above what was measured on the program; `batch-cost.test.ts` holds them against it. Numbers are read byte by byte, and where
 * 64 bits are not enough for a product, 128 bits are many instructions. Entries ascend, so a page is looked for once a market.
 */
const UNITS = { batch: 4_000, market: 3_700, page: 500, pageInMarket: 150, byte: 16 };
const ENTRY_UNITS = 400;
const WIDE_UNITS = 310;
/** The program's `gain_of`: beyond these it multiplies with 128 bits. */
const SMALL_LOTS = 2 ** 31;
const SMALL_FACTOR = 2 ** 16;
const SMALL_VALUE = 2 ** 46;
/** The oracle's price may be so many times the highest at which was traded. */
const PRICE_MARGIN = 3;

/** Bytes of the commit's room that so many markets and pages take. */
export function addressBytes(markets: number, pages: number): number {
  return MARKET_ADDRESS_BYTES * markets + PAGE_ADDRESS_BYTES * pages;
}

export interface BatchSize {
  /** Length of its encoding. */
  readonly bytes: number;
  readonly pages: number;
}

/** The most compute units that committing a batch can take. */
export function batchComputeUnits(
  sections: readonly BatchSection[],
  worthOf: (slot: number) => MarketWorth,
  { bytes, pages }: BatchSize,
): number {
  let units = UNITS.batch + UNITS.page * pages + UNITS.byte * bytes;
  for (const section of sections) {
    const wide = wideEntriesOf(section, worthOf(section.slot));
    units += UNITS.market + UNITS.pageInMarket * pages;
    units += ENTRY_UNITS * section.entries.length + WIDE_UNITS * wide;
  }
  return units;
}

function wideEntriesOf({ entries, maxPriceTicks }: BatchSection, worth: MarketWorth): number {
  if (worth.numerator >= SMALL_FACTOR || worth.denominator >= SMALL_FACTOR) return entries.length;
  let wide = 0;
  for (const entry of entries) {
    const lots = Math.abs(Number(entry.deltaLots));
    const value = Math.abs(Number(entry.deltaEntryTickLots));
    const isSmall =
      lots < SMALL_LOTS &&
      lots * maxPriceTicks * PRICE_MARGIN + value < SMALL_VALUE &&
      Math.abs(Number(entry.realizedMicroUsd)) < SMALL_VALUE;
    if (!isSmall) wide++;
  }
  return wide;
}
