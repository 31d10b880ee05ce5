import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { headOf, SLOT_WORDS, typeOf } from '../messages/layout.js';
import { Bell, createBell } from './bell.js';
import { createRing, RingReader, RingWriter } from './ring.js';
import { Patience } from './ring-patience.fixture.js';

const COUNT = 100_000;
const GOODBYE = 1;
const TYPE = 7;

/** Threads run compiled code; `npm test` compiles before it starts. */
const source = fileURLToPath(new URL('./ring-thread.fixture.js', import.meta.url));
const root = process.cwd();
const compiled = path.join(root, 'dist', path.relative(root, source));

describe('two rings between two threads', () => {
  it('bring every message back whole and in order, through sleeps on the other side', async () => {
    const inbound = createRing(256);
    const outbound = createRing(64);
    const bell = createBell();
    const workerData = { inbound, outbound, bell, count: COUNT };
    const worker = new Worker(compiled, { workerData });
    const ended = new Promise<{ sleeps: number }>((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
    });
    const writer = new RingWriter(inbound);
    const reader = new RingReader(outbound);
    const wake = new Bell(bell);
    const own = new Int32Array(4 * SLOT_WORDS);
    let sent = 0;
    let received = 0;
    let pauseAt = COUNT / 20;
    const patience = new Patience();
    for (;;) {
      patience.look(sent + received);
      const burst = pauseAt === sent ? 0 : 1 + ((sent * 7919) % 97);
      for (let i = 0; i < burst && sent < Math.min(COUNT, pauseAt); i++) {
        const slots = 1 + (sent % 4);
        own.fill(sent);
        own[0] = headOf(TYPE, slots, sent & 0xffff);
        if (!writer.tryWrite(own, 0, slots)) break;
        sent++;
      }
      writer.publish();
      wake.ring();
      let at = reader.next();
      for (; at >= 0; at = reader.next()) {
        if (typeOf(reader.words[at] as number) === GOODBYE) break;
        const slots = 1 + (received % 4);
        if (!reader.sound || reader.slots !== slots) throw new Error(`message ${received} is torn`);
        for (let i = 1; i < slots * SLOT_WORDS; i++) {
          if (reader.words[at + i] !== received) throw new Error(`message ${received} is torn`);
        }
        reader.advance();
        received++;
      }
      reader.release();
      if (at >= 0) break;
      if (sent < pauseAt || sent === COUNT) continue;
      // With nothing under way and a pause, the other thread falls asleep.
      pauseAt = received < sent ? sent : sent + COUNT / 20;
      if (received === sent) await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(received).toBe(COUNT);
    expect((await ended).sleeps).toBeGreaterThan(0);
    await worker.terminate();
  });
});
