import fs from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { shardDirectory } from '../../engine/runtime/journal/directories.js';
import {
  beginEpoch,
  makeScratch,
  openToy,
  removeScratch,
  run,
  segmentsOf,
  writeToyJournal,
} from '../../engine/runtime/journal/scratch.fixture.js';
import { ToyShard, toyFrame } from '../../engine/runtime/journal/toy-shard.fixture.js';
import { runJournalCommand } from './run.js';

afterEach(removeScratch);

function command(...args: string[]) {
  let out = '';
  let notes = '';
  const code = runJournalCommand(args, () => new ToyShard(), {
    out: (text) => {
      out += text;
    },
    note: (text) => {
      notes += `${text}\n`;
    },
  });
  return { code, out, notes, json: () => JSON.parse(out) };
}

/** Content and names of every file below a directory. */
function everything(dir: string): Map<string, string> {
  const names = fs.readdirSync(dir, { recursive: true }).map(String);
  const files = names.filter((name) => fs.statSync(path.join(dir, name)).isFile());
  return new Map(files.map((name) => [name, fs.readFileSync(path.join(dir, name), 'hex')]));
}

async function makeJournal() {
  const dataDir = makeScratch();
  const hashes = await writeToyJournal(dataDir, [[1, 2], [3], [1, 1, 4]], { segmentBytesMax: 600 });
  const opened = openToy(dataDir);
  await opened.snapshots.write(opened.shard, opened.journal);
  beginEpoch(opened);
  run(opened, toyFrame(opened.journal.nextSequence, [2, 1]));
  await opened.close();
  return { dataDir, hashes };
}

describe('hash and replay', () => {
  it('print the same state for every sequence, from snapshots and from nothing', async () => {
    const { dataDir, hashes } = await makeJournal();
    const whole = command('hash', '--data', dataDir, '--json').json();
    expect(whole).toMatchObject({ sequence: 10, snapshotSequence: 7, messages: 3, epoch: 2 });
    expect(whole.shards).toMatchObject([{ shard: 0, sequence: 10, stateHash: whole.stateHash }]);
    expect(command('replay', '--data', dataDir, '--json').json()).toMatchObject({
      sequence: 10,
      stateHash: whole.stateHash,
      messages: 10,
      snapshotSequence: 0,
    });
    for (let sequence = 1; sequence <= 10; sequence++) {
      const until = ['--data', dataDir, '--json', '--until', String(sequence)];
      const hash = command('hash', ...until).json();
      expect(hash.sequence).toBe(sequence);
      expect(hash.stateHash).toBe(command('replay', ...until).json().stateHash);
      if (hashes.has(sequence)) expect(hash.stateHash).toBe(hashes.get(sequence));
    }
    expect(command('hash', '--data', dataDir).out).toContain(
      `shard 0 sequence 10 stateHash ${whole.stateHash}`,
    );
  });

  it('fail when the journal ends before the given sequence', async () => {
    const { dataDir } = await makeJournal();
    const { code, notes, out } = command('hash', '--data', dataDir, '--until', '0:11');
    expect([code, out]).toEqual([1, '']);
    expect(notes).toContain('ends at sequence 10');
  });

  it('give the shards one by one when there are several', async () => {
    const { dataDir } = await makeJournal();
    const other = makeScratch();
    await writeToyJournal(other, [[1]]);
    fs.renameSync(shardDirectory(other, 0), shardDirectory(dataDir, 1));
    const { code, notes } = command('hash', '--data', dataDir);
    expect(code).toBe(1);
    expect(notes).toContain('it belongs to shard 0, not to shard 1');
    expect(command('hash', '--data', dataDir, '--until', '3').code).toBe(2);
    const one = command('hash', '--data', dataDir, '--until', '0:3', '--shard', '0', '--json');
    expect(one.json().sequence).toBe(3);
  });
});

