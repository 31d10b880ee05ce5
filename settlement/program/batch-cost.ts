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
/** Of one transaction. */
export const COMPUTE_UNITS_MAX = 1_400_000;

/**
 * Measured on the program, with some more: 601 an entry where 64 bits do, up to 896 where they do not, and about 2,900 a market and 1,000 a
 * page. `batch-cost.test.ts` holds them against it.
 */
const UNITS = { batch: 15_000, market: 4_000, page: 1_500, entry: 630, wideEntry: 930 };
/** The program's `gain_of`: beyond these it multiplies with 128 bits. */
const SMALL_LOTS = 2 ** 31;
const SMALL_FACTOR = 2 ** 16;
const SMALL_VALUE = 2 ** 46;
/** The oracle's price may be so many times the highest at which was traded. */
const PRICE_MARGIN = 2;

/** Bytes of the commit's room that so many markets and pages take. */
export function addressBytes(markets: number, pages: number): number {
  return MARKET_ADDRESS_BYTES * markets + PAGE_ADDRESS_BYTES * pages;
}

/** The most compute units that committing a batch can take. */
export function batchComputeUnits(
  sections: readonly BatchSection[],
  worthOf: (slot: number) => MarketWorth,
  pages: number,
): number {
  let units = UNITS.batch + UNITS.page * pages;
  for (const section of sections) {
    units += UNITS.market + entriesUnits(section, worthOf(section.slot));
  }
  return units;
}

function entriesUnits({ entries, maxPriceTicks }: BatchSection, worth: MarketWorth): number {
  if (worth.numerator >= SMALL_FACTOR || worth.denominator >= SMALL_FACTOR) {
    return entries.length * UNITS.wideEntry;
  }
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
  return wide * UNITS.wideEntry + (entries.length - wide) * UNITS.entry;
}
