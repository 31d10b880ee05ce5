import type { PublicKey } from '@solana/web3.js';
import { PROGRAM_ID } from '../program/addresses.js';
import { batchHash, GENESIS_HASH } from '../program/batch-codec.js';
import { ByteReader } from '../program/byte-reader.js';
import { discriminator, startsWith } from '../program/discriminator.js';
import { decodeEvents } from '../program/events.js';
import { CHUNK_BYTES } from '../program/sizes.js';
import { AddressScanner, type DecodedLogs, type ScannedInstruction } from './address-scanner.js';
import type { EndpointPool } from './endpoint-pool.js';

/** A batch as the chain itself tells it, with nothing of anybody's ledger. */
export interface SettledBatch {
  sequence: number;
  hash: Uint8Array;
  previousHash: Uint8Array;
  bytes: Uint8Array;
  /** Of the transaction that settled it. */
  signature: string;
  chainSlot: number;
}

/** The history on the chain is not what the program would have made. */
export class BatchHistoryError extends Error {
  override readonly name = 'BatchHistoryError';
}

/** What a transaction did with batches, in order: pieces that were written, then at most one batch that was settled. */
type BatchStep =
  | { kind: 'piece'; sequence: number; number: number; bytes: Uint8Array }
  | { kind: 'settled'; sequence: number; hash: Uint8Array; bytes: Uint8Array | null };

const SETTLE = discriminator('global', 'settle_batch');
const WRITE = discriminator('global', 'write_stage');
/** Name of the instruction, then the sequence. */
const SEQUENCE_AT = 8;

/**
 * All batches of an exchange from the first on, with their bytes out of the transactions that brought
 * them. Each is checked against the hash in the program's event and the batch before it. Throws
 * BatchHistoryError where they do not fit, and when the chain's history cannot be read to its end.
 */
export async function* settledBatches(
  pool: EndpointPool,
  exchange: PublicKey,
): AsyncGenerator<SettledBatch> {
  const decode = (logs: readonly string[], instructions: readonly ScannedInstruction[]) =>
    stepsOf(exchange, logs, instructions);
  const scanner = new AddressScanner<BatchStep>({ pool, address: exchange, decode });
  const pieces = new Map<number, Map<number, Uint8Array>>();
  let previousHash: Uint8Array = GENESIS_HASH as Uint8Array;
  let cursor = null;
  for (let isAtEnd = false; !isAtEnd; ) {
    const result = await scanner.scan(cursor);
    for (const { event, signature, slot } of result.events) {
      const { sequence } = event;
      if (event.kind === 'piece') {
        const known = pieces.get(sequence) ?? new Map<number, Uint8Array>();
        pieces.set(sequence, known.set(event.number, event.bytes));
        continue;
      }
      const bytes = event.bytes ?? assemble(sequence, event.hash, previousHash, pieces);
      checkHash(sequence, event.hash, batchHash(previousHash, BigInt(sequence), bytes));
      const { hash } = event;
      yield { sequence, hash, previousHash, bytes, signature, chainSlot: slot };
      previousHash = hash;
      pieces.delete(sequence);
    }
    const unreadable = result.unreadable[0];
    if (unreadable !== undefined) {
      throw new BatchHistoryError(`transaction ${unreadable.signature}: ${unreadable.reason}`);
    }
    const hasMoved = result.cursor?.signature !== (cursor as typeof result.cursor)?.signature;
    if (result.stoppedBecause !== '' && !hasMoved) {
      throw new BatchHistoryError(`the history cannot be read on: ${result.stoppedBecause}`);
    }
    cursor = result.cursor;
    isAtEnd = result.stoppedBecause === '';
  }
}

function stepsOf(
  exchange: PublicKey,
  logs: readonly string[],
  instructions: readonly ScannedInstruction[],
): DecodedLogs<BatchStep> {
  const own = instructions.filter(({ programId }) => programId === PROGRAM_ID.toBase58());
  const steps: BatchStep[] = [];
  for (const { data } of own) if (startsWith(data, WRITE)) steps.push(readPiece(data));
  const { events, isTruncated } = decodeEvents(logs);
  for (const event of events) {
    if (event.kind !== 'batchSettled' || !event.exchange.equals(exchange)) continue;
    const sequence = Number(event.sequence);
    // The repetition of a batch is an instruction too, but has no event.
    const settle = own.find(
      ({ data }) => startsWith(data, SETTLE) && sequenceOf(data) === sequence,
    );
    const bytes = settle === undefined ? null : readSettled(settle.data);
    steps.push({ kind: 'settled', sequence, hash: event.hash, bytes });
  }
  return { events: steps, isTruncated };
}

function sequenceOf(data: Uint8Array): number {
  const reader = new ByteReader(data, 'instruction');
  reader.skip(SEQUENCE_AT);
  return Number(reader.u64());
}

/** Arguments: sequence u64, first 8 bytes of the previous hash, length u32, bytes. */
function readSettled(data: Uint8Array): Uint8Array {
  const reader = new ByteReader(data, 'settle_batch');
  reader.skip(SEQUENCE_AT + 16);
  return reader.raw(reader.u32());
}

/** Arguments: sequence u64, chunk u8, length u32, bytes. */
function readPiece(data: Uint8Array): BatchStep {
  const reader = new ByteReader(data, 'write_stage');
  reader.skip(SEQUENCE_AT);
  const sequence = Number(reader.u64());
  const number = reader.u8();
  return { kind: 'piece', sequence, number, bytes: reader.raw(reader.u32()) };
}

/** Pieces of a longer try of the same number may be left over: the hash tells where the batch ends. */
function assemble(
  sequence: number,
  hash: Uint8Array,
  previousHash: Uint8Array,
  pieces: ReadonlyMap<number, ReadonlyMap<number, Uint8Array>>,
): Uint8Array {
  const known = pieces.get(sequence) ?? new Map<number, Uint8Array>();
  let bytes = Buffer.alloc(0);
  for (let number = 0; ; number++) {
    const piece = known.get(number);
    if (piece === undefined) break;
    bytes = Buffer.concat([bytes, piece]);
    const isLast = piece.length < CHUNK_BYTES || !known.has(number + 1);
    const fits = Buffer.compare(batchHash(previousHash, BigInt(sequence), bytes), hash) === 0;
    if (isLast || fits) break;
  }
  return bytes;
}

function checkHash(sequence: number, told: Uint8Array, computed: Uint8Array): void {
  if (Buffer.compare(told, computed) === 0) return;
  const [there, here] = [told, computed].map((hash) => Buffer.from(hash).toString('hex'));
  const sentence = `the program says hash ${there}, its transactions give ${here}`;
  throw new BatchHistoryError(`batch ${sequence}: ${sentence}`);
}
