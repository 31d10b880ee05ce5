import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Xorshift } from '../../engine/testing/xorshift.js';
import { Markets } from '../markets.js';
import { BTC } from '../testing/test-market.js';
import { BookContent } from './book-content.js';
import { Channel } from './channel.js';
import {
  DEPTHS,
  DepthContent,
  depthTermsOf,
  INTERVALS_MS,
  levelChanges,
  nextDueMs,
  READER_GROUPS,
} from './depth-content.js';
import { L2Book } from './l2-book.js';

/** Price and lots by price, best first as `order` says. */
function sorted(levels: Map<number, number>, order: number): number[] {
  return [...levels].sort(([a], [b]) => (a - b) * order).flat();
}

const levels = fc.uniqueArray(
  fc.tuple(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 3 })),
  {
    selector: ([price]) => price,
  },
);

describe('what leads from one list of levels to another', () => {
  it.each([-1, 1] as const)(
    'brings whoever applies it there, and names no level for nothing (order %d)',
    (order) => {
      fc.assert(
        fc.property(levels, levels, (before, now) => {
          const book = new Map(before);
          const changes = levelChanges(
            sorted(new Map(before), order),
            sorted(new Map(now), order),
            order,
          );
          for (let i = 0; i < changes.length; i += 2) {
            const [price, lots] = changes.slice(i, i + 2) as [number, number];
            expect(book.get(price) ?? 0).not.toBe(lots);
            if (lots === 0) book.delete(price);
            else book.set(price, lots);
          }
          expect(sorted(book, order)).toEqual(sorted(new Map(now), order));
        }),
        { numRuns: 500 },
      );
    },
  );
});

describe('the name of a channel with a depth', () => {
  it('says depth and interval, and nothing that is not offered', () => {
    for (const depth of DEPTHS) {
      for (const intervalMs of INTERVALS_MS) {
        const text = depth === Number.POSITIVE_INFINITY ? 'all' : String(depth);
        expect(depthTermsOf(`${text}.${intervalMs}ms`)).toEqual({ depth, intervalMs });
      }
    }
    for (const wrong of [
      '',
      '10',
      '10.100',
      '11.100ms',
      '10.20ms',
      '010.100ms',
      '10.100ms ',
      'ALL.100ms',
    ]) {
      expect(depthTermsOf(wrong)).toBeNull();
    }
  });
});

describe('groups of readers', () => {
  const EPOCH = 1;
  const TICK_MS = 20;
  const INTERVAL_MS = 100;

  it('are told one after the other, each once in an interval, and the same sequence is the same book for all', () => {
    const market = new Markets().put(1, BTC);
    const book = new L2Book();
    const whole = new BookContent(market, book);
    const terms = { depth: 5, intervalMs: INTERVAL_MS };
    const groups = Array.from({ length: READER_GROUPS }, (_, group) => {
      return new Channel('book', new DepthContent(market, book, whole, terms, group), 100);
    });
    const random = new Xorshift(3);
    const books = new Map<number, string>();
    const told: number[] = [];
    for (let tick = 1; tick <= 200; tick++) {
      // Seldom enough that groups are told of the same state, too.
      if (tick % 3 === 1) {
        book.add(0, 500_000 - random.between(0, 9), random.between(1, 9));
        book.add(1, 500_010 + random.between(0, 9), random.between(1, 9));
        whole.saw(tick, tick);
        expect(whole.take()).not.toBeNull();
      }
      groups.forEach((channel, group) => {
        const frame = channel.tick(EPOCH, tick * TICK_MS);
        // The very first tick has a frame for everybody.
        if (frame === null || tick === 1) return;
        told.push(group);
        const { bids, asks, checksum } = JSON.parse(channel.snapshot().asJson());
        const shown = JSON.stringify([bids, asks, checksum]);
        expect(books.get(frame.sequence) ?? shown).toBe(shown);
        books.set(frame.sequence, shown);
      });
    }
    // One group at each tick, in turn; a tick without a frame is one since which the best five have not changed.
    const turns = told.slice(1).map((group, i) => (group - (told[i] as number) + 5) % 5);
    expect(turns.filter((turn) => turn === 1).length).toBeGreaterThan(150);
    expect(new Set(told).size).toBe(READER_GROUPS);
    expect(books.size).toBeLessThan(told.length / 2);
  });

  it('are due at a part of the interval of their own', () => {
    const ms = fc.double({ min: 0, max: 1e7, noNaN: true });
    const group = fc.integer({ min: 0, max: READER_GROUPS - 1 });
    fc.assert(
      fc.property(ms, fc.constantFrom(...INTERVALS_MS), group, (nowMs, intervalMs, of) => {
        const offsetMs = (intervalMs * of) / READER_GROUPS;
        const dueMs = nextDueMs(nowMs, intervalMs, offsetMs);
        expect(dueMs).toBeGreaterThan(nowMs);
        expect(dueMs).toBeLessThanOrEqual(nowMs + intervalMs);
        const away = (dueMs - offsetMs) % intervalMs;
        expect(Math.min(Math.abs(away), intervalMs - away)).toBeCloseTo(0, 6);
      }),
    );
  });

  it('do not wait another interval when there was nothing to tell at the end of one', () => {
    const market = new Markets().put(1, BTC);
    const book = new L2Book();
    const whole = new BookContent(market, book);
    const terms = { depth: 5, intervalMs: INTERVAL_MS };
    const content = new DepthContent(market, book, whole, terms, 0);
    const bid = (priceTicks: number, sequence: number) => {
      book.add(0, priceTicks, 1);
      whole.saw(sequence, sequence);
      whole.take();
    };
    for (let i = 0; i < 6; i++) bid(500_000 - i, 1 + i);
    expect(content.take(100)?.sequence).toBe(6);
    bid(499_000, 7);
    // Behind the best five: the book has changed, and nothing is to be seen of it.
    expect(content.take(200)).toBeNull();
    bid(500_001, 8);
    expect(content.take(220)?.sequence).toBe(8);
    bid(500_002, 9);
    expect(content.take(280)).toBeNull();
    expect(content.take(300)?.sequence).toBe(9);
  });
});
