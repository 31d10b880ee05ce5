import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EVT_ACCEPTED } from '../../engine/messages/types.js';
import { EventWriter } from '../testing/event-writer.js';
import { DIRECT_BLOCK_BYTES } from './direct-stage.js';
import { CHUNK_WORDS, HEAD_WORDS, recordAccountSequence, SEGMENT_WORDS } from './feed-record.js';
import type { Collected } from './feed-walk.js';
import { PrivateLog, type PrivateLogOptions } from './private-log.js';

/** Words of a record with a two-slot event. */
const RECORD_WORDS = HEAD_WORDS + 32;

class Feed {
  readonly log: PrivateLog;
  epoch = 1;
  timeMs = 1_000;
  sequence = 0;
  private readonly writer = new EventWriter();
  private readonly last = new Map<number, number>();

  constructor(options: PrivateLogOptions = {}) {
    this.log = new PrivateLog(options);
  }

  /** Appends events of an account with the next numbers; one journal sequence each. */
  append(account: number, count = 1): void {
    for (let i = 0; i < count; i++) {
      const next = (this.last.get(account) ?? 0) + 1;
      this.put(account, next, ++this.sequence);
    }
  }

  put(account: number, accountSequence: number, sequence: number): void {
    this.last.set(account, accountSequence);
    this.writer.event(EVT_ACCEPTED, 2, 1, {
      W_ACCOUNT: account,
      EF_ACCOUNT_SEQUENCE: accountSequence,
      EF_SEQUENCE: sequence,
    });
    this.writer.drain((words, floats, at) => {
      this.log.append(words, floats, at, this.epoch, this.timeMs);
    });
  }

  async after(account: number, epoch: number, sequence: number): Promise<number[] | null> {
    const found = await this.log.after(account, epoch, sequence);
    return found === null ? null : numbersOf(found);
  }
}

function numbersOf(found: Collected): number[] {
  return found.starts.map((at) => recordAccountSequence(found.block, at));
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}

let folder: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'plimsoll-feed-'));
});
afterEach(() => fs.rmSync(folder, { recursive: true }));

describe('PrivateLog in memory', () => {
  it('gives exactly what an account missed, however accounts interleave', async () => {
    const feed = new Feed();
    for (let i = 0; i < 50; i++) for (const account of [1, 2, 3]) feed.append(account);
    expect(await feed.after(2, 1, 47)).toEqual([48, 49, 50]);
    expect(await feed.after(3, 1, 0)).toEqual(range(1, 50));
    expect(await feed.after(1, 1, 50)).toEqual([]);
    expect(await feed.after(9, 1, 0)).toEqual([]);
  });

  it('gives the newest events of an account, and of a gap or a log that begins later what is left', async () => {
    const feed = new Feed();
    const recent = async (account: number, most: number) => {
      return numbersOf((await feed.log.recent(account, most)) as Collected);
    };
    for (let i = 0; i < 50; i++) for (const account of [1, 2]) feed.append(account);
    expect(await recent(1, 3)).toEqual([48, 49, 50]);
    expect(await recent(2, 100)).toEqual(range(1, 50));
    expect(await recent(3, 100)).toEqual([]);
    feed.put(1, 60, ++feed.sequence);
    feed.append(1, 2);
    expect(await recent(1, 10)).toEqual([60, 61, 62]);
  });

  it('refuses numbers of another epoch and numbers that were never given', async () => {
    const feed = new Feed();
    feed.append(1, 3);
    feed.epoch = 2;
    feed.append(1, 3);
    expect(await feed.after(1, 1, 3)).toEqual([4, 5, 6]);
    expect(await feed.after(1, 2, 4)).toEqual([5, 6]);
    expect(await feed.after(1, 2, 3)).toBeNull();
    expect(await feed.after(1, 1, 4)).toBeNull();
    expect(await feed.after(1, 2, 7)).toBeNull();
    expect(await feed.after(1, 2, 1.5)).toBeNull();
    expect(await feed.after(9, 1, 1)).toBeNull();
  });

  it('ignores events it has, and begins anew after a gap', async () => {
    const feed = new Feed();
    feed.append(1, 5);
    feed.put(1, 4, 4);
    expect(await feed.after(1, 1, 2)).toEqual([3, 4, 5]);
    feed.put(1, 9, 9);
    feed.put(1, 10, 10);
    expect(await feed.after(1, 1, 9)).toEqual([10]);
    expect(await feed.after(1, 1, 4)).toBeNull();
    expect(await feed.after(1, 1, 0)).toBeNull();
  });

  it('forgets what leaves memory', async () => {
    const feed = new Feed({ memoryChunks: 2 });
    const perChunk = Math.floor(CHUNK_WORDS / RECORD_WORDS);
    feed.append(1, perChunk * 3);
    expect(await feed.after(1, 1, 1)).toBeNull();
    expect(await feed.after(1, 1, perChunk * 2 + 1)).toHaveLength(perChunk - 1);
  });
});

