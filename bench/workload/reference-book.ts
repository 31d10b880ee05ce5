import { TradeTally } from './trade-tally.js';

export interface ReferenceOrder {
  readonly id: number;
  readonly account: number;
  readonly side: number;
  price: number;
  remaining: number;
  /** Place in the list of open orders. */
  position: number;
}

/**
 * The generator's own idea of the book: plain objects, an array for each level, no cleverness. It shares no
 * code with the engines, so the expected results it gives are an independent opinion.
 */
export class ReferenceBook {
  readonly tally = new TradeTally();
  /** Open orders in an order that depends on the flow alone: random picks index it. */
  readonly open: ReferenceOrder[] = [];
  private readonly byId = new Map<number, ReferenceOrder>();
  private readonly levels = [
    new Map<number, ReferenceOrder[]>(),
    new Map<number, ReferenceOrder[]>(),
  ] as const;
  private readonly best: [number, number];
  private readonly priceEnd: number;

  constructor(priceEnd: number) {
    this.priceEnd = priceEnd;
    this.best = [0, priceEnd];
  }

  find(id: number): ReferenceOrder | undefined {
    return this.byId.get(id);
  }

  place(order: ReferenceOrder, restsRemainder: boolean): void {
    this.match(order);
    if (order.remaining === 0 || !restsRemainder) return;
    this.rest(order);
    this.byId.set(order.id, order);
    order.position = this.open.length;
    this.open.push(order);
  }

  cancel(order: ReferenceOrder): void {
    this.leaveLevel(order);
    this.forget(order);
  }

  move(order: ReferenceOrder, price: number): void {
    this.leaveLevel(order);
    order.price = price;
    this.match(order);
    if (order.remaining === 0) this.forget(order);
    else this.rest(order);
  }

  restingQty(side: number): number {
    let sum = 0;
    for (const order of this.open) if (order.side === side) sum += order.remaining;
    return sum;
  }

  private match(taker: ReferenceOrder): void {
    const opposite = this.levelsOf(1 - taker.side);
    while (taker.remaining > 0 && opposite.size > 0) {
      const price = this.best[1 - taker.side] as number;
      if (taker.side === 0 ? price > taker.price : price < taker.price) return;
      const queue = opposite.get(price) as ReferenceOrder[];
      const maker = queue[0] as ReferenceOrder;
      const qty = Math.min(maker.remaining, taker.remaining);
      maker.remaining -= qty;
      taker.remaining -= qty;
      this.tally.add(maker.id, taker.id, price, qty);
      if (maker.remaining > 0) continue;
      queue.shift();
      this.forget(maker);
      if (queue.length === 0) this.dropLevel(1 - taker.side, price);
    }
  }

  private rest(order: ReferenceOrder): void {
    const levels = this.levelsOf(order.side);
    const queue = levels.get(order.price);
    if (queue !== undefined) {
      queue.push(order);
      return;
    }
    levels.set(order.price, [order]);
    const best = this.best[order.side] as number;
    if (order.side === 0 ? order.price > best : order.price < best) {
      this.best[order.side] = order.price;
    }
  }

  private leaveLevel(order: ReferenceOrder): void {
    const queue = this.levelsOf(order.side).get(order.price) as ReferenceOrder[];
    queue.splice(queue.indexOf(order), 1);
    if (queue.length === 0) this.dropLevel(order.side, order.price);
  }

  private dropLevel(side: number, price: number): void {
    const levels = this.levelsOf(side);
    levels.delete(price);
    if (this.best[side] !== price) return;
    if (levels.size === 0) {
      this.best[side] = side === 0 ? 0 : this.priceEnd;
      return;
    }
    const step = side === 0 ? -1 : 1;
    let next = price + step;
    while (!levels.has(next)) next += step;
    this.best[side] = next;
  }

  /** The last open order takes the place of the one that goes. */
  private forget(order: ReferenceOrder): void {
    this.byId.delete(order.id);
    const last = this.open.pop() as ReferenceOrder;
    if (last === order) return;
    this.open[order.position] = last;
    last.position = order.position;
  }

  private levelsOf(side: number): Map<number, ReferenceOrder[]> {
    return this.levels[side] as Map<number, ReferenceOrder[]>;
  }
}
