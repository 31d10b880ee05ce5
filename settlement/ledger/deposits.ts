import type { Statement } from 'better-sqlite3';
import type { Cash } from './cash.js';
import type { LedgerDatabase } from './database.js';
import { ConflictError, checkWhole, LedgerStateError } from './errors.js';

/** As the program's event tells it. */
export interface ChainDeposit {
  readonly signature: string;
  /** Of the event within the transaction. */
  readonly eventIndex: number;
  /** Row on chain, which is the account. */
  readonly accountId: number;
  readonly amountMicroUsd: number;
  /** Of the row, this deposit included. */
  readonly depositedTotalMicroUsd: number;
  readonly chainSlot: number;
}

/**
 * `seen`: the engine has not been told for sure; telling it again with the same key does no harm. `credited`: it is collateral.
 * `refused`: the engine does not take it; an operator has to look.
 */
export type DepositState = 'seen' | 'credited' | 'refused';

export interface LedgerDeposit extends ChainDeposit {
  readonly id: number;
  readonly state: DepositState;
  readonly reason: string | null;
  readonly seenAtMs: number;
  readonly changedAtMs: number;
  /** The change of the balance in the engine that belongs to it; null: not seen yet. */
  readonly shardId: number | null;
  readonly item: number | null;
}

/** From which cursor to which one a scan has read; null: from the beginning, and: there was nothing. */
export interface ScanStep {
  readonly from: string | null;
  readonly to: string | null;
}

const COLUMNS =
  'id, signature, event_index AS eventIndex, account_id AS accountId, amount_micro_usd AS amountMicroUsd, ' +
  'deposited_total_micro_usd AS depositedTotalMicroUsd, chain_slot AS chainSlot, state, reason, seen_at_ms AS seenAtMs, changed_at_ms AS changedAtMs, shard_id AS shardId, item';

/** Deposits on chain, each once, whatever the scanner says how often. */
export class Deposits {
  private readonly database: LedgerDatabase;
  private readonly cash: Cash;
  private readonly now: () => number;
  private readonly insert: Statement;
  private readonly byKey: Statement;
  private readonly byId: Statement;
  private readonly openRows: Statement;
  private readonly ofAccount: Statement;
  private readonly setState: Statement;
  private readonly totals: Statement;
  private readonly getCursor: Statement;
  private readonly setCursor: Statement;
  private readonly setOperators: Statement;

  constructor(database: LedgerDatabase, cash: Cash, now: () => number) {
    this.database = database;
    this.cash = cash;
    this.now = now;
    const { sql } = database;
    this.insert = sql.prepare(
      'INSERT INTO deposits (signature, event_index, account_id, amount_micro_usd, deposited_total_micro_usd, chain_slot, state, seen_at_ms, changed_at_ms) ' +
        "VALUES (@signature, @eventIndex, @accountId, @amountMicroUsd, @depositedTotalMicroUsd, @chainSlot, 'seen', @timeMs, @timeMs)",
    );
    this.byKey = sql.prepare(
      `SELECT ${COLUMNS} FROM deposits WHERE signature = ? AND event_index = ?`,
    );
    this.byId = sql.prepare(`SELECT ${COLUMNS} FROM deposits WHERE id = ?`);
    this.openRows = sql.prepare(
      `SELECT ${COLUMNS} FROM deposits WHERE state = 'seen' ORDER BY id LIMIT ?`,
    );
    this.ofAccount = sql.prepare(
      `SELECT ${COLUMNS} FROM deposits WHERE account_id = ? ORDER BY id DESC LIMIT ?`,
    );
    this.setState = sql.prepare(
      'UPDATE deposits SET state = ?, reason = ?, changed_at_ms = ? WHERE id = ?',
    );
    this.setOperators = sql.prepare('UPDATE deposits SET is_operators = 1 WHERE id = ?');
    this.getCursor = sql.prepare('SELECT cursor FROM deposit_scan').pluck();
    this.setCursor = sql.prepare('INSERT OR REPLACE INTO deposit_scan (id, cursor) VALUES (1, ?)');
    this.totals = sql.prepare(
      'SELECT account_id, sum(amount_micro_usd) AS total FROM deposits GROUP BY account_id',
    );
  }

  /**
   * Writes a deposit down; one that is known gives what is known of it.
   *
   * @throws ConflictError when the same signature and index say another row or amount, LedgerStateError when a number cannot be one.
   */
  record(deposit: ChainDeposit): { deposit: LedgerDeposit; isNew: boolean } {
    checkWhole('accountId', deposit.accountId, 1);
    checkWhole('amountMicroUsd', deposit.amountMicroUsd, 1);
    checkWhole('depositedTotalMicroUsd', deposit.depositedTotalMicroUsd, 0);
    return this.database.write(() => {
      const { signature, eventIndex } = deposit;
      const known = this.find(signature, eventIndex);
      if (known !== null) {
        const [before, now] = [describe(known), describe(deposit)];
        if (before === now) return { deposit: known, isNew: false };
        throw new ConflictError(`deposit ${signature}#${eventIndex}`, before, now);
      }
      const timeMs = this.now();
      const id = Number(this.insert.run({ ...deposit, timeMs }).lastInsertRowid);
      this.cash.expectKey(depositKey(deposit), 'deposit', id);
      return { deposit: this.find(signature, eventIndex) as LedgerDeposit, isNew: true };
    });
  }

