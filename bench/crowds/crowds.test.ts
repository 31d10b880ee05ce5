import { describe, expect, it } from 'vitest';
import { CROWDS } from './crowds.js';

describe.each(CROWDS)('a crowd of $name', ({ measure }) => {
  it('is there, and all that is measured happens', () => {
    const took = measure(1_000);
    for (const [operation, { count, nsEach, msLongest }] of Object.entries(took)) {
      expect(count, operation).toBeGreaterThan(0);
      expect(nsEach, operation).toBeGreaterThan(0);
      expect(msLongest, operation).toBeGreaterThan(0);
    }
  });
});
