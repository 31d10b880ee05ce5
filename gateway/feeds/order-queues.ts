/** One resting order as the public sees it. */
export interface QueuedOrder {
  readonly orderId: number;
  readonly side: number;
  readonly priceTicks: number;
  lots: number;
  /** Grows with each time that an order goes to the end of a queue. */
  readonly priority: number;
}

/** Resting orders of one side by price, best first, each price a queue. */
export class OrderQueues {
  private readonly queues = new Map<number, QueuedOrder[]>();
  /** Best last, so that most changes happen near the end. */
  private readonly prices: number[] = [];
  /** 1: lower prices are better (asks); −1: higher ones. */
  private readonly order: number;

  constructor(order: number) {
    this.order = order;
  }

  /** Behind all of its price: its priority is the highest there. */
  add(order: QueuedOrder): void {
    const queue = this.queues.get(order.priceTicks);
    if (queue !== undefined) {
      queue.push(order);
      return;
    }
    this.queues.set(order.priceTicks, [order]);
    this.prices.splice(this.placeOf(order.priceTicks), 0, order.priceTicks);
  }

  remove(order: QueuedOrder): void {
    const queue = this.queues.get(order.priceTicks) as QueuedOrder[];
    if (queue.length > 1) {
      queue.splice(queue.indexOf(order), 1);
      return;
    }
    this.queues.delete(order.priceTicks);
    this.prices.splice(this.placeOf(order.priceTicks), 1);
  }

  /** So many orders at most, in the order in which they would trade. */
  first(count: number): QueuedOrder[] {
    const found: QueuedOrder[] = [];
    for (let i = this.prices.length - 1; i >= 0 && found.length < count; i--) {
      const queue = this.queues.get(this.prices[i] as number) as QueuedOrder[];
      found.push(...queue.slice(0, count - found.length));
    }
    return found;
  }

  /** First index whose price is not worse than the given one. */
  private placeOf(price: number): number {
    let low = 0;
    let high = this.prices.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (((this.prices[middle] as number) - price) * this.order > 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
