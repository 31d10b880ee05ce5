import type { Statement } from 'better-sqlite3';
import type { AccountItem } from '../packs/pack-types.js';
import type { LedgerDatabase } from './database.js';
import { LedgerStateError } from './errors.js';

type BalanceChange = Extract<AccountItem, { kind: 'balance' }>;
type Funding = Extract<AccountItem, { kind: 'insuranceFunded' }>;

export interface ItemPlace {
  readonly shardId: number;
  readonly item: number;
}

/** What a change of a balance is the engine's side of. */
export type LinkTarget = 'deposit' | 'withdrawal' | 'return';

export interface BalanceItem extends ItemPlace {
  readonly sequence: number;
  readonly timeMs: number;
  readonly accountId: number;
  readonly changeMicroUsd: number;
  readonly linkedTo: LinkTarget | null;
  /** Of the deposit or withdrawal. */
  readonly linkedId: number | null;
}

export interface InsuranceFunding extends ItemPlace {
  readonly id: number;
  readonly marketId: number;
  readonly changeMicroUsd: number;
  readonly timeMs: number;
}

const COLUMNS =
  'shard_id AS shardId, item, sequence, time_ms AS timeMs, account_id AS accountId, change_micro_usd AS changeMicroUsd, ' +
  'linked_to AS linkedTo, linked_id AS linkedId';

/**
 * Money that enters and leaves by the engine: changes of balances, each linked to the deposit or withdrawal that it belongs to, and
 * what operators pay into insurance funds.
 *
 * A link is made by account and amount, oldest first. The journal does not carry the operator's idempotency key, and of two changes
 * of the same account and amount it does not matter for any sum which one is which. So no state follows from a link alone.
 */
export class Cash {
  private readonly database: LedgerDatabase;
  private readonly insertItem: Statement;
  private readonly insertFunding: Statement;
  private readonly unpaid: Statement;
  private readonly pay: Statement;
  private readonly fundedRows: Statement;
  private readonly setLink: Statement;
  private readonly oldestUnlinked: Statement;
  private readonly listUnlinked: Statement;
  private readonly findItem: Statement;
  private readonly openDeposit: Statement;
  private readonly openReturn: Statement;
  private readonly openWithdrawal: Statement;
  private readonly linkDeposit: Statement;
  private readonly linkWithdrawal: Statement;
  private readonly linkReturn: Statement;

  constructor(database: LedgerDatabase) {
    this.database = database;
    const { sql } = database;
    this.insertItem = sql.prepare(
      'INSERT INTO balance_items (shard_id, item, sequence, time_ms, account_id, change_micro_usd, collateral_micro_usd) VALUES (?, ?, ?, ?, ?, ?, ?)',
    );
    this.insertFunding = sql.prepare(
      'INSERT INTO insurance_fundings (shard_id, item, market_id, change_micro_usd, time_ms) VALUES (?, ?, ?, ?, ?)',
    );
    this.unpaid = sql.prepare(
      'SELECT id, shard_id AS shardId, item, market_id AS marketId, change_micro_usd AS changeMicroUsd, time_ms AS timeMs ' +
        "FROM insurance_fundings WHERE state = 'seen' ORDER BY id LIMIT ?",
    );
    this.fundedRows = sql
      .prepare(
        'SELECT market_id AS marketId, sum(change_micro_usd) AS total FROM insurance_fundings GROUP BY market_id',
      )
      .safeIntegers();
    this.pay = sql.prepare("UPDATE insurance_fundings SET state = 'paid' WHERE id = ?");
    this.setLink = sql.prepare(
      'UPDATE balance_items SET linked_to = ?, linked_id = ? WHERE shard_id = ? AND item = ?',
    );
    this.oldestUnlinked = sql.prepare(
      `SELECT ${COLUMNS} FROM balance_items WHERE account_id = ? AND change_micro_usd = ? AND linked_to IS NULL ORDER BY time_ms, item LIMIT 1`,
    );
    this.listUnlinked = sql.prepare(
      `SELECT ${COLUMNS} FROM balance_items WHERE linked_to IS NULL ORDER BY shard_id, item LIMIT ?`,
    );
    this.findItem = sql.prepare(
      `SELECT ${COLUMNS} FROM balance_items WHERE shard_id = ? AND item = ?`,
    );
    this.openDeposit = sql
      .prepare(
        'SELECT id FROM deposits WHERE account_id = ? AND amount_micro_usd = ? AND item IS NULL ORDER BY id LIMIT 1',
      )
      .pluck();
    this.openReturn = sql
      .prepare(
        "SELECT id FROM withdrawals WHERE account_id = ? AND amount_micro_usd = ? AND state IN ('expired', 'givenBack') AND returned_item IS NULL ORDER BY id LIMIT 1",
      )
      .pluck();
    this.openWithdrawal = sql
      .prepare(
        "SELECT id FROM withdrawals WHERE account_id = ? AND amount_micro_usd = ? AND state <> 'refused' AND reserved_item IS NULL ORDER BY id LIMIT 1",
      )
      .pluck();
    this.linkDeposit = sql.prepare('UPDATE deposits SET shard_id = ?, item = ? WHERE id = ?');
    this.linkWithdrawal = sql.prepare(
      'UPDATE withdrawals SET reserved_shard_id = ?, reserved_item = ? WHERE id = ?',
    );
    this.linkReturn = sql.prepare(
      'UPDATE withdrawals SET returned_shard_id = ?, returned_item = ? WHERE id = ?',
    );
  }

