import type { Statement } from 'better-sqlite3';
import type { LedgerDatabase } from './database.js';
import { LedgerStateError } from './errors.js';

/** What a transaction is for; `reference` says which: batch, withdrawal, market, first account of a group, payment into a fund. */
export type TransactionPurpose =
  | 'settleBatch'
  | 'stageBatch'
  | 'commitBatch'
  | 'withdraw'
  | 'createAccounts'
  | 'createPage'
  | 'addMarket'
  | 'fundInsurance'
  | 'deposit'
  | 'serveForced'
  | 'reduceForced'
  | 'transfer'
  | 'administration';

export interface LedgerTransaction {
  readonly id: number;
  readonly purpose: TransactionPurpose;
  readonly reference: number;
  /** Number of the piece, where one thing takes several transactions; from 0. */
  readonly part: number;
  readonly state: 'open' | 'confirmed' | 'abandoned';
  readonly createdAtMs: number;
  readonly finishedAtMs: number | null;
}

/** One signed form of a transaction: blockhash and fee change from attempt to attempt. */
export interface NewAttempt {
  readonly signature: string;
  readonly blockhash: string;
  readonly lastValidHeight: number;
  readonly priorityFeeMicroLamports: number;
}

export interface LedgerAttempt extends NewAttempt {
  readonly id: number;
  readonly transactionId: number;
  /** From 1. */
  readonly number: number;
  readonly sentAtMs: number;
  /** `expired`: its blockhash is past, and it has not landed: it never will. */
  readonly result: 'sent' | 'confirmed' | 'failed' | 'expired';
  readonly error: string | null;
  readonly chainSlot: number | null;
  readonly computeUnits: number | null;
  readonly feeLamports: number | null;
  readonly finishedAtMs: number | null;
}

export interface AttemptEnd {
  readonly result: 'confirmed' | 'failed' | 'expired';
  readonly error?: string | null;
  readonly chainSlot?: number | null;
  readonly computeUnits?: number | null;
  readonly feeLamports?: number | null;
}

const TRANSACTION =
  'id, purpose, reference, part, state, created_at_ms AS createdAtMs, finished_at_ms AS finishedAtMs';
const ATTEMPT =
  'id, transaction_id AS transactionId, number, signature, blockhash, last_valid_height AS lastValidHeight, ' +
  'priority_fee_micro_lamports AS priorityFeeMicroLamports, sent_at_ms AS sentAtMs, result, error, chain_slot AS chainSlot, ' +
  'compute_units AS computeUnits, fee_lamports AS feeLamports, finished_at_ms AS finishedAtMs';

/** Everything that is sent to the chain, written before it is sent, with all attempts and what became of them. */
export class Transactions {
  private readonly database: LedgerDatabase;
  private readonly now: () => number;
  private readonly insert: Statement;
  private readonly byKey: Statement;
  private readonly byId: Statement;
  private readonly finish: Statement;
  private readonly insertAttempt: Statement;
  private readonly attemptRows: Statement;
  private readonly attemptBySignature: Statement;
  private readonly finishAttempt: Statement;
  private readonly addFee: Statement;
  private readonly feesPaid: Statement;
  private readonly unitsOfNewest: Statement;

  constructor(database: LedgerDatabase, now: () => number) {
    this.database = database;
    this.now = now;
    const { sql } = database;
    this.insert = sql.prepare(
      "INSERT INTO transactions (purpose, reference, part, state, created_at_ms) VALUES (?, ?, ?, 'open', ?)",
    );
    this.byKey = sql.prepare(
      `SELECT ${TRANSACTION} FROM transactions WHERE purpose = ? AND reference = ? AND part = ?`,
    );
    this.byId = sql.prepare(`SELECT ${TRANSACTION} FROM transactions WHERE id = ?`);
    this.finish = sql.prepare('UPDATE transactions SET state = ?, finished_at_ms = ? WHERE id = ?');
    this.insertAttempt = sql.prepare(
      'INSERT INTO attempts (transaction_id, number, signature, blockhash, last_valid_height, priority_fee_micro_lamports, sent_at_ms, result) ' +
        'VALUES (@transactionId, (SELECT count(*) + 1 FROM attempts WHERE transaction_id = @transactionId), @signature, @blockhash, ' +
        "@lastValidHeight, @priorityFeeMicroLamports, @sentAtMs, 'sent')",
    );
    this.attemptRows = sql.prepare(
      `SELECT ${ATTEMPT} FROM attempts WHERE transaction_id = ? ORDER BY number`,
    );
    this.attemptBySignature = sql.prepare(`SELECT ${ATTEMPT} FROM attempts WHERE signature = ?`);
    this.finishAttempt = sql.prepare(
      'UPDATE attempts SET result = @result, error = @error, chain_slot = @chainSlot, compute_units = @computeUnits, ' +
        'fee_lamports = @feeLamports, finished_at_ms = @timeMs WHERE id = @id',
    );
    this.addFee = sql.prepare('UPDATE fees SET paid_lamports = paid_lamports + ?');
    this.feesPaid = sql.prepare('SELECT paid_lamports FROM fees').pluck();
    this.unitsOfNewest = sql
      .prepare(
        'SELECT sum(a.compute_units) FROM attempts a JOIN transactions t ON t.id = a.transaction_id ' +
          "WHERE t.purpose IN ('settleBatch', 'stageBatch', 'commitBatch') AND t.reference = ? AND a.result = 'confirmed'",
      )
      .pluck();
  }

