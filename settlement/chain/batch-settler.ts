import { Buffer } from 'node:buffer';
import type { Keypair, PublicKey, TransactionInstruction } from '@solana/web3.js';
import type { BatchSection } from '../program/batch.js';
import { batchHash, decodeBatch } from '../program/batch-codec.js';
import {
  abortStage,
  type BatchPlace,
  beginStage,
  commitStage,
  openStage,
  settleBatch,
  writeStage,
} from '../program/batch-instructions.js';
import { failureOfLogs, type ProgramFailure } from '../program/failures.js';
import { CHUNK_BYTES, STAGE_CAPACITY_MAX } from '../program/sizes.js';
import type { LandedDetails, SendOutcome } from './attempt.js';
import type { ChainReader } from './chain-reader.js';
import { NoEndpointError } from './endpoint-fault.js';
import { TRANSACTION_BYTES_MAX } from './limits.js';
import { type SendRequest, TransactionTooLargeError, transactionBytes } from './sender.js';
import { sleep } from './sleep.js';
import {
  type BookedSender,
  ChainStepError,
  describeOutcome,
  mustExecute,
  type Purpose,
} from './transaction-book.js';

export interface BatchToSettle {
  /** From 1 without a gap. */
  sequence: number;
  previousHash: Uint8Array;
  /** As `encodeBatch` made them. */
  bytes: Uint8Array;
}

/**
 * `settled`: the chain has this batch; `isRepeat` when it had it before. `halted`: it has another batch under this number.
 * `notYet`: it does not have the batch, and the same may be tried again: `mayBeUnderWay` tells whether it can still
 * arrive by itself. `refused`: the program does not take it as things are.
 */
export type SettleOutcome =
  | { kind: 'settled'; isRepeat: boolean; transactions: number; details: LandedDetails | null }
  | { kind: 'halted'; reason: string }
  | { kind: 'notYet'; mayBeUnderWay: boolean; reason: string }
  | { kind: 'refused'; failure: ProgramFailure | null; reason: string };

/** A write does the same whatever it holds; batches are measured. */
const WRITE_UNITS = 30_000;
const WRITES_AT_ONCE = 8;
/** How long the state may be behind. */
const LOOKS = 10;
const LOOK_MS = 200;

/**
 * Brings batches onto the chain: in one transaction when it fits, otherwise staged piece by piece and
 * then committed at once. Every step looks at the chain first, so it can be broken off anywhere and begun again: what is
 * written is not written again, and what is settled stays settled once.
 */
export class BatchSettler {
  private readonly reader: ChainReader;
  private readonly sender: BookedSender;
  private readonly operator: Keypair;
  private readonly priceAccountOf: (slot: number) => Promise<PublicKey>;
  private readonly stageIndex: number;

  constructor(
    reader: ChainReader,
    sender: BookedSender,
    operator: Keypair,
    priceAccountOf: (slot: number) => Promise<PublicKey>,
    stageIndex = 0,
  ) {
    this.reader = reader;
    this.sender = sender;
    this.operator = operator;
    this.priceAccountOf = priceAccountOf;
    this.stageIndex = stageIndex;
  }

  /** Rejects with ProgramInputError for bytes that are no batch, and with NoEndpointError. */
  async settle(batch: BatchToSettle, signal?: AbortSignal): Promise<SettleOutcome> {
    const sections = decodeBatch(batch.bytes);
    const hash = batchHash(batch.previousHash, BigInt(batch.sequence), batch.bytes);
    const before = await this.verdict(batch.sequence, hash);
    if (before !== null) return before;
    const place = await this.placeOf(batch, sections);
    try {
      const single = this.request(`batch ${batch.sequence}`, [settleBatch(place)]);
      const fits = doesFit(single);
      const outcome = fits
        ? await this.send('settleBatch', batch.sequence, 0, single, signal)
        : await this.settleStaged(place, hash, signal);
      const parts = fits ? 1 : piecesOf(batch.bytes) + 2;
      return await this.conclude(batch.sequence, hash, outcome, parts);
    } catch (error) {
      if (error instanceof TransactionTooLargeError) {
        return { kind: 'refused', failure: null, reason: error.message };
      }
      if (!(error instanceof ChainStepError)) throw error;
      return this.conclude(batch.sequence, hash, error.outcome, 0);
    }
  }

  /** What the chain already says; null: it waits for this batch, or it is not certain what it says. */
  private async verdict(sequence: number, hash: Uint8Array): Promise<SettleOutcome | null> {
    const state = await this.reader.agreedState();
    if (state === 'uncertain') return null;
    if (state === null) return notYet('the exchange is not initialised');
    if (state.status === 'halted') return { kind: 'halted', reason: 'the exchange is halted' };
    const last = Number(state.lastSequence);
    if (last < sequence - 1) {
      return notYet(`the chain waits for batch ${last + 1}, not for ${sequence}`);
    }
    if (last < sequence) return null;
    const isThis = last > sequence || Buffer.compare(state.lastHash, hash) === 0;
    if (isThis) return { kind: 'settled', isRepeat: true, transactions: 0, details: null };
    const found = Buffer.from(state.lastHash).toString('hex');
    const own = Buffer.from(hash).toString('hex');
    const reason = `the chain has batch ${sequence} with hash ${found}, not ${own}`;
    return { kind: 'halted', reason };
  }

