import type { Statement } from 'better-sqlite3';
import type { Cash } from './cash.js';
import type { Coverage } from './coverage.js';
import type { LedgerDatabase } from './database.js';
import { LedgerStateError } from './errors.js';

/** What an owner has asked of the chain itself; named by account and time. */
export interface ForcedRequest {
  readonly accountId: number;
  readonly requestedAtSeconds: number;
  readonly amountMicroUsd: number;
}

/**
 * `seen`: the engine has not been told for sure. `reserved`: it has taken the amount off the collateral. `served`: the chain has paid.
 * `refused`: the engine does not give it; the exchange will be frozen over it unless an operator makes it possible. `canceled`: it is gone
 * from the chain unpaid, or paid in part, and the engine has to have the rest back; `givenBack`: it has.
 */
export type ForcedState = 'seen' | 'reserved' | 'served' | 'refused' | 'canceled' | 'givenBack';

export interface LedgerForcedRequest extends ForcedRequest {
  readonly id: number;
  readonly state: ForcedState;
  /** By the chain: less than was asked for when the request was cut after the engine had given it. */
  readonly paidMicroUsd: number;
  readonly reservedShardId: number | null;
  readonly reservedItem: number | null;
  readonly returnedItem: number | null;
}

const COLUMNS =
  'id, account_id AS accountId, requested_at AS requestedAtSeconds, amount_micro_usd AS amountMicroUsd, state, paid_micro_usd AS paidMicroUsd, ' +
  'reserved_shard_id AS reservedShardId, reserved_item AS reservedItem, returned_item AS returnedItem';

/** Requests for money that owners have made on chain, past the exchange: it has to serve them before the freeze delay is over. */
export class ForcedRequests {
  private readonly database: LedgerDatabase;
  private readonly cash: Cash;
  private readonly coverage: Coverage;
  private readonly insert: Statement;
  private readonly byKey: Statement;
  private readonly openRows: Statement;
  private readonly setState: Statement;
  private readonly setServed: Statement;
  private readonly setAmount: Statement;

  constructor(database: LedgerDatabase, cash: Cash, coverage: Coverage) {
    this.database = database;
    this.cash = cash;
    this.coverage = coverage;
    const { sql } = database;
    this.insert = sql.prepare(
      "INSERT INTO forced_requests (account_id, requested_at, amount_micro_usd, state) VALUES (@accountId, @requestedAtSeconds, @amountMicroUsd, 'seen')",
    );
    this.byKey = sql.prepare(
      `SELECT ${COLUMNS} FROM forced_requests WHERE account_id = ? AND requested_at = ?`,
    );
    this.openRows = sql.prepare(
      `SELECT ${COLUMNS} FROM forced_requests WHERE state IN ('seen', 'reserved', 'canceled') ORDER BY id`,
    );
    this.setServed = sql.prepare(
      "UPDATE forced_requests SET state = iif(@paidMicroUsd < amount_micro_usd, 'canceled', 'served'), paid_micro_usd = @paidMicroUsd " +
        "WHERE account_id = @accountId AND state = 'reserved'",
    );
    this.setAmount = sql.prepare(
      "UPDATE forced_requests SET amount_micro_usd = ?, state = 'seen' WHERE id = ?",
    );
    this.setState = sql.prepare('UPDATE forced_requests SET state = ? WHERE id = ?');
  }

  /**
   * Writes a request down, once. It may be cut on chain later: when the engine has refused the whole amount, it is asked for the smaller
   * one; otherwise what counts is what it was told first, and the rest is given back.
   */
  record(request: ForcedRequest): LedgerForcedRequest {
    return this.database.write(() => {
      const known = this.find(request);
      const { accountId, requestedAtSeconds, amountMicroUsd } = request;
      if (known !== null) {
        if (known.state !== 'refused' || amountMicroUsd >= known.amountMicroUsd) return known;
        this.setAmount.run(amountMicroUsd, known.id);
        return this.expect(request, known.id);
      }
      const row = { accountId, requestedAtSeconds, amountMicroUsd };
      return this.expect(request, Number(this.insert.run(row).lastInsertRowid));
    });
  }

  open(): LedgerForcedRequest[] {
    return this.openRows.all() as LedgerForcedRequest[];
  }

  mark(id: number, state: ForcedState): void {
    this.database.write(() => {
      if (this.setState.run(state, id).changes === 1) return;
      throw new LedgerStateError(`there is no forced request ${id}`);
    });
  }

  /** The chain tells that it has paid: an account has at most one request at a time. Part of the transaction that notes a scan. */
  noteServed(accountId: number, paidMicroUsd: number): void {
    this.setServed.run({ accountId, paidMicroUsd });
  }

  /** The batch that has to be settled before the chain pays; null: not built yet. */
  coveringBatch({ reservedShardId, reservedItem }: LedgerForcedRequest): number | null {
    if (reservedShardId === null || reservedItem === null) return null;
    const item = this.cash.balanceItem(reservedShardId, reservedItem);
    return item === null ? null : this.coverage.batchThatCovers(item);
  }

  private expect(request: ForcedRequest, id: number): LedgerForcedRequest {
    this.cash.expectKey(forcedKey(request), 'forced', id);
    this.cash.expectKey(forcedReturnKey(request), 'forcedReturn', id);
    return this.find(request) as LedgerForcedRequest;
  }

  private find({ accountId, requestedAtSeconds }: ForcedRequest): LedgerForcedRequest | null {
    const row = this.byKey.get(accountId, requestedAtSeconds);
    return (row as LedgerForcedRequest | undefined) ?? null;
  }
}

/** For the engine's reservation: the same for every attempt. */
export function forcedKey({
  accountId,
  requestedAtSeconds,
  amountMicroUsd,
}: ForcedRequest): string {
  return `forced:${accountId}:${requestedAtSeconds}:${amountMicroUsd}`;
}

/** For putting it, or the rest of it, back. */
export function forcedReturnKey({
  accountId,
  requestedAtSeconds,
  amountMicroUsd,
}: ForcedRequest): string {
  return `forced-return:${accountId}:${requestedAtSeconds}:${amountMicroUsd}`;
}
