import type { Attempt } from '../chain/attempt.js';
import type { TransactionBook, TransactionName } from '../chain/transaction-book.js';
import type { LedgerAttempt, Transactions } from '../ledger/transactions.js';

/** Keeps every attempt of a transaction in the ledger before it goes out. */
export class LedgerBook implements TransactionBook {
  private readonly transactions: Transactions;

  constructor(transactions: Transactions) {
    this.transactions = transactions;
  }

  openAttempts({ purpose, reference, part }: TransactionName): readonly Attempt[] {
    const known = this.transactions.find(purpose, reference, part);
    if (known === null) return [];
    const attempts = this.transactions.attempts(known.id);
    return attempts.filter(({ result }) => result === 'sent').map(asAttempt);
  }

  /** True: it was executed. What may be done only once is asked for here before it is sent again. */
  isDone({ purpose, reference, part }: TransactionName): boolean {
    return this.transactions.find(purpose, reference, part)?.state === 'confirmed';
  }

  note({ purpose, reference, part }: TransactionName, attempt: Attempt): void {
    const { signature, blockhash, result, slot, error } = attempt;
    const { id } = this.transactions.open(purpose, reference, part);
    this.transactions.addAttempt(id, {
      signature,
      blockhash,
      lastValidHeight: attempt.lastValidBlockHeight,
      priorityFeeMicroLamports: attempt.priorityFeeMicroLamports,
    });
    if (result === 'sending' || result === 'unknown') return;
    const details = attempt.details;
    this.transactions.endAttempt(signature, {
      result: result === 'executed' ? 'confirmed' : result,
      error: error?.sentence ?? null,
      chainSlot: slot,
      computeUnits: details?.computeUnits ?? null,
      feeLamports: details?.feeLamports ?? null,
    });
  }
}

/** The signed bytes are not kept: it can only be looked for, until its blockhash is past. */
function asAttempt(kept: LedgerAttempt): Attempt {
  return {
    number: kept.number,
    signature: kept.signature,
    blockhash: kept.blockhash,
    lastValidBlockHeight: kept.lastValidHeight,
    computeUnitLimit: 0,
    priorityFeeMicroLamports: kept.priorityFeeMicroLamports,
    wire: null,
    result: 'unknown',
    slot: null,
    error: null,
    details: null,
  };
}
