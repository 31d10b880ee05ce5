import type { Statement } from 'better-sqlite3';
import type { LedgerDatabase } from './database.js';

/**
 * `open`: was not understood, and its subject stands still. `parked`: came behind an open one and waits. `ingested` and `discarded`: done.
 */
export type LetterState = 'open' | 'parked' | 'ingested' | 'discarded';

export interface DeadLetter {
  readonly id: number;
  readonly subject: string;
  /** Of the message in its stream on the bus. */
  readonly streamSequence: number;
  readonly state: LetterState;
  /** A word for programs. */
  readonly reason: string;
  /** For operators. */
  readonly sentence: string;
  readonly receivedAtMs: number;
  readonly attempts: number;
  readonly lengthBytes: number;
}

export interface LetterMessage {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly sequence: number;
}

const COLUMNS =
  'id, subject, stream_sequence AS streamSequence, state, reason, sentence, received_at_ms AS receivedAtMs, attempts, length(bytes) AS lengthBytes';
const WAITING = "state IN ('open', 'parked')";

/** Messages that could not be taken in, whole, as they came. */
export class DeadLetterStore {
  private readonly insert: Statement;
  private readonly one: Statement;
  private readonly bytesOf: Statement;
  private readonly waiting: Statement;
  private readonly newest: Statement;
  private readonly firstOf: Statement;
  private readonly sameMessage: Statement;
  private readonly change: Statement;
  private readonly counts: Statement;

  constructor({ sql }: LedgerDatabase) {
    this.insert = sql.prepare(
      'INSERT INTO dead_letters (subject, stream_sequence, state, reason, sentence, received_at_ms, bytes) VALUES (?, ?, ?, ?, ?, ?, ?)',
    );
    this.one = sql.prepare(`SELECT ${COLUMNS} FROM dead_letters WHERE id = ?`);
    this.bytesOf = sql.prepare('SELECT bytes FROM dead_letters WHERE id = ?').pluck();
    this.waiting = sql.prepare(
      `SELECT ${COLUMNS} FROM dead_letters WHERE ${WAITING} ORDER BY subject, id LIMIT ?`,
    );
    this.newest = sql.prepare(`SELECT ${COLUMNS} FROM dead_letters ORDER BY id DESC LIMIT ?`);
    this.firstOf = sql.prepare(
      `SELECT ${COLUMNS} FROM dead_letters WHERE subject = ? AND ${WAITING} ORDER BY id LIMIT 1`,
    );
    this.sameMessage = sql
      .prepare(
        `SELECT 1 FROM dead_letters WHERE subject = ? AND stream_sequence = ? AND bytes = ? AND ${WAITING}`,
      )
      .pluck();
    this.change = sql.prepare(
      'UPDATE dead_letters SET state = @state, reason = @reason, sentence = @sentence, attempts = attempts + 1 WHERE id = @id',
    );
    this.counts = sql.prepare(
      `SELECT coalesce(sum(state = 'open'), 0) AS open, coalesce(sum(state = 'parked'), 0) AS parked FROM dead_letters WHERE ${WAITING}`,
    );
  }

  add(
    message: LetterMessage,
    state: 'open' | 'parked',
    reason: string,
    sentence: string,
    timeMs: number,
  ): number {
    const { subject, sequence, data } = message;
    const { lastInsertRowid } = this.insert.run(
      subject,
      sequence,
      state,
      reason,
      sentence,
      timeMs,
      data,
    );
    return Number(lastInsertRowid);
  }

  /** True when this very message waits already: it was delivered twice. */
  has({ subject, sequence, data }: LetterMessage): boolean {
    return this.sameMessage.get(subject, sequence, data) === 1;
  }

  find(id: number): DeadLetter | null {
    return (this.one.get(id) as DeadLetter | undefined) ?? null;
  }

  bytes(id: number): Uint8Array {
    return this.bytesOf.get(id) as Buffer;
  }

  /** The first one of a subject that is open or parked. */
  first(subject: string): DeadLetter | null {
    return (this.firstOf.get(subject) as DeadLetter | undefined) ?? null;
  }

  /** Subjects whose first waiting letter is not open: nothing keeps them but a gap. */
  subjectsToResume(): string[] {
    const subjects = new Set(this.listWaiting(Number.MAX_SAFE_INTEGER).map((each) => each.subject));
    return [...subjects].filter((subject) => this.first(subject)?.state === 'parked');
  }

  /** Open and parked ones by subject, in the order in which they came. */
  listWaiting(limit: number): DeadLetter[] {
    return this.waiting.all(limit) as DeadLetter[];
  }

  /** All that ever were, newest first. */
  listNewest(limit: number): DeadLetter[] {
    return this.newest.all(limit) as DeadLetter[];
  }

  update(
    letter: DeadLetter,
    state: LetterState,
    reason = letter.reason,
    sentence = letter.sentence,
  ): void {
    this.change.run({ id: letter.id, state, reason, sentence });
  }

  count(): { open: number; parked: number } {
    return this.counts.get() as { open: number; parked: number };
  }
}
