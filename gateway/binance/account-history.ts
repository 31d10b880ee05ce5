import type { OpenOrder } from '../feeds/open-orders.js';
import { isOpen, type OrderRecord } from './order-record.js';
import { Ring } from './ring.js';

/** What is remembered of each account that uses this door, since it first did. */
export const CLOSED_ORDERS_MAX = 500;
export const FILLS_MAX = 500;
export const INCOME_MAX = 500;

/** A fill of one of the account's orders. */
export interface FillRecord {
  marketId: number;
  tradeId: number;
  orderId: number;
  side: number;
  priceTicks: number;
  lots: number;
  feeMicroUsd: number;
  realizedMicroUsd: number;
  isMaker: boolean;
  timeMs: number;
}

export interface IncomeRecord {
  /** 0: of no market. */
  marketId: number;
  type: 'TRANSFER' | 'REALIZED_PNL' | 'FUNDING_FEE' | 'COMMISSION' | 'INSURANCE_CLEAR';
  microUsd: number;
  /** Number of the account's event, which is unique among those of its type. */
  transactionId: number;
  tradeId: number;
  timeMs: number;
}

/** Orders, fills and income of one account, the newest of each. */
export class AccountHistory {
  readonly account: number;
  readonly fills = new Ring<FillRecord>(FILLS_MAX);
  readonly income = new Ring<IncomeRecord>(INCOME_MAX);
  /** Fee tier as its latest order had it. */
  feeTier = 0;
  /** When its latest event came. */
  updateMs = 0;
  /** Until then its past is being read, and nobody may look at it; null: it is complete. */
  ready: Promise<void> | null = null;
  /** What of it is being liquidated: markets of isolated positions, 0 for all else. */
  readonly liquidating = new Set<number>();
  private readonly byId = new Map<number, Map<number, OrderRecord>>();
  private readonly byClientId = new Map<string, OrderRecord>();
  /** The latest waiting order with each client id, whose name goes over to what it becomes. */
  private readonly waitingByClientId = new Map<string, OrderRecord>();
  private readonly closed = new Ring<OrderRecord>(CLOSED_ORDERS_MAX);

  constructor(account: number) {
    this.account = account;
  }

  /** The truth about what is open, after what is known of the past was taken in. */
  reconcile(open: readonly OpenOrder[], timeMs: number): void {
    const found = new Set<OrderRecord>();
    for (const order of open) {
      const truth = recordOf(order, timeMs);
      const known = this.find(order.marketId, order.orderId);
      if (known === undefined) this.add(truth);
      else {
        // Its beginning may lie before what is known.
        const { filledLots, priceTicks, qtyLots, status } = truth;
        Object.assign(known, { filledLots, priceTicks, qtyLots, status });
      }
      found.add(known ?? truth);
    }
    for (const order of this.open(0)) {
      if (found.has(order)) continue;
      order.status = 'EXPIRED';
      this.close(order);
    }
  }

  add(order: OrderRecord): void {
    const orders = this.byId.get(order.marketId) ?? new Map<number, OrderRecord>();
    orders.set(order.orderId, order);
    this.byId.set(order.marketId, orders);
    this.byClientId.set(clientKey(order), order);
    if (order.waits) this.waitingByClientId.set(clientKey(order), order);
  }

  /** The order is not open any more; the oldest closed one may be forgotten for it. */
  close(order: OrderRecord): void {
    const gone = this.closed.push(order);
    if (gone === undefined) return;
    this.byId.get(gone.marketId)?.delete(gone.orderId);
    for (const names of [this.byClientId, this.waitingByClientId]) {
      if (names.get(clientKey(gone)) === gone) names.delete(clientKey(gone));
    }
  }

  find(marketId: number, orderId: number): OrderRecord | undefined {
    return this.byId.get(marketId)?.get(orderId);
  }

  /** The latest order with this client id. */
  findClient(marketId: number, clientOrderId: string): OrderRecord | undefined {
    return this.byClientId.get(`${marketId}:${clientOrderId}`);
  }

  findWaiting(marketId: number, clientOrderId: string): OrderRecord | undefined {
    return this.waitingByClientId.get(`${marketId}:${clientOrderId}`);
  }

  /** All that are remembered of a market, or of all (0), in order of their ids. */
  orders(marketId: number): OrderRecord[] {
    const maps = marketId === 0 ? [...this.byId.values()] : [this.byId.get(marketId)];
    const found = maps.flatMap((orders) => [...(orders?.values() ?? [])]);
    return found.sort((a, b) => a.marketId - b.marketId || a.orderId - b.orderId);
  }

  open(marketId: number): OrderRecord[] {
    return this.orders(marketId).filter(isOpen);
  }
}

function clientKey({ clientOrderId, marketId }: OrderRecord): string {
  return `${marketId}:${clientOrderId}`;
}

/** Who gave no client id is shown one, and so are orders of a liquidation. */
export function nameOfOrder(clientOrderId: string, orderId: number, isForced = false): string {
  if (isForced) return `autoclose-${orderId}`;
  return clientOrderId === '' ? `auto-${orderId}` : clientOrderId;
}

function recordOf(open: OpenOrder, timeMs: number): OrderRecord {
  const { trigger } = open;
  const filledLots = trigger === null ? open.qtyLots - open.remainingLots : 0;
  return {
    marketId: open.marketId,
    orderId: open.orderId,
    account: open.accountId,
    clientOrderId: nameOfOrder(open.clientOrderId, open.orderId),
    flags: open.flags,
    priceTicks: open.priceTicks,
    qtyLots: open.qtyLots,
    filledLots,
    seenLots: 0,
    seenTickLots: 0,
    expiresAtMs: open.expiresAtMs,
    status: filledLots > 0 ? 'PARTIALLY_FILLED' : 'NEW',
    timeMs,
    updateMs: timeMs,
    trigger: trigger === null ? null : { ...trigger },
    waits: trigger !== null,
    isAlgo: false,
    isForced: false,
    firedOrderId: 0,
  };
}
