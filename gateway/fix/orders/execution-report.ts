import {
  FLAG_MARKET_ORDER,
  FLAG_POST_ONLY,
  FLAG_REDUCE_ONLY,
  FLAG_SIDE,
  TRIGGER_TAKE_PROFIT,
  tifOf,
} from '../../../engine/messages/types.js';
import { formatScaled } from '../../codec/decimal-text.js';
import { type Market, type Markets, priceText, qtyText } from '../../markets.js';
import { FixBody, timestampOf } from '../codec/frame-writer.js';
import { TAG } from '../codec/tags.js';
import { averagePriceText } from './average-price.js';
import { type ClientOrder, ORD_STATUS } from './client-order.js';
import { EXEC_TYPE, type Execution, type Fill } from './order-events.js';

/** OrdRejReason: other. */
const OTHER_REASON = 99;
/** CommType: absolute, in USD. */
const ABSOLUTE = 3;
const ADDED_LIQUIDITY = 1;
const REMOVED_LIQUIDITY = 2;
const MICRO_USD_DECIMALS = 6;
/** TimeInForce by the engine's number of it: gtc, ioc, fok, gtd. */
const TIME_IN_FORCE = ['1', '3', '4', '6'];

/** OrderID: the exchange's ids count in each market, FIX's are of the whole venue. */
export function orderIdText(marketId: number, orderId: number): string {
  return orderId === 0 ? 'NONE' : `${marketId}-${orderId}`;
}

/** Market and id of an OrderID; null when it is none of this venue. */
export function readOrderId(text: string): { marketId: number; orderId: number } | null {
  const match = /^(\d{1,5})-(\d{1,16})$/.exec(text);
  if (match === null) return null;
  return { marketId: Number(match[1]), orderId: Number(match[2]) };
}

/** ExecutionReport of what an event did. `execId` is unique among the account's. */
export function executionReport(
  { order, execType, fill, restatement, clOrdId, origClOrdId, text }: Execution,
  markets: Markets,
  execId: string,
  timeMs: number,
): FixBody {
  const market = markets.get(order.marketId) as Market;
  const body = new FixBody()
    .field(TAG.OrderID, orderIdText(order.marketId, order.orderId))
    .optional(TAG.ClOrdID, clOrdId)
    .optional(TAG.OrigClOrdID, origClOrdId)
    .field(TAG.ExecID, execId)
    .field(TAG.ExecType, execType)
    .field(TAG.OrdStatus, order.status);
  if (order.waitedAs !== 0) {
    body.field(TAG.SecondaryOrderID, orderIdText(order.marketId, order.waitedAs));
  }
  if (execType === EXEC_TYPE.rejected) body.field(TAG.OrdRejReason, OTHER_REASON);
  if (restatement !== 0) body.field(TAG.ExecRestatementReason, restatement);
  terms(body, order, market);
  if (fill !== null) lastFill(body, fill, market);
  quantities(body, order, market);
  return body.field(TAG.TransactTime, timestampOf(timeMs)).sentence(TAG.Text, text);
}

/** ExecutionReport that answers a question: ExecType I, and no ExecID of its own. */
export function statusReport(order: ClientOrder, markets: Markets, timeMs: number): FixBody {
  const { clOrdId } = order;
  const asked = { fill: null, restatement: 0, clOrdId, origClOrdId: '', text: '' };
  return executionReport({ order, execType: EXEC_TYPE.status, ...asked }, markets, '0', timeMs);
}

/** ExecutionReport of an order that did not come to be. `echo`: the fields of the request that come back. */
export function refusal(
  echo: string,
  execType: string,
  execId: string,
  reason: number,
  text: string,
  timeMs: number,
): FixBody {
  const body = new FixBody()
    .field(TAG.OrderID, 'NONE')
    .field(TAG.ExecID, execId)
    .field(TAG.ExecType, execType)
    .field(TAG.OrdStatus, ORD_STATUS.rejected)
    .field(TAG.OrdRejReason, reason);
  body.text += echo;
  return body
    .field(TAG.LeavesQty, 0)
    .field(TAG.CumQty, 0)
    .field(TAG.AvgPx, 0)
    .field(TAG.TransactTime, timestampOf(timeMs))
    .sentence(TAG.Text, text);
}

function terms(body: FixBody, order: ClientOrder, market: Market): void {
  const { flags, kind, priceTicks, triggerTicks, expiresAtMs } = order;
  const isMarketOrder = (flags & FLAG_MARKET_ORDER) !== 0;
  body
    .field(TAG.Symbol, market.params.symbol)
    .field(TAG.Side, (flags & FLAG_SIDE) === 0 ? '1' : '2')
    .field(TAG.OrderQty, qtyText(market, order.qtyLots))
    .field(TAG.OrdType, ordTypeOf(isMarketOrder, kind));
  if (!isMarketOrder && priceTicks !== 0) body.field(TAG.Price, priceText(market, priceTicks));
  if (kind !== 0 && triggerTicks !== 0) body.field(TAG.StopPx, priceText(market, triggerTicks));
  body.field(TAG.TimeInForce, TIME_IN_FORCE[tifOf(flags)] as string);
  if (expiresAtMs !== 0) body.field(TAG.ExpireTime, timestampOf(expiresAtMs));
  const instructions = [
    (flags & FLAG_POST_ONLY) !== 0 ? '6' : '',
    (flags & FLAG_REDUCE_ONLY) !== 0 ? 'E' : '',
  ];
  body.optional(TAG.ExecInst, instructions.filter((one) => one !== '').join(' '));
}

function ordTypeOf(isMarketOrder: boolean, kind: number): string {
  if (kind === 0) return isMarketOrder ? '1' : '2';
  if (kind === TRIGGER_TAKE_PROFIT) return 'J';
  return isMarketOrder ? '3' : '4';
}

function lastFill(body: FixBody, fill: Fill, market: Market): void {
  body
    .field(TAG.LastQty, qtyText(market, fill.lots))
    .field(TAG.LastPx, priceText(market, fill.priceTicks));
  if (fill.feeMicroUsd === null) return;
  body
    .field(TAG.SecondaryExecID, fill.tradeId)
    .field(TAG.LastLiquidityInd, fill.isMaker ? ADDED_LIQUIDITY : REMOVED_LIQUIDITY)
    .field(TAG.Commission, formatScaled(fill.feeMicroUsd, 1, MICRO_USD_DECIMALS))
    .field(TAG.CommType, ABSOLUTE);
}

function quantities(body: FixBody, order: ClientOrder, market: Market): void {
  body
    .field(TAG.LeavesQty, qtyText(market, order.leavesLots))
    .field(TAG.CumQty, qtyText(market, order.cumLots))
    .field(TAG.AvgPx, averagePriceText(order.filledValue, order.cumLots, market.params));
}
