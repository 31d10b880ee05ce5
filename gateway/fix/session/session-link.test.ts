import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Xorshift } from '../../../engine/testing/xorshift.js';
import type { FixMessage } from '../codec/fix-message.js';
import { FrameReader } from '../codec/frame-reader.js';
import { FixBody } from '../codec/frame-writer.js';
import { MSG, TAG } from '../codec/tags.js';
import { SessionLink, type Wire } from './session-link.js';
import { SessionRecord } from './session-record.js';

const PAUSE_ABOVE = 2_000;

/** A client's end: takes frames in order, and holds them against the rules. */
class TestWire implements Wire {
  waiting = 0;
  waitingMost = 0;
  nextIn: number;
  /** Bodies of kept messages as a client takes them in. */
  readonly taken: string[] = [];
  readonly types: string[] = [];
  private readonly reader = new FrameReader(1 << 20);
  private wake: (() => void)[] = [];

  constructor(nextIn: number) {
    this.nextIn = nextIn;
  }

  write(bytes: Buffer): void {
    this.waiting += bytes.length;
    this.waitingMost = Math.max(this.waitingMost, this.waiting);
    this.reader.push(bytes, ({ message }) => {
      this.take(message);
      return true;
    });
  }

  /** The client reads all. */
  read(): void {
    this.waiting = 0;
    for (const wake of this.wake.splice(0)) wake();
  }

  drained(): Promise<void> {
    return new Promise((resolve) => this.wake.push(resolve));
  }

  private take(message: FixMessage): void {
    const { sequence, type } = message;
    if (sequence < this.nextIn) {
      expect(message.isPossibleDuplicate).toBe(true);
      return;
    }
    expect(sequence).toBe(this.nextIn);
    if (type === MSG.SequenceReset) {
      this.nextIn = Number(message.get(TAG.NewSeqNo));
      return;
    }
    this.nextIn++;
    this.types.push(type);
    if (type === MSG.ExecutionReport) this.taken.push(message.get(TAG.Text) as string);
  }
}

let folder: string;
let record: SessionRecord;
let link: SessionLink;
let errors: Error[] = [];

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'plimsoll-fix-link-'));
  // What a test leaves behind may still read when its folder is gone: that is no error of the next one.
  const own: Error[] = [];
  errors = own;
  record = new SessionRecord(path.join(folder, 'KEY'), () => 1, 'boot');
  link = new SessionLink(
    record,
    'KEY',
    () => 1_000,
    PAUSE_ABOVE,
    (error) => own.push(error),
  );
});
afterEach(() => {
  expect(errors).toEqual([]);
  fs.rmSync(folder, { recursive: true });
});

function report(number: number): void {
  const text = `${number} ${'x'.repeat(number % 60)}`;
  link.send(MSG.ExecutionReport, new FixBody().field(TAG.Text, text));
}

/** Lets the client read until it has all. */
async function settle(wire: TestWire): Promise<void> {
  const end = performance.now() + 60_000;
  while (wire.nextIn < record.numbers.nextOut && performance.now() < end) {
    link.flush();
    wire.read();
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

describe('what leaves a session', () => {
  it('begins with the Logon, however much was missed', async () => {
    const wire = new TestWire(1);
    link.attach(wire);
    link.send(MSG.Logon, new FixBody().field(TAG.HeartBtInt, 30));
    for (let i = 0; i < 5_000; i++) report(i);
    link.send(MSG.Heartbeat, new FixBody().field(TAG.TestReqID, 'T'));
    await settle(wire);
    expect(wire.types[0]).toBe(MSG.Logon);
    expect(wire.types.at(-1)).toBe(MSG.Heartbeat);
    expect(wire.taken.map((text) => Number(text.split(' ')[0]))).toEqual(
      Array.from({ length: 5_000 }, (_, i) => i),
    );
    // Memory for a client that reads slowly is what may wait, and what is written at once.
    expect(wire.waitingMost).toBeLessThan(5 * PAUSE_ABOVE);
  });

  it('ends with a goodbye that overtakes what is not read', async () => {
    const wire = new TestWire(1);
    link.attach(wire);
    for (let i = 0; i < 500; i++) report(i);
    link.flush();
    link.send(MSG.Logout, new FixBody());
    const before = wire.types.length;
    wire.nextIn = record.numbers.nextOut - 1;
    link.flush();
    expect(wire.types.slice(before)).toEqual([MSG.Logout]);
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8])(
    'is complete and in order through bursts, resends and cuts, seed %i',
    async (seed) => {
      const random = new Xorshift(seed);
      let wire = new TestWire(1);
      const taken: string[] = [];
      let sent = 0;
      link.attach(wire);
      const reconnect = async () => {
        link.detach();
        taken.push(...wire.taken);
        const { nextIn } = wire;
        for (let i = random.below(20); i > 0; i--) report(sent++);
        link.flush();
        // Logs on, sees a gap, asks for it: nothing before counts.
        wire = new TestWire(nextIn);
        link.attach(wire);
        const { nextOut } = record.numbers;
        if (nextOut > nextIn) link.resend(nextIn, nextOut - 1);
      };
      for (let step = 0; step < 150; step++) {
        const choice = random.below(10);
        if (choice < 4) for (let i = random.below(60); i > 0; i--) report(sent++);
        else if (choice === 4) link.send(MSG.Heartbeat, new FixBody());
        else if (choice === 5)
          link.send(MSG.MarketDataIncremental, new FixBody().field(TAG.Text, 'x'));
        else if (choice === 6 && wire.nextIn > 1) {
          link.resend(random.between(1, wire.nextIn - 1), wire.nextIn - 1);
        } else if (choice === 7) wire.read();
        else if (choice === 8 && random.chance(30)) await reconnect();
        if (random.chance(60)) link.flush();
        if (random.chance(30)) await new Promise((resolve) => setImmediate(resolve));
      }
      await settle(wire);
      taken.push(...wire.taken);
      expect(wire.nextIn).toBe(record.numbers.nextOut);
      expect(taken.map((text) => Number(text.split(' ')[0]))).toEqual(
        Array.from({ length: sent }, (_, i) => i),
      );
    },
  );
});
