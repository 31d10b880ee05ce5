import type { Statement } from 'better-sqlite3';
import { cashKeyText } from '../packs/cash-key.js';
import type { AccountItem } from '../packs/pack-types.js';
import type { LedgerDatabase } from './database.js';
import { LedgerStateError } from './errors.js';

type BalanceChange = Extract<AccountItem, { kind: 'balance' }>;
type Funding = Extract<AccountItem, { kind: 'insuranceFunded' }>;

export interface ItemPlace {
  readonly shardId: number;
  readonly item: number;
}

/** What a change of a balance is the engine's side of, as its key says. */
export type KeyTarget =
  | 'deposit'
  | 'withdrawal'
  | 'return'
  | 'forced'
  | 'forcedReturn'
  | 'forcedDebit';
/** `operator`: of none of these. */
export type LinkTarget = KeyTarget | 'operator';

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
  /** Of the market on chain. */
  readonly slot: number;
  readonly changeMicroUsd: number;
  readonly timeMs: number;
}

const COLUMNS =
  'shard_id AS shardId, item, sequence, time_ms AS timeMs, account_id AS accountId, change_micro_usd AS changeMicroUsd, ' +
  'linked_to AS linkedTo, linked_id AS linkedId';

/**
 * Money that enters and leaves by the engine: changes of balances, each linked to the deposit or withdrawal whose key its command had,
 * and what operators pay into insurance funds. A change with no such key is an operator's own.
 */
export class Cash {
  private readonly database: LedgerDatabase;
  private readonly insertItem: Statement;
  private readonly insertFunding: Statement;
  private readonly insertKey: Statement;
  private readonly unpaid: Statement;
  private readonly pay: Statement;
  private readonly fundedRows: Statement;
  private readonly setLink: Statement;
  private readonly listUnlinked: Statement;
  private readonly findItem: Statement;
  private readonly findDebit: Statement;
  private readonly setLinkAnew: Statement;
  private readonly itemOfKey: Statement;
  private readonly targetOfKey: Statement;
  private readonly linkTarget: Readonly<Record<KeyTarget, Statement>>;

  constructor(database: LedgerDatabase) {
    this.database = database;
    const { sql } = database;
    this.insertItem = sql.prepare(
      'INSERT INTO balance_items (shard_id, item, sequence, time_ms, account_id, change_micro_usd, collateral_micro_usd, cash_key) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
    );
    this.insertFunding = sql.prepare(
      'INSERT INTO insurance_fundings (shard_id, item, market_id, change_micro_usd, time_ms) VALUES (?, ?, ?, ?, ?)',
    );
    this.insertKey = sql.prepare('INSERT INTO cash_keys (key, target, target_id) VALUES (?, ?, ?)');
    this.unpaid = sql.prepare(
      'SELECT id, shard_id AS shardId, item, market_id AS marketId, slot, change_micro_usd AS changeMicroUsd, time_ms AS timeMs ' +
        "FROM insurance_fundings JOIN markets USING (market_id) WHERE state = 'seen' AND change_micro_usd > 0 AND slot IS NOT NULL " +
        'ORDER BY id LIMIT ?',
    );
    this.fundedRows = sql
      .prepare(
        'SELECT market_id AS marketId, sum(change_micro_usd) AS total FROM insurance_fundings GROUP BY market_id',
      )
      .safeIntegers();
    this.pay = sql.prepare("UPDATE insurance_fundings SET state = 'paid' WHERE id = ?");
    this.setLink = sql.prepare(
      'UPDATE balance_items SET linked_to = ?, linked_id = ? WHERE shard_id = ? AND item = ? AND linked_to IS NULL',
    );
    this.setLinkAnew = sql.prepare(
      "UPDATE balance_items SET linked_to = ?, linked_id = ? WHERE shard_id = ? AND item = ? AND (linked_to IS NULL OR linked_to = 'operator')",
    );
    this.listUnlinked = sql.prepare(
      `SELECT ${COLUMNS} FROM balance_items WHERE linked_to IS NULL ORDER BY shard_id, item LIMIT ?`,
    );
    this.findItem = sql.prepare(
      `SELECT ${COLUMNS} FROM balance_items WHERE shard_id = ? AND item = ?`,
    );
    this.findDebit = sql.prepare(
      `SELECT ${COLUMNS} FROM balance_items WHERE account_id = @accountId AND change_micro_usd = -@amountMicroUsd ` +
        "AND (linked_to IS NULL OR linked_to = 'operator') AND (cash_key IS NOT NULL OR time_ms >= @sinceMs) LIMIT 1",
    );
    this.itemOfKey = sql.prepare(`SELECT ${COLUMNS} FROM balance_items WHERE cash_key = ?`);
    this.targetOfKey = sql.prepare('SELECT target, target_id AS id FROM cash_keys WHERE key = ?');
    const linkIn = (table: string, side: string) =>
      sql.prepare(`UPDATE ${table} SET ${side}_shard_id = ?, ${side}_item = ? WHERE id = ?`);
    this.linkTarget = {
      deposit: sql.prepare('UPDATE deposits SET shard_id = ?, item = ? WHERE id = ?'),
      withdrawal: linkIn('withdrawals', 'reserved'),
      return: linkIn('withdrawals', 'returned'),
      forced: linkIn('forced_requests', 'reserved'),
      forcedReturn: linkIn('forced_requests', 'returned'),
      forcedDebit: linkIn('forced_payments', 'reserved'),
    };
  }

