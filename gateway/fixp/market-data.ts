import {
  EF_LOTS,
  EF_SEQUENCE,
  EF_TRADE_SEQUENCE,
  EW_FLAGS,
  EW_OLD_PRICE,
  EW_PRICE,
  marketOf,
  typeOf,
  W_HEAD,
} from '../../engine/messages/layout.js';
import { typeSet } from '../../engine/messages/type-set.js';
import {
  EVT_ACCEPTED,
  EVT_AMENDED,
  EVT_CANCELED,
  EVT_FILL,
  EVT_MARK_PRICE,
  EVT_MARKET_STATE,
  EVT_PRICE_GUARD,
  FLAG_MAKER,
  FLAG_SIDE,
} from '../../engine/messages/types.js';
import { type Problem, problem } from '../commands/problem.js';
import type { GatewayFolds } from '../gateway-folds.js';
import type { Market } from '../markets.js';
import { PublicPace } from '../session/load-levels.js';
import { affords, tokensBeyond } from '../session/token-bucket.js';
import type { FixpSession } from './fixp-session.js';
import {
  MarketDataAckEncoder,
  type MarketDataRequestDecoder,
  SubscriptionAction,
} from './generated/index.js';
import { MarketDataFeed } from './market-data-feed.js';
import { notAllowed, unknownMarket } from './order-reader.js';
import { beginMessage, commitMessage } from './report-writer.js';

export interface MarketDataContext {
  readonly folds: GatewayFolds;
  readonly publicBufferBytesMax: number;
  readonly requestsBurst: number;
  readonly nowMs: () => number;
  readonly exchangeTimeMs: () => number;
}

/** By type: 1 for what changes the book, the trades or the standing of a market. */
const IS_TOLD = typeSet([
  EVT_AMENDED,
  EVT_ACCEPTED,
  EVT_CANCELED,
  EVT_FILL,
  EVT_MARK_PRICE,
  EVT_PRICE_GUARD,
  EVT_MARKET_STATE,
]);
const ack = new MarketDataAckEncoder();

/** Market data of the binary door: who reads what, and the tick that sends it. Subscriptions end with the connection. */
export class MarketData {
  private readonly context: MarketDataContext;
  private readonly feeds = new Map<number, MarketDataFeed>();
  private readonly pace: PublicPace;

  constructor(context: MarketDataContext) {
    this.context = context;
    this.pace = new PublicPace(context.folds.load);
  }

  request(session: FixpSession, seqNo: number, message: MarketDataRequestDecoder): Problem | null {
    const { folds, exchangeTimeMs } = this.context;
    const marketId = message.marketId();
    const market = folds.markets.get(marketId);
    if (market === undefined) return unknownMarket(marketId);
    const feed = this.feedOf(market);
    const action = message.action();
    if (action === SubscriptionAction.Subscribe) {
      if (feed.subscribers.has(session)) {
        return problem('already_subscribed', `market ${marketId} is subscribed already`);
      }
      if (!this.affords(session, feed.snapshotBytes)) {
        return problem(
          'rate_limited',
          `the book of market ${marketId} counts as many requests as are not left at the moment`,
        );
      }
      if (feed.subscribers.size === 0) feed.begin();
      feed.subscribers.add(session);
      // The answer first; the snapshot is of the last tick, and the next message continues it.
      this.answer(session, seqNo, marketId, action, exchangeTimeMs());
      session.connection?.sendFrame(feed.snapshot(folds.epoch()), this.context.nowMs());
      return null;
    }
    if (action !== SubscriptionAction.Unsubscribe) return notAllowed('action', action);
    if (!feed.subscribers.delete(session)) {
      return problem('not_subscribed', `market ${marketId} is not subscribed`);
    }
    feed.lagging.delete(session);
    this.answer(session, seqNo, marketId, action, exchangeTimeMs());
    return null;
  }

