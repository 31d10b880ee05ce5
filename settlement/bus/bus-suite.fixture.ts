import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Bus, BusMessage } from './bus.js';
import { BusClosedError, BusConflictError, BusFullError, BusMessageError } from './errors.js';
import {
  bytesOf,
  eventually,
  numberOf,
  plain,
  publishMany,
  randomBytes,
  range,
  some,
  take,
  turnIsOver,
  withSource,
} from './reading.fixture.js';
import type { LimitsGiven } from './streams.js';

/** Where a bus of the kind under test lives; `open` may be called again after a close, or beside another. */
export interface BusPlace {
  open(options?: { limits?: LimitsGiven; maxWaitingBytes?: number }): Promise<Bus>;
  remove(): Promise<void>;
}

interface Ground {
  place: BusPlace;
  bus: Bus;
}

const MEBIBYTE = 2 ** 20;

/** What must hold of every bus. */
export function describeBus(name: string, makePlace: () => Promise<BusPlace>): void {
  describe(name, () => {
    const ground = {} as Ground;
    beforeEach(async () => {
      ground.place = await makePlace();
      ground.bus = await ground.place.open();
    });
    afterEach(async () => {
      await ground.bus.close();
      await ground.place.remove();
    });
    storingCases(ground);
    positionCases(ground);
    redeliveryCases(ground);
    refusalCases(ground);
    limitCases(ground);
    sessionCases(ground);
    randomCases(ground);
  });
}

function storingCases(ground: Ground): void {
  it('stores what is published at once in the order of the calls', async () => {
    const published: Promise<void>[] = [];
    for (let n = 0; n < 900; n++) {
      published.push(ground.bus.publish(`fills.${n % 3}`, bytesOf(n), `id-${n}`));
    }
    await Promise.all(published);
    const seen = await take(ground.bus, 'fills', 'reader', 900);
    expect(seen.map(({ data }) => numberOf(data))).toEqual([...Array(900).keys()]);
    expect(seen.map(({ sequence }) => sequence)).toEqual([...Array(900).keys()].map((n) => n + 1));
    expect(seen.every(({ subject, data }) => subject === `fills.${numberOf(data) % 3}`)).toBe(true);
    expect(seen.every(({ redeliveries }) => redeliveries === 0)).toBe(true);
    expect(ground.bus.status()).toMatchObject({ available: true, stored: 900, waitingMessages: 0 });
    expect(ground.bus.status().waitingBytes).toBe(0);
  });

  it('knows the newest message of each subject, also in a later session', async () => {
    expect(await ground.bus.last('account-events.0')).toBeNull();
    for (let n = 0; n < 5; n++)
      await ground.bus.publish(`account-events.${n % 2}`, bytesOf(n), `m${n}`);
    const expected = { data: bytesOf(3), sequence: 4, messageId: 'm3' };
    expect(plain(await ground.bus.last('account-events.1'))).toEqual(expected);
    await ground.bus.close();
    ground.bus = await ground.place.open();
    expect(plain(await ground.bus.last('account-events.1'))).toEqual(expected);
    expect(await ground.bus.last('account-events.2')).toBeNull();
    expect(await ground.bus.last('fills.1')).toBeNull();
    // A later session goes on behind.
    await ground.bus.publish('account-events.1', bytesOf(9), 'm9');
    expect((await ground.bus.last('account-events.1'))?.sequence).toBe(6);
  });

  it('delivers bytes of any content, none included', async () => {
    const contents = [new Uint8Array(0), new Uint8Array([0, 255, 13, 10]), randomBytes(100_000)];
    for (const [n, data] of contents.entries()) await ground.bus.publish('fills.1', data, `m${n}`);
    const seen = await take(ground.bus, 'fills', 'reader', 3);
    expect(seen.map(({ data }) => Buffer.from(data))).toEqual(contents.map((c) => Buffer.from(c)));
  });

  it('waits for what is published later, in this bus or in another one', async () => {
    const reader = await ground.place.open();
    const taking = take(reader, 'prices', 'reader', 2);
    await sleep(30);
    await ground.bus.publish('prices.1', bytesOf(1), 'a');
    await sleep(30);
    await ground.bus.publish('prices.2', bytesOf(2), 'b');
    expect((await taking).map(({ data }) => numberOf(data))).toEqual([1, 2]);
    await reader.close();
  });
}

