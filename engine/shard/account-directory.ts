import type { CanonicalReader, CanonicalWriter } from '../state/canonical-writer.js';

const KEY_WORDS = 8;

/**
 * All accounts of an exchange with several shards, kept by the one that gives out ids: which shard is home to each, and which
 * key belongs to whom. A table and not a formula, so that accounts can move one day.
 */
export class AccountDirectory {
  private readonly homes: number[] = [];
  private readonly byKey = new Map<string, number>();

  /** Highest id that was given out; ids count from 1. */
  get lastId(): number {
    return this.homes.length;
  }

  homeOf(account: number): number | null {
    return this.homes[account - 1] ?? null;
  }

  /** Account that has this key (8 words), 0 when none has it or there is no key. */
  withKey(words: Int32Array, at: number): number {
    return this.byKey.get(keyText(words, at)) ?? 0;
  }

  add(home: number, words: Int32Array, keyAt: number): number {
    this.homes.push(home);
    const key = keyText(words, keyAt);
    if (key !== '') this.byKey.set(key, this.homes.length);
    return this.homes.length;
  }

  writeState(writer: CanonicalWriter): void {
    writer.put(this.homes.length);
    for (const home of this.homes) writer.put(home);
    writer.put(this.byKey.size);
    for (const [key, account] of this.byKey) {
      for (const word of key.split(',')) writer.put(Number(word));
      writer.put(account);
    }
  }

  readState(reader: CanonicalReader): void {
    for (let left = reader.take(); left > 0; left--) this.homes.push(reader.take());
    for (let left = reader.take(); left > 0; left--) {
      const key = Array.from({ length: KEY_WORDS }, () => reader.take()).join(',');
      this.byKey.set(key, reader.take());
    }
  }
}

/** '' for a key of zeros, which is none. */
function keyText(words: Int32Array, at: number): string {
  const key = words.subarray(at, at + KEY_WORDS);
  return key.some((word) => word !== 0) ? key.join(',') : '';
}
