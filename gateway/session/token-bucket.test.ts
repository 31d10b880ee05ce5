import { describe, expect, it } from 'vitest';
import { TokenBucket } from './token-bucket.js';

const RATES = {
  requestsPerSecond: 100,
  requestsBurst: 10,
  cancelsPerSecond: 100,
  cancelsBurst: 10,
};

describe('a bucket of tokens', () => {
  it('fills at its rate and not above its burst', () => {
    const bucket = new TokenBucket(RATES, 0);
    expect(bucket.take(10, 0)).toBe(true);
    expect(bucket.take(1, 9)).toBe(false);
    expect(bucket.take(1, 11)).toBe(true);
    expect(bucket.remaining(60_000)).toBe(10);
  });

  it('fills in no time twice when one door’s clock is behind another’s', () => {
    const bucket = new TokenBucket(RATES, 0);
    bucket.take(10, 0);
    let taken = 0;
    // Twenty milliseconds bring two tokens, however often doors with both clocks ask.
    for (let i = 0; i < 100; i++) {
      if (bucket.take(1, 1_020)) taken++;
      if (bucket.take(1, 1_000)) taken++;
      if (bucket.takeCancel(1, 1_000)) taken++;
    }
    expect(taken).toBe(20);
    expect(bucket.take(1, 1_040)).toBe(true);
  });
});
