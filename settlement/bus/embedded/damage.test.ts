import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Bus } from '../bus.js';
import { BusConflictError, BusDamagedError, BusFullError, BusUnavailableError } from '../errors.js';
import { bytesOf, numberOf, range, take, turnIsOver } from '../reading.fixture.js';
import { makeFolder, removeFolder } from '../server/server-for-tests.fixture.js';
import type { LimitsGiven } from '../streams.js';
import { openEmbeddedBus } from './embedded-bus.js';
import { listSegments } from './log-folder.js';

let folder: string;
let fills: string;
let bus: Bus;
beforeEach(() => {
  folder = makeFolder();
  fills = path.join(folder, 'fills');
  bus = openEmbeddedBus({ folder });
});
afterEach(async () => {
  vi.restoreAllMocks();
  await bus.close();
  removeFolder(folder);
});

async function publish(from: number, to: number, padding = 0): Promise<void> {
  const data = (n: number) => Buffer.concat([bytesOf(n), Buffer.alloc(padding)]);
  const numbers = range(from, to);
  await Promise.all(numbers.map((n) => bus.publish(`fills.${n % 2}`, data(n), `m${n}`)));
}

async function reopen(limits: LimitsGiven = {}): Promise<void> {
  await bus.close();
  bus = openEmbeddedBus({ folder, limits });
}

function lastSegment(): string {
  return listSegments(fills).at(-1)!.path;
}

describe('the embedded log after a crash', () => {
  it.each([1, 3, 20, 30, 60])(
    'cuts a tail of %i bytes that was never acknowledged',
    async (length) => {
      await publish(1, 20);
      await bus.close();
      const file = lastSegment();
      const whole = fs.readFileSync(file);
      const synced = fs.readFileSync(path.join(fills, 'synced'));
      // A record as it would follow, cut; and the same with bytes that never reached the disk.
      const next = whole.subarray(whole.length - 60, whole.length - 60 + length);
      for (const tail of [next, Buffer.alloc(length), Buffer.alloc(length, 255)]) {
        fs.writeFileSync(file, Buffer.concat([whole, tail]));
        fs.writeFileSync(path.join(fills, 'synced'), synced);
        bus = openEmbeddedBus({ folder });
        expect((await bus.last('fills.0'))?.messageId).toBe('m20');
        await publish(21, 22);
        const seen = await take(bus, 'fills', `reader-${tail[0] ?? 0}`, 22);
        expect(seen.map(({ data }) => numberOf(data))).toEqual(range(1, 22));
        await bus.close();
      }
    },
  );

  it('keeps a tail that was written whole and not declared synced', async () => {
    await publish(1, 5);
    await bus.close();
    const before = fs.readFileSync(path.join(fills, 'synced'));
    bus = openEmbeddedBus({ folder });
    await publish(6, 8);
    await bus.close();
    fs.writeFileSync(path.join(fills, 'synced'), before);
    bus = openEmbeddedBus({ folder });
    // Nobody reads beyond what is declared, until a writer has looked; who has asked must not go on as if he knew.
    expect((await bus.last('fills.1'))?.messageId).toBe('m5');
    const early = await Promise.allSettled([publish(6, 6), publish(7, 7)]);
    for (const each of early) {
      expect(each).toMatchObject({ reason: expect.any(BusConflictError) });
    }
    expect((await bus.last('fills.1'))?.messageId).toBe('m7');
    expect((await bus.last('fills.0'))?.messageId).toBe('m8');
    await turnIsOver();
    await publish(9, 9);
    expect((await take(bus, 'fills', 'reader', 9)).map(({ data }) => numberOf(data))).toEqual(
      range(1, 9),
    );
  });

  it('is taken over from a process that is gone, and not from one that lives', async () => {
    await publish(1, 1);
    const other = openEmbeddedBus({ folder });
    await expect(other.publish('fills.1', bytesOf(2), 'b')).rejects.toThrow(BusConflictError);
    await bus.close();
    await other.publish('fills.1', bytesOf(2), 'b');
    await other.close();
  });
});

