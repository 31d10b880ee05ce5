import type { CanonicalReader, CanonicalWriter } from '../state/canonical-writer.js';

const KEY_WORDS = 8;

/**
 * All accounts of an exchange with several shards, kept by the one that gives out ids: which shard is home to each, and which
 * key belongs to whom. A table and not a formula, so that accounts can move one day.
 */
export class AccountDirectory {
  private readonly homes: number[] = [];
  /** By account, 0 for none. */
  private readonly parents: number[] = [];
  /** By parent, in the order of their ids: sub-accounts without a key of their own. */
  private readonly subs = new Map<number, number[]>();
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

  /** 0: it is nobody's sub-account. */
  parentOf(account: number): number {
    return this.parents[account - 1] ?? 0;
  }

  /** Sub-accounts that have no key of their own, by number from 1 on. */
  subsOf(account: number): readonly number[] {
    return this.subs.get(account) ?? [];
  }

  add(home: number, parent: number, words: Int32Array, keyAt: number): number {
    this.homes.push(home);
    this.parents.push(parent);
    const account = this.homes.length;
    const key = keyText(words, keyAt);
    if (key !== '') this.byKey.set(key, account);
    else this.noteSub(parent, account);
    return account;
  }

  private noteSub(parent: number, account: number): void {
    if (parent === 0) return;
    const subs = this.subs.get(parent);
    if (subs === undefined) this.subs.set(parent, [account]);
    else subs.push(account);
  }

  writeState(writer: CanonicalWriter): void {
    writer.put(this.homes.length);
    for (const home of this.homes) writer.put(home);
    for (const parent of this.parents) writer.put(parent);
    writer.put(this.byKey.size);
    for (const [key, account] of this.byKey) {
      for (const word of key.split(',')) writer.put(Number(word));
      writer.put(account);
    }
  }

  readState(reader: CanonicalReader): void {
    const accounts = reader.take();
    for (let i = 0; i < accounts; i++) this.homes.push(reader.take());
    for (let i = 0; i < accounts; i++) this.parents.push(reader.take());
    for (let left = reader.take(); left > 0; left--) {
      const key = Array.from({ length: KEY_WORDS }, () => reader.take()).join(',');
      this.byKey.set(key, reader.take());
    }
    const owners = new Set(this.byKey.values());
    this.parents.forEach((parent, i) => {
      if (!owners.has(i + 1)) this.noteSub(parent, i + 1);
    });
  }
}

/** '' for a key of zeros, which is none. */
function keyText(words: Int32Array, at: number): string {
  const key = words.subarray(at, at + KEY_WORDS);
  return key.some((word) => word !== 0) ? key.join(',') : '';
}