function positionCases(ground: Ground): void {
  it('goes on behind what was acknowledged, in order', async () => {
    await publishMany(ground.bus, 20);
    await withSource(ground.bus, 'reader', {}, async (source) => {
      for (const message of await some(source, 12)) if (message.sequence <= 7) message.ack();
    });
    await ground.bus.close();
    ground.bus = await ground.place.open();
    const again = await take(ground.bus, 'fills', 'reader', 13);
    expect(again.map(({ sequence }) => sequence)).toEqual(range(8, 20));
    // Of those behind, a server may have sent some ahead.
    for (const { sequence, redeliveries } of again) {
      if (sequence <= 12) expect(redeliveries).toBe(1);
    }
    // All is acknowledged now: a third session gets only what is new.
    await publishMany(ground.bus, 1, 20);
    expect((await take(ground.bus, 'fills', 'reader', 1))[0]).toMatchObject({
      sequence: 21,
      redeliveries: 0,
    });
  });

  it('counts how often a message was handed out, over sessions', async () => {
    await publishMany(ground.bus, 2);
    for (let session = 0; session < 3; session++) {
      await withSource(ground.bus, 'reader', {}, async (source) => {
        const [message] = await some(source, 1);
        expect(message).toMatchObject({ sequence: 1, redeliveries: session });
      });
    }
  });

  it('serves readers of different names each for itself', async () => {
    await publishMany(ground.bus, 4);
    const [one, other] = await Promise.all([
      take(ground.bus, 'fills', 'one', 4),
      take(ground.bus, 'fills', 'other', 4),
    ]);
    expect(one.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4]);
    expect(other.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4]);
  });
}

function redeliveryCases(ground: Ground): void {
  it('hands out again what is asked for again, and nothing else', async () => {
    await publishMany(ground.bus, 5);
    await withSource(ground.bus, 'reader', {}, async (source) => {
      const first = await some(source, 5);
      const askedMs = Date.now();
      for (const message of first) {
        if (message.sequence === 2 || message.sequence === 4) message.nak(message.sequence * 40);
        else message.ack();
      }
      const again = await some(source, 2);
      expect(again.map(({ sequence, redeliveries }) => [sequence, redeliveries])).toEqual([
        [2, 1],
        [4, 1],
      ]);
      expect(Date.now() - askedMs).toBeGreaterThanOrEqual(130);
      again[0]!.ack();
      again[1]!.term('cannot be read');
      await publishMany(ground.bus, 1, 5);
      expect((await some(source, 1))[0]!.sequence).toBe(6);
    });
    expect(ground.bus.status().terminated).toBe(1);
    expect(ground.bus.status().lastError).toMatch(/fills\.\d, message 4: cannot be read/);
  });

  it('hands out no more than may be unacknowledged', async () => {
    await publishMany(ground.bus, 10);
    await withSource(ground.bus, 'reader', { maxUnacknowledged: 3 }, async (source) => {
      const iterator = source[Symbol.asyncIterator]();
      const seen: BusMessage[] = [];
      for (let n = 0; n < 3; n++) seen.push((await iterator.next()).value);
      let fourth: BusMessage | null = null;
      const waiting = iterator.next().then(({ value }) => {
        fourth = value;
      });
      await sleep(150);
      expect(fourth).toBeNull();
      seen[1]!.ack();
      await waiting;
      expect(fourth!).toMatchObject({ sequence: 4 });
    });
  });
}

