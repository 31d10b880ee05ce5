import { assert } from '../assert.js';
import { SIDE_BUY, sideOf } from '../messages/types.js';
import type { CanonicalReader, CanonicalWriter } from '../state/canonical-writer.js';
import { isBuy, isGoodTillDate, isReduceOnly, type NaiveOrder } from './naive-order.js';

/**
 * The open orders of the naive book. Each side is one array, best price first, and each price in queue order; so the next
 * maker is always the first element, and a new order goes right before the first worse one.
 */
export class NaiveOrders {
  readonly bids: NaiveOrder[] = [];
  readonly asks: NaiveOrder[] = [];
  private readonly byId = new Map<number, NaiveOrder>();

  get count(): number {
    return this.byId.size;
  }

  /** All of them, bids before asks. */
  all(): NaiveOrder[] {
    return [...this.bids, ...this.asks];
  }

  ofAccount(account: number): NaiveOrder[] {
    return this.all().filter((order) => order.account === account);
  }

  sideOf(side: number): NaiveOrder[] {
    return side === SIDE_BUY ? this.bids : this.asks;
  }

  get(id: number): NaiveOrder | null {
    return this.byId.get(id) ?? null;
  }

  add(order: NaiveOrder): void {
    const side = this.sideOf(sideOf(order.flags));
    const isWorse = (other: NaiveOrder) =>
      isBuy(order) ? other.priceTicks < order.priceTicks : other.priceTicks > order.priceTicks;
    const at = side.findIndex(isWorse);
    side.splice(at < 0 ? side.length : at, 0, order);
    this.byId.set(order.id, order);
  }

  remove(order: NaiveOrder): void {
    const side = this.sideOf(sideOf(order.flags));
    const at = side.indexOf(order);
    assert(at >= 0 && this.byId.delete(order.id), 'an order that is removed is open');
    side.splice(at, 1);
  }

  write(writer: CanonicalWriter, references: boolean): void {
    for (const side of [this.bids, this.asks]) {
      writer.put(side.length);
      for (const order of side) {
        writer.put(order.id);
        writer.put(order.account);
        writer.put(order.flags);
        writer.put(order.priceTicks);
        writer.put(order.remainingLots);
        writer.put(order.totalLots);
        writer.put(order.expiryMs);
        writer.put(order.lossTicks);
        if (references) writer.put(order.clientRef);
      }
    }
  }

  read(reader: CanonicalReader): void {
    for (const side of [this.bids, this.asks]) {
      for (let left = reader.take(); left > 0; left--) {
        const order: NaiveOrder = {
          id: reader.take(),
          account: reader.take(),
          flags: reader.take(),
          priceTicks: reader.take(),
          remainingLots: reader.take(),
          totalLots: reader.take(),
          expiryMs: reader.take(),
          lossTicks: reader.take(),
          clientRef: reader.take(),
        };
        side.push(order);
        this.byId.set(order.id, order);
      }
    }
  }

  /** Throws when order, sides and index do not agree. */
  check(lastOrderId: number, priceTicksMax: number): void {
    assert(this.all().length === this.byId.size, 'each open order stands on one side');
    for (const side of [this.bids, this.asks]) {
      for (const [at, order] of side.entries()) {
        assert(this.byId.get(order.id) === order, 'each open order is found by its id');
        assert(isBuy(order) === (side === this.bids), 'each order stands on its own side');
        checkOrder(order, lastOrderId, priceTicksMax);
        const previous = side[at - 1]?.priceTicks ?? order.priceTicks;
        const gap = isBuy(order) ? previous - order.priceTicks : order.priceTicks - previous;
        assert(gap >= 0, 'a side is sorted by price, best first');
      }
    }
    const [bid, ask] = [this.bids[0], this.asks[0]];
    if (bid && ask) assert(bid.priceTicks < ask.priceTicks, 'the book is not crossed');
  }
}

function checkOrder(order: NaiveOrder, lastOrderId: number, priceTicksMax: number): void {
  assert(order.id >= 1 && order.id <= lastOrderId, 'order ids were issued');
  assert(order.remainingLots >= 1, 'an open order has lots left');
  assert(order.totalLots >= order.remainingLots, 'an order has no more left than it had');
  assert(order.priceTicks >= 1 && order.priceTicks <= priceTicksMax, 'prices are within limits');
  assert(order.lossTicks >= 0, 'a loss reserve is not negative');
  assert(isGoodTillDate(order) === order.expiryMs > 0, 'GTD orders and only they expire');
}

/** Reduce-only orders of an account, newest id first. */
export function reduceOnlyOf(orders: NaiveOrders, account: number): NaiveOrder[] {
  return orders.ofAccount(account).filter(isReduceOnly).sort(newestFirst);
}

export function newestFirst(a: NaiveOrder, b: NaiveOrder): number {
  return b.id - a.id;
}
