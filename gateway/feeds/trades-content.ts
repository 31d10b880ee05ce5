import type { MessageSink } from '../codec/message-sink.js';
import { type Market, priceText, qtyText } from '../markets.js';
import { MESSAGES } from '../protocol/messages.js';
import { SIDES } from '../protocol/names.js';
import type { ChannelContent } from './channel.js';

export interface Trade {
  tradeSequence: number;
  priceTicks: number;
  lots: number;
  takerSide: number;
  timeMs: number;
}

/** Trades of a market, gathered for a tick, none left out; the snapshot shows the last ones. */
export class TradesContent implements ChannelContent {
  private readonly market: Market;
  private readonly keptMax: number;
  private fresh: Trade[] = [];
  private kept: Trade[] = [];

  constructor(market: Market, keptMax: number) {
    this.market = market;
    this.keptMax = keptMax;
  }

  add(trade: Trade): void {
    this.fresh.push(trade);
  }

  /** The last trades, as a snapshot shows them. */
  memory(): Trade[] {
    return this.kept;
  }

  restore(trades: readonly Trade[]): void {
    this.kept = trades.slice(-this.keptMax);
  }

  take() {
    if (this.fresh.length === 0) return null;
    const trades = this.fresh;
    this.fresh = [];
    const last = trades[trades.length - 1] as Trade;
    this.kept = this.kept.concat(trades.slice(-this.keptMax)).slice(-this.keptMax);
    const { market } = this;
    const writeFrame = (epoch: number, previous: number, sequence: number) => {
      return (sink: MessageSink) => {
        sink.begin(MESSAGES.trades);
        sink.market('market', market.params.symbol, market.id);
        sink.uint('epoch', epoch);
        sink.uint('previousSequence', previous);
        sink.uint('sequence', sequence);
        sink.value('trades', tradeRows(market, trades));
      };
    };
    return { sequence: last.tradeSequence, writeFrame };
  }

  writeSnapshot = (epoch: number, sequence: number) => {
    const { market, kept } = this;
    return (sink: MessageSink) => {
      sink.begin(MESSAGES.tradesSnapshot);
      sink.market('market', market.params.symbol, market.id);
      sink.uint('epoch', epoch);
      sink.uint('sequence', sequence);
      sink.value('trades', tradeRows(market, kept));
    };
  };
}

/** Rows of trade id, price, quantity, taker's side and time. */
function tradeRows(market: Market, trades: readonly Trade[]): unknown[] {
  return trades.map((trade) => [
    trade.tradeSequence,
    priceText(market, trade.priceTicks),
    qtyText(market, trade.lots),
    SIDES[trade.takerSide],
    trade.timeMs,
  ]);
}