  /** The engine has changed a balance. Part of the transaction that takes the item in. */
  addBalanceItem({ shardId, item }: ItemPlace, change: BalanceChange): void {
    const { sequence, timeMs, accountId, changeMicroUsd, collateralMicroUsd, cashKey } = change;
    this.insertItem.run(
      shardId,
      item,
      sequence,
      timeMs,
      accountId,
      changeMicroUsd,
      collateralMicroUsd,
      cashKey,
    );
    const target = cashKey === null ? undefined : this.targetOfKey.get(cashKey);
    if (target === undefined) return;
    const { target: kind, id } = target as { target: KeyTarget; id: number };
    this.link({ shardId, item }, kind, id);
  }

  addInsuranceFunding({ shardId, item }: ItemPlace, funding: Funding): void {
    const { marketId, changeMicroUsd, timeMs } = funding;
    this.insertFunding.run(shardId, item, marketId, changeMicroUsd, timeMs);
  }

  /** The engine will be told, or was, of this deposit or withdrawal with this key. Part of the transaction that writes it down. */
  expectKey(keyText: string, target: KeyTarget, id: number): void {
    const key = cashKeyText(keyText);
    this.insertKey.run(key, target, id);
    const item = this.itemOfKey.get(key) as BalanceItem | undefined;
    if (item !== undefined) this.link(item, target, id);
  }

  /** An operator has changed the balance himself, and what follows from it on chain was done. */
  linkToOperator({ shardId, item }: ItemPlace): void {
    this.database.write(() => {
      if (this.setLink.run('operator', null, shardId, item).changes === 1) return;
      throw new LedgerStateError(`item ${item} of shard ${shardId} is linked already`);
    });
  }

  /**
   * What the engine has taken off an account by exactly this amount, and of which no payment is known: with a key, because a ledger that was
   * lost knew the payment, or by an operator since then. Null: there is none. Looks through all changes of balances.
   */
  debitWithoutPayment(of: {
    accountId: number;
    amountMicroUsd: number;
    sinceMs: number;
  }): BalanceItem | null {
    return (this.findDebit.get(of) as BalanceItem | undefined) ?? null;
  }

  /** Links a change that no key has linked. Part of a transaction. */
  linkByHand({ shardId, item }: ItemPlace, target: KeyTarget, id: number): void {
    if (this.setLinkAnew.run(target, id, shardId, item).changes !== 1) {
      throw new LedgerStateError(`item ${item} of shard ${shardId} is linked already`);
    }
    this.linkTarget[target].run(shardId, item, id);
  }

  balanceItem(shardId: number, item: number): BalanceItem | null {
    return (this.findItem.get(shardId, item) as BalanceItem | undefined) ?? null;
  }

  /** Changes of balances that no deposit and no withdrawal is known of. */
  unlinkedItems(limit: number): BalanceItem[] {
    return this.listUnlinked.all(limit) as BalanceItem[];
  }

  /**
   * What operators have paid into insurance funds and is not on chain yet, oldest first. What they have taken out, and what is for a market
   * without a place on chain, is never paid there, and must not stand before what is.
   */
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

  private link({ shardId, item }: ItemPlace, target: KeyTarget, id: number): void {
    this.linkTarget[target].run(shardId, item, id);
    this.setLink.run(target, id, shardId, item);
  }
}
