import { SIDE_BUY, SIDE_SELL } from '../../../engine/messages/types.js';
import type { CanonicalReader, CanonicalWriter } from '../../../engine/state/canonical-writer.js';
import type { ByteSource } from '../input/byte-source.js';
import { LineReader } from '../input/line-reader.js';
import { countColumns } from '../input/number-row.js';
import type { MarketUnits, OpenMarket, ReplayMarket } from '../market/replay-market.js';
import type { Replay, ReplayReport } from '../replay.js';
import { ReplayError, rowProblem } from '../replay-error.js';
import { BookRow, CENT_UNITS, levelsOfColumns, priceUnitOf } from './book-row.js';
import { BookWindow } from './book-window.js';
import { LobsterCounters } from './lobster-counters.js';
import {
  MessageRow,
  TYPE_CROSS,
  TYPE_DELETE,
  TYPE_EXECUTION,
  TYPE_HALT,
  TYPE_HIDDEN_EXECUTION,
  TYPE_NEW,
  TYPE_PARTIAL_CANCEL,
} from './message-row.js';
import { ANONYMOUS, MirroredOrders } from './mirrored-orders.js';
import { OrderFlow } from './order-flow.js';

/** Both files of a recording; line n of one belongs to line n of the other. */
export interface LobsterFiles {
  readonly messages: ByteSource;
  readonly book: ByteSource;
  /** By the files' names, null when they do not say. */
  readonly levels: number | null;
}

/** What there is once the first row, or a checkpoint, has told the number of levels and the unit of prices. */
interface Running {
  readonly priceUnit: number;
  readonly message: MessageRow;
  readonly row: BookRow;
  readonly market: ReplayMarket;
  readonly orders: MirroredOrders;
  readonly flow: OrderFlow;
  readonly window: BookWindow;
  readonly counters: LobsterCounters;
}

/** Feeds our engine the recorded orders one by one and compares the books after each. */
export class LobsterReplay implements Replay {
  private readonly files: LobsterFiles;
  private readonly openMarket: OpenMarket;
  private readonly messageLines: LineReader;
  private readonly bookLines: LineReader;
  private running: Running | null = null;

  constructor(files: LobsterFiles, openMarket: OpenMarket) {
    this.files = files;
    this.openMarket = openMarket;
    this.messageLines = new LineReader(files.messages);
    this.bookLines = new LineReader(files.book);
  }

  get messages(): number {
    return this.running?.counters.rows ?? 0;
  }

  get canBeWritten(): boolean {
    return this.running !== null;
  }

  progress(): number {
    const { messages, book } = this.files;
    return (messages.position() + book.position()) / (messages.storedBytes + book.storedBytes);
  }

  async advance(messages: number): Promise<boolean> {
    const { messageLines, bookLines } = this;
    for (let left = messages; left > 0; left--) {
      // A promise a row would cost more than the row.
      const hasMessage = messageLines.next() || (await messageLines.advance());
      const hasBook = bookLines.next() || (await bookLines.advance());
      if (!hasMessage && !hasBook) {
        if (this.running === null) throw new ReplayError(`${messageLines.file}: is empty`);
        return false;
      }
      if (!hasMessage) throw endsEarly(messageLines, bookLines);
      if (!hasBook) throw endsEarly(bookLines, messageLines);
      if (this.running === null) this.begin();
      else this.step(this.running);
    }
    return true;
  }

  report(): ReplayReport {
    const { counters, market, row } = this.expectRunning();
    const { levelRowsEqual, rows, rowsEqual, executions, executionsAtQueueHead } = counters;
    return {
      rows,
      rowsEqual,
      levelsEqual: levelRowsEqual.map((equal) => equal / rows),
      executions,
      executionsAtQueueHead,
      recording: 'lobster',
      levels: row.levels,
      levelRowsDifferent: levelRowsEqual.map((equal) => rows - equal),
      executionsAtBest: counters.executionsAtBest,
      executionsNamed: counters.executionsNamed,
      tradesMatched: counters.tradesMatched,
      hiddenExecutions: counters.hiddenExecutions,
      crosses: counters.crosses,
      halts: counters.halts,
      ordersRefused: counters.ordersRefused,
      lotsMissing: counters.lotsMissing,
      levelsTakenAnew: counters.levelsTakenAnew,
      crossedRows: counters.crossedRows,
      openOrders: market.openOrders,
      stateHash: market.stateHash(),
    };
  }

  write(writer: CanonicalWriter): void {
    const { counters, market, message, orders, priceUnit, row } = this.expectRunning();
    writer.put(row.levels);
    writer.put(priceUnit);
    writer.put(message.seconds);
    counters.write(writer);
    orders.write(writer);
    market.write(writer);
  }

