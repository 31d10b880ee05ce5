import type { Attempt, SendOutcome } from './attempt.js';
import type { SendRequest, TransactionSender } from './sender.js';

/** What a transaction is for. */
export type Purpose =
  | 'settleBatch'
  | 'stageBatch'
  | 'commitBatch'
  | 'withdraw'
  | 'serveForced'
  | 'reduceForced'
  | 'transfer'
  | 'createAccounts'
  | 'createPage'
  | 'addMarket'
  | 'fundInsurance'
  | 'deposit'
  | 'administration';

/** Names a transaction for ever, whatever it is signed with. */
export interface TransactionName {
  purpose: Purpose;
  /** Batch, account, market or page. */
  reference: number;
  /** Where one thing takes several transactions; from 0. */
  part: number;
}

/** Where attempts are kept before they are sent: the ledger. */
export interface TransactionBook {
  /** Attempts of this transaction of which it is not known what became of them. */
  openAttempts(name: TransactionName): readonly Attempt[];
  /** Waited for: before an attempt is sent, and when its result is known. */
  note(name: TransactionName, attempt: Attempt): void | Promise<void>;
}

/** Keeps nothing: for what may be done twice without harm. */
export const noBook: TransactionBook = { openAttempts: () => [], note: () => {} };

/** Sends named transactions and writes all of it into the book. */
export class BookedSender {
  private readonly sender: TransactionSender;
  private readonly book: TransactionBook;

  constructor(sender: TransactionSender, book: TransactionBook) {
    this.sender = sender;
    this.book = book;
  }

  send(name: TransactionName, request: SendRequest, signal?: AbortSignal): Promise<SendOutcome> {
    return this.sender.send(request, {
      earlier: this.book.openAttempts(name),
      onAttempt: (attempt) => this.book.note(name, attempt),
      ...(signal === undefined ? {} : { signal }),
    });
  }
}

/** Said by outcomes that are no success, in one sentence. */
export function describeOutcome(outcome: Exclude<SendOutcome, { kind: 'executed' }>): string {
  switch (outcome.kind) {
    case 'failed':
      return `the chain executed it without success: ${outcome.error.sentence}`;
    case 'refused':
      return `the chain would refuse it: ${outcome.error.sentence}`;
    case 'expired':
      return `all ${outcome.attempts.length} attempts expired before the chain took one`;
    case 'unknown':
      return `it is not known what became of it: ${outcome.reason}`;
  }
}

/** A step that has to succeed did not. `outcome` tells whether it may be tried again. */
export class ChainStepError extends Error {
  override readonly name = 'ChainStepError';
  readonly outcome: Exclude<SendOutcome, { kind: 'executed' }>;

  constructor(label: string, outcome: Exclude<SendOutcome, { kind: 'executed' }>) {
    super(`${label}: ${describeOutcome(outcome)}`);
    this.outcome = outcome;
  }
}

/** The outcome when it is a success; throws ChainStepError otherwise. */
export function mustExecute(
  label: string,
  outcome: SendOutcome,
): Extract<SendOutcome, { kind: 'executed' }> {
  if (outcome.kind === 'executed') return outcome;
  throw new ChainStepError(label, outcome);
}
