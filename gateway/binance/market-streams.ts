import type { Market } from '../markets.js';
import { openTimeOf } from './candles.js';
import type { Depths } from './depth.js';
import type {
  AggregateTrade,
  ForcedOrder,
  MarketListener,
  MarketMemories,
  TradeRecord,
} from './market-memory.js';
import { prefixOf, type StreamShape, streamOf } from './stream-names.js';
import * as payloads from './stream-payloads.js';
import type { StreamSocket } from './stream-socket.js';
import type { Symbols } from './symbols.js';

interface Stream extends StreamShape {
  readonly readers: Set<StreamSocket>;
  /** When it is due again. */
  dueMs: number;
  /** Sequence of the book, or number of the trade, that was sent last. */
  lastSent: number;
  /** Of klines: the one that was sent last. */
  openMs: number;
}

export interface MarketStreamContext {
  readonly symbols: Symbols;
  readonly memories: MarketMemories;
  readonly depths: Depths;
  readonly exchangeTimeMs: () => number;
}

/** Streams that anybody may read: each message is written once, however many read it. */
export class MarketStreams implements MarketListener {
  private readonly context: () => MarketStreamContext;
  private readonly streams = new Map<string, Stream>();

  /** The context is asked for late, because its memories tell this object what happens. */
  constructor(context: () => MarketStreamContext) {
    this.context = context;
  }

  /** False: there is no such stream. */
  subscribe(name: string, reader: StreamSocket): boolean {
    let stream = this.streams.get(name);
    if (stream === undefined) {
      const shape = streamOf(this.context().symbols, name);
      if (shape === undefined) return false;
      stream = { ...shape, readers: new Set(), dueMs: 0, lastSent: 0, openMs: 0 };
      this.streams.set(name, stream);
      this.begin(stream);
    }
    stream.readers.add(reader);
    return true;
  }

  unsubscribe(name: string, reader: StreamSocket): void {
    const stream = this.streams.get(name);
    if (stream === undefined) return;
    stream.readers.delete(reader);
    if (stream.readers.size > 0) return;
    this.streams.delete(name);
    if (stream.kind === 'diff') this.context().depths.leave(name);
  }

  traded(marketId: number, trade: TradeRecord): void {
    this.toMarket(marketId, 'trade', (market) => {
      return payloads.tradePayload(market, trade, this.nowMs());
    });
  }

  aggregated(marketId: number, trade: AggregateTrade): void {
    this.toMarket(marketId, 'aggTrade', (market) => {
      return payloads.aggregatePayload(market, trade, this.nowMs());
    });
  }

  forced(marketId: number, order: ForcedOrder): void {
    const write = (market: Market) => payloads.forcePayload(market, order, this.nowMs());
    this.toMarket(marketId, 'forceOrder', write);
    const all = this.streams.get('!forceOrder@arr');
    const market = this.marketOf(marketId);
    if (all !== undefined && market !== undefined) send(all, write(market));
  }

  /** A tick has published a book. */
  bookChanged(marketId: number): void {
    const market = this.marketOf(marketId);
    if (market === undefined) return;
    for (const name of [`${prefixOf(market)}@bookTicker`, '!bookTicker']) {
      const stream = this.streams.get(name);
      if (stream === undefined) continue;
      send(stream, payloads.bookTickerPayload(market, this.context().depths, this.nowMs()));
    }
  }

  /** Sends what is due; `clockMs` is a clock that never goes back. */
  tick(clockMs: number): void {
    for (const stream of this.streams.values()) {
      if (stream.everyMs === 0 || clockMs < stream.dueMs) continue;
      stream.dueMs = Math.max(stream.dueMs + stream.everyMs, clockMs);
      const payload = this.payloadOf(stream);
      if (payload !== null) send(stream, payload);
    }
  }

  private begin(stream: Stream): void {
    if (stream.market === null) return;
    const { depths } = this.context();
    if (stream.kind === 'diff') depths.follow(stream.name, stream.market.id);
    stream.lastSent = stream.kind === 'partial' ? -1 : 0;
  }

  private payloadOf(stream: Stream): unknown {
    const { symbols } = this.context();
    if (stream.isArray) {
      const all = symbols.all().map((market) => this.marketPayload(stream, market));
      const some = all.filter((payload) => payload !== null);
      return some.length === 0 ? null : some;
    }
    return stream.market === null ? null : this.marketPayload(stream, stream.market);
  }

  private marketPayload(stream: Stream, market: Market): unknown {
    const { depths, memories } = this.context();
    const now = this.nowMs();
    switch (stream.kind) {
      case 'diff': {
        const update = depths.take(market, stream.name);
        return update === null ? null : payloads.depthPayload(market, update, now);
      }
      case 'partial':
        return this.partial(stream, market, now);
      case 'ticker': {
        const last = memories.of(market.id).trades.at(-1);
        const day = memories.day(market.id, now);
        return payloads.tickerPayload(market, day, last?.lots ?? 0, now);
      }
      case 'miniTicker':
        return payloads.miniTickerPayload(market, memories.day(market.id, now), now);
      case 'markPrice':
        return market.markTicks === 0 ? null : payloads.markPayload(market, now);
      case 'kline':
        return this.kline(stream, market, now);
      default:
        return null;
    }
  }

  private partial(stream: Stream, market: Market, now: number): unknown {
    const { depths } = this.context();
    const sequence = depths.sequenceOf(market.id);
    if (sequence === stream.lastSent) return null;
    const previous = Math.max(0, stream.lastSent);
    stream.lastSent = sequence;
    const update = payloads.partialDepth(market, depths, stream.levels, previous);
    return payloads.depthPayload(market, update, now);
  }

  /** The present candle when it has changed, and the one before once more when it has ended. */
  private kline(stream: Stream, market: Market, now: number): unknown {
    const { interval } = stream;
    if (interval === null) return null;
    const { candles } = this.context().memories;
    const openMs = openTimeOf(interval, now);
    if (stream.openMs !== 0 && stream.openMs < openMs) {
      const [ended] = candles.candles(market.id, interval, stream.openMs, stream.openMs, 1);
      stream.openMs = 0;
      if (ended !== undefined) return payloads.klinePayload(market, interval, ended, now);
    }
    const [candle] = candles.candles(market.id, interval, openMs, openMs, 1);
    if (candle === undefined || candle.lastTradeId === stream.lastSent) return null;
    stream.lastSent = candle.lastTradeId;
    stream.openMs = openMs;
    return payloads.klinePayload(market, interval, candle, now);
  }

  private toMarket(marketId: number, suffix: string, write: (market: Market) => unknown): void {
    if (this.streams.size === 0) return;
    const market = this.marketOf(marketId);
    if (market === undefined) return;
    const stream = this.streams.get(`${prefixOf(market)}@${suffix}`);
    if (stream !== undefined) send(stream, write(market));
  }

  private marketOf(marketId: number): Market | undefined {
    return this.context().symbols.byId(marketId);
  }

  private nowMs(): number {
    return this.context().exchangeTimeMs();
  }
}

function send(stream: Stream, payload: unknown): void {
  const data = JSON.stringify(payload);
  let wrapped: string | null = null;
  for (const reader of stream.readers) {
    if (!reader.isCombined) {
      reader.queuePublic(data);
      continue;
    }
    wrapped ??= `{"stream":${JSON.stringify(stream.name)},"data":${data}}`;
    reader.queuePublic(wrapped);
  }
}
