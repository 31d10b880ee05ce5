import type { ChainError } from './chain-error.js';

/** One signed transaction that was sent for a request; a later one replaces it only when it can no longer land. */
export interface Attempt {
  /** From 1, over all attempts of the request. */
  number: number;
  signature: string;
  blockhash: string;
  lastValidBlockHeight: number;
  computeUnitLimit: number;
  priorityFeeMicroLamports: number;
  /** The signed transaction, to send it again; null: it was not kept, so it can only be looked for. */
  wire: Uint8Array | null;
  result: 'sending' | 'executed' | 'failed' | 'expired' | 'unknown';
  /** Of the block that took it in. */
  slot: number | null;
  /** Of an attempt that failed on the chain. */
  error: ChainError | null;
  /** Of an attempt that landed. */
  details: LandedDetails | null;
}

/** What the chain tells of a transaction that it took in; null where no endpoint had it. */
export interface LandedDetails {
  feeLamports: number | null;
  computeUnits: number | null;
  logs: readonly string[];
}

export type SendOutcome =
  /** Executed, and believed. */
  | { kind: 'executed'; attempt: Attempt; slot: number; details: LandedDetails }
  /** Taken in, charged for, without effect. The same again would fail again. */
  | { kind: 'failed'; attempt: Attempt; slot: number; error: ChainError; details: LandedDetails }
  /** A simulation failed: nothing was sent that is still alive, but for earlier attempts that a repeatable request did not wait for. */
  | { kind: 'refused'; error: ChainError; attempts: readonly Attempt[] }
  /** Every attempt has expired for certain: nothing has happened and nothing will. */
  | { kind: 'expired'; attempts: readonly Attempt[] }
  /** It may have happened, or may still happen: ask again with these attempts. */
  | { kind: 'unknown'; attempts: readonly Attempt[]; reason: string };
