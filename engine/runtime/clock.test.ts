import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RealClock } from './clock.js';

const START_MS = 1_767_225_600_000;

/** A machine whose clock is set by hand, besides going on. */
class Machine {
  systemMs = START_MS;
  steadyMs = 17.25;
  readonly clock: RealClock;

  constructor(notBeforeMs = 0) {
    const system = () => Math.floor(this.systemMs);
    this.clock = new RealClock(notBeforeMs, system, () => this.steadyMs);
  }

  pass(ms: number): number {
    this.systemMs += ms;
    this.steadyMs += ms;
    return this.clock.nowMs();
  }
}

describe('the real clock', () => {
  it('is the system’s while nobody sets that back, however often it is asked', () => {
    const steps = fc.array(fc.oneof(fc.double({ min: 0, max: 3, noNaN: true }), fc.nat(10_000)));
    const property = fc.property(steps, fc.nat(5_000), (passing, jumpMs) => {
      const machine = new Machine(START_MS);
      for (const ms of passing) {
        expect(machine.pass(ms)).toBe(Math.floor(machine.systemMs));
      }
      machine.systemMs += jumpMs;
      expect(machine.pass(0)).toBe(Math.floor(machine.systemMs));
    });
    fc.assert(property);
  });

  it('goes on when the system’s is set back, a little slower, until the two meet', () => {
    const machine = new Machine();
    expect(machine.pass(0)).toBe(START_MS);
    machine.systemMs -= 8_000;
    expect(machine.pass(0)).toBe(START_MS);
    expect(machine.pass(8_000)).toBe(START_MS + 7_000);
    for (let i = 0; i < 55_900; i++) machine.pass(1);
    expect(machine.clock.nowMs()).toBeGreaterThan(machine.systemMs);
    machine.pass(200);
    expect(machine.pass(1_000)).toBe(machine.systemMs);
  });

  it('does not stand still after a restart either', () => {
    const machine = new Machine(START_MS + 3_600_000);
    expect(machine.pass(0)).toBe(START_MS + 3_600_000);
    expect(machine.pass(16_000)).toBe(START_MS + 3_600_000 + 14_000);
  });

  it('never goes back', () => {
    const step = fc.record({ passMs: fc.nat(100), setByMs: fc.integer({ min: -50, max: 50 }) });
    const property = fc.property(fc.array(step), (steps) => {
      const machine = new Machine();
      let last = machine.pass(0);
      for (const { passMs, setByMs } of steps) {
        machine.systemMs += setByMs;
        const now = machine.pass(passMs);
        // By seven eighths of what has passed at least, but for the digits behind the millisecond.
        expect(now).toBeGreaterThanOrEqual(last + Math.floor((passMs * 7) / 8));
        last = now;
      }
    });
    fc.assert(property);
  });
});
