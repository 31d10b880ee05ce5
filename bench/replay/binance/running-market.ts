import type { CanonicalReader, CanonicalWriter } from '../../../engine/state/canonical-writer.js';
import { PRICE_TICKS_MAX, QTY_LOTS_MAX } from '../../../engine/units/units.js';
import type { MarketUnits, OpenMarket, ReplayMarket } from '../market/replay-market.js';
import { fieldProblem, type Place } from '../replay-error.js';
import { BookMirror } from './book-mirror.js';
import type { PrintedLevel } from './capture-line.js';
import { type Step, toNearestStep, toSteps } from './decimal-units.js';

/** What there is once a message, or a checkpoint, has told the units: our market and the mirror in it. */
export class RunningMarket {
  readonly units: MarketUnits;
  readonly tick: Step;
  readonly lot: Step;
  readonly market: ReplayMarket;
  readonly mirror: BookMirror;

  constructor(units: MarketUnits, openMarket: OpenMarket) {
    this.units = units;
    this.tick = { mantissa: units.tickMantissa, decimals: units.tickDecimals };
    this.lot = { mantissa: units.lotMantissa, decimals: units.lotDecimals };
    this.market = openMarket(units);
    this.mirror = new BookMirror(this.market);
  }

  /** Takes a recorded level over; it becomes ours with the next `settle` of the mirror. */
  setLevel(place: Place, side: number, [price, size]: PrintedLevel): void {
    const field = side === 0 ? 'bid' : 'ask';
    const priceTicks = this.toTicks(place, `${field} price`, price);
    const lots = this.toLots(place, `${field} size`, size, 0);
    this.mirror.recorded[side as 0 | 1].set(priceTicks, lots);
  }

  toTicks(place: Place, field: string, price: string): number {
    const ticks = toSteps(price, this.tick);
    if (ticks !== null && ticks >= 1 && ticks <= PRICE_TICKS_MAX) return ticks;
    const expected = `a price above 0 in steps of ${this.tick.mantissa}e-${this.tick.decimals} (--tick says otherwise)`;
    throw fieldProblem(place, field, price, expected);
  }

  toLots(place: Place, field: string, size: string, least: number): number {
    const lots = toSteps(size, this.lot);
    if (lots !== null && lots >= least && lots <= QTY_LOTS_MAX) return lots;
    const expected = `a size in steps of ${this.lot.mantissa}e-${this.lot.decimals} (--lot says otherwise)`;
    throw fieldProblem(place, field, size, expected);
  }

  /** An index price is a mean and need not be a multiple of the tick. */
  toIndexTicks(place: Place, price: string): number {
    const ticks = toNearestStep(price, this.tick);
    if (ticks !== null && ticks >= 1 && ticks <= PRICE_TICKS_MAX) return ticks;
    throw fieldProblem(place, 'i', price, 'a positive price');
  }

  write(writer: CanonicalWriter): void {
    const { symbol, tickMantissa, tickDecimals, lotMantissa, lotDecimals } = this.units;
    writer.put(symbol.length);
    for (const character of symbol) writer.put(character.charCodeAt(0));
    for (const value of [tickMantissa, tickDecimals, lotMantissa, lotDecimals]) writer.put(value);
    this.mirror.write(writer);
    this.market.write(writer);
  }

  static read(reader: CanonicalReader, openMarket: OpenMarket): RunningMarket {
    let symbol = '';
    for (let left = reader.take(); left > 0; left--) symbol += String.fromCharCode(reader.take());
    const tickMantissa = reader.take();
    const tickDecimals = reader.take();
    const lotMantissa = reader.take();
    const lotDecimals = reader.take();
    const units = { symbol, tickMantissa, tickDecimals, lotMantissa, lotDecimals };
    const running = new RunningMarket(units, openMarket);
    running.mirror.read(reader);
    running.market.read(reader);
    return running;
  }
}