function refusalCases(ground: Ground): void {
  it('stores an id once, under way and afterwards', async () => {
    const twice = [
      ground.bus.publish('fills.1', bytesOf(1), 'a'),
      ground.bus.publish('fills.1', bytesOf(1), 'a'),
    ];
    await Promise.all([...twice, ground.bus.publish('fills.1', bytesOf(2), 'b')]);
    await ground.bus.publish('fills.1', bytesOf(1), 'a');
    await Promise.all(
      ['b', 'c', 'd'].map((id, n) => ground.bus.publish('fills.1', bytesOf(n + 2), id)),
    );
    await ground.bus.close();
    ground.bus = await ground.place.open();
    await Promise.all(
      ['c', 'd', 'e'].map((id, n) => ground.bus.publish('fills.1', bytesOf(n + 3), id)),
    );
    const seen = await take(ground.bus, 'fills', 'reader', 5);
    expect(seen.map(({ data }) => numberOf(data))).toEqual([1, 2, 3, 4, 5]);
    expect((await ground.bus.last('fills.1'))?.sequence).toBe(5);
  });

  it.each([
    ['a subject of no stream', 'fill.1', 10, 'a', /subject must be .* but is "fill.1"/],
    ['a subject without number', 'fills.*', 10, 'a', /subject must be/],
    ['an empty id', 'fills.1', 10, '', /messageId must be/],
    ['an id with a line break', 'fills.1', 10, 'a\r\nb', /messageId must be/],
    ['data that are too long', 'fills.1', 1_000_001, 'a', /at most 1000000 bytes, but has 1000001/],
  ])('refuses %s, and nothing else', async (_, subject, length, id, sentence) => {
    const before = ground.bus.publish('fills.1', bytesOf(1), 'before');
    const refused = ground.bus.publish(subject, new Uint8Array(length), id);
    const after = ground.bus.publish('fills.1', bytesOf(2), 'after');
    await expect(refused).rejects.toThrow(BusMessageError);
    await expect(refused).rejects.toThrow(sentence);
    await Promise.all([before, after]);
    expect(
      (await take(ground.bus, 'fills', 'reader', 2)).map(({ data }) => numberOf(data)),
    ).toEqual([1, 2]);
  });

  it('refuses bad names and limits of readers', async () => {
    await expect(ground.bus.consume('fills', 'A b')).rejects.toThrow(BusMessageError);
    const many = ground.bus.consume('fills', 'reader', { maxUnacknowledged: 20_000 });
    await expect(many).rejects.toThrow(/maxUnacknowledged must be 1 to 10000, but is 20000/);
  });

  it('takes the largest message', async () => {
    const data = randomBytes(1_000_000);
    await ground.bus.publish('fills.1', data, 'large');
    const [message] = await take(ground.bus, 'fills', 'reader', 1);
    expect(Buffer.compare(message!.data, data)).toBe(0);
  });

  it('refuses what is too much to be under way, and in that moment all behind it', async () => {
    await ground.bus.close();
    ground.bus = await ground.place.open({ maxWaitingBytes: 5_000 });
    const lengths = [1_000, 1_000, 1_000, 3_000, 10, 10];
    const results = await Promise.allSettled(
      lengths.map((length, n) => ground.bus.publish('fills.1', new Uint8Array(length), `m${n}`)),
    );
    // The short ones would fit, and would overtake the long one.
    expect(results.map(({ status }) => status)).toEqual([
      ...['fulfilled', 'fulfilled', 'fulfilled'],
      ...['rejected', 'rejected', 'rejected'],
    ]);
    for (const result of results.slice(3)) {
      expect(result).toMatchObject({ reason: expect.any(BusFullError) });
    }
    await turnIsOver();
    for (const n of [3, 4, 5]) {
      await ground.bus.publish('fills.1', new Uint8Array(lengths[n]!), `m${n}`);
    }
    const seen = await take(ground.bus, 'fills', 'reader', 6);
    expect(seen.map(({ data }) => data.length)).toEqual(lengths);
  });
}

function limitCases(ground: Ground): void {
  it('refuses when a stream is full, and goes on when it was read, with the newest of each subject kept', async () => {
    await ground.bus.close();
    const fills = { maxBytes: 2 * MEBIBYTE, trimAboveBytes: MEBIBYTE };
    ground.bus = await ground.place.open({ limits: { fills } });
    await ground.bus.publish('fills.7', bytesOf(7), 'quiet');
    let stored = 0;
    const fill = async () => {
      for (; ; stored++) await ground.bus.publish('fills.1', randomBytes(100_000), `m${stored}`);
    };
    await expect(fill()).rejects.toThrow(BusFullError);
    expect(stored).toBeGreaterThan(5);
    expect(ground.bus.status().available).toBe(false);
    const atFirst = stored;
    await take(ground.bus, 'fills', 'reader', stored + 1);
    await eventually(() => ground.bus.publish('fills.1', randomBytes(100_000), `m${stored++}`));
    expect(ground.bus.status().available).toBe(true);
    expect(plain(await ground.bus.last('fills.7'))).toMatchObject({
      data: bytesOf(7),
      sequence: 1,
    });
    await ground.bus.close();
    ground.bus = await ground.place.open({ limits: { fills } });
    expect(plain(await ground.bus.last('fills.7'))).toMatchObject({
      data: bytesOf(7),
      messageId: 'quiet',
    });
    const rest = await take(ground.bus, 'fills', 'reader', 1);
    expect(rest[0]!.sequence).toBe(atFirst + 2);
  });

  it('drops old prices rather than refuse new ones', async () => {
    await ground.bus.close();
    ground.bus = await ground.place.open({ limits: { prices: { maxBytes: MEBIBYTE } } });
    for (let n = 0; n < 40; n++) await ground.bus.publish('prices.1', randomBytes(50_000), `m${n}`);
    expect((await ground.bus.last('prices.1'))?.sequence).toBe(40);
    await withSource(
      ground.bus,
      'reader',
      {},
      async (source) => {
        const [oldest] = await some(source, 1);
        expect(oldest!.sequence).toBeGreaterThan(10);
      },
      'prices',
    );
  });
}

