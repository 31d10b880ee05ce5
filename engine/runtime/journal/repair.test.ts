import fs from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { repairJournal } from './repair.js';
import {
  makeScratch,
  openToy,
  removeScratch,
  segmentsOf,
  writeToyJournal,
} from './scratch.fixture.js';
import { stateHash } from './state-hash.js';

afterEach(removeScratch);

const FRAMES = Array.from({ length: 12 }, () => [2, 2]);

async function makeJournal() {
  const dataDir = makeScratch();
  const hashes = await writeToyJournal(dataDir, FRAMES, { segmentBytesMax: 1400 });
  return { dataDir, hashes, files: segmentsOf(dataDir) };
}

describe('repair', () => {
  it('gives up what begins with a damaged frame and keeps all of it aside', async () => {
    const { dataDir, hashes, files } = await makeJournal();
    const content = fs.readFileSync(files[1]);
    const damaged = Buffer.from(content);
    damaged[64 + 320 + 100] ^= 1;
    fs.writeFileSync(files[1], damaged);
    const refusal = /repair --truncate-at (\d+)/.exec(messageOf(() => openToy(dataDir)));
    const truncateAt = Number(refusal?.[1]);
    const report = repairJournal(dataDir, 0, truncateAt);
    expect(report).toMatchObject({
      file: files[1],
      position: 384,
      movedFiles: files.slice(2).reverse(),
    });
    expect(fs.readdirSync(report.keptIn)).toEqual([
      `${path.basename(files[1])}.from-byte-384`,
      ...files.slice(2).map((file) => path.basename(file)),
    ]);
    const opened = openToy(dataDir);
    expect(opened.shard.sequence).toBe(truncateAt - 1);
    expect(stateHash(opened.shard)).toBe(hashes.get(truncateAt - 1));
    expect(opened.report.epoch).toBe(2);
    await opened.close();
  });

  it('never lets an epoch begin twice', async () => {
    const { dataDir } = await makeJournal();
    await writeToyJournal(dataDir, [[1]]);
    await writeToyJournal(dataDir, [[1]]);
    repairJournal(dataDir, 0, 4);
    repairJournal(dataDir, 0, 1);
    const opened = openToy(dataDir);
    expect(opened.report).toMatchObject({ sequence: 0, epoch: 4 });
    await opened.close();
  });

  it('moves whole segments, and snapshots that know what is given up', async () => {
    const { dataDir, hashes, files } = await makeJournal();
    const opened = openToy(dataDir);
    await opened.snapshots.write(opened.shard, opened.journal);
    await opened.close();
    fs.rmSync(files[1]);
    const sequence = Number(path.basename(files[1]).split('.')[0]);
    const report = repairJournal(dataDir, 0, sequence);
    expect(report.file).toBeNull();
    expect(report.movedFiles).toHaveLength(1 + files.length - 2);
    const again = openToy(dataDir);
    expect(again.report).toMatchObject({ snapshotSequence: 0, sequence: sequence - 1 });
    expect(stateHash(again.shard)).toBe(hashes.get(sequence - 1));
    await again.close();
  });

  it('refuses to split a frame, to cut beyond the end, and while the shard is open', async () => {
    const { dataDir } = await makeJournal();
    expect(() => repairJournal(dataDir, 0, 3)).toThrow('truncate at 2 or 4');
    expect(() => repairJournal(dataDir, 0, 1000)).toThrow('the journal ends at sequence 25');
    const opened = openToy(dataDir);
    expect(() => repairJournal(dataDir, 0, 4)).toThrow('has this shard open');
    await opened.close();
  });
});

function messageOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    return (error as Error).message;
  }
  return '';
}
