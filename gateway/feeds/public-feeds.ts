import { INTERVALS_MS } from '../history/intervals.js';
import type { CandleRow } from '../history/rows.js';
import type { Market, Markets } from '../markets.js';
import type { Outbox } from '../outbox.js';
import { CANDLE_INTERVALS } from '../protocol/names.js';
import type { Subscription } from '../session/connection.js';
import { replyFrame, replyNotice } from '../session/replies.js';
import type { AccountViews } from './account-views.js';
import { BboContent } from './bbo-content.js';
import { BookContent, type BookListener } from './book-content.js';
import { CandlesContent } from './candles-content.js';
import { Channel, type ChannelContent } from './channel.js';
import { DepthContent, type DepthTerms, depthTermsOf, readerGroups } from './depth-content.js';
import { LiquidationsContent } from './liquidations-content.js';
import { MarkContent, StatesContent } from './market-content.js';
import type { OrderFold } from './order-fold.js';
import { OrdersContent } from './orders-content.js';
import type { LastSeen } from './private-feed.js';
import { RISK_CHANNEL, RiskContent } from './risk-content.js';
import { type Trade, TradesContent } from './trades-content.js';

export interface PublicFeedOptions {
  publicFramesMax: number;
  tradesSnapshotMax: number;
  candlesSnapshotMax: number;
}

interface Stand {
  sequence: number;
  timeMs: number;
}

/** Where the channels stand, and what their snapshots show that is no state of the exchange. */
export interface FeedsMemory {
  /** Name of a channel, and number of its last frame. */
  sequences: [string, number][];
  /** By host. */
  states: readonly number[];
  markets: {
    marketId: number;
    book: Stand;
    trades: readonly Trade[];
    mark: Stand;
    liquidations: Stand;
    /** By index of the interval. */
    candles: readonly (readonly CandleRow[])[];
  }[];
}

interface MarketFeeds {
  readonly book: BookContent;
  readonly trades: TradesContent;
  readonly mark: MarkContent;
  readonly liquidations: LiquidationsContent;
  /** By index of the interval; empty without a history. */
  readonly candles: readonly CandlesContent[];
}

/** A minute, with ticks of 20 ms. */
const IDLE_TICKS_MAX = 3_000;

/** All public channels: what the events put into them, and the tick that sends it. */
export class PublicFeeds {
  private readonly channels = new Map<string, Channel<Subscription>>();
  /** Books of a depth, by name and group of readers. */
  private readonly depths = new Map<string, (Channel<Subscription> | undefined)[]>();
  private readonly feeds: (MarketFeeds | undefined)[] = [];
  private readonly states = new StatesContent();
  /** What registered liquidators may know of accounts that are being liquidated. */
  readonly risk: RiskContent;
  /** Another door to the same books. */
  onBook: BookListener = () => {};
  private readonly lagging = new Set<Subscription>();
  /** Channels that are there only while somebody reads them, and a while longer for who comes back. */
  private readonly passing = new Map<
    Channel<Subscription>,
    { idleTicks: number; close: () => void }
  >();
  /** Of the last tick. */
  private epoch = 0;
  private tickedMs = 0;
  private readonly markets: Markets;
  private readonly orders: OrderFold;
  private readonly outbox: Outbox;
  private readonly options: PublicFeedOptions;
  private readonly hasCandles: boolean;

  /** `hasCandles`: somebody calls `sawCandles`. */
  constructor(
    markets: Markets,
    views: AccountViews,
    orders: OrderFold,
    outbox: Outbox,
    options: PublicFeedOptions,
    hasCandles: boolean,
  ) {
    this.markets = markets;
    this.hasCandles = hasCandles;
    this.orders = orders;
    this.outbox = outbox;
    this.options = options;
    this.addChannel('marketState', this.states);
    this.risk = new RiskContent(markets, views);
    this.addChannel(RISK_CHANNEL, this.risk);
  }

  /**
   * The channel for a connection with this number; `seen`: what it has of it, null: nothing. Of a market's book there are more channels than anybody reads: some come
   * into being when they are asked for.
   */
  find(name: string, connection: number, seen: LastSeen | null): Channel<Subscription> | undefined {
    return (
      this.channels.get(name) ?? this.depthChannel(name, connection, seen) ?? this.openOrders(name)
    );
  }

