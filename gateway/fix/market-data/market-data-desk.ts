import type { L2Book } from '../../feeds/l2-book.js';
import type { Levels } from '../../feeds/level-differences.js';
import type { GatewayLimits } from '../../limits.js';
import { type Market, type Markets, priceText, qtyText } from '../../markets.js';
import { affords, tokensBeyond } from '../../session/token-bucket.js';
import type { ClientSession } from '../client-session.js';
import type { FixMessage } from '../codec/fix-message.js';
import { FixBody, timestampOf } from '../codec/frame-writer.js';
import { MSG, TAG } from '../codec/tags.js';
import { type LevelChange, levelChanges, UPDATE_DELETE, UPDATE_NEW } from './level-changes.js';
import {
  ENTRY_BID,
  ENTRY_OFFER,
  ENTRY_TRADE,
  MARKET_DATA_REJECT,
  type RefusedData,
  readWanted,
  type WantedData,
} from './market-data-request.js';

const UNSUBSCRIBE = '2';
/** Of a level in a snapshot, about. */
const LEVEL_BYTES = 32;
const SIDES = [ENTRY_BID, ENTRY_OFFER];

/** A market's best levels, as many as somebody wants, and what has changed in them with the last tick. */
interface Channel {
  readonly market: Market;
  readonly depth: number;
  /** Bids, then offers. */
  levels: [Levels, Levels];
  changes: [LevelChange[], LevelChange[]];
  subscribers: number;
}

interface Subscription {
  readonly session: ClientSession;
  readonly id: string;
  readonly wanted: WantedData;
  readonly channels: readonly Channel[];
  /** Updates were left out: whole books come next. */
  lagging: boolean;
}

interface Trade {
  readonly priceTicks: number;
  readonly lots: number;
  readonly timeMs: number;
}

type DeskLimits = Pick<GatewayLimits, 'requestsBurst' | 'subscriptionsMax'>;

/** Snapshots and updates of books, and trades, for sessions that ask for them. */
export class MarketDataDesk {
  private readonly markets: Markets;
  private readonly bookOf: (marketId: number) => L2Book;
  private readonly limits: DeskLimits;
  private readonly channels = new Map<string, Channel>();
  private readonly subscriptions = new Map<ClientSession, Map<string, Subscription>>();
  /** By market: trades since the last tick. */
  private readonly trades = new Map<number, Trade[]>();
  private tradeReaders = 0;

  constructor(markets: Markets, bookOf: (marketId: number) => L2Book, limits: DeskLimits) {
    this.markets = markets;
    this.bookOf = bookOf;
    this.limits = limits;
  }

  /** Somebody wants to know of trades. */
  get wantsTrades(): boolean {
    return this.tradeReaders > 0;
  }

  /** A MarketDataRequest. */
  handle(session: ClientSession, message: FixMessage, isAllowed: boolean): void {
    session.record.numbers.answer(message.sequence);
    const id = message.get(TAG.MDReqID) as string;
    const refused = isAllowed
      ? this.follow(session, id, message)
      : { reason: MARKET_DATA_REJECT.insufficientBandwidth, text: 'too many requests; try later' };
    if (refused === null) return;
    const body = new FixBody().field(TAG.MDReqID, id);
    if (refused.reason !== null) body.field(TAG.MDReqRejReason, refused.reason);
    session.send({
      type: MSG.MarketDataRequestReject,
      body: body.sentence(TAG.Text, refused.text),
    });
  }

  /** A trade in the book. */
  sawTrade(marketId: number, priceTicks: number, lots: number, timeMs: number): void {
    const trades = this.trades.get(marketId) ?? [];
    trades.push({ priceTicks, lots, timeMs });
    this.trades.set(marketId, trades);
  }

  /** Nobody is connected any more. */
  drop(session: ClientSession): void {
    for (const subscription of this.subscriptions.get(session)?.values() ?? []) {
      this.release(subscription);
    }
    this.subscriptions.delete(session);
  }

  /** Sends what has changed since the last tick. */
  tick(): void {
    if (this.subscriptions.size === 0) return;
    for (const channel of this.channels.values()) this.look(channel);
    for (const own of this.subscriptions.values()) {
      for (const subscription of own.values()) this.update(subscription);
    }
    this.trades.clear();
  }

  private follow(session: ClientSession, id: string, message: FixMessage): RefusedData | null {
    const own = this.subscriptions.get(session) ?? new Map<string, Subscription>();
    const known = own.get(id);
    if (message.get(TAG.SubscriptionRequestType) === UNSUBSCRIBE) {
      if (known === undefined)
        return { reason: null, text: 'MDReqID must be that of a subscription' };
      this.release(known);
      own.delete(id);
      if (own.size === 0) this.subscriptions.delete(session);
      return null;
    }
    if (known !== undefined) {
      return { reason: MARKET_DATA_REJECT.duplicateId, text: 'MDReqID is in use' };
    }
    const wanted = readWanted(message, this.markets);
    if ('text' in wanted) return wanted;
    const { subscriptionsMax } = this.limits;
    if (wanted.isLive && own.size >= subscriptionsMax) {
      const text = `subscriptions must be at most ${subscriptionsMax}`;
      return { reason: MARKET_DATA_REJECT.insufficientBandwidth, text };
    }
    if (!this.affords(session, wanted)) {
      const text = 'the books count as many requests as are not left at the moment; try later';
      return { reason: MARKET_DATA_REJECT.insufficientBandwidth, text };
    }
    const channels = wanted.markets.map((market) => this.channelOf(market, wanted.depth));
    const subscription = { session, id, wanted, channels, lagging: false };
    for (const channel of channels) this.snapshot(subscription, channel);
    if (!wanted.isLive) {
      for (const channel of channels) this.leave(channel);
      return null;
    }
    if (wanted.trades) this.tradeReaders++;
    own.set(id, subscription);
    this.subscriptions.set(session, own);
    return null;
  }

