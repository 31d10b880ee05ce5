import { describe, expect, it } from 'vitest';
import { CanonicalReader, CanonicalWriter } from '../state/canonical-writer.js';
import { AccountDirectory } from './account-directory.js';
import { SUB_ACCOUNTS_MAX, subAccountRefusal } from './sub-account-rules.js';

const NO_KEY = new Int32Array(8);
const KEY = Int32Array.from([1, 2, 3, 4, 5, 6, 7, -8]);

describe('the directory of accounts', () => {
  it('knows families, also from a snapshot; who has a key of its own is in none', () => {
    const directory = new AccountDirectory();
    directory.add(0, 0, NO_KEY, 0);
    directory.add(0, 1, NO_KEY, 0);
    directory.add(0, 1, KEY, 0);
    directory.add(0, 1, NO_KEY, 0);
    const writer = new CanonicalWriter();
    directory.writeState(writer);
    const copy = new AccountDirectory();
    copy.readState(new CanonicalReader(writer.bytes()));
    for (const each of [directory, copy]) {
      expect(each.subsOf(1)).toEqual([2, 4]);
      expect(each.subsOf(2)).toEqual([]);
      expect([1, 2, 3, 4, 5].map((account) => each.parentOf(account))).toEqual([0, 1, 1, 1, 0]);
      expect(each.withKey(KEY, 0)).toBe(3);
    }
    expect(copy.add(0, 1, NO_KEY, 0)).toBe(5);
    expect(copy.subsOf(1)).toEqual([2, 4, 5]);
  });
});

describe('numbers of sub-accounts', () => {
  it.each([
    [0, 0, null],
    [0, 1, null],
    [0, 2, 'within 1'],
    [3, 2, null],
    [3, 4, null],
    [3, 5, 'within 4'],
    [3, -1, 'within 4'],
    [SUB_ACCOUNTS_MAX, 0, 'full'],
    [SUB_ACCOUNTS_MAX, SUB_ACCOUNTS_MAX, null],
    [SUB_ACCOUNTS_MAX, SUB_ACCOUNTS_MAX + 1, 'full'],
  ])('of %i the number %i is %s', (count, number, expected) => {
    const refusal = subAccountRefusal(count, number);
    const isFull = refusal?.limit === SUB_ACCOUNTS_MAX && refusal.value > SUB_ACCOUNTS_MAX;
    const found = refusal === null ? null : isFull ? 'full' : `within ${refusal.limit}`;
    expect(found).toBe(expected);
  });
});