describe('a damaged log', () => {
  it('is neither cut nor read on', async () => {
    await publish(1, 20);
    await bus.close();
    const file = lastSegment();
    const whole = fs.readFileSync(file);
    for (const at of [20, 60, 300, whole.length - 1]) {
      const flipped = Buffer.from(whole);
      flipped[at]! ^= 4;
      fs.writeFileSync(file, flipped);
      bus = openEmbeddedBus({ folder });
      const publishing = bus.publish('fills.1', bytesOf(21), 'm21');
      await expect(publishing).rejects.toThrow(BusDamagedError);
      await expect(publishing).rejects.toThrow(/0000000000000001\.log, byte \d+: /);
      await expect(bus.last('fills.1')).rejects.toThrow(BusDamagedError);
      expect(fs.readFileSync(file).equals(flipped)).toBe(true);
      const seen: number[] = [];
      const reading = (async () => {
        for await (const { data } of await bus.consume('fills', `reader-${at}`)) {
          seen.push(numberOf(data));
        }
      })();
      await expect(reading).rejects.toThrow(BusDamagedError);
      expect(seen).toEqual(range(1, seen.length));
      expect(bus.status().lastError).toMatch(/byte/);
      await bus.close();
    }
  });

  it('is recognised when its end is missing', async () => {
    await publish(1, 20);
    await bus.close();
    const file = lastSegment();
    const length = fs.statSync(file).size;
    // At the end of a record, and within one.
    for (const cut of [42, 10]) {
      fs.truncateSync(file, length - cut);
      bus = openEmbeddedBus({ folder });
      await expect(bus.publish('fills.1', bytesOf(21), 'm21')).rejects.toThrow(BusDamagedError);
      await bus.close();
    }
  });

  it('says which version it would need', async () => {
    await publish(1, 1);
    await bus.close();
    const bytes = fs.readFileSync(lastSegment());
    bytes.writeUInt32LE(9, 4);
    fs.writeFileSync(lastSegment(), bytes);
    bus = openEmbeddedBus({ folder });
    const sentence = /version must be 1, but is 9/;
    await expect(bus.publish('fills.1', bytesOf(2), 'b')).rejects.toThrow(sentence);
  });
});

describe('segments of the embedded log', () => {
  const limits = { fills: { maxBytes: 400_000, trimAboveBytes: 100_000 } };

  it('are read across, from any position', async () => {
    await reopen(limits);
    await publish(1, 60, 5_000);
    expect(listSegments(fills).length).toBeGreaterThan(4);
    const seen = await take(bus, 'fills', 'reader', 60);
    expect(seen.map(({ data }) => numberOf(data))).toEqual(range(1, 60));
    await publish(61, 62, 5_000);
    const rest = await take(bus, 'fills', 'reader', 2);
    expect(rest.map(({ sequence }) => sequence)).toEqual([61, 62]);
  });

  it('are found again without the file of heads, as long as none was removed', async () => {
    await reopen(limits);
    await publish(1, 60, 5_000);
    await bus.close();
    fs.rmSync(path.join(fills, 'heads'));
    bus = openEmbeddedBus({ folder, limits });
    expect((await bus.last('fills.1'))?.messageId).toBe('m59');
    await publish(61, 61);
    await take(bus, 'fills', 'reader', 61);
    await publish(62, 72, 5_000);
    await bus.close();
    expect(listSegments(fills)[0]!.firstSequence).toBeGreaterThan(1);
    fs.rmSync(path.join(fills, 'heads'));
    bus = openEmbeddedBus({ folder, limits });
    await expect(bus.last('fills.1')).rejects.toThrow(
      /segments were removed, and so was the file heads/,
    );
  });
});

describe('a disk that fails', () => {
  it('rejects what was under way, and stores the same afterwards in order', async () => {
    await publish(1, 3);
    const handle = await fs.promises.open(lastSegment(), 'r');
    const prototype = Object.getPrototypeOf(handle);
    await handle.close();
    vi.spyOn(prototype, 'datasync').mockRejectedValueOnce(new Error('EIO: i/o error, fdatasync'));
    const results = await Promise.allSettled([publish(4, 6)]);
    expect(results[0]).toMatchObject({ reason: expect.any(BusUnavailableError) });
    expect(bus.status()).toMatchObject({ available: false, waitingMessages: 0, waitingBytes: 0 });
    // What failed is nowhere, not even for readers that look at once.
    expect((await bus.last('fills.0'))?.messageId).toBe('m2');
    await turnIsOver();
    await publish(4, 7);
    expect(bus.status().available).toBe(true);
    const seen = await take(bus, 'fills', 'reader', 7);
    expect(seen.map(({ data }) => numberOf(data))).toEqual(range(1, 7));
    await reopen();
    await publish(8, 8);
    expect((await take(bus, 'fills', 'reader', 1))[0]!.sequence).toBe(8);
  });

  it('says that it is full', async () => {
    await publish(1, 1);
    const full = Object.assign(new Error('ENOSPC: no space left on device, write'), {
      code: 'ENOSPC',
    });
    const handle = await fs.promises.open(lastSegment(), 'r');
    const prototype = Object.getPrototypeOf(handle);
    await handle.close();
    vi.spyOn(prototype, 'write').mockRejectedValueOnce(full);
    await expect(bus.publish('fills.0', bytesOf(2), 'm2')).rejects.toThrow(BusFullError);
    await turnIsOver();
    await publish(2, 3);
    const seen = await take(bus, 'fills', 'reader', 3);
    expect(seen.map(({ data }) => numberOf(data))).toEqual([1, 2, 3]);
  });
});
