import fs from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { ArchiveConflictError, type ArchivedSegment, archiveSegments } from './archive.js';
import { JournalDamageError } from './damage.js';
import { JournalReader } from './journal-reader.js';
import {
  beginEpoch,
  makeScratch,
  openToy,
  removeScratch,
  run,
  segmentsOf,
} from './scratch.fixture.js';
import { stateHash } from './state-hash.js';
import { toyFrame } from './toy-shard.fixture.js';

afterEach(removeScratch);

const FRAMES_EACH = 12;

/** Segments of a few frames each, with a snapshot in the middle of them. */
async function makeJournal() {
  const dataDir = makeScratch();
  const opened = openToy(dataDir, { segmentBytesMax: 1400 });
  beginEpoch(opened);
  const write = () => {
    for (let n = 0; n < FRAMES_EACH; n++) {
      run(opened, toyFrame(opened.journal.nextSequence, [2, 2]));
    }
  };
  write();
  await opened.snapshots.write(opened.shard, opened.journal);
  const snapshotSequence = opened.shard.sequence;
  write();
  const hash = stateHash(opened.shard);
  await opened.close();
  return { dataDir, snapshotSequence, hash, files: segmentsOf(dataDir) };
}

function archive(dataDir: string, archiveDir: string): ArchivedSegment[] {
  const moved: ArchivedSegment[] = [];
  archiveSegments(dataDir, 0, archiveDir, (segment) => moved.push(segment));
  return moved;
}

function isLink(file: string): boolean {
  return fs.lstatSync(file).isSymbolicLink();
}

async function hashOf(dataDir: string): Promise<string> {
  const opened = openToy(dataDir);
  const hash = stateHash(opened.shard);
  await opened.close();
  return hash;
}

describe('an archive of segments', () => {
  it('takes what lies before the oldest snapshot, and the whole journal can be read as before', async () => {
    const { dataDir, snapshotSequence, hash, files } = await makeJournal();
    const archiveDir = makeScratch();
    const moved = archive(dataDir, archiveDir);
    // The segment with the snapshot's sequence in its middle stays.
    const stays = files.findLastIndex(
      (file) => Number.parseInt(path.basename(file), 10) <= snapshotSequence,
    );
    expect(moved.map(({ file }) => file)).toEqual(files.slice(0, stays));
    expect(moved.length).toBeGreaterThan(1);
    expect(files.map(isLink)).toEqual(files.map((_, i) => i < stays));
    for (const { file, archivedAs, bytes } of moved) {
      expect(archivedAs.startsWith(archiveDir)).toBe(true);
      expect(isLink(archivedAs)).toBe(false);
      expect(fs.readlinkSync(file)).toBe(archivedAs);
      expect(fs.statSync(file).size).toBe(bytes);
    }
    const reader = new JournalReader(path.join(dataDir, 'shard-0', 'journal'), 0);
    while (reader.next());
    expect(reader.lastSequence).toBe(1 + 4 * FRAMES_EACH);
    expect(await hashOf(dataDir)).toBe(hash);
    expect(archive(dataDir, archiveDir)).toEqual([]);
  });

  it('takes nothing while there is no snapshot behind a whole segment', async () => {
    const { dataDir } = await makeJournal();
    fs.rmSync(path.join(dataDir, 'shard-0', 'snapshots'), { recursive: true });
    expect(archive(dataDir, makeScratch())).toEqual([]);
  });

  it('is needed by no start: without the other disk the exchange opens all the same', async () => {
    const { dataDir, hash } = await makeJournal();
    const archiveDir = makeScratch();
    archive(dataDir, archiveDir);
    fs.rmSync(archiveDir, { recursive: true });
    expect(await hashOf(dataDir)).toBe(hash);
  });

  it('goes on where it was killed', async () => {
    const { dataDir, hash, files } = await makeJournal();
    const archiveDir = makeScratch();
    const target = path.join(archiveDir, 'shard-0', 'journal');
    fs.mkdirSync(target, { recursive: true });
    const [first = '', second = ''] = files;
    // One is copied and has no link yet, of the next one half is copied; the link of a third was not put in place.
    fs.copyFileSync(first, path.join(target, path.basename(first)));
    fs.writeFileSync(
      path.join(target, `${path.basename(second)}.part`),
      fs.readFileSync(second).subarray(0, 500),
    );
    fs.symlinkSync('nowhere', `${second}.link`);
    expect(
      archive(dataDir, archiveDir)
        .map(({ file }) => file)
        .slice(0, 2),
    ).toEqual([first, second]);
    expect(
      fs.readdirSync(path.dirname(first)).filter((name) => !name.endsWith('.journal')),
    ).toEqual([]);
    expect(await hashOf(dataDir)).toBe(hash);
  });

  it('moves nothing that is damaged, and overwrites nothing', async () => {
    const { dataDir, files } = await makeJournal();
    const [first = '', second = ''] = files;
    const archiveDir = makeScratch();
    const whole = fs.readFileSync(second);
    const damaged = Buffer.from(whole);
    damaged[200] = (damaged[200] as number) ^ 1;
    fs.writeFileSync(second, damaged);
    expect(() => archive(dataDir, archiveDir)).toThrow(JournalDamageError);
    expect(files.map(isLink)).toEqual(files.map((file) => file === first));
    expect(fs.readFileSync(second)).toEqual(damaged);

    fs.writeFileSync(second, whole);
    const other = path.join(archiveDir, 'shard-0', 'journal', path.basename(second));
    fs.writeFileSync(other, 'something else');
    expect(() => archive(dataDir, archiveDir)).toThrow(ArchiveConflictError);
    expect(fs.readFileSync(other, 'utf8')).toBe('something else');
    expect(isLink(second)).toBe(false);
  });
});
