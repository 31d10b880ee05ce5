import { SortedList } from '../../engine/state/sorted-list.js';

/** One resting order as the public sees it. */
export interface QueuedOrder {
  readonly orderId: number;
  readonly side: number;
  readonly priceTicks: number;
  lots: number;
  /** Grows with each time that an order goes to the end of a queue. */
  readonly priority: number;
}

/** Orders of one price, the first to trade first. */
interface Queue {
  /** The price. */
  readonly id: number;
  readonly orders: Map<number, QueuedOrder>;
}

/** Resting orders of one side by price, best first, each price a queue. An order leaves its queue without a walk through it. */
export class OrderQueues {
  private readonly queues = new Map<number, Queue>();
  private readonly byPrice: SortedList<Queue>;

  /** `order`: 1, lower prices are better (asks); −1, higher ones. */
  constructor(order: 1 | -1) {
    this.byPrice = new SortedList(({ id }) => order * id);
  }

  /** Behind all of its price: its priority is the highest there. */
  add(order: QueuedOrder): void {
    this.queueAt(order.priceTicks).orders.set(order.orderId, order);
  }

  remove({ orderId, priceTicks }: QueuedOrder): void {
    const queue = this.queues.get(priceTicks) as Queue;
    queue.orders.delete(orderId);
    if (queue.orders.size > 0) return;
    this.queues.delete(priceTicks);
    this.byPrice.remove(queue);
  }

  /** So many orders at most, in the order in which they would trade. */
  first(count: number): QueuedOrder[] {
    const found: QueuedOrder[] = [];
    for (const { orders } of this.byPrice) {
      for (const order of orders.values()) {
        if (found.length >= count) return found;
        found.push(order);
      }
    }
    return found;
  }

  private queueAt(priceTicks: number): Queue {
    const known = this.queues.get(priceTicks);
    if (known !== undefined) return known;
    const queue = { id: priceTicks, orders: new Map<number, QueuedOrder>() };
    this.queues.set(priceTicks, queue);
    this.byPrice.add(queue);
    return queue;
  }
}
