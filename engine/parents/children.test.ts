import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SCALED_EQUAL, SCALED_FALLING, SCALED_RISING } from '../messages/types.js';
import { QTY_LOTS_MAX } from '../units/units.js';
import { leastScaledLots, SCALED_ORDERS_MAX, scaledChildren } from './scaled-order.js';
import {
  sliceLots,
  sliceTimeMs,
  TWAP_DURATION_MS_MAX,
  TWAP_SLICES_MAX,
  targetLots,
} from './twap-schedule.js';

const scaled = fc
  .record({
    firstTicks: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
    lastTicks: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
    near: fc.integer({ min: -200, max: 200 }),
    count: fc.integer({ min: 2, max: SCALED_ORDERS_MAX }),
    distribution: fc.constantFrom(SCALED_EQUAL, SCALED_RISING, SCALED_FALLING),
    lots: fc.oneof(fc.nat(5_000), fc.integer({ min: 0, max: QTY_LOTS_MAX })),
  })
  .map(({ near, lots, ...terms }) => {
    const lastTicks = near > 0 ? terms.firstTicks + near - 2 * (terms.firstTicks % 2) * near : 0;
    const isNear = lastTicks >= 1 && lastTicks < 2 ** 31;
    const made = { ...terms, lastTicks: isNear ? lastTicks : terms.lastTicks, totalLots: 0 };
    return { ...made, totalLots: leastScaledLots(made) + lots * (near % 3 === 0 ? made.count : 1) };
  })
  .filter(({ firstTicks, lastTicks, count }) => Math.abs(lastTicks - firstTicks) >= count - 1);

describe('orders of a scaled one', () => {
  it('add up to the total, have a lot each, and lie on ticks of their own from end to end', () => {
    fc.assert(
      fc.property(scaled, (terms) => {
        const children = scaledChildren(terms);
        expect(children).toHaveLength(terms.count);
        const sum = children.reduce((all, { lots }) => all + BigInt(lots), 0n);
        expect(sum).toBe(BigInt(terms.totalLots));
        expect(children[0]?.priceTicks).toBe(terms.firstTicks);
        expect(children.at(-1)?.priceTicks).toBe(terms.lastTicks);
        const way = Math.sign(terms.lastTicks - terms.firstTicks);
        children.forEach(({ priceTicks, lots }, i) => {
          expect(Number.isInteger(priceTicks) && Number.isInteger(lots) && lots >= 1).toBe(true);
          const before = children[i - 1];
          if (before === undefined) return;
          expect(Math.sign(priceTicks - before.priceTicks)).toBe(way);
          const { distribution } = terms;
          if (distribution === SCALED_RISING) expect(lots).toBeGreaterThanOrEqual(before.lots);
          else expect(lots).toBeLessThanOrEqual(before.lots);
        });
      }),
      { numRuns: 1_000 },
    );
  });

  it('are those of whole fractions', () => {
    fc.assert(
      fc.property(scaled, (terms) => {
        const { count, distribution, totalLots } = terms;
        const weight = (i: number) => {
          if (distribution === SCALED_EQUAL) return 1n;
          return BigInt(distribution === SCALED_RISING ? i + 1 : count - i);
        };
        const all = scaledChildren(terms).reduce((sum, _child, i) => sum + weight(i), 0n);
        scaledChildren(terms).forEach(({ lots }, i) => {
          const exact = (BigInt(totalLots) * weight(i)) / all;
          expect([exact, exact + 1n]).toContain(BigInt(lots));
        });
      }),
    );
  });
});

const plan = fc
  .record({
    startMs: fc.integer({ min: 0, max: 2 ** 41 }),
    slices: fc.integer({ min: 2, max: TWAP_SLICES_MAX }),
    pause: fc.nat(1_000_000),
    more: fc.oneof(fc.nat(3_000), fc.integer({ min: 0, max: QTY_LOTS_MAX - TWAP_SLICES_MAX })),
  })
  .map(({ startMs, slices, pause, more }) => {
    const most = TWAP_DURATION_MS_MAX - slices * 1_000;
    return {
      startMs,
      slices,
      durationMs: slices * 1_000 + (pause % most),
      totalLots: slices + more,
    };
  });

describe('slices of a TWAP', () => {
  it('make the total with the last one, a lot more or less each, when all are filled', () => {
    fc.assert(
      fc.property(plan, (twap) => {
        let filled = 0;
        const least = Math.floor(twap.totalLots / twap.slices);
        for (let slice = 0; slice < twap.slices; slice++) {
          const lots = sliceLots(twap, slice, filled);
          expect([least, least + 1]).toContain(lots);
          filled += lots;
          expect(filled).toBe(targetLots(twap, slice));
        }
        expect(filled).toBe(twap.totalLots);
      }),
      { numRuns: 60 },
    );
  });

  it('never make more than the total or three ordinary ones, whatever was missed', () => {
    fc.assert(
      fc.property(plan, fc.array(fc.nat(4), { minLength: 1, maxLength: 40 }), (twap, misses) => {
        let filled = 0;
        for (let slice = 0; slice < Math.min(twap.slices, 400); slice++) {
          const lots = sliceLots(twap, slice, filled);
          expect(lots).toBeGreaterThanOrEqual(0);
          expect(lots).toBeLessThanOrEqual(3 * Math.ceil(twap.totalLots / twap.slices));
          filled += Math.floor((lots * (misses[slice % misses.length] as number)) / 4);
          expect(filled).toBeLessThanOrEqual(targetLots(twap, slice));
        }
      }),
      { numRuns: 60 },
    );
  });

  it('are due at rising times within the duration', () => {
    fc.assert(
      fc.property(plan, fc.nat(TWAP_SLICES_MAX), (twap, choice) => {
        const slice = choice % (twap.slices - 1);
        const at = sliceTimeMs(twap, slice);
        const exact = (BigInt(twap.durationMs) * BigInt(slice)) / BigInt(twap.slices);
        expect(BigInt(at)).toBe(BigInt(twap.startMs) + exact);
        expect(sliceTimeMs(twap, slice + 1) - at).toBeGreaterThanOrEqual(999);
        expect(at).toBeLessThan(twap.startMs + twap.durationMs);
      }),
    );
  });
});
