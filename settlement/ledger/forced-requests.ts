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

/** As the chain shows it. */
export interface ForcedRequestSeen extends ForcedRequest {
  /** A slot at which it was there for certain: only what is newer can tell that it is gone. */
  readonly seenAtSlot: number;
}

/**
 * `seen`: the engine has not been told for sure, or has to take off what the chain has paid already. `reserved`: it has taken the amount off
 * the collateral. `served`: the chain has paid. `refused`: the engine does not give it; it is asked again while the request is on chain.
 * `canceled`: it is gone from the chain unpaid, or paid in part, and the engine has to have the rest back; `givenBack`: it has.
 */
export type ForcedState = 'seen' | 'reserved' | 'served' | 'refused' | 'canceled' | 'givenBack';

export interface LedgerForcedRequest extends ForcedRequestSeen {
  readonly id: number;
  readonly state: ForcedState;
  /** By the chain: less than was asked for when the request was cut after the engine had given it. */
  readonly paidMicroUsd: number;
  /** Of when it was gone from the chain, and not paid by then; null: it was not. */
  readonly goneAtSlot: number | null;
  readonly reservedShardId: number | null;
  readonly reservedItem: number | null;
  readonly returnedItem: number | null;
}

const COLUMNS =
  'id, account_id AS accountId, requested_at AS requestedAtSeconds, amount_micro_usd AS amountMicroUsd, state, paid_micro_usd AS paidMicroUsd, ' +
  'seen_slot AS seenAtSlot, gone_slot AS goneAtSlot, reserved_shard_id AS reservedShardId, reserved_item AS reservedItem, returned_item AS returnedItem';

/** Requests for money that owners have made on chain, past the exchange: it has to serve them before the freeze delay is over. */
export class ForcedRequests {
  private readonly database: LedgerDatabase;
  private readonly cash: Cash;
  private readonly coverage: Coverage;
  private readonly insert: Statement;
  private readonly byKey: Statement;
  private readonly byId: Statement;
  private readonly openRows: Statement;
  private readonly payable: Statement;
  private readonly setState: Statement;
  private readonly setGone: Statement;
  private readonly setSeenSlot: Statement;
  private readonly setPaid: Statement;
  private readonly setAmount: Statement;

  constructor(database: LedgerDatabase, cash: Cash, coverage: Coverage) {
    this.database = database;
    this.cash = cash;
    this.coverage = coverage;
    const { sql } = database;
    this.insert = sql.prepare(
      'INSERT INTO forced_requests (account_id, requested_at, amount_micro_usd, seen_slot, state) ' +
        "VALUES (@accountId, @requestedAtSeconds, @amountMicroUsd, @seenAtSlot, 'seen')",
    );
    this.byKey = sql.prepare(
      `SELECT ${COLUMNS} FROM forced_requests WHERE account_id = ? AND requested_at = ? ORDER BY id DESC LIMIT 1`,
    );
    this.byId = sql.prepare(`SELECT ${COLUMNS} FROM forced_requests WHERE id = ?`);
    this.openRows = sql.prepare(
      `SELECT ${COLUMNS} FROM forced_requests WHERE state IN ('seen', 'reserved', 'canceled') ORDER BY id`,
    );
    // Of several that may have been paid, the one that the engine has given is, and of those the oldest.
    this.payable = sql.prepare(
      `SELECT ${COLUMNS} FROM forced_requests WHERE account_id = @accountId AND paid_micro_usd = 0 ` +
        "AND (state IN ('seen', 'reserved', 'refused') OR gone_slot >= @chainSlot) " +
        "ORDER BY CASE state WHEN 'reserved' THEN 1 WHEN 'seen' THEN 2 WHEN 'refused' THEN 3 ELSE 4 END, " +
        "iif(state = 'refused', -id, id) LIMIT 1",
    );
    this.setPaid = sql.prepare(
      'UPDATE forced_requests SET paid_micro_usd = @paidMicroUsd, state = @state WHERE id = @id',
    );
    this.setAmount = sql.prepare(
      "UPDATE forced_requests SET amount_micro_usd = ?, state = 'seen' WHERE id = ?",
    );
    this.setState = sql.prepare('UPDATE forced_requests SET state = ? WHERE id = ?');
    this.setSeenSlot = sql.prepare('UPDATE forced_requests SET seen_slot = ? WHERE id = ?');
    this.setGone = sql.prepare(
      "UPDATE forced_requests SET state = 'canceled', gone_slot = ? WHERE id = ? AND state = 'reserved'",
    );
  }

