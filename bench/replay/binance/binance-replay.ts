import { SIDE_BUY, SIDE_SELL } from '../../../engine/messages/types.js';
import type { CanonicalReader, CanonicalWriter } from '../../../engine/state/canonical-writer.js';
import type { ByteSource } from '../input/byte-source.js';
import type { OpenMarket } from '../market/replay-market.js';
import type { Replay, ReplayReport } from '../replay.js';
import { fieldProblem, type Place, ReplayError, rowProblem } from '../replay-error.js';
import { BinanceCounters } from './binance-counters.js';
import {
  type BookTicker,
  type CaptureMessage,
  type DepthSnapshot,
  type DepthUpdate,
  type MarkPrice,
  type PrintedLevel,
  readCaptureLine,
  type Trade,
} from './capture-line.js';
import { CaptureLines } from './capture-lines.js';
import { fromSteps, type Step, unitsOf } from './decimal-units.js';
import { RunningMarket } from './running-market.js';
import { TickerCheck } from './ticker-check.js';
import { UpdateChain } from './update-chain.js';

/** Trades that happen in the order book; others (insurance fund, deleveraging) have no price of the book. */
const ORIGIN_ORDER_BOOK = 'MARKET';
/** The venue sends about ten updates a second, and a snapshot answers within seconds. */
const HELD_UPDATES_MAX = 10_000;

export interface GivenUnits {
  readonly tick: Step | null;
  readonly lot: Step | null;
}

/** For a snapshot that comes before any message with a symbol. */
const UNKNOWN_SYMBOL = 'CAPTURE';

/** Mirrors a recorded book in our market, executes the recorded trades there, and compares the best prices. */
export class BinanceReplay implements Replay {
  private readonly lines: CaptureLines;
  private readonly openMarket: OpenMarket;
  private readonly givenUnits: GivenUnits;
  private readonly counters = new BinanceCounters();
  private readonly tickers = new TickerCheck();
  private readonly chain = new UpdateChain();
  /** Updates that came before the snapshot; those that are not older than it apply after it. */
  private held: { place: Place; update: DepthUpdate }[] = [];
  private running: RunningMarket | null = null;
  private publishTimeMs = 0;

  constructor(files: readonly ByteSource[], openMarket: OpenMarket, givenUnits: GivenUnits) {
    this.lines = new CaptureLines(files);
    this.openMarket = openMarket;
    this.givenUnits = givenUnits;
  }

  get messages(): number {
    return this.counters.messages;
  }

  /** Before the snapshot there is nothing worth keeping. */
  get canBeWritten(): boolean {
    return this.isMirroring;
  }

  progress(): number {
    return this.lines.progress();
  }

  async advance(messages: number): Promise<boolean> {
    const { lines } = this;
    for (let left = messages; left > 0; left--) {
      if (!lines.next() && !(await lines.advance())) {
        this.expectRunning();
        return false;
      }
      const place = lines.current;
      const { localTimeMs, message } = readCaptureLine(place, place.text());
      this.counters.messages++;
      this.running?.market.setTime(localTimeMs);
      this.apply(place, localTimeMs, message);
    }
    return true;
  }

  report(): ReplayReport {
    const { units, market, mirror, lot, tick } = this.expectRunning();
    const { counters, tickers, chain } = this;
    const { rows, rowsEqualSoFar } = tickers;
    const { executions, executionsAtQueueHead } = counters;
    return {
      rows,
      rowsEqual: rowsEqualSoFar,
      levelsEqual: [rows === 0 ? 0 : rowsEqualSoFar / rows],
      executions,
      executionsAtQueueHead,
      recording: 'binance',
      symbol: units.symbol,
      tickSize: fromSteps(1, tick),
      lotSize: fromSteps(1, lot),
      messages: counters.messages,
      snapshots: counters.snapshots,
      depthUpdates: counters.depthUpdates,
      depthUpdatesBeforeSnapshot: counters.depthUpdatesBeforeSnapshot,
      depthUpdatesLinked: chain.linked,
      crossedRows: counters.crossedRows,
      bookTickers: tickers.tickers,
      bookTickersOutOfOrder: tickers.tickersOutOfOrder,
      markPrices: counters.markPrices,
      otherMessages: counters.otherMessages,
      trades: counters.trades,
      tradedQuantity: fromSteps(counters.tradedLots, lot),
      tradeIdGaps: counters.tradeIdGaps,
      executedQuantity: fromSteps(counters.executedLots, lot),
      tradesBeforeSnapshot: counters.tradesBeforeSnapshot,
      tradesOffBook: counters.tradesOffBook,
      tradesBeyondLiquidity: counters.tradesBeyondLiquidity,
      quantityBeyondLiquidity: fromSteps(counters.lotsBeyondLiquidity, lot),
      ordersRefused: mirror.ordersRefused,
      openOrders: market.openOrders,
      stateHash: market.stateHash(),
    };
  }

