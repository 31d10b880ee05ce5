import type { Statement } from 'better-sqlite3';
import type { Cash } from './cash.js';
import type { LedgerDatabase } from './database.js';
import type { ForcedRequests, ForcedState } from './forced-requests.js';

/** A forced withdrawal that was paid, as the program's event tells it. */
export interface ForcedPayment {
  readonly signature: string;
  /** Of the event within the transaction. */
  readonly eventIndex: number;
  readonly accountId: number;
  readonly amountMicroUsd: number;
  readonly chainSlot: number;
}

/**
 * `booked`: the engine takes off, or has taken off, all of it with the request. `owed`: it has to take off something besides. `unknown`: no
 * request is known, so it is not known either whether the engine has taken it off.
 */
export type ForcedPaymentState = 'booked' | 'owed' | 'unknown';

export interface LedgerForcedPayment extends ForcedPayment {
  readonly id: number;
  readonly state: ForcedPaymentState;
  /** What the engine has to take off besides what the request did. */
  readonly owedMicroUsd: number;
  readonly seenAtMs: number;
  /** Where the bus has shown that it has; null: not yet. */
  readonly reservedItem: number | null;
}

/** What was noted of a payment. */
export interface NotedPayment {
  readonly payment: LedgerForcedPayment;
  /** State of the request before; null: none is known. */
  readonly was: ForcedState | null;
}

const COLUMNS =
  'id, signature, event_index AS eventIndex, account_id AS accountId, amount_micro_usd AS amountMicroUsd, chain_slot AS chainSlot, state, ' +
  'owed_micro_usd AS owedMicroUsd, seen_at_ms AS seenAtMs, reserved_item AS reservedItem';

/** Forced withdrawals that the chain has paid, each once, whatever the scanner says how often: each is taken off in the engine, too. */
export class ForcedPayments {
  private readonly database: LedgerDatabase;
  private readonly cash: Cash;
  private readonly requests: ForcedRequests;
  private readonly now: () => number;
  private readonly insert: Statement;
  private readonly byKey: Statement;
  private readonly openRows: Statement;
  private readonly setState: Statement;

  constructor(database: LedgerDatabase, cash: Cash, requests: ForcedRequests, now: () => number) {
    this.database = database;
    this.cash = cash;
    this.requests = requests;
    this.now = now;
    const { sql } = database;
    this.insert = sql.prepare(
      'INSERT INTO forced_payments (signature, event_index, account_id, amount_micro_usd, chain_slot, seen_at_ms, request_id, owed_micro_usd, state) ' +
        'VALUES (@signature, @eventIndex, @accountId, @amountMicroUsd, @chainSlot, @seenAtMs, @requestId, @owedMicroUsd, @state)',
    );
    this.byKey = sql.prepare(
      `SELECT ${COLUMNS} FROM forced_payments WHERE signature = ? AND event_index = ?`,
    );
    this.openRows = sql.prepare(
      `SELECT ${COLUMNS} FROM forced_payments WHERE state <> 'booked' ORDER BY id`,
    );
    this.setState = sql.prepare('UPDATE forced_payments SET state = ? WHERE id = ?');
  }

  /** Notes a payment; null: it is known. Part of the transaction that notes a scan. */
  note(payment: ForcedPayment): NotedPayment | null {
    return this.database.write(() => {
      const { signature, eventIndex, accountId, amountMicroUsd, chainSlot } = payment;
      if (this.byKey.get(signature, eventIndex) !== undefined) return null;
      const { request, owedMicroUsd } = this.requests.notePaid(payment);
      const known = owedMicroUsd === 0 ? 'booked' : 'owed';
      const { lastInsertRowid } = this.insert.run({
        ...{ signature, eventIndex, accountId, amountMicroUsd, chainSlot, owedMicroUsd },
        seenAtMs: this.now(),
        requestId: request?.id ?? null,
        state: request === null ? 'unknown' : known,
      });
      if (known === 'owed' && request !== null) {
        this.cash.expectKey(forcedDebitKey(payment), 'forcedDebit', Number(lastInsertRowid));
      }
      const noted = this.byKey.get(signature, eventIndex) as LedgerForcedPayment;
      return { payment: noted, was: request?.state ?? null };
    });
  }

  /** Those of which the engine has not taken off all, or may not have. */
  open(): LedgerForcedPayment[] {
    return this.openRows.all() as LedgerForcedPayment[];
  }

  /** The bus has shown that the engine has taken it off. */
  markBooked(id: number): void {
    this.database.write(() => this.setState.run('booked', id));
  }

  /** Looks whether the engine has taken off what no request is known of. True: it has. */
  findDebit({ id, accountId, amountMicroUsd, seenAtMs }: LedgerForcedPayment): boolean {
    return this.database.write(() => {
      const of = { accountId, amountMicroUsd, sinceMs: seenAtMs };
      const item = this.cash.debitWithoutPayment(of);
      if (item === null) return false;
      this.cash.linkByHand(item, 'forcedDebit', id);
      this.setState.run('booked', id);
      return true;
    });
  }
}

/** For what the engine has to take off besides: the same for every attempt. */
export function forcedDebitKey({ signature, eventIndex }: ForcedPayment): string {
  return `forced-debit:${signature}:${eventIndex}`;
}
