import { randomInt } from 'node:crypto';
import { base58 } from '@scure/base';
import {
  type AddressLookupTableAccount,
  ComputeBudgetProgram,
  type Signer,
  type TransactionInstruction,
  TransactionMessage,
  VersionedTransaction,
} from '@solana/web3.js';
import type { Attempt, LandedDetails, SendOutcome } from './attempt.js';
import { type ChainError, readChainError } from './chain-error.js';
import { NoEndpointError } from './endpoint-fault.js';
import type { EndpointPool } from './endpoint-pool.js';
import { TRANSACTION_BYTES_MAX } from './limits.js';
import { sleep } from './sleep.js';
import { findFate } from './transaction-fate.js';

export interface SendRequest {
  /** What it is for, in reasons: "batch 17". */
  label: string;
  instructions: readonly TransactionInstruction[];
  /** Pays the fee; its signature names the transaction. */
  payer: Signer;
  /** The others that have to sign. */
  signers?: readonly Signer[];
  lookupTables?: readonly AddressLookupTableAccount[];
  /** Another request with the same content is another one, and not this one again. */
  isOneOfMany?: boolean;
  /** Measured by a simulation when missing. */
  computeUnitLimit?: number;
  /** Without simulation a transaction that must fail costs its fee; with it, one question more. Needs a limit. */
  skipSimulation?: boolean;
  /**
   * The program itself sees to it that this has its effect once, however often it lands. Then a new attempt is made although one of
   * earlier, of which the bytes were not kept, might still land: waiting until it cannot takes a minute.
   */
  isRepeatable?: boolean;
}

export interface SendOptions {
  /** Called before an attempt is sent, and again when its result is known. It is waited for: what it keeps is never behind the chain. */
  onAttempt?: (attempt: Attempt) => void | Promise<void>;
  /** Attempts of an earlier send of the same request whose result is not known. */
  earlier?: readonly Attempt[];
  /** Ends the waiting; the outcome is then `unknown`. */
  signal?: AbortSignal;
}

export interface SenderOptions {
  pollMs?: number;
  /** While nothing is heard of it, an attempt is sent again so often. */
  resendMs?: number;
  attemptsMax?: number;
  /** When so long nothing certain is heard of an attempt, the outcome is `unknown`. Longer than a blockhash lives. */
  unknownAfterMs?: number;
  /** Of the first attempt, for each compute unit; grows by the factor with each further one. */
  priorityFeeMicroLamports?: number;
  priorityFeeFactor?: number;
  priorityFeeMicroLamportsMax?: number;
  /** Called when endpoints contradict each other. */
  onDisagreement?: (sentence: string) => void;
}

/** The transaction does not fit: no chain takes it. */
export class TransactionTooLargeError extends Error {
  override readonly name = 'TransactionTooLargeError';
}

const NO_BLOCKHASH = base58.encode(new Uint8Array(32));
const UNITS_MAX = 1_400_000;
/** Micro-lamports a compute unit: at most 1,400 lamports for the largest transaction. */
const FEE_SPREAD = 1_000;
/** A blockhash lives for so many blocks. */
const BLOCKHASH_BLOCKS = 150;
const DEFAULTS = {
  pollMs: 400,
  resendMs: 2_000,
  attemptsMax: 5,
  unknownAfterMs: 180_000,
  priorityFeeMicroLamports: 1_000,
  priorityFeeFactor: 4,
  priorityFeeMicroLamportsMax: 5_000_000,
};

/**
 * Sends transactions until it is known what became of them. An attempt is only replaced when it can no
 * longer land, so a request is executed at most once; when that cannot be known the outcome says so.
 */
export class TransactionSender {
  private readonly pool: EndpointPool;
  private readonly options: SenderOptions & typeof DEFAULTS;

  constructor(pool: EndpointPool, options: SenderOptions = {}) {
    this.pool = pool;
    this.options = { ...DEFAULTS, ...options };
  }

