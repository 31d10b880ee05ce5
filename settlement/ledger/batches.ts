import type { Statement } from 'better-sqlite3';
import type { BatchSection } from '../program/batch.js';
import { batchHash, decodeBatch, GENESIS_HASH } from '../program/batch-codec.js';
import type { LedgerDatabase } from './database.js';
import { LedgerStateError } from './errors.js';
import type { StreamKind } from './streams.js';

/** `built`: on disk, and nothing sent. `submitted`: a transaction may be under way. `settled`: the chain has it. */
export type BatchState = 'built' | 'submitted' | 'settled';

export interface LedgerBatch {
  /** From 1 without a gap. */
  readonly sequence: number;
  readonly state: BatchState;
  readonly previousHash: Uint8Array;
  readonly hash: Uint8Array;
  readonly bytes: Uint8Array;
  /** Fills and transfers. */
  readonly items: number;
  readonly payments: number;
  readonly entries: number;
  readonly oldestItemMs: number;
  readonly newestItemMs: number;
  readonly builtAtMs: number;
  readonly submittedAtMs: number | null;
  readonly settledAtMs: number | null;
}

export type NewBatch = Pick<
  LedgerBatch,
  'bytes' | 'items' | 'payments' | 'oldestItemMs' | 'newestItemMs'
>;

/** Last items of the streams that are in the batches up to one. */
export interface StreamCut {
  readonly kind: StreamKind;
  readonly streamId: number;
  readonly item: number;
}

const COLUMNS =
  'sequence, state, previous_hash AS previousHash, hash, bytes, items, payments, entries, oldest_item_ms AS oldestItemMs, ' +
  'newest_item_ms AS newestItemMs, built_at_ms AS builtAtMs, submitted_at_ms AS submittedAtMs, settled_at_ms AS settledAtMs';

/** Batches in strict sequence, chained by hashes. A batch that was written never changes: its hash may be on its way to the chain. */
export class Batches {
  private readonly database: LedgerDatabase;
  private readonly now: () => number;
  private readonly insert: Statement;
  private readonly insertEntry: Statement;
  private readonly insertCut: Statement;
  private readonly one: Statement;
  private readonly last: Statement;
  private readonly unsettledRows: Statement;
  private readonly lastSettled: Statement;
  private readonly setSubmitted: Statement;
  private readonly setSettled: Statement;
  private readonly setBack: Statement;
  private readonly cutRows: Statement;

  constructor(database: LedgerDatabase, now: () => number) {
    this.database = database;
    this.now = now;
    const { sql } = database;
    this.insert = sql.prepare(
      'INSERT INTO batches (sequence, state, previous_hash, hash, bytes, items, payments, entries, oldest_item_ms, newest_item_ms, built_at_ms) ' +
        "VALUES (@sequence, 'built', @previousHash, @hash, @bytes, @items, @payments, @entries, @oldestItemMs, @newestItemMs, @builtAtMs)",
    );
    this.insertEntry = sql.prepare('INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?)');
    this.insertCut = sql.prepare('INSERT OR REPLACE INTO batch_cuts VALUES (?, ?, ?, ?)');
    this.one = sql.prepare(`SELECT ${COLUMNS} FROM batches WHERE sequence = ?`);
    this.last = sql.prepare(`SELECT ${COLUMNS} FROM batches ORDER BY sequence DESC LIMIT 1`);
    this.unsettledRows = sql.prepare(
      `SELECT ${COLUMNS} FROM batches WHERE state <> 'settled' ORDER BY sequence LIMIT ?`,
    );
    this.lastSettled = sql
      .prepare(
        "SELECT sequence FROM batches WHERE state = 'settled' ORDER BY sequence DESC LIMIT 1",
      )
      .pluck();
    this.setSubmitted = sql.prepare(
      "UPDATE batches SET state = 'submitted', submitted_at_ms = coalesce(submitted_at_ms, ?) WHERE sequence = ? AND state = 'built'",
    );
    this.setSettled = sql.prepare(
      "UPDATE batches SET state = 'settled', settled_at_ms = ? WHERE sequence <= ? AND state <> 'settled'",
    );
    this.setBack = sql.prepare(
      "UPDATE batches SET state = 'submitted', settled_at_ms = NULL WHERE sequence > ? AND state = 'settled'",
    );
    this.cutRows = sql.prepare(
      'SELECT kind, stream_id AS streamId, max(netted_item) AS item FROM batch_cuts WHERE batch <= ? GROUP BY kind, stream_id ORDER BY kind, stream_id',
    );
  }

  /** Part of the transaction that moves the cursors and balances. */
  add(batch: NewBatch, sections: readonly BatchSection[]): LedgerBatch {
    const newest = this.newest();
    const sequence = (newest?.sequence ?? 0) + 1;
    const previousHash = newest?.hash ?? GENESIS_HASH;
    this.insert.run({
      ...batch,
      sequence,
      previousHash,
      hash: batchHash(previousHash, BigInt(sequence), batch.bytes),
      entries: sections.reduce((sum, section) => sum + section.entries.length, 0),
      builtAtMs: this.now(),
    });
    for (const { slot, entries } of sections) {
      for (const entry of entries) {
        const { accountId, deltaLots, deltaEntryTickLots } = entry;
        const { realizedMicroUsd, otherMicroUsd } = entry;
        this.insertEntry.run(
          sequence,
          slot,
          accountId,
          deltaLots,
          deltaEntryTickLots,
          realizedMicroUsd,
          otherMicroUsd,
        );
      }
    }
    return this.get(sequence);
  }

  /** Part of the same transaction: the streams are netted up to here with this batch; 0: before the first one. */
  addCut(batch: number, { kind, streamId, item }: StreamCut): void {
    this.insertCut.run(batch, kind, streamId, item);
  }

  /** What is in the batches up to this one: where to stop when balances are recomputed from a journal. */
  cut(batch: number): StreamCut[] {
    return this.cutRows.all(batch) as StreamCut[];
  }

  find(sequence: number): LedgerBatch | null {
    return (this.one.get(sequence) as LedgerBatch | undefined) ?? null;
  }

  /** @throws LedgerStateError when there is none with this number. */
  get(sequence: number): LedgerBatch {
    const batch = this.find(sequence);
    if (batch === null) throw new LedgerStateError(`there is no batch ${sequence}`);
    return batch;
  }

  /** null: none was built yet. */
  newest(): LedgerBatch | null {
    return (this.last.get() as LedgerBatch | undefined) ?? null;
  }

  sectionsOf(sequence: number): BatchSection[] {
    return decodeBatch(this.get(sequence).bytes);
  }

  /** What still has to be settled, in the order in which it has to. */
  unsettled(limit: number): LedgerBatch[] {
    return this.unsettledRows.all(limit) as LedgerBatch[];
  }

  /** 0: none. */
  lastSettledSequence(): number {
    return (this.lastSettled.get() as number | undefined) ?? 0;
  }

  /** To be called before the first transaction of a batch is sent. */
  markSubmitted(sequence: number): void {
    this.database.write(() => {
      this.get(sequence);
      this.setSubmitted.run(this.now(), sequence);
    });
  }

  /**
   * The chain has this batch, and so all before it.
   *
   * @throws LedgerStateError when it was never built.
   */
  markSettled(sequence: number): void {
    this.database.write(() => {
      this.get(sequence);
      this.setSettled.run(this.now(), sequence);
    });
  }

  /** The chain has gone back to an earlier batch (a fork that had been confirmed): what is behind it is to be sent again. */
  takeBackAfter(sequence: number): number {
    return this.database.write(() => this.setBack.run(sequence).changes);
  }
}
