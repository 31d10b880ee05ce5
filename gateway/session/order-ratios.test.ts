import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OrderRatios } from './order-ratios.js';

const LIMITS = { orderWindowS: 10, orderWindowFree: 20, orderUsdEach: 5 };

describe('orders against trades', () => {
  it('are free up to the limit, then one for each so many USD, and the sentence has value and limit', () => {
    const ratios = new OrderRatios(LIMITS);
    expect(ratios.take(1, 20, 0)).toBeNull();
    expect(ratios.take(1, 1, 0)).toEqual({
      code: 'order_to_trade_ratio_exceeded',
      message: expect.stringMatching(/at most 20 \(20, .*5 USD traded\), but would be 21;/),
    });
    ratios.traded(1, 9.99, 500);
    expect(ratios.take(1, 2, 500)).not.toBeNull();
    expect(ratios.take(1, 1, 500)).toBeNull();
    // Others, and what is no order, are not concerned.
    expect(ratios.take(2, 20, 500)).toBeNull();
    expect(ratios.take(1, 0, 500)).toBeNull();
  });

  it('that could not be sent do not count', () => {
    const ratios = new OrderRatios(LIMITS);
    expect(ratios.take(1, 20, 0)).toBeNull();
    ratios.giveBack(1, 5);
    ratios.giveBack(2, 5);
    expect(ratios.take(1, 6, 0)).not.toBeNull();
    expect(ratios.take(1, 5, 0)).toBeNull();
    expect(ratios.count).toBe(1);
  });

  it('are never more within a window than its trades and the free ones allow, whatever comes when', () => {
    const step = fc.record({
      waitMs: fc.nat(3_000),
      orders: fc.integer({ min: 1, max: 8 }),
      usd: fc.nat(12),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const ratios = new OrderRatios(LIMITS);
        const sent: [number, number][] = [];
        const traded: [number, number][] = [];
        let nowMs = 0;
        const within = (list: [number, number][], fromMs: number) => {
          return list.reduce((sum, [atMs, n]) => (atMs >= fromMs ? sum + n : sum), 0);
        };
        for (const { waitMs, orders, usd } of steps) {
          nowMs += waitMs;
          traded.push([nowMs, usd]);
          ratios.traded(1, usd, nowMs);
          const found = ratios.take(1, orders, nowMs);
          // The window begins with a tenth of it: nine tenths at least, all of it at most.
          const slice = Math.floor(nowMs / 1_000);
          const fromMs = (slice - 9) * 1_000;
          const most = 20 + Math.floor(within(traded, fromMs) / 5);
          expect(found === null).toBe(within(sent, fromMs) + orders <= most);
          if (found === null) sent.push([nowMs, orders]);
        }
      }),
    );
  });

  it('are forgotten when the window is empty', () => {
    const ratios = new OrderRatios(LIMITS);
    ratios.take(1, 20, 0);
    ratios.sweep(9_000);
    expect(ratios.count).toBe(1);
    ratios.sweep(10_000);
    expect(ratios.count).toBe(0);
    expect(ratios.take(1, 20, 10_000)).toBeNull();
  });
});
