import { expect, it } from 'vitest';
import { BackOff } from './back-off.js';

it('doubles up to its most, shortened by chance by at most half, and begins anew', () => {
  const limits = { firstMs: 100, mostMs: 1000 };
  const whole = new BackOff(limits, () => 0);
  expect(Array.from({ length: 6 }, () => whole.next())).toEqual([100, 200, 400, 800, 1000, 1000]);
  whole.reset();
  expect(whole.next()).toBe(100);
  const half = new BackOff(limits, () => 0.999_999);
  expect(Array.from({ length: 5 }, () => half.next())).toEqual([50, 100, 200, 400, 500]);
  for (let i = 0; i < 10_000; i++) whole.next();
  expect(whole.next()).toBe(1000);
});
