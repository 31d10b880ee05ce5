import { InvariantError } from '../../../engine/assert.js';
import { FLAG_POST_ONLY, TIF_GTC, TIF_IOC, TIF_SHIFT } from '../../../engine/messages/types.js';
import { makerAccountAt, type ReplayMarket, TAKER_ACCOUNT } from '../market/replay-market.js';
import type { LobsterCounters } from './lobster-counters.js';
import {
  ANONYMOUS,
  isFirstNamed,
  type MirroredOrder,
  type MirroredOrders,
} from './mirrored-orders.js';

/**
 * A new order of the recording never matches: what would have matched, the recording shows as executions. So
 * it is post-only, and a refusal means that the two books have parted.
 */
const RESTING = FLAG_POST_ONLY | (TIF_GTC << TIF_SHIFT);
const TAKING = TIF_IOC << TIF_SHIFT;

/** Turns recorded orders into commands of our market and keeps the mirror in step with what came of them. */
export class OrderFlow {
  private readonly market: ReplayMarket;
  private readonly orders: MirroredOrders;
  private readonly counters: LobsterCounters;
  private bestPrice = 0;
  private readonly takeBest = (priceTicks: number): void => {
    this.bestPrice = priceTicks;
  };

  constructor(market: ReplayMarket, orders: MirroredOrders, counters: LobsterCounters) {
    this.market = market;
    this.orders = orders;
    this.counters = counters;
  }

  add(recordedId: number, side: number, priceTicks: number, lots: number): void {
    this.market.place(makerAccountAt(priceTicks), side | RESTING, priceTicks, lots);
    const { orderId, rejection } = this.market.outcome;
    if (rejection !== null) this.counters.ordersRefused++;
    else this.orders.add(recordedId, orderId, side, priceTicks, lots);
  }

  /** Partial cancel or deletion. */
  cancel(recordedId: number, side: number, priceTicks: number, lots: number): void {
    const order = this.orders.find(recordedId) ?? this.orders.anonymous(side, priceTicks);
    if (order === undefined) this.counters.lotsMissing += lots;
    else this.take(order, lots);
  }

  /** The whole order, whatever the message says its size is. */
  delete(recordedId: number, side: number, priceTicks: number, lots: number): void {
    const order = this.orders.find(recordedId);
    if (order === undefined) this.cancel(recordedId, side, priceTicks, lots);
    else this.remove(order);
  }

  /**
   * Executes the order that is named. At the head of its queue that is a trade like any other: a taker comes,
   * and our engine has to give it this very order. An order that is not at the head is taken out of the queue.
   */
  execute(recordedId: number, side: number, priceTicks: number, lots: number): void {
    const { counters } = this;
    counters.executions++;
    const isBest = this.bestOf(side) === priceTicks;
    if (isBest) counters.executionsAtBest++;
    const named = this.orders.find(recordedId);
    if (named !== undefined) {
      counters.executionsNamed++;
      if (isFirstNamed(named)) counters.executionsAtQueueHead++;
    }
    const order = named ?? this.orders.anonymous(side, priceTicks);
    if (order === undefined) counters.lotsMissing += lots;
    else if (isBest && order.older === null && lots <= order.lots) this.trade(order, lots);
    else this.take(order, lots);
  }

  /** Forgets a level with all its orders. */
  drop(side: number, priceTicks: number): void {
    for (;;) {
      const oldest = this.orders.level(side, priceTicks)?.oldest;
      if (oldest === undefined || oldest === null) return;
      this.remove(oldest);
    }
  }

  /** Makes a level one anonymous order. */
  takeAnew(side: number, priceTicks: number, lots: number): void {
    const oldest = this.orders.level(side, priceTicks)?.oldest;
    if (oldest?.newer === null && oldest.recordedId === ANONYMOUS && oldest.lots === lots) return;
    this.drop(side, priceTicks);
    this.add(ANONYMOUS, side, priceTicks, lots);
  }

  private bestOf(side: number): number {
    this.bestPrice = 0;
    this.market.forEachLevel(side, 1, this.takeBest);
    return this.bestPrice;
  }

  private trade(order: MirroredOrder, lots: number): void {
    const { market } = this;
    const { side, priceTicks } = order.level;
    market.place(TAKER_ACCOUNT, (side ^ 1) | TAKING, priceTicks, lots);
    const { fills, fillCount, filledLots, rejection } = market.outcome;
    const maker = fills[0]?.orderId;
    if (fillCount !== 1 || filledLots !== lots || maker !== order.orderId) {
      const expected = `${lots} lots of order ${order.orderId}, the oldest at the best price ${priceTicks}`;
      const got = rejection ?? `${filledLots} lots, first of order ${maker}`;
      throw new InvariantError(`our engine had to execute ${expected}, but: ${got}`);
    }
    this.counters.tradesMatched++;
    order.lots -= lots;
    if (order.lots === 0) this.orders.remove(order);
  }

  private take(order: MirroredOrder, lots: number): void {
    if (lots >= order.lots) {
      this.counters.lotsMissing += lots - order.lots;
      this.remove(order);
      return;
    }
    const { priceTicks } = order.level;
    order.lots -= lots;
    order.totalLots -= lots;
    this.market.amend(makerAccountAt(priceTicks), order.orderId, priceTicks, order.totalLots);
    this.expectDone();
  }

  private remove(order: MirroredOrder): void {
    this.market.cancel(makerAccountAt(order.level.priceTicks), order.orderId);
    this.expectDone();
    this.orders.remove(order);
  }

  /** Taking size away from an order that is open cannot be refused. */
  private expectDone(): void {
    const { rejection } = this.market.outcome;
    if (rejection === null) return;
    throw new InvariantError(`our engine must not refuse a cancel or an amend: ${rejection}`);
  }
}
