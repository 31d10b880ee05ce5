import { expect, it, vi } from 'vitest';
import { Xorshift } from '../../engine/testing/xorshift.js';
import { Markets } from '../markets.js';
import { BTC } from '../testing/test-market.js';
import { BookContent } from './book-content.js';
import { Channel } from './channel.js';
import type { Frame } from './frame.js';
import { L2Book } from './l2-book.js';

const EPOCH = 1;
const TICK_MS = 20;

interface BookMessage {
  type: string;
  sequence: number;
  previousSequence?: number;
  bids: [string, string][];
}

/** The bids that frames lead to: a snapshot first, each other one continues the one before. */
function bidsBy(frames: readonly Frame[]): { sequence: number; bids: Map<string, string> } {
  const bids = new Map<string, string>();
  let at = -1;
  frames.forEach((frame, i) => {
    const message = JSON.parse(frame.asJson()) as BookMessage;
    expect(message.type).toBe(i === 0 ? 'bookSnapshot' : 'bookDelta');
    if (i > 0) expect(message.previousSequence).toBe(at);
    at = message.sequence;
    for (const [price, qty] of message.bids) {
      if (Number(qty) === 0) bids.delete(price);
      else bids.set(price, qty);
    }
  });
  return { sequence: at, bids };
}

/** A channel of a book with so many bids, and what moves it on. */
function bookOf(levels: number) {
  const book = new L2Book();
  const content = new BookContent(new Markets().put(1, BTC), book);
  const channel = new Channel('book', content, 1_024);
  const random = new Xorshift(5);
  const written = vi.spyOn(content, 'writeSnapshot');
  let sequence = 0;
  const next = (changes: number) => {
    for (let i = 0; i < changes; i++) book.add(0, 400_000 + random.below(levels), 1);
    content.saw(++sequence, sequence);
    channel.tick(EPOCH, sequence * TICK_MS);
  };
  for (let price = 0; price < levels; price++) book.add(0, 400_000 + price, 1);
  next(0);
  return { channel, next, written };
}

it('writes a large snapshot now and then, and gives whoever comes the frames since', () => {
  const { channel, next, written } = bookOf(5_000);
  for (let tick = 0; tick < 60; tick++) {
    next(3);
    const { bids, sequence } = bidsBy(channel.beginning(tick % 2 === 0));
    const wanted = bidsBy([channel.snapshot()]);
    expect(sequence).toBe(channel.last);
    expect(bids).toEqual(wanted.bids);
  }
  written.mockClear();
  const TICKS = 200;
  for (let tick = 0; tick < TICKS; tick++) {
    next(3);
    channel.beginning(true);
    channel.beginning(false);
  }
  // One for each codec in fifty frames.
  expect(written.mock.calls.length).toBeLessThanOrEqual(2 * Math.ceil(TICKS / 50));
});

it('writes a small snapshot anew for each state, and none of an epoch that is over', () => {
  const { channel, next } = bookOf(20);
  for (let tick = 0; tick < 10; tick++) {
    next(1);
    expect(channel.beginning(true)).toHaveLength(1);
  }
  const large = bookOf(5_000).channel;
  expect(large.beginning(false)[0]?.epoch).toBe(EPOCH);
  large.tick(EPOCH + 1, 1_000);
  expect(large.beginning(false).map(({ epoch }) => epoch)).toEqual([EPOCH + 1]);
});
