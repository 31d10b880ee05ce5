import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { ANSWER_CLASS_MIN, ANSWER_CLASSES, RequestTimes } from './request-times.js';

describe('the times of requests', () => {
  it('are found for every one of 60,000 that are out at once on one connection', () => {
    const times = new RequestTimes();
    times.messageCame();
    for (let request = 1; request <= 60_000; request++) times.note(1 << 24, request);
    for (let request = 1; request <= 60_000; request++) {
      expect(times.receivedAt(1 << 24, request)).toBeGreaterThan(0);
    }
    expect(times.receivedAt(1 << 24, 60_001)).toBe(-1);
    expect(times.receivedAt((1 << 24) | 5, 1)).toBe(-1);
  });

  it('are never those of another request, whatever takes whose place', () => {
    const request = fc.tuple(fc.nat(40), fc.integer({ min: 1, max: 2 ** 31 - 1 }));
    fc.assert(
      fc.property(fc.array(request, { maxLength: 300 }), (asked) => {
        const times = new RequestTimes();
        const came = new Map<string, number>();
        for (const [session, id] of asked) {
          times.messageCame();
          times.note(session, id);
          came.set(`${session}:${id}`, times.receivedAt(session, id));
        }
        for (const [session, id] of asked) {
          const found = times.receivedAt(session, id);
          if (found !== -1) expect(found).toBe(came.get(`${session}:${id}`));
        }
      }),
    );
  });

  it('are not moved by a pause between two looks at two clocks', () => {
    vi.spyOn(Date, 'now').mockReturnValue(1_000_000);
    const looks = vi.spyOn(performance, 'now');
    for (const at of [100, 700, 700.1, 700.2]) looks.mockReturnValueOnce(at);
    expect(new RequestTimes().wallUs(700.1)).toBe(1_000_000_000);
    vi.restoreAllMocks();
  });

  it('fall into classes of powers of two, and into one each', () => {
    const times = new RequestTimes();
    for (const [us, answerClass] of [
      [0, ANSWER_CLASS_MIN],
      [7, 3],
      [8, 4],
      [1_000, 10],
      [1_024, 11],
      [2 ** 24 - 1, 24],
      [2 ** 25, ANSWER_CLASSES],
      [2 ** 40, ANSWER_CLASSES],
    ] as const) {
      const before = times.classes.slice();
      expect(times.answered(0, us / 1_000)).toBe(us);
      before[answerClass] = (before[answerClass] as number) + 1;
      expect(times.classes).toEqual(before);
    }
  });

  it('are those of the server’s clock', () => {
    const times = new RequestTimes();
    times.alignClock();
    const from = Date.now();
    const wallMs = times.wallUs(performance.now()) / 1_000;
    const to = Date.now();
    expect(wallMs).toBeGreaterThan(from - 10);
    expect(wallMs).toBeLessThan(to + 10);
  });
});
