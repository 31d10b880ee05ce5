import {
  type AccountMeta,
  type PublicKey,
  SystemProgram,
  type TransactionInstruction,
} from '@solana/web3.js';
import { marketAddress, pageAddress, pageNumberOf, stageAddress } from './addresses.js';
import type { BatchSection } from './batch.js';
import { buildInstruction, payer, readOnly, signer, writable } from './instruction.js';
import { ProgramInputError } from './program-error.js';
import { CHUNK_BYTES, GROWTH_BYTES, STAGE_CAPACITY_MAX, STAGE_HEADER_BYTES } from './sizes.js';

/** A batch and where it belongs. */
export interface BatchPlace {
  exchange: PublicKey;
  operator: PublicKey;
  sequence: bigint;
  /** Hash of the batch before; 32 zeros before the first. */
  previousHash: Uint8Array;
  /** What `encodeBatch` made of `sections`. */
  bytes: Uint8Array;
  sections: readonly BatchSection[];
  /** Price account of each market in the batch, by slot. */
  priceAccounts: ReadonlyMap<number, PublicKey>;
}

/** Settles a batch that fits one transaction. Sent again after it was settled, it changes nothing. */
export function settleBatch(batch: BatchPlace): TransactionInstruction {
  const keys = [signer(batch.operator), writable(batch.exchange), ...batchKeys(batch)];
  return buildInstruction('settle_batch', keys, (writer) => {
    writer.u64(batch.sequence);
    writer.raw(batch.previousHash.slice(0, 8));
    writer.u32(batch.bytes.length);
    writer.raw(batch.bytes);
  });
}

/**
 * Settles a staged batch at once, when all of its chunks are there. `hash` is the batch's own. Sent again after it was settled, it
 * changes nothing.
 */
export function commitStage(
  batch: BatchPlace & { index: number; hash: Uint8Array },
): TransactionInstruction {
  const keys = [
    signer(batch.operator),
    writable(batch.exchange),
    writable(stageAddress(batch.exchange, batch.index)),
    ...batchKeys(batch),
  ];
  return buildInstruction('commit_stage', keys, (writer) => {
    writer.u64(batch.sequence);
    writer.raw(batch.previousHash.slice(0, 8));
    writer.raw(batch.hash);
  });
}

/** One instruction of a stage that the operator uses. */
export interface StagePlace {
  exchange: PublicKey;
  operator: PublicKey;
  index: number;
}

/** Makes a stage with room for `capacityBytes`, rounded up to what its steps can reach; all instructions fit one transaction. */
export function openStage(of: StagePlace & { capacityBytes: number }): TransactionInstruction[] {
  const { capacityBytes } = of;
  if (!(capacityBytes >= 1 && capacityBytes <= STAGE_CAPACITY_MAX)) {
    throw new ProgramInputError(
      'capacityBytes',
      `must be 1 to ${STAGE_CAPACITY_MAX}, not ${capacityBytes}`,
    );
  }
  const stage = stageAddress(of.exchange, of.index);
  const keys = [
    payer(of.operator),
    readOnly(of.exchange),
    writable(stage),
    readOnly(SystemProgram.programId),
  ];
  const open = buildInstruction('open_stage', keys, (writer) => {
    writer.u8(of.index);
    writer.u32(capacityBytes);
  });
  // The instruction that makes the account gives it the header only; its growth counts from there.
  const steps = Math.ceil((STAGE_HEADER_BYTES + capacityBytes) / GROWTH_BYTES);
  const grow = Array.from({ length: steps }, () =>
    buildInstruction('grow_stage', [writable(stage)]),
  );
  return [open, ...grow];
}

/** Announces a batch. Sent again for the same batch, what was written stays. */
export function beginStage(
  of: StagePlace & { sequence: bigint; length: number; hash: Uint8Array },
): TransactionInstruction {
  return buildInstruction('begin_stage', stageKeys(of), (writer) => {
    writer.u64(of.sequence);
    writer.u32(of.length);
    writer.raw(of.hash);
  });
}

/** The writes of a batch, in any order, each in a transaction of its own; sending one twice is harmless. */
export function writeStage(
  of: StagePlace & { sequence: bigint; bytes: Uint8Array },
): TransactionInstruction[] {
  const writes: TransactionInstruction[] = [];
  for (let start = 0; start < of.bytes.length; start += CHUNK_BYTES) {
    const chunk = of.bytes.slice(start, start + CHUNK_BYTES);
    const write = buildInstruction('write_stage', stageKeys(of), (writer) => {
      writer.u64(of.sequence);
      writer.u8(writes.length);
      writer.u32(chunk.length);
      writer.raw(chunk);
    });
    writes.push(write);
  }
  return writes;
}

/** Forgets what is in the stage. */
export function abortStage(of: StagePlace): TransactionInstruction {
  return buildInstruction('abort_stage', stageKeys(of));
}

/** Gives the rent of an empty stage back to the operator. */
export function closeStage(of: StagePlace): TransactionInstruction {
  return buildInstruction('close_stage', stageKeys(of));
}

/** Numbers of the pages that a batch touches, ascending. A transaction holds 64 accounts, a batch thus about 50 pages. */
export function pagesOf(sections: readonly BatchSection[]): number[] {
  const numbers = new Set<number>();
  for (const { entries } of sections) {
    for (const { accountId } of entries) numbers.add(pageNumberOf(accountId));
  }
  return [...numbers].sort((a, b) => a - b);
}

function batchKeys(batch: BatchPlace): AccountMeta[] {
  const keys: AccountMeta[] = [];
  for (const { slot } of batch.sections) {
    const priceAccount = batch.priceAccounts.get(slot);
    if (priceAccount === undefined) {
      throw new ProgramInputError('priceAccounts', `has no price account for slot ${slot}`);
    }
    keys.push(writable(marketAddress(batch.exchange, slot)), readOnly(priceAccount));
  }
  for (const number of pagesOf(batch.sections))
    keys.push(writable(pageAddress(batch.exchange, number)));
  return keys;
}

function stageKeys(of: StagePlace): AccountMeta[] {
  return [payer(of.operator), readOnly(of.exchange), writable(stageAddress(of.exchange, of.index))];
}