describe('verify', () => {
  it('tells of whole segments and snapshots', async () => {
    const { dataDir } = await makeJournal();
    const { code, json } = command('verify', '--data', dataDir, '--json');
    expect(code).toBe(0);
    const { ok, shards } = json();
    expect(ok).toBe(true);
    expect(shards[0]).toMatchObject({ sequence: 10, messages: 10, tornTail: null, problems: [] });
    expect(shards[0].segments).toHaveLength(segmentsOf(dataDir).length);
    expect(shards[0].snapshots).toMatchObject([{ sequence: 7, valid: true, problem: null }]);
    expect(command('verify', '--data', dataDir).out).toContain('shard 0: whole, 10 messages');
  });

  it('reports a torn tail without failing, and changes nothing', async () => {
    const { dataDir } = await makeJournal();
    const last = segmentsOf(dataDir).pop() as string;
    fs.truncateSync(last, fs.statSync(last).size - 10);
    const before = everything(dataDir);
    const verified = command('verify', '--data', dataDir, '--json');
    expect(verified.code).toBe(0);
    expect(verified.json().shards[0]).toMatchObject({ sequence: 8, tornTail: { file: last } });
    for (const name of ['hash', 'replay', 'dump']) {
      const { code, notes } = command(name, '--data', dataDir);
      expect(code).toBe(0);
      expect(notes).toContain('torn tail of');
    }
    expect(everything(dataDir)).toEqual(before);
  });

  it('fails on a changed byte with file, position and sequence, in segments and snapshots', async () => {
    const { dataDir } = await makeJournal();
    const [first] = segmentsOf(dataDir);
    const snapshot = path.join(
      shardDirectory(dataDir, 0),
      'snapshots',
      '0000000000000007.snapshot',
    );
    for (const [file, at] of [
      [first, 200],
      [snapshot, 140],
    ] as const) {
      const content = fs.readFileSync(file);
      const changed = Buffer.from(content);
      changed[at] ^= 16;
      fs.writeFileSync(file, changed);
      const { code, notes, json } = command('verify', '--data', dataDir, '--json');
      expect(code).toBe(1);
      expect(json().ok).toBe(false);
      if (file === first) {
        expect(json().shards[0].damage).toMatchObject({ file, position: 192, sequence: 2 });
      }
      expect(command('verify', '--data', dataDir).notes + notes).toContain(file);
      fs.writeFileSync(file, content);
    }
  });
});

describe('dump', () => {
  it('prints a line for each message, within the given sequences', async () => {
    const { dataDir } = await makeJournal();
    const lines = command('dump', '--data', dataDir, '--json').out.trim().split('\n');
    expect(lines.map((line) => JSON.parse(line).sequence)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(JSON.parse(lines[0])).toMatchObject({ type: 'CMD_BEGIN_EPOCH', begins: 1, epoch: 1 });
    expect(JSON.parse(lines[1])).toEqual({
      shard: 0,
      sequence: 2,
      timeMs: 1_000_000,
      epoch: 1,
      type: 'CMD_DEPOSIT',
      accountId: 2,
      amountMicroUsd: 2001,
    });
    const some = command('dump', '--data', dataDir, '--from', '3', '--until', '4').out;
    expect(some).toMatch(
      /^0:3 1970-01-01T00:16:40.000Z epoch=1 CMD_DEPOSIT accountId=3 .*\n0:4 .*\n$/,
    );
  });
});

describe('archive', () => {
  it('moves what lies before the oldest snapshot, and everything reads as before', async () => {
    const { dataDir } = await makeJournal();
    const archiveDir = path.join(makeScratch(), 'archive');
    expect(command('archive', '--data', dataDir)).toMatchObject({
      code: 2,
      notes: expect.stringContaining('archive needs --to DIR'),
    });
    const replayed = () => command('replay', '--data', dataDir, '--json').json();
    const before = replayed();
    const [first = ''] = segmentsOf(dataDir);
    const { code, out } = command('archive', '--data', dataDir, '--to', archiveDir);
    expect(code).toBe(0);
    const archivedAs = path.join(archiveDir, 'shard-0', 'journal', path.basename(first));
    expect(out).toContain(`${first}: moved to ${archivedAs}\n`);
    expect(out).toMatch(/shard 0: 3 segments with 1280 bytes moved\n$/);
    expect(command('verify', '--data', dataDir).code).toBe(0);
    expect(replayed()).toMatchObject({ messages: 10, stateHash: before.stateHash });
    const again = command('archive', '--data', dataDir, '--to', archiveDir, '--json').json();
    expect(again).toEqual({ shards: [{ shard: 0, bytes: 0, segments: [] }] });
  });
});

describe('repair and usage', () => {
  it('repairs only when told where', async () => {
    const { dataDir } = await makeJournal();
    expect(command('repair', '--data', dataDir).code).toBe(2);
    const { code, json } = command('repair', '--data', dataDir, '--truncate-at', '4', '--json');
    expect(code).toBe(0);
    expect(json()).toMatchObject({ shard: 0, sequence: 3 });
    expect(command('hash', '--data', dataDir, '--json').json().sequence).toBe(3);
  });

  it('explains mistakes and helps', () => {
    expect(command('--help')).toMatchObject({ code: 0, notes: '' });
    for (const args of [
      [],
      ['hash'],
      ['guess', '--data', '.'],
      ['hash', '--data', '/nowhere'],
      ['hash', '--data', makeScratch()],
      ['hash', '--dat', '.'],
    ]) {
      const { code, out, notes } = command(...args);
      expect([code, out]).toEqual([2, '']);
      expect(notes).toContain('--help');
    }
  });
});
