import fs from 'node:fs';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { JournalDamageError } from './damage.js';
import { journalDirectory } from './directories.js';
import { HEADER_BYTES } from './format.js';
import { JournalReader } from './journal-reader.js';
import {
  beginEpoch,
  makeScratch,
  openToy,
  removeScratch,
  run,
  segmentsOf,
  writeToyJournal,
} from './scratch.fixture.js';
import { stateHash } from './state-hash.js';
import { toyFrame } from './toy-shard.fixture.js';

/** Message sizes of the frames: one slot, four slots, a large frame, and a small one at the end. */
const FRAMES = [[1], [4], [1, 2], [3, 1, 4, 2, 1, 4], [2], [1, 1, 1]];

let dataDir: string;
let hashes: Map<number, string>;
let files: string[];
let contents: Buffer[];

/** Three segments, the last with several frames. */
beforeEach(async () => {
  dataDir = makeScratch();
  hashes = await writeToyJournal(dataDir, FRAMES, { segmentBytesMax: 700 });
  hashes = new Map([...hashes, ...(await writeToyJournal(dataDir, FRAMES))]);
  files = segmentsOf(dataDir);
  contents = files.map((file) => fs.readFileSync(file));
  expect(files.length).toBeGreaterThan(2);
});
afterEach(removeScratch);

/** Reads everything; the sequence after each frame, and the torn tail. */
function readEnds(): { ends: number[]; reader: JournalReader } {
  const reader = new JournalReader(journalDirectory(dataDir, 0), 0);
  const ends: number[] = [];
  while (reader.next()) ends.push(reader.lastSequence);
  return { ends, reader };
}

/** Where each frame of a segment begins, and where the last one ends. */
function frameStarts(content: Buffer): number[] {
  const starts = [HEADER_BYTES];
  while (starts[starts.length - 1] < content.length) {
    const at = starts[starts.length - 1];
    starts.push(at + content.readUInt32LE(at));
  }
  return starts;
}

function damageOf(action: () => unknown): JournalDamageError {
  try {
    action();
  } catch (error) {
    expect(error).toBeInstanceOf(JournalDamageError);
    return error as JournalDamageError;
  }
  throw new Error('nothing was refused');
}

describe('a torn tail', () => {
  it('is cut to the last whole frame, at whichever byte the last segment ends', () => {
    const last = files.length - 1;
    const whole = readEnds().ends;
    const starts = frameStarts(contents[last]);
    const framesBefore = whole.length - (starts.length - 1);
    for (let bytes = 0; bytes < contents[last].length; bytes++) {
      fs.writeFileSync(files[last], contents[last].subarray(0, bytes));
      const { ends, reader } = readEnds();
      const kept = starts.filter((start) => start <= bytes).length - 1;
      expect(ends).toEqual(whole.slice(0, framesBefore + Math.max(0, kept)));
      const torn = reader.tornTail?.bytes ?? 0;
      expect(torn).toBe(kept < 0 ? bytes : bytes - starts[kept]);
    }
  });

  it('is removed by recovery, which then appends behind the last whole frame', async () => {
    const last = files.length - 1;
    for (let cut = 1; cut < contents[last].length; cut += 37) {
      fs.writeFileSync(files[last], contents[last].subarray(0, contents[last].length - cut));
      const { sequence, epoch } = await reopenAndAppend();
      expect(epoch).toBeGreaterThan(cut < contents[last].length - HEADER_BYTES ? 2 : 1);
      const again = openToy(dataDir);
      expect(again.report.tornTail).toBeNull();
      expect(again.shard.sequence).toBe(sequence + 2);
      await again.close();
      for (const file of segmentsOf(dataDir)) fs.rmSync(file);
      files.forEach((file, i) => {
        fs.writeFileSync(file, contents[i]);
      });
    }
  });

  async function reopenAndAppend() {
    const opened = openToy(dataDir);
    const { report, shard } = opened;
    expect(stateHash(shard)).toBe(hashes.get(report.sequence));
    if (report.tornTail !== null) {
      expect(report.notices.join()).toContain(
        `torn tail of ${report.tornTail.bytes} bytes at byte`,
      );
    }
    beginEpoch(opened);
    run(opened, toyFrame(opened.journal.nextSequence, [1]));
    await opened.close();
    return report;
  }

  it.each([
    ['zeros', (bytes: number) => Buffer.alloc(bytes)],
    [
      'random bytes',
      (bytes: number) => Buffer.from(fc.sample(fc.nat(255), { numRuns: bytes, seed: 7 })),
    ],
  ])('may be %s of any length', (_, make) => {
    const last = files.length - 1;
    const whole = readEnds().ends;
    for (const bytes of [1, 63, 64, 65, 500, 4096, 70_000]) {
      fs.writeFileSync(files[last], Buffer.concat([contents[last], make(bytes)]));
      const { ends, reader } = readEnds();
      expect(ends).toEqual(whole);
      expect(reader.tornTail).toMatchObject({ position: contents[last].length, bytes });
    }
  });

  it('may be a last frame of which pages were never written', async () => {
    const dir = makeScratch();
    await writeToyJournal(dir, [[1], Array(100).fill(2)]);
    const [file] = segmentsOf(dir);
    const content = fs.readFileSync(file);
    const start = frameStarts(content)[2];
    for (const [from, to] of [
      [4096, 8192],
      [8192, content.length],
      [start, 4096],
      [start + HEADER_BYTES, content.length],
    ]) {
      fs.writeFileSync(file, Buffer.from(content).fill(0, from, to));
      const opened = openToy(dir);
      expect(opened.report.tornTail).toMatchObject({ position: start });
      expect(opened.report.sequence).toBe(2);
      await opened.close();
    }
  });
});

