import fs from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { listSequenced, shardDirectory, snapshotDirectory } from './directories.js';
import {
  beginEpoch,
  makeScratch,
  openToy,
  removeScratch,
  run,
  segmentsOf,
  writeToyJournal,
} from './scratch.fixture.js';
import { SNAPSHOT_HEADER_BYTES } from './snapshot-format.js';
import { deliveryHash, stateHash } from './state-hash.js';
import { toyFrame } from './toy-shard.fixture.js';

afterEach(removeScratch);

function snapshotsOf(dataDir: string): string[] {
  return listSequenced(snapshotDirectory(dataDir, 0), 'snapshot').map((file) => file.path);
}

/** Runs some frames with a snapshot after each number of frames in `snapshotsAfter`. */
async function runWithSnapshots(dataDir: string, frames: number, snapshotsAfter: number[]) {
  const opened = openToy(dataDir, { segmentBytesMax: 1000 });
  beginEpoch(opened);
  for (let i = 1; i <= frames; i++) {
    run(opened, toyFrame(opened.journal.nextSequence, [1, 3]));
    if (snapshotsAfter.includes(i)) await opened.snapshots.write(opened.shard, opened.journal);
  }
  const hash = stateHash(opened.shard);
  await opened.close();
  return hash;
}

describe('recovery', () => {
  it('starts with nothing at sequence 0 and epoch 1', async () => {
    const opened = openToy(makeScratch());
    expect(opened.report).toMatchObject({ sequence: 0, epoch: 1, frames: 0, notices: [] });
    await opened.close();
  });

  it('gives the same state from the journal alone and from every snapshot', async () => {
    const dataDir = makeScratch();
    const hash = await runWithSnapshots(dataDir, 20, [4, 9, 20]);
    for (const [snapshotSequence, frames] of [
      [41, 0],
      [19, 11],
      [9, 16],
      [0, 21],
    ]) {
      const opened = openToy(dataDir);
      expect(opened.report).toMatchObject({ snapshotSequence, frames, sequence: 41 });
      expect(stateHash(opened.shard)).toBe(hash);
      await opened.close();
      const newest = snapshotsOf(dataDir).pop();
      if (newest !== undefined) fs.rmSync(newest);
    }
  });

  it('passes over snapshots that end later than it may use, down to none', async () => {
    const dataDir = makeScratch();
    const hash = await runWithSnapshots(dataDir, 20, [4, 9, 20]);
    for (const [snapshotNotAfter, snapshotSequence] of [
      [41, 41],
      [40, 19],
      [18, 9],
      [8, 0],
    ] as const) {
      const opened = openToy(dataDir, { snapshotNotAfter });
      expect(opened.report).toMatchObject({ snapshotSequence, sequence: 41 });
      expect(stateHash(opened.shard)).toBe(hash);
      await opened.close();
    }
  });

  it('begins one epoch with other shards, before its first frame only', async () => {
    const dataDir = makeScratch();
    const opened = openToy(dataDir);
    expect(() => opened.journal.beginEpoch(0)).toThrow(/epoch 1 cannot become 0/);
    opened.journal.beginEpoch(7);
    beginEpoch(opened);
    expect(() => opened.journal.beginEpoch(8)).toThrow(/epoch 7 cannot become 8/);
    await opened.close();
    const again = openToy(dataDir);
    expect(again.report.epoch).toBe(8);
    await again.close();
  });

  it('begins a new epoch with every start, also when nothing was journaled or all of it was lost', async () => {
    const dataDir = makeScratch();
    await writeToyJournal(dataDir, [[1]]);
    await openToy(dataDir).close();
    const second = openToy(dataDir);
    expect(second.report.epoch).toBe(2);
    beginEpoch(second);
    await second.close();
    const last = segmentsOf(dataDir)[1];
    fs.truncateSync(last, 64);
    const third = openToy(dataDir);
    expect(third.report).toMatchObject({ epoch: 3, sequence: 2 });
    beginEpoch(third);
    await third.close();
    expect(segmentsOf(dataDir)).toHaveLength(2);
    const fourth = openToy(dataDir);
    expect(fourth.report).toMatchObject({ epoch: 4, sequence: 3 });
    await fourth.close();
  });

  it('hands out the events of every replayed frame', async () => {
    const dataDir = makeScratch();
    await writeToyJournal(dataDir, [[1, 1], [2]]);
    const seen: [number, number][] = [];
    const opened = openToy(dataDir, {
      onEvents: (events, frame) => seen.push([frame.firstSequence, events.length]),
    });
    expect(seen).toEqual([
      [1, 2],
      [2, 4],
      [4, 2],
    ]);
    expect(opened.shard.events.length).toBe(0);
    await opened.close();
  });
});

