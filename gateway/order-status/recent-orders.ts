import { EVT_TRIGGER_REJECTED } from '../../engine/messages/types.js';
import { HEAD_WORDS, RF_TIME } from '../feeds/feed-record.js';
import type { Collected } from '../feeds/feed-walk.js';
import type { PrivateEvents } from '../feeds/private-events.js';
import { HistoryBatch } from '../history/history-batch.js';
import { HistoryFold } from '../history/history-fold.js';
import { type ChangeRow, type OrderRow, STATUS_OPEN, STATUS_WAITING } from '../history/rows.js';

/** Events of an account that are looked through. */
const EVENTS_MAX = 2_000;
/** The exchange knows a client id at least so long after its order was accepted, and refuses no order under it meanwhile. */
const CLIENT_ID_KNOWN_MS = 10 * 60 * 1000;

/** An order under a name that the account's log still tells from its acceptance on. */
export interface RecentOrder {
  order: OrderRow;
  /** Why it was refused when it fired; null: it was not. */
  refused: ChangeRow | null;
}

export interface OrderToFind {
  accountId: number;
  marketId: number;
  /** One of the two; 0 and empty are none. */
  orderId: number;
  clientOrderId: string;
}

/**
 * Finds an order in the newest events of its account, which are here as soon as they have happened. Null: it is not among them, or it
 * cannot be told from them alone whether something later happened under its client id; then the history knows.
 */
export async function findRecent(
  log: PrivateEvents,
  wanted: OrderToFind,
  nowMs: number,
): Promise<RecentOrder | null> {
  const past = await log.recent(wanted.accountId, EVENTS_MAX);
  if (past === null) return null;
  const batch = folded(past);
  let found: OrderRow | null = null;
  for (const order of batch.orders) if (isWanted(order, wanted)) found = order;
  if (found === null || !isLast(found, wanted, nowMs)) return null;
  const { orderId } = found;
  const refusals = batch.changes.filter((change) => {
    const isSame = change.orderId === orderId && change.marketId === wanted.marketId;
    return isSame && change.type === EVT_TRIGGER_REJECTED;
  });
  return { order: found, refused: refusals.at(-1) ?? null };
}

/** Orders in the order in which they were accepted. */
function folded({ block, starts }: Collected): HistoryBatch {
  const batch = new HistoryBatch(() => undefined);
  const fold = new HistoryFold(batch, () => false);
  for (const at of starts) {
    const timeMs = block.floats[at / 2 + RF_TIME] as number;
    fold.applyOne(block.words, block.floats, at + HEAD_WORDS, timeMs);
  }
  return batch;
}

function isWanted(order: OrderRow, { marketId, orderId, clientOrderId }: OrderToFind): boolean {
  if (order.marketId !== marketId) return false;
  return orderId === 0 ? order.clientOrderId === clientOrderId : order.orderId === orderId;
}

function isLast(order: OrderRow, { orderId }: OrderToFind, nowMs: number): boolean {
  if (orderId !== 0 || order.status === STATUS_OPEN || order.status === STATUS_WAITING) return true;
  return nowMs - order.timeMs < CLIENT_ID_KNOWN_MS;
}
