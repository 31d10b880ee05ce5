import { describe, expect, it } from 'vitest';
import type { ShardPort } from '../../engine/shard/shard-port.js';
import { LOAD, LoadLevels, PublicPace, SLOW_PUBLIC_MS } from './load-levels.js';

const TICK_MS = 20;

/** A port that is only looked at. */
class LookedAt implements ShardPort {
  readonly portId = 1;
  inbound = 0;
  outbound = 0;
  trySend = () => false;
  trySendAll = () => false;
  flush(): void {}
  onEvents(): void {}
  occupancy() {
    return { inbound: this.inbound, outbound: this.outbound };
  }
}

function started() {
  const port = new LookedAt();
  const load = new LoadLevels(TICK_MS, [{ port }]);
  let now = 1_000;
  /** Ticks, each so many ms behind the one before. */
  const ticks = (count: number, gapMs = TICK_MS) => {
    for (let i = 0; i < count; i++) {
      now += gapMs;
      load.tick(now);
    }
  };
  ticks(1);
  return { port, load, ticks };
}

describe('the level of a loaded gateway', () => {
  it.each([
    [0.2, 0, LOAD.normal],
    [0.25, 0, LOAD.public_slow],
    [0, 0.5, LOAD.public_slow],
    [0.74, 0.9, LOAD.public_slow],
    [0.75, 0, LOAD.orders_refused],
  ])('follows the rings: %f full to the shard, %f from it', (inbound, outbound, level) => {
    const { port, load, ticks } = started();
    Object.assign(port, { inbound, outbound });
    ticks(1);
    expect(load.level).toBe(level);
    // It is the ring itself that keeps room free; here is no second opinion.
    expect(load.refusesOrders).toBe(false);
  });

  it('follows the event loop when it is late again and again, not once', () => {
    const { load, ticks } = started();
    ticks(1, 5_000);
    ticks(1);
    ticks(2, TICK_MS + 60);
    ticks(1);
    expect(load.level).toBe(LOAD.normal);
    ticks(3, TICK_MS + 60);
    expect(load.level).toBe(LOAD.public_slow);
    ticks(2, TICK_MS + 600);
    expect(load.refusesOrders).toBe(false);
    ticks(1, TICK_MS + 600);
    expect([load.level, load.refusesOrders]).toEqual([LOAD.orders_refused, true]);
  });

  it('falls again when it is calm for a while', () => {
    const { load, ticks } = started();
    ticks(3, 1_000);
    ticks(4);
    expect(load.refusesOrders).toBe(true);
    ticks(1);
    expect([load.level, load.refusesOrders]).toEqual([LOAD.normal, false]);
  });

  it('looks at rings of other doors as well', () => {
    const { load, ticks } = started();
    const other = new LookedAt();
    load.watch([other]);
    other.inbound = 0.3;
    ticks(1);
    expect(load.level).toBe(LOAD.public_slow);
  });
});

describe('public data', () => {
  it('comes with each tick, and at most so often while it is slow', () => {
    const { port, load, ticks } = started();
    const pace = new PublicPace(load);
    const due = (from: number) => {
      return Array.from({ length: 10 }, (_, i) => pace.isDue(from + i * TICK_MS)).filter(Boolean);
    };
    expect(due(0)).toHaveLength(10);
    port.inbound = 0.5;
    ticks(1);
    expect(due(1_000)).toHaveLength((10 * TICK_MS) / SLOW_PUBLIC_MS);
    expect(load.slowTicks).toBe(8);
  });
});
