import { QTY_LOTS_MAX } from '../../../engine/units/units.js';
import type { LineReader } from '../input/line-reader.js';
import { NumberRow } from '../input/number-row.js';
import { fieldProblem } from '../replay-error.js';
import { ticksProblem } from './price-ticks.js';

export const TYPE_NEW = 1;
export const TYPE_PARTIAL_CANCEL = 2;
export const TYPE_DELETE = 3;
export const TYPE_EXECUTION = 4;
export const TYPE_HIDDEN_EXECUTION = 5;
export const TYPE_CROSS = 6;
export const TYPE_HALT = 7;

export const MESSAGE_COLUMNS = 6;
const COLUMN_NAMES = ['time', 'type', 'order id', 'size', 'price', 'direction'] as const;
const TIME = 0;
const TYPE = 1;
const ORDER_ID = 2;
const SIZE = 3;
const PRICE = 4;
const DIRECTION = 5;
const DAY_SECONDS = 24 * 60 * 60;

/** One row of a LOBSTER message file. */
export class MessageRow {
  timeMs = 0;
  type = 0;
  orderId = 0;
  lots = 0;
  priceTicks = 0;
  /** Side of the resting order: SIDE_BUY or SIDE_SELL. */
  side = 0;
  /** Time of the row; the next one's must not be less. */
  seconds = 0;
  private readonly priceUnit: number;
  private readonly row = new NumberRow(MESSAGE_COLUMNS, (column) => COLUMN_NAMES[column] ?? '', [
    TIME,
  ]);

  /** `priceUnit` is the file's price of one tick of ours. */
  constructor(priceUnit: number) {
    this.priceUnit = priceUnit;
  }

  read(reader: LineReader): void {
    this.row.read(reader);
    const { values } = this.row;
    this.readTime(reader, values[TIME] as number);
    this.type = values[TYPE] as number;
    this.orderId = values[ORDER_ID] as number;
    this.lots = values[SIZE] as number;
    this.priceTicks = (values[PRICE] as number) / this.priceUnit;
    const direction = values[DIRECTION] as number;
    this.side = direction === 1 ? 0 : 1;
    if (this.type < TYPE_NEW || this.type > TYPE_HALT) {
      this.refuse(reader, TYPE, `a type from ${TYPE_NEW} to ${TYPE_HALT}`);
    }
    // Hidden executions, crosses and halts leave the book alone, and fill some columns with other things.
    if (this.type > TYPE_EXECUTION) return;
    if (direction !== 1 && direction !== -1) this.refuse(reader, DIRECTION, '1 or -1');
    if (this.orderId < 1) this.refuse(reader, ORDER_ID, 'a positive order id');
    if (this.lots < 1 || this.lots > QTY_LOTS_MAX) {
      this.refuse(reader, SIZE, `a size from 1 to ${QTY_LOTS_MAX}`);
    }
    const problem = ticksProblem(this.priceTicks, this.priceUnit);
    if (problem !== null) this.refuse(reader, PRICE, problem);
  }

  private readTime(reader: LineReader, seconds: number): void {
    if (seconds < this.seconds || seconds > DAY_SECONDS) {
      const least = this.seconds === 0 ? '0' : `the row before's ${this.seconds}`;
      this.refuse(reader, TIME, `seconds after midnight, from ${least} to ${DAY_SECONDS}`);
    }
    this.seconds = seconds;
    this.timeMs = Math.floor(seconds * 1000);
  }

  private refuse(reader: LineReader, column: number, expected: string): never {
    const text = reader.text().split(',')[column] ?? '';
    throw fieldProblem(reader, COLUMN_NAMES[column] ?? '', text, expected);
  }
}