  /** The transaction for a purpose: made at the first time, the same one later. */
  open(purpose: TransactionPurpose, reference: number, part = 0): LedgerTransaction {
    return this.database.write(() => {
      const known = this.find(purpose, reference, part);
      if (known !== null) return known;
      this.insert.run(purpose, reference, part, this.now());
      return this.find(purpose, reference, part) as LedgerTransaction;
    });
  }

  find(purpose: TransactionPurpose, reference: number, part = 0): LedgerTransaction | null {
    return (this.byKey.get(purpose, reference, part) as LedgerTransaction | undefined) ?? null;
  }

  /** To be called before it is sent. The same signature again is the same attempt. */
  addAttempt(transactionId: number, attempt: NewAttempt): LedgerAttempt {
    return this.database.write(() => {
      const known = this.attempt(attempt.signature);
      if (known !== null) {
        if (known.transactionId === transactionId) return known;
        throw new LedgerStateError(
          `signature ${attempt.signature} belongs to transaction ${known.transactionId}, not to ${transactionId}`,
        );
      }
      this.getTransaction(transactionId);
      this.insertAttempt.run({ ...attempt, transactionId, sentAtMs: this.now() });
      return this.attempt(attempt.signature) as LedgerAttempt;
    });
  }

  attempts(transactionId: number): LedgerAttempt[] {
    return this.attemptRows.all(transactionId) as LedgerAttempt[];
  }

  attempt(signature: string): LedgerAttempt | null {
    return (this.attemptBySignature.get(signature) as LedgerAttempt | undefined) ?? null;
  }

  /** What became of an attempt. A confirmed one also confirms its transaction; one that was confirmed may turn out not to be (a fork). */
  endAttempt(signature: string, end: AttemptEnd): void {
    this.database.write(() => {
      const attempt = this.attempt(signature);
      if (attempt === null) throw new LedgerStateError(`there is no attempt ${signature}`);
      const timeMs = this.now();
      const { error = null, chainSlot = null, computeUnits = null, feeLamports = null } = end;
      const { id, transactionId } = attempt;
      const { result } = end;
      this.finishAttempt.run({ id, result, error, chainSlot, computeUnits, feeLamports, timeMs });
      if (result === 'confirmed') this.finish.run('confirmed', timeMs, transactionId);
      else if (this.getTransaction(transactionId).state === 'confirmed') this.reopen(transactionId);
      this.addFee.run((feeLamports ?? 0) - (attempt.feeLamports ?? 0));
    });
  }

  /** It is not needed any more, or is known from the chain's state to have had its effect. */
  close(transactionId: number, state: 'confirmed' | 'abandoned'): void {
    this.database.write(() => {
      this.getTransaction(transactionId);
      this.finish.run(state, this.now(), transactionId);
    });
  }

  /** Of all attempts that ever landed. */
  feesPaidLamports(): number {
    return this.feesPaid.get() as number;
  }

  /** Of all transactions of a batch; null: none is known. */
  computeUnitsOfBatch(batch: number): number | null {
    return this.unitsOfNewest.get(batch) as number | null;
  }

  private reopen(transactionId: number): void {
    const others = this.attempts(transactionId).some(({ result }) => result === 'confirmed');
    if (!others) this.finish.run('open', null, transactionId);
  }

  private getTransaction(id: number): LedgerTransaction {
    const row = this.byId.get(id) as LedgerTransaction | undefined;
    if (row === undefined) throw new LedgerStateError(`there is no transaction ${id}`);
    return row;
  }
}