  /** The engine has changed a balance. Part of the transaction that takes the item in. */
  addBalanceItem({ shardId, item }: ItemPlace, change: BalanceChange): void {
    const { sequence, timeMs, accountId, changeMicroUsd, collateralMicroUsd } = change;
    this.insertItem.run(
      shardId,
      item,
      sequence,
      timeMs,
      accountId,
      changeMicroUsd,
      collateralMicroUsd,
    );
    this.linkItems(accountId, changeMicroUsd);
  }

  addInsuranceFunding({ shardId, item }: ItemPlace, funding: Funding): void {
    const { marketId, changeMicroUsd, timeMs } = funding;
    this.insertFunding.run(shardId, item, marketId, changeMicroUsd, timeMs);
  }

  /** Links what can be linked now: called when either side has something new. */
  linkItems(accountId: number, changeMicroUsd: number): void {
    const item = this.oldestUnlinked.get(accountId, changeMicroUsd) as BalanceItem | undefined;
    if (item === undefined) return;
    const amount = Math.abs(changeMicroUsd);
    if (changeMicroUsd < 0) {
      this.link(
        item,
        'withdrawal',
        this.openWithdrawal.get(accountId, amount),
        this.linkWithdrawal,
      );
      return;
    }
    const deposit = this.openDeposit.get(accountId, amount);
    if (deposit !== undefined) this.link(item, 'deposit', deposit, this.linkDeposit);
    else this.link(item, 'return', this.openReturn.get(accountId, amount), this.linkReturn);
  }

  balanceItem(shardId: number, item: number): BalanceItem | null {
    return (this.findItem.get(shardId, item) as BalanceItem | undefined) ?? null;
  }

  /** Changes of balances that no deposit and no withdrawal is known of. */
  unlinkedItems(limit: number): BalanceItem[] {
    return this.listUnlinked.all(limit) as BalanceItem[];
  }

  /** What operators have paid into insurance funds and is not on chain yet, oldest first. */
  unpaidFundings(limit: number): InsuranceFunding[] {
    return this.unpaid.all(limit) as InsuranceFunding[];
  }

  /** Everything that operators have paid in by now, on chain or not, by market. */
  fundedByMarket(): Map<number, bigint> {
    const rows = this.fundedRows.all() as { marketId: bigint; total: bigint }[];
    return new Map(rows.map(({ marketId, total }) => [Number(marketId), total]));
  }

  markFundingPaid(id: number): void {
    this.database.write(() => {
      if (this.pay.run(id).changes === 1) return;
      throw new LedgerStateError(`there is no payment ${id} into an insurance fund`);
    });
  }

  private link(item: BalanceItem, target: LinkTarget, id: unknown, statement: Statement): void {
    if (id === undefined) return;
    statement.run(item.shardId, item.item, id);
    this.setLink.run(target, id, item.shardId, item.item);
  }
}
