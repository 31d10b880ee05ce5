import type { TickSize } from './index/price-scale.js';
import type { Observation, PriceSource, SourceHealth, SourceListener } from './price-source.js';
import { type RecordedMarket, RecordedPrices } from './recorded-prices.js';

export interface RecordedFeed {
  feed: string;
  seed: number;
  market: RecordedMarket;
  tick: TickSize;
  /** Publish time of the last price before a restart; 0: there was none. */
  lastPublishMs: number;
}

interface Playing extends RecordedFeed {
  prices: RecordedPrices;
  latest: Observation | null;
}

/** Plays recordings: whoever owns it says when the next prices come, by real time or when a clock was moved by hand. */
export class RecordedSource implements PriceSource {
  readonly name = 'recorded';
  private readonly feeds: Playing[];
  private listener: SourceListener | null = null;
  private played = 0n;

  constructor(feeds: readonly RecordedFeed[]) {
    this.feeds = feeds.map((feed) => {
      return { ...feed, prices: new RecordedPrices(feed.seed, feed.market), latest: null };
    });
  }

  start(listener: SourceListener): void {
    this.listener = listener;
  }

  async stop(): Promise<void> {
    this.listener = null;
  }

  /** The next price of every feed. */
  play(nowMs: number): void {
    this.played++;
    for (const feed of this.feeds) {
      // The real clock may have been set back; prices may not.
      feed.lastPublishMs = Math.max(feed.lastPublishMs, nowMs);
      const { mantissa, decimals } = feed.tick;
      feed.latest = {
        feed: feed.feed,
        mantissa: BigInt(feed.prices.next()) * BigInt(mantissa),
        confidenceMantissa: 0n,
        exponent: -decimals,
        publishTimeMs: feed.lastPublishMs,
        order: this.played,
      };
      this.listener?.onObservation(feed.latest);
    }
  }

  latest(feed: string): Observation | null {
    return this.feeds.find((one) => one.feed === feed)?.latest ?? null;
  }

  health(): SourceHealth {
    return { state: this.played === 0n ? 'starting' : 'live', problem: null };
  }
}
