import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { headOf, SLOT_WORDS, slotsOf } from '../messages/layout.js';
import { createRing, MESSAGE_SLOTS_MAX, RingReader, RingWriter } from './ring.js';

const TYPE = 7;

/** A message whose every word says which message it is. */
function message(number: number, slots: number): Int32Array {
  const words = new Int32Array(slots * SLOT_WORDS).fill(number);
  words[0] = headOf(TYPE, slots, number & 0xffff);
  return words;
}

function ends(slots: number): { writer: RingWriter; reader: RingReader } {
  const memory = createRing(slots);
  return { writer: new RingWriter(memory), reader: new RingReader(memory) };
}

/** The next message as a copy, null when there is none. */
function take(reader: RingReader): Int32Array | null {
  const at = reader.next();
  if (at < 0) return null;
  expect(reader.sound).toBe(true);
  const words = reader.words.slice(at, at + reader.slots * SLOT_WORDS);
  reader.advance();
  return words;
}

describe('a ring', () => {
  it('hands over messages in order once they are published', () => {
    const { writer, reader } = ends(16);
    expect(writer.tryWrite(message(1, 2), 0, 2)).toBe(true);
    expect(take(reader)).toBeNull();
    writer.publish();
    expect(take(reader)).toEqual(message(1, 2));
    expect(take(reader)).toBeNull();
  });

  it('keeps room free for whoever may use it', () => {
    const { writer } = ends(16);
    for (let n = 1; n <= 12; n++) expect(writer.tryWrite(message(n, 1), 0, 1, 4)).toBe(true);
    expect(writer.tryWrite(message(13, 1), 0, 1, 4)).toBe(false);
    expect(writer.tryWriteAll(message(13, 2), 0, 2, 4)).toBe(false);
    expect(writer.tryWriteAll(message(13, 3), 0, 3)).toBe(true);
    expect(writer.tryWrite(message(14, 1), 0, 1)).toBe(true);
    expect(writer.tryWrite(message(15, 1), 0, 1)).toBe(false);
  });

  it('lets only what may not be refused wait for a reader that is stalled', () => {
    const { writer, reader } = ends(16);
    reader.stalled = true;
    expect(writer.tryWrite(message(1, 1), 0, 1, 4)).toBe(false);
    expect(writer.tryWriteAll(message(1, 1), 0, 1, 4)).toBe(false);
    expect(writer.tryWrite(message(2, 1), 0, 1)).toBe(true);
    reader.stalled = false;
    expect(writer.tryWrite(message(3, 1), 0, 1, 4)).toBe(true);
    writer.publish();
    expect([take(reader), take(reader)]).toEqual([message(2, 1), message(3, 1)]);
  });

  it('keeps every message in one piece and gives all of its room again and again', () => {
    for (let slots = 1; slots <= MESSAGE_SLOTS_MAX; slots++) {
      const { writer, reader } = ends(8);
      for (let i = 1; i < 50; i++) {
        expect(writer.tryWrite(message(i, slots), 0, slots)).toBe(true);
        writer.publish();
        const at = reader.next();
        expect(at + slots * SLOT_WORDS).toBeLessThanOrEqual(8 * SLOT_WORDS);
        expect(take(reader)).toEqual(message(i, slots));
        reader.release();
      }
      expect(reader.next()).toBe(-1);
      expect(reader.occupancy).toBe(0);
    }
  });

  it('takes nothing beyond its room, and everything again after a release', () => {
    const { writer, reader } = ends(8);
    for (let i = 0; i < 8; i++) expect(writer.tryWrite(message(i, 1), 0, 1)).toBe(true);
    expect(writer.tryWrite(message(9, 1), 0, 1)).toBe(false);
    writer.publish();
    expect(writer.occupancy).toBe(1);
    take(reader);
    expect(writer.tryWrite(message(9, 1), 0, 1)).toBe(false);
    reader.release();
    expect(writer.tryWrite(message(9, 1), 0, 1)).toBe(true);
  });

  it('writes a batch completely or not at all', () => {
    const { writer, reader } = ends(8);
    const batch = new Int32Array([...message(1, 3), ...message(2, 3), ...message(3, 1)]);
    expect(writer.tryWriteAll(batch, 0, 7)).toBe(true);
    expect(writer.tryWriteAll(new Int32Array([...message(4, 1), ...message(5, 1)]), 0, 2)).toBe(
      false,
    );
    writer.publish();
    for (const [number, slots] of [
      [1, 3],
      [2, 3],
      [3, 1],
    ] as const) {
      expect(take(reader)).toEqual(message(number, slots));
    }
    expect(take(reader)).toBeNull();
  });

  it('refuses a message whose head says another length', () => {
    const { writer } = ends(8);
    expect(() => writer.tryWrite(message(1, 2), 0, 1)).toThrow(/2 slots cannot be sent as 1/);
    expect(() => writer.tryWriteAll(new Int32Array(SLOT_WORDS), 0, 1)).toThrow(RangeError);
  });

  it('steps over slots that are no message, and finds the next one', () => {
    const memory = createRing(8);
    const writer = new RingWriter(memory);
    const reader = new RingReader(memory);
    for (let i = 0; i < 3; i++) writer.tryWrite(message(i, 1), 0, 1);
    // As a broken producer might leave it: no slots, and far too many.
    writer.words[0] = headOf(TYPE, 0, 0);
    writer.words[SLOT_WORDS] = headOf(TYPE, 200, 0);
    writer.publish();
    for (let i = 0; i < 2; i++) {
      expect(reader.next()).toBe(i * SLOT_WORDS);
      expect(reader.sound).toBe(false);
      reader.advance();
    }
    expect(take(reader)).toEqual(message(2, 1));
  });

  it('tells a sleeper of the first publication after it lay down, and of no other', () => {
    const { writer, reader } = ends(8);
    expect(reader.trySleep()).toBe(true);
    expect(writer.publish()).toBe(false);
    writer.tryWrite(message(1, 1), 0, 1);
    expect(writer.publish()).toBe(true);
    writer.tryWrite(message(2, 1), 0, 1);
    expect(writer.publish()).toBe(false);
    expect(reader.trySleep()).toBe(false);
  });

  it('holds cursors that wrap around 2^32', () => {
    const memory = createRing(8);
    // The cursors are words 0 and 32 of the memory.
    const control = new Int32Array(memory);
    control[0] = 0x7ffffffe;
    control[32] = 0x7ffffffe;
    const writer = new RingWriter(memory);
    const reader = new RingReader(memory);
    for (let i = 1; i < 100; i++) {
      expect(writer.tryWrite(message(i, 1 + (i % 3)), 0, 1 + (i % 3))).toBe(true);
      writer.publish();
      expect(take(reader)).toEqual(message(i, 1 + (i % 3)));
      reader.release();
    }
  });

  it('refuses sizes that it cannot be made with', () => {
    for (const slots of [0, 4, 12, 8.5, 2 ** 25, Number.NaN]) {
      expect(() => createRing(slots)).toThrow(/slots must be a power of two/);
    }
  });

  it('behaves like an array of messages under any sequence of calls', () => {
    const calls = fc.array(
      fc.oneof(
        fc.record({ kind: fc.constant('write' as const), slots: fc.integer({ min: 1, max: 4 }) }),
        fc.record({
          kind: fc.constant('batch' as const),
          slots: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 }),
        }),
        fc.record({
          kind: fc.constantFrom('publish' as const, 'read' as const, 'release' as const),
        }),
      ),
      { maxLength: 300 },
    );
    fc.assert(
      fc.property(calls, (list) => {
        const { writer, reader } = ends(16);
        const written: Int32Array[] = [];
        const published: Int32Array[] = [];
        let number = 0;
        for (const call of list) {
          if (call.kind === 'write') {
            const own = message(++number, call.slots);
            if (writer.tryWrite(own, 0, call.slots)) written.push(own);
          } else if (call.kind === 'batch') {
            const parts = call.slots.map((slots) => message(++number, slots));
            const words = new Int32Array(parts.flatMap((part) => [...part]));
            if (writer.tryWriteAll(words, 0, words.length / SLOT_WORDS)) written.push(...parts);
          } else if (call.kind === 'publish') {
            writer.publish();
            published.push(...written.splice(0));
          } else if (call.kind === 'read') {
            expect(take(reader)).toEqual(published.shift() ?? null);
          } else reader.release();
        }
        writer.publish();
        published.push(...written.splice(0));
        for (const own of published) expect(take(reader)).toEqual(own);
        expect(take(reader)).toBeNull();
        reader.release();
        // Whatever happened, four slots always fit into an empty ring.
        expect(writer.tryWrite(message(1, 4), 0, 4)).toBe(true);
        expect(slotsOf(message(1, 4)[0] as number)).toBe(4);
      }),
    );
  });
});
