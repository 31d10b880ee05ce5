import type { ServerMessage } from './codec.js';
import { crc32 } from './crc32.js';

const CHECKSUM_ORDERS = 10;

export interface QueuedOrder {
  readonly orderId: number;
  readonly price: string;
  qty: string;
}

/**
 * Every resting order of one market with its place in the queue (channel `orders.SYMBOL`). A gap or a wrong checksum makes
 * `apply` return false: it is empty then, and needs a new snapshot.
 */
export class LocalOrders {
  epoch = 0;
  sequence = 0;
  /** False until the first snapshot, and after a gap. */
  valid = false;
  private readonly places = new Map<number, { side: 'buy' | 'sell'; order: QueuedOrder }>();
  private readonly bidQueues = new Map<string, QueuedOrder[]>();
  private readonly askQueues = new Map<string, QueuedOrder[]>();

  /** In the order in which they would trade. */
  get bids(): QueuedOrder[] {
    return flattened(this.bidQueues, -1);
  }

  get asks(): QueuedOrder[] {
    return flattened(this.askQueues, 1);
  }

  apply(message: ServerMessage): boolean {
    if (message.type === 'ordersSnapshot') this.restart(message);
    else if (
      !this.valid ||
      message.epoch !== this.epoch ||
      message.previousSequence !== this.sequence
    ) {
      this.clear();
      return false;
    } else for (const row of message.changes as ChangeRow[]) this.change(row);
    this.sequence = message.sequence as number;
    if (this.checksum() === message.checksum) return true;
    this.clear();
    return false;
  }

  checksum(): number {
    const first = [...this.bids.slice(0, CHECKSUM_ORDERS), ...this.asks.slice(0, CHECKSUM_ORDERS)];
    return crc32(first.map(({ orderId, price, qty }) => `${orderId}:${price}:${qty}`).join(':'));
  }

  private restart(message: ServerMessage): void {
    this.clear();
    this.epoch = message.epoch as number;
    this.valid = true;
    for (const row of message.bids as Row[]) this.queue('buy', ...row);
    for (const row of message.asks as Row[]) this.queue('sell', ...row);
  }

  private change([orderId, side, price, qty, isQueued]: ChangeRow): void {
    const known = this.places.get(orderId);
    if (known !== undefined && !isQueued && Number(qty) !== 0) {
      known.order.qty = qty;
      return;
    }
    if (known !== undefined) this.drop(orderId, known.side, known.order);
    if (Number(qty) !== 0) this.queue(side, orderId, price, qty);
  }

  private queue(side: 'buy' | 'sell', orderId: number, price: string, qty: string): void {
    const queues = side === 'buy' ? this.bidQueues : this.askQueues;
    const order = { orderId, price, qty };
    this.places.set(orderId, { side, order });
    const queue = queues.get(price);
    if (queue === undefined) queues.set(price, [order]);
    else queue.push(order);
  }

  private drop(orderId: number, side: 'buy' | 'sell', order: QueuedOrder): void {
    const queues = side === 'buy' ? this.bidQueues : this.askQueues;
    const queue = queues.get(order.price) as QueuedOrder[];
    this.places.delete(orderId);
    if (queue.length === 1) queues.delete(order.price);
    else queue.splice(queue.indexOf(order), 1);
  }

  private clear(): void {
    this.valid = false;
    this.places.clear();
    this.bidQueues.clear();
    this.askQueues.clear();
  }
}

type Row = [orderId: number, price: string, qty: string];
type ChangeRow = [
  orderId: number,
  side: 'buy' | 'sell',
  price: string,
  qty: string,
  isQueued: boolean,
];

function flattened(queues: Map<string, QueuedOrder[]>, order: number): QueuedOrder[] {
  const prices = [...queues.keys()].sort((a, b) => (Number(a) - Number(b)) * order);
  return prices.flatMap((price) => queues.get(price) as QueuedOrder[]);
}
