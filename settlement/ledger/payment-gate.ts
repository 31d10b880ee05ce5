import type { Coverage, JournalPlace, MarketEnd, Watermark } from './coverage.js';
import type { StreamCursor } from './streams.js';

/** A watermark after which the ends of the markets were asked of the bus. */
export interface ConfirmedWatermark extends Watermark {
  readonly ends: readonly MarketEnd[];
}

/**
 * Which payments of a market are here with every trade that came before them. The chain judges a payment by the open interest that it
 * knows, so one that is sent before its trades may be refused, and since batches are settled in order, it is refused for ever.
 *
 * A payment of a shard's accounts is let through when a later watermark of that shard is here and all trades up to the end that the
 * market had on the bus behind it. Where the market is of another shard, a watermark of that one has to be later as well.
 */
export class PaymentGate {
  private readonly coverage: Coverage;
  /** Read with the first payment: most windows have none. */
  private watermarks: readonly ConfirmedWatermark[] | null = null;
  private readonly markets = new Map<number, StreamCursor>();

  constructor(coverage: Coverage, cursors: readonly StreamCursor[]) {
    this.coverage = coverage;
    for (const cursor of cursors) {
      if (cursor.kind === 'market') this.markets.set(cursor.streamId, cursor);
    }
  }

  /** @param item number of the payment in the stream of the shard's accounts. */
  allows(shardId: number, item: number, marketId: number, timeMs: number): boolean {
    this.watermarks ??= this.coverage.confirmed();
    const { watermarks } = this;
    const isBehind = (one: ConfirmedWatermark) => {
      return one.shardId === shardId && one.accountItem >= item && this.isHere(one, marketId);
    };
    if (!watermarks.some(isBehind)) return false;
    const host = this.markets.get(marketId)?.shardId;
    if (host === undefined || host === shardId) return true;
    const isLater = (one: Watermark | JournalPlace) => {
      return one.shardId === host && one.timeMs > timeMs;
    };
    // Watermarks of what is in batches are kept no more.
    if (this.coverage.places().some(isLater)) return true;
    return watermarks.some((one) => isLater(one) && this.isHere(one, marketId));
  }

  private isHere({ ends }: ConfirmedWatermark, marketId: number): boolean {
    const end = ends.find((one) => one.marketId === marketId);
    return end !== undefined && (this.markets.get(marketId)?.ingestedItem ?? 0) >= end.lastItem;
  }
}
