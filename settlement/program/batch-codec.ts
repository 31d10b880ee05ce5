import { sha256 } from '@noble/hashes/sha2.js';
import {
  BATCH_HEADER_BYTES,
  BATCH_VERSION,
  type BatchEntry,
  type BatchSection,
  I64_MAX,
  I64_MIN,
  SECTION_HEADER_BYTES,
  SLOT_MAX,
  U16_MAX,
  U32_MAX,
  U64_MAX,
} from './batch.js';
import { ByteReader } from './byte-reader.js';
import { ByteWriter } from './byte-writer.js';
import { ProgramInputError } from './program-error.js';

/** Hash before the first batch. */
export const GENESIS_HASH: Readonly<Uint8Array> = new Uint8Array(32);

/**
 * Bytes of a batch, version 1: u8 version, u8 sections; per section u8 slot, i64 Δfees, i64 Δinsurance, i64 Δclearing, u64 grossLots,
 * u32 minPriceTicks, u32 maxPriceTicks, u32 fills, u16 entries; per entry varint(account − account before), then zigzag varints Δlots,
 * ΔentryTickLots, Δrealized, Δother. Little-endian. One batch has exactly one encoding, because its hash names it.
 * Throws `ProgramInputError` when a field is outside of its type, or slots or accounts do not ascend.
 */
export function encodeBatch(sections: readonly BatchSection[]): Uint8Array {
  const writer = new ByteWriter();
  inRange('sections', sections.length, 1, SLOT_MAX + 1);
  writer.u8(BATCH_VERSION);
  writer.u8(sections.length);
  let slotBefore = -1;
  for (const section of sections) {
    inRange('slot', section.slot, slotBefore + 1, SLOT_MAX);
    slotBefore = section.slot;
    writeSection(writer, section);
  }
  return writer.bytes();
}

/** The batch that `encodeBatch` wrote. Throws `ProgramInputError` for anything that `encodeBatch` would not have written. */
export function decodeBatch(bytes: Uint8Array): BatchSection[] {
  const reader = new ByteReader(bytes, 'batch');
  const version = reader.u8();
  if (version !== BATCH_VERSION) {
    throw new ProgramInputError('batch version', `must be ${BATCH_VERSION}, not ${version}`);
  }
  const count = reader.u8();
  inRange('sections', count, 1, SLOT_MAX + 1);
  const sections: BatchSection[] = [];
  let slotBefore = -1;
  for (let index = 0; index < count; index++) {
    const section = readSection(reader);
    inRange('slot', section.slot, slotBefore + 1, SLOT_MAX);
    slotBefore = section.slot;
    sections.push(section);
  }
  reader.end();
  return sections;
}

/** hash_n = sha256(hash_{n−1} ‖ sequence u64 ‖ bytes); `previous` is 32 bytes, zeros before the first batch. */
export function batchHash(
  previous: Readonly<Uint8Array>,
  sequence: bigint,
  bytes: Uint8Array,
): Uint8Array {
  inRange('previous hash bytes', previous.length, 32, 32);
  bigInRange('sequence', sequence, 1n, U64_MAX);
  const writer = new ByteWriter();
  writer.raw(previous);
  writer.u64(sequence);
  writer.raw(bytes);
  return sha256(writer.bytes());
}

/** Length of an entry's encoding in bytes, so that a batch can be filled up to what a transaction holds. */
export function entryBytes(entry: BatchEntry, accountBefore: number): number {
  const writer = new ByteWriter();
  writeEntry(writer, entry, accountBefore);
  return writer.bytes().length;
}

/** Length of a batch without its entries. */
export function headerBytes(sections: number): number {
  return BATCH_HEADER_BYTES + sections * SECTION_HEADER_BYTES;
}

function writeSection(writer: ByteWriter, section: BatchSection): void {
  writer.u8(section.slot);
  for (const field of ['feesMicroUsd', 'insuranceMicroUsd', 'clearingMicroUsd'] as const) {
    bigInRange(field, section[field], I64_MIN, I64_MAX);
    writer.i64(section[field]);
  }
  bigInRange('grossLots', section.grossLots, 0n, U64_MAX);
  writer.u64(section.grossLots);
  for (const field of ['minPriceTicks', 'maxPriceTicks', 'fills'] as const) {
    inRange(field, section[field], 0, U32_MAX);
    writer.u32(section[field]);
  }
  inRange('entries', section.entries.length, 0, U16_MAX);
  writer.u16(section.entries.length);
  let accountBefore = 0;
  for (const entry of section.entries) {
    writeEntry(writer, entry, accountBefore);
    accountBefore = entry.accountId;
  }
}

function writeEntry(writer: ByteWriter, entry: BatchEntry, accountBefore: number): void {
  inRange('accountId', entry.accountId, accountBefore + 1, U32_MAX);
  writer.varint(BigInt(entry.accountId - accountBefore));
  for (const field of entryFields) {
    bigInRange(field, entry[field], I64_MIN, I64_MAX);
    writer.zigzag(entry[field]);
  }
}

const entryFields = [
  'deltaLots',
  'deltaEntryTickLots',
  'realizedMicroUsd',
  'otherMicroUsd',
] as const;

function readSection(reader: ByteReader): BatchSection {
  const section: BatchSection = {
    slot: reader.u8(),
    feesMicroUsd: reader.i64(),
    insuranceMicroUsd: reader.i64(),
    clearingMicroUsd: reader.i64(),
    grossLots: reader.u64(),
    minPriceTicks: reader.u32(),
    maxPriceTicks: reader.u32(),
    fills: reader.u32(),
    entries: [],
  };
  const count = reader.u16();
  let accountBefore = 0;
  for (let index = 0; index < count; index++) {
    const step = reader.varint();
    bigInRange(
      'accountId',
      BigInt(accountBefore) + step,
      BigInt(accountBefore) + 1n,
      2n ** 32n - 1n,
    );
    accountBefore += Number(step);
    section.entries.push({
      accountId: accountBefore,
      deltaLots: reader.zigzag(),
      deltaEntryTickLots: reader.zigzag(),
      realizedMicroUsd: reader.zigzag(),
      otherMicroUsd: reader.zigzag(),
    });
  }
  return section;
}

function inRange(field: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new ProgramInputError(field, `must be a whole number ${least} to ${most}, not ${value}`);
}

function bigInRange(field: string, value: bigint, least: bigint, most: bigint): void {
  if (value >= least && value <= most) return;
  throw new ProgramInputError(field, `must be ${least} to ${most}, not ${value}`);
}