  /** Before anything is read from the books: whoever has nothing left could else have it done with each request. */
  private affords(session: ClientSession, { depth, markets }: WantedData): boolean {
    const most = depth === 0 ? Number.POSITIVE_INFINITY : depth;
    const levels = markets.reduce((sum, { id }) => {
      const book = this.bookOf(id);
      return sum + Math.min(most, book.countOf(0)) + Math.min(most, book.countOf(1));
    }, 0);
    const nowMs = performance.now();
    return affords(tokensBeyond(levels * LEVEL_BYTES), this.limits, (count) => {
      return session.bucket(nowMs).take(count, nowMs);
    });
  }

  private release({ channels, wanted }: Subscription): void {
    if (wanted.trades) this.tradeReaders--;
    for (const channel of channels) this.leave(channel);
  }

  private channelOf(market: Market, depth: number): Channel {
    const key = `${market.id}:${depth}`;
    let channel = this.channels.get(key);
    if (channel === undefined) {
      channel = { market, depth, levels: [[], []], changes: [[], []], subscribers: 0 };
      this.channels.set(key, channel);
      this.look(channel);
    }
    channel.subscribers++;
    return channel;
  }

  private leave(channel: Channel): void {
    if (--channel.subscribers === 0) {
      this.channels.delete(`${channel.market.id}:${channel.depth}`);
    }
  }

  private look(channel: Channel): void {
    const book = this.bookOf(channel.market.id);
    const depth = channel.depth === 0 ? Number.POSITIVE_INFINITY : channel.depth;
    const levels: [Levels, Levels] = [book.published(0, depth), book.published(1, depth)];
    channel.changes = [
      levelChanges(channel.levels[0], levels[0], -1),
      levelChanges(channel.levels[1], levels[1], 1),
    ];
    channel.levels = levels;
  }

  private update(subscription: Subscription): void {
    const { session, wanted, channels } = subscription;
    if (session.link.isBusy) {
      const isNew = channels.some((channel) => hasChanges(this.changesFor(wanted, channel)));
      if (isNew) subscription.lagging = true;
      return;
    }
    const isWhole = subscription.lagging || wanted.isFull;
    const entries = new FixBody();
    let count = 0;
    for (const channel of channels) {
      const changes = this.changesFor(wanted, channel);
      const differs = subscription.lagging || hasChanges(changes);
      if (isWhole && differs) this.snapshot(subscription, channel);
      if (!isWhole) count += levelEntries(entries, channel.market, changes);
      if (wanted.trades) count += this.tradeEntries(entries, channel.market);
    }
    subscription.lagging = false;
    if (count === 0) return;
    const body = new FixBody().field(TAG.MDReqID, subscription.id).field(TAG.NoMDEntries, count);
    body.text += entries.text;
    session.send({ type: MSG.MarketDataIncremental, body });
  }

  private changesFor({ bids, offers }: WantedData, channel: Channel): LevelChange[][] {
    return [bids ? channel.changes[0] : [], offers ? channel.changes[1] : []];
  }

  private tradeEntries(body: FixBody, market: Market): number {
    const trades = this.trades.get(market.id) ?? [];
    for (const { priceTicks, lots, timeMs } of trades) {
      const time = timestampOf(timeMs);
      body
        .field(TAG.MDUpdateAction, UPDATE_NEW)
        .field(TAG.MDEntryType, ENTRY_TRADE)
        .field(TAG.Symbol, market.params.symbol)
        .field(TAG.MDEntryPx, priceText(market, priceTicks))
        .field(TAG.MDEntrySize, qtyText(market, lots))
        .field(TAG.MDEntryDate, time.slice(0, 8))
        .field(TAG.MDEntryTime, time.slice(9));
    }
    return trades.length;
  }

  private snapshot({ session, id, wanted }: Subscription, channel: Channel): void {
    const { market, levels } = channel;
    const entries = new FixBody();
    let count = 0;
    const sides = [wanted.bids ? levels[0] : [], wanted.offers ? levels[1] : []];
    sides.forEach((side, number) => {
      for (let i = 0; i < side.length; i += 2) {
        entries
          .field(TAG.MDEntryType, SIDES[number] as string)
          .field(TAG.MDEntryPx, priceText(market, side[i] as number))
          .field(TAG.MDEntrySize, qtyText(market, side[i + 1] as number));
        count++;
      }
    });
    const body = new FixBody()
      .field(TAG.MDReqID, id)
      .field(TAG.Symbol, market.params.symbol)
      .field(TAG.NoMDEntries, count);
    body.text += entries.text;
    session.send({ type: MSG.MarketDataSnapshot, body });
  }
}

function hasChanges(changes: readonly LevelChange[][]): boolean {
  return changes.some((side) => side.length > 0);
}

function levelEntries(body: FixBody, market: Market, changes: readonly LevelChange[][]): number {
  let count = 0;
  changes.forEach((side, number) => {
    for (const { action, priceTicks, lots } of side) {
      body
        .field(TAG.MDUpdateAction, action)
        .field(TAG.MDEntryType, SIDES[number] as string)
        .field(TAG.Symbol, market.params.symbol)
        .field(TAG.MDEntryPx, priceText(market, priceTicks));
      if (action !== UPDATE_DELETE) body.field(TAG.MDEntrySize, qtyText(market, lots));
      count++;
    }
  });
  return count;
}