function sessionCases(ground: Ground): void {
  it('lets one session of a name read at a time', async () => {
    await publishMany(ground.bus, 3);
    const other = await ground.place.open();
    const reading = [ground.bus, other].map(async (each) => {
      const source = await each.consume('fills', 'reader');
      // One of the two is told of the other, at once or while it reads.
      for await (const message of source) {
        message.ack();
        if (message.sequence === 3) await sleep(100);
      }
    });
    const told = await Promise.race(
      reading.map((each) => each.then(() => null).catch((error) => error)),
    );
    expect(told).toBeInstanceOf(BusConflictError);
    await other.close();
    await ground.bus.close();
    await Promise.allSettled(reading);
  });

  it('says that it is closed', async () => {
    const source = await ground.bus.consume('fills', 'reader');
    const iterating = (async () => {
      for await (const message of source) message.ack();
    })();
    await sleep(50);
    await ground.bus.close();
    await iterating;
    await expect(ground.bus.publish('fills.1', bytesOf(1), 'a')).rejects.toThrow(BusClosedError);
    await expect(ground.bus.last('fills.1')).rejects.toThrow(BusClosedError);
    await expect(ground.bus.consume('fills', 'other')).rejects.toThrow(BusClosedError);
    expect(ground.bus.status().available).toBe(false);
  });
}

function randomCases(ground: Ground): void {
  it('redelivers exactly what it should, whatever readers do', async () => {
    let run = 0;
    const deed = fc.record({
      publish: fc.integer({ min: 0, max: 12 }),
      read: fc.integer({ min: 0, max: 12 }),
      naks: fc.array(fc.nat(11), { maxLength: 3 }),
      unacknowledgedFrom: fc.nat(12),
      reopen: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(deed, { minLength: 1, maxLength: 5 }), async (deeds) => {
        await followDeeds(ground.bus, `reader-${run++}`, deeds);
      }),
      { numRuns: 12 },
    );
  });
}

interface Deed {
  publish: number;
  read: number;
  naks: number[];
  unacknowledgedFrom: number;
  reopen: boolean;
}

let published = 0;

/** A reader of a new name does as told; every delivery is held against what must come. */
async function followDeeds(bus: Bus, durable: string, deeds: readonly Deed[]): Promise<void> {
  // What earlier runs have published comes first: this run begins behind it.
  let total = (await bus.last('fills.0'))?.sequence ?? 0;
  let source = await bus.consume('fills', durable);
  for (const message of await some(source, total)) message.ack();
  let expected: number[] = [];
  let wanted: number[] = [];
  for (const { publish, read, naks, unacknowledgedFrom, reopen } of deeds) {
    for (let n = 0; n < publish; n++) {
      await bus.publish('fills.0', bytesOf(++total), `p${published++}`);
      expected.push(total);
    }
    const count = Math.min(read, expected.length);
    const messages = await some(source, count);
    // What was wanted again may come before or after new ones; each comes once.
    const seen = messages.map(({ sequence }) => sequence);
    const fresh = seen.filter((sequence) => !wanted.includes(sequence));
    expect(fresh).toEqual(expected.filter((s) => !wanted.includes(s)).slice(0, fresh.length));
    expect(new Set(seen).size).toBe(seen.length);
    expected = expected.filter((sequence) => !seen.includes(sequence));
    wanted = wanted.filter((sequence) => !seen.includes(sequence));
    const left: number[] = [];
    for (const [index, message] of messages.entries()) {
      if (naks.includes(index)) {
        message.nak(0);
        wanted.push(message.sequence);
        expected.push(message.sequence);
      } else if (index >= unacknowledgedFrom && reopen) left.push(message.sequence);
      else message.ack();
    }
    expected.sort((a, b) => a - b);
    if (!reopen) continue;
    await source.close();
    source = await bus.consume('fills', durable);
    // A new session begins at the floor, and may see again what was acknowledged behind a hole.
    const floor = Math.min(...left, ...expected, total + 1);
    expected = range(floor, total);
    wanted = [];
  }
  for (const message of await some(source, expected.length)) message.ack();
  await source.close();
}
