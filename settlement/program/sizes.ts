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
