import fs from 'node:fs';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { journalDirectory } from './directories.js';
import { HEADER_BYTES } from './format.js';
import { Journal, type JournalOptions, JournalWriteError } from './journal.js';
import { JournalReader } from './journal-reader.js';
import { makeScratch, removeScratch, segmentsOf } from './scratch.fixture.js';
import { createSegmentFile, type SegmentFile } from './segment-file.js';
import { toyFrame } from './toy-shard.fixture.js';

afterEach(removeScratch);
afterEach(() => {
  vi.useRealTimers();
});

function openJournal(dataDir: string, options: Partial<JournalOptions> = {}): Journal {
  return new Journal({
    directory: journalDirectory(dataDir, 0),
    shardId: 0,
    epoch: 1,
    lastSequence: 0,
    lastTimeMs: 0,
    policy: 'never',
    ...options,
  });
}

function readAll(dataDir: string): { sequences: number[]; words: number[] } {
  const reader = new JournalReader(journalDirectory(dataDir, 0), 0);
  const sequences: number[] = [];
  const words: number[] = [];
  while (reader.next()) {
    const { messages, firstSequence } = reader.frame;
    sequences.push(firstSequence);
    words.push(...messages.words.subarray(0, messages.length * 16));
  }
  expect(reader.tornTail).toBeNull();
  return { sequences, words };
}

