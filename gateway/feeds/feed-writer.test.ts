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

function open() {
  const blocks = [newBlock(CHUNK_WORDS), newBlock(CHUNK_WORDS)];
  blocks.forEach(({ words }, number) => {
    words.fill(number + 1);
  });
  const memory = { chunk: (number: number) => blocks[number] };
  return new FeedWriter(memory, new FeedSegments(folder), 0, (error) => failures.push(error));
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
    const [name] = fs.readdirSync(folder);
    const bytes = fs.readFileSync(path.join(folder, name as string));
    expect(bytes.length).toBe((CHUNK_WORDS + 70) * 4);
    expect(bytes.readInt32LE((CHUNK_WORDS - 1) * 4)).toBe(1);
    expect(bytes.readInt32LE((CHUNK_WORDS + 69) * 4)).toBe(2);
  });
});
