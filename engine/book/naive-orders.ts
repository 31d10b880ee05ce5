import { assert } from '../assert.js';
import { SIDE_BUY, sideOf } from '../messages/types.js';
import type { CanonicalReader, CanonicalWriter } from '../state/canonical-writer.js';
import { asPriceTicks, asQtyLots, type PriceTicks } from '../units/units.js';
import { isBuy, isGoodTillDate, isReduceOnly, type NaiveOrder } from './naive-order.js';

/**
 * The open orders of the naive book. Each side is one array, best price first, and each price in queue order; so the next
 * maker is always the first element, and a new order goes right before the first worse one.
 */
export class NaiveOrders {
  readonly bids: NaiveOrder[] = [];
  readonly asks: NaiveOrder[] = [];
  private readonly byId = new Map<number, NaiveOrder>();
  private readonly byAccount = new Map<number, Set<NaiveOrder>>();

  get count(): number {
    return this.byId.size;
  }

  /** All of them, bids before asks. */
  all(): NaiveOrder[] {
    return [...this.bids, ...this.asks];
  }

  ofAccount(account: number): NaiveOrder[] {
    return [...(this.byAccount.get(account) ?? [])];
  }

  sideOf(side: number): NaiveOrder[] {
    return side === SIDE_BUY ? this.bids : this.asks;
  }

  get(id: number): NaiveOrder | null {
    return this.byId.get(id) ?? null;
  }

  /** At the end of the queue of its price: before the first worse order. */
  add(order: NaiveOrder): void {
    const side = this.sideOf(sideOf(order.flags));
    side.splice(
      countWhile(side, (other) => ticksWorse(other, order) <= 0),
      0,
      order,
    );
    this.index(order);
  }

  remove(order: NaiveOrder): void {
    const side = this.sideOf(sideOf(order.flags));
    const better = countWhile(side, (other) => ticksWorse(other, order) < 0);
    const at = side.indexOf(order, better);
    assert(at >= 0 && this.byId.delete(order.id), 'an order that is removed is open');
    side.splice(at, 1);
    const others = this.byAccount.get(order.account);
    others?.delete(order);
    if (others?.size === 0) this.byAccount.delete(order.account);
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
          priceTicks: asPriceTicks(reader.take()),
          remainingLots: asQtyLots(reader.take()),
          totalLots: asQtyLots(reader.take()),
          expiryMs: reader.take(),
          lossTicks: reader.take(),
          clientRef: reader.take(),
        };
        side.push(order);
        this.index(order);
      }
    }
  }

  /** Throws when order, sides and index do not agree. */
  check(lastOrderId: number, priceTicksMax: PriceTicks): void {
    assert(this.all().length === this.byId.size, 'each open order stands on one side');
    for (const side of [this.bids, this.asks]) {
      for (const [at, order] of side.entries()) {
        assert(this.byId.get(order.id) === order, 'each open order is found by its id');
        assert(isBuy(order) === (side === this.bids), 'each order stands on its own side');
        checkOrder(order, lastOrderId, priceTicksMax);
        assert(
          ticksWorse(order, side[at - 1] ?? order) >= 0,
          'a side is sorted by price, best first',
        );
        const own = this.byAccount.get(order.account);
        assert(own?.has(order) === true, 'each open order is among those of its account');
      }
    }
    const sizes = [...this.byAccount.values()].map((own) => own.size);
    const sum = sizes.reduce((total, size) => total + size, 0);
    assert(sum === this.byId.size, 'the orders of all accounts are all orders');
    const [bid, ask] = [this.bids[0], this.asks[0]];
    if (bid && ask) assert(bid.priceTicks < ask.priceTicks, 'the book is not crossed');
  }

  private index(order: NaiveOrder): void {
    this.byId.set(order.id, order);
    const own = this.byAccount.get(order.account);
    if (own === undefined) this.byAccount.set(order.account, new Set([order]));
    else own.add(order);
  }
}

/** How many ticks the first order is worse than the second of the same side; negative: better. */
function ticksWorse(order: NaiveOrder, than: NaiveOrder): number {
  return isBuy(order) ? than.priceTicks - order.priceTicks : order.priceTicks - than.priceTicks;
}

/** Length of the run at the front for which the condition holds; behind it, it holds for none. */
function countWhile(orders: NaiveOrder[], holds: (order: NaiveOrder) => boolean): number {
  let from = 0;
  let to = orders.length;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (holds(orders[middle] as NaiveOrder)) from = middle + 1;
    else to = middle;
  }
  return from;
}

function checkOrder(order: NaiveOrder, lastOrderId: number, priceTicksMax: PriceTicks): void {
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
