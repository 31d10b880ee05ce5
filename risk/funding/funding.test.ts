import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RATE_ONE } from '../arithmetic/rate.js';
import { signedLots, tickLot, ticks, wide } from '../testing/markets.js';
import { fundingPaymentMicroUsd } from './funding-payment.js';
import { fundingRateE18 } from './funding-rate.js';
import { meanPremiumE18, premiumE18 } from './premium.js';

/** Parts per million as a rate. */
const ppm = (n: number) => BigInt(n) * 10n ** 12n;
const HOUR = 3_600_000n;
const EIGHT_HOURS = 8n * HOUR;
const BTC = { numerator: 100n, denominator: 1n };

describe('premium', () => {
  it.each([
    ['impact bid above the index', 10_000n, 10_100n, 10_100n, 10_000],
    ['impact ask below the index', 10_000n, 9_800n, 9_900n, -10_000],
    ['index within the impact prices', 10_000n, 9_900n, 10_100n, 0],
    ['no depth to sell into', 10_000n, null, 9_900n, -10_000],
    ['no depth to buy from', 10_000n, 10_100n, null, 10_000],
    ['no depth at all', 10_000n, null, null, 0],
  ])('%s', (_name, index, bid, ask, expected) => {
    expect(premiumE18(index, bid, ask)).toBe(ppm(expected));
  });

  it('of a book is minus that of its mirror image, and equals decimals', () => {
    fc.assert(
      fc.property(ticks, fc.bigInt(0n, 500n), fc.bigInt(0n, 500n), (index, a, b) => {
        const up = premiumE18(index, index + a, index + a + b);
        expect(premiumE18(index, index - a - b, index - a)).toBe(-up);
        const exact = wide(a).times(wide(RATE_ONE)).div(wide(index)).floor();
        expect(String(up)).toBe(exact.toFixed());
      }),
    );
  });
});

describe('mean premium', () => {
  it.each([
    ['of all samples', [1000, 3000], 2, 2000],
    ['a missing sample counts as zero', [1000, 3000], 4, 1000],
    ['no sample came', [], 60, 0],
  ])('%s', (_name, samples, expected, mean) => {
    expect(meanPremiumE18(samples.map(ppm), BigInt(expected))).toBe(ppm(mean));
  });

  it('is rounded towards zero on both sides', () => {
    expect(meanPremiumE18([2n], 3n)).toBe(0n);
    expect(meanPremiumE18([-2n], 3n)).toBe(0n);
  });
});

describe('funding rate', () => {
  it.each([
    ['small premiums leave the interest', 300, 100, 500, 40_000, 100],
    ['down to a dampener below it', -400, 100, 500, 40_000, 100],
    ['beyond, all but the dampener counts', 10_000, 100, 500, 40_000, 9_500],
    ['also below zero', -10_000, 100, 500, 40_000, -9_500],
    ['capped', 90_000, 100, 500, 40_000, 40_000],
    ['capped below', -90_000, 100, 500, 40_000, -40_000],
    ['without dampener the premium is the rate', 59, 0, 0, 2_500, 59],
  ])('%s', (_name, premium, interest, dampener, cap, expected) => {
    const terms = {
      premiumE18: ppm(premium),
      interestE18: ppm(interest),
      dampenerE18: ppm(dampener),
      capE18: ppm(cap),
    };
    expect(fundingRateE18(terms)).toBe(ppm(expected));
  });

  it('stays within the cap, within a dampener of the premium before it, and rises with the premium', () => {
    const rate = fc.bigInt(-RATE_ONE, RATE_ONE);
    const size = fc.bigInt(0n, RATE_ONE);
    fc.assert(
      fc.property(
        rate,
        size,
        rate,
        size,
        size,
        (premium, more, interestE18, dampenerE18, capE18) => {
          const rateAt = (at: bigint, cap: bigint) =>
            fundingRateE18({ premiumE18: at, interestE18, dampenerE18, capE18: cap });
          const capped = rateAt(premium, capE18);
          expect(capped <= capE18 && capped >= -capE18).toBe(true);
          const away = rateAt(premium, 10n * RATE_ONE) - premium;
          expect(away <= dampenerE18 && away >= -dampenerE18).toBe(true);
          expect(rateAt(premium + more, capE18) >= capped).toBe(true);
        },
      ),
    );
  });
});

describe('funding payment', () => {
  // 1,000 lots are 1 BTC, index 20,000.0.
  it.each([
    ['longs pay a positive rate', 1000n, 100, EIGHT_HOURS, 2_000_000n],
    ['shorts get it', -1000n, 100, EIGHT_HOURS, -2_000_000n],
    ['longs get a negative rate', 1000n, -100, EIGHT_HOURS, -2_000_000n],
    ['every hour an eighth', 1000n, 100, HOUR, 250_000n],
    ['nothing without a position', 0n, 100, EIGHT_HOURS, 0n],
  ])('%s', (_name, lots, rate, interval, expected) => {
    expect(fundingPaymentMicroUsd(lots, 200_000n, BTC, ppm(rate), interval)).toBe(expected);
  });

  it('is rounded up: a payer pays the fraction, a receiver does without', () => {
    const tiny = { numerator: 1n, denominator: 1000n };
    expect(fundingPaymentMicroUsd(1n, 1n, tiny, ppm(100), HOUR)).toBe(1n);
    expect(fundingPaymentMicroUsd(-1n, 1n, tiny, ppm(100), HOUR)).toBe(0n);
  });

  const rate = fc.bigInt(-RATE_ONE, RATE_ONE);
  const interval = fc.bigInt(1n, EIGHT_HOURS);

  it('equals decimals', () => {
    fc.assert(
      fc.property(signedLots, ticks, tickLot, rate, interval, (lots, index, worth, at, ms) => {
        const exact = wide(lots * index * worth.numerator * at * ms)
          .div(wide(worth.denominator * RATE_ONE * EIGHT_HOURS))
          .toDecimalPlaces(60)
          .ceil();
        expect(wide(fundingPaymentMicroUsd(lots, index, worth, at, ms)).eq(exact)).toBe(true);
      }),
    );
  });

  it('of all positions of a market sums to zero but for dust, which the house keeps', () => {
    const sizes = fc.array(signedLots, { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(sizes, ticks, tickLot, rate, interval, (some, index, worth, at, ms) => {
        // Whatever they hold, somebody holds the opposite.
        const all = [...some, -some.reduce((sum, lots) => sum + lots, 0n)];
        const paid = all
          .map((lots) => fundingPaymentMicroUsd(lots, index, worth, at, ms))
          .reduce((sum, payment) => sum + payment, 0n);
        expect(paid >= 0n && paid < BigInt(all.length)).toBe(true);
        const [lots] = some as [bigint];
        const pair =
          fundingPaymentMicroUsd(lots, index, worth, at, ms) +
          fundingPaymentMicroUsd(-lots, index, worth, at, ms);
        expect(pair === 0n || pair === 1n).toBe(true);
      }),
    );
  });
});
