import { SIDE_BUY, SIDE_SELL } from '../../../engine/messages/types.js';
import { PRICE_TICKS_MAX, QTY_LOTS_MAX } from '../../../engine/units/units.js';
import type { LineReader } from '../input/line-reader.js';
import { NumberRow } from '../input/number-row.js';
import { fieldProblem } from '../replay-error.js';
import { ticksProblem } from './price-ticks.js';

const COLUMNS_PER_LEVEL = 4;
const COLUMN_NAMES = ['ask price', 'ask size', 'bid price', 'bid size'] as const;
/** A hundredth of a dollar in the file's unit. */
export const CENT_UNITS = 100;
/** What LOBSTER writes as the price of a level that does not exist. */
const NO_LEVEL_PRICE = 9_999_999_999;

/** The recorded levels of one side, best first. */
export interface RecordedSide {
  /** How many there are; the recording's number of levels, unless the side has fewer. */
  count: number;
  readonly priceTicks: Float64Array;
  readonly lots: Float64Array;
}

/** One row of a LOBSTER order book file: the book after the message in the same line of the message file. */
export class BookRow {
  readonly levels: number;
  /** By side. */
  readonly sides: readonly [bids: RecordedSide, asks: RecordedSide];
  /** The file's price of one tick of ours. */
  private readonly priceUnit: number;
  private readonly row: NumberRow;

  constructor(levels: number, priceUnit: number) {
    this.levels = levels;
    this.priceUnit = priceUnit;
    this.row = new NumberRow(levels * COLUMNS_PER_LEVEL, columnName);
    this.sides = [emptySide(levels), emptySide(levels)];
  }

  read(reader: LineReader): void {
    this.row.read(reader);
    this.readSide(reader, SIDE_SELL);
    this.readSide(reader, SIDE_BUY);
  }

  /** A venue's book crosses while it is halted or before an auction. */
  get isCrossed(): boolean {
    const [bids, asks] = this.sides;
    if (bids.count === 0 || asks.count === 0) return false;
    return (bids.priceTicks[0] as number) >= (asks.priceTicks[0] as number);
  }

  private readSide(reader: LineReader, side: number): void {
    const recorded = this.sides[side] as RecordedSide;
    const { values } = this.row;
    let before = side === SIDE_SELL ? 0 : NO_LEVEL_PRICE;
    recorded.count = this.levels;
    for (let level = 0; level < this.levels; level++) {
      const column = columnOf(side, level);
      const price = values[column] as number;
      const lots = values[column + 1] as number;
      if (lots === 0 && (Math.abs(price) === NO_LEVEL_PRICE || price === 0)) {
        this.expectEmptyFrom(reader, side, level + 1);
        recorded.count = level;
        return;
      }
      if (price < 1 || (side === SIDE_SELL ? price <= before : price >= before)) {
        const expected = `a positive price beyond level ${level}, or ±${NO_LEVEL_PRICE}`;
        refuse(reader, column, expected);
      }
      if (lots < 1 || lots > QTY_LOTS_MAX) {
        refuse(reader, column + 1, `a size from 1 to ${QTY_LOTS_MAX}`);
      }
      const ticks = price / this.priceUnit;
      const problem = ticksProblem(ticks, this.priceUnit);
      if (problem !== null) refuse(reader, column, problem);
      recorded.priceTicks[level] = ticks;
      recorded.lots[level] = lots;
      before = price;
    }
  }

  private expectEmptyFrom(reader: LineReader, side: number, from: number): void {
    for (let level = from; level < this.levels; level++) {
      const sizeColumn = columnOf(side, level) + 1;
      if (this.row.values[sizeColumn] === 0) continue;
      refuse(reader, sizeColumn, `0, because level ${level} is empty`);
    }
  }
}

/**
 * The unit in which our engine counts the prices of a recording, by its first row. They stay as they are, in
 * 1/10,000 of a dollar, unless the share is so dear that only cents fit our engine's range.
 */
export function priceUnitOf(reader: LineReader, levels: number): number {
  const row = new NumberRow(levels * COLUMNS_PER_LEVEL, columnName);
  row.read(reader);
  const prices = row.values.filter((_, column) => column % 2 === 0);
  const isDear = (price: number) => price > PRICE_TICKS_MAX / 2 && price < NO_LEVEL_PRICE;
  return prices.some(isDear) ? CENT_UNITS : 1;
}

/** Number of levels of a row with so many columns, 0 when no order book has as many. */
export function levelsOfColumns(columns: number): number {
  return columns % COLUMNS_PER_LEVEL === 0 ? columns / COLUMNS_PER_LEVEL : 0;
}

function columnName(column: number): string {
  const level = Math.floor(column / COLUMNS_PER_LEVEL) + 1;
  return `${COLUMN_NAMES[column % COLUMNS_PER_LEVEL]} ${level}`;
}

function columnOf(side: number, level: number): number {
  return level * COLUMNS_PER_LEVEL + (side === SIDE_SELL ? 0 : 2);
}

function emptySide(levels: number): RecordedSide {
  return { count: 0, priceTicks: new Float64Array(levels), lots: new Float64Array(levels) };
}

function refuse(reader: LineReader, column: number, expected: string): never {
  const text = reader.text().split(',')[column] ?? '';
  throw fieldProblem(reader, columnName(column), text, expected);
}
