import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ClientOrder } from '../orders/client-order.js';
import { type SentMessage, SessionRecord } from './session-record.js';

const ORDER: ClientOrder = {
  marketId: 1,
  orderId: 7,
  waitedAs: 0,
  root: 'a',
  clOrdId: 'a',
  flags: 1,
  kind: 0,
  priceTicks: 5,
  triggerTicks: 0,
  qtyLots: 10,
  cumLots: 0,
  leavesLots: 10,
  filledValue: '0',
  expiresAtMs: 0,
  status: '0',
};
const REQUEST = {
  sequence: 3,
  type: 'F',
  clOrdId: 'b',
  origClOrdId: 'a',
  marketId: 1,
  echo: '',
  root: 'a',
};

let folder: string;

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'plimsoll-fix-record-'));
});
afterEach(() => {
  fs.rmSync(folder, { recursive: true });
});

function open(boot = 'boot'): SessionRecord {
  return new SessionRecord(path.join(folder, 'KEY'), () => 42, boot);
}

/** Sends a message of so many bytes. */
function send(record: SessionRecord, bytes = 10): void {
  const sequence = record.numbers.nextOut++;
  record.keep({ sequence, timeMs: 1_000 + sequence, type: '8', body: 'x'.repeat(bytes) });
}

async function sent(record: SessionRecord, from: number, to: number): Promise<SentMessage[]> {
  const all: SentMessage[] = [];
  for await (const some of record.sent(from, to)) all.push(...some);
  return all;
}

function lastFile(): string {
  const names = fs.readdirSync(path.join(folder, 'KEY')).sort();
  return path.join(folder, 'KEY', names.at(-1) as string);
}

