import { describe, expect, it } from 'vitest';
import { headOf, SLOT_WORDS } from '../../engine/messages/layout.js';
import { CMD_CANCEL } from '../../engine/messages/types.js';
import { DirectOutput } from '../../engine/runtime/event-output.js';
import { InlinePort } from '../../engine/runtime/inline-port.js';
import { createRing, RingReader, RingWriter } from '../../engine/runtime/ring.js';
import { BACKLOG_SLOTS_MAX, CancelBacklog } from './cancel-backlog.js';

const RING_SLOTS = 8;

/** A port whose ring is read when the test says so, and cancels with a number in word 1. */
function started() {
  const memory = createRing(RING_SLOTS);
  const reader = new RingReader(memory);
  let flushes = 0;
  const port = new InlinePort(1, new RingWriter(memory), new DirectOutput(), () => flushes++);
  const cancels = (first: number, count: number) => {
    const words = new Int32Array(count * SLOT_WORDS);
    for (let i = 0; i < count; i++) {
      words[i * SLOT_WORDS] = headOf(CMD_CANCEL, 1, 1);
      words[i * SLOT_WORDS + 1] = first + i;
    }
    return words;
  };
  const taken: number[] = [];
  const read = (most = RING_SLOTS) => {
    for (let at = reader.next(); at >= 0 && most-- > 0; at = reader.next()) {
      taken.push(reader.words[at + 1] as number);
      reader.advance();
    }
    reader.release();
  };
  return { port, cancels, taken, read, flushes: () => flushes };
}

describe('cancels without any room', () => {
  it('wait, and go in order as soon as there is some', () => {
    const { port, cancels, taken, read, flushes } = started();
    const backlog = new CancelBacklog();
    expect(backlog.isWaiting(port)).toBe(false);
    expect(port.trySendAll(cancels(0, RING_SLOTS), 0, RING_SLOTS)).toBe(true);
    port.flush();
    for (let n = RING_SLOTS; n < 30; n++) backlog.push(port, cancels(n, 1), 1);
    expect([backlog.slots, backlog.isWaiting(port)]).toEqual([22, true]);
    backlog.drain();
    expect(flushes()).toBe(1);
    for (let rounds = 0; rounds < 10 && taken.length < 30; rounds++) {
      read(3);
      backlog.drain();
    }
    read();
    expect(taken).toEqual(Array.from({ length: 30 }, (_, n) => n));
    expect([backlog.slots, backlog.isWaiting(port)]).toEqual([0, false]);
  });

  it('stay together when they came together', () => {
    const { port, cancels, taken, read } = started();
    const backlog = new CancelBacklog();
    port.trySendAll(cancels(0, 6), 0, 6);
    port.flush();
    backlog.push(port, cancels(6, 4), 4);
    backlog.push(port, cancels(10, 1), 1);
    // There is room for two, but the first four go whole, and nothing overtakes them.
    expect(backlog.isWaiting(port)).toBe(true);
    expect(backlog.slots).toBe(5);
    read();
    expect(backlog.isWaiting(port)).toBe(false);
    // What was sent here is flushed with the next tick.
    read();
    expect(taken).toHaveLength(6);
    backlog.drain();
    read();
    expect(taken).toEqual(Array.from({ length: 11 }, (_, n) => n));
  });

  it('are bounded, however long it takes', () => {
    const { port, cancels, read, taken } = started();
    const backlog = new CancelBacklog();
    let pushed = 0;
    while (backlog.push(port, cancels(pushed, 1), 1)) pushed++;
    expect(pushed).toBe(BACKLOG_SLOTS_MAX);
    for (let i = 0; i < 20_000; i++) {
      backlog.drain();
      read();
      while (backlog.push(port, cancels(pushed, 1), 1)) pushed++;
      if (taken.length > 40_000) break;
    }
    expect(backlog.slots).toBe(BACKLOG_SLOTS_MAX);
    expect(taken).toEqual(taken.map((_, n) => n));
  });
});
