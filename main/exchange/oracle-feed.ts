import { asPriceTicks, asTimeMs, type TimeMs } from '../../engine/units/units.js';
import { RECORDED_INTERVAL_MS, RecordedPrices } from '../../oracle/recorded-prices.js';
import { OperatorError } from '../admin/operator.js';
import type { Config } from '../config/config.js';
import type { Exchange } from './exchange.js';

const SEED = 20_260_101;

interface Source {
  marketId: number;
  symbol: string;
  prices: RecordedPrices;
  lastPublishMs: TimeMs;
}

/** Plays the recorded prices into the shards: by real time, or one each time a manual clock was moved. */
export class OracleFeed {
  private readonly exchange: Exchange;
  private readonly sources: Source[];
  private timer: NodeJS.Timeout | null = null;
  private underWay = false;
  private readonly complained = new Set<string>();

  constructor(exchange: Exchange, config: Config) {
    this.exchange = exchange;
    const seeded = exchange.seededMarkets;
    this.sources = config.markets.map(({ marketId, params, referenceTicks }) => {
      const known = seeded.find((market) => market.marketId === marketId);
      // A jump at a restart would be a loss for somebody: the walk goes on where it was.
      const startTicks = known?.indexTicks || referenceTicks;
      const market = { referenceTicks, startTicks, ticksMax: params.priceTicksMax };
      const prices = new RecordedPrices(SEED + marketId, market);
      const lastPublishMs = known?.publishTimeMs ?? asTimeMs(0);
      return { marketId, symbol: params.symbol, prices, lastPublishMs };
    });
  }

  /** Resolves when every market has a price. */
  async start(clock: Config['clock']): Promise<void> {
    await this.publish();
    if (clock === 'manual') {
      this.exchange.onAdvanced = () => this.publish();
      return;
    }
    this.timer = setInterval(() => {
      if (!this.underWay) void this.publish();
    }, RECORDED_INTERVAL_MS);
  }

  stop(): void {
    if (this.timer !== null) clearInterval(this.timer);
  }

  private async publish(): Promise<void> {
    this.underWay = true;
    try {
      await Promise.all(this.sources.map((source) => this.publishOne(source)));
    } finally {
      this.underWay = false;
    }
  }

  private async publishOne(source: Source): Promise<void> {
    const { operator } = this.exchange;
    // The real clock may have been set back; prices may not.
    source.lastPublishMs = asTimeMs(Math.max(source.lastPublishMs, this.exchange.timeMs()));
    try {
      const price = source.prices.next();
      const confidence = asPriceTicks(0);
      await operator.setIndexPrice(source.marketId, price, source.lastPublishMs, confidence);
    } catch (error) {
      if (!(error instanceof OperatorError)) throw error;
      if (this.complained.has(error.code)) return;
      this.complained.add(error.code);
      const { symbol } = source;
      this.exchange.log.warn({ symbol }, `a price of ${symbol} was refused: ${error.message}`);
    }
  }
}
