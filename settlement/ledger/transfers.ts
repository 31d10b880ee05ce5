import type { Statement } from 'better-sqlite3';
import type { AccountItem } from '../packs/pack-types.js';
import type { ItemPlace } from './cash.js';
import type { Coverage } from './coverage.js';
import type { LedgerDatabase } from './database.js';

type Transferred = Extract<AccountItem, { kind: 'transfer' }>;

/** Collateral that has gone from one account of an owner to another, and has to do so on chain. */
export interface LedgerTransfer extends ItemPlace {
  readonly id: number;
  readonly sequence: number;
  readonly timeMs: number;
  readonly fromAccountId: number;
  readonly toAccountId: number;
  readonly amountMicroUsd: number;
  /** Among the transfers out of the account, from 1 without a gap: the chain takes each number once. */
  readonly number: number;
  readonly state: 'seen' | 'done';
}

const COLUMNS =
  'id, shard_id AS shardId, item, sequence, time_ms AS timeMs, from_account_id AS fromAccountId, to_account_id AS toAccountId, ' +
  'amount_micro_usd AS amountMicroUsd, number, state';

/**
 * Transfers in the order in which the engine has booked them. Numbers follow from the items of the account's home alone, so a ledger that
 * is made anew gives the same ones.
 */
export class Transfers {
  private readonly database: LedgerDatabase;
  private readonly coverage: Coverage;
  private readonly insert: Statement;
  private readonly openRows: Statement;
  private readonly allRows: Statement;
  private readonly setDone: Statement;
  private readonly countDone: Statement;

  constructor(database: LedgerDatabase, coverage: Coverage) {
    this.database = database;
    this.coverage = coverage;
    const { sql } = database;
    this.insert = sql.prepare(
      'INSERT INTO transfers (shard_id, item, sequence, time_ms, from_account_id, to_account_id, amount_micro_usd, number) VALUES ' +
        '(@shardId, @item, @sequence, @timeMs, @accountId, @toAccountId, @amountMicroUsd, ' +
        '(SELECT coalesce(max(number), 0) + 1 FROM transfers WHERE from_account_id = @accountId))',
    );
    this.openRows = sql.prepare(
      `SELECT ${COLUMNS} FROM transfers t WHERE state = 'seen' AND NOT EXISTS ` +
        "(SELECT 1 FROM transfers u WHERE u.from_account_id = t.from_account_id AND u.number = t.number - 1 AND u.state = 'seen') " +
        'ORDER BY id LIMIT ?',
    );
    this.allRows = sql.prepare(`SELECT ${COLUMNS} FROM transfers ORDER BY id`);
    this.setDone = sql.prepare("UPDATE transfers SET state = 'done' WHERE id = ?");
    this.countDone = sql.prepare("SELECT count(*) FROM transfers WHERE state = 'done'").pluck();
  }

  /** Part of the transaction that takes the item in. */
  add({ shardId, item }: ItemPlace, transfer: Transferred): void {
    const { sequence, timeMs, accountId, toAccountId, amountMicroUsd } = transfer;
    this.insert.run({ shardId, item, sequence, timeMs, accountId, toAccountId, amountMicroUsd });
  }

  /** What the chain has not done yet, the first of each account that gives, oldest first. */
  next(limit: number): LedgerTransfer[] {
    return this.openRows.all(limit) as LedgerTransfer[];
  }

  all(): LedgerTransfer[] {
    return this.allRows.all() as LedgerTransfer[];
  }

  doneCount(): number {
    return this.countDone.get() as number;
  }

  markDone(id: number): void {
    this.database.write(() => this.setDone.run(id));
  }

  /** The batch that has to be settled before; null: what happened before the transfer is not in a batch yet. */
  coveringBatch(transfer: LedgerTransfer): number | null {
    return this.coverage.batchThatCovers(transfer);
  }
}
