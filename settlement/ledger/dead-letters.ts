import type { Statement } from 'better-sqlite3';
import { decodePack } from '../packs/pack-codec.js';
import { LedgerDatabase } from './database.js';
import type { DeadLetter, DeadLetterStore } from './dead-letter-store.js';
import { LedgerStateError } from './errors.js';
import type { Ingest } from './ingest.js';

export interface LetterView extends DeadLetter {
  readonly bytes: Uint8Array;
  /** What can be read of it; null: nothing. */
  readonly pack: object | null;
}

/** What an operator has done, or asked a running settlement to do. */
export interface OperatorAction {
  readonly id: number;
  readonly timeMs: number;
  readonly action: 'retry' | 'discard';
  /** Number of the dead letter. */
  readonly subject: string;
  readonly reason: string;
  /** null: asked for, and not done yet. */
  readonly result: string | null;
}

const COLUMNS = 'id, time_ms AS timeMs, action, subject, reason, result';

/** The operator's side of dead letters. What is done to one is kept in a journal, with the reason. */
export class DeadLetters {
  private readonly database: LedgerDatabase;
  private readonly store: DeadLetterStore;
  private readonly ingest: Ingest;
  private readonly now: () => number;
  private readonly insertAction: Statement;
  private readonly setResult: Statement;
  private readonly asked: Statement;
  private readonly newestActions: Statement;

  constructor(database: LedgerDatabase, store: DeadLetterStore, ingest: Ingest, now: () => number) {
    this.database = database;
    this.store = store;
    this.ingest = ingest;
    this.now = now;
    const { sql } = database;
    this.insertAction = sql.prepare(INSERT_ACTION);
    this.setResult = sql.prepare('UPDATE operator_journal SET result = ? WHERE id = ?');
    this.asked = sql.prepare(
      `SELECT ${COLUMNS} FROM operator_journal WHERE result IS NULL ORDER BY id`,
    );
    this.newestActions = sql.prepare(
      `SELECT ${COLUMNS} FROM operator_journal ORDER BY id DESC LIMIT ?`,
    );
  }

  /** Those that wait, by subject in order; with `all` also those that are done, newest first. */
  list(limit: number, all = false): DeadLetter[] {
    return all ? this.store.listNewest(limit) : this.store.listWaiting(limit);
  }

  /** @throws LedgerStateError when there is none with this number. */
  inspect(id: number): LetterView {
    const letter = this.get(id);
    const bytes = this.store.bytes(id);
    return { ...letter, bytes, pack: readable(bytes) };
  }

  /**
   * Tries an open letter again, and with it everything that waits behind it. Gives a sentence about what came of it.
   *
   * @throws LedgerStateError when it is not the first one of its subject.
   */
  retry(id: number, reason: string): string {
    return this.recorded('retry', id, reason);
  }

  /**
   * Puts an open letter aside for good, and goes on with what waits behind it. Its bytes stay. Where it held items that nobody else
   * brings, what follows is a gap, and says so.
   *
   * @throws LedgerStateError when it is not the first one of its subject, or there is no reason.
   */
  discard(id: number, reason: string): string {
    return this.recorded('discard', id, reason);
  }

  /** Does what `askForAction` has written down meanwhile. Returns how much that was. */
  doWhatWasAsked(): number {
    const actions = this.asked.all() as OperatorAction[];
    for (const { id, action, subject, reason } of actions) {
      let result: string;
      try {
        result = this.perform(action, Number(subject), reason);
      } catch (error) {
        if (!(error instanceof LedgerStateError)) throw error;
        result = `refused: ${error.message}`;
      }
      this.database.write(() => this.setResult.run(result, id));
    }
    return actions.length;
  }

  /** Newest first. */
  journal(limit: number): OperatorAction[] {
    return this.newestActions.all(limit) as OperatorAction[];
  }

  private recorded(action: OperatorAction['action'], id: number, reason: string): string {
    const result = this.perform(action, id, reason);
    this.database.write(() => {
      this.insertAction.run(this.now(), action, String(id), reason, result);
    });
    return result;
  }

  private perform(action: OperatorAction['action'], id: number, reason: string): string {
    return action === 'retry' ? this.tryAgain(id) : this.putAside(id, reason);
  }

  private tryAgain(id: number): string {
    const letter = this.firstOfSubject(id);
    const taken = this.ingest.drain(letter.subject);
    const left = this.store.first(letter.subject);
    const sentence =
      left === null
        ? `${taken} messages of ${letter.subject} were taken in; nothing waits any more`
        : `${taken} messages of ${letter.subject} were taken in; ${left.id} waits: ${left.sentence}`;
    return sentence;
  }

  private putAside(id: number, reason: string): string {
    if (reason.trim() === '') throw new LedgerStateError('to discard a message needs a reason');
    const letter = this.firstOfSubject(id);
    this.database.write(() => this.store.update(letter, 'discarded'));
    const taken = this.ingest.drain(letter.subject);
    const left = this.store.first(letter.subject);
    const after = left === null ? 'nothing waits any more' : `${left.id} waits: ${left.sentence}`;
    return `discarded; ${taken} messages behind it were taken in; ${after}`;
  }

  private get(id: number): DeadLetter {
    const letter = this.store.find(id);
    if (letter === null) throw new LedgerStateError(`there is no dead letter ${id}`);
    return letter;
  }

  private firstOfSubject(id: number): DeadLetter {
    const letter = this.get(id);
    if (letter.state === 'ingested' || letter.state === 'discarded') {
      throw new LedgerStateError(`dead letter ${id} is ${letter.state} already`);
    }
    const first = this.store.first(letter.subject);
    if (first === null || first.id === id) return letter;
    throw new LedgerStateError(`dead letter ${id} waits behind ${first.id}, which comes first`);
  }
}

const INSERT_ACTION =
  'INSERT INTO operator_journal (time_ms, action, subject, reason, result) VALUES (?, ?, ?, ?, ?)';

/** Writes down, beside a settlement that is running, what it shall do with a dead letter; it does so within a moment. */
export function askForAction(
  dataDir: string,
  action: OperatorAction['action'],
  id: number,
  reason: string,
): void {
  const database = new LedgerDatabase({ dataDir, mode: 'beside' });
  try {
    database.write(() => {
      database.sql.prepare(INSERT_ACTION).run(Date.now(), action, String(id), reason, null);
    });
  } finally {
    database.close();
  }
}

function readable(bytes: Uint8Array): object | null {
  try {
    return decodePack(bytes);
  } catch {
    return null;
  }
}
