import { expect, it } from 'vitest';
import { MARKET_STATE } from '../../engine/market/market-state.js';
import { asPriceTicks } from '../../engine/units/units.js';
import { L2Book } from '../feeds/l2-book.js';
import { Markets } from '../markets.js';
import { BTC } from '../testing/test-market.js';
import { FRAMING_BYTES } from './framing.js';
import * as sbe from './generated/index.js';
import { MarketDataFeed } from './market-data-feed.js';

const EPOCH = 1;
const BUY = 0;

function decoded<T extends { wrapAndApplyHeader(view: DataView, at: number): T }>(
  frame: Buffer,
  decoder: T,
): T {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
  return decoder.wrapAndApplyHeader(view, FRAMING_BYTES);
}

it('shows in a snapshot what was at its number, whatever has come since', () => {
  const market = new Markets().put(1, BTC);
  const book = new L2Book();
  const feed = new MarketDataFeed(market, book);
  const change = (sequence: number, ticks: number, state: number) => {
    market.markTicks = asPriceTicks(ticks);
    market.indexTicks = asPriceTicks(ticks + 1);
    market.state = state;
    feed.sawPrices(sequence, 1_000 * sequence);
    book.add(BUY, ticks, 5);
    feed.saw(BUY, ticks, sequence, 1_000 * sequence);
  };
  const snapshot = () => {
    const message = decoded(feed.snapshot(EPOCH), new sbe.MarketDataSnapshotDecoder());
    const head = [message.sequence(), message.transactTime(), message.state()];
    const bids: number[] = [];
    for (const levels = message.bids(); levels.next(); ) bids.push(levels.price());
    return [...head, message.markPrice(), message.indexPrice(), ...bids];
  };
  change(7, 500_000, MARKET_STATE.open);
  feed.begin();
  const first = [7, 7_000, MARKET_STATE.open, 500_000, 500_001, 500_000];
  expect(snapshot()).toEqual(first);
  change(9, 510_000, MARKET_STATE.cancel_only);
  expect(snapshot()).toEqual(first);
  const update = decoded(feed.tick(EPOCH) as Buffer, new sbe.MarketDataIncrementalDecoder());
  expect([update.previousSequence(), update.sequence(), update.markPrice()]).toEqual([
    7, 9, 510_000,
  ]);
  const second = [9, 9_000, MARKET_STATE.cancel_only, 510_000, 510_001];
  expect(snapshot()).toEqual([...second, 510_000, 500_000]);
});
