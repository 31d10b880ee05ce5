import { describe, expect, it, vi } from 'vitest';
import { Xorshift } from '../testing/xorshift.js';
import { openHeap } from './books.js';
import { dropFar, findFar, nextFar, openFar } from './far-levels.js';
import { allocate } from './heap.js';
import { FAR_KEY, L_FAR_COUNT, LADDER_BYTES, V_LOTS } from './layout.js';
import * as memory from './memory.js';

/** Levels that have taken another place in memory. */
const moved = vi.hoisted(() => ({ count: 0 }));
vi.mock('./memory.js', async (original) => {
  const real = await original<typeof memory>();
  const copyBytes = (to: number, from: number, bytes: number) => {
    moved.count++;
    real.copyBytes(to, from, bytes);
  };
  return { ...real, copyBytes };
});

function newLadder(): number {
  memory.useMemory(new WebAssembly.Memory({ initial: 64, maximum: 4096, shared: true }));
  openHeap();
  return allocate(LADDER_BYTES);
}

/** Keys and lots of all far levels, best first. */
function shownBy(ladder: number): [number, number][] {
  const shown: [number, number][] = [];
  for (let level = nextFar(ladder, 0); level !== 0; ) {
    const key = memory.i32At(level + FAR_KEY);
    shown.push([key, memory.f64At(level + V_LOTS)]);
    level = nextFar(ladder, key + 1);
  }
  return shown;
}

describe('levels beyond the window', () => {
  it.each([1, 2, 3])('are those of a sorted map, whatever comes and goes (seed %d)', (seed) => {
    const ladder = newLadder();
    const random = new Xorshift(seed);
    const known = new Map<number, number>();
    for (let step = 1; step <= 6_000; step++) {
      // Many come first, then most of them go.
      const key = random.between(1, 4_000);
      if (random.chance(step < 3_000 ? 80 : 20)) {
        const level = openFar(ladder, key);
        expect(memory.f64At(level + V_LOTS)).toBe(known.get(key) ?? 0);
        memory.setF64(level + V_LOTS, step);
        known.set(key, step);
      } else if (known.delete(key)) dropFar(ladder, key);
      if (step % 500 !== 0) continue;
      expect(shownBy(ladder)).toEqual([...known].sort(([a], [b]) => a - b));
      expect(memory.i32At(ladder + L_FAR_COUNT)).toBe(known.size);
      for (const [each, lots] of known) {
        expect(memory.f64At(findFar(ladder, each) + V_LOTS)).toBe(lots);
      }
    }
  });

  it('stay where they are but for a few when one of 20,000 comes or goes', () => {
    const ladder = newLadder();
    const random = new Xorshift(7);
    const keys = Array.from({ length: 20_000 }, (_, i) => 1 + i);
    for (let i = keys.length - 1; i > 0; i--) {
      const other = random.below(i + 1);
      [keys[i], keys[other]] = [keys[other] as number, keys[i] as number];
    }
    moved.count = 0;
    for (const key of keys) openFar(ladder, key);
    for (const key of keys.slice(0, 10_000)) dropFar(ladder, key);
    expect(moved.count / 30_000).toBeLessThan(32);
    expect(shownBy(ladder)).toHaveLength(10_000);
  });
});