  async resume(reader: CanonicalReader): Promise<void> {
    const levels = reader.take();
    const running = this.start(levels, reader.take());
    running.message.seconds = reader.take();
    running.counters.read(reader);
    running.orders.read(reader);
    running.market.read(reader);
    await this.messageLines.skipTo(running.counters.rows);
    await this.bookLines.skipTo(running.counters.rows);
  }

  check(): void {
    this.running?.market.check();
  }

  async close(): Promise<void> {
    await this.messageLines.close();
    await this.bookLines.close();
  }

  /** The first row shows the book after the first message, so there is nothing to apply: its levels are the seed. */
  private begin(): void {
    const levels = this.readLevelCount();
    const running = this.start(levels, priceUnitOf(this.bookLines, levels));
    this.readRow(running);
    running.market.setIndexPrice(middleOf(running.row), running.message.timeMs);
    running.row.sides.forEach((recorded, side) => {
      for (let level = 0; level < recorded.count; level++) {
        const price = recorded.priceTicks[level] as number;
        running.flow.add(ANONYMOUS, side, price, recorded.lots[level] as number);
      }
    });
    this.compare(running);
  }

  private step(running: Running): void {
    this.readRow(running);
    const { type, orderId, side, priceTicks, lots } = running.message;
    const { flow } = running;
    if (type === TYPE_NEW) flow.add(orderId, side, priceTicks, lots);
    else if (type === TYPE_PARTIAL_CANCEL) flow.cancel(orderId, side, priceTicks, lots);
    else if (type === TYPE_DELETE) flow.delete(orderId, side, priceTicks, lots);
    else if (type === TYPE_EXECUTION) flow.execute(orderId, side, priceTicks, lots);
    this.compare(running);
  }

  private readRow({ message, row, market, counters }: Running): void {
    message.read(this.messageLines);
    row.read(this.bookLines);
    market.setTime(message.timeMs);
    if (message.type === TYPE_HIDDEN_EXECUTION) counters.hiddenExecutions++;
    else if (message.type === TYPE_CROSS) counters.crosses++;
    else if (message.type === TYPE_HALT) counters.halts++;
    if (row.isCrossed) counters.crossedRows++;
  }

  private compare({ window, row }: Running): void {
    window.begin();
    window.settle(SIDE_BUY, row.sides[SIDE_BUY]);
    window.settle(SIDE_SELL, row.sides[SIDE_SELL]);
    window.end();
  }

  private start(levels: number, priceUnit: number): Running {
    const market = this.openMarket(unitsOf(priceUnit));
    const message = new MessageRow(priceUnit);
    const row = new BookRow(levels, priceUnit);
    const orders = new MirroredOrders();
    const counters = new LobsterCounters(levels);
    const flow = new OrderFlow(market, orders, counters);
    const window = new BookWindow(levels, market, flow, counters);
    this.running = { priceUnit, message, row, market, orders, flow, window, counters };
    return this.running;
  }

  private readLevelCount(): number {
    const columns = countColumns(this.bookLines);
    const byName = this.files.levels;
    if (byName !== null && columns !== byName * 4) {
      const expected = `${byName * 4} for the ${byName} levels of the file's name`;
      throw rowProblem(this.bookLines, `the row has ${columns} columns, expected ${expected}`);
    }
    const levels = levelsOfColumns(columns);
    if (levels > 0) return levels;
    const expected = 'four a level: ask price, ask size, bid price, bid size';
    throw rowProblem(this.bookLines, `the row has ${columns} columns, expected ${expected}`);
  }

  private expectRunning(): Running {
    if (this.running !== null) return this.running;
    throw new ReplayError('nothing was replayed yet');
  }
}

/** What the shares are worth, for an engine that wants to know: a recording of shares has no other mark. */
function middleOf({ sides: [bids, asks] }: BookRow): number {
  const bid = bids.count > 0 ? bids.priceTicks[0] : asks.priceTicks[0];
  const ask = asks.count > 0 ? asks.priceTicks[0] : bids.priceTicks[0];
  return Math.max(1, Math.floor(((bid as number) + (ask as number)) / 2));
}

function unitsOf(priceUnit: number): MarketUnits {
  const tickDecimals = priceUnit === CENT_UNITS ? 2 : 4;
  return { symbol: 'LOBSTER', tickMantissa: 1, tickDecimals, lotMantissa: 1, lotDecimals: 0 };
}

function endsEarly(ended: LineReader, other: LineReader): ReplayError {
  if (ended.line === 0) return new ReplayError(`${ended.file}: is empty`);
  const problem = `ends here, but ${other.file} goes on: both must have the same number of rows`;
  return rowProblem(ended, problem);
}
