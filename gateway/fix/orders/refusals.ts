import { FixBody, timestampOf } from '../codec/frame-writer.js';
import { MSG, TAG } from '../codec/tags.js';
import { type ClientOrder, ORD_STATUS } from './client-order.js';
import { orderIdText, refusal } from './execution-report.js';
import { EXEC_TYPE } from './order-events.js';
import type { PendingRequest } from './pending-request.js';

/** OrdRejReason by code of the refusal; 99: other. */
const ORDER_REASONS: Readonly<Record<string, number>> = {
  unknown_market: 1,
  market_does_not_accept_new_orders: 2,
  market_accepts_only_post_only_orders: 2,
  market_accepts_only_reduce_only_orders: 2,
  insufficient_margin: 3,
  position_lots_must_not_exceed_limit: 3,
  open_orders_must_not_exceed_limit: 3,
  receive_window_has_passed: 4,
  duplicate: 6,
  qty_lots_must_be_within_1_and_limit: 13,
  qty_must_be_multiple_of_lot: 13,
};
const OTHER = 99;
/** CxlRejReason. */
const TOO_LATE = 0;
const UNKNOWN_ORDER = 1;
const DUPLICATE_CLORDID = 6;
/** OrdRejReason: unknown order. */
const REASON_UNKNOWN_ORDER = 5;
/** CxlRejResponseTo. */
const TO_CANCEL = '1';
const TO_REPLACE = '2';
/** BusinessRejectReason. */
const OTHER_BUSINESS_REASON = 0;
const UNKNOWN_SECURITY = 2;

/** Why a request was refused, as all doors say it. */
export interface Refusal {
  readonly code: string;
  readonly message: string;
}

/** A message that answers a request, and its MsgType. */
export interface Answer {
  readonly type: string;
  readonly body: FixBody;
}

/** The one answer to a request that has come to nothing. `order`: the one that it named, as far as it is known. */
export function refusalOf(
  request: PendingRequest,
  found: Refusal,
  order: ClientOrder | undefined,
  execId: string,
  timeMs: number,
): Answer {
  const text = `${found.code}: ${found.message}`;
  if (request.type === MSG.NewOrderSingle) {
    const reason = ORDER_REASONS[found.code] ?? OTHER;
    const body = refusal(request.echo, EXEC_TYPE.rejected, execId, reason, text, timeMs);
    return { type: MSG.ExecutionReport, body };
  }
  if (request.type === MSG.OrderMassCancelRequest) {
    const body = massCancelReport(request, execId, timeMs)
      .field(TAG.MassCancelResponse, 0)
      .field(TAG.MassCancelRejectReason, OTHER)
      .sentence(TAG.Text, text);
    return { type: MSG.OrderMassCancelReport, body };
  }
  return { type: MSG.OrderCancelReject, body: cancelReject(request, found, order, text, timeMs) };
}

/** OrderMassCancelReport of what was done. */
export function massCanceled(
  request: PendingRequest,
  count: number,
  execId: string,
  timeMs: number,
): Answer {
  const wanted = request.echo.startsWith(`${TAG.MassCancelRequestType}=1`) ? 1 : 7;
  const body = massCancelReport(request, execId, timeMs)
    .field(TAG.MassCancelResponse, wanted)
    .field(TAG.TotalAffectedOrders, count);
  return { type: MSG.OrderMassCancelReport, body };
}

/** The answer to a question for an order that nobody knows. */
export function unknownOrder(echo: string, timeMs: number): Answer {
  const text = 'no such order is known to this session';
  const body = refusal(echo, EXEC_TYPE.status, '0', REASON_UNKNOWN_ORDER, text, timeMs);
  return { type: MSG.ExecutionReport, body };
}

/** Refuses a message that has no answer of its own for it. */
export function businessReject(
  reference: { sequence: number; type: string },
  id: string,
  text: string,
  isUnknownSecurity = false,
): Answer {
  const body = new FixBody()
    .field(TAG.RefSeqNum, reference.sequence)
    .field(TAG.RefMsgType, reference.type)
    .field(TAG.BusinessRejectRefID, id)
    .field(TAG.BusinessRejectReason, isUnknownSecurity ? UNKNOWN_SECURITY : OTHER_BUSINESS_REASON)
    .sentence(TAG.Text, text);
  return { type: MSG.BusinessMessageReject, body };
}

function massCancelReport(request: PendingRequest, execId: string, timeMs: number): FixBody {
  const body = new FixBody().field(TAG.ClOrdID, request.clOrdId).field(TAG.OrderID, execId);
  body.text += request.echo;
  return body.field(TAG.TransactTime, timestampOf(timeMs));
}

function cancelReject(
  request: PendingRequest,
  found: Refusal,
  order: ClientOrder | undefined,
  text: string,
  timeMs: number,
): FixBody {
  return new FixBody()
    .field(TAG.OrderID, order === undefined ? 'NONE' : orderIdText(order.marketId, order.orderId))
    .field(TAG.ClOrdID, request.clOrdId)
    .field(TAG.OrigClOrdID, request.origClOrdId)
    .field(TAG.OrdStatus, order?.status ?? ORD_STATUS.rejected)
    .field(TAG.CxlRejResponseTo, request.type === MSG.OrderCancelRequest ? TO_CANCEL : TO_REPLACE)
    .field(TAG.CxlRejReason, cancelReason(found.code, order))
    .field(TAG.TransactTime, timestampOf(timeMs))
    .sentence(TAG.Text, text);
}

function cancelReason(code: string, order: ClientOrder | undefined): number {
  if (code === 'duplicate') return DUPLICATE_CLORDID;
  if (code !== 'order_is_not_open') return OTHER;
  return order === undefined ? UNKNOWN_ORDER : TOO_LATE;
}
