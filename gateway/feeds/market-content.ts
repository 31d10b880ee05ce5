import { formatScaled } from '../codec/decimal-text.js';
import type { MessageSink } from '../codec/message-sink.js';
import { type Market, priceText, qtyText } from '../markets.js';
import { MESSAGES } from '../protocol/messages.js';
import { MARKET_STATES, PRICE_GUARDS } from '../protocol/names.js';
import type { ChannelContent } from './channel.js';
import type { WriteMessage } from './frame.js';

/** Parts per billion. */
const RATE_DECIMALS = 9;

/** Mark, index and funding rate of a market; only the latest of a tick is sent. */
export class MarkContent implements ChannelContent {
  private readonly market: Market;
  private sequence = 0;
  private timeMs = 0;
  private changed = false;
  /** What the last frame has shown, and so a snapshot shows. */
  private shown: WriteMessage;

  constructor(market: Market) {
    this.market = market;
    this.shown = this.values();
  }

  saw(sequence: number, timeMs: number): void {
    this.sequence = sequence;
    this.timeMs = timeMs;
    this.changed = true;
  }

  /** Where its last change stands. */
  memory(): { sequence: number; timeMs: number } {
    return { sequence: this.sequence, timeMs: this.timeMs };
  }

  restore({ sequence, timeMs }: { sequence: number; timeMs: number }): void {
    this.sequence = sequence;
    this.timeMs = timeMs;
    this.shown = this.values();
  }

  take() {
    if (!this.changed) return null;
    this.changed = false;
    const writeValues = this.values();
    this.shown = writeValues;
    const writeFrame = (epoch: number, previous: number, sequence: number) => {
      return (sink: MessageSink) => {
        sink.begin(MESSAGES.mark);
        sink.market('market', this.market.params.symbol, this.market.id);
        sink.uint('epoch', epoch);
        sink.uint('previousSequence', previous);
        sink.uint('sequence', sequence);
        writeValues(sink);
      };
    };
    return { sequence: this.sequence, writeFrame };
  }

  writeSnapshot = (epoch: number, sequence: number) => {
    const writeValues = this.shown;
    return (sink: MessageSink) => {
      sink.begin(MESSAGES.markSnapshot);
      sink.market('market', this.market.params.symbol, this.market.id);
      sink.uint('epoch', epoch);
      sink.uint('sequence', sequence);
      writeValues(sink);
    };
  };

  /** Takes the values now: the write may come after the next change. */
  private values() {
    const { timeMs, market } = this;
    const { markTicks, indexTicks, fundingRatePpb, nextFundingMs, openInterestLots } = market;
    const guards = PRICE_GUARDS.filter((_name, bit) => (market.guards & (1 << bit)) !== 0);
    return (sink: MessageSink) => {
      if (markTicks === 0) sink.none('markPrice');
      else sink.text('markPrice', priceText(market, markTicks));
      if (indexTicks === 0) sink.none('indexPrice');
      else sink.text('indexPrice', priceText(market, indexTicks));
      sink.uint('time', timeMs);
      sink.text('fundingRate', formatScaled(fundingRatePpb, 1, RATE_DECIMALS));
      if (nextFundingMs === 0) sink.none('nextFundingTime');
      else sink.uint('nextFundingTime', nextFundingMs);
      sink.value('guards', guards);
      sink.text('openInterest', qtyText(market, openInterestLots));
    };
  }
}

/** The states of all markets. */
export class StatesContent implements ChannelContent {
  /** Last sequence by host; their sum only grows, and with one shard it is the sequence itself. */
  private readonly sequences: number[] = [];
  private readonly changed = new Set<Market>();
  /** What the frames have shown, by symbol, and so a snapshot shows. */
  private shown: Readonly<Record<string, string>> = {};

  /** Is known now, in the state that it is in. */
  add(market: Market): void {
    this.shown = { ...this.shown, ...stateNames([market]) };
  }

  saw(market: Market, sequence: number): void {
    this.changed.add(market);
    this.sequences[market.host] = sequence;
  }

  memory(): readonly number[] {
    return this.sequences;
  }

  restore(sequences: readonly number[]): void {
    sequences.forEach((sequence, host) => {
      this.sequences[host] = sequence;
    });
  }

  take() {
    if (this.changed.size === 0) return null;
    const states = stateNames([...this.changed]);
    this.changed.clear();
    this.shown = { ...this.shown, ...states };
    const writeFrame = (epoch: number, previous: number, sequence: number) => {
      return (sink: MessageSink) => {
        sink.begin(MESSAGES.marketState);
        sink.uint('epoch', epoch);
        sink.uint('previousSequence', previous);
        sink.uint('sequence', sequence);
        sink.value('states', states);
      };
    };
    const sequence = this.sequences.reduce((sum, own) => sum + own, 0);
    return { sequence, writeFrame };
  }

  writeSnapshot = (epoch: number, sequence: number) => {
    const states = this.shown;
    return (sink: MessageSink) => {
      sink.begin(MESSAGES.marketStateSnapshot);
      sink.uint('epoch', epoch);
      sink.uint('sequence', sequence);
      sink.value('states', states);
    };
  };
}

function stateNames(markets: readonly Market[]): Record<string, string> {
  return Object.fromEntries(
    markets.map((market) => [market.params.symbol, MARKET_STATES[market.state] ?? 'initializing']),
  );
}
