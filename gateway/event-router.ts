import { readMarginTerms, W_MARGIN_TERMS } from '../engine/market/margin-terms.js';
import {
  EF_ACCOUNT_SEQUENCE,
  EF_LOTS,
  EF_NEXT_FUNDING,
  EF_OPEN_INTEREST,
  EF_ORDER_ID,
  EF_RATE_PPB,
  EF_SEQUENCE,
  EF_TRADE_SEQUENCE,
  EW_CODE,
  EW_FLAGS,
  EW_PRICE,
  EW_REQUEST,
  EW_SESSION,
  FRAME_F_EPOCH,
  FRAME_F_TIME,
  marketOf,
  slotsOf,
  typeOf,
  W_ACCOUNT,
  W_HEAD,
} from '../engine/messages/layout.js';
import {
  EVT_ACCEPTED,
  EVT_ACCOUNT_CREATED,
  EVT_AMENDED,
  EVT_AUCTION,
  EVT_BRACKET,
  EVT_CANCELED,
  EVT_EPOCH,
  EVT_FILL,
  EVT_FRAME,
  EVT_FUNDING_RATE,
  EVT_INSURANCE,
  EVT_INSURANCE_FUNDED,
  EVT_LIQUIDATION,
  EVT_LIQUIDATOR,
  EVT_MARGIN_TIERS,
  EVT_MARK_PRICE,
  EVT_MARKET_LISTED,
  EVT_MARKET_STATE,
  EVT_PRICE_GUARD,
  EVT_PRICING,
  EVT_TRANSFER,
  EVT_TRIGGER_ACCEPTED,
  EVT_TRIGGER_AMENDED,
  EVT_TRIGGER_CANCELED,
  EVT_TRIGGERED,
  FLAG_LIQUIDATION,
  FLAG_MAKER,
  FLAG_SIDE,
} from '../engine/messages/types.js';
import { asPriceTicks } from '../engine/units/units.js';
import type { EventObserver } from './event-observer.js';
import type { AccountViews } from './feeds/account-views.js';
import type { OrderFold } from './feeds/order-fold.js';
import type { PrivateEvents } from './feeds/private-events.js';
import type { PrivateFeed } from './feeds/private-feed.js';
import type { PublicFeeds } from './feeds/public-feeds.js';
import type { TwapViews } from './feeds/twap-views.js';
import type { Market, Markets } from './markets.js';
import type { Barriers } from './order-status/barriers.js';
import type { Outbox } from './outbox.js';
import type { Accounts } from './session/accounts.js';
import type { Connections } from './session/connections.js';
import type { OrderCounts } from './session/order-ratios.js';

const KEY_WORD = 33;
const KEY_BYTES = 32;
const PARAMS_WORD = 32;
/** Bits of a session that name the connection; above them stands the port. */
const CONNECTION_MASK = 0xffffff;

/** Everything that events flow into. */
export interface EventTargets {
  /** The shard whose events these are, and whether it is the only one. */
  readonly shard: number;
  readonly alone: boolean;
  readonly portId: number;
  readonly connections: Connections;
  readonly accounts: Accounts;
  readonly markets: Markets;
  readonly views: AccountViews;
  readonly twaps: TwapViews;
  readonly orders: OrderFold;
  /** Open orders as their owners' feeds tell them; the same as `orders` with one shard. */
  readonly privateOrders: OrderFold;
  readonly log: PrivateEvents;
  readonly privateFeed: PrivateFeed;
  readonly publicFeeds: PublicFeeds;
  readonly outbox: Outbox;
  /** Another door over the same folds; it hears of each event after they have taken it. */
  readonly observer: EventObserver | null;
  /** Waits for answers to commands of its own. */
  readonly barriers: Barriers;
  /** Is told of what accounts trade. */
  readonly ratios: OrderCounts;
}

/**
 * Takes one shard's events one by one: answers and private events to the outbox, all else into the folds. Of several shards, an
 * account's home alone numbers its events, and a market's host alone tells what is public of it; an event of an account here in
 * a market elsewhere is private here and public there, and the two may come in either order.
 */
export class EventRouter {
  epoch = 0;
  timeMs = 0;
  /** Events so far, for metrics. */
  events = 0;
  private readonly to: EventTargets;

  constructor(targets: EventTargets) {
    this.to = targets;
  }

  readonly consume = (
    words: Int32Array,
    floats: Float64Array,
    firstWord: number,
    slots: number,
  ): void => {
    const type = typeOf(words[firstWord + W_HEAD] as number);
    this.events++;
    if (type === EVT_FRAME) {
      this.timeMs = floats[firstWord / 2 + FRAME_F_TIME] as number;
      this.epoch = floats[firstWord / 2 + FRAME_F_EPOCH] as number;
      return;
    }
    const kept = this.answer(words, firstWord, slots);
    if ((floats[firstWord / 2 + EF_ACCOUNT_SEQUENCE] as number) > 0) {
      this.toAccount(words, floats, firstWord, slots, kept);
    }
    this.fold(type, words, floats, firstWord);
    const { barriers, observer, portId } = this.to;
    const session = words[firstWord + EW_SESSION] as number;
    if (session >>> 24 !== portId) return;
    const number = session & CONNECTION_MASK;
    if (number === observer?.number) observer.answer(words, floats, firstWord, this.timeMs);
    else if (number === barriers.number) barriers.answer(words, floats, firstWord, this.timeMs);
  };

