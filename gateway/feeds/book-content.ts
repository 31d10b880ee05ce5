import { crc32 } from 'node:zlib';
import type { MessageSink } from '../codec/message-sink.js';
import type { Market } from '../markets.js';
import { MESSAGES } from '../protocol/messages.js';
import type { ChannelContent } from './channel.js';
import { levelTexts } from './depth-content.js';
import type { L2Book, LevelChanges } from './l2-book.js';

/** Levels of each side that the checksum covers. */
export const CHECKSUM_LEVELS = 10;

/** Hears what each tick publishes of a book: the levels that changed, as of which sequence and time. */
export type BookListener = (
  marketId: number,
  changes: LevelChanges,
  sequence: number,
  timeMs: number,
) => void;

/** The public book of a market: all levels as a snapshot, then the levels that changed in a tick. */
export class BookContent implements ChannelContent {
  private readonly market: Market;
  private readonly book: L2Book;
  private lastSequence = 0;
  private lastTimeMs = 0;
  /** Of the last frame; channels that show parts of the book stand at it. */
  published = { sequence: 0, timeMs: 0 };
  private readonly onPublished: BookListener;

  constructor(market: Market, book: L2Book, onPublished: BookListener = () => {}) {
    this.market = market;
    this.book = book;
    this.onPublished = onPublished;
  }

  /** To be told of every event of the market, whether it changes a level or not. */
  saw(sequence: number, timeMs: number): void {
    this.lastSequence = sequence;
    this.lastTimeMs = timeMs;
  }

  /** The last event of the market. */
  get seen(): { sequence: number; timeMs: number } {
    return { sequence: this.lastSequence, timeMs: this.lastTimeMs };
  }

  /** Goes on from what another thread has seen last of the same book. */
  restore({ sequence, timeMs }: { sequence: number; timeMs: number }): void {
    this.saw(sequence, timeMs);
    this.published = { sequence, timeMs };
  }

  take() {
    if (!this.book.changed) return null;
    const changes = this.book.publish();
    if (changes.bids.length === 0 && changes.asks.length === 0) return null;
    const { market, lastSequence, lastTimeMs } = this;
    this.published = { sequence: lastSequence, timeMs: lastTimeMs };
    this.onPublished(market.id, changes, lastSequence, lastTimeMs);
    const checksum = this.checksum();
    const writeFrame = (epoch: number, previous: number, sequence: number) => {
      return (sink: MessageSink) => {
        sink.begin(MESSAGES.bookDelta);
        sink.market('market', market.params.symbol, market.id);
        sink.uint('epoch', epoch);
        sink.uint('previousSequence', previous);
        sink.uint('sequence', sequence);
        sink.uint('checksum', checksum);
        sink.value('bids', levelTexts(market, changes.bids));
        sink.value('asks', levelTexts(market, changes.asks));
        sink.uint('time', lastTimeMs);
        sink.none('depth');
        sink.none('interval');
      };
    };
    return { sequence: lastSequence, writeFrame };
  }

  writeSnapshot = (epoch: number, sequence: number) => {
    const { market } = this;
    const { timeMs } = this.published;
    const bids = this.book.published(0, Number.POSITIVE_INFINITY);
    const asks = this.book.published(1, Number.POSITIVE_INFINITY);
    const checksum = this.checksum();
    return (sink: MessageSink) => {
      sink.begin(MESSAGES.bookSnapshot);
      sink.market('market', market.params.symbol, market.id);
      sink.uint('epoch', epoch);
      sink.uint('sequence', sequence);
      sink.uint('checksum', checksum);
      sink.value('bids', levelTexts(market, bids));
      sink.value('asks', levelTexts(market, asks));
      sink.uint('time', timeMs);
      sink.none('depth');
      sink.none('interval');
    };
  };

  private checksum(): number {
    const bids = this.book.published(0, CHECKSUM_LEVELS);
    const asks = this.book.published(1, CHECKSUM_LEVELS);
    return bookChecksum(levelTexts(this.market, bids), levelTexts(this.market, asks));
  }
}

/** CRC-32 of the best levels' texts, bids before asks, all joined by colons. */
export function bookChecksum(
  bids: readonly (readonly string[])[],
  asks: readonly (readonly string[])[],
): number {
  return crc32([...bids, ...asks].flat().join(':'));
}
