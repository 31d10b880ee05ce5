import type { CanonicalReader, CanonicalWriter } from '../../../engine/state/canonical-writer.js';

/** What a replay of a capture counts besides the comparison of best prices. */
export class BinanceCounters {
  /** Lines of the capture. */
  messages = 0;
  snapshots = 0;
  depthUpdates = 0;
  /** Older than the snapshot: left out, as the venue says. */
  depthUpdatesBeforeSnapshot = 0;
  /** Rows after which our best bid was not below our best ask. */
  crossedRows = 0;
  markPrices = 0;
  otherMessages = 0;
  trades = 0;
  tradedLots = 0;
  /** Steps of the trade id that were not one. */
  tradeIdGaps = 0;
  lastTradeId = 0;
  tradesBeforeSnapshot = 0;
  /** Outside of the order book: insurance fund, auto-deleveraging. */
  tradesOffBook = 0;
  /** Trades of which our market executed something. */
  executions = 0;
  executedLots = 0;
  /** Executions that began at the recorded price, with the order at the head of our best level. */
  executionsAtQueueHead = 0;
  /** Trades for which the mirrored book had less than was traded, and by how many lots. */
  tradesBeyondLiquidity = 0;
  lotsBeyondLiquidity = 0;

  write(writer: CanonicalWriter): void {
    for (const name of this.names()) writer.put(this[name]);
  }

  read(reader: CanonicalReader): void {
    for (const name of this.names()) this[name] = reader.take();
  }

  private names(): CounterName[] {
    return Object.keys(this) as CounterName[];
  }
}

type CounterName = {
  [Name in keyof BinanceCounters]: BinanceCounters[Name] extends number ? Name : never;
}[keyof BinanceCounters];