  /**
   * Writes down what a scan has given, and how far it has come, both or neither. `isOperators`: paid by the operator for what the engine
   * has booked already. `alongside` writes what else the scan has found.
   *
   * @throws LedgerStateError when the cursor is no longer where the scan began: an earlier one must not set it back.
   */
  recordAll<Deposit extends ChainDeposit>(
    deposits: readonly Deposit[],
    { from, to }: ScanStep,
    isOperators: (deposit: Deposit) => boolean,
    alongside: () => void = () => {},
  ): void {
    if (deposits.length === 0 && from === to) return;
    this.database.write(() => {
      if (this.cursor() !== from) {
        throw new LedgerStateError('another scan of the vault has come further meanwhile');
      }
      alongside();
      for (const found of deposits) {
        const { deposit } = this.record(chainDepositOf(found));
        if (!isOperators(found)) continue;
        this.setOperators.run(deposit.id);
        this.markCredited(deposit.id);
      }
      if (to !== null) this.setCursor.run(to);
    });
  }

  /** Where the next scan begins; null: nothing was scanned yet. */
  cursor(): string | null {
    return (this.getCursor.get() as string | undefined) ?? null;
  }

  find(signature: string, eventIndex: number): LedgerDeposit | null {
    return (this.byKey.get(signature, eventIndex) as LedgerDeposit | undefined) ?? null;
  }

  /** Those that the engine still has to be told of, oldest first. Its key for the admin API: `depositKey`. */
  open(limit: number): LedgerDeposit[] {
    return this.openRows.all(limit) as LedgerDeposit[];
  }

  /** Newest first. */
  listOfAccount(accountId: number, limit: number): LedgerDeposit[] {
    return this.ofAccount.all(accountId, limit) as LedgerDeposit[];
  }

  /** The bus has shown that it is collateral: the engine's answer alone may be taken back by a power failure. */
  markCredited(id: number): void {
    this.change(id, 'credited', null);
  }

  /** The engine has answered that it never will be. */
  markRefused(id: number, reason: string): void {
    this.change(id, 'refused', reason);
  }

  /** An operator has removed what was in the way: it is told to the engine again. */
  reopen(id: number): void {
    this.change(id, 'seen', null);
  }

  /**
   * Rows whose total on chain is not the sum of the deposits that are known: the scanner has missed one, and has to look again.
   * `totals`: deposited total of each row on chain, as of no later than the newest scan.
   */
  missing(
    totals: Iterable<{ accountId: number; depositedTotalMicroUsd: bigint }>,
  ): { accountId: number; chainMicroUsd: bigint; knownMicroUsd: bigint }[] {
    const known = this.totalsByAccount();
    const missing = [];
    for (const { accountId, depositedTotalMicroUsd } of totals) {
      const knownMicroUsd = known.get(accountId) ?? 0n;
      if (knownMicroUsd === depositedTotalMicroUsd) continue;
      missing.push({ accountId, chainMicroUsd: depositedTotalMicroUsd, knownMicroUsd });
    }
    return missing;
  }

  totalsByAccount(): Map<number, bigint> {
    const rows = this.totals.safeIntegers().all() as { account_id: bigint; total: bigint }[];
    return new Map(rows.map(({ account_id, total }) => [Number(account_id), total]));
  }

  private change(id: number, to: DepositState, reason: string | null): void {
    this.database.write(() => {
      const deposit = this.byId.get(id) as LedgerDeposit | undefined;
      if (deposit === undefined) throw new LedgerStateError(`there is no deposit ${id}`);
      if (deposit.state === to) return;
      if (deposit.state === 'credited') {
        throw new LedgerStateError(`deposit ${id} is credited, and cannot become ${to}`);
      }
      this.setState.run(to, reason, this.now(), id);
    });
  }
}

/** The same for every attempt, so that the engine takes a deposit once. */
export function depositKey(deposit: ChainDeposit): string {
  return `deposit:${deposit.signature}:${deposit.eventIndex}`;
}

/** Without what else a scan knows of it. */
function chainDepositOf(found: ChainDeposit): ChainDeposit {
  const { signature, eventIndex, accountId, amountMicroUsd, depositedTotalMicroUsd, chainSlot } =
    found;
  return { signature, eventIndex, accountId, amountMicroUsd, depositedTotalMicroUsd, chainSlot };
}

function describe({ accountId, amountMicroUsd }: ChainDeposit): string {
  return `${amountMicroUsd} micro-USD for account ${accountId}`;
}
