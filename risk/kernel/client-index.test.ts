import { beforeEach, describe, expect, it } from 'vitest';
import { openHeap } from '../../engine/kernel/books.js';
import { i32At, setI32, useMemory } from '../../engine/kernel/memory.js';
import { Xorshift } from '../../engine/testing/xorshift.js';
import {
  cellWith,
  firstCell,
  hashOfClient,
  hasOldIndex,
  indexClient,
  refIn,
  unindexClient,
} from './client-index.js';
import { G_HASH_SECRET, G_INDEX, G_INDEX_USED, G_OLD_INDEX, G_OLD_LEFT, I_MASK } from './layout.js';

beforeEach(() => {
  useMemory(new WebAssembly.Memory({ initial: 64, maximum: 4096, shared: true }));
  openHeap();
});

/** All references with this hash, sorted. */
function refsWith(hash: number): number[] {
  const found: number[] = [];
  for (const table of hasOldIndex() ? [G_INDEX, G_OLD_INDEX] : [G_INDEX]) {
    let cell = cellWith(table, hash, firstCell(table, hash));
    while (cell >= 0) {
      found.push(refIn(table, cell));
      cell = cellWith(table, hash, cell + 1);
    }
  }
  return found.sort((a, b) => a - b);
}

describe('the index of client ids', () => {
  it('is empty before the first id', () => {
    expect(refsWith(5)).toEqual([]);
  });

  it.each([
    ['with hashes of all kinds', 2 ** 32],
    ['with few hashes at both ends of the table, so that clusters are long', 24],
  ])('finds what a Map finds while it grows and shrinks, %s', (_name, kinds) => {
    const random = new Xorshift(5);
    const known = new Map<number, number>();
    let [ref, moving] = [0, 0];
    const anyHash = (): number => (random.below(kinds) - (kinds >> 1)) | 0;
    for (let step = 0; step < 30_000; step++) {
      // Now more come, now more go.
      const more = step % 6000 < 4000 ? 75 : 30;
      if (known.size === 0 || random.chance(more)) {
        const hash = kinds === 24 && known.size > 3000 ? random.next() | 0 : anyHash();
        known.set(ref, hash);
        indexClient(ref++, hash);
      } else {
        const gone = nearest(known, random.below(ref));
        unindexClient(gone, known.get(gone) as number);
        known.delete(gone);
      }
      if (hasOldIndex() && i32At(G_OLD_LEFT) > 0) moving++;
      if (step % 500 === 0) check(known);
    }
    check(known);
    expect(moving).toBeGreaterThan(20);
  });

  /** A reference that is known, from this number on. */
  function nearest(known: Map<number, number>, from: number): number {
    for (let ref = from; ; ref++)
      if (known.has(ref)) return ref;
      else if (ref > 30_000) ref = -1;
  }

  function check(known: Map<number, number>): void {
    const byHash = new Map<number, number[]>();
    for (const [ref, hash] of known) {
      const refs = byHash.get(hash);
      if (refs === undefined) byHash.set(hash, [ref]);
      else refs.push(ref);
    }
    for (const [hash, refs] of byHash) expect(refsWith(hash)).toEqual(refs);
    expect(i32At(G_INDEX_USED)).toBe(known.size);
  }

  it('spreads consecutive ids of consecutive accounts', () => {
    const homes = new Set<number>();
    for (let account = 1; account <= 64; account++) {
      for (let id = 1; id <= 64; id++) homes.add(hashOfClient(account, id, 0) >>> 16);
    }
    // Of 4,096 balls into 65,536 boxes, some 120 share theirs.
    expect(homes.size).toBeGreaterThan(3900);
  });

  it('tells ids beyond 2^32 apart by their upper part', () => {
    const hashes = new Set<number>();
    for (let upper = 0; upper < 1000; upper++) hashes.add(hashOfClient(1, upper * 2 ** 32 + 7, 0));
    expect(hashes.size).toBeGreaterThan(990);
  });

  it('has no long cluster for who knows all of its hash but the secret', () => {
    const secret = 0x1234_5678;
    expect(longestCluster(chosenIds(3_000), 0)).toBeGreaterThan(2_000);
    expect(longestCluster(chosenIds(3_000), secret)).toBeLessThan(200);
  });
});

/** Ids of account 1 with hashes from 0 on, one after the other, where the secret is 0. */
function chosenIds(count: number): number[] {
  const seed = Math.imul(1, -2048144789);
  return Array.from({ length: count }, (_, hash) => (unmixed(hash << 13) ^ seed) >>> 0);
}

/** The word of which a hash was made. */
function unmixed(hash: number): number {
  let word = hash ^ (hash >>> 16);
  word = Math.imul(word, 0x7ed1b41d);
  word ^= (word >>> 13) ^ (word >>> 26);
  word = Math.imul(word, 0xa5cb9243);
  return word ^ (word >>> 16);
}

/** Most cells in a row that are not empty, once all ids are in. */
function longestCluster(ids: readonly number[], secret: number): number {
  useMemory(new WebAssembly.Memory({ initial: 64, maximum: 4096, shared: true }));
  openHeap();
  setI32(G_HASH_SECRET, secret);
  ids.forEach((id, ref) => {
    indexClient(ref, hashOfClient(1, id, 0));
  });
  // Cells that have not moved to the wider table yet are not looked at.
  const cells = i32At(G_INDEX + I_MASK) + 1;
  let [longest, run] = [0, 0];
  for (let cell = 0; cell < cells; cell++) {
    run = refIn(G_INDEX, cell) >= 0 ? run + 1 : 0;
    longest = Math.max(longest, run);
  }
  return longest;
}