  /** Never rejects for reasons of the chain. Rejects for a transaction that is too large, and when `onAttempt` does. */
  async send(request: SendRequest, options: SendOptions = {}): Promise<SendOutcome> {
    const attempts: Attempt[] = [...(options.earlier ?? [])];
    const isRepeatable = request.isRepeatable ?? false;
    const resumed = await this.resume(attempts, options, isRepeatable);
    if (resumed !== null) return resumed;
    const last = attempts.at(-1)?.number ?? 0;
    for (let number = last + 1; number <= last + this.options.attemptsMax; number++) {
      if (options.signal?.aborted === true) break;
      try {
        const units = await this.measure(request);
        if (typeof units !== 'number') return { kind: 'refused', error: units, attempts };
        const attempt = await this.sign(request, number, units);
        attempts.push(attempt);
        await options.onAttempt?.({ ...attempt });
        const outcome = await this.drive(attempt, attempts, options);
        if (outcome !== null) return outcome;
      } catch (error) {
        // Whatever was sent before has expired: nothing is on its way, and nothing was done.
        if (error instanceof NoEndpointError) {
          return { kind: 'unknown', attempts, reason: error.message };
        }
        throw error;
      }
    }
    if (attempts.every(({ result }) => result === 'expired')) return { kind: 'expired', attempts };
    return { kind: 'unknown', attempts, reason: 'the waiting was ended' };
  }

  /**
   * Finds out what became of attempts of earlier, sending those again that can still land. Null: all
   * have expired for certain (or there are none). With `isRepeatable` attempts without bytes are only
   * looked for once.
   */
  async resume(
    attempts: readonly Attempt[],
    options: SendOptions = {},
    isRepeatable = false,
  ): Promise<SendOutcome | null> {
    for (const attempt of attempts) {
      if (attempt.result === 'expired') continue;
      if (isRepeatable && attempt.wire === null) {
        const fate = await findFate(this.pool, attempt);
        if (fate.kind === 'pending') continue;
      }
      const outcome = await this.drive(attempt, attempts, options);
      if (outcome !== null) return outcome;
    }
    return null;
  }

  /** Sends one attempt until its fate is known. Null: it has expired for certain. */
  private async drive(
    attempt: Attempt,
    attempts: readonly Attempt[],
    { onAttempt, signal }: SendOptions,
  ): Promise<SendOutcome | null> {
    const { pollMs, resendMs, unknownAfterMs } = this.options;
    const untilMs = performance.now() + unknownAfterMs;
    let sentAtMs = Number.NEGATIVE_INFINITY;
    for (let reason = 'nothing certain was heard of it'; ; ) {
      if (signal?.aborted === true || performance.now() > untilMs) {
        attempt.result = 'unknown';
        await onAttempt?.({ ...attempt });
        return { kind: 'unknown', attempts, reason };
      }
      if (performance.now() - sentAtMs >= resendMs) {
        sentAtMs = performance.now();
        if (attempt.wire !== null) await this.pass(attempt.wire);
      }
      const fate = await findFate(this.pool, attempt);
      if (fate.kind === 'landed') return this.finish(attempt, fate.slot, fate.err, onAttempt);
      if (fate.kind === 'expired') {
        attempt.result = 'expired';
        await onAttempt?.({ ...attempt });
        return null;
      }
      if (fate.disagreement !== null) {
        reason = `the endpoints contradict each other: ${fate.disagreement}`;
        this.options.onDisagreement?.(`${attempt.signature}: ${fate.disagreement}`);
      }
      await sleep(pollMs, signal);
    }
  }

  /** Whatever comes back, it may have arrived: only its fate counts. */
  private async pass(wire: Uint8Array): Promise<void> {
    const options = { skipPreflight: true, maxRetries: 0 };
    await this.pool.askAll((connection) => connection.sendRawTransaction(wire, options));
  }

  private async finish(
    attempt: Attempt,
    slot: number,
    err: unknown,
    onAttempt: SendOptions['onAttempt'],
  ): Promise<SendOutcome> {
    const details = await this.detailsOf(attempt.signature);
    attempt.slot = slot;
    attempt.details = details;
    attempt.result = err === null ? 'executed' : 'failed';
    attempt.error = err === null ? null : readChainError(err, details.logs);
    await onAttempt?.({ ...attempt });
    if (attempt.error === null) return { kind: 'executed', attempt, slot, details };
    return { kind: 'failed', attempt, slot, error: attempt.error, details };
  }

  /** For the books and for people only, hence of any endpoint. */
  private async detailsOf(signature: string): Promise<LandedDetails> {
    const commitment = this.pool.commitment === 'finalized' ? 'finalized' : 'confirmed';
    const config = { commitment, maxSupportedTransactionVersion: 0 } as const;
    const question = this.pool.ask((connection) => connection.getTransaction(signature, config));
    const found = await question.catch(() => null);
    return {
      feeLamports: found?.meta?.fee ?? null,
      computeUnits: found?.meta?.computeUnitsConsumed ?? null,
      logs: found?.meta?.logMessages ?? [],
    };
  }

