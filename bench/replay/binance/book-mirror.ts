import { InvariantError } from '../../../engine/assert.js';
import {
  FLAG_POST_ONLY,
  SIDE_BUY,
  SIDE_SELL,
  TIF_GTC,
  TIF_IOC,
  TIF_SHIFT,
} from '../../../engine/messages/types.js';
import type { CanonicalReader, CanonicalWriter } from '../../../engine/state/canonical-writer.js';
import { makerAccountAt, type ReplayMarket, TAKER_ACCOUNT } from '../market/replay-market.js';
import { RecordedLevels } from './recorded-levels.js';
import type { BestPrices } from './ticker-check.js';

/** Post-only, so that a mirrored level can never trade by itself: a refusal means that the books have parted. */
const RESTING = FLAG_POST_ONLY | (TIF_GTC << TIF_SHIFT);
const TAKING = TIF_IOC << TIF_SHIFT;

/** The one maker order of ours that stands for a recorded level. */
interface MakerOrder {
  readonly orderId: number;
  lots: number;
  filledLots: number;
}

export interface ExecutedTrade {
  readonly filledLots: number;
  /** Price of the first fill, 0 when there was none. */
  readonly firstPriceTicks: number;
}

/**
 * Keeps a maker order in our market for every recorded level, and sends the recorded trades as takers. A trade
 * takes its lots at once; whether the recorded level had already lost them (the two streams are not in step) only
 * the next depth update tells, whose absolute sizes then hold for the levels that trades have touched, too.
 */
export class BookMirror {
  /** Maker orders that would have crossed our book, or that margin did not allow. */
  ordersRefused = 0;
  readonly recorded: readonly [bids: RecordedLevels, asks: RecordedLevels];
  private readonly market: ReplayMarket;
  private readonly makers: readonly [Map<number, MakerOrder>, Map<number, MakerOrder>];
  private bestPriceTicks = 0;
  private bestLots = 0;
  private readonly takeBest = (priceTicks: number, lots: number): void => {
    this.bestPriceTicks = priceTicks;
    this.bestLots = lots;
  };

  constructor(market: ReplayMarket) {
    this.market = market;
    this.recorded = [new RecordedLevels(), new RecordedLevels()];
    this.makers = [new Map(), new Map()];
  }

  /** Makes our book the recorded one: what shrinks first, so that a book that moved does not cross itself. */
  settle(): void {
    const bids = this.recorded[SIDE_BUY].takeChanged();
    const asks = this.recorded[SIDE_SELL].takeChanged();
    for (const price of bids) this.shrink(SIDE_BUY, price);
    for (const price of asks) this.shrink(SIDE_SELL, price);
    for (const price of bids) this.enlarge(SIDE_BUY, price);
    for (const price of asks) this.enlarge(SIDE_SELL, price);
  }

  /** `side` is the taker's. Only what is there at the price or better is executed. */
  trade(side: number, priceTicks: number, lots: number): ExecutedTrade {
    const { market } = this;
    market.place(TAKER_ACCOUNT, side | TAKING, priceTicks, lots);
    const { rejection, fills, fillCount, filledLots } = market.outcome;
    if (rejection !== null) throw new InvariantError(`a recorded trade was refused: ${rejection}`);
    const makerSide = side ^ 1;
    for (let i = 0; i < fillCount; i++) {
      const fill = fills[i] as (typeof fills)[number];
      const maker = this.makersOf(makerSide).get(fill.priceTicks);
      if (maker?.orderId !== fill.orderId) {
        throw new InvariantError(`order ${fill.orderId} was executed, which mirrors no level`);
      }
      maker.lots = fill.remainingLots;
      maker.filledLots += fill.lots;
      if (maker.lots === 0) this.makersOf(makerSide).delete(fill.priceTicks);
      this.recordedOf(makerSide).touch(fill.priceTicks);
    }
    return { filledLots, firstPriceTicks: fillCount === 0 ? 0 : (fills[0]?.priceTicks as number) };
  }

  /** Of our market, not of the recorded levels. */
  best(updateId: number): BestPrices {
    this.lookAtBest(SIDE_BUY);
    const bidTicks = this.bestPriceTicks;
    const bidLots = this.bestLots;
    this.lookAtBest(SIDE_SELL);
    return { updateId, bidTicks, bidLots, askTicks: this.bestPriceTicks, askLots: this.bestLots };
  }

  write(writer: CanonicalWriter): void {
    writer.put(this.ordersRefused);
    for (const side of [SIDE_BUY, SIDE_SELL]) {
      this.recordedOf(side).write(writer);
      const makers = [...this.makersOf(side)].sort(([a], [b]) => a - b);
      writer.put(makers.length);
      for (const [priceTicks, { orderId, lots, filledLots }] of makers) {
        for (const value of [priceTicks, orderId, lots, filledLots]) writer.put(value);
      }
    }
  }

  read(reader: CanonicalReader): void {
    this.ordersRefused = reader.take();
    for (const side of [SIDE_BUY, SIDE_SELL]) {
      this.recordedOf(side).read(reader);
      const count = reader.take();
      for (let i = 0; i < count; i++) {
        const priceTicks = reader.take();
        const orderId = reader.take();
        const lots = reader.take();
        this.makersOf(side).set(priceTicks, { orderId, lots, filledLots: reader.take() });
      }
    }
  }

  private shrink(side: number, priceTicks: number): void {
    const maker = this.makersOf(side).get(priceTicks);
    const lots = this.recordedOf(side).lotsAt(priceTicks);
    if (maker === undefined || lots >= maker.lots) return;
    if (lots > 0) {
      this.resize(maker, priceTicks, lots);
      return;
    }
    this.market.cancel(makerAccountAt(priceTicks), maker.orderId);
    const { rejection } = this.market.outcome;
    if (rejection !== null) throw new InvariantError(`a mirrored level must go: ${rejection}`);
    this.makersOf(side).delete(priceTicks);
  }

  private enlarge(side: number, priceTicks: number): void {
    const maker = this.makersOf(side).get(priceTicks);
    const lots = this.recordedOf(side).lotsAt(priceTicks);
    if (maker !== undefined) {
      if (lots > maker.lots) this.resize(maker, priceTicks, lots);
      return;
    }
    if (lots === 0) return;
    this.market.place(makerAccountAt(priceTicks), side | RESTING, priceTicks, lots);
    const { orderId, rejection } = this.market.outcome;
    if (rejection === null) this.makersOf(side).set(priceTicks, { orderId, lots, filledLots: 0 });
    else this.refuse(side, priceTicks);
  }

  private resize(maker: MakerOrder, priceTicks: number, lots: number): void {
    this.market.amend(
      makerAccountAt(priceTicks),
      maker.orderId,
      priceTicks,
      maker.filledLots + lots,
    );
    if (this.market.outcome.rejection === null) maker.lots = lots;
    else this.ordersRefused++;
  }

  /** Tried again with the next update. */
  private refuse(side: number, priceTicks: number): void {
    this.ordersRefused++;
    this.recordedOf(side).touch(priceTicks);
  }

  private lookAtBest(side: number): void {
    this.bestPriceTicks = 0;
    this.bestLots = 0;
    this.market.forEachLevel(side, 1, this.takeBest);
  }

  private makersOf(side: number): Map<number, MakerOrder> {
    return this.makers[side] as Map<number, MakerOrder>;
  }

  private recordedOf(side: number): RecordedLevels {
    return this.recorded[side] as RecordedLevels;
  }
}
