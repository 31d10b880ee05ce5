import { FastBook } from '../../engine/book/fast-book.js';
import { NaiveBook } from '../../engine/book/naive-book.js';
import { noPositions } from '../../engine/book/order-book.js';
import { PRICE_TICKS_MAX } from '../../engine/units/units.js';
import { BookMarket } from './market/book-market.js';
import { REPLAY_MARKET } from './market/encode-command.js';
import type { OpenMarket } from './market/replay-market.js';
import type { EngineName } from './options.js';

/** How a market is opened in each engine that a replay can run on. */
export function marketOpener(engine: EngineName): OpenMarket {
  const options = {
    marketId: REPLAY_MARKET,
    priceTicksMax: PRICE_TICKS_MAX,
    ledger: noPositions,
  };
  if (engine === 'naive') return () => new BookMarket(new NaiveBook(options));
  return () => new BookMarket(new FastBook(options));
}
