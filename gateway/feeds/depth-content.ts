import type { MessageSink } from '../codec/message-sink.js';
import { type Market, priceText, qtyText } from '../markets.js';
import { MESSAGES } from '../protocol/messages.js';
import { type BookContent, bookChecksum, CHECKSUM_LEVELS } from './book-content.js';
import type { ChannelContent } from './channel.js';
import type { L2Book } from './l2-book.js';
import { forEachDifference, type Levels } from './level-differences.js';

/** Levels of each side, and milliseconds between two frames, that a client may choose from. */
export const DEPTHS: readonly number[] = [5, 10, 20, 50, Number.POSITIVE_INFINITY];
export const INTERVALS_MS: readonly number[] = [100, 250, 500, 1_000];

/**
 * Readers of a channel are told in so many groups, each at a part of the interval of its own: were thousands told at once, the
 * last would have its frame when all others have theirs. Frames of two groups differ in where they begin and end; the same
 * sequence means the same book in all.
 */
export const READER_GROUPS = 5;

/** Of all levels there is one frame for everybody: it takes as long as there are levels. */
export function readerGroups({ depth }: DepthTerms): number {
  return depth === Number.POSITIVE_INFINITY ? 1 : READER_GROUPS;
}

/** Which book a channel shows. */
export interface DepthTerms {
  readonly depth: number;
  readonly intervalMs: number;
}

/** `10.100ms`, `all.1000ms`: what stands behind the symbol in a channel's name; null when it is none. */
export function depthTermsOf(text: string): DepthTerms | null {
  const match = /^(all|[1-9]\d{0,3})\.([1-9]\d{0,4})ms$/.exec(text);
  if (match === null) return null;
  const depth = match[1] === 'all' ? Number.POSITIVE_INFINITY : Number(match[1]);
  const intervalMs = Number(match[2]);
  return DEPTHS.includes(depth) && INTERVALS_MS.includes(intervalMs) ? { depth, intervalMs } : null;
}

/**
 * The best levels of a market's book, at most once in an interval: a level that falls behind the last one is gone (quantity zero),
 * and comes again as a change. It follows what the channel of the whole book has published.
 */
export class DepthContent implements ChannelContent {
  private readonly market: Market;
  private readonly book: L2Book;
  private readonly whole: BookContent;
  private readonly terms: DepthTerms;
  /** Where within the interval its frames are due. */
  private readonly offsetMs: number;
  private sent: readonly [Levels, Levels] = [[], []];
  /** What the whole book had published then. */
  private sentAt: object | null = null;
  private timeMs = 0;
  private dueMs = 0;

  /** `group`: of its readers, from 0 to `READER_GROUPS` − 1. */
  constructor(market: Market, book: L2Book, whole: BookContent, terms: DepthTerms, group: number) {
    this.market = market;
    this.book = book;
    this.whole = whole;
    this.terms = terms;
    this.offsetMs = (terms.intervalMs * group) / READER_GROUPS;
  }

  take(nowMs: number) {
    const { published } = this.whole;
    if (nowMs < this.dueMs || published === this.sentAt) return null;
    const { sequence, timeMs } = published;
    const { depth, intervalMs } = this.terms;
    this.sentAt = published;
    this.timeMs = timeMs;
    const before = this.sent;
    const now = [this.book.published(0, depth), this.book.published(1, depth)] as const;
    const bids = levelChanges(before[0], now[0], -1);
    const asks = levelChanges(before[1], now[1], 1);
    // Without a frame the interval is not used up: what changes next is told with the next tick.
    if (bids.length === 0 && asks.length === 0) return null;
    this.dueMs = nextDueMs(nowMs, intervalMs, this.offsetMs);
    this.sent = now;
    const write = this.writer(bids, asks);
    const writeFrame = (epoch: number, previous: number, upTo: number) => (sink: MessageSink) => {
      sink.begin(MESSAGES.bookDelta);
      sink.market('market', this.market.params.symbol, this.market.id);
      sink.uint('epoch', epoch);
      sink.uint('previousSequence', previous);
      sink.uint('sequence', upTo);
      write(sink);
    };
    return { sequence, writeFrame };
  }

  writeSnapshot = (epoch: number, sequence: number) => {
    const write = this.writer(this.sent[0], this.sent[1]);
    return (sink: MessageSink) => {
      sink.begin(MESSAGES.bookSnapshot);
      sink.market('market', this.market.params.symbol, this.market.id);
      sink.uint('epoch', epoch);
      sink.uint('sequence', sequence);
      write(sink);
    };
  };

  private writer(bids: Levels, asks: Levels) {
    const { market, sent, timeMs } = this;
    const { depth, intervalMs } = this.terms;
    const best = sent.map((levels) => levelTexts(market, levels.slice(0, CHECKSUM_LEVELS * 2)));
    const checksum = bookChecksum(best[0] as string[][], best[1] as string[][]);
    return (sink: MessageSink) => {
      sink.uint('checksum', checksum);
      sink.value('bids', levelTexts(market, bids));
      sink.value('asks', levelTexts(market, asks));
      sink.uint('time', timeMs);
      if (depth === Number.POSITIVE_INFINITY) sink.none('depth');
      else sink.uint('depth', depth);
      sink.uint('interval', intervalMs);
    };
  }
}

/** The first moment after `nowMs` that is `offsetMs` (below `intervalMs`) behind a multiple of the interval. */
export function nextDueMs(nowMs: number, intervalMs: number, offsetMs: number): number {
  // One interval more, so that the remainder is not negative right after the clock's zero.
  const sinceDueMs = (nowMs + intervalMs - offsetMs) % intervalMs;
  return nowMs - sinceDueMs + intervalMs;
}

/** What leads from one list of levels to another, best first. `order`: 1 where lower prices are better, −1 where higher ones are. */
export function levelChanges(before: Levels, now: Levels, order: 1 | -1): number[] {
  const changes: number[] = [];
  forEachDifference(before, now, order, (priceTicks, _lotsBefore, lots) => {
    changes.push(priceTicks, lots);
  });
  return changes;
}

export function levelTexts(market: Market, levels: Levels): string[][] {
  const texts: string[][] = [];
  for (let i = 0; i < levels.length; i += 2) {
    const price = priceText(market, levels[i] as number);
    texts.push([price, qtyText(market, levels[i + 1] as number)]);
  }
  return texts;
}
