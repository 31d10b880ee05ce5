import { FastBook } from '../../engine/book/fast-book.js';
import { NaiveBook } from '../../engine/book/naive-book.js';
import { noPositions } from '../../engine/book/order-book.js';
import { Kernel } from '../../engine/kernel/host/kernel.js';
import { compiledKernel } from '../../engine/runtime/kernel-file.js';
import { PRICE_TICKS_MAX } from '../../engine/units/units.js';
import { createShardCore } from '../../main/compose.js';
import { BookMarket } from './market/book-market.js';
import { CoreMarket } from './market/core-market.js';
import { REPLAY_MARKET } from './market/encode-command.js';
import type { OpenMarket } from './market/replay-market.js';
import type { EngineName } from './options.js';

/**
 * Recorded ticks are finer than those that are used: LOBSTER counts 1/10,000 of a dollar where shares trade in
 * cents. The fast book's window then has to be wider than usual to hold the same levels.
 */
const WINDOW_BITS = 17;

/** How a market is opened in each engine that a replay can run on. */
export function marketOpener(engine: EngineName): OpenMarket {
  const options = {
    marketId: REPLAY_MARKET,
    priceTicksMax: PRICE_TICKS_MAX,
    ledger: noPositions,
    windowBits: WINDOW_BITS,
  };
  if (engine === 'naive') return () => new BookMarket(new NaiveBook(options));
  if (engine === 'core') return (units) => new CoreMarket(createShardCore(), units);
  return () => new BookMarket(new FastBook({ ...options, kernel: new Kernel(compiledKernel()) }));
}
