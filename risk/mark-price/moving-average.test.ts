import fc from 'fast-check';
import { expect, it } from 'vitest';
import { movingAverage } from './moving-average.js';

it.each([
  ['nothing has passed', 1000, 2000, 0, 1000, 1000],
  ['half of the time constant', 1000, 2000, 500, 1000, 1500],
  ['the step is rounded towards zero, up', 0, 1, 999, 1000, 0],
  ['… and down', 0, -1, 999, 1000, 0],
  ['all of it', 0, 1, 1000, 1000, 1],
  ['without a time constant it follows at once', 5, 9, 0, 0, 9],
])('%s', (_name, before, value, elapsedMs, averageMs, expected) => {
  expect(movingAverage(before, value, elapsedMs, averageMs)).toBe(expected);
});

it('lies between what it was and what came, nearer the more time has passed', () => {
  const milliTicks = fc.integer({ min: -(2 ** 42), max: 2 ** 42 });
  const times = fc.integer({ min: 1, max: 86_400_000 });
  fc.assert(
    fc.property(milliTicks, milliTicks, times, times, times, (before, value, a, b, averageMs) => {
      const sooner = movingAverage(before, value, Math.min(a, b), averageMs);
      const later = movingAverage(before, value, Math.max(a, b), averageMs);
      expect(Math.abs(value - later)).toBeLessThanOrEqual(Math.abs(value - sooner));
      expect(Math.abs(before - later)).toBeLessThanOrEqual(Math.abs(before - value));
      const exact = (BigInt(value - before) * BigInt(Math.min(a, b))) / BigInt(averageMs);
      if (Math.min(a, b) < averageMs) expect(BigInt(sooner - before)).toBe(exact);
    }),
  );
});
