import { describe, expect, it } from 'vitest';
import { asPriceTicks } from '../engine/units/units.js';
import { RecordedPrices } from './recorded-prices.js';

const MARKET = {
  referenceTicks: asPriceTicks(1_000_000),
  startTicks: asPriceTicks(1_000_000),
  ticksMax: asPriceTicks(100_000_000),
};

describe('the recorded prices', () => {
  it('are the same for the same seed, and others for another', () => {
    const play = (seed: number) => {
      const prices = new RecordedPrices(seed, MARKET);
      return Array.from({ length: 100 }, () => prices.next());
    };
    expect(play(1)).toEqual(play(1));
    expect(play(1)).not.toEqual(play(2));
  });

  it('begin where the last ones ended, move in small steps, and stay near their reference', () => {
    let last = asPriceTicks(1_050_000);
    const prices = new RecordedPrices(7, { ...MARKET, startTicks: last });
    let moves = 0;
    let largest = 0;
    for (let i = 0; i < 100_000; i++) {
      const next = prices.next();
      largest = Math.max(largest, Math.abs(next - last));
      if (next !== last) moves++;
      last = next;
    }
    expect(largest).toBeLessThan(300);
    expect(moves).toBeGreaterThan(90_000);
    expect(Math.abs(last - 1_000_000)).toBeLessThan(100_000);
  });

  it('move coarse ticks too, and never leave the range of prices', () => {
    const prices = new RecordedPrices(3, {
      referenceTicks: asPriceTicks(1000),
      startTicks: asPriceTicks(1000),
      ticksMax: asPriceTicks(1001),
    });
    const seen = new Set(Array.from({ length: 100_000 }, () => prices.next()));
    expect(seen.size).toBeGreaterThan(1);
    for (const price of seen) expect(price >= 1 && price <= 1001).toBe(true);
  });
});
