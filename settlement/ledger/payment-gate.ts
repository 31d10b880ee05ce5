import type { Coverage, JournalPlace, Watermark } from './coverage.js';
import type { StreamCursor } from './streams.js';

/** A payment of a market, by its place among the items of a shard's accounts. */
interface Payment {
  readonly shardId: number;
  readonly item: number;
  readonly marketId: number;
  readonly timeMs: number;
}

/**
 * Which payments of a market are here with every trade that came before them. The chain judges a payment by the open interest that it
 * knows, so one that is sent before its trades may be refused, and since batches are settled in order, it is refused for ever.
 *
 * A payment is let through when a watermark of the market's host is here that came after it, and all trades that it names.
 */
export class PaymentGate {
  private readonly coverage: Coverage;
  /** Read with the first payment: most windows have none. */
  private watermarks: readonly Watermark[] | null = null;
  /** Read when a watermark alone does not tell; the same for the whole window. */
  private places: readonly JournalPlace[] | null = null;
  private readonly markets = new Map<number, StreamCursor>();
  private readonly shards: ReadonlySet<number>;

  constructor(coverage: Coverage, cursors: readonly StreamCursor[]) {
    this.coverage = coverage;
    this.shards = new Set(cursors.map(({ shardId }) => shardId));
    for (const cursor of cursors) {
      if (cursor.kind === 'market') this.markets.set(cursor.streamId, cursor);
    }
  }

  allows(payment: Payment): boolean {
    const host = this.markets.get(payment.marketId)?.shardId;
    // While none of its trades is here, any shard may be the host.
    const hosts = host === undefined ? [...this.shards] : [host];
    return hosts.every((shardId) => this.isBehind(shardId, payment));
  }

  /** Whether the shard has said that it was further, and the trades that it had then are here. */
  private isBehind(host: number, { shardId, item, marketId, timeMs }: Payment): boolean {
    this.watermarks ??= this.coverage.watermarks();
    // In another shard, whose sequences cannot be compared, by time: all stamp that of one clock.
    const isLater = (one: JournalPlace) => one.shardId === host && one.timeMs > timeMs;
    const isAfter = (one: Watermark) => {
      return host === shardId ? one.shardId === host && one.accountItem >= item : isLater(one);
    };
    // The first one after it: later ones name no less.
    const watermark = this.watermarks.find(isAfter);
    if (watermark !== undefined && this.isHere(watermark, marketId)) return true;
    // Watermarks of what is in batches are kept no more.
    if (host === shardId) return false;
    this.places ??= this.coverage.places();
    return this.places.some(isLater);
  }

  private isHere({ marketEnds }: Watermark, marketId: number): boolean {
    const end = marketEnds.find((one) => one.marketId === marketId)?.lastItem ?? 0;
    return (this.markets.get(marketId)?.ingestedItem ?? 0) >= end;
  }
}
