import { describe, expect, it } from 'vitest';
import { InFlightTimes } from './in-flight.js';
import { LatencyHistogram } from './latency-histogram.js';
import { OpenLoopSchedule } from './open-loop.js';

describe('the schedule of an open loop', () => {
  it('makes sends due at a constant rate from the start on', () => {
    const schedule = new OpenLoopSchedule(1000, 5e6);
    expect(schedule.dueAt(4e6)).toBe(0);
    expect(schedule.dueAt(5e6)).toBe(1);
    expect(schedule.waitNs(5e6)).toBe(0);
    expect(schedule.take()).toBe(5e6);
    expect(schedule.dueAt(5e6)).toBe(0);
    expect(schedule.waitNs(5e6)).toBe(1e6);
    expect(schedule.dueAt(8.5e6)).toBe(3);
    expect([schedule.take(), schedule.take(), schedule.take()]).toEqual([6e6, 7e6, 8e6]);
    expect(schedule.taken).toBe(4);
  });

  it('does not drift over many sends', () => {
    const schedule = new OpenLoopSchedule(3_000_000, 0);
    expect(schedule.intendedNs(3_000_000 * 1000)).toBeCloseTo(1e12, 0);
  });

  it('refuses a rate that is not positive', () => {
    expect(() => new OpenLoopSchedule(0, 0)).toThrow('rate must be positive');
    expect(() => new OpenLoopSchedule(Number.NaN, 0)).toThrow('rate must be positive');
  });

  it('counts a stall once for each request that was due meanwhile', () => {
    // A system that answers at once, but stands still from 100 ms to 200 ms.
    const schedule = new OpenLoopSchedule(1000, 0);
    const histogram = new LatencyHistogram();
    for (let now = 0; now < 1e9; now += 1e6) {
      if (now > 100e6 && now < 200e6) continue;
      while (schedule.dueAt(now) > 0) histogram.recordNs(now - schedule.take());
    }
    expect(histogram.samples).toBe(1000);
    // 99 of 1000 sends waited, 1 ms to 99 ms; a closed loop would have seen one of them.
    expect(histogram.atPercentileNs(90)).toBeLessThan(2e6);
    expect(histogram.atPercentileNs(95)).toBeGreaterThan(45e6);
    expect(histogram.summary().maxUs).toBeGreaterThan(98_000);
  });
});

describe('the histogram of latencies', () => {
  it('keeps three digits over nine orders of magnitude', () => {
    const histogram = new LatencyHistogram();
    for (const ns of [800, 12_345, 5_678_901, 2_000_000_000]) histogram.recordNs(ns);
    expect(histogram.atPercentileNs(25)).toBe(800);
    expect(Math.abs(histogram.atPercentileNs(50) / 12_345 - 1)).toBeLessThan(0.001);
    expect(Math.abs(histogram.atPercentileNs(75) / 5_678_901 - 1)).toBeLessThan(0.001);
    expect(Math.abs(histogram.atPercentileNs(100) / 2e9 - 1)).toBeLessThan(0.001);
  });

  it('travels between processes, adds up, and prints percentiles in microseconds', () => {
    const one = new LatencyHistogram();
    const two = new LatencyHistogram();
    one.recordNs(1000);
    two.recordNs(3000);
    one.addEncoded(two.encode());
    one.add(two);
    expect(one.samples).toBe(3);
    expect(one.summary().p50Us).toBeCloseTo(3, 2);
    expect(one.summary().maxUs).toBeCloseTo(3, 2);
    expect(one.toHgrm()).toContain('#[Max     =        3.00');
  });

  it('takes what the timer left below zero as zero', () => {
    const histogram = new LatencyHistogram();
    histogram.recordNs(-5);
    expect(histogram.atPercentileNs(100)).toBe(0);
  });
});

describe('requests in flight', () => {
  it('gives each answer the time since its own request', () => {
    const times = new InFlightTimes(4);
    times.begin(1, 100);
    times.begin(2, 200);
    expect(times.end(2, 250)).toBe(50);
    expect(times.end(1, 260)).toBe(160);
    expect(times.end(1, 270)).toBeNaN();
  });

  it('says when more wait than it can hold', () => {
    const times = new InFlightTimes(2);
    times.begin(1, 0);
    expect(() => times.begin(3, 0)).toThrow('more than 2 requests');
    expect(() => new InFlightTimes(3)).toThrow('power of two');
  });
});
