import { StartError, shown } from './problem.js';

/** Reads a table of a configuration file key by key; every complaint names file, key, value and limit. */
export class TableReader {
  private readonly file: string;
  private readonly path: string;
  private readonly table: Record<string, unknown>;
  private readonly known: string[] = [];

  constructor(file: string, path: string, table: unknown) {
    this.file = file;
    this.path = path;
    if (typeof table !== 'object' || table === null || Array.isArray(table)) {
      throw new StartError(
        `${file}: ${path || 'the file'} must be a table, but is ${shown(table)}`,
      );
    }
    this.table = table as Record<string, unknown>;
  }

  text(key: string, pattern = /^.+$/, meaning = 'a text'): string {
    const value = this.take(key);
    if (typeof value === 'string' && pattern.test(value)) return value;
    return this.wrong(key, meaning, value);
  }

  choice<T extends string>(key: string, choices: readonly T[]): T {
    const value = this.take(key);
    const found = choices.find((choice) => choice === value);
    return found ?? this.wrong(key, `one of ${choices.join(', ')}`, value);
  }

  /** A list, which may be empty. */
  texts(key: string, pattern: RegExp, meaning: string): string[] {
    const value = this.take(key);
    if (!Array.isArray(value)) return this.wrong(key, `a list of ${meaning}`, value);
    const stranger = value.findIndex((one) => typeof one !== 'string' || !pattern.test(one));
    if (stranger === -1) return value as string[];
    return this.wrong(`${key}[${stranger}]`, meaning, value[stranger]);
  }

  integer(key: string, least: number, most: number): number {
    const value = this.take(key);
    const fits = typeof value === 'number' && Number.isInteger(value);
    if (fits && value >= least && value <= most) return value;
    return this.wrong(key, `an integer from ${least} to ${most}`, value);
  }

  /** Null: the word. */
  integerOr(word: string, key: string, least: number, most: number): number | null {
    const value = this.take(key);
    if (value === word) return null;
    const fits = typeof value === 'number' && Number.isInteger(value);
    if (fits && value >= least && value <= most) return value;
    return this.wrong(key, `"${word}" or an integer from ${least} to ${most}`, value);
  }

  flag(key: string): boolean {
    const value = this.take(key);
    return typeof value === 'boolean' ? value : this.wrong(key, 'true or false', value);
  }

  /** A decimal in quotes; floats of a configuration would be a guess. */
  decimal(key: string): string {
    const value = this.take(key);
    if (typeof value === 'string' && /^-?\d{1,20}(\.\d{1,12})?$/.test(value)) return value;
    return this.wrong(key, 'a decimal in quotes', value);
  }

  has(key: string): boolean {
    return this.take(key) !== undefined;
  }

  tableAt(key: string): TableReader {
    return new TableReader(this.file, this.at(key), this.take(key));
  }

  list(key: string): TableReader[] {
    const value = this.take(key);
    if (!Array.isArray(value)) return this.wrong(key, 'a list of tables', value);
    return value.map((item, i) => new TableReader(this.file, `${this.at(key)}[${i}]`, item));
  }

  /** Keys that nobody asked for are misspelled ones. */
  refuseUnknown(): void {
    for (const key of Object.keys(this.table)) {
      if (this.known.includes(key)) continue;
      const keys = [...this.known].sort().join(', ');
      throw new StartError(`${this.file}: ${this.at(key)} is not a key; the keys are ${keys}`);
    }
  }

  /** For what only several keys together get wrong. */
  fail(sentence: string): never {
    throw new StartError(`${this.file}: ${this.path}: ${sentence}`);
  }

  private take(key: string): unknown {
    this.known.push(key);
    return this.table[key];
  }

  private wrong(key: string, meaning: string, value: unknown): never {
    const is = value === undefined ? 'missing' : shown(value);
    throw new StartError(`${this.file}: ${this.at(key)} must be ${meaning}, but is ${is}`);
  }

  private at(key: string): string {
    return this.path === '' ? key : `${this.path}.${key}`;
  }
}
