import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FlowBudget, FlowStore } from './flow-store.js';
import { FRAMING_BYTES } from './framing.js';

const ROOMY = 1 << 30;

/** Appends a message of so many bytes that says its number. */
function append(flow: FlowStore, bytes: number): Buffer {
  flow.reserve();
  const body = Buffer.alloc(bytes, flow.nextSeqNo & 255);
  for (let i = 0; i < bytes; i++)
    flow.view.setUint8(flow.at + FRAMING_BYTES + i, body[i] as number);
  flow.commit(bytes);
  const frame = Buffer.alloc(FRAMING_BYTES + bytes);
  frame.writeUInt32BE(frame.length, 0);
  frame.writeUInt16BE(0xeb50, 4);
  body.copy(frame, FRAMING_BYTES);
  return frame;
}

describe('the flow of a session', () => {
  it('gives any messages again, byte for byte, over the borders of its chunks', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 8, max: 4_000 }), { minLength: 1, maxLength: 120 }),
        fc.nat(),
        fc.nat(),
        (sizes, from, length) => {
          const flow = new FlowStore(ROOMY, new FlowBudget(ROOMY));
          const frames = sizes.map((bytes) => append(flow, bytes));
          const first = from % frames.length;
          const count = 1 + (length % (frames.length - first));
          const wanted = Buffer.concat(frames.slice(first, first + count));
          expect(Buffer.concat(flow.slice(first + 1, count)).equals(wanted)).toBe(true);
          expect(flow.nextSeqNo).toBe(frames.length + 1);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('hands over each message once, whenever it is asked', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 8, max: 4_000 }), fc.boolean()), { maxLength: 120 }),
        (steps) => {
          const flow = new FlowStore(ROOMY, new FlowBudget(ROOMY));
          const written: Buffer[] = [];
          const sent: Buffer[] = [];
          for (const [bytes, asks] of steps) {
            written.push(append(flow, bytes));
            if (asks) sent.push(...flow.takeUnsent());
          }
          sent.push(...flow.takeUnsent());
          expect(flow.hasUnsent).toBe(false);
          expect(flow.takeUnsent()).toEqual([]);
          expect(Buffer.concat(sent).equals(Buffer.concat(written))).toBe(true);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('gives up its oldest messages beyond its share, or beyond what all may have', () => {
    const bytesMax = 4 * 64 * 1024;
    const budget = new FlowBudget(6 * 64 * 1024);
    const [one, two] = [new FlowStore(bytesMax, budget), new FlowStore(bytesMax, budget)];
    for (let i = 0; i < 1_000; i++) append(one, 1_000);
    expect(one.firstSeqNo).toBeGreaterThan(700);
    expect(one.slice(one.firstSeqNo, 1_001 - one.firstSeqNo).length).toBe(4);
    for (let i = 0; i < 1_000; i++) append(two, 1_000);
    expect(budget.usedBytes).toBe(6 * 64 * 1024);
    expect(two.nextSeqNo - two.firstSeqNo).toBeLessThan(200);
    one.release();
    expect(budget.usedBytes).toBe(2 * 64 * 1024);
  });

  it('uses the memory of what it has given up again, but not while a socket still sends from it', () => {
    const flow = new FlowStore(4 * 64 * 1024, new FlowBudget(ROOMY));
    const memories = new Set<ArrayBufferLike>();
    const fill = (messages: number) => {
      for (let i = 0; i < messages; i++) {
        append(flow, 1_000);
        for (const { buffer } of flow.takeUnsent()) memories.add(buffer);
      }
    };
    fill(2_000);
    expect(memories.size).toBe(4);

    const slow = { writableLength: 1, closed: false };
    const gone = { writableLength: 1, closed: true };
    const [lent] = flow.slice(flow.firstSeqNo, 1) as [Buffer];
    const before = Buffer.from(lent);
    flow.lentTo(slow);
    flow.lentTo(gone);
    fill(2_000);
    expect(lent.equals(before)).toBe(true);
    const grown = memories.size;
    expect(grown).toBeGreaterThan(30);
    slow.writableLength = 0;
    fill(2_000);
    expect(memories.size).toBe(grown);
  });
});