describe('snapshots', () => {
  it('are kept up to the configured number; the journal stays', async () => {
    const dataDir = makeScratch();
    await runWithSnapshots(dataDir, 10, [1, 2, 3, 4, 5]);
    expect(snapshotsOf(dataDir).map((file) => path.basename(file))).toEqual([
      '0000000000000007.snapshot',
      '0000000000000009.snapshot',
      '0000000000000011.snapshot',
    ]);
    expect(path.basename(segmentsOf(dataDir)[0])).toBe('0000000000000001.journal');
  });

  it('are passed over with a message when any byte is changed or missing', async () => {
    const dataDir = makeScratch();
    const hash = await runWithSnapshots(dataDir, 6, [2, 5]);
    const newest = snapshotsOf(dataDir)[1];
    const content = fs.readFileSync(newest);
    const damaged: Buffer[] = [Buffer.alloc(0), content.subarray(0, 100), content.subarray(0, -8)];
    for (let at = 0; at < content.length; at++) {
      const changed = Buffer.from(content);
      changed[at] ^= 1 << (at % 8);
      damaged.push(changed);
    }
    for (const bytes of damaged) {
      fs.writeFileSync(newest, bytes);
      const opened = openToy(dataDir);
      expect(opened.report).toMatchObject({ snapshotSequence: 5, sequence: 13 });
      expect(opened.report.notices[0]).toContain(newest);
      expect(stateHash(opened.shard)).toBe(hash);
      await opened.close();
    }
  });

  it('say the hashes of the state that they hold', async () => {
    const opened = openToy(makeScratch());
    beginEpoch(opened);
    run(opened, toyFrame(2, [1, 2]));
    const expected = {
      stateHash: stateHash(opened.shard),
      deliveryHash: deliveryHash(opened.shard),
    };
    const writing = opened.snapshots.write(opened.shard, opened.journal);
    await expect(opened.snapshots.write(opened.shard, opened.journal)).rejects.toThrow('already');
    // The shard goes on while the file is written.
    run(opened, toyFrame(4, [1]));
    const info = await writing;
    expect(info).toMatchObject({ sequence: 3, ...expected });
    expect(info.bytes).toBe(SNAPSHOT_HEADER_BYTES + 20 * 8);
    expect(opened.journal.durableSequence).toBeGreaterThanOrEqual(3);
    await opened.close();
  });

  it('are finished before the shard is closed, and leave nothing unfinished behind', async () => {
    const dataDir = makeScratch();
    const opened = openToy(dataDir);
    beginEpoch(opened);
    fs.mkdirSync(snapshotDirectory(dataDir, 0), { recursive: true });
    fs.writeFileSync(
      path.join(snapshotDirectory(dataDir, 0), '0000000000000009.snapshot.new'),
      'x',
    );
    const writing = opened.snapshots.write(opened.shard, opened.journal);
    await opened.close();
    await writing;
    expect(fs.readdirSync(snapshotDirectory(dataDir, 0))).toEqual(['0000000000000001.snapshot']);
  });

  it('that know more than the journal stop the start', async () => {
    const dataDir = makeScratch();
    await runWithSnapshots(dataDir, 6, [6]);
    const last = segmentsOf(dataDir).pop() as string;
    fs.truncateSync(last, fs.statSync(last).size - 1);
    expect(() => openToy(dataDir)).toThrow(/journal ends at sequence 11, but .* contains 13/);
    for (const file of segmentsOf(dataDir)) fs.rmSync(file);
    expect(() => openToy(dataDir)).toThrow('journal ends at sequence 0');
  });
});

describe('the lock', () => {
  it('lets only one have the shard open, and is given back', async () => {
    const dataDir = makeScratch();
    const opened = openToy(dataDir);
    expect(() => openToy(dataDir)).toThrow(`process ${process.pid} on`);
    await opened.close();
    await openToy(dataDir).close();
  });

  it('is given back when recovery fails', async () => {
    const dataDir = makeScratch();
    await writeToyJournal(dataDir, [[1]]);
    const [file] = segmentsOf(dataDir);
    const content = fs.readFileSync(file);
    fs.writeFileSync(file, Buffer.from(content).fill(1, 64, 80));
    expect(() => openToy(dataDir)).toThrow('damaged');
    fs.writeFileSync(file, content);
    await openToy(dataDir).close();
  });

  it('of a process that is gone, or whose id was given again, is taken over', async () => {
    const dataDir = makeScratch();
    await openToy(dataDir).close();
    const file = path.join(shardDirectory(dataDir, 0), 'lock');
    const opened = openToy(dataDir);
    const held = JSON.parse(fs.readFileSync(file, 'utf8'));
    await opened.close();
    for (const stale of [
      { ...held, pid: 2 ** 22 + 1 },
      { ...held, started: 'earlier:1' },
    ]) {
      fs.writeFileSync(file, JSON.stringify(stale));
      await openToy(dataDir).close();
    }
    for (const unknown of [JSON.stringify({ ...held, host: 'elsewhere' }), 'something else']) {
      fs.writeFileSync(file, unknown);
      expect(() => openToy(dataDir)).toThrow('remove');
    }
    expect(fs.readdirSync(shardDirectory(dataDir, 0))).toEqual(['lock']);
  });
});
