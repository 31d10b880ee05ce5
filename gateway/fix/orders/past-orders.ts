import { REASON_EXPIRED } from '../../../engine/messages/types.js';
import { kindOfTerms } from '../../../engine/triggers/trigger-events.js';
import {
  KIND_ORDER,
  KIND_TRIGGER,
  type OrderDetails,
  type OrderRow,
  STATUS_CANCELED,
  STATUS_FILLED,
  STATUS_OPEN,
  STATUS_REJECTED,
  STATUS_WAITING,
} from '../../history/rows.js';
import { type ClientOrder, ORD_STATUS, workingStatus } from './client-order.js';

/** An order as the history keeps it; null: it is a parent order, which is none of this door. */
export function orderOfRow(row: OrderRow): ClientOrder | null {
  if (row.kind !== KIND_ORDER && row.kind !== KIND_TRIGGER) return null;
  const details = row.details === null ? {} : (JSON.parse(row.details) as OrderDetails);
  const root = row.clientOrderId ?? '';
  const order: ClientOrder = {
    marketId: row.marketId,
    orderId: row.orderId,
    waitedAs: row.triggerOrderId,
    root,
    clOrdId: root,
    flags: row.flags,
    kind: details.triggerTerms === undefined ? 0 : kindOfTerms(details.triggerTerms),
    priceTicks: row.priceTicks,
    triggerTicks: details.triggerPriceTicks ?? 0,
    qtyLots: row.qtyLots,
    cumLots: row.filledLots,
    leavesLots: row.remainingLots,
    filledValue: row.filledValueTickLots.toString(),
    expiresAtMs: row.expiresAtMs,
    status: ORD_STATUS.new,
  };
  order.status = statusOf(row, order);
  if (row.status !== STATUS_OPEN && row.status !== STATUS_WAITING) order.leavesLots = 0;
  return order;
}

function statusOf({ reason, status }: OrderRow, order: ClientOrder): string {
  if (status === STATUS_OPEN || status === STATUS_WAITING) return workingStatus(order);
  if (status === STATUS_FILLED) return ORD_STATUS.filled;
  if (status === STATUS_REJECTED) return ORD_STATUS.rejected;
  // One that has fired goes on under another id.
  const isCanceled = status === STATUS_CANCELED && reason !== REASON_EXPIRED;
  return isCanceled ? ORD_STATUS.canceled : ORD_STATUS.expired;
}
