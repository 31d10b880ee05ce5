import { randomBytes } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS } from '../limits.js';
import { Allowances } from '../session/allowances.js';
import { ALLOWANCE_WORDS, SharedAllowances } from './shared-allowances.js';
import { createSharedLimits, MAIN_SLOT, SharedLimits } from './shared-limits.js';
import { createSharedSignatures, SharedSignatures } from './shared-signatures.js';
import { createSharedTable, SharedTable } from './shared-table.js';

const RATES = { requestsPerSecond: 10, requestsBurst: 20, cancelsPerSecond: 5, cancelsBurst: 5 };
const secret = randomBytes(16);

function twoThreads(rates = RATES, places = 1024) {
  const memory = createSharedTable(places, ALLOWANCE_WORDS, secret);
  const one = new SharedAllowances<number>(memory, 1, rates, 0);
  // Another thread's clock began 5 s later.
  const two = new SharedAllowances<number>(memory, 2, rates, 5_000);
  return { one, two, memory };
}

describe('allowances that threads share', () => {
  it('are one, whichever thread is asked and wherever its clock began', () => {
    const { one, two } = twoThreads();
    const a = one.enter(7, 100_000);
    const b = two.enter(7, 95_000);
    for (let i = 0; i < 10; i++) {
      expect(a.take(1, 100_000)).toBe(true);
      expect(b.take(1, 95_000)).toBe(true);
    }
    expect([a.take(1, 100_000), b.take(1, 95_000)]).toEqual([false, false]);
    expect(b.takeCancel(5, 95_000)).toBe(true);
    expect(a.takeCancel(1, 100_000)).toBe(false);
    expect(one.of(8, 100_000).remaining(100_000)).toBe(20);
    expect(two.of(7, 95_100).take(1, 95_100)).toBe(true);
    expect(one.of(7, 100_100).secondsUntil(10, 100_100)).toBe(1);
  });

  it('give what the bucket of one thread gives, request by request', () => {
    const steps = fc.array(
      fc.record({
        waitMs: fc.integer({ min: 0, max: 3_000 }),
        count: fc.integer({ min: 0, max: 25 }),
        isCancel: fc.boolean(),
      }),
      { maxLength: 60 },
    );
    const rates = fc.record({
      requestsPerSecond: fc.constantFrom(1, 10, 20, 2_000, 40_000),
      requestsBurst: fc.constantFrom(20, 4_000),
      cancelsPerSecond: fc.constantFrom(5, 2_000),
      cancelsBurst: fc.constantFrom(10, 4_000),
    });
    const check = (
      own: typeof RATES,
      taken: { waitMs: number; count: number; isCancel: boolean }[],
    ) => {
      const { one, two } = twoThreads(own);
      const alone = new Allowances<number>(own);
      let nowMs = 1_000_000;
      taken.forEach(({ count, isCancel, waitMs }, i) => {
        nowMs += waitMs;
        const table = i % 2 === 0 ? one : two;
        const ownMs = i % 2 === 0 ? nowMs : nowMs - 5_000;
        const expected = alone.of(3, nowMs);
        const shared = table.of(3, ownMs);
        const want = isCancel ? expected.takeCancel(count, nowMs) : expected.take(count, nowMs);
        const got = isCancel ? shared.takeCancel(count, ownMs) : shared.take(count, ownMs);
        expect(got).toBe(want);
        expect(Math.abs(shared.remaining(ownMs) - expected.remaining(nowMs))).toBeLessThanOrEqual(
          1,
        );
      });
    };
    fc.assert(fc.property(rates, steps, check), { numRuns: 200 });
  });

  it('count connections by thread, and take those of a dead one off', () => {
    const { one, two } = twoThreads();
    one.enter(7, 0);
    one.enter(7, 0);
    two.enter(7, 0);
    expect(one.users(7)).toBe(3);
    one.leave(7);
    expect(two.users(7)).toBe(2);
    two.dropSlot(1);
    expect(two.users(7)).toBe(1);
    two.leave(7);
    two.leave(7);
    expect(one.users(7)).toBe(0);
  });

  it('remember a key until it is full again, and as long as it is used', () => {
    const { one, two } = twoThreads();
    one.of(7, 100_000).take(20, 100_000);
    two.enter(8, 95_000);
    one.sweep(101_000);
    expect([one.size, one.of(7, 101_000).remaining(101_000)]).toEqual([2, 10]);
    one.sweep(103_000);
    expect(one.size).toBe(1);
    two.leave(8);
    one.sweep(103_000);
    expect(one.size).toBe(0);
  });

  it('keep what has connections when more keys come than there are places', () => {
    const { one } = twoThreads(RATES, 64);
    const kept = one.enter(1, 1_000);
    kept.take(20, 1_000);
    for (let key = 2; key < 5_000; key++) one.of(key, 1_000).take(1, 1_000);
    expect(one.size).toBeLessThanOrEqual(64);
    expect(one.of(1, 1_000).take(1, 1_000)).toBe(false);
  });

  it('hold between real threads that take at the same time', async () => {
    const { memory, one } = twoThreads({ ...RATES, requestsPerSecond: 1, requestsBurst: 30_000 });
    const bucket = one.of(7, 0);
    bucket.take(1, 0);
    // The same arithmetic on the same word, as another thread does it; vitest cannot start one from TypeScript.
    const code = `
      const { parentPort, workerData } = require('node:worker_threads');
      const words = new Int32Array(workerData.words);
      let taken = 0;
      for (;;) {
        const before = Atomics.load(words, workerData.at);
        const debt = before + workerData.token;
        if (debt > workerData.burst) break;
        if (Atomics.compareExchange(words, workerData.at, before, debt) === before) taken++;
      }
      parentPort.postMessage(taken);`;
    const table = new SharedTable(memory);
    const at = table.find(table.keyOf(7)) + 2;
    const token = Atomics.load(table.words, at);
    const workerData = { words: memory.words, at, token, burst: 30_000 * token };
    const workers = [0, 1].map(() => new Worker(code, { eval: true, workerData }));
    const elsewhere = workers.map((worker) => {
      return new Promise<number>((resolve) => worker.once('message', resolve));
    });
    let taken = 1;
    for (;;) {
      if (bucket.take(1, 0)) taken++;
      else break;
      if (taken % 64 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    const others = await Promise.all(elsewhere);
    expect(others.reduce((sum, count) => sum + count, taken)).toBe(30_000);
    await Promise.all(workers.map((worker) => worker.terminate()));
  });

  it('take the lock from a thread that has died with it', () => {
    const { memory, one } = twoThreads();
    Atomics.store(new Int32Array(memory.words), 0, 1);
    expect(one.of(7, 0).take(1, 0)).toBe(true);
    expect(one.size).toBe(1);
  });
});

describe('limits that threads share', () => {
  it('count orders over all threads against trades that one of them counts', () => {
    const limits = { ...DEFAULT_LIMITS, orderWindowS: 10, orderWindowFree: 5, orderUsdEach: 10 };
    const memory = createSharedLimits(0);
    const main = new SharedLimits(memory, MAIN_SLOT, limits);
    const other = new SharedLimits(memory, 1, limits);
    expect(main.orders.take(3, 3, 1_000)).toBeNull();
    expect(other.orders.take(3, 2, 1_000)).toBeNull();
    expect(other.orders.take(3, 1, 1_000)?.message).toContain('at most 5 (5, and one');
    other.orders.traded(3, 100, 1_000);
    expect(main.orders.take(3, 1, 1_000)).not.toBeNull();
    main.orders.traded(3, 20, 1_000);
    expect(other.orders.take(3, 2, 1_000)).toBeNull();
    expect(main.orders.take(3, 1, 1_000)).not.toBeNull();
    // The window has moved on.
    expect(main.orders.take(3, 5, 12_000)).toBeNull();
    expect(other.orders.take(4, 5, 12_000)).toBeNull();
  });

  it('know the connections of the other threads', () => {
    const memory = createSharedLimits(0);
    const [main, one, two] = [0, 1, 2].map(
      (slot) => new SharedLimits(memory, slot, DEFAULT_LIMITS),
    );
    one?.noteConnections(3);
    two?.noteConnections(4);
    expect([main, one, two].map((each) => each?.connectionsElsewhere)).toEqual([7, 4, 3]);
    main?.dropSlot(1);
    expect(two?.connectionsElsewhere).toBe(0);
    expect(() => new SharedLimits(memory, 16, DEFAULT_LIMITS)).toThrow('from 0 to 15');
  });

  it('take a signature once, by whichever thread it comes, until its window has passed', () => {
    const memory = createSharedSignatures(16);
    const [one, two] = [new SharedSignatures(memory), new SharedSignatures(memory)];
    const signatures = Array.from({ length: 12 }, () => randomBytes(32));
    const [first, second] = signatures as [Buffer, Buffer];
    const t = 8_000 * 1_000;
    expect(one.take(first, t + 5_000, t)).toBe(true);
    expect(two.take(first, t + 5_000, t + 4_000)).toBe(false);
    expect(two.take(second, t + 61_000 + 5_000, t + 5_000)).toBe(true);
    // Three quarters of the places, and no more.
    const taken = signatures.slice(1).map((each) => one.take(each, t + 6_000, t + 5_000));
    expect(taken.every((each) => each === true)).toBe(true);
    expect(one.take(randomBytes(32), t + 6_000, t + 5_000)).toBeNull();
    // What ends later has another window.
    expect(one.take(randomBytes(32), t + 8_000, t + 5_000)).toBe(true);
    expect(one.take(second, t + 66_000, t + 65_000)).toBe(false);
    // When its window has come round its place is free again.
    for (let now = t; now < t + 10 * 8_000; now += 1_000) two.begin(now);
    expect(one.take(first, t + 10 * 8_000 + 5_000, t + 10 * 8_000)).toBe(true);
  });
});
