import { PAGE_ROWS } from './addresses.js';

/** Lengths of accounts in bytes, with the 8 bytes of the discriminator; the program's test compares them with the chain. */
export const ROW_BYTES = 336;
export const PAGE_HEADER_BYTES = 48;
export const PAGE_BYTES = PAGE_HEADER_BYTES + PAGE_ROWS * ROW_BYTES;
export const STAGE_HEADER_BYTES = 112;
/** An account may grow by this in one instruction. */
export const GROWTH_BYTES = 10_240;
/** Bytes of a staged batch in one write. */
export const CHUNK_BYTES = 900;
/** Longest batch that a stage can hold. */
export const STAGE_CAPACITY_MAX = 72 * CHUNK_BYTES;
/** Entries of a batch that fit the compute units of a transaction as long as 64 bits do for their numbers; else fewer, see `batch-cost.ts`. */
export const BATCH_ENTRIES_MAX = 2_000;

/**
 * Longest batch in bytes for one transaction of 1,232 bytes with one signature, which sets limit and price of its compute units and
 * names its accounts in full. A lookup table gives about 90 bytes more, and 30 more for each page above one.
 */
export function batchRoomBytes(sections: number, pages: number): number {
  // Each market comes with its price account; an account takes 32 bytes and the byte that points to it.
  return 946 - 66 * sections - 33 * pages;
}
