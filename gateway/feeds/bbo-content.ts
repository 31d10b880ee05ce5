import type { MessageSink } from '../codec/message-sink.js';
import { type Market, priceText, qtyText } from '../markets.js';
import { MESSAGES } from '../protocol/messages.js';
import type { BookContent } from './book-content.js';
import type { ChannelContent } from './channel.js';
import type { L2Book } from './l2-book.js';

/** Best bid and offer of a market, whenever one of them has changed within a tick. */
export class BboContent implements ChannelContent {
  private readonly market: Market;
  private readonly book: L2Book;
  private readonly whole: BookContent;
  /** Price and lots of the best bid, then of the best ask; undefined where there is none. */
  private best: readonly (number | undefined)[] = [];
  private timeMs = 0;

  constructor(market: Market, book: L2Book, whole: BookContent) {
    this.market = market;
    this.book = book;
    this.whole = whole;
  }

  take() {
    const [bid, bidLots] = this.book.published(0, 1);
    const [ask, askLots] = this.book.published(1, 1);
    const best = [bid, bidLots, ask, askLots];
    if (best.every((value, i) => value === this.best[i])) return null;
    this.best = best;
    const { sequence, timeMs } = this.whole.published;
    this.timeMs = timeMs;
    const write = this.values();
    const writeFrame = (epoch: number, previous: number, upTo: number) => (sink: MessageSink) => {
      sink.begin(MESSAGES.bbo);
      sink.market('market', this.market.params.symbol, this.market.id);
      sink.uint('epoch', epoch);
      sink.uint('previousSequence', previous);
      sink.uint('sequence', upTo);
      write(sink);
    };
    return { sequence, writeFrame };
  }

  writeSnapshot = (epoch: number, sequence: number) => {
    const write = this.values();
    return (sink: MessageSink) => {
      sink.begin(MESSAGES.bboSnapshot);
      sink.market('market', this.market.params.symbol, this.market.id);
      sink.uint('epoch', epoch);
      sink.uint('sequence', sequence);
      write(sink);
    };
  };

  /** Takes the values now: the write may come after the next change. */
  private values() {
    const { market, best, timeMs } = this;
    const [bid, bidLots, ask, askLots] = best;
    return (sink: MessageSink) => {
      side(sink, market, 'bidPrice', 'bidQty', bid, bidLots);
      side(sink, market, 'askPrice', 'askQty', ask, askLots);
      sink.uint('time', timeMs);
    };
  }
}

function side(
  sink: MessageSink,
  market: Market,
  priceName: string,
  qtyName: string,
  ticks: number | undefined,
  lots: number | undefined,
): void {
  if (ticks === undefined || lots === undefined) {
    sink.none(priceName);
    sink.none(qtyName);
    return;
  }
  sink.text(priceName, priceText(market, ticks));
  sink.text(qtyName, qtyText(market, lots));
}