describe('appending', () => {
  it('reads back every byte, whatever the frames, groups and segment sizes', async () => {
    const frames = fc.array(
      fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 40 }),
      {
        minLength: 1,
        maxLength: 30,
      },
    );
    const groups = fc.integer({ min: 1, max: 5 });
    const segmentBytes = fc.integer({ min: 64, max: 20_000 });
    const policies = fc.constantFrom('never' as const, 'batch' as const, 'always' as const);
    await fc.assert(
      fc.asyncProperty(
        frames,
        groups,
        segmentBytes,
        policies,
        async (sizes, group, most, policy) => {
          const dataDir = makeScratch();
          const journal = openJournal(dataDir, { policy, segmentBytesMax: most });
          const words: number[] = [];
          const sequences: number[] = [];
          for (const [i, frame] of sizes.entries()) {
            const made = toyFrame(journal.nextSequence, frame, i);
            sequences.push(made.firstSequence);
            words.push(...made.messages.words.subarray(0, made.messages.length * 16));
            journal.append(made);
            if (i % group === 0) journal.write();
          }
          await journal.close();
          expect(journal.durableSequence).toBe(journal.writtenSequence);
          expect(readAll(dataDir)).toEqual({ sequences, words });
          const sizesOnDisk = segmentsOf(dataDir).map((file) => fs.statSync(file).size);
          expect(sizesOnDisk.reduce((a, b) => a + b, 0)).toBe(journal.bytes);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('rolls before a segment would exceed its size, at a frame boundary', async () => {
    const dataDir = makeScratch();
    const journal = openJournal(dataDir, { segmentBytesMax: 1000 });
    for (let i = 0; i < 20; i++) journal.append(toyFrame(journal.nextSequence, [2, 2]));
    await journal.close();
    const sizes = segmentsOf(dataDir).map((file) => fs.statSync(file).size);
    expect(sizes).toEqual(
      Array(10)
        .fill(HEADER_BYTES + 2 * 320)
        .map((size) => size),
    );
  });

  it('refuses a frame that does not continue the chain', () => {
    const journal = openJournal(makeScratch());
    journal.append(toyFrame(1, [1, 1], 5));
    expect(() => journal.append(toyFrame(2, [1], 5))).toThrow('must begin with sequence 3');
    expect(() => journal.append(toyFrame(4, [1], 5))).toThrow('must begin with sequence 3');
    expect(() => journal.append(toyFrame(3, [1], 4))).toThrow('time must not go back');
    expect(() => journal.append(toyFrame(3, [], 5))).toThrow('cannot hold 0 messages');
  });
});

describe('when the disk fails', () => {
  it('acknowledges nothing, cuts the part back and can go on when there is room again', async () => {
    const dataDir = makeScratch();
    let room = Number.POSITIVE_INFINITY;
    const journal = openJournal(dataDir, {
      createFile: (file, header) => limited(createSegmentFile(file, header), () => room),
    });
    journal.append(toyFrame(1, [1]));
    journal.write();
    room = 100;
    journal.append(toyFrame(2, [2, 2]));
    expect(() => journal.write()).toThrow(JournalWriteError);
    expect(() => journal.write()).not.toThrow();
    expect(journal.writtenSequence).toBe(1);
    expect(journal.nextSequence).toBe(2);
    expect(fs.statSync(segmentsOf(dataDir)[0]).size).toBe(HEADER_BYTES + 128);
    room = Number.POSITIVE_INFINITY;
    journal.append(toyFrame(2, [3]));
    await journal.close();
    expect(readAll(dataDir).sequences).toEqual([1, 2]);
  });

  it('names file, byte and sequence', () => {
    const journal = openJournal(makeScratch(), {
      createFile: (file, header) => limited(createSegmentFile(file, header), () => 0),
    });
    journal.append(toyFrame(1, [1]));
    expect(() => journal.write()).toThrow(
      /0000000000000001\.journal at byte 64 \(sequence 1\): the disk takes no more bytes/,
    );
  });

  it('stops for good after a failed sync, because trying again could lie', async () => {
    const failures: Error[] = [];
    const journal = openJournal(makeScratch(), {
      policy: 'always',
      onFailure: (error) => failures.push(error),
      createFile: (file, header) => {
        const real = createSegmentFile(file, header);
        return { ...bind(real), sync: (done) => done(new Error('EIO')) };
      },
    });
    journal.append(toyFrame(1, [1]));
    journal.write();
    expect(failures).toHaveLength(1);
    expect(journal.durableSequence).toBe(0);
    expect(() => journal.append(toyFrame(2, [1]))).toThrow('EIO');
    await expect(journal.sync()).rejects.toThrow('EIO');
  });
});

describe('policies', () => {
  it('always: moves durableSequence only with a sync that began after the write', async () => {
    const pending: (() => void)[] = [];
    const moved: number[] = [];
    const journal = openJournal(makeScratch(), {
      policy: 'always',
      onDurable: (sequence) => moved.push(sequence),
      createFile: (file, header) => ({
        ...bind(createSegmentFile(file, header)),
        sync: (done) => pending.push(() => done(null)),
      }),
    });
    for (let i = 1; i <= 4; i++) {
      journal.append(toyFrame(i, [1]));
      journal.write();
    }
    expect(pending).toHaveLength(1);
    expect(journal.releasedSequence).toBe(0);
    pending[0]();
    expect(moved).toEqual([1]);
    expect(pending).toHaveLength(2);
    pending[1]();
    expect(moved).toEqual([1, 4]);
    expect(journal.releasedSequence).toBe(4);
    expect(pending).toHaveLength(2);
    await journal.close();
  });

  it.each([
    [3, 20],
    // A slow disk takes longer than the interval, and is never asked twice at a time.
    [30, 30],
  ])(
    'batch: releases at once, and with syncs of %i ms begins one each %i ms',
    async (syncMs, gapMs) => {
      // Both clocks that a schedule is made of: a machine that pauses between two looks would be taken for a sync too early.
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
      const starts: number[] = [];
      const journal = openJournal(makeScratch(), {
        policy: 'batch',
        syncIntervalMs: 20,
        createFile: (file, header) => ({
          ...bind(createSegmentFile(file, header)),
          sync: (done) => {
            starts.push(performance.now());
            setTimeout(() => done(null), syncMs);
          },
        }),
      });
      for (let ms = 0; ms < 150; ms++) {
        journal.append(toyFrame(journal.nextSequence, [1]));
        journal.write();
        expect(journal.releasedSequence).toBe(journal.writtenSequence);
        vi.advanceTimersByTime(1);
      }
      const gaps = starts.slice(1).map((at, i) => at - starts[i]);
      expect(gaps).toEqual(Array(Math.floor(150 / gapMs)).fill(gapMs));
      expect(journal.durableSequence).toBeGreaterThan(90);
      vi.useRealTimers();
      journal.syncNow();
      await journal.close();
    },
  );

  it('never: syncs nothing by itself, but on request', async () => {
    const journal = openJournal(makeScratch());
    journal.append(toyFrame(1, [1]));
    journal.write();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(journal.syncs).toBe(0);
    await journal.sync();
    expect(journal.durableSequence).toBe(1);
    journal.append(toyFrame(2, [1]));
    journal.write();
    journal.syncNow();
    expect(journal.durableSequence).toBe(2);
    await journal.close();
  });

  it('never: counts a full segment as durable only after its own sync', async () => {
    const journal = openJournal(makeScratch(), { segmentBytesMax: 200 });
    for (let i = 1; i <= 50; i++) {
      journal.append(toyFrame(i, [1]));
      journal.write();
    }
    expect(journal.durableSequence).toBeLessThan(50);
    await journal.sync();
    expect(journal.durableSequence).toBe(50);
    await journal.close();
  });
});

function bind(file: SegmentFile): SegmentFile {
  return {
    write: (bytes, offset, length, position) => file.write(bytes, offset, length, position),
    truncate: (length) => file.truncate(length),
    sync: (done) => file.sync(done),
    syncNow: () => file.syncNow(),
    close: () => file.close(),
  };
}

/** A disk that takes part of a write and then nothing. */
function limited(file: SegmentFile, room: () => number): SegmentFile {
  let used = 0;
  return {
    ...bind(file),
    write: (bytes, offset, length, position) => {
      const fits = Math.min(length, room() === Number.POSITIVE_INFINITY ? length : room() - used);
      if (room() !== Number.POSITIVE_INFINITY) used += fits;
      return fits === 0 ? 0 : file.write(bytes, offset, fits, position);
    },
  };
}