describe('PrivateLog on disk', () => {
  it('reads what left memory from the files', async () => {
    const feed = new Feed({ folder, memoryChunks: 2 });
    const perChunk = Math.floor(CHUNK_WORDS / RECORD_WORDS);
    feed.append(7, 10);
    feed.append(1, perChunk * 4);
    feed.append(7, 10);
    expect(await feed.after(7, 1, 3)).toEqual(range(4, 20));
    expect(await feed.after(1, 1, 5)).toHaveLength(perChunk * 4 - 5);
    await feed.log.close();
  });

  it('writes whole blocks under load, and the rest when it is asked to', async () => {
    const feed = new Feed({ folder });
    const size = () => fs.statSync(path.join(folder, '0000000000.feed')).size;
    const records = Math.ceil(66_000 / RECORD_WORDS);
    // So that what triggers the write ends in the middle of a block.
    feed.append(1);
    feed.log.flush();
    feed.append(1, records - 1);
    await expect.poll(size).toBeGreaterThan(65_000 * 4);
    expect(size() % DIRECT_BLOCK_BYTES).toBe(0);
    feed.log.flush();
    await expect.poll(size).toBe(records * RECORD_WORDS * 4);
    feed.append(1);
    feed.log.flush();
    await expect.poll(size).toBe((records + 1) * RECORD_WORDS * 4);
    await feed.log.close();
  });

  it('goes on after a restart, with the events of a replay appended again', async () => {
    const first = new Feed({ folder });
    first.append(1, 100);
    first.append(2, 10);
    await first.log.close();
    const second = new Feed({ folder, keepUntilSequence: 60 });
    expect(second.log.lastOf(1)).toBe(60);
    expect(second.log.lastOf(2)).toBe(0);
    for (let i = 41; i <= 100; i++) second.put(1, i, i);
    second.epoch = 2;
    second.put(1, 101, 111);
    expect(await second.after(1, 1, 30)).toEqual(range(31, 101));
    expect(await second.after(1, 2, 101)).toEqual([]);
    await second.log.close();
    const third = new Feed({ folder });
    expect(await third.after(1, 1, 0)).toEqual(range(1, 101));
    await third.log.close();
  });

  it('cuts a torn tail and takes nothing that comes after it', async () => {
    const feed = new Feed({ folder });
    feed.append(1, 100);
    await feed.log.close();
    const [file] = fs.readdirSync(folder).filter((name) => name.endsWith('.feed'));
    const target = path.join(folder, file as string);
    const handle = fs.openSync(target, 'r+');
    fs.writeSync(handle, Buffer.from([1, 2, 3]), 0, 3, 90 * RECORD_WORDS * 4 + 50);
    fs.closeSync(handle);
    const again = new Feed({ folder });
    expect(again.log.lastOf(1)).toBe(90);
    expect(await again.after(1, 1, 80)).toEqual(range(81, 90));
    await again.log.close();
  });

  it('drops segments by age, and by size only when each account has later events', async () => {
    const perSegment = Math.floor(CHUNK_WORDS / RECORD_WORDS) * (SEGMENT_WORDS / CHUNK_WORDS);
    const options = { folder, memoryChunks: 2, diskBytesMax: 1, keepEvents: 1_000 };
    const feed = new Feed(options);
    feed.append(5);
    feed.append(1, perSegment * 2);
    expect(await feed.after(5, 1, 0)).toEqual([1]);
    feed.timeMs += 86_400_001;
    feed.append(1, perSegment);
    expect(await feed.after(5, 1, 0)).toBeNull();
    expect(await feed.after(1, 1, perSegment * 3 - 10)).toHaveLength(10);
    await feed.log.close();
  });
});
