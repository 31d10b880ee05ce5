import type { Problem } from '../../commands/problem.js';
import type { Markets } from '../../markets.js';
import type { FindOrder } from '../../order-status/order-status.js';
import type { ClientSession } from '../client-session.js';
import type { FixMessage } from '../codec/fix-message.js';
import { FixBody } from '../codec/frame-writer.js';
import { MSG, TAG } from '../codec/tags.js';
import type { ClientOrder } from './client-order.js';
import { readOrderId, statusReport } from './execution-report.js';
import { orderOfRow } from './past-orders.js';
import { businessReject, unknownOrder } from './refusals.js';

const ONE_SECURITY = '1';
const ALL_ORDERS = '7';
/** Fields of a question that come back when there is no such order. */
const ECHOED: readonly number[] = [TAG.ClOrdID, TAG.Symbol, TAG.Side];

/** Answers questions for orders from what the session knows, and of one that it does not remember, from log and history. */
export class StatusDesk {
  private readonly markets: Markets;
  private readonly exchangeTimeMs: () => number;
  private readonly findOrder: FindOrder;

  constructor(markets: Markets, exchangeTimeMs: () => number, findOrder: FindOrder) {
    this.markets = markets;
    this.exchangeTimeMs = exchangeTimeMs;
    this.findOrder = findOrder;
  }

  /** OrderStatusRequest or OrderMassStatusRequest. */
  handle(session: ClientSession, message: FixMessage, isAllowed: boolean): void {
    if (!isAllowed) {
      this.refuse(session, message, 'too many requests; try later');
      session.record.numbers.answer(message.sequence);
      return;
    }
    session.whenTold(() => {
      if (message.type === MSG.OrderStatusRequest) this.one(session, message);
      else {
        this.many(session, message);
        session.record.numbers.answer(message.sequence);
      }
    });
  }

  private one(session: ClientSession, message: FixMessage): void {
    const order = this.find(session, message);
    if (order !== undefined) {
      this.report(session, order);
      session.record.numbers.answer(message.sequence);
      return;
    }
    this.past(session, message)
      .then(
        (past) => {
          if (past === null) this.unknown(session, message);
          else if ('status' in past) this.report(session, past);
          else this.refuse(session, message, past.message);
        },
        (error: Error) => this.refuse(session, message, `${error.message}; try again`),
      )
      .finally(() => session.record.numbers.answer(message.sequence));
  }

  /** By OrderID where it is given, for a ClOrdID of a replacement is the session's alone. Null: there is none. */
  private async past(
    session: ClientSession,
    message: FixMessage,
  ): Promise<ClientOrder | null | Problem> {
    const market = this.markets.find(message.get(TAG.Symbol) ?? '');
    const id = readOrderId(message.get(TAG.OrderID) ?? '');
    if (market === undefined || (id !== null && id.marketId !== market.id)) return null;
    const wanted = { accountId: session.account, marketId: market.id };
    const name =
      id === null
        ? { orderId: 0, clientOrderId: message.get(TAG.ClOrdID) as string }
        : { orderId: id.orderId, clientOrderId: '' };
    const found = await this.findOrder({ ...wanted, ...name });
    return found === null || 'message' in found ? found : orderOfRow(found);
  }

  private report(session: ClientSession, order: ClientOrder): void {
    const body = statusReport(order, this.markets, this.exchangeTimeMs());
    session.send({ type: MSG.ExecutionReport, body });
  }

  private unknown(session: ClientSession, message: FixMessage): void {
    const echo = new FixBody();
    for (const tag of ECHOED) echo.optional(tag, message.get(tag));
    // Required in every report; a question need not have said it.
    if (message.get(TAG.Side) === undefined) echo.field(TAG.Side, '1');
    session.send(unknownOrder(echo.text, this.exchangeTimeMs()));
  }

  private find(session: ClientSession, message: FixMessage): ClientOrder | undefined {
    const { orders } = session.record;
    const id = readOrderId(message.get(TAG.OrderID) ?? '');
    const order =
      orders.named(message.get(TAG.ClOrdID) as string) ??
      (id === null ? undefined : orders.find(id.marketId, id.orderId));
    const symbol = message.get(TAG.Symbol);
    const isSame =
      order !== undefined && this.markets.get(order.marketId)?.params.symbol === symbol;
    return isSame ? order : undefined;
  }

  private many(session: ClientSession, message: FixMessage): void {
    const wanted = message.get(TAG.MassStatusReqType);
    const symbol = message.get(TAG.Symbol);
    const market = symbol === undefined ? undefined : this.markets.find(symbol);
    const isOne = wanted === ONE_SECURITY && market !== undefined;
    if (!isOne && (wanted !== ALL_ORDERS || symbol !== undefined)) {
      const text = 'MassStatusReqType must be 1 with a Symbol of this venue, or 7 without one';
      this.refuse(session, message, text);
      return;
    }
    const found = session.record.orders
      .open()
      .filter(({ marketId }) => market === undefined || marketId === market.id);
    if (found.length === 0) {
      this.refuse(session, message, 'there are no open orders');
      return;
    }
    const timeMs = this.exchangeTimeMs();
    found.forEach((order, i) => {
      const body = statusReport(order, this.markets, timeMs)
        .field(TAG.MassStatusReqID, message.get(TAG.MassStatusReqID) as string)
        .field(TAG.TotNumReports, found.length)
        .field(TAG.LastRptRequested, i === found.length - 1 ? 'Y' : 'N');
      session.send({ type: MSG.ExecutionReport, body });
    });
  }

  private refuse(session: ClientSession, message: FixMessage, text: string): void {
    const id = message.get(TAG.MassStatusReqID) ?? message.get(TAG.ClOrdID) ?? 'NONE';
    session.send(businessReject(message, id, text));
  }
}
