import {
  FLAG_MARKET_ORDER,
  FLAG_REDUCE_ONLY,
  FLAG_SIDE,
  tifOf,
} from '../../engine/messages/types.js';
import type { BracketTerms, LegTerms } from '../codec/bracket-messages.js';
import { formatScaled } from '../codec/decimal-text.js';
import { postOnlyOf } from '../codec/event-messages.js';
import type { MessageSink } from '../codec/message-sink.js';
import { type Market, type Markets, priceText, qtyText } from '../markets.js';
import { MESSAGES } from '../protocol/messages.js';
import { POST_ONLY_MODES, SIDES, TIMES_IN_FORCE, TRIGGER_SOURCES } from '../protocol/names.js';
import { orderTypeName } from '../protocol/order-types.js';
import type { AccountViews } from './account-views.js';
import type { OpenOrder, OpenOrders, TriggerTerms } from './open-orders.js';
import { isolatedObjects, positionObjects } from './position-objects.js';
import type { RunningTwap, TwapViews } from './twap-views.js';

/** Orders in one message; an account with more gets several parts. */
const ORDERS_PER_PART = 200;

/** Open orders, positions and balance of an account, all as of one number of its feed. */
export class PrivateSnapshots {
  private readonly markets: Markets;
  private readonly views: AccountViews;
  private readonly orders: OpenOrders;
  private readonly twaps: TwapViews;

  constructor(markets: Markets, views: AccountViews, orders: OpenOrders, twaps: TwapViews) {
    this.markets = markets;
    this.views = views;
    this.orders = orders;
    this.twaps = twaps;
  }

  /** Orders that a snapshot of the account would show. */
  ordersOf(account: number): number {
    return this.orders.countOf(account);
  }

  /** The messages of the snapshot, in order. `epoch` is shown for an account that has had no event yet. */
  write(account: number, epoch: number, send: (write: (sink: MessageSink) => void) => void): void {
    const orders = this.orders.ofAccount(account).map((order) => this.orderObject(order));
    const parts = Math.max(1, Math.ceil(orders.length / ORDERS_PER_PART));
    for (let part = 1; part <= parts; part++) {
      const some = orders.slice((part - 1) * ORDERS_PER_PART, part * ORDERS_PER_PART);
      send((sink) => this.writePart(sink, account, epoch, some, part, parts));
    }
  }

  private writePart(
    sink: MessageSink,
    account: number,
    epoch: number,
    orders: unknown[],
    part: number,
    parts: number,
  ): void {
    const { views } = this;
    sink.begin(MESSAGES.privateSnapshot);
    sink.uint('accountId', account);
    sink.uint('epoch', views.sequenceOf(account) === 0 ? epoch : views.epochOf(account));
    sink.uint('accountSequence', views.sequenceOf(account));
    sink.decimal('collateral', views.collateralOf(account), 1, 6);
    const isFirst = part === 1;
    sink.value('positions', isFirst ? positionObjects(this.markets, views, account) : []);
    sink.value('orders', orders);
    sink.uint('part', part);
    sink.uint('parts', parts);
    const leverages = isFirst ? views.leveragesOf(account) : [];
    sink.value(
      'leverages',
      leverages.map(({ marketId, leverage }) => ({
        market: (this.markets.get(marketId) as Market).params.symbol,
        leverage,
      })),
    );
    sink.value('isolated', isFirst ? isolatedObjects(this.markets, views, account) : []);
    const twaps = isFirst ? this.twaps.ofAccount(account) : [];
    sink.value(
      'twaps',
      twaps.map((twap) => this.twapObject(twap)),
    );
  }

  /** Answer to `positions`: those of the account as they are now. */
  positionsOf(account: number): object {
    const { markets, views } = this;
    return {
      accountSequence: views.sequenceOf(account),
      collateral: formatScaled(views.collateralOf(account), 1, 6),
      positions: positionObjects(markets, views, account),
      isolated: isolatedObjects(markets, views, account),
    };
  }

  private twapObject(twap: RunningTwap): unknown {
    const market = this.markets.get(twap.marketId) as Market;
    const { flags, priceTicks } = twap;
    return {
      market: market.params.symbol,
      orderId: twap.orderId,
      clientOrderId: twap.clientOrderId === '' ? undefined : twap.clientOrderId,
      side: SIDES[flags & FLAG_SIDE],
      reduceOnly: (flags & FLAG_REDUCE_ONLY) !== 0,
      price: priceTicks === 0 ? undefined : priceText(market, priceTicks),
      qty: qtyText(market, twap.qtyLots),
      remaining: qtyText(market, twap.remainingLots),
      count: twap.slices,
      endsAt: twap.endsAtMs,
    };
  }

  private orderObject(order: OpenOrder): unknown {
    const market = this.markets.get(order.marketId) as Market;
    const { flags, trigger, bracket } = order;
    const closes = trigger?.closesPosition === true;
    const isUnpriced = trigger !== null && (flags & FLAG_MARKET_ORDER) !== 0;
    return {
      market: market.params.symbol,
      orderId: order.orderId,
      clientOrderId: order.clientOrderId === '' ? undefined : order.clientOrderId,
      side: SIDES[flags & FLAG_SIDE],
      orderType: orderTypeName(flags, trigger?.kind ?? 0),
      timeInForce: TIMES_IN_FORCE[tifOf(flags)],
      postOnly: POST_ONLY_MODES[postOnlyOf(flags)],
      reduceOnly: (flags & FLAG_REDUCE_ONLY) !== 0,
      price: isUnpriced ? undefined : priceText(market, order.priceTicks),
      qty: closes ? undefined : qtyText(market, order.qtyLots),
      remaining: closes ? undefined : qtyText(market, order.remainingLots),
      expiresAt: order.expiresAtMs === 0 ? undefined : order.expiresAtMs,
      ...(trigger === null ? {} : triggerFields(trigger, market)),
      ...(bracket === null ? {} : bracketFields(bracket, market)),
    };
  }
}

/** Where a trailing stop stands at present is not told, only how it moves. */
function triggerFields(trigger: TriggerTerms, market: Market): object {
  const { priceTicks, source, trailTicks, trailPpm, ocoOrderId, parentOrderId } = trigger;
  return {
    triggerPrice: priceTicks === 0 ? undefined : priceText(market, priceTicks),
    triggerBy: TRIGGER_SOURCES[source],
    trailingAmount: trailTicks === 0 ? undefined : priceText(market, trailTicks),
    trailingRate: trailPpm === 0 ? undefined : formatScaled(trailPpm, 1, 6),
    ocoOrderId: ocoOrderId === 0 ? undefined : ocoOrderId,
    closePosition: trigger.closesPosition ? true : undefined,
    parentOrderId: parentOrderId === 0 ? undefined : parentOrderId,
  };
}

function bracketFields({ profit, stop }: BracketTerms, market: Market): object {
  const price = (ticks: number) => (ticks === 0 ? undefined : priceText(market, ticks));
  const by = (leg: LegTerms) => (leg.triggerTicks === 0 ? undefined : TRIGGER_SOURCES[leg.source]);
  return {
    takeProfitPrice: price(profit.triggerTicks),
    takeProfitLimit: price(profit.limitTicks),
    takeProfitBy: by(profit),
    stopLossPrice: price(stop.triggerTicks),
    stopLossLimit: price(stop.limitTicks),
    stopLossBy: by(stop),
  };
}
