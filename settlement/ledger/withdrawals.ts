import type { Statement } from 'better-sqlite3';
import type { Cash } from './cash.js';
import type { Coverage } from './coverage.js';
import type { LedgerDatabase } from './database.js';
import { ConflictError, checkWhole, LedgerStateError } from './errors.js';

/**
 * `requested`: the owner has signed. `reserved`: the engine has taken it off the collateral. `settled`: everything that had happened
 * before is settled on chain. `submitted`: a transaction may be under way. `completed`: the chain has paid.
 * `refused`: the engine did not reserve it. `expired`: it is proven that the chain will never pay; nothing may be sent any more, and the
 * engine is told to put it back. `givenBack`: it has.
 */
export type WithdrawalState =
  | 'requested'
  | 'reserved'
  | 'settled'
  | 'submitted'
  | 'completed'
  | 'refused'
  | 'expired'
  | 'givenBack';

/** From where to where. A step to the state it is in changes nothing. */
const STEPS: Readonly<Record<WithdrawalState, readonly WithdrawalState[]>> = {
  requested: ['reserved', 'refused'],
  // A ledger that was restored from a copy may find that the chain has paid already.
  reserved: ['settled', 'expired', 'completed'],
  settled: ['submitted', 'expired', 'completed'],
  submitted: ['completed', 'expired'],
  completed: [],
  refused: [],
  expired: ['givenBack'],
  givenBack: [],
};

export interface WithdrawalRequest {
  readonly accountId: number;
  readonly nonce: number;
  readonly amountMicroUsd: number;
  /** Token account, 32 bytes. */
  readonly destination: Uint8Array;
  readonly expirySeconds: number;
  /** Of the owner over the authorisation, 64 bytes. */
  readonly signature: Uint8Array;
}

export interface LedgerWithdrawal extends WithdrawalRequest {
  readonly id: number;
  readonly state: WithdrawalState;
  readonly reason: string | null;
  readonly changedAtMs: number;
  /** The change of the balance in the engine that took it off; null: not seen yet. */
  readonly reservedShardId: number | null;
  readonly reservedItem: number | null;
  readonly returnedShardId: number | null;
  readonly returnedItem: number | null;
}

export interface WithdrawalStep {
  readonly state: WithdrawalState;
  readonly timeMs: number;
  readonly note: string;
}

const COLUMNS =
  'id, account_id AS accountId, nonce, amount_micro_usd AS amountMicroUsd, destination, expiry_seconds AS expirySeconds, ' +
  'authorisation AS signature, state, reason, changed_at_ms AS changedAtMs, reserved_shard_id AS reservedShardId, reserved_item AS reservedItem, ' +
  'returned_shard_id AS returnedShardId, returned_item AS returnedItem';
const FINAL = "('completed', 'givenBack', 'refused')";

/** Withdrawals with every state they have been in. They are kept nowhere else, so they are written before anything is done. */
export class Withdrawals {
  private readonly database: LedgerDatabase;
  private readonly cash: Cash;
  private readonly coverage: Coverage;
  private readonly now: () => number;
  private readonly insert: Statement;
  private readonly insertStep: Statement;
  private readonly byKey: Statement;
  private readonly byId: Statement;
  private readonly openRows: Statement;
  private readonly ofAccount: Statement;
  private readonly setState: Statement;
  private readonly steps: Statement;
  private readonly completedTotals: Statement;

  constructor(database: LedgerDatabase, cash: Cash, coverage: Coverage, now: () => number) {
    this.database = database;
    this.cash = cash;
    this.coverage = coverage;
    this.now = now;
    const { sql } = database;
    this.insert = sql.prepare(
      'INSERT INTO withdrawals (account_id, nonce, amount_micro_usd, destination, expiry_seconds, authorisation, state, changed_at_ms) ' +
        "VALUES (@accountId, @nonce, @amountMicroUsd, @destination, @expirySeconds, @signature, 'requested', @timeMs)",
    );
    this.insertStep = sql.prepare(
      'INSERT INTO withdrawal_history (withdrawal_id, number, state, time_ms, note) ' +
        'VALUES (@id, (SELECT count(*) + 1 FROM withdrawal_history WHERE withdrawal_id = @id), @state, @timeMs, @note)',
    );
    this.byKey = sql.prepare(
      `SELECT ${COLUMNS} FROM withdrawals WHERE account_id = ? AND nonce = ?`,
    );
    this.byId = sql.prepare(`SELECT ${COLUMNS} FROM withdrawals WHERE id = ?`);
    this.openRows = sql.prepare(
      `SELECT ${COLUMNS} FROM withdrawals WHERE state NOT IN ${FINAL} ORDER BY id LIMIT ?`,
    );
    this.ofAccount = sql.prepare(
      `SELECT ${COLUMNS} FROM withdrawals WHERE account_id = ? ORDER BY id DESC LIMIT ?`,
    );
    this.setState = sql.prepare(
      'UPDATE withdrawals SET state = ?, reason = ?, changed_at_ms = ? WHERE id = ?',
    );
    this.steps = sql.prepare(
      'SELECT state, time_ms AS timeMs, note FROM withdrawal_history WHERE withdrawal_id = ? ORDER BY number',
    );
    this.completedTotals = sql.prepare(
      "SELECT account_id, sum(amount_micro_usd) AS total FROM withdrawals WHERE state = 'completed' GROUP BY account_id",
    );
  }