  write(writer: CanonicalWriter): void {
    this.counters.write(writer);
    this.tickers.write(writer);
    this.chain.write(writer);
    writer.put(this.publishTimeMs);
    this.expectRunning().write(writer);
  }

  async resume(reader: CanonicalReader): Promise<void> {
    this.counters.read(reader);
    this.tickers.read(reader);
    this.chain.read(reader);
    this.publishTimeMs = reader.take();
    this.running = RunningMarket.read(reader, this.openMarket);
    await this.lines.skip(this.counters.messages);
  }

  check(): void {
    this.running?.market.check();
  }

  async close(): Promise<void> {
    await this.lines.close();
  }

  private get isMirroring(): boolean {
    return this.counters.snapshots > 0;
  }

  private apply(place: Place, localTimeMs: number, message: CaptureMessage): void {
    const { kind } = message;
    if (kind === 'ticker') this.compareTicker(place, localTimeMs, message);
    else if (kind === 'depth') this.takeUpdate(place, localTimeMs, message);
    else if (kind === 'trade') this.takeTrade(place, localTimeMs, message);
    else if (kind === 'mark') this.takeIndexPrice(place, message);
    else if (kind === 'snapshot') this.takeSnapshot(place, localTimeMs, message);
    else this.counters.otherMessages++;
  }

  private takeSnapshot(place: Place, localTimeMs: number, snapshot: DepthSnapshot): void {
    const [bid] = snapshot.bids;
    const [ask] = snapshot.asks;
    if (bid === undefined) throw fieldProblem(place, 'bids', '[]', 'at least one level');
    if (ask === undefined) throw fieldProblem(place, 'asks', '[]', 'at least one level');
    if (!this.chain.isNews(snapshot.lastUpdateId)) return;
    const running = this.run(place, localTimeMs, UNKNOWN_SYMBOL, ...bid);
    this.chain.beginAt(snapshot.lastUpdateId);
    if (this.publishTimeMs === 0) this.setFirstPrice(place, running, snapshot, bid, ask);
    for (const recorded of running.mirror.recorded) recorded.clear();
    this.setLevels(place, running, snapshot.bids, snapshot.asks);
    running.mirror.settle();
    this.counters.snapshots++;
    const { held } = this;
    this.held = [];
    for (const { place, update } of held) this.takeUpdate(place, localTimeMs, update);
  }

  /** Orders need a mark price; until the capture brings one, the middle of the book is the nearest to it. */
  private setFirstPrice(
    place: Place,
    running: RunningMarket,
    snapshot: DepthSnapshot,
    [bid]: PrintedLevel,
    [ask]: PrintedLevel,
  ): void {
    const sum = running.toTicks(place, 'bid price', bid) + running.toTicks(place, 'ask price', ask);
    this.publishTimeMs = snapshot.timeMs;
    running.market.setIndexPrice(Math.floor(sum / 2), snapshot.timeMs);
  }

  private takeUpdate(place: Place, localTimeMs: number, update: DepthUpdate): void {
    if (!this.isMirroring) {
      this.hold(place, update);
      return;
    }
    const { counters } = this;
    if (!this.chain.accept(place, update)) {
      counters.depthUpdatesBeforeSnapshot++;
      return;
    }
    const [price = '0', size = '0'] = update.bids[0] ?? update.asks[0] ?? [];
    const running = this.run(place, localTimeMs, update.symbol, price, size);
    this.setLevels(place, running, update.bids, update.asks);
    running.mirror.settle();
    counters.depthUpdates++;
    const best = running.mirror.best(update.lastUpdateId);
    if (best.askTicks > 0 && best.bidTicks >= best.askTicks) counters.crossedRows++;
    this.tickers.addRow(best);
  }

