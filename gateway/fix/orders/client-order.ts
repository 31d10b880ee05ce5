import {
  EF_CLIENT_ID,
  EW_CLIENT_TEXT,
  EW_CLIENT_TEXT_LENGTH,
  slotsOf,
  W_HEAD,
} from '../../../engine/messages/layout.js';
import { asciiOf } from '../../codec/json-sink.js';
import type { OpenOrder } from '../../feeds/open-orders.js';

/** OrdStatus, as far as orders here come to have them. */
export const ORD_STATUS = {
  new: '0',
  partiallyFilled: '1',
  filled: '2',
  canceled: '4',
  rejected: '8',
  expired: 'C',
} as const;

/** An order of the session's account as its reports tell it; plain data, because it is kept in files. */
export interface ClientOrder {
  marketId: number;
  /** Of the exchange. It is another one once an order that waited for a price has fired. */
  orderId: number;
  /** The id that it waited under; 0: it did not. */
  waitedAs: number;
  /** Client order id by which the exchange knows it; empty: none. */
  root: string;
  /** ClOrdID that its reports carry: that of the last request which changed it. */
  clOrdId: string;
  /** The engine's flags of the order, and what it waits for (TRIGGER_…; 0: nothing). */
  flags: number;
  kind: number;
  /** 0: a market order without a bound. */
  priceTicks: number;
  triggerTicks: number;
  qtyLots: number;
  cumLots: number;
  leavesLots: number;
  /** Σ price × lots of its fills in tick·lots, as digits; empty: fills from before this session are not known. */
  filledValue: string;
  expiresAtMs: number;
  status: string;
}

export function isOpen({ status }: ClientOrder): boolean {
  return status === ORD_STATUS.new || status === ORD_STATUS.partiallyFilled;
}

/** OrdStatus of an order that goes on, or is complete. */
export function workingStatus(order: ClientOrder): string {
  if (order.leavesLots === 0 && order.cumLots > 0) return ORD_STATUS.filled;
  return order.cumLots > 0 ? ORD_STATUS.partiallyFilled : ORD_STATUS.new;
}

/** From the folded state of the exchange, which does not tell at what prices something was filled. */
export function orderOfState(order: OpenOrder): ClientOrder {
  const cumLots = order.qtyLots - order.remainingLots;
  const { trigger } = order;
  const made: ClientOrder = {
    marketId: order.marketId,
    orderId: order.orderId,
    waitedAs: 0,
    root: order.clientOrderId,
    clOrdId: order.clientOrderId,
    flags: order.flags,
    kind: trigger?.kind ?? 0,
    priceTicks: order.priceTicks,
    triggerTicks: trigger?.priceTicks ?? 0,
    qtyLots: order.qtyLots,
    cumLots,
    leavesLots: order.remainingLots,
    filledValue: cumLots === 0 ? '0' : '',
    expiresAtMs: order.expiresAtMs,
    status: ORD_STATUS.new,
  };
  made.status = workingStatus(made);
  return made;
}

/** The client order id in an event; empty: it has none. */
export function clientIdOf(words: Int32Array, floats: Float64Array, at: number): string {
  const number = floats[at / 2 + EF_CLIENT_ID] as number;
  if (number !== 0) return String(number);
  if (slotsOf(words[at + W_HEAD] as number) < 3) return '';
  const length = words[at + EW_CLIENT_TEXT_LENGTH] as number;
  return length === 0 ? '' : asciiOf(words, at + EW_CLIENT_TEXT, length);
}
