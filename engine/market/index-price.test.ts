import { describe, expect, it } from 'vitest';
import { CanonicalReader, CanonicalWriter } from '../state/canonical-writer.js';
import { asPriceTicks, asTimeMs } from '../units/units.js';
import { GOOD_PRICES, GUARD_AGE, GUARD_CONFIDENCE, GUARD_JUMP, IndexPrice } from './index-price.js';
import { PRICING_OFF, type PricingParams } from './pricing-params.js';
import type { PricingRules } from './pricing-rules.js';

/** Averages follow at once. */
const rules: PricingRules = {
  markTicks: ({ indexTicks }) => indexTicks,
  average: (_before, value) => value,
  premiumPpb: () => 0,
  fundingRatePpb: () => 0,
};
const PARAMS: PricingParams = {
  ...PRICING_OFF,
  averageMs: 1000,
  indexAgeMaxMs: 10_000,
  confidenceMaxPpm: 20_000,
  jumpMaxPpm: 100_000,
};
const START_MS = 1_000_000;

class Oracle {
  readonly index = new IndexPrice(rules);
  nowMs = START_MS;

  /** Offers a price a second later; says which guard it set off, 0 for none. */
  offer(ticks: number, { ageMs = 0, confidence = 0, params = PARAMS } = {}): number {
    this.nowMs += 1000;
    const price = {
      ticks: asPriceTicks(ticks),
      confidenceTicks: confidence,
      publishTimeMs: asTimeMs(this.nowMs - ageMs),
    };
    return this.index.offer(price, this.nowMs, params)?.guard ?? 0;
  }
}

describe('the guards of an index price', () => {
  it('a price in order is used', () => {
    const oracle = new Oracle();
    expect(oracle.offer(1000)).toBe(0);
    expect(oracle.offer(1099)).toBe(0);
    expect(oracle.index.ticks).toBe(1099);
    expect(oracle.index.guards).toBe(0);
  });

  it.each([
    ['too old', 1000, { ageMs: 10_001 }, GUARD_AGE],
    ['too uncertain', 1000, { confidence: 21 }, GUARD_CONFIDENCE],
    ['too far up', 1101, {}, GUARD_JUMP],
    ['too far down', 899, {}, GUARD_JUMP],
  ])('a price that is %s is not used, and the guard says why', (_name, ticks, options, guard) => {
    const oracle = new Oracle();
    oracle.offer(1000);
    expect(oracle.offer(ticks, options)).toBe(guard);
    expect(oracle.index.ticks).toBe(1000);
    expect(oracle.index.guards).toBe(guard);
  });

  it.each([
    ['oldest', 1000, { ageMs: 10_000 }],
    ['least certain', 1000, { confidence: 20 }],
    ['farthest', 1100, {}],
  ])('the %s price within its limit is used', (_name, ticks, options) => {
    const oracle = new Oracle();
    oracle.offer(1000);
    expect(oracle.offer(ticks, options)).toBe(0);
    expect(oracle.index.ticks).toBe(ticks);
  });

  it('a guard stands until enough good prices have come in a row: nothing resumes on a stale price (dYdX, 10 October 2025)', () => {
    const oracle = new Oracle();
    oracle.offer(1000);
    oracle.offer(1000, { ageMs: 60_000 });
    for (let n = 1; n < GOOD_PRICES; n++) oracle.offer(1000);
    expect(oracle.index.guards).toBe(GUARD_AGE);
    // One more doubtful price, and the row begins anew.
    oracle.offer(1000, { confidence: 500 });
    for (let n = 1; n < GOOD_PRICES; n++) oracle.offer(1000);
    expect(oracle.index.guards).toBe(GUARD_AGE | GUARD_CONFIDENCE);
    oracle.offer(1000);
    expect(oracle.index.guards).toBe(0);
  });

  it('a single wrong quote never comes through, however often it alternates with right ones', () => {
    const oracle = new Oracle();
    oracle.offer(1000);
    for (let n = 0; n < 20; n++) {
      expect(oracle.offer(1)).toBe(GUARD_JUMP);
      expect(oracle.offer(1000)).toBe(0);
    }
    expect(oracle.index.ticks).toBe(1000);
  });

  it('a jump that lasts is believed, and then the guard is gone', () => {
    const oracle = new Oracle();
    oracle.offer(1000);
    for (let n = 1; n < GOOD_PRICES; n++) expect(oracle.offer(500 + n)).toBe(GUARD_JUMP);
    expect(oracle.offer(500)).toBe(0);
    expect(oracle.index.ticks).toBe(500);
    expect(oracle.index.guards).toBe(0);
  });

  it('wrong quotes that do not agree with each other are not believed', () => {
    const oracle = new Oracle();
    oracle.offer(1000);
    for (const wild of [10, 5000, 20, 9000, 30, 7000]) {
      expect(oracle.offer(wild)).toBe(GUARD_JUMP);
    }
    expect(oracle.index.ticks).toBe(1000);
  });

  it('a price that nobody renews grows too old', () => {
    const oracle = new Oracle();
    oracle.offer(1000);
    expect(oracle.index.age(oracle.nowMs + 10_000, PARAMS)).toBeNull();
    const doubt = oracle.index.age(oracle.nowMs + 10_001, PARAMS);
    expect(doubt).toEqual({ guard: GUARD_AGE, value: 10_001, limit: 10_000 });
    expect(oracle.index.guards).toBe(GUARD_AGE);
  });

  it('guards that are off doubt nothing', () => {
    const oracle = new Oracle();
    oracle.offer(1000, { params: PRICING_OFF });
    const off = { ageMs: 900_000, confidence: 2 ** 30, params: PRICING_OFF };
    expect(oracle.offer(1, off)).toBe(0);
    expect(oracle.index.age(2 ** 45, PRICING_OFF)).toBeNull();
    expect(oracle.index.ticks).toBe(1);
  });

  it('goes on from a snapshot as it would have gone on', () => {
    const oracle = new Oracle();
    for (const ticks of [1000, 1050, 400, 401]) oracle.offer(ticks);
    const writer = new CanonicalWriter();
    oracle.index.writeCanonical(writer);
    const again = new Oracle();
    again.nowMs = oracle.nowMs;
    again.index.readCanonical(new CanonicalReader(writer.bytes()));
    expect(again.offer(402)).toBe(oracle.offer(402));
    expect(again.index.ticks).toBe(402);
  });
});