  addMarket(market: Market): void {
    if (this.feeds[market.id] !== undefined) return;
    const { symbol } = market.params;
    const listener: BookListener = (id, changes, sequence, timeMs) => {
      this.onBook(id, changes, sequence, timeMs);
    };
    const book = new BookContent(market, this.orders.book(market.id), listener);
    const trades = new TradesContent(market, this.options.tradesSnapshotMax);
    const mark = new MarkContent(market);
    const liquidations = new LiquidationsContent(market);
    const candles = (this.hasCandles ? CANDLE_INTERVALS : []).map((_, interval) => {
      return new CandlesContent(market, interval, this.options.candlesSnapshotMax);
    });
    this.feeds[market.id] = { book, trades, mark, liquidations, candles };
    this.states.add(market);
    // First of all: what shows a part of the book follows what this one has published.
    this.addChannel(`book.${symbol}`, book);
    this.addChannel(`bbo.${symbol}`, new BboContent(market, this.orders.book(market.id), book));
    this.addChannel(`trades.${symbol}`, trades);
    this.addChannel(`mark.${symbol}`, mark);
    this.addChannel(`liquidations.${symbol}`, liquidations);
    candles.forEach((content, interval) => {
      this.addChannel(`candles.${symbol}.${CANDLE_INTERVALS[interval]}`, content);
    });
  }

  /** Candles that have changed, of any market and interval, oldest first. */
  sawCandles(candles: readonly CandleRow[]): void {
    for (const candle of candles) {
      const interval = INTERVALS_MS.indexOf(candle.intervalMs);
      this.feeds[candle.marketId]?.candles[interval]?.saw(candle);
    }
  }

  /** What another thread needs to go on from here: the state itself is seeded. To be called right after a tick. */
  memory(): FeedsMemory {
    const passing = new Set(this.passing.keys());
    const lasting = [...this.channels.values()].filter((channel) => !passing.has(channel));
    const markets = this.feeds.flatMap((feeds, marketId) => {
      if (feeds === undefined) return [];
      const { book, candles, liquidations, mark, trades } = feeds;
      return {
        marketId,
        book: book.published,
        trades: trades.memory(),
        mark: mark.memory(),
        liquidations: liquidations.memory(),
        candles: candles.map((content) => content.memory()),
      };
    });
    const sequences = lasting.map(({ name, last }): [string, number] => [name, last]);
    return { sequences, markets, states: this.states.memory() };
  }

  /** Goes on from there, before anybody reads; all markets are known. */
  restore({ sequences, markets, states }: FeedsMemory, epoch: number, nowMs: number): void {
    this.states.restore(states);
    for (const { marketId, book, trades, mark, liquidations, candles } of markets) {
      const feeds = this.feeds[marketId];
      feeds?.book.restore(book);
      feeds?.trades.restore(trades);
      feeds?.mark.restore(mark);
      feeds?.liquidations.restore(liquidations);
      candles.forEach((kept, interval) => {
        feeds?.candles[interval]?.restore(kept);
      });
    }
    this.tick(epoch, nowMs);
    for (const [name, sequence] of sequences) this.channels.get(name)?.restart(sequence);
  }

  /** Positions at risk are told under numbers of this thread. */
  withOtherThreads(): void {
    (this.channels.get(RISK_CHANNEL) as Channel<Subscription>).resumes = false;
  }

  /** An order of the market changed. */
  sawOrders(marketId: number, sequence: number, timeMs: number): void {
    this.feeds[marketId]?.book.saw(sequence, timeMs);
  }

  sawTrade(
    marketId: number,
    tradeSequence: number,
    priceTicks: number,
    lots: number,
    takerSide: number,
    timeMs: number,
  ): void {
    this.feeds[marketId]?.trades.add({ tradeSequence, priceTicks, lots, takerSide, timeMs });
  }

  sawMark(marketId: number, sequence: number, timeMs: number): void {
    this.feeds[marketId]?.mark.saw(sequence, timeMs);
  }

  /** An event that may concern liquidations. */
  sawLiquidation(
    marketId: number,
    words: Int32Array,
    floats: Float64Array,
    at: number,
    timeMs: number,
  ): void {
    this.feeds[marketId]?.liquidations.apply(words, floats, at, timeMs);
  }

  sawState(market: Market, sequence: number): void {
    this.states.saw(market, sequence);
  }

  /** What a subscriber does not have yet: from there on the channel's frames are all. */
  missing(channel: Channel<Subscription>, binary: boolean, epoch: number, seen: LastSeen | null) {
    // Of an epoch that no tick has seen, there is nothing yet to take a snapshot of, or to number what follows by.
    if (epoch !== this.epoch) this.tick(epoch, this.tickedMs);
    const missed = seen === null ? null : channel.after(seen.epoch, seen.sequence);
    return { resumed: missed !== null, frames: missed ?? channel.beginning(binary) };
  }

  /** The account is no liquidator any more. */
  dismiss(account: number): void {
    const channel = this.channels.get(RISK_CHANNEL) as Channel<Subscription>;
    for (const subscription of [...channel.subscribers]) {
      const { connection } = subscription;
      if (connection.account !== account) continue;
      this.unsubscribe(subscription);
      connection.subscriptions.delete(RISK_CHANNEL);
      const sentence = 'the account is not registered as a liquidator any more';
      replyNotice(connection, 'account_is_not_a_liquidator', RISK_CHANNEL, sentence);
    }
  }

