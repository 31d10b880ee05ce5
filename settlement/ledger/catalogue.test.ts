import { afterEach, expect, it } from 'vitest';
import { makeScratch, openLedger, removeScratch } from './testing/scratch.js';

afterEach(removeScratch);

it('finds all accounts of an owner, sub-accounts without a key of their own too', () => {
  const { catalogue } = openLedger(makeScratch());
  const [one, other] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
  const accounts: [accountId: number, parentId: number, publicKey: Uint8Array | null][] = [
    [1, 0, one],
    [2, 0, other],
    [3, 1, null],
    [4, 1, other],
    [5, 0, null],
    [6, 5, null],
    [7, 0, one],
  ];
  for (const [accountId, parentId, publicKey] of accounts) {
    const item = { kind: 'accountCreated', accountId, parentId, publicKey, timeMs: 1, sequence: 1 };
    catalogue.addAccount(0, item as Parameters<typeof catalogue.addAccount>[1]);
  }
  const idsOf = (key: Uint8Array) => catalogue.accountsOfOwner(key).map((each) => each.accountId);
  expect(idsOf(one)).toEqual([1, 3, 7]);
  expect(idsOf(other)).toEqual([2, 4]);
  expect(idsOf(new Uint8Array(32))).toEqual([]);
});
