import { asPriceTicks, asTimeMs } from '../../engine/units/units.js';
import type { IndexGuards } from '../../oracle/index/guards.js';
import { ManualSource } from '../../oracle/manual-source.js';
import { Oracle, type OracleIndex, type OracleMarket } from '../../oracle/oracle.js';
import { RECORDED_INTERVAL_MS } from '../../oracle/recorded-prices.js';
import { RecordedSource } from '../../oracle/recorded-source.js';
import { OperatorError } from '../admin/operator.js';
import type { Config } from '../config/config.js';
import { readGuardianHistory } from '../config/oracle-config.js';
import { OracleLog } from '../observe/oracle-log.js';
import type { Exchange } from './exchange.js';
import { PythOracle } from './pyth-oracle.js';

const SEED = 20_260_101;
/** Sources that are slower than this do not keep the doors closed: without an index a market takes no orders. */
const FIRST_PRICES_WITHIN_MS = 3_000;
/** A recording is as good as it says, and its time may stand still. */
const NO_GUARDS: IndexGuards = {
  ageMaxMs: 0,
  aheadMaxMs: 0,
  confidenceMaxPpm: 0,
  deviationMaxPpm: 0,
  sourcesMin: 1,
  goodRounds: 1,
};

/**
 * Brings index prices into the shards: recorded ones by real time, or one each time a manual clock was moved; those of Pyth as they come. What a
 * shard has not answered yet is not waited for by newer prices: of those the newest goes next.
 */
export class OracleFeed {
  private readonly exchange: Exchange;
  private readonly config: Config;
  private readonly log: OracleLog;
  private readonly waiting = new Map<number, OracleIndex>();
  private readonly underWay = new Map<number, Promise<void>>();
  private readonly complained = new Set<string>();
  private timer: NodeJS.Timeout | null = null;
  private pyth: PythOracle | null = null;

  constructor(exchange: Exchange, config: Config) {
    this.exchange = exchange;
    this.config = config;
    this.log = new OracleLog(exchange.log, () => Date.now());
  }

  /** Resolves when every market has a price; with sources elsewhere, also when they let wait for it. */
  async start(clock: Config['clock']): Promise<void> {
    if (this.config.oracle === 'pyth') await this.startPyth();
    else if (this.config.oracle === 'manual') this.startManual();
    else await this.startRecorded(clock);
  }

  async stop(): Promise<void> {
    if (this.timer !== null) clearInterval(this.timer);
    await this.pyth?.stop();
  }

  private async startRecorded(clock: Config['clock']): Promise<void> {
    const source = this.recordedSource();
    const oracle = new Oracle({
      sources: [source],
      markets: this.markets(NO_GUARDS, false),
      nowMs: () => this.exchange.timeMs(),
      onIndex: (index) => this.take(index),
      onEvent: (event) => this.log.tell(event),
    });
    this.exchange.oracleStatus = () => oracle.status();
    oracle.start();
    const publish = async () => {
      source.play(this.exchange.timeMs());
      oracle.evaluate();
      await this.arrived();
    };
    await publish();
    if (clock === 'manual') {
      this.exchange.onAdvanced = publish;
      return;
    }
    this.timer = setInterval(() => {
      if (this.underWay.size === 0) void publish();
    }, RECORDED_INTERVAL_MS);
  }

  /** The operator's prices go to the engine at once, which answers them; here they only become visible like others'. */
  private startManual(): void {
    const source = new ManualSource();
    const oracle = new Oracle({
      sources: [source],
      markets: this.markets(NO_GUARDS, false),
      nowMs: () => this.exchange.timeMs(),
      onIndex: () => {},
      onEvent: (event) => this.log.tell(event),
    });
    oracle.start();
    this.exchange.oracleStatus = () => oracle.status();
    this.exchange.onManualPrice = ({ marketId, priceTicks, confidenceTicks, publishTimeMs }) => {
      const market = this.config.markets.find((one) => one.marketId === marketId);
      if (market === undefined) return;
      const { symbol, tickMantissa, tickDecimals } = market.params;
      source.set({
        feed: symbol,
        mantissa: BigInt(priceTicks) * BigInt(tickMantissa),
        confidenceMantissa: BigInt(confidenceTicks) * BigInt(tickMantissa),
        exponent: -tickDecimals,
        publishTimeMs,
      });
      // Of the others there may be none yet, and nobody has to be told.
      oracle.evaluate(marketId);
    };
  }