  unsubscribe(subscription: Subscription): void {
    subscription.channel.subscribers.delete(subscription);
    this.lagging.delete(subscription);
  }

  /** Collects the frames of the tick into the outbox, and lets those who lagged behind back in. */
  tick(epoch: number, nowMs: number): void {
    this.epoch = epoch;
    this.tickedMs = nowMs;
    for (const channel of this.channels.values()) this.tickChannel(channel, nowMs);
    // What shows a part of a book follows what the book's own channel has published.
    for (const groups of this.depths.values()) {
      for (const channel of groups) if (channel !== undefined) this.tickChannel(channel, nowMs);
    }
    if (this.lagging.size > 0) this.readmit();
    if (this.passing.size > 0) this.closeIdle();
  }

  private tickChannel(channel: Channel<Subscription>, nowMs: number): void {
    const frame = channel.tick(this.epoch, nowMs);
    if (frame === null || channel.subscribers.size === 0) return;
    const kept = this.outbox.keepFrame(frame);
    for (const subscription of channel.subscribers) {
      if (subscription.lagging) continue;
      const { connection } = subscription;
      // Asking costs a native call for each reader and tick; mostly nothing was held back.
      if (connection.clogged && connection.waitingBytes > this.outbox.backlogs.publicBytesMax) {
        subscription.lagging = true;
        this.lagging.add(subscription);
      } else this.outbox.addFrame(connection, kept);
    }
  }

  /** All channels of a connection are of the same group, so that their frames go out together; who comes back gets its old one. */
  private depthChannel(name: string, connection: number, seen: LastSeen | null) {
    const [, symbol, text] = /^book\.([^.]+)\.(.+)$/.exec(name) ?? [];
    const terms = depthTermsOf(text ?? '');
    const market = symbol === undefined ? undefined : this.markets.find(symbol);
    if (terms === null || market === undefined) return undefined;
    const groups = this.depths.get(name) ?? [];
    const old = seen && groups.find((channel) => channel?.after(seen.epoch, seen.sequence));
    const group = connection % readerGroups(terms);
    return old ?? groups[group] ?? this.openDepth(name, market, terms, group);
  }

  private openDepth(name: string, market: Market, terms: DepthTerms, group: number) {
    const feeds = this.feeds[market.id];
    if (feeds === undefined) return undefined;
    const book = this.orders.book(market.id);
    const content = new DepthContent(market, book, feeds.book, terms, group);
    const channel = this.newChannel(name, content);
    const groups = this.depths.get(name) ?? [];
    groups[group] = channel;
    this.depths.set(name, groups);
    return this.openNow(channel, () => {
      groups[group] = undefined;
      if (groups.every((other) => other === undefined)) this.depths.delete(name);
    });
  }

  private openOrders(name: string): Channel<Subscription> | undefined {
    const [, symbol] = /^orders\.([^.]+)$/.exec(name) ?? [];
    const market = symbol === undefined ? undefined : this.markets.find(symbol);
    const feeds = market === undefined ? undefined : this.feeds[market.id];
    if (market === undefined || feeds === undefined) return undefined;
    const content = new OrdersContent(market, this.orders, feeds.book);
    return this.openNow(this.addChannel(name, content), () => {
      content.close();
      this.channels.delete(name);
    });
  }

  /** Its snapshot is of this moment; from the next tick on it is like all others. */
  private openNow(channel: Channel<Subscription>, close: () => void): Channel<Subscription> {
    channel.tick(this.epoch, 0);
    this.passing.set(channel, { idleTicks: 0, close });
    return channel;
  }

  /** What nobody has read for long is not kept up any more. */
  private closeIdle(): void {
    for (const [channel, state] of this.passing) {
      state.idleTicks = channel.subscribers.size === 0 ? state.idleTicks + 1 : 0;
      if (state.idleTicks < IDLE_TICKS_MAX) continue;
      state.close();
      this.passing.delete(channel);
    }
  }

  private readmit(): void {
    for (const subscription of this.lagging) {
      const { connection, channel } = subscription;
      // Well below the limit, so that a slow reader does not go in and out at each tick.
      if (connection.waitingBytes > this.outbox.backlogs.publicBytesMax / 4) continue;
      this.lagging.delete(subscription);
      subscription.lagging = false;
      connection.socket.cork(() => {
        replyNotice(
          connection,
          'frames_left_out',
          channel.name,
          'the connection read too slowly, frames were left out; a snapshot follows',
        );
        for (const frame of channel.beginning(connection.binary)) replyFrame(connection, frame);
      });
    }
  }

  private addChannel(name: string, content: ChannelContent): Channel<Subscription> {
    const channel = this.newChannel(name, content);
    this.channels.set(name, channel);
    return channel;
  }

  private newChannel(name: string, content: ChannelContent): Channel<Subscription> {
    return new Channel<Subscription>(name, content, this.options.publicFramesMax);
  }
}