describe('what is kept of a session', () => {
  it('is there again: numbers, orders and their names, requests, place in the feed', () => {
    const record = open();
    const order = { ...ORDER };
    record.orders.add(order);
    record.orders.name(order, 'older');
    order.clOrdId = 'newer';
    record.orders.name(order, 'newer');
    record.cursor = { epoch: 2, sequence: 9 };
    record.numbers.nextIn = 6;
    for (const sequence of [1, 2, 4]) record.numbers.answer(sequence);
    record.begin(REQUEST);
    send(record);
    record.flush();
    const again = open();
    expect(again.number).toBe(42);
    expect([again.numbers.nextOut, again.numbers.unanswered, again.numbers.answeredBeyond]).toEqual(
      [2, 3, [4]],
    );
    // Without an answer it is asked for again.
    expect(again.numbers.nextIn).toBe(3);
    expect(again.cursor).toEqual({ epoch: 2, sequence: 9 });
    expect(again.requests.get(3)).toEqual(REQUEST);
    expect(again.orders.named('newer')).toEqual({ ...ORDER, clOrdId: 'newer' });
    expect(again.orders.named('a')).toBe(again.orders.find(1, 7));
    again.answered(3);
    again.flush();
    expect(open().requests.size).toBe(0);
  });

  it('is as of the last whole line when a crash has cut one', async () => {
    const record = open();
    for (let i = 0; i < 3; i++) {
      send(record);
      record.flush();
    }
    const whole = fs.readFileSync(lastFile());
    const ends = [...whole.entries()].filter(([, byte]) => byte === 10).map(([at]) => at);
    const before = ends.at(-2) as number;
    for (let length = before + 1; length < whole.length; length += 7) {
      fs.writeFileSync(lastFile(), whole.subarray(0, length));
      const again = open();
      expect(again.numbers.nextOut).toBe(3);
      send(again);
      again.flush();
      expect((await sent(again, 1, 9)).map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
    }
  });

  it('is as of the file before when a crash has cut a file in its first line', async () => {
    const record = open();
    for (let i = 0; i < 3; i++) {
      send(record);
      record.flush();
    }
    const names = ['00000002-4.jsonl', '00000003-4.jsonl'];
    fs.writeFileSync(path.join(folder, 'KEY', names[0] as string), '{"n":42,"u":4,"i":[');
    fs.writeFileSync(path.join(folder, 'KEY', names[1] as string), '');
    const again = open();
    expect(again.numbers.nextOut).toBe(4);
    expect(fs.readdirSync(path.join(folder, 'KEY'))).toEqual(['00000001-1.jsonl']);
    send(again);
    again.flush();
    expect((await sent(open(), 1, 9)).map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4]);
  });

  it('goes over several files, each of which begins with all of it', async () => {
    const record = open();
    record.orders.add({ ...ORDER });
    for (let i = 0; i < 400; i++) {
      send(record, 10_000);
      record.flush();
    }
    expect(fs.readdirSync(path.join(folder, 'KEY')).length).toBe(4);
    expect((await sent(record, 1, 400)).length).toBe(400);
    expect((await sent(record, 350, 360)).map(({ sequence }) => sequence)).toEqual(
      Array.from({ length: 11 }, (_, i) => 350 + i),
    );
    expect(open().orders.named('a')).toEqual(ORDER);
  });

  it('is bounded: the oldest messages go first', async () => {
    const record = open();
    for (let i = 0; i < 80; i++) {
      send(record, 1 << 20);
      record.flush();
    }
    const kept = await sent(record, 1, 80);
    expect(kept.length).toBeLessThanOrEqual(64);
    expect(kept.length).toBeGreaterThan(60);
    expect(kept.at(-1)?.sequence).toBe(80);
  });

  it('gives up requests of an ended process, and asks for their numbers again', () => {
    const record = open();
    record.numbers.nextIn = 5;
    for (const sequence of [1, 2, 4]) record.numbers.answer(sequence);
    record.begin(REQUEST);
    record.flush();
    const again = open();
    again.dropInherited();
    expect(again.requests.size).toBe(0);
    expect(again.numbers.nextIn).toBe(3);
    // It has come again before: then it is under way once more.
    const third = open();
    const anew = { ...REQUEST };
    third.begin(anew);
    third.dropInherited();
    expect(third.requests.get(3)).toBe(anew);
    third.answered(3);
    third.flush();
    expect(open().numbers.unanswered).toBe(5);
  });

  it('begins anew when it is reset, but for orders and place in the feed', async () => {
    const record = open();
    record.orders.add({ ...ORDER });
    record.cursor = { epoch: 1, sequence: 5 };
    record.begin(REQUEST);
    for (let i = 0; i < 3; i++) {
      send(record, 2 << 20);
      record.flush();
    }
    record.reset(43);
    const again = open();
    expect([again.number, again.numbers.nextOut, again.numbers.nextIn]).toEqual([43, 1, 1]);
    expect(again.requests.size).toBe(0);
    expect(again.orders.named('a')).toEqual(ORDER);
    expect(again.cursor).toEqual({ epoch: 1, sequence: 5 });
    expect(await sent(again, 1, 9)).toEqual([]);
  });

  it('goes on with later numbers when a power failure may have taken its end', () => {
    const record = open('first');
    send(record);
    record.flush();
    expect(open('first').numbers.nextOut).toBe(2);
    expect(open('second').numbers.nextOut).toBe(100_002);
    const closed = open('second');
    closed.close(true);
    expect(open('third').numbers.nextOut).toBe(100_002);
    // Where boots have no names, only what was closed is sure.
    expect(open('').numbers.nextOut).toBe(200_002);
    expect(open('').numbers.nextOut).toBe(300_002);
  });
});

describe('files of a session that cannot be written', () => {
  afterEach(() => vi.restoreAllMocks());

  const full = () => {
    throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
  };

  it('are closed when it cannot be opened, given up or dismissed', () => {
    open().close(false);
    const opened = vi.spyOn(fs, 'openSync');
    const closed = vi.spyOn(fs, 'closeSync');
    const write = vi.spyOn(fs, 'writeSync');
    write.mockImplementationOnce(full);
    expect(() => open('another boot')).toThrow('no space');
    const abandoned = open();
    send(abandoned);
    write.mockImplementationOnce(full);
    expect(() => abandoned.flush()).toThrow('no space');
    abandoned.abandon();
    const dismissed = open();
    send(dismissed);
    write.mockImplementationOnce(full);
    expect(() => dismissed.close(false)).toThrow('no space');
    expect(opened.mock.calls.length).toBeGreaterThanOrEqual(3);
    const descriptors = opened.mock.results.map(({ value }) => value).sort();
    expect(closed.mock.calls.map(([descriptor]) => descriptor).sort()).toEqual(descriptors);
  });

  it('are closed once: a number that is free may be somebody else’s the next moment', () => {
    const record = open();
    vi.spyOn(fs, 'openSync').mockImplementationOnce(full);
    const closed = vi.spyOn(fs, 'closeSync');
    expect(() => record.reset(2)).toThrow('no space');
    record.abandon();
    expect(closed).toHaveBeenCalledTimes(1);
  });
});