  /** Keeps the event for the connection that waits for it; −1 when none does. */
  private answer(words: Int32Array, firstWord: number, slots: number): number {
    const session = words[firstWord + EW_SESSION] as number;
    if (session >>> 24 !== this.to.portId) return -1;
    const connection = this.to.connections.find(session & CONNECTION_MASK);
    if (connection === undefined) return -1;
    const { outbox } = this.to;
    const kept = outbox.keep(words, firstWord, slots);
    if (connection.massCancels.any) {
      const copy = outbox.kept;
      const request = words[firstWord + EW_REQUEST] as number;
      if (!connection.massCancels.passes(request, copy.words, copy.floats, kept)) {
        outbox.dropKept(slots);
        return -1;
      }
    }
    outbox.addAnswer(connection, kept, this.timeMs);
    return kept;
  }

  private toAccount(
    words: Int32Array,
    floats: Float64Array,
    firstWord: number,
    slots: number,
    keptBefore: number,
  ): void {
    const { to, epoch, timeMs } = this;
    to.log.append(words, floats, firstWord, epoch, timeMs);
    if (!to.views.apply(words, floats, firstWord, epoch)) return;
    to.twaps.apply(words, floats, firstWord);
    if (!to.alone) to.privateOrders.apply(words, floats, firstWord);
    to.observer?.privateEvent(words, floats, firstWord, timeMs);
    const account = words[firstWord + W_ACCOUNT] as number;
    const type = typeOf(words[firstWord + W_HEAD] as number);
    if (type === EVT_FILL) this.traded(account, words, floats, firstWord);
    const isStage = type === EVT_LIQUIDATION;
    if (isStage || to.views.isLiquidating(account)) {
      to.publicFeeds.risk.saw(account, to.shard, floats[firstWord / 2 + EF_SEQUENCE] as number);
    }
    const followers = to.privateFeed.followers(account);
    if (followers === undefined) return;
    const kept = keptBefore >= 0 ? keptBefore : to.outbox.keep(words, firstWord, slots);
    for (const connection of followers) to.outbox.addFeedEvent(connection, kept, epoch, timeMs);
  }

  /** A trade moves the window of the order-to-trade ratio by the time of the gateway, as its limits are. */
  private traded(account: number, words: Int32Array, floats: Float64Array, at: number): void {
    const market = this.to.markets.get(marketOf(words[at + W_HEAD] as number));
    if (market === undefined) return;
    const { lotDecimals, lotMantissa, tickDecimals, tickMantissa } = market.params;
    const unitUsd = (tickMantissa * lotMantissa) / 10 ** (tickDecimals + lotDecimals);
    const tickLots = (words[at + EW_PRICE] as number) * (floats[at / 2 + EF_LOTS] as number);
    this.to.ratios.traded(account, tickLots * unitUsd, performance.now());
  }

  private fold(type: number, words: Int32Array, floats: Float64Array, at: number): void {
    const marketId = marketOf(words[at + W_HEAD] as number);
    if (!this.to.alone && this.to.markets.get(marketId)?.host !== this.to.shard) {
      // A market that is new to all is listed by its host.
      if (marketId !== 0 && type !== EVT_MARKET_LISTED) return;
    }
    switch (type) {
      case EVT_FILL:
        if (((words[at + EW_FLAGS] as number) & FLAG_MAKER) === 0) {
          this.trade(marketId, words, floats, at);
        }
        if (((words[at + EW_FLAGS] as number) & FLAG_LIQUIDATION) !== 0) {
          this.to.publicFeeds.sawLiquidation(marketId, words, floats, at, this.timeMs);
        }
        this.order(marketId, words, floats, at);
        break;
      case EVT_ACCEPTED:
      case EVT_CANCELED:
      case EVT_AMENDED:
        this.order(marketId, words, floats, at);
        break;
      case EVT_TRIGGER_ACCEPTED:
      case EVT_TRIGGER_AMENDED:
      case EVT_BRACKET:
      case EVT_TRIGGER_CANCELED:
      case EVT_TRIGGERED:
        // Private, so with several shards the owner's feed is the only place.
        if (this.to.alone) this.to.orders.apply(words, floats, at);
        break;
      case EVT_AUCTION:
      case EVT_TRANSFER:
      case EVT_INSURANCE:
      case EVT_INSURANCE_FUNDED:
        this.to.publicFeeds.sawLiquidation(marketId, words, floats, at, this.timeMs);
        break;
      case EVT_MARK_PRICE:
      case EVT_PRICE_GUARD:
      case EVT_FUNDING_RATE:
      case EVT_PRICING:
      case EVT_MARGIN_TIERS:
      case EVT_MARKET_STATE:
      case EVT_MARKET_LISTED:
        this.market(type, marketId, words, floats, at);
        break;
      case EVT_EPOCH:
        // Announced in the frame in which it begins; later frames carry it at their head.
        this.epoch = floats[at / 2 + EF_LOTS] as number;
        break;
      case EVT_ACCOUNT_CREATED:
        if ((words[at + EW_CODE] as number) === this.to.shard) this.account(words, floats, at);
        break;
      case EVT_LIQUIDATOR:
        this.liquidator(words[at + W_ACCOUNT] as number, words[at + EW_FLAGS] === 1);
        break;
    }
    if (marketId !== 0) this.to.observer?.publicEvent(words, floats, at, this.timeMs);
  }

