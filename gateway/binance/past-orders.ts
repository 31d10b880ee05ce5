import {
  closesPosition,
  kindOfTerms,
  sourceOfTerms,
} from '../../engine/triggers/trigger-events.js';
import {
  KIND_TRIGGER,
  type OrderDetails,
  type OrderRow,
  STATUS_FILLED,
  STATUS_OPEN,
  STATUS_TRIGGERED,
  STATUS_WAITING,
} from '../history/rows.js';
import type { Market } from '../markets.js';
import type { FindOrder } from '../order-status/order-status.js';
import { nameOfOrder } from './account-history.js';
import { ERRORS } from './errors.js';
import { endOf, type OrderRecord, type OrderStatus, type TriggerRecord } from './order-record.js';

/** How a request names an order. */
export type OrderName = { orderId: number } | { clientOrderId: string };

/** Orders that the memory of this door does not reach back to. */
export class PastOrders {
  private readonly findOrder: FindOrder;

  constructor(findOrder: FindOrder) {
    this.findOrder = findOrder;
  }

  /** Null: there is no such order. Rejects with BinanceError when that cannot be said. */
  async find(accountId: number, market: Market, name: OrderName): Promise<OrderRecord | null> {
    const wanted = { accountId, marketId: market.id, orderId: 0, clientOrderId: '', ...name };
    const found = await this.findOrder(wanted);
    if (found === null) return null;
    if ('message' in found) throw ERRORS.overloaded();
    return recordOf(found);
  }
}

function recordOf(row: OrderRow): OrderRecord {
  const { orderId, filledLots } = row;
  const details = row.details === null ? {} : (JSON.parse(row.details) as OrderDetails);
  return {
    marketId: row.marketId,
    orderId,
    account: row.accountId,
    clientOrderId: nameOfOrder(row.clientOrderId ?? '', orderId),
    flags: row.flags,
    priceTicks: row.priceTicks,
    qtyLots: row.qtyLots,
    filledLots,
    seenLots: filledLots,
    seenTickLots: Number(row.filledValueTickLots),
    expiresAtMs: row.expiresAtMs,
    status: statusOf(row),
    timeMs: row.timeMs,
    updateMs: row.updatedAtMs,
    trigger: triggerOf(details),
    waits: row.kind === KIND_TRIGGER,
    isAlgo: false,
    isForced: false,
    firedOrderId: 0,
  };
}

function statusOf({ filledLots, reason, status }: OrderRow): OrderStatus {
  if (status === STATUS_WAITING) return 'NEW';
  if (status === STATUS_OPEN) return filledLots > 0 ? 'PARTIALLY_FILLED' : 'NEW';
  if (status === STATUS_FILLED) return 'FILLED';
  return status === STATUS_TRIGGERED ? 'EXPIRED' : endOf(reason);
}

function triggerOf({ triggerTerms, ...details }: OrderDetails): TriggerRecord | null {
  if (triggerTerms === undefined) return null;
  return {
    kind: kindOfTerms(triggerTerms),
    source: sourceOfTerms(triggerTerms),
    priceTicks: details.triggerPriceTicks ?? 0,
    trailTicks: details.trailTicks ?? 0,
    trailPpm: details.trailPpm ?? 0,
    closesPosition: closesPosition(triggerTerms),
  };
}
