import {
  HEADER_WORDS,
  R_ORDER_ID,
  R_PRICE,
  R_QTY,
  R_SIDE,
  R_TYPE,
  RECORD_WORDS,
  TYPE_CANCEL,
  TYPE_LIMIT_GTC,
  TYPE_MOVE,
  type Workload,
  type WorkloadResult,
} from '../workload/format.js';
import { TradeTally } from '../workload/trade-tally.js';
import type { BenchEngine } from './engine.js';

interface PeerOrder {
  readonly id: string;
  readonly size: number;
  readonly price: number;
}

interface PeerAnswer {
  readonly done: readonly PeerOrder[];
  readonly partial: PeerOrder | null;
  readonly partialQuantityProcessed: number;
  readonly quantityLeft: number;
  readonly err: Error | null;
}

/** What `nodejs-order-book` and its predecessor `hft-limit-order-book` have in common. */
export interface PeerBook {
  limit(order: {
    id: string;
    side: string;
    size: number;
    price: number;
    timeInForce: string;
  }): PeerAnswer;
  modify(orderId: string, change: { price: number }): PeerAnswer;
  cancel(orderId: string): unknown;
  snapshot(): {
    bids: { orders: readonly PeerOrder[] }[];
    asks: { orders: readonly PeerOrder[] }[];
  };
}

/**
 * An npm order book with the same commands through its documented calls. Their `modify` to a new price is a
 * move as the workload means it: what remains goes to the end of its new level and may match.
 */
export class PeerEngine implements BenchEngine {
  private readonly tally = new TradeTally();
  private readonly book: PeerBook;
  private readonly words: Int32Array;
  /** They want strings as ids; making them is not their work, so it is done before the clock starts. */
  private readonly ids: string[];

  constructor(book: PeerBook, workload: Workload) {
    this.book = book;
    this.words = workload.words;
    this.ids = Array.from({ length: workload.orderIdEnd }, (_, id) => String(id));
  }

  run(from: number, to: number): void {
    const { book, words, ids } = this;
    for (let i = from, at = HEADER_WORDS + from * RECORD_WORDS; i < to; i++, at += RECORD_WORDS) {
      const type = words[at + R_TYPE] as number;
      const orderId = words[at + R_ORDER_ID] as number;
      const id = ids[orderId] as string;
      const price = words[at + R_PRICE] as number;
      if (type === TYPE_CANCEL) {
        book.cancel(id);
      } else if (type === TYPE_MOVE) {
        this.count(orderId, book.modify(id, { price }));
      } else {
        const side = words[at + R_SIDE] === 0 ? 'buy' : 'sell';
        const timeInForce = type === TYPE_LIMIT_GTC ? 'GTC' : 'IOC';
        const size = words[at + R_QTY] as number;
        this.count(orderId, book.limit({ id, side, size, price, timeInForce }));
      }
    }
  }

  result(): WorkloadResult {
    const { bids, asks } = this.book.snapshot();
    const orders = [...bids, ...asks].reduce((sum, level) => sum + level.orders.length, 0);
    return {
      trades: this.tally.trades,
      volume: this.tally.volume,
      checksum: this.tally.checksum,
      restingOrders: orders,
      restingQtyBid: sumSizes(bids),
      restingQtyAsk: sumSizes(asks),
    };
  }

  /**
   * `done` lists the makers that were filled completely, in order, and the taker as the last one when
   * nothing of it is left; `partial` is then the maker that was filled in part. Otherwise it is the taker.
   */
  private count(takerOrderId: number, answer: PeerAnswer): void {
    if (answer.err !== null) throw answer.err;
    const { done, partial } = answer;
    const takerIsDone = answer.quantityLeft === 0;
    const makers = takerIsDone ? done.length - 1 : done.length;
    for (let i = 0; i < makers; i++) {
      const maker = done[i] as PeerOrder;
      this.tally.add(Number(maker.id), takerOrderId, maker.price, maker.size);
    }
    if (!takerIsDone || partial === null) return;
    const lots = answer.partialQuantityProcessed;
    this.tally.add(Number(partial.id), takerOrderId, partial.price, lots);
  }
}

function sumSizes(levels: readonly { orders: readonly PeerOrder[] }[]): number {
  let sum = 0;
  for (const level of levels) for (const order of level.orders) sum += order.size;
  return sum;
}
