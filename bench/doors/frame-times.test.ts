import { pack } from 'msgpackr';
import { describe, expect, it } from 'vitest';
import { MESSAGES } from '../../gateway/protocol/messages.js';
import { FrameTimes } from './frame-times.js';

function frame(market: number, previous: number, sequence: number, timeMs: number): Buffer {
  const levels = [['100.1', '2']];
  const row = [market, 1, previous, sequence, 4_000_000_000, levels, [], timeMs, 20, 100];
  return Buffer.from(pack([MESSAGES.bookDelta.code, ...row]));
}

describe('times of book frames', () => {
  it('tells when the newest change was, and when the newest of the frame before', () => {
    const times = new FrameTimes();
    const first = frame(1, 0, 70_000, 1_767_225_600_100);
    const next = frame(1, 70_000, 70_010, 1_767_225_600_200);
    expect(times.of(first, 0, first.length)).toEqual({ timeMs: 1_767_225_600_100, beforeMs: 0 });
    const expected = { timeMs: 1_767_225_600_200, beforeMs: 1_767_225_600_100 };
    for (let reader = 0; reader < 3; reader++) {
      const chunk = Buffer.concat([Buffer.from('before'), next, Buffer.from('behind')]);
      expect(times.of(chunk, 6, 6 + next.length)).toEqual(expected);
    }
  });

  it('keeps markets apart', () => {
    const times = new FrameTimes();
    for (const market of [1, 2]) {
      const bytes = frame(market, 0, 70_000, 1_000 * market);
      times.of(bytes, 0, bytes.length);
    }
    const bytes = frame(2, 70_000, 70_001, 2_500);
    expect(times.of(bytes, 0, bytes.length)).toEqual({ timeMs: 2_500, beforeMs: 2_000 });
  });
});
