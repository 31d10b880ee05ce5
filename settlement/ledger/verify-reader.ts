import type { Batches } from './batches.js';
import type { Catalogue } from './catalogue.js';
import type { LedgerDatabase } from './database.js';
import type { Transfers } from './transfers.js';
import type { LedgerSide, StoredBatch, VerifiedTransfer } from './verify.js';

export interface ReaderParts {
  readonly database: LedgerDatabase;
  readonly batches: Batches;
  readonly catalogue: Catalogue;
  readonly transfers: Transfers;
}

interface MoneyRow {
  id: bigint;
  amount: bigint;
  shardId: bigint | null;
  item: bigint | null;
}

/** Reads the ledger's side of a verification, as of its last settled batch. Iterate the batches before anything else is written. */
export class VerifyReader {
  private readonly parts: ReaderParts;

  constructor(parts: ReaderParts) {
    this.parts = parts;
  }

  side(): LedgerSide {
    const { batches, catalogue } = this.parts;
    const settledSequence = batches.lastSettledSequence();
    const cut = new Map<number, number>();
    for (const { kind, streamId, item } of batches.cut(settledSequence)) {
      if (kind === 'account') cut.set(streamId, item);
    }
    const isIn = (shardId: bigint | null, item: bigint | null) =>
      shardId !== null && item !== null && item <= (cut.get(Number(shardId)) ?? 0);
    const marketIdOfSlot = new Map<number, number>();
    for (const { slot, marketId } of catalogue.markets()) {
      if (slot !== null) marketIdOfSlot.set(slot, marketId);
    }
    return {
      settledSequence,
      batches: this.storedBatches(),
      marketIdOfSlot,
      transfers: this.transfers(isIn),
      outside: this.outside(isIn),
      ...this.insurance(isIn),
      underWay: this.underWay(isIn),
    };
  }

  private storedBatches(): Iterable<StoredBatch> {
    const { sql } = this.parts.database;
    return sql
      .prepare('SELECT sequence, hash, bytes FROM batches ORDER BY sequence')
      .iterate() as Iterable<StoredBatch>;
  }

  private transfers(isIn: IsInCut): VerifiedTransfer[] {
    return this.parts.transfers.all().map((transfer) => ({
      ...transfer,
      amountMicroUsd: BigInt(transfer.amountMicroUsd),
      isInCut: isIn(BigInt(transfer.shardId), BigInt(transfer.item)),
    }));
  }

  private outside(isIn: IsInCut): Map<number, bigint> {
    const sums = new Map<number, bigint>();
    const text =
      'SELECT account_id AS id, change_micro_usd AS amount, shard_id AS shardId, item FROM balance_items';
    for (const { id, amount, shardId, item } of this.rows(text)) {
      if (isIn(shardId, item)) add(sums, id, amount);
    }
    return sums;
  }

  private insurance(isIn: IsInCut): Pick<LedgerSide, 'insuranceFunded' | 'insuranceUnderWay'> {
    const insuranceFunded = new Map<number, bigint>();
    const insuranceUnderWay = new Map<number, bigint>();
    const text =
      "SELECT market_id AS id, change_micro_usd AS amount, shard_id AS shardId, item, state = 'paid' AS isPaid FROM insurance_fundings";
    for (const { id, amount, shardId, item, isPaid } of this.rows<{ isPaid: bigint }>(text)) {
      const isBooked = isIn(shardId, item);
      if (isBooked) add(insuranceFunded, id, amount);
      if (isBooked && isPaid === 0n) add(insuranceUnderWay, id, amount);
      if (!isBooked && isPaid === 1n) add(insuranceUnderWay, id, -amount);
    }
    return { insuranceFunded, insuranceUnderWay };
  }

  private underWay(isIn: IsInCut): Map<number, bigint> {
    const sums = new Map<number, bigint>();
    const deposits =
      'SELECT account_id AS id, amount_micro_usd AS amount, shard_id AS shardId, item FROM deposits WHERE is_operators = 0';
    for (const { id, amount, shardId, item } of this.rows(deposits)) {
      if (!isIn(shardId, item)) add(sums, id, amount);
    }
    this.addOperators(sums, isIn);
    this.addForced(sums, isIn);
    const withdrawals =
      'SELECT account_id AS id, amount_micro_usd AS amount, reserved_shard_id AS shardId, reserved_item AS item, ' +
      "returned_shard_id AS returnedShardId, returned_item AS returnedItem, iif(state = 'completed', amount_micro_usd, 0) AS paid FROM withdrawals";
    for (const row of this.rows<Returned>(withdrawals)) addPayout(sums, row, isIn);
    return sums;
  }

  /** What operators book in the engine is paid in from their purse a moment later; what they take there, the chain still owes. */
  private addOperators(sums: Map<number, bigint>, isIn: IsInCut): void {
    const text =
      'SELECT account_id AS id, change_micro_usd AS amount, shard_id AS shardId, item, linked_to IS NOT NULL AS isPaid FROM balance_items ' +
      "WHERE linked_to IS NULL OR linked_to = 'operator'";
    for (const { id, amount, shardId, item, isPaid } of this.rows<{ isPaid: bigint }>(text)) {
      const isBooked = isIn(shardId, item);
      const isOnChain = amount > 0n && isPaid === 1n;
      if (isBooked && !isOnChain) add(sums, id, -amount);
      if (!isBooked && isOnChain) add(sums, id, amount);
    }
  }

  private addForced(sums: Map<number, bigint>, isIn: IsInCut): void {
    const text =
      'SELECT account_id AS id, amount_micro_usd AS amount, reserved_shard_id AS shardId, reserved_item AS item, ' +
      'returned_shard_id AS returnedShardId, returned_item AS returnedItem, paid_micro_usd AS paid FROM forced_requests';
    for (const row of this.rows<Returned>(text)) addPayout(sums, row, isIn);
    // What was paid besides, and the engine has to take off as well.
    const debits =
      'SELECT account_id AS id, owed_micro_usd AS amount, reserved_shard_id AS shardId, reserved_item AS item FROM forced_payments WHERE owed_micro_usd > 0';
    for (const { id, amount, shardId, item } of this.rows(debits)) {
      if (!isIn(shardId, item)) add(sums, id, -amount);
    }
  }

  private rows<More = object>(text: string): Iterable<MoneyRow & More> {
    const statement = this.parts.database.sql.prepare(text).safeIntegers();
    return statement.all() as (MoneyRow & More)[];
  }
}

interface Returned {
  returnedShardId: bigint | null;
  returnedItem: bigint | null;
  /** By the chain. */
  paid: bigint;
}

/** The engine has given it, and the chain not yet; or the other way round. What is not paid comes back to the engine. */
function addPayout(sums: Map<number, bigint>, row: MoneyRow & Returned, isIn: IsInCut): void {
  const isReserved = isIn(row.shardId, row.item);
  const isReturned = isIn(row.returnedShardId, row.returnedItem);
  const given = isReserved ? row.amount : 0n;
  const returned = isReturned ? row.amount - row.paid : 0n;
  add(sums, row.id, given - returned - row.paid);
}

type IsInCut = (shardId: bigint | null, item: bigint | null) => boolean;

function add(sums: Map<number, bigint>, id: bigint, amount: bigint): void {
  sums.set(Number(id), (sums.get(Number(id)) ?? 0n) + amount);
}