  /** Whatever was said of the transaction, the chain's own state decides. */
  private async conclude(
    sequence: number,
    hash: Uint8Array,
    outcome: SendOutcome,
    transactions: number,
  ): Promise<SettleOutcome> {
    const isExecuted = outcome.kind === 'executed';
    const isUnderWay = isExecuted || (outcome.kind === 'unknown' && outcome.attempts.length > 0);
    try {
      // An endpoint may be behind the ones that were believed when they said that it was executed.
      for (let look = 0; look < (isExecuted ? LOOKS : 1); look++) {
        if (look > 0) await sleep(LOOK_MS);
        const after = await this.verdict(sequence, hash);
        if (after?.kind === 'halted') return after;
        if (after?.kind !== 'settled') continue;
        const details = isExecuted ? outcome.details : null;
        return { kind: 'settled', isRepeat: false, transactions, details };
      }
    } catch (error) {
      if (!(error instanceof NoEndpointError)) throw error;
      return notYet(error.message, isUnderWay);
    }
    if (isExecuted)
      return notYet(`batch ${sequence} was executed, but the state does not say so`, true);
    const reason = describeOutcome(outcome);
    if (outcome.kind === 'unknown' || outcome.kind === 'expired') return notYet(reason, isUnderWay);
    return { kind: 'refused', failure: failureOfLogs(outcome.error.logs), reason };
  }

  private async settleStaged(
    place: BatchPlace,
    hash: Uint8Array,
    signal: AbortSignal | undefined,
  ): Promise<SendOutcome> {
    const sequence = Number(place.sequence);
    const stagePlace = {
      exchange: place.exchange,
      operator: place.operator,
      index: this.stageIndex,
    };
    const written = await this.prepareStage(place, hash, signal);
    const writes = writeStage({ ...stagePlace, sequence: place.sequence, bytes: place.bytes });
    const missing = writes.map((_write, part) => part).filter((part) => !written.has(part));
    const lane = async () => {
      for (let part = missing.shift(); part !== undefined; part = missing.shift()) {
        const label = `batch ${sequence}, piece ${part}`;
        const request = {
          ...this.request(label, [writes[part] as TransactionInstruction], WRITE_UNITS),
          skipSimulation: true,
        };
        mustExecute(label, await this.send('stageBatch', sequence, part + 1, request, signal));
      }
    };
    await Promise.all(Array.from({ length: WRITES_AT_ONCE }, lane));
    const commit = commitStage({ ...place, index: this.stageIndex, hash });
    const request = this.request(`commit of batch ${sequence}`, [commit]);
    return this.send('commitBatch', sequence, 0, request, signal);
  }

  /** Makes the stage ready for the batch and tells which pieces are in it already. */
  private async prepareStage(
    place: BatchPlace,
    hash: Uint8Array,
    signal: AbortSignal | undefined,
  ): Promise<Set<number>> {
    const { exchange, operator, bytes } = place;
    const sequence = Number(place.sequence);
    const stagePlace = { exchange, operator, index: this.stageIndex };
    let stage = await this.reader.stage(this.stageIndex);
    if (stage === null) {
      const steps = openStage({ ...stagePlace, capacityBytes: STAGE_CAPACITY_MAX });
      const request = this.request('opening the stage', steps);
      mustExecute(
        request.label,
        await this.send('administration', this.stageIndex, 0, request, signal),
      );
      stage = await this.reader.stage(this.stageIndex);
    }
    const isThis = (one: typeof stage) =>
      one?.isFilling === true &&
      Number(one.sequence) === sequence &&
      one.length === bytes.length &&
      Buffer.compare(one.hash, hash) === 0;
    if (isThis(stage)) return new Set(stage?.written);
    // What is in it now can be another try of this sequence that was never settled.
    const steps = stage?.isFilling === true ? [abortStage(stagePlace)] : [];
    const begin = beginStage({
      ...stagePlace,
      sequence: place.sequence,
      length: bytes.length,
      hash,
    });
    const request = this.request(`beginning of batch ${sequence}`, [...steps, begin]);
    mustExecute(request.label, await this.send('stageBatch', sequence, 0, request, signal));
    return new Set();
  }

  private async placeOf(
    { sequence, previousHash, bytes }: BatchToSettle,
    sections: readonly BatchSection[],
  ): Promise<BatchPlace> {
    const priceAccounts = new Map<number, PublicKey>();
    for (const { slot } of sections) priceAccounts.set(slot, await this.priceAccountOf(slot));
    return {
      exchange: this.reader.exchange,
      operator: this.operator.publicKey,
      sequence: BigInt(sequence),
      previousHash,
      bytes,
      sections,
      priceAccounts,
    };
  }

  private request(
    label: string,
    instructions: TransactionInstruction[],
    computeUnitLimit?: number,
  ): SendRequest {
    const limit = computeUnitLimit === undefined ? {} : { computeUnitLimit };
    return { label, payer: this.operator, instructions, isRepeatable: true, ...limit };
  }

  private send(
    purpose: Purpose,
    reference: number,
    part: number,
    request: SendRequest,
    signal: AbortSignal | undefined,
  ): Promise<SendOutcome> {
    return this.sender.send({ purpose, reference, part }, request, signal);
  }
}

function piecesOf(bytes: Uint8Array): number {
  return Math.ceil(bytes.length / CHUNK_BYTES);
}

function doesFit(request: SendRequest): boolean {
  try {
    return transactionBytes(request) <= TRANSACTION_BYTES_MAX;
  } catch (error) {
    if (error instanceof TransactionTooLargeError) return false;
    throw error;
  }
}

function notYet(reason: string, mayBeUnderWay = false): SettleOutcome {
  return { kind: 'notYet', mayBeUnderWay, reason };
}
