import { SIDE_BUY } from '../../../engine/messages/types.js';
import type { ReplayMarket } from '../market/replay-market.js';
import type { RecordedSide } from './book-row.js';
import type { LobsterCounters } from './lobster-counters.js';
import type { OrderFlow } from './order-flow.js';

/**
 * Compares our book with the levels that the recording shows, its window, and then mends what the recording cannot
 * tell by messages: it says nothing about orders while they are outside of the window. So the row's last level,
 * when it is not what our book holds there, is taken anew as one anonymous order; and a level that leaves the
 * window keeps its lots, as one anonymous order, but its orders are forgotten. Levels before the last are never
 * touched: that they agree is the result of our matching.
 */
export class BookWindow {
  private readonly levels: number;
  private readonly market: ReplayMarket;
  private readonly flow: OrderFlow;
  private readonly counters: LobsterCounters;
  private readonly prices: Float64Array;
  private readonly lots: Float64Array;
  private readonly equal: Uint8Array;
  private seen = 0;
  private readonly see = (priceTicks: number, lots: number): void => {
    this.prices[this.seen] = priceTicks;
    this.lots[this.seen] = lots;
    this.seen++;
  };

  constructor(levels: number, market: ReplayMarket, flow: OrderFlow, counters: LobsterCounters) {
    this.levels = levels;
    this.market = market;
    this.flow = flow;
    this.counters = counters;
    // One more: the level that a new one has just pushed out.
    this.prices = new Float64Array(levels + 1);
    this.lots = new Float64Array(levels + 1);
    this.equal = new Uint8Array(levels);
  }

  begin(): void {
    this.equal.fill(1);
  }

  /** Compares one side, then mends it; the other side's orders do not matter to it. */
  settle(side: number, recorded: RecordedSide): void {
    this.look(side);
    for (let level = 0; level < this.levels; level++) {
      if (!this.isEqual(recorded, level)) this.equal[level] = 0;
    }
    if (recorded.count === this.levels) this.mendLast(side, recorded);
    else this.forgetBeyond(side, recorded);
  }

  end(): void {
    const { counters, equal, levels } = this;
    let all = 1;
    for (let level = 0; level < levels; level++) {
      const isEqual = equal[level] as number;
      counters.levelRowsEqual[level]! += isEqual;
      all &= isEqual;
    }
    counters.rowsEqual += all;
    counters.rows++;
  }

  private look(side: number): void {
    this.seen = 0;
    this.market.forEachLevel(side, this.levels + 1, this.see);
  }

  private isEqual(recorded: RecordedSide, level: number): boolean {
    if (level >= recorded.count) return level >= this.seen;
    return (
      level < this.seen &&
      this.prices[level] === recorded.priceTicks[level] &&
      this.lots[level] === recorded.lots[level]
    );
  }

  private mendLast(side: number, recorded: RecordedSide): void {
    const last = this.levels - 1;
    if (this.isEqual(recorded, last)) {
      const left = this.levels;
      if (this.seen > left) this.forgetNames(side, left);
      return;
    }
    const end = recorded.priceTicks[last] as number;
    const before = last > 0 ? (recorded.priceTicks[last - 1] as number) : null;
    this.dropWhere(side, (price) => {
      return isBetter(side, price, end) && (before === null || isBetter(side, before, price));
    });
    this.flow.takeAnew(side, end, recorded.lots[last] as number);
    this.counters.levelsTakenAnew++;
  }

  private forgetNames(side: number, level: number): void {
    this.flow.takeAnew(side, this.prices[level] as number, this.lots[level] as number);
  }

  /** The recording shows the whole side, so whatever our book has beyond it is gone. */
  private forgetBeyond(side: number, recorded: RecordedSide): void {
    if (this.seen <= recorded.count) return;
    const end = recorded.count === 0 ? null : (recorded.priceTicks[recorded.count - 1] as number);
    this.dropWhere(side, (price) => end === null || isBetter(side, end, price));
  }

  /** What has to go follows on the levels that are right, so it is among the first ones until none is left. */
  private dropWhere(side: number, isGone: (priceTicks: number) => boolean): void {
    for (;;) {
      this.look(side);
      const gone = this.prices.subarray(0, this.seen).filter(isGone);
      if (gone.length === 0) return;
      for (const price of gone) this.flow.drop(side, price);
    }
  }
}

function isBetter(side: number, price: number, than: number): boolean {
  return side === SIDE_BUY ? price > than : price < than;
}
