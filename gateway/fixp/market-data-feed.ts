import type { L2Book } from '../feeds/l2-book.js';
import type { Market } from '../markets.js';
import { messageBytes } from './fixp-connection.js';
import type { FixpSession } from './fixp-session.js';
import { FRAMING_BYTES, HEAD_BYTES, writeFraming } from './framing.js';
import {
  MarketDataIncrementalDecoder,
  MarketDataIncrementalEncoder,
  MarketDataSnapshotDecoder,
  MarketDataSnapshotEncoder,
  type MarketState,
  Side,
} from './generated/index.js';

/** Levels of a side that one message can count. */
const ENTRIES_MAX = 65_534;
const LEVEL_BYTES = 12;
const TRADE_BYTES = 29;
const GROUP_HEADS_BYTES = 12;

export interface TradeSeen {
  tradeId: number;
  priceTicks: number;
  lots: number;
  /** The engine's side of the taker. */
  takerSide: number;
  timeMs: number;
}

/** What a message says besides levels and trades. */
interface Standing {
  state: number;
  /** 0: none. */
  markTicks: number;
  indexTicks: number;
  timeMs: number;
}

const snapshotEncoder = new MarketDataSnapshotEncoder();
const incrementalEncoder = new MarketDataIncrementalEncoder();

/**
 * The book and the trades of one market for those who subscribe: a snapshot, then what has changed since the message before, at most
 * once in a tick. It remembers which levels were touched and asks the gateway's book what they are, and what it has told of them.
 */
export class MarketDataFeed {
  readonly subscribers = new Set<FixpSession>();
  /** Those who read too slowly: they get a snapshot when they have caught up. */
  readonly lagging = new Set<FixpSession>();
  private readonly market: Market;
  private readonly book: L2Book;
  /** What was told last: lots by price. */
  private readonly told: [Map<number, number>, Map<number, number>] = [new Map(), new Map()];
  private readonly touched: [Set<number>, Set<number>] = [new Set(), new Set()];
  private trades: TradeSeen[] = [];
  private pricesChanged = false;
  /** Journal sequence of the last event that was seen, and of the last that was told. */
  private seenSequence = 0;
  private toldSequence = 0;
  private timeMs = 0;
  /** What stood at the sequence that was told last, and so a snapshot shows. */
  private shown: Standing;

  constructor(market: Market, book: L2Book) {
    this.market = market;
    this.book = book;
    this.shown = this.standing();
  }

  /** An event of an order: its level may have changed. */
  saw(side: number, priceTicks: number, sequence: number, timeMs: number): void {
    this.touched[side === 0 ? 0 : 1].add(priceTicks);
    this.note(sequence, timeMs);
  }

  sawTrade(trade: TradeSeen, sequence: number): void {
    this.trades.push(trade);
    this.note(sequence, trade.timeMs);
  }

  /** State, mark or index price. */
  sawPrices(sequence: number, timeMs: number): void {
    this.pricesChanged = true;
    this.note(sequence, timeMs);
  }

  /** How far the market has come; of an event while nobody reads that is all that is kept. */
  note(sequence: number, timeMs: number): void {
    this.seenSequence = Math.max(this.seenSequence, sequence);
    this.timeMs = timeMs;
  }

  /** Takes the book as it is: for the first subscriber, with the sequence that the market's events have come to. */
  begin(): void {
    [0, 1].forEach((side) => {
      const told = this.told[side as 0 | 1];
      told.clear();
      const levels = this.book.present(side);
      for (let i = 0; i < levels.length; i += 2)
        told.set(levels[i] as number, levels[i + 1] as number);
      this.touched[side as 0 | 1].clear();
    });
    this.trades = [];
    this.pricesChanged = false;
    this.toldSequence = this.seenSequence;
    this.shown = this.standing();
  }

  /** Length of a snapshot, about: known before anything is done for it. */
  get snapshotBytes(): number {
    const levels =
      this.subscribers.size === 0
        ? this.book.countOf(0) + this.book.countOf(1)
        : this.told[0].size + this.told[1].size;
    return roomFor(MarketDataSnapshotDecoder.BLOCK_LENGTH, Math.min(levels, 2 * ENTRIES_MAX), 0);
  }

