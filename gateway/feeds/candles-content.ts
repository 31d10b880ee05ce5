import type { MessageSink } from '../codec/message-sink.js';
import type { CandleRow } from '../history/rows.js';
import { candleView } from '../history/views.js';
import { type Market, unitsOf } from '../markets.js';
import { MESSAGES } from '../protocol/messages.js';
import { CANDLE_INTERVALS } from '../protocol/names.js';
import type { ChannelContent } from './channel.js';

/**
 * Candles of a market and an interval. They come from the history, which makes them of the journal's trades, so that they are those of
 * the REST interface; a candle is told with all its values each time it has changed, and only the latest of a tick is sent.
 */
export class CandlesContent implements ChannelContent {
  private readonly market: Market;
  private readonly interval: number;
  private readonly keptMax: number;
  private readonly changed = new Map<number, CandleRow>();
  private kept: CandleRow[] = [];
  private sequence = 0;

  /** `interval`: its index in CANDLE_INTERVALS. */
  constructor(market: Market, interval: number, keptMax: number) {
    this.market = market;
    this.interval = interval;
    this.keptMax = keptMax;
  }

  /** Oldest first. What is known already comes again after the history was opened anew, and changes nothing. */
  saw(candle: CandleRow): void {
    if (candle.lastTradeId > this.sequence) this.changed.set(candle.startMs, candle);
  }

  /** The last candles, as a snapshot shows them. */
  memory(): CandleRow[] {
    return this.kept;
  }

  restore(candles: readonly CandleRow[]): void {
    this.kept = candles.slice(-this.keptMax);
    this.sequence = Math.max(0, ...candles.map(({ lastTradeId }) => lastTradeId));
  }

  take() {
    if (this.changed.size === 0) return null;
    const candles = [...this.changed.values()];
    this.changed.clear();
    this.sequence = Math.max(...candles.map(({ lastTradeId }) => lastTradeId));
    for (const candle of candles) {
      if (this.kept.at(-1)?.startMs === candle.startMs) this.kept.pop();
      this.kept.push(candle);
    }
    if (this.kept.length > this.keptMax) this.kept = this.kept.slice(-this.keptMax);
    const rows = candles.map((candle) => this.row(candle));
    const writeFrame = (epoch: number, previous: number, sequence: number) => {
      return (sink: MessageSink) => {
        sink.begin(MESSAGES.candles);
        this.head(sink, epoch);
        sink.uint('previousSequence', previous);
        sink.uint('sequence', sequence);
        sink.value('candles', rows);
      };
    };
    return { sequence: this.sequence, writeFrame };
  }

  writeSnapshot = (epoch: number, sequence: number) => {
    const rows = this.kept.map((candle) => this.row(candle));
    return (sink: MessageSink) => {
      sink.begin(MESSAGES.candlesSnapshot);
      this.head(sink, epoch);
      sink.uint('sequence', sequence);
      sink.value('candles', rows);
    };
  };

  private head(sink: MessageSink, epoch: number): void {
    sink.market('market', this.market.params.symbol, this.market.id);
    sink.choice('interval', this.interval, CANDLE_INTERVALS);
    sink.uint('epoch', epoch);
  }

  private row(candle: CandleRow): unknown[] {
    return Object.values(candleView(candle, unitsOf(this.market)));
  }
}