  /** Before a snapshot is made: whoever has nothing left could else have one made with each request. */
  private affords(session: FixpSession, bytes: number): boolean {
    const clockMs = performance.now();
    return affords(tokensBeyond(bytes), this.context, (count) => {
      return session.bucket(clockMs).take(count, clockMs);
    });
  }

  /** The session has lost its connection. */
  leave(session: FixpSession): void {
    for (const feed of this.feeds.values()) {
      feed.subscribers.delete(session);
      feed.lagging.delete(session);
    }
  }

  /** An event of the shard that is host to its market. */
  saw(words: Int32Array, floats: Float64Array, at: number, shard: number, timeMs: number): void {
    const head = words[at + W_HEAD] as number;
    const type = typeOf(head);
    if (IS_TOLD[type] !== 1) return;
    const market = this.context.folds.markets.get(marketOf(head));
    if (market?.host !== shard) return;
    const feed = this.feedOf(market);
    const f = at / 2;
    const sequence = floats[f + EF_SEQUENCE] as number;
    if (feed.subscribers.size === 0) {
      feed.note(sequence, timeMs);
      return;
    }
    const side = (words[at + EW_FLAGS] as number) & FLAG_SIDE;
    const price = words[at + EW_PRICE] as number;
    switch (type) {
      case EVT_AMENDED:
        feed.saw(side, words[at + EW_OLD_PRICE] as number, sequence, timeMs);
        feed.saw(side, price, sequence, timeMs);
        break;
      case EVT_ACCEPTED:
      case EVT_CANCELED:
        feed.saw(side, price, sequence, timeMs);
        break;
      case EVT_FILL: {
        // Both sides: a taker's rest is at its own price, which its acceptance has told.
        feed.saw(side, price, sequence, timeMs);
        if (((words[at + EW_FLAGS] as number) & FLAG_MAKER) !== 0) break;
        const tradeId = floats[f + EF_TRADE_SEQUENCE] as number;
        const lots = floats[f + EF_LOTS] as number;
        feed.sawTrade({ tradeId, priceTicks: price, lots, takerSide: side, timeMs }, sequence);
        break;
      }
      case EVT_MARK_PRICE:
      case EVT_PRICE_GUARD:
      case EVT_MARKET_STATE:
        feed.sawPrices(sequence, timeMs);
        break;
    }
  }

  private feedOf(market: Market): MarketDataFeed {
    const { id } = market;
    let feed = this.feeds.get(id);
    if (feed === undefined) {
      feed = new MarketDataFeed(market, this.context.folds.bookOf(id));
      this.feeds.set(id, feed);
    }
    return feed;
  }

  /** Sends what has changed since the last tick, encoded once for all who read it. */
  tick(): void {
    const { folds, publicBufferBytesMax, nowMs } = this.context;
    if (!this.pace.isDue(performance.now())) return;
    const now = nowMs();
    for (const feed of this.feeds.values()) {
      if (feed.subscribers.size === 0) continue;
      const frame = feed.tick(folds.epoch());
      for (const session of feed.subscribers) {
        const { connection } = session;
        if (connection === null) continue;
        const waiting = connection.socket.writableLength;
        if (feed.lagging.has(session)) {
          // Well below the limit, so that a slow reader does not go in and out at each tick.
          if (waiting > publicBufferBytesMax / 4) continue;
          feed.lagging.delete(session);
          connection.sendFrame(feed.snapshot(folds.epoch()), now);
        } else if (waiting > publicBufferBytesMax) feed.lagging.add(session);
        else if (frame !== null) connection.sendFrame(frame, now);
      }
    }
  }

  private answer(
    session: FixpSession,
    seqNo: number,
    marketId: number,
    action: SubscriptionAction,
    timeMs: number,
  ): void {
    const message = beginMessage(session, ack, seqNo).transactTime(timeMs);
    commitMessage(session, message.marketId(marketId).action(action));
  }
}
