import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../testing/exchange.js';
import { CHUNK_WORDS, newBlock } from './feed-record.js';
import { FeedSegments } from './feed-segments.js';
import { FeedWriter } from './feed-writer.js';

let folder = '';
const failures: Error[] = [];

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'plimsoll-feed-'));
});

afterEach(() => {
  fs.rmSync(folder, { recursive: true, force: true });
  expect(failures.splice(0)).toEqual([]);
});

function open(segments = new FeedSegments(folder)) {
  const blocks = [newBlock(CHUNK_WORDS), newBlock(CHUNK_WORDS)];
  blocks.forEach(({ words }, number) => {
    words.fill(number + 1);
  });
  const memory = { chunk: (number: number) => blocks[number] };
  return new FeedWriter(memory, segments, 0, (error) => failures.push(error));
}

function fileBytes(): Buffer {
  const [name] = fs.readdirSync(folder);
  return fs.readFileSync(path.join(folder, name as string));
}

describe('the writer of the private log', () => {
  it('stops where it was asked to, whatever has come since', async () => {
    const writer = open();
    writer.write(100);
    expect(writer.reads(0)).toBe(true);
    await until(() => !writer.reads(0), 'the write has ended');
    expect(writer.written).toBe(100);
    writer.write(100);
    expect(writer.reads(0)).toBe(false);
    await writer.close(100);
  });

  it('goes on after a write that was under way, over chunks, and says which one it reads', async () => {
    const writer = open();
    writer.write(100);
    writer.write(CHUNK_WORDS + 50);
    expect([writer.reads(0), writer.reads(1)]).toEqual([true, false]);
    await until(() => writer.written === CHUNK_WORDS + 50, 'all is written');
    await writer.close(CHUNK_WORDS + 70);
    const bytes = fileBytes();
    expect(bytes.length).toBe((CHUNK_WORDS + 70) * 4);
    expect(bytes.readInt32LE((CHUNK_WORDS - 1) * 4)).toBe(1);
    expect(bytes.readInt32LE((CHUNK_WORDS + 69) * 4)).toBe(2);
  });

  it('writes long and short pieces, at whatever position they begin', async () => {
    const writer = open();
    for (const end of [7, 90_001, 90_100, CHUNK_WORDS - 3, CHUNK_WORDS + 60_000]) {
      writer.write(end);
      await until(() => writer.written === end, 'all is written');
      const bytes = fileBytes();
      expect(bytes.length).toBe(end * 4);
      const words = new Int32Array(bytes.buffer, bytes.byteOffset, end);
      expect(words.subarray(0, CHUNK_WORDS).every((word) => word === 1)).toBe(true);
      expect(words.subarray(CHUNK_WORDS).every((word) => word === 2)).toBe(true);
    }
    await writer.close(CHUNK_WORDS + 60_000);
  });

  it('goes through the page cache where the way past it fails', async () => {
    const segments = new FeedSegments(folder);
    // A file that is only open for reading refuses the write, as some file systems do.
    const refusing = Object.assign(segments, {
      openForDirectWrites: () => fs.openSync(path.join(folder, '0000000000.feed'), 'r'),
    });
    const writer = open(refusing);
    writer.write(CHUNK_WORDS);
    await until(() => writer.written === CHUNK_WORDS, 'all is written');
    expect(fileBytes().length).toBe(CHUNK_WORDS * 4);
    await writer.close(CHUNK_WORDS);
  });
});