  private async startPyth(): Promise<void> {
    const { config, exchange } = this;
    const missing = new Set(config.markets.map(({ marketId }) => marketId));
    let tellAll: () => void = () => {};
    const all = new Promise<void>((resolve) => {
      tellAll = resolve;
    });
    const oracle = new PythOracle({
      task: {
        purpose: 'oracle',
        sources: config.priceSources,
        guardians: readGuardianHistory(config.priceSources.guardianSets),
        markets: this.markets(null, true),
      },
      onIndex: (index) => {
        this.take(index);
        missing.delete(index.marketId);
        if (missing.size === 0) tellAll();
      },
      onEvent: (event) => this.log.tell(event),
      onError: (error) => {
        exchange.log.error({ err: error }, `the oracle has failed for now: ${error.message}`);
      },
    });
    this.pyth = oracle;
    exchange.oracleStatus = () => oracle.status();
    oracle.start();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, FIRST_PRICES_WITHIN_MS);
    });
    await Promise.race([all, late]);
    clearTimeout(timer);
    await this.arrived();
  }

  private recordedSource(): RecordedSource {
    const seeded = this.exchange.seededMarkets;
    return new RecordedSource(
      this.config.markets.map(({ marketId, params, referenceTicks }) => {
        const known = seeded.find((market) => market.marketId === marketId);
        // A jump at a restart would be a loss for somebody: the walk goes on where it was.
        const startTicks = known?.indexTicks || referenceTicks;
        return {
          feed: params.symbol,
          seed: SEED + marketId,
          market: { referenceTicks, startTicks, ticksMax: params.priceTicksMax },
          tick: { mantissa: params.tickMantissa, decimals: params.tickDecimals },
          lastPublishMs: known?.publishTimeMs ?? 0,
        };
      }),
    );
  }

  /** `guards`: instead of each market's own. */
  private markets(guards: IndexGuards | null, isPyth: boolean): OracleMarket[] {
    const seeded = this.exchange.seededMarkets;
    return this.config.markets.map(({ marketId, params, pythFeed, indexGuards }) => {
      const known = seeded.find((market) => market.marketId === marketId);
      return {
        marketId,
        symbol: params.symbol,
        feed: isPyth ? (pythFeed as string) : params.symbol,
        tick: { mantissa: params.tickMantissa, decimals: params.tickDecimals },
        priceTicksMax: params.priceTicksMax,
        guards: guards ?? indexGuards,
        // The recording continues itself.
        lastPublishMs: isPyth ? (known?.publishTimeMs ?? 0) : 0,
      };
    });
  }

  private take(index: OracleIndex): void {
    const { marketId } = index;
    this.waiting.set(marketId, index);
    if (this.underWay.has(marketId)) return;
    this.underWay.set(marketId, this.sendAll(marketId));
  }

  /** Everything that has been taken is in the shards. */
  private async arrived(): Promise<void> {
    await Promise.all(this.underWay.values());
  }

  private async sendAll(marketId: number): Promise<void> {
    try {
      for (;;) {
        const index = this.waiting.get(marketId);
        if (index === undefined) return;
        this.waiting.delete(marketId);
        await this.send(index);
      }
    } finally {
      // In the same turn as the last look at what waits, so that nothing waits for nobody.
      this.underWay.delete(marketId);
    }
  }

  private async send(index: OracleIndex): Promise<void> {
    const { marketId, priceTicks, publishTimeMs, confidenceTicks } = index;
    try {
      await this.exchange.operator.setIndexPrice(
        marketId,
        asPriceTicks(priceTicks),
        asTimeMs(publishTimeMs),
        asPriceTicks(confidenceTicks),
      );
    } catch (error) {
      if (!(error instanceof OperatorError)) throw error;
      this.complain(marketId, error);
    }
  }

  private complain(marketId: number, error: OperatorError): void {
    if (this.complained.has(error.code)) return;
    this.complained.add(error.code);
    const market = this.config.markets.find((one) => one.marketId === marketId);
    const symbol = market?.params.symbol ?? String(marketId);
    this.exchange.log.warn({ symbol }, `a price of ${symbol} was refused: ${error.message}`);
  }
}
