import fc from 'fast-check';
import { type BatchEntry, type BatchSection, I64_MAX, I64_MIN, U32_MAX, U64_MAX } from './batch.js';

/** Numbers of all sizes, with the ends of the range: what a codec stumbles over. */
function anyI64(): fc.Arbitrary<bigint> {
  return fc.oneof(
    fc.bigInt({ min: -300n, max: 300n }),
    fc.bigInt({ min: I64_MIN, max: I64_MAX }),
    fc.constantFrom(I64_MIN, I64_MAX),
  );
}

function anyEntry(accountId: number): fc.Arbitrary<BatchEntry> {
  return fc.record({
    accountId: fc.constant(accountId),
    deltaLots: anyI64(),
    deltaEntryTickLots: anyI64(),
    realizedMicroUsd: anyI64(),
    otherMicroUsd: anyI64(),
  });
}

function anySection(slot: number): fc.Arbitrary<BatchSection> {
  const u32 = fc.integer({ min: 0, max: U32_MAX });
  const accounts = fc
    .uniqueArray(fc.integer({ min: 1, max: U32_MAX }), { maxLength: 12 })
    .map((ids) => ids.sort((a, b) => a - b));
  return fc.record({
    slot: fc.constant(slot),
    feesMicroUsd: anyI64(),
    insuranceMicroUsd: anyI64(),
    clearingMicroUsd: anyI64(),
    grossLots: fc.bigInt({ min: 0n, max: U64_MAX }),
    minPriceTicks: u32,
    maxPriceTicks: u32,
    fills: u32,
    entries: accounts.chain((ids) => fc.tuple(...ids.map(anyEntry))),
  });
}

/** Any batch that can be written, sensible or not. */
export function anyBatch(): fc.Arbitrary<BatchSection[]> {
  return fc
    .uniqueArray(fc.integer({ min: 0, max: 15 }), { minLength: 1, maxLength: 4 })
    .map((slots) => slots.sort((a, b) => a - b))
    .chain((slots) => fc.tuple(...slots.map(anySection)));
}
