import fs from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { Xorshift } from '../../testing/xorshift.js';
import { journalDirectory } from './directories.js';
import { JournalFollower } from './journal-follower.js';
import {
  beginEpoch,
  makeScratch,
  openToy,
  removeScratch,
  run,
  segmentsOf,
} from './scratch.fixture.js';
import { toyFrame, varyingSizes } from './toy-shard.fixture.js';

afterEach(removeScratch);

/** Sequences, count, time and bytes of a frame, to compare. */
function told({ frame }: JournalFollower): string {
  const { messages, firstSequence, count, timeMs, epoch } = frame;
  const words = messages.words.subarray(0, messages.length * 16);
  return [
    firstSequence,
    count,
    timeMs,
    epoch,
    Buffer.from(words.slice().buffer).toString('hex'),
  ].join();
}

describe('a follower of a journal', () => {
  it('hands out each frame once, over segments and starts, beside the writer, and none behind the limit', async () => {
    for (let seed = 1; seed <= 3; seed++) {
      const random = new Xorshift(seed);
      const data = makeScratch();
      let follower = new JournalFollower(journalDirectory(data, 0), 0, 1);
      const seen: string[] = [];
      let last = 0;
      const follow = (limit: number) => {
        for (; follower.next(limit); last = follower.lastSequence) seen.push(told(follower));
        expect(follower.lastSequence).toBeLessThanOrEqual(limit);
      };
      for (let start = 0; start < 3; start++) {
        const opened = openToy(data, { segmentBytesMax: 3_000 });
        beginEpoch(opened);
        for (let i = 0; i < 60; i++) {
          const before = opened.journal.writtenSequence;
          run(
            opened,
            toyFrame(opened.journal.nextSequence, varyingSizes(opened.journal.nextSequence)),
          );
          if (random.chance(30))
            follow(random.chance(50) ? before : opened.journal.writtenSequence);
          if (random.chance(5)) {
            follower.close();
            follower = new JournalFollower(journalDirectory(data, 0), 0, last + 1);
          }
        }
        await opened.close();
        follow(opened.journal.writtenSequence);
      }
      follower.close();
      const whole = new JournalFollower(journalDirectory(data, 0), 0, 1);
      const expected: string[] = [];
      while (whole.next(Number.MAX_SAFE_INTEGER)) expected.push(told(whole));
      whole.close();
      expect(segmentsOf(data).length).toBeGreaterThan(5);
      expect(seen).toEqual(expected);
      expect(seen.length).toBe(183);
    }
  });

  it('believes no byte that was behind the limit when it was read', async () => {
    const data = makeScratch();
    const opened = openToy(data);
    beginEpoch(opened);
    const follower = new JournalFollower(journalDirectory(data, 0), 0, 1);
    const [file = ''] = segmentsOf(data);
    // A write that was taken back: the same place then gets other bytes.
    const size = fs.statSync(file).size;
    fs.appendFileSync(file, Buffer.alloc(640, 0x5a));
    expect(follower.next(opened.journal.writtenSequence)).toBe(true);
    expect(follower.next(opened.journal.writtenSequence)).toBe(false);
    fs.truncateSync(file, size);
    run(opened, toyFrame(opened.journal.nextSequence, [1, 2]));
    expect(follower.next(opened.journal.writtenSequence)).toBe(true);
    expect(follower.lastSequence).toBe(opened.journal.writtenSequence);
    follower.close();
    await opened.close();
  });

  it('refuses a frame that the writer stands by and that cannot be read', async () => {
    const data = makeScratch();
    const opened = openToy(data);
    beginEpoch(opened);
    run(opened, toyFrame(opened.journal.nextSequence, [1, 1]));
    await opened.close();
    const [file = ''] = segmentsOf(data);
    const bytes = fs.readFileSync(file);
    bytes[bytes.length - 5] = (bytes[bytes.length - 5] as number) ^ 1;
    fs.writeFileSync(file, bytes);
    const follower = new JournalFollower(journalDirectory(data, 0), 0, 1);
    expect(follower.next(3)).toBe(true);
    expect(() => follower.next(3)).toThrow(/stands by a frame/);
  });
});
