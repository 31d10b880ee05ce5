import fs from 'node:fs';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { JournalDamageError } from './damage.js';
import { makeScratch, openToy, removeScratch, run, segmentsOf } from './scratch.fixture.js';
import { type CreateSegmentFile, createSegmentFile } from './segment-file.js';
import { stateHash } from './state-hash.js';
import type { SyncPolicy } from './sync-scheduler.js';
import { epochFrame, toyFrame } from './toy-shard.fixture.js';

afterEach(removeScratch);

const SECTOR_BYTES = 512;

/** Remembers how much of each segment the disk has promised to keep; syncs end when told to. */
class SlowDisk {
  readonly kept = new Map<string, number>();
  private readonly pending: (() => void)[] = [];

  readonly create: CreateSegmentFile = (path, header) => {
    const file = createSegmentFile(path, header);
    let written = header.length;
    this.kept.set(path, written);
    const keep = (bytes: number) => {
      this.kept.set(path, Math.max(bytes, this.kept.get(path) as number));
    };
    return {
      write: (bytes, offset, length, position) => {
        written = position + length;
        return file.write(bytes, offset, length, position);
      },
      truncate: (length) => file.truncate(length),
      sync: (done) => {
        const covered = written;
        this.pending.push(() => {
          keep(covered);
          done(null);
        });
      },
      syncNow: () => keep(written),
      close: () => file.close(),
    };
  };

  finishOldest(): void {
    this.pending.shift()?.();
  }
}

interface Plan {
  policy: SyncPolicy;
  frames: { sizes: number[]; sync: boolean }[];
  /** Of the bytes that no sync covers: which share is in the file, and which sectors were written. */
  share: number;
  sectors: boolean[];
}

const plan: fc.Arbitrary<Plan> = fc.record({
  policy: fc.constantFrom<SyncPolicy>('always', 'batch'),
  frames: fc.array(
    fc.record({
      sizes: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 30 }),
      sync: fc.boolean(),
    }),
    { minLength: 1, maxLength: 12 },
  ),
  share: fc.double({ min: 0, max: 1, noNaN: true }),
  sectors: fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }),
});

/** Runs the plan and returns what the journal promised: the durable sequence and all hashes. */
function runUntilPowerFails(dataDir: string, disk: SlowDisk, steps: Plan) {
  const options = { policy: steps.policy, segmentBytesMax: 9000, syncIntervalMs: 0 };
  const opened = openToy(dataDir, { ...options, createFile: disk.create });
  const hashes = new Map([[0, stateHash(opened.shard)]]);
  run(opened, epochFrame(1, 1));
  hashes.set(1, stateHash(opened.shard));
  for (const { sizes, sync } of steps.frames) {
    run(opened, toyFrame(opened.journal.nextSequence, sizes));
    hashes.set(opened.shard.sequence, stateHash(opened.shard));
    if (sync) disk.finishOldest();
  }
  return { durable: opened.journal.durableSequence, hashes };
}

/** Leaves in each file what was kept, and of the rest only some, with zeros where sectors are missing. */
function loseUnsynced(disk: SlowDisk, share: number, isWritten: (sector: number) => boolean): void {
  for (const [file, kept] of disk.kept) {
    const content = fs.readFileSync(file);
    const length = kept + Math.round((content.length - kept) * share);
    for (let at = kept; at < length; at++) {
      if (!isWritten(Math.floor(at / SECTOR_BYTES))) content[at] = 0;
    }
    fs.writeFileSync(file, content.subarray(0, length));
  }
}

/** What the next start recovers; the lock of the "failed machine" is taken away first. */
function restart(dataDir: string) {
  fs.rmSync(`${dataDir}/shard-0/lock`);
  const opened = openToy(dataDir);
  void opened.close();
  return opened;
}

describe('a power failure', () => {
  it('that keeps bytes in order never stops a start and never loses what was durable', () => {
    fc.assert(
      fc.property(plan, (steps) => {
        const dataDir = makeScratch();
        const disk = new SlowDisk();
        const { durable, hashes } = runUntilPowerFails(dataDir, disk, steps);
        loseUnsynced(disk, steps.share, () => true);
        const { shard, report } = restart(dataDir);
        expect(shard.sequence).toBeGreaterThanOrEqual(durable);
        expect(stateHash(shard)).toBe(hashes.get(shard.sequence));
        expect(report.epoch).toBe(2);
        expect(segmentsOf(dataDir).length).toBe(disk.kept.size);
      }),
      { numRuns: 150 },
    );
  });

  it('that keeps sectors in any order loses nothing durable without saying so', () => {
    fc.assert(
      fc.property(plan, (steps) => {
        const dataDir = makeScratch();
        const disk = new SlowDisk();
        const { durable, hashes } = runUntilPowerFails(dataDir, disk, steps);
        loseUnsynced(disk, steps.share, (sector) => steps.sectors[sector % 8]);
        try {
          const { shard } = restart(dataDir);
          expect(shard.sequence).toBeGreaterThanOrEqual(durable);
          expect(stateHash(shard)).toBe(hashes.get(shard.sequence));
        } catch (error) {
          expect(error).toBeInstanceOf(JournalDamageError);
          expect((error as JournalDamageError).damage.sequence).toBeGreaterThan(durable);
        }
      }),
      { numRuns: 300 },
    );
  });
});
