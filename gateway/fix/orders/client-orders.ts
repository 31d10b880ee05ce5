import { type ClientOrder, isOpen } from './client-order.js';

/** Closed orders that are remembered, for requests that come after their end. */
const CLOSED_MAX = 256;

/** The orders of a session's account: all open ones, and the last closed ones; by id, and by every ClOrdID they have had. */
export class ClientOrders {
  private readonly byId = new Map<string, ClientOrder>();
  private readonly byName = new Map<string, ClientOrder>();
  /** Keys of closed orders, oldest first. */
  private readonly closed = new Set<string>();
  /** Names of each order beside its root. */
  private readonly names = new Map<ClientOrder, Set<string>>();
  /** Changed since `takeChanged`. */
  private readonly changed = new Set<ClientOrder>();

  find(marketId: number, orderId: number): ClientOrder | undefined {
    return this.byId.get(keyOf(marketId, orderId));
  }

  named(clOrdId: string): ClientOrder | undefined {
    return this.byName.get(clOrdId);
  }

  add(order: ClientOrder): void {
    this.byId.set(keyOf(order.marketId, order.orderId), order);
    this.name(order, order.root);
    this.name(order, order.clOrdId);
    this.touch(order);
  }

  /** An order as it was written: in the place of what was known of it. */
  put(order: ClientOrder): void {
    const known =
      this.find(order.marketId, order.orderId) ?? this.find(order.marketId, order.waitedAs);
    if (known === undefined) {
      this.add(order);
      return;
    }
    const oldKey = keyOf(known.marketId, known.orderId);
    Object.assign(known, order);
    this.byId.set(keyOf(order.marketId, order.orderId), known);
    if (oldKey !== keyOf(order.marketId, order.orderId)) this.closed.delete(oldKey);
    this.name(known, order.clOrdId);
    this.touch(known);
  }

  /** ClOrdIDs that an order was known by and that do not stand in it: name, market, order id. */
  furtherNames(): [string, number, number][] {
    return [...this.names].flatMap(([order, names]) => {
      const further = [...names].filter((name) => name !== order.root && name !== order.clOrdId);
      return further.map((name): [string, number, number] => [name, order.marketId, order.orderId]);
    });
  }

  /** The order has another id from now on, and is still found by the one before. */
  renumber(order: ClientOrder, orderId: number): void {
    order.waitedAs = order.orderId;
    order.orderId = orderId;
    this.byId.set(keyOf(order.marketId, orderId), order);
    this.touch(order);
  }

  /** The order is also found by this ClOrdID. */
  name(order: ClientOrder, clOrdId: string): void {
    if (clOrdId === '') return;
    this.byName.set(clOrdId, order);
    const names = this.names.get(order) ?? new Set();
    names.add(clOrdId);
    this.names.set(order, names);
  }

  /** Notes a change: it is written, and what has closed is forgotten some day. */
  touch(order: ClientOrder): void {
    this.changed.add(order);
    const key = keyOf(order.marketId, order.orderId);
    if (isOpen(order)) {
      this.closed.delete(key);
      return;
    }
    this.closed.delete(key);
    this.closed.add(key);
    if (this.closed.size <= CLOSED_MAX) return;
    const [oldest] = this.closed;
    this.closed.delete(oldest as string);
    this.forget(this.byId.get(oldest as string));
  }

  open(): ClientOrder[] {
    return this.all().filter(isOpen);
  }

  all(): ClientOrder[] {
    return [...this.names.keys(), ...this.unnamed()];
  }

  takeChanged(): ClientOrder[] {
    const changed = [...this.changed];
    this.changed.clear();
    return changed;
  }

  private unnamed(): ClientOrder[] {
    return [...new Set(this.byId.values())].filter((order) => !this.names.has(order));
  }

  private forget(order: ClientOrder | undefined): void {
    if (order === undefined) return;
    for (const id of [order.orderId, order.waitedAs]) {
      const key = keyOf(order.marketId, id);
      if (this.byId.get(key) === order) this.byId.delete(key);
    }
    for (const name of this.names.get(order) ?? []) {
      if (this.byName.get(name) === order) this.byName.delete(name);
    }
    this.names.delete(order);
  }
}

function keyOf(marketId: number, orderId: number): string {
  return `${marketId}:${orderId}`;
}
