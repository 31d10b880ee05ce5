/**
 * A batch of settlement: what each account of each market gained and owes since the batch before. It holds no deposits and no
 * withdrawals (these are instructions of their own), so that a batch can move money between accounts but never make any.
 */
export interface BatchSection {
  /** Place of the market on the chain, 0 … 15; ascending within a batch. */
  slot: number;
  feesMicroUsd: bigint;
  insuranceMicroUsd: bigint;
  clearingMicroUsd: bigint;
  /** Lots that changed hands, each counted once. */
  grossLots: bigint;
  /** Lowest and highest price of what changed hands; both 0 when nothing did. */
  minPriceTicks: number;
  maxPriceTicks: number;
  /** Fills and transfers in it: each may leave less than 2 micro-USD of dust in the clearing account. */
  fills: number;
  entries: BatchEntry[];
}

/** Changes of one account in one market. */
export interface BatchEntry {
  /** Account id of the engine, which is the row on the chain; ascending within a section. */
  accountId: number;
  deltaLots: bigint;
  deltaEntryTickLots: bigint;
  realizedMicroUsd: bigint;
  /** − fees − funding − payments to insurance; positive is money received. */
  otherMicroUsd: bigint;
}

export const BATCH_VERSION = 1;
export const SLOT_MAX = 15;
export const SECTION_HEADER_BYTES = 47;
export const BATCH_HEADER_BYTES = 2;
export const U16_MAX = 0xffff;
export const U32_MAX = 0xffff_ffff;
export const I64_MIN = -(2n ** 63n);
export const I64_MAX = 2n ** 63n - 1n;
export const U64_MAX = 2n ** 64n - 1n;
