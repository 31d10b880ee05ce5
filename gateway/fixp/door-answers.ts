import { FLAG_SIDE } from '../../engine/messages/types.js';
import type { Problem } from '../commands/problem.js';
import type { OpenOrder } from '../feeds/open-orders.js';
import { doorCodeOf } from './door-codes.js';
import type { FixpSession } from './fixp-session.js';
import {
  BusinessMessageRejectEncoder,
  ExecutionReportStatusEncoder,
  OrderMassActionReportEncoder,
  OrdStatus,
} from './generated/index.js';
import { shortText } from './order-reports.js';
import {
  beginEvent,
  beginMessage,
  commitMessage,
  type EventAt,
  sideOfFlag,
} from './report-writer.js';

const businessReject = new BusinessMessageRejectEncoder();
const statusReport = new ExecutionReportStatusEncoder();
const massReport = new OrderMassActionReportEncoder();

/** The door itself has refused a message; the exchange has not seen it. */
export function writeBusinessReject(
  session: FixpSession,
  requestSeqNo: number,
  templateId: number,
  found: Problem,
  timeMs: number,
): void {
  const reject = beginMessage(session, businessReject, requestSeqNo).transactTime(timeMs);
  reject.refTemplateId(templateId).code(doorCodeOf(found.code));
  reject.text(shortText(`${found.code}: ${found.message}`));
  commitMessage(session, reject);
}

/** How many orders were canceled, of one market or of all. */
export function writeMassCanceled(
  session: FixpSession,
  event: EventAt,
  requestSeqNo: number,
  count: number,
): void {
  commitMessage(session, beginEvent(session, massReport, event, requestSeqNo).count(count));
}

export interface StatusOf {
  marketId: number;
  /** 0: not known. */
  orderId: number;
  /** 0: none, or text. */
  clientId: number;
  /** Null: the order is not open. */
  order: OpenOrder | null;
  status: OrdStatus;
}

/** What an order is; `event` is the exchange's answer to a client id that was used before, null when the door knows by itself. */
export function writeStatus(
  session: FixpSession,
  event: EventAt | null,
  requestSeqNo: number,
  of: StatusOf,
  timeMs: number,
): void {
  const report =
    event === null
      ? beginMessage(session, statusReport, requestSeqNo).transactTime(timeMs)
      : beginEvent(session, statusReport, event, requestSeqNo);
  report.marketId(of.marketId).status(of.status);
  if (of.orderId !== 0) report.orderId(of.orderId);
  if (of.clientId !== 0) report.clOrdId(of.clientId);
  const { order } = of;
  if (order !== null) {
    report.orderQty(order.qtyLots).leavesQty(order.remainingLots);
    report.side(sideOfFlag(order.flags & FLAG_SIDE));
    if (order.priceTicks !== 0) report.price(order.priceTicks);
  }
  commitMessage(session, report);
}

export { OrdStatus };