  private hold(place: Place, update: DepthUpdate): void {
    if (this.held.length === HELD_UPDATES_MAX) {
      throw rowProblem(place, `no depth snapshot came within ${HELD_UPDATES_MAX} depth updates`);
    }
    this.held.push({ place: { file: place.file, line: place.line }, update });
  }

  private setLevels(
    place: Place,
    running: RunningMarket,
    bids: readonly PrintedLevel[],
    asks: readonly PrintedLevel[],
  ): void {
    for (const level of bids) running.setLevel(place, SIDE_BUY, level);
    for (const level of asks) running.setLevel(place, SIDE_SELL, level);
  }

  private compareTicker(place: Place, localTimeMs: number, ticker: BookTicker): void {
    const { bid, ask, updateId, symbol } = ticker;
    const running = this.run(place, localTimeMs, symbol, ...bid);
    this.tickers.addTicker({
      updateId,
      bidTicks: running.toTicks(place, 'b', bid[0]),
      bidLots: running.toLots(place, 'B', bid[1], 0),
      askTicks: running.toTicks(place, 'a', ask[0]),
      askLots: running.toLots(place, 'A', ask[1], 0),
    });
  }

  private takeTrade(place: Place, localTimeMs: number, trade: Trade): void {
    const { counters } = this;
    const running = this.run(place, localTimeMs, trade.symbol, trade.price, trade.size);
    const lots = running.toLots(place, 'q', trade.size, 1);
    const priceTicks = running.toTicks(place, 'p', trade.price);
    counters.trades++;
    counters.tradedLots += lots;
    if (counters.trades > 1 && trade.tradeId !== counters.lastTradeId + 1) counters.tradeIdGaps++;
    counters.lastTradeId = trade.tradeId;
    if (trade.origin !== ORIGIN_ORDER_BOOK) counters.tradesOffBook++;
    else if (!this.isMirroring) counters.tradesBeforeSnapshot++;
    else this.execute(running, trade.buyerIsMaker ? SIDE_SELL : SIDE_BUY, priceTicks, lots);
  }

  private execute(running: RunningMarket, side: number, priceTicks: number, lots: number): void {
    const { counters } = this;
    const { filledLots, firstPriceTicks } = running.mirror.trade(side, priceTicks, lots);
    if (filledLots > 0) counters.executions++;
    if (firstPriceTicks === priceTicks) counters.executionsAtQueueHead++;
    counters.executedLots += filledLots;
    if (filledLots === lots) return;
    counters.tradesBeyondLiquidity++;
    counters.lotsBeyondLiquidity += lots - filledLots;
  }

  private takeIndexPrice(place: Place, mark: MarkPrice): void {
    this.counters.markPrices++;
    if (this.running === null) return;
    this.expectSymbol(place, this.running, mark.symbol);
    // The venue's clock may step back by a little; the price is the newest all the same.
    this.publishTimeMs = Math.max(this.publishTimeMs, mark.timeMs);
    const ticks = this.running.toIndexTicks(place, mark.indexPrice);
    this.running.market.setIndexPrice(ticks, this.publishTimeMs);
  }

  /** Opens the market with the first message that tells its units. */
  private run(
    place: Place,
    localTimeMs: number,
    symbol: string,
    price: string,
    size: string,
  ): RunningMarket {
    if (this.running === null) {
      const units = unitsOf(symbol, price, size, this.givenUnits);
      this.running = new RunningMarket(units, this.openMarket);
      this.running.market.setTime(localTimeMs);
    }
    this.expectSymbol(place, this.running, symbol);
    return this.running;
  }

  private expectSymbol(place: Place, { units }: RunningMarket, symbol: string): void {
    if (symbol === units.symbol) return;
    if (symbol === UNKNOWN_SYMBOL || units.symbol === UNKNOWN_SYMBOL) return;
    throw fieldProblem(place, 's', symbol, `'${units.symbol}': one market a replay`);
  }

  private expectRunning(): RunningMarket {
    if (this.running !== null && this.isMirroring) return this.running;
    const { file, line } = this.lines.current;
    throw new ReplayError(`${file}:${line}: no depth snapshot came until here`);
  }
}