  /**
   * Writes a signed request down; the same one again gives what has become of it.
   *
   * @throws ConflictError when the nonce was used for something else, LedgerStateError when a field cannot be one.
   */
  request(request: WithdrawalRequest): { withdrawal: LedgerWithdrawal; isNew: boolean } {
    checkRequest(request);
    return this.database.write(() => {
      const known = this.find(request.accountId, request.nonce);
      if (known !== null) {
        const [before, now] = [describe(known), describe(request)];
        if (before === now) return { withdrawal: known, isNew: false };
        throw new ConflictError(
          `withdrawal ${request.nonce} of account ${request.accountId}`,
          before,
          now,
        );
      }
      const timeMs = this.now();
      const id = Number(this.insert.run({ ...request, timeMs }).lastInsertRowid);
      this.insertStep.run({ id, state: 'requested', timeMs, note: '' });
      this.cash.expectKey(reservationKey(request), 'withdrawal', id);
      this.cash.expectKey(returnKey(request), 'return', id);
      return { withdrawal: this.get(id), isNew: true };
    });
  }

  find(accountId: number, nonce: number): LedgerWithdrawal | null {
    return (this.byKey.get(accountId, nonce) as LedgerWithdrawal | undefined) ?? null;
  }

  /** @throws LedgerStateError when there is none with this id. */
  get(id: number): LedgerWithdrawal {
    const row = this.byId.get(id) as LedgerWithdrawal | undefined;
    if (row === undefined) throw new LedgerStateError(`there is no withdrawal ${id}`);
    return row;
  }

  /** All that are under way, oldest first. */
  open(limit: number): LedgerWithdrawal[] {
    return this.openRows.all(limit) as LedgerWithdrawal[];
  }

  /** Newest first. */
  listOfAccount(accountId: number, limit: number): LedgerWithdrawal[] {
    return this.ofAccount.all(accountId, limit) as LedgerWithdrawal[];
  }

  /** Every state it has been in, with its time. */
  history(id: number): WithdrawalStep[] {
    return this.steps.all(id) as WithdrawalStep[];
  }

  /**
   * One step on, written before what it allows is done. `note` goes into the history: a signature, an answer, a reason.
   *
   * @throws LedgerStateError when there is no way from the state that it is in.
   */
  advance(id: number, to: WithdrawalState, note: string): LedgerWithdrawal {
    return this.database.write(() => {
      const withdrawal = this.get(id);
      if (withdrawal.state === to) return withdrawal;
      if (!STEPS[withdrawal.state].includes(to)) {
        throw new LedgerStateError(
          `withdrawal ${id} is ${withdrawal.state}, and cannot become ${to}; from there: ${STEPS[withdrawal.state].join(', ') || 'nothing'}`,
        );
      }
      const timeMs = this.now();
      this.setState.run(to, to === 'refused' || to === 'expired' ? note : null, timeMs, id);
      this.insertStep.run({ id, state: to, timeMs, note });
      return this.get(id);
    });
  }

  /**
   * The batch that has to be settled before the chain may pay; null: the reservation, or what happened before it, is not in a batch yet.
   */
  coveringBatch(id: number): number | null {
    const { reservedShardId, reservedItem } = this.get(id);
    if (reservedShardId === null || reservedItem === null) return null;
    const item = this.cash.balanceItem(reservedShardId, reservedItem);
    return item === null ? null : this.coverage.batchThatCovers(item);
  }

  completedByAccount(): Map<number, bigint> {
    const rows = this.completedTotals.safeIntegers().all() as {
      account_id: bigint;
      total: bigint;
    }[];
    return new Map(rows.map(({ account_id, total }) => [Number(account_id), total]));
  }
}

/** For the engine's reservation: the same for every attempt. */
export function reservationKey({ accountId, nonce }: WithdrawalRequest): string {
  return `withdrawal:${accountId}:${nonce}`;
}

/** For putting it back. */
export function returnKey({ accountId, nonce }: WithdrawalRequest): string {
  return `return:${accountId}:${nonce}`;
}

function checkRequest(request: WithdrawalRequest): void {
  checkWhole('accountId', request.accountId, 1);
  checkWhole('nonce', request.nonce, 0);
  checkWhole('amountMicroUsd', request.amountMicroUsd, 1);
  checkWhole('expirySeconds', request.expirySeconds, 0);
  const { destination, signature } = request;
  if (destination.length === 32 && signature.length === 64) return;
  throw new LedgerStateError(
    `destination and signature have ${destination.length} and ${signature.length} bytes, and must have 32 and 64`,
  );
}

function describe(request: WithdrawalRequest): string {
  const destination = Buffer.from(request.destination).toString('hex');
  return `${request.amountMicroUsd} micro-USD to ${destination} until ${request.expirySeconds}`;
}
