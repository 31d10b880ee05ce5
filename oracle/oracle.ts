import type { LeftOut } from './index/aggregate.js';
import type { IndexGuards } from './index/guards.js';
import {
  type IndexEvent,
  IndexFeed,
  type IndexPrice,
  type SourceView,
} from './index/index-feed.js';
import { MILLI, scaleObservation, type TickSize } from './index/price-scale.js';
import type { Observation, PriceSource, SourceHealth, SourceState } from './price-source.js';
import type { UpdateFault } from './pyth/update-error.js';

/** A market that wants an index price. */
export interface OracleMarket {
  marketId: number;
  symbol: string;
  /** What the sources call its price. */
  feed: string;
  tick: TickSize;
  priceTicksMax: number;
  guards: IndexGuards;
  /** Publish time of the index price that the engine has; 0: none. */
  lastPublishMs: number;
}

export interface OracleIndex extends IndexPrice {
  marketId: number;
}

/** Every decision, for the log and for counters. */
export type OracleEvent =
  | (IndexEvent & { market: string })
  | { kind: 'update_refused'; source: string; fault: UpdateFault; sentence: string }
  | { kind: 'source_state'; source: string; state: SourceState; problem: string | null };

/** What came of the updates of a source so far. */
export interface SourceCounts {
  newer: number;
  repeats: number;
  older: number;
  refused: Partial<Record<UpdateFault, number>>;
}

/** All there is to know of an oracle at one moment; plain data, so that it can go between threads. */
export interface OracleStatus {
  sources: (SourceCounts & SourceHealth & { name: string })[];
  markets: MarketStatus[];
}

export interface MarketStatus {
  market: string;
  priceTicks: number;
  confidenceTicks: number;
  publishTimeMs: number;
  heldBack: string | null;
  accepted: number;
  heldBackCount: number;
  leftOut: Record<string, number>;
  sources: {
    source: string;
    priceMilliTicks: number | null;
    publishTimeMs: number;
    doubt: string | null;
  }[];
}

export interface OracleOptions {
  sources: readonly PriceSource[];
  markets: readonly OracleMarket[];
  nowMs: () => number;
  onIndex: (index: OracleIndex) => void;
  onEvent: (event: OracleEvent) => void;
}

interface MarketState {
  market: OracleMarket;
  feed: IndexFeed;
  accepted: number;
  heldBackCount: number;
  leftOut: Record<string, number>;
}

/** Sources in, index prices out. It has no timer: its owner calls `evaluate`, as often as an index may change. */
export class Oracle {
  private readonly options: OracleOptions;
  private readonly states: MarketState[];
  private readonly counts = new Map<string, SourceCounts>();

  constructor(options: OracleOptions) {
    this.options = options;
    this.states = options.markets.map((market) => {
      const feed = new IndexFeed(market.guards, market.lastPublishMs);
      return { market, feed, accepted: 0, heldBackCount: 0, leftOut: {} };
    });
    for (const { name } of options.sources) {
      this.counts.set(name, { newer: 0, repeats: 0, older: 0, refused: {} });
    }
  }

  start(): void {
    for (const source of this.options.sources) this.listenTo(source);
  }

  async stop(): Promise<void> {
    await Promise.all(this.options.sources.map((source) => source.stop()));
  }

  /** One round of a market; null: of all of them. */
  evaluate(marketId: number | null = null): void {
    const { nowMs, onIndex } = this.options;
    const now = nowMs();
    for (const state of this.states) {
      if (marketId !== null && state.market.marketId !== marketId) continue;
      const { index, events } = state.feed.evaluate(this.viewsOf(state.market), now);
      for (const event of events) this.count(state, event);
      if (index !== null) onIndex({ marketId: state.market.marketId, ...index });
    }
  }

  status(): OracleStatus {
    const sources = this.options.sources.map((source) => {
      const counts = this.counts.get(source.name) as SourceCounts;
      return { name: source.name, ...source.health(), ...counts, refused: { ...counts.refused } };
    });
    return { sources, markets: this.states.map((state) => this.statusOf(state)) };
  }

  private statusOf({ market, feed, accepted, heldBackCount, leftOut }: MarketState): MarketStatus {
    const sources = this.viewsOf(market).map(({ source, view }) => {
      const known = feed.doubtOf(source);
      const doubt = 'doubt' in view ? view.doubt : (known?.doubt ?? null);
      const priceMilliTicks = 'doubt' in view ? null : view.priceMilliTicks;
      const publishTimeMs = 'doubt' in view ? 0 : view.publishTimeMs;
      return { source, priceMilliTicks, publishTimeMs, doubt };
    });
    const heldBack = feed.heldBack?.doubt ?? null;
    const counts = { accepted, heldBackCount, leftOut: { ...leftOut } };
    return { market: market.symbol, ...feed.lastIndex, heldBack, ...counts, sources };
  }

  private listenTo(source: PriceSource): void {
    const { name } = source;
    const counts = this.counts.get(name) as SourceCounts;
    source.start({
      onObservation: () => {
        counts.newer++;
      },
      onNotNewer: (_feed, kind) => {
        if (kind === 'repeat') counts.repeats++;
        else counts.older++;
      },
      onRefused: (fault, sentence) => {
        counts.refused[fault] = (counts.refused[fault] ?? 0) + 1;
        this.options.onEvent({ kind: 'update_refused', source: name, fault, sentence });
      },
      onHealth: (health) => {
        this.options.onEvent({ kind: 'source_state', source: name, ...health });
      },
    });
  }

  private viewsOf(market: OracleMarket): SourceView[] {
    return this.options.sources.map((source) => {
      const observation = source.latest(market.feed);
      return { source: source.name, view: viewOf(observation, market) };
    });
  }

  private count(state: MarketState, event: IndexEvent): void {
    if (event.kind === 'index_accepted') state.accepted++;
    if (event.kind === 'index_held_back' && event.doubt !== 'recovering') state.heldBackCount++;
    if (event.kind === 'source_left_out') {
      state.leftOut[event.doubt] = (state.leftOut[event.doubt] ?? 0) + 1;
    }
    this.options.onEvent({ market: state.market.symbol, ...event });
  }
}

function viewOf(observation: Observation | null, market: OracleMarket): SourceView['view'] {
  const nothing: LeftOut = { doubt: 'nothing_yet', value: 0, limit: 0 };
  if (observation === null) return nothing;
  const scaled = scaleObservation(observation, market.tick);
  if (typeof scaled === 'string') return { doubt: scaled, value: 0, limit: 0 };
  const { priceMilliTicks } = scaled;
  const most = market.priceTicksMax * MILLI;
  if (priceMilliTicks > most) {
    return { doubt: 'price_is_too_high', value: priceMilliTicks, limit: most };
  }
  // It would be no tick at all.
  const least = MILLI / 2;
  if (priceMilliTicks < least) {
    return { doubt: 'price_is_too_low', value: priceMilliTicks, limit: least };
  }
  return { ...scaled, publishTimeMs: observation.publishTimeMs };
}
