import { crc32 } from 'node:zlib';
import type { MessageSink } from '../codec/message-sink.js';
import { type Market, priceText, qtyText } from '../markets.js';
import { MESSAGES } from '../protocol/messages.js';
import { SIDES } from '../protocol/names.js';
import { type BookContent, CHECKSUM_LEVELS } from './book-content.js';
import type { ChannelContent } from './channel.js';
import type { OrderFold } from './order-fold.js';
import { OrderQueues, type QueuedOrder } from './order-queues.js';

/**
 * Every resting order of a market with its place in the queue (L3), without saying whose it is. What happens to an order within a tick
 * is one row; rows of orders that have gone to the end of a queue come last, in the order in which they did. So whoever applies them one
 * by one has the queues of the book.
 *
 * It follows the orders only while somebody may read it: `close` ends that.
 */
export class OrdersContent implements ChannelContent {
  private readonly market: Market;
  private readonly fold: OrderFold;
  private readonly whole: BookContent;
  private readonly shown = new Map<number, QueuedOrder>();
  private readonly sides = [new OrderQueues(-1), new OrderQueues(1)] as const;
  private readonly dirty = new Set<number>();
  private timeMs = 0;

  constructor(market: Market, fold: OrderFold, whole: BookContent) {
    this.market = market;
    this.fold = fold;
    this.whole = whole;
    for (const order of fold.resting(market.id)) this.dirty.add(order.orderId);
    fold.watch(market.id, this.dirty);
  }

  close(): void {
    this.fold.watch(this.market.id, null);
  }

  take() {
    if (this.dirty.size === 0) return null;
    const { market } = this;
    const rows = this.changes().map((order) => [
      order.orderId,
      SIDES[order.side],
      priceText(market, order.priceTicks),
      qtyText(market, order.lots),
      order.isQueued,
    ]);
    this.dirty.clear();
    if (rows.length === 0) return null;
    const { sequence, timeMs } = this.whole.seen;
    this.timeMs = timeMs;
    const checksum = this.checksum();
    const writeFrame = (epoch: number, previous: number, upTo: number) => (sink: MessageSink) => {
      sink.begin(MESSAGES.ordersDelta);
      sink.market('market', market.params.symbol, market.id);
      sink.uint('epoch', epoch);
      sink.uint('previousSequence', previous);
      sink.uint('sequence', upTo);
      sink.uint('checksum', checksum);
      sink.value('changes', rows);
      sink.uint('time', timeMs);
    };
    return { sequence, writeFrame };
  }

  writeSnapshot = (epoch: number, sequence: number) => {
    const { market, timeMs } = this;
    const [bids, asks] = this.sides.map((side) => this.rows(side.first(Number.POSITIVE_INFINITY)));
    const checksum = this.checksum();
    return (sink: MessageSink) => {
      sink.begin(MESSAGES.ordersSnapshot);
      sink.market('market', market.params.symbol, market.id);
      sink.uint('epoch', epoch);
      sink.uint('sequence', sequence);
      sink.uint('checksum', checksum);
      sink.value('bids', bids);
      sink.value('asks', asks);
      sink.uint('time', timeMs);
    };
  };

  /** Brings what is shown to what is, and returns the differences in the order in which they have to be applied. */
  private changes(): (QueuedOrder & { isQueued: boolean })[] {
    const inPlace: (QueuedOrder & { isQueued: boolean })[] = [];
    const queued: QueuedOrder[] = [];
    for (const orderId of this.dirty) {
      const now = this.fold.restingOrder(this.market.id, orderId);
      const before = this.shown.get(orderId);
      if (before !== undefined && now?.priority === before.priority) {
        if (now.lots === before.lots) continue;
        before.lots = now.lots;
        inPlace.push({ ...before, isQueued: false });
        continue;
      }
      if (before !== undefined) this.drop(before);
      if (now !== null) queued.push(now);
      else if (before !== undefined) inPlace.push({ ...before, lots: 0, isQueued: false });
    }
    queued.sort((a, b) => a.priority - b.priority);
    for (const order of queued) {
      this.shown.set(order.orderId, order);
      this.sideOf(order).add(order);
    }
    return inPlace.concat(queued.map((order) => ({ ...order, isQueued: true })));
  }

  private drop(order: QueuedOrder): void {
    this.shown.delete(order.orderId);
    this.sideOf(order).remove(order);
  }

  private sideOf(order: QueuedOrder): OrderQueues {
    return order.side === 0 ? this.sides[0] : this.sides[1];
  }

  private rows(orders: readonly QueuedOrder[]): [number, string, string][] {
    const { market } = this;
    return orders.map(({ orderId, priceTicks, lots }) => {
      return [orderId, priceText(market, priceTicks), qtyText(market, lots)];
    });
  }

  /** CRC-32 of the first ten orders of each side, bids before asks, all joined by colons. */
  private checksum(): number {
    const first = this.sides.flatMap((side) => this.rows(side.first(CHECKSUM_LEVELS)));
    return crc32(first.flat().join(':'));
  }
}