  private order(marketId: number, words: Int32Array, floats: Float64Array, at: number): void {
    this.to.orders.apply(words, floats, at);
    const sequence = floats[at / 2 + EF_SEQUENCE] as number;
    this.to.publicFeeds.sawOrders(marketId, sequence, this.timeMs);
  }

  private trade(marketId: number, words: Int32Array, floats: Float64Array, at: number): void {
    const f = at / 2;
    this.to.publicFeeds.sawTrade(
      marketId,
      floats[f + EF_TRADE_SEQUENCE] as number,
      words[at + EW_PRICE] as number,
      floats[f + EF_LOTS] as number,
      (words[at + EW_FLAGS] as number) & FLAG_SIDE,
      this.timeMs,
    );
  }

  private market(
    type: number,
    marketId: number,
    words: Int32Array,
    floats: Float64Array,
    at: number,
  ): void {
    const { markets, publicFeeds } = this.to;
    const sequence = floats[at / 2 + EF_SEQUENCE] as number;
    if (type === EVT_MARKET_LISTED) {
      const params = at + PARAMS_WORD;
      publicFeeds.addMarket(markets.putFromEvent(marketId, words, floats, params, this.to.shard));
      return;
    }
    const market = markets.get(marketId);
    if (market === undefined) return;
    if (type === EVT_MARGIN_TIERS) {
      market.margin = readMarginTerms(words, floats, at + W_MARGIN_TERMS);
      return;
    }
    if (type === EVT_MARKET_STATE) {
      market.state = words[at + EW_FLAGS] as number;
      publicFeeds.sawState(market, sequence);
      return;
    }
    if (type === EVT_FUNDING_RATE) {
      // What roundings of payments leave is the insurance fund's.
      publicFeeds.sawLiquidation(marketId, words, floats, at, this.timeMs);
    }
    this.prices(market, type, words, floats, at);
    publicFeeds.sawMark(marketId, sequence, this.timeMs);
  }

  private prices(
    market: Market,
    type: number,
    words: Int32Array,
    floats: Float64Array,
    at: number,
  ): void {
    const f = at / 2;
    if (type !== EVT_PRICE_GUARD) market.nextFundingMs = floats[f + EF_NEXT_FUNDING] as number;
    if (type === EVT_FUNDING_RATE) market.fundingRatePpb = floats[f + EF_RATE_PPB] as number;
    if (type === EVT_FUNDING_RATE || type === EVT_PRICING) return;
    market.markTicks = asPriceTicks(words[at + EW_PRICE] as number);
    market.indexTicks = asPriceTicks(floats[f + EF_LOTS] as number);
    market.guards = words[at + EW_FLAGS] as number;
    if (type === EVT_MARK_PRICE) market.openInterestLots = floats[f + EF_OPEN_INTEREST] as number;
  }

  private liquidator(account: number, isLiquidator: boolean): void {
    this.to.accounts.setLiquidator(account, isLiquidator);
    if (!isLiquidator) this.to.publicFeeds.dismiss(account);
  }

  private account(words: Int32Array, floats: Float64Array, at: number): void {
    const key = new Uint8Array(KEY_BYTES);
    if (slotsOf(words[at + W_HEAD] as number) < 3) {
      this.to.accounts.add(words[at + W_ACCOUNT] as number, this.to.shard);
      return;
    }
    for (let i = 0; i < KEY_BYTES; i++) {
      key[i] = (words[at + KEY_WORD + (i >> 2)] as number) >>> ((i & 3) * 8);
    }
    const account = words[at + W_ACCOUNT] as number;
    const parent = floats[at / 2 + EF_ORDER_ID] as number;
    if (parent !== 0 && key.every((byte) => byte === 0)) {
      this.to.accounts.add(account, this.to.shard, parent);
    } else this.to.accounts.addWithKey(account, key, this.to.shard);
  }
}
