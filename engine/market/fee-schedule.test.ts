import { describe, expect, it } from 'vitest';
import { asPpm } from '../units/units.js';
import { FEE_RATE_PPM_MAX, FEE_TIERS, FeeSchedule } from './fee-schedule.js';

/** Any number, also one that is no rate: the schedule has to refuse it. */
function problem(fees: FeeSchedule, tier: number, makerPpm: number, takerPpm: number) {
  return fees.problem(tier, asPpm(makerPpm), asPpm(takerPpm));
}

describe('fee rates of a tier', () => {
  it('are refused beyond the limits, with value and limit', () => {
    const fees = new FeeSchedule();
    expect(problem(fees, 0, 200, 500)).toBeNull();
    expect(problem(fees, 0, 0, -1)).toEqual({ value: -1, limit: FEE_RATE_PPM_MAX });
    expect(problem(fees, 0, 0, FEE_RATE_PPM_MAX + 1)).toEqual({
      value: FEE_RATE_PPM_MAX + 1,
      limit: FEE_RATE_PPM_MAX,
    });
    expect(problem(fees, 0, 0.5, 500)).toEqual({ value: 0.5, limit: 500 });
  });

  it('refuse a maker who pays more than the taker: margin reserves the taker’s rate', () => {
    expect(problem(new FeeSchedule(), 0, 501, 500)).toEqual({ value: 501, limit: 500 });
  });

  it('refuse a rebate that the cheapest taker of any tier does not pay for', () => {
    const fees = new FeeSchedule();
    expect(problem(fees, 0, -100, 500)).toEqual({ value: -100, limit: 0 });
    for (let tier = 0; tier < FEE_TIERS; tier++) fees.set(tier, asPpm(0), asPpm(300));
    expect(problem(fees, 0, -300, 500)).toBeNull();
    expect(problem(fees, 0, -301, 500)).toEqual({ value: -301, limit: -300 });
    fees.set(0, asPpm(-300), asPpm(500));
    expect(problem(fees, 7, 0, 299)).toEqual({ value: -300, limit: -299 });
  });
});