  /** Compute units to ask for, or why the chain would refuse. Nothing is sent. */
  private async measure(request: SendRequest): Promise<number | ChainError> {
    const { computeUnitLimit, skipSimulation = false } = request;
    const transaction = compile(request, NO_BLOCKHASH, UNITS_MAX, 1);
    if (skipSimulation && computeUnitLimit !== undefined) return computeUnitLimit;
    const { value } = await this.pool.ask((connection) =>
      connection.simulateTransaction(transaction, {
        replaceRecentBlockhash: true,
        sigVerify: false,
        // What is final may be seconds old: the transaction may build on one of a moment ago.
        commitment: 'processed',
      }),
    );
    if (value.err !== null) return readChainError(value.err, value.logs ?? []);
    if (computeUnitLimit !== undefined) return computeUnitLimit;
    return Math.min(UNITS_MAX, Math.ceil((value.unitsConsumed ?? UNITS_MAX) * 1.2) + 2_000);
  }

  private async sign(request: SendRequest, number: number, units: number): Promise<Attempt> {
    const { priorityFeeMicroLamports, priorityFeeFactor, priorityFeeMicroLamportsMax } =
      this.options;
    const grown = Math.round(priorityFeeMicroLamports * priorityFeeFactor ** (number - 1));
    // Two equal requests within one blockhash would be one transaction: the last digits of the fee tell them apart.
    const fee =
      Math.min(priorityFeeMicroLamportsMax, grown) +
      (request.isOneOfMany ? randomInt(FEE_SPREAD) : 0);
    const { blockhash, lastValidBlockHeight } = await this.freshBlockhash();
    const transaction = compile(request, blockhash, units, fee);
    transaction.sign([request.payer, ...(request.signers ?? [])]);
    const wire = transaction.serialize();
    if (wire.length > TRANSACTION_BYTES_MAX) throw tooLarge(request, wire.length);
    return {
      number,
      signature: base58.encode(transaction.signatures[0] as Uint8Array),
      blockhash,
      lastValidBlockHeight,
      computeUnitLimit: units,
      priorityFeeMicroLamports: fee,
      wire,
      result: 'sending',
      slot: null,
      error: null,
      details: null,
    };
  }

  /** With a height that is too low an attempt would be given up while it lives: the highest that any endpoint implies counts. */
  private async freshBlockhash(): Promise<{ blockhash: string; lastValidBlockHeight: number }> {
    const latest = await this.pool.ask((connection) => connection.getLatestBlockhash('confirmed'));
    if (this.pool.size === 1) return latest;
    const heights = await this.pool.askAll((connection) => connection.getBlockHeight('confirmed'));
    const bounds = heights.map(({ answer }) => answer + BLOCKHASH_BLOCKS);
    const lastValidBlockHeight = Math.max(latest.lastValidBlockHeight, ...bounds);
    return { blockhash: latest.blockhash, lastValidBlockHeight };
  }
}

/** Bytes of the signed transaction; throws TransactionTooLargeError when it does not fit one. */
export function transactionBytes(request: SendRequest): number {
  const { message } = compile(request, NO_BLOCKHASH, UNITS_MAX, 1);
  return message.serialize().length + 1 + 64 * message.header.numRequiredSignatures;
}

function compile(
  request: SendRequest,
  recentBlockhash: string,
  units: number,
  microLamports: number,
): VersionedTransaction {
  const instructions = [
    ComputeBudgetProgram.setComputeUnitLimit({ units }),
    ComputeBudgetProgram.setComputeUnitPrice({ microLamports }),
    ...request.instructions,
  ];
  const payerKey = request.payer.publicKey;
  const message = new TransactionMessage({ payerKey, recentBlockhash, instructions });
  try {
    const compiled = message.compileToV0Message([...(request.lookupTables ?? [])]);
    const bytes = compiled.serialize().length + 1 + 64 * compiled.header.numRequiredSignatures;
    if (bytes > TRANSACTION_BYTES_MAX) throw tooLarge(request, bytes);
    return new VersionedTransaction(compiled);
  } catch (error) {
    // web3.js writes into a buffer of the size of a packet and then runs over its end.
    if (error instanceof RangeError) throw tooLarge(request, null);
    throw error;
  }
}

function tooLarge({ label }: SendRequest, bytes: number | null): TransactionTooLargeError {
  const has = bytes === null ? 'more' : String(bytes);
  return new TransactionTooLargeError(
    `${label}: the transaction has ${has} bytes; at most ${TRANSACTION_BYTES_MAX} are allowed`,
  );
}
