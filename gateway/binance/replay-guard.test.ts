import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { createSharedSignatures, SharedSignatures } from '../shared/shared-signatures.js';
import { BinanceError } from './errors.js';
import { ReplayGuard } from './replay-guard.js';

const NOW = 1_767_225_600_000;
const OF_FAMILY = 20_000;

function signature(number: number): Buffer {
  return createHash('sha256').update(String(number)).digest();
}

/** Code with which it is refused, 0: it is taken. */
function take(guard: ReplayGuard, number: number, family: number, windowMs: number, nowMs: number) {
  try {
    guard.take(
      signature(number),
      family,
      { timestampMs: nowMs, deadlineMs: nowMs + windowMs },
      nowMs,
    );
    return 0;
  } catch (error) {
    if (error instanceof BinanceError) return error.code;
    throw error;
  }
}

it.each([
  ['of one thread', () => null],
  ['of several', () => new SharedSignatures(createSharedSignatures())],
])(
  'the memory %s is not used up by one owner, whatever window he asks for, and is his again when that is over',
  (_, shared) => {
    const guard = new ReplayGuard(NOW, true, shared());
    expect(take(guard, 0, 1, 60_000, NOW)).toBe(0);
    expect(take(guard, 0, 1, 60_000, NOW)).toBe(-2010);
    for (let i = 1; i < OF_FAMILY; i++) expect(take(guard, i, 1, 60_000, NOW)).toBe(0);
    expect(take(guard, OF_FAMILY, 1, 60_000, NOW)).toBe(-1015);
    expect(take(guard, OF_FAMILY, 1, 5_000, NOW)).toBe(-1015);

    expect(take(guard, OF_FAMILY + 1, 2, 5_000, NOW)).toBe(0);
    expect(take(guard, OF_FAMILY + 1, 2, 5_000, NOW)).toBe(-2010);
    expect(take(guard, OF_FAMILY + 2, 1, 5_000, NOW + 59_000)).toBe(-1015);
    expect(take(guard, OF_FAMILY + 3, 1, 5_000, NOW + 62_000)).toBe(0);
  },
);
