import {
  HEADER_WORDS,
  R_ACCOUNT,
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
  WorkloadError,
  type WorkloadResult,
} from './format.js';
import { ReferenceBook, type ReferenceOrder } from './reference-book.js';

/**
 * What prefill and the first `timedCount` records lead to. Slow engines run only the beginning of a file,
 * and files from elsewhere may come without expected results; this answers for both.
 */
export function referenceResult(workload: Workload, timedCount: number): WorkloadResult {
  const book = new ReferenceBook(workload.priceTicksMax + 1);
  for (let i = 0; i < workload.prefillCount + timedCount; i++) applyRecord(book, workload.words, i);
  return {
    trades: book.tally.trades,
    volume: book.tally.volume,
    checksum: book.tally.checksum,
    restingOrders: book.open.length,
    restingQtyBid: book.restingQty(0),
    restingQtyAsk: book.restingQty(1),
  };
}

function applyRecord(book: ReferenceBook, words: Int32Array, record: number): void {
  const at = HEADER_WORDS + record * RECORD_WORDS;
  const field = (offset: number): number => words[at + offset] as number;
  const type = field(R_TYPE);
  if (type === TYPE_CANCEL) {
    book.cancel(openOrder(book, field(R_ORDER_ID), record));
  } else if (type === TYPE_MOVE) {
    book.move(openOrder(book, field(R_ORDER_ID), record), field(R_PRICE));
  } else {
    const order = {
      id: field(R_ORDER_ID),
      account: field(R_ACCOUNT),
      side: field(R_SIDE),
      price: field(R_PRICE),
      remaining: field(R_QTY),
      position: 0,
    };
    book.place(order, type === TYPE_LIMIT_GTC);
  }
}

function openOrder(book: ReferenceBook, orderId: number, record: number): ReferenceOrder {
  const order = book.find(orderId);
  if (order === undefined) {
    throw new WorkloadError(`record ${record}: order ${orderId} is not open any more`);
  }
  return order;
}
