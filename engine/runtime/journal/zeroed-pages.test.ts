import fs from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { JournalDamageError } from './damage.js';
import { journalDirectory } from './directories.js';
import { JournalReader } from './journal-reader.js';
import { makeScratch, openToy, removeScratch, writeToyJournal } from './scratch.fixture.js';
import { stateHash } from './state-hash.js';
import { varyingSizes } from './toy-shard.fixture.js';

interface FrameAt {
  file: string;
  position: number;
  bytes: number;
  lastSequence: number;
}

const HEADER_BYTES = 64;

let hashes: Map<number, string>;
let frames: FrameAt[];
let contents: Map<string, Buffer>;

/** Two starts: several full segments, and a last one of frames from two slots to several pages. */
beforeAll(async () => {
  const dataDir = makeScratch();
  const small = Array.from({ length: 14 }, (_, i) => varyingSizes(i * 5));
  const large = Array.from({ length: 4 }, (_, i) => Array(40 * i + 9).fill(1 + (i % 4)));
  hashes = await writeToyJournal(dataDir, small, { segmentBytesMax: 12_000 });
  hashes = new Map([
    ...hashes,
    ...(await writeToyJournal(dataDir, [...small, ...large, [1], [2]])),
  ]);
  const reader = new JournalReader(journalDirectory(dataDir, 0), 0);
  frames = [];
  while (reader.next()) {
    const { file, position, bytes } = reader.frame;
    frames.push({ file: path.basename(file), position, bytes, lastSequence: reader.lastSequence });
  }
  const files = reader.segments.map((segment) => segment.path);
  contents = new Map(files.map((file) => [path.basename(file), fs.readFileSync(file)]));
  expect(files.length).toBeGreaterThan(2);
});
afterAll(removeScratch);

/** Pages of a segment that hold zeros: `count` of them, from the share `at` of its length on. */
const holes = fc.array(
  fc.record({
    // Most of them where the verdict is hardest: in the last segment.
    segment: fc.oneof({ weight: 3, arbitrary: fc.constant(-1) }, fc.nat(20)),
    at: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
    pageBytes: fc.constantFrom(512, 4096),
    count: fc.oneof(fc.integer({ min: 1, max: 4 }), fc.constant(100_000)),
  }),
  { minLength: 1, maxLength: 3 },
);
type Hole = typeof holes extends fc.Arbitrary<(infer H)[]> ? H : never;

function withHoles(made: readonly Hole[]): Map<string, Buffer> {
  const changed = new Map([...contents].map(([file, bytes]) => [file, Buffer.from(bytes)]));
  const files = [...changed.values()];
  for (const { segment, at, pageBytes, count } of made) {
    const bytes = files.at(segment % files.length) as Buffer;
    const from = Math.floor((at * bytes.length) / pageBytes) * pageBytes;
    // The header was synced before any frame, and is none of the pages that can be lost.
    bytes.fill(0, Math.max(HEADER_BYTES, from), Math.min(bytes.length, from + count * pageBytes));
  }
  return changed;
}

function isIntact(frame: FrameAt, changed: ReadonlyMap<string, Buffer>, bytes: number): boolean {
  const { file, position } = frame;
  const now = (changed.get(file) as Buffer).subarray(position, position + bytes);
  return now.equals((contents.get(file) as Buffer).subarray(position, position + bytes));
}

function write(files: ReadonlyMap<string, Buffer>): string {
  const dataDir = makeScratch();
  const directory = journalDirectory(dataDir, 0);
  fs.mkdirSync(directory, { recursive: true });
  for (const [file, bytes] of files) fs.writeFileSync(path.join(directory, file), bytes);
  return dataDir;
}

/** The sequence that recovery comes to, or the damage for which it refuses. */
async function recover(dataDir: string): Promise<number | JournalDamageError> {
  try {
    const opened = openToy(dataDir);
    expect(stateHash(opened.shard)).toBe(hashes.get(opened.shard.sequence));
    await opened.close();
    return opened.shard.sequence;
  } catch (error) {
    expect(error).toBeInstanceOf(JournalDamageError);
    return error as JournalDamageError;
  }
}

describe('pages of zeros', () => {
  it('are never read over: all before the first is kept, and a hole before a frame is refused', async () => {
    // So that the property does not hold only because it never came to its point.
    const seen = { cut: 0, refusedForLaterFrame: 0, refusedInOlderSegment: 0 };
    await fc.assert(
      fc.asyncProperty(holes, async (made) => {
        const changed = withHoles(made);
        const first = frames.findIndex((frame) => !isIntact(frame, changed, frame.bytes));
        const outcome = await recover(write(changed));
        if (first < 0) {
          expect(outcome).toBe(frames[frames.length - 1].lastSequence);
          return;
        }
        const { file, position } = frames[first];
        const kept = frames[first - 1]?.lastSequence ?? 0;
        const inLastSegment = file === frames[frames.length - 1].file;
        const headerFollows = frames
          .slice(first + 1)
          .some((later) => later.file === file && isIntact(later, changed, HEADER_BYTES));
        if (outcome instanceof JournalDamageError) {
          expect(path.basename(outcome.damage.file)).toBe(file);
          expect(outcome.damage).toMatchObject({ position, sequence: kept + 1 });
          if (!inLastSegment) seen.refusedInOlderSegment++;
          else if (headerFollows) seen.refusedForLaterFrame++;
        } else {
          expect(inLastSegment).toBe(true);
          expect(headerFollows).toBe(false);
          expect(outcome).toBe(kept);
          seen.cut++;
        }
      }),
      { numRuns: 300 },
    );
    for (const [outcome, times] of Object.entries(seen)) {
      expect(times, outcome).toBeGreaterThan(0);
    }
  });

  it('behind the last frame are cut, however many and wherever the file ended before', async () => {
    const last = frames[frames.length - 1].file;
    const content = contents.get(last) as Buffer;
    const lengths = fc.record({
      end: fc.integer({ min: HEADER_BYTES, max: content.length }),
      zeros: fc.oneof(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 4096, max: 3_000_000 })),
    });
    await fc.assert(
      fc.asyncProperty(lengths, async ({ end, zeros }) => {
        const whole = frames.filter(({ file, position, bytes }) => {
          return file !== last || position + bytes <= end;
        });
        const cut = new Map(contents);
        cut.set(last, Buffer.concat([content.subarray(0, end), Buffer.alloc(zeros)]));
        const outcome = await recover(write(cut));
        const { lastSequence } = whole[whole.length - 1];
        // A frame that lost only a few bytes cannot be told from one with a flipped byte.
        if (outcome instanceof JournalDamageError) {
          expect(outcome.damage.sequence).toBe(lastSequence + 1);
        } else if (outcome !== lastSequence) {
          // What was cut off were zeros, so that the zeros behind make the frame whole again.
          const next = frames[whole.length];
          expect(outcome).toBe(next.lastSequence);
          expect(isIntact(next, cut, next.bytes)).toBe(true);
        }
      }),
      { numRuns: 150 },
    );
  });
});