describe('a changed byte', () => {
  it('is refused wherever it is, and nothing is cut', () => {
    files.forEach((file, index) => {
      const content = contents[index];
      for (let at = 0; at < content.length; at++) {
        for (const mask of [1 << (at % 8), 0xff]) {
          const changed = Buffer.from(content);
          changed[at] ^= mask;
          fs.writeFileSync(file, changed);
          damageOf(readEnds);
        }
      }
      fs.writeFileSync(file, content);
    });
  });

  it('is refused when it is set to zero', () => {
    files.forEach((file, index) => {
      const content = contents[index];
      for (let at = 0; at < content.length; at++) {
        if (content[at] === 0) continue;
        const changed = Buffer.from(content);
        changed[at] = 0;
        fs.writeFileSync(file, changed);
        damageOf(readEnds);
      }
      fs.writeFileSync(file, content);
    });
  });

  it('is told with file, byte, sequence and both checksums', () => {
    const file = files[0];
    const start = frameStarts(contents[0])[1];
    const changed = Buffer.from(contents[0]);
    changed[start + HEADER_BYTES + 20] ^= 4;
    fs.writeFileSync(file, changed);
    const { damage, message } = damageOf(() => openToy(dataDir));
    expect(damage).toMatchObject({ file, position: start, sequence: 2 });
    expect(damage.expectedCrc).not.toBe(damage.actualCrc);
    expect(message).toContain(`${file}: damaged at byte ${start}, sequence 2`);
    expect(message).toMatch(/expected CRC 0x[0-9a-f]{8}, actual CRC 0x[0-9a-f]{8}/);
    expect(message).toContain('repair --truncate-at 2');
    expect(fs.readFileSync(file)).toEqual(changed);
  });

  it('never leads to wrong data, however many bytes change', async () => {
    const arbitrary = fc.array(
      fc.record({ file: fc.nat(files.length - 1), at: fc.nat(100_000), byte: fc.nat(255) }),
      { minLength: 1, maxLength: 200 },
    );
    await fc.assert(
      fc.asyncProperty(arbitrary, async (changes) => {
        const changed = contents.map((content) => Buffer.from(content));
        for (const { file, at, byte } of changes) changed[file][at % changed[file].length] = byte;
        files.forEach((file, i) => {
          fs.writeFileSync(file, changed[i]);
        });
        let opened: ReturnType<typeof openToy>;
        try {
          opened = openToy(dataDir);
        } catch (error) {
          expect(error).toBeInstanceOf(JournalDamageError);
          return;
        }
        expect(stateHash(opened.shard)).toBe(hashes.get(opened.shard.sequence));
        await opened.close();
      }),
      { numRuns: 300 },
    );
  });
});

describe('a broken chain', () => {
  it('is refused when a segment is missing', () => {
    fs.rmSync(files[1]);
    expect(damageOf(readEnds).message).toContain('is missing before it');
  });

  it('is refused when the first segment is missing and no snapshot stands in', () => {
    fs.rmSync(files[0]);
    expect(() => openToy(dataDir)).toThrow('the state ends at 0');
    for (const file of files.slice(1, -1)) fs.rmSync(file);
    fs.truncateSync(files[files.length - 1], HEADER_BYTES);
    expect(() => openToy(dataDir)).toThrow('the journal begins after sequence');
  });

  it('is refused when an older segment is cut, even at a frame boundary', () => {
    const starts = frameStarts(contents[0]);
    for (const bytes of [starts[1], starts[1] + 30, 30, 0]) {
      fs.truncateSync(files[0], bytes);
      damageOf(readEnds);
      fs.writeFileSync(files[0], contents[0]);
    }
  });

  it('is refused when a segment has another name or belongs to another shard', () => {
    fs.renameSync(files[2], files[2].replace('.journal', '.aside'));
    fs.copyFileSync(files[0], files[2]);
    expect(damageOf(readEnds).message).toContain('its header says that it begins with sequence 1');
    const reader = new JournalReader(journalDirectory(dataDir, 0), 3);
    expect(damageOf(() => reader.next()).message).toContain(
      'it belongs to shard 0, not to shard 3',
    );
  });

  it('is refused when frames of an older copy follow', () => {
    const starts = frameStarts(contents[0]);
    const repeated = contents[0].subarray(starts[0], starts[1]);
    fs.writeFileSync(files[0], Buffer.concat([contents[0], repeated]));
    expect(damageOf(readEnds).message).toContain('the frame begins with sequence 1');
  });
});