  /** The book as it was told last, as one frame. */
  snapshot(epoch: number): Buffer {
    const { market, told } = this;
    const sides = ([0, 1] as const).map((side) => {
      const rows = [...told[side]].sort(([a], [b]) => (side === 0 ? b - a : a - b));
      return rows.slice(0, ENTRIES_MAX);
    });
    const levels = (sides[0]?.length ?? 0) + (sides[1]?.length ?? 0);
    const { bytes, view } = room(MarketDataSnapshotDecoder.BLOCK_LENGTH, levels, 0);
    const message = snapshotEncoder.wrapAndApplyHeader(view, FRAMING_BYTES).clear();
    message.marketId(market.id).epoch(epoch).sequence(this.toldSequence);
    writeStanding(message, this.shown);
    const [bids = [], offers = []] = sides;
    const writeLevels = (
      group: { next(): boolean; price(v: number): { qty(v: number): unknown } },
      rows: typeof bids,
    ) => {
      for (const [price, lots] of rows) {
        group.next();
        group.price(price).qty(lots);
      }
    };
    writeLevels(message.bidsCount(bids.length), bids);
    writeLevels(message.offersCount(offers.length), offers);
    return bytes.subarray(0, writeFraming(view, 0, messageBytes(message)));
  }

  /** What has changed since the last message, as one frame; null: nothing. */
  tick(epoch: number): Buffer | null {
    const changes = ([0, 1] as const).map((side) => this.changesOf(side));
    const [bids = [], offers = []] = changes;
    const { trades, market } = this;
    if (bids.length + offers.length + trades.length === 0 && !this.pricesChanged) return null;
    this.trades = [];
    this.pricesChanged = false;
    const levels = bids.length + offers.length;
    const { bytes, view } = room(MarketDataIncrementalDecoder.BLOCK_LENGTH, levels, trades.length);
    const message = incrementalEncoder.wrapAndApplyHeader(view, FRAMING_BYTES).clear();
    message.marketId(market.id).epoch(epoch);
    message.previousSequence(this.toldSequence).sequence(this.seenSequence);
    this.toldSequence = this.seenSequence;
    this.shown = this.standing();
    writeStanding(message, this.shown);
    const bidGroup = message.bidsCount(bids.length);
    for (const [price, lots] of bids) if (bidGroup.next()) bidGroup.price(price).qty(lots);
    const offerGroup = message.offersCount(offers.length);
    for (const [price, lots] of offers) if (offerGroup.next()) offerGroup.price(price).qty(lots);
    const tradeGroup = message.tradesCount(trades.length);
    for (const trade of trades) {
      tradeGroup.next();
      tradeGroup.tradeId(trade.tradeId).qty(trade.lots).time(trade.timeMs).price(trade.priceTicks);
      tradeGroup.aggressor(trade.takerSide === 0 ? Side.Buy : Side.Sell);
    }
    return bytes.subarray(0, writeFraming(view, 0, messageBytes(message)));
  }

  private standing(): Standing {
    const { market, timeMs } = this;
    const { state, markTicks, indexTicks } = market;
    return { state, markTicks, indexTicks, timeMs };
  }

  private changesOf(side: 0 | 1): [number, number][] {
    const changes: [number, number][] = [];
    const told = this.told[side];
    for (const price of this.touched[side]) {
      const lots = this.book.lotsAt(side, price);
      if ((told.get(price) ?? 0) === lots) continue;
      if (lots === 0) told.delete(price);
      else told.set(price, lots);
      changes.push([price, lots]);
    }
    this.touched[side].clear();
    return changes.sort(([a], [b]) => (side === 0 ? b - a : a - b));
  }
}

function writeStanding(
  message: MarketDataSnapshotEncoder | MarketDataIncrementalEncoder,
  { state, markTicks, indexTicks, timeMs }: Standing,
): void {
  message.state(state as MarketState).transactTime(timeMs);
  if (markTicks > 0) message.markPrice(markTicks);
  if (indexTicks > 0) message.indexPrice(indexTicks);
}

function roomFor(blockLength: number, levels: number, trades: number): number {
  const groups = GROUP_HEADS_BYTES + levels * LEVEL_BYTES + trades * TRADE_BYTES;
  return HEAD_BYTES + blockLength + groups;
}

function room(blockLength: number, levels: number, trades: number) {
  const bytes = Buffer.alloc(roomFor(blockLength, levels, trades));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return { bytes, view };
}
