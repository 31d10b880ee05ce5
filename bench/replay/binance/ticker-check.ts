import type { CanonicalReader, CanonicalWriter } from '../../../engine/state/canonical-writer.js';

/** Best prices in ticks and sizes in lots; 0 for an empty side. */
export interface BestPrices {
  readonly updateId: number;
  readonly bidTicks: number;
  readonly bidLots: number;
  readonly askTicks: number;
  readonly askLots: number;
}

/** A recording without tickers shall not make the list of waiting rows grow for ever. */
const WAITING_MAX = 65_536;

/**
 * Compares our best prices after a depth update with the venue's at the same update id. The venue sends a ticker
 * whenever its best prices change, so its best prices at an update are those of the newest ticker that is not
 * younger. The two streams are not in step: a row waits until a younger ticker, or the end, shows which that is.
 */
export class TickerCheck {
  rows = 0;
  rowsEqual = 0;
  tickers = 0;
  /** Tickers whose update id was not above that of the one before: they were left out. */
  tickersOutOfOrder = 0;
  private newest: BestPrices | null = null;
  private waiting: BestPrices[] = [];

  addTicker(ticker: BestPrices): void {
    this.tickers++;
    if (this.newest !== null && ticker.updateId <= this.newest.updateId) {
      this.tickersOutOfOrder++;
      return;
    }
    this.settleBefore(ticker.updateId);
    this.newest = ticker;
  }

  addRow(ours: BestPrices): void {
    this.rows++;
    this.waiting.push(ours);
    if (this.waiting.length > WAITING_MAX) this.settle(this.waiting.shift() as BestPrices);
  }

  /** Rows that wait would be equal if the recording ended here. */
  get rowsEqualSoFar(): number {
    return this.rowsEqual + this.waiting.filter((row) => this.isEqual(row)).length;
  }

  write(writer: CanonicalWriter): void {
    for (const name of COUNTERS) writer.put(this[name]);
    const rows = this.newest === null ? this.waiting : [this.newest, ...this.waiting];
    writer.put(this.newest === null ? 0 : 1);
    writer.put(rows.length);
    for (const row of rows) for (const name of PRICES) writer.put(row[name]);
  }

  read(reader: CanonicalReader): void {
    for (const name of COUNTERS) this[name] = reader.take();
    const hasNewest = reader.take() === 1;
    const count = reader.take();
    for (let i = 0; i < count; i++) {
      const [updateId, bidTicks, bidLots, askTicks, askLots] = PRICES.map(() => reader.take());
      this.waiting.push({ updateId, bidTicks, bidLots, askTicks, askLots } as BestPrices);
    }
    if (hasNewest) this.newest = this.waiting.shift() as BestPrices;
  }

  private settleBefore(updateId: number): void {
    const kept = this.waiting.findIndex((row) => row.updateId >= updateId);
    const ready = kept < 0 ? this.waiting.length : kept;
    for (let i = 0; i < ready; i++) this.settle(this.waiting[i] as BestPrices);
    this.waiting.splice(0, ready);
  }

  private settle(row: BestPrices): void {
    if (this.isEqual(row)) this.rowsEqual++;
  }

  private isEqual(row: BestPrices): boolean {
    const { newest } = this;
    return (
      newest !== null &&
      newest.updateId <= row.updateId &&
      newest.bidTicks === row.bidTicks &&
      newest.bidLots === row.bidLots &&
      newest.askTicks === row.askTicks &&
      newest.askLots === row.askLots
    );
  }
}

const COUNTERS = ['rows', 'rowsEqual', 'tickers', 'tickersOutOfOrder'] as const;
const PRICES = ['updateId', 'bidTicks', 'bidLots', 'askTicks', 'askLots'] as const;