  /**
   * Writes a request down, once. It may be cut on chain later: when the engine has refused the whole amount, it is asked for the smaller
   * one; otherwise what counts is what it was told first, and the rest is given back. A larger amount is another request of the same second.
   */
  record(request: ForcedRequestSeen): LedgerForcedRequest {
    const known = this.find(request);
    if (known !== null && !isNews(known, request)) return known;
    return this.database.write(() => {
      const { accountId, requestedAtSeconds, amountMicroUsd, seenAtSlot } = request;
      if (known === null || isLarger(known, request)) {
        const row = { accountId, requestedAtSeconds, amountMicroUsd, seenAtSlot };
        return this.expect(request, Number(this.insert.run(row).lastInsertRowid));
      }
      this.setSeenSlot.run(seenAtSlot, known.id);
      if (!isCut(known, request)) return this.get(known.id);
      this.setAmount.run(amountMicroUsd, known.id);
      return this.expect(request, known.id);
    });
  }

  open(): LedgerForcedRequest[] {
    return this.openRows.all() as LedgerForcedRequest[];
  }

  get(id: number): LedgerForcedRequest {
    const row = this.byId.get(id) as LedgerForcedRequest | undefined;
    if (row === undefined) throw new LedgerStateError(`there is no forced request ${id}`);
    return row;
  }

  /** The newest of this account and time; null: none is known. */
  find({ accountId, requestedAtSeconds }: ForcedRequest): LedgerForcedRequest | null {
    const row = this.byKey.get(accountId, requestedAtSeconds);
    return (row as LedgerForcedRequest | undefined) ?? null;
  }

  mark(id: number, state: ForcedState): void {
    this.database.write(() => {
      if (this.setState.run(state, id).changes === 1) return;
      throw new LedgerStateError(`there is no forced request ${id}`);
    });
  }

  /** Gone from the chain at this slot, and not paid by then: the engine gets it back, unless it has turned out meanwhile that it was paid. */
  markGone(id: number, goneAtSlot: number): void {
    this.database.write(() => this.setGone.run(goneAtSlot, id));
  }

  /**
   * The chain has paid an account, which has at most one request at a time. Gives the request that was paid, null when none is known, and what
   * the engine has not given for it. Part of the transaction that notes the payment.
   */
  notePaid(payment: { accountId: number; amountMicroUsd: number; chainSlot: number }): {
    request: LedgerForcedRequest | null;
    owedMicroUsd: number;
  } {
    const { accountId, chainSlot, amountMicroUsd } = payment;
    const found = this.payable.get({ accountId, chainSlot }) as LedgerForcedRequest | undefined;
    if (found === undefined) return { request: null, owedMicroUsd: amountMicroUsd };
    const { id, state } = found;
    // What is given back, or is about to be, has to be taken off once more.
    if (state === 'canceled' || state === 'givenBack') {
      return { request: found, owedMicroUsd: amountMicroUsd };
    }
    const paidMicroUsd = Math.min(amountMicroUsd, found.amountMicroUsd);
    if (state === 'refused' && paidMicroUsd < found.amountMicroUsd) {
      this.setAmount.run(paidMicroUsd, id);
      this.expect({ ...found, amountMicroUsd: paidMicroUsd }, id);
    }
    const isReserved = state === 'reserved';
    this.setPaid.run({
      id,
      paidMicroUsd,
      state: isReserved ? paidState(found, paidMicroUsd) : 'seen',
    });
    return { request: found, owedMicroUsd: amountMicroUsd - paidMicroUsd };
  }

  /** The engine has given it, and the bus has shown that. */
  markReserved(id: number): void {
    const known = this.get(id);
    const { paidMicroUsd } = known;
    this.mark(id, paidMicroUsd === 0 ? 'reserved' : paidState(known, paidMicroUsd));
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
    return this.get(id);
  }
}

/** What a node tells that is behind is none. */
function isNews(known: LedgerForcedRequest, request: ForcedRequestSeen): boolean {
  if (request.seenAtSlot <= known.seenAtSlot) return false;
  return known.seenAtSlot === 0 || isLarger(known, request) || isCut(known, request);
}

function isLarger(known: LedgerForcedRequest, request: ForcedRequest): boolean {
  return request.amountMicroUsd > known.amountMicroUsd;
}

function isCut(known: LedgerForcedRequest, request: ForcedRequest): boolean {
  return known.state === 'refused' && request.amountMicroUsd < known.amountMicroUsd;
}

/** Paid in part, the engine has to have the rest back. */
function paidState({ amountMicroUsd }: ForcedRequest, paidMicroUsd: number): ForcedState {
  return paidMicroUsd < amountMicroUsd ? 'canceled' : 'served';
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
