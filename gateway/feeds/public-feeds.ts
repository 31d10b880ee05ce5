import type { Market, Markets } from '../markets.js';
import type { Outbox } from '../outbox.js';
import type { Subscription } from '../session/connection.js';
import { replyFrame, replyNotice } from '../session/replies.js';
import type { AccountViews } from './account-views.js';
import { BookContent, type BookListener } from './book-content.js';
import { Channel, type ChannelContent } from './channel.js';
import { LiquidationsContent } from './liquidations-content.js';
import { MarkContent, StatesContent } from './market-content.js';
import type { OrderFold } from './order-fold.js';
import { RISK_CHANNEL, RiskContent } from './risk-content.js';
import { TradesContent } from './trades-content.js';

export interface PublicFeedOptions {
  publicFramesMax: number;
  tradesSnapshotMax: number;
  publicBufferBytesMax: number;
}

interface MarketFeeds {
  readonly book: BookContent;
  readonly trades: TradesContent;
  readonly mark: MarkContent;
  readonly liquidations: LiquidationsContent;
}

/** All public channels: what the events put into them, and the tick that sends it. */
export class PublicFeeds {
  private readonly channels = new Map<string, Channel<Subscription>>();
  private readonly feeds: (MarketFeeds | undefined)[] = [];
  private readonly states: StatesContent;
  /** What registered liquidators may know of accounts that are being liquidated. */
  readonly risk: RiskContent;
  /** Another door to the same books. */
  onBook: BookListener = () => {};
  private readonly lagging = new Set<Subscription>();
  private readonly orders: OrderFold;
  private readonly outbox: Outbox;
  private readonly options: PublicFeedOptions;

  constructor(
    markets: Markets,
    views: AccountViews,
    orders: OrderFold,
    outbox: Outbox,
    options: PublicFeedOptions,
  ) {
    this.orders = orders;
    this.outbox = outbox;
    this.options = options;
    this.states = new StatesContent(markets);
    this.addChannel('marketState', this.states);
    this.risk = new RiskContent(markets, views);
    this.addChannel(RISK_CHANNEL, this.risk);
  }

  find(name: string): Channel<Subscription> | undefined {
    return this.channels.get(name);
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
    this.feeds[market.id] = { book, trades, mark, liquidations };
    this.addChannel(`book.${symbol}`, book);
    this.addChannel(`trades.${symbol}`, trades);
    this.addChannel(`mark.${symbol}`, mark);
    this.addChannel(`liquidations.${symbol}`, liquidations);
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

  subscribe(
    subscription: Subscription,
    epoch: number,
    seen: { epoch: number; sequence: number } | null,
  ) {
    const { channel, connection } = subscription;
    const missed = seen === null ? null : channel.after(seen.epoch, seen.sequence);
    channel.subscribers.add(subscription);
    return {
      resumed: missed !== null,
      /** Sends what the subscriber does not have; to be called after the answer. */
      begin: () => {
        if (missed !== null) for (const frame of missed) replyFrame(connection, frame);
        else replyFrame(connection, channel.snapshot());
      },
      epoch,
    };
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
  tick(epoch: number): void {
    for (const channel of this.channels.values()) {
      const frame = channel.tick(epoch);
      if (frame === null || channel.subscribers.size === 0) continue;
      const kept = this.outbox.keepFrame(frame);
      for (const subscription of channel.subscribers) {
        if (subscription.lagging) continue;
        const { connection } = subscription;
        if (connection.socket.getBufferedAmount() > this.options.publicBufferBytesMax) {
          subscription.lagging = true;
          this.lagging.add(subscription);
        } else this.outbox.addFrame(connection, kept);
      }
    }
    if (this.lagging.size > 0) this.readmit();
  }

  private readmit(): void {
    for (const subscription of this.lagging) {
      const { connection, channel } = subscription;
      // Well below the limit, so that a slow reader does not go in and out at each tick.
      if (connection.socket.getBufferedAmount() > this.options.publicBufferBytesMax / 4) continue;
      this.lagging.delete(subscription);
      subscription.lagging = false;
      connection.socket.cork(() => {
        replyNotice(
          connection,
          'frames_left_out',
          channel.name,
          'the connection read too slowly, frames were left out; a snapshot follows',
        );
        replyFrame(connection, channel.snapshot());
      });
    }
  }

  private addChannel(name: string, content: ChannelContent): void {
    this.channels.set(name, new Channel(name, content, this.options.publicFramesMax));
  }
}
