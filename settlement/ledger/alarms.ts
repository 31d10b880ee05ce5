import type { Statement } from 'better-sqlite3';
import type { LedgerDatabase } from './database.js';

/** `warning`: somebody should look. `critical`: something stands still. `halt`: nothing may be sent to the chain any more. */
export type Severity = 'warning' | 'critical' | 'halt';

export interface Alarm {
  /** What it is about; one alarm a key. */
  readonly key: string;
  readonly severity: Severity;
  readonly sentence: string;
  readonly sinceMs: number;
  readonly lastMs: number;
  readonly count: number;
}

/** What an operator has to know now (alarms), and what has been (notes). Both survive restarts. */
export class Alarms {
  private readonly database: LedgerDatabase;
  private readonly now: () => number;
  private readonly insert: Statement;
  private readonly remove: Statement;
  private readonly all: Statement;
  private readonly isHalted: Statement;
  private readonly addNote: Statement;
  private readonly newestNotes: Statement;

  constructor(database: LedgerDatabase, now: () => number) {
    this.database = database;
    this.now = now;
    const { sql } = database;
    this.insert = sql.prepare(
      'INSERT INTO alarms (key, severity, sentence, since_ms, last_ms, count) VALUES (@key, @severity, @sentence, @timeMs, @timeMs, 1) ' +
        'ON CONFLICT (key) DO UPDATE SET severity = excluded.severity, sentence = excluded.sentence, last_ms = excluded.last_ms, count = count + 1',
    );
    this.remove = sql.prepare('DELETE FROM alarms WHERE key = ?');
    this.all = sql.prepare(
      'SELECT key, severity, sentence, since_ms AS sinceMs, last_ms AS lastMs, count FROM alarms ORDER BY since_ms, key',
    );
    this.isHalted = sql.prepare("SELECT 1 FROM alarms WHERE severity = 'halt'").pluck();
    this.addNote = sql.prepare('INSERT INTO notes (time_ms, sentence) VALUES (?, ?)');
    this.newestNotes = sql.prepare(
      'SELECT time_ms AS timeMs, sentence FROM notes ORDER BY id DESC LIMIT ?',
    );
  }

  raise(key: string, severity: Severity, sentence: string): void {
    this.database.write(() => {
      const isNew = !this.list().some((alarm) => alarm.key === key);
      if (isNew) this.note(`alarm ${key}: ${sentence}`);
      this.insert.run({ key, severity, sentence, timeMs: this.now() });
    });
  }

  /** True when there was one. */
  clear(key: string): boolean {
    return this.database.write(() => {
      const wasRaised = this.remove.run(key).changes === 1;
      if (wasRaised) this.note(`alarm ${key} is over`);
      return wasRaised;
    });
  }

  list(): Alarm[] {
    return this.all.all() as Alarm[];
  }

  halted(): boolean {
    return this.isHalted.get() === 1;
  }

  note(sentence: string): void {
    this.database.write(() => this.addNote.run(this.now(), sentence));
  }

  /** Newest first. */
  notes(limit: number): { timeMs: number; sentence: string }[] {
    return this.newestNotes.all(limit) as { timeMs: number; sentence: string }[];
  }
}
