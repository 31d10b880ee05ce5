import {
  EF_COLLATERAL,
  EF_ENTRY_VALUE,
  EF_EXPIRY,
  EF_FEE,
  EF_LIMIT,
  EF_LOTS,
  EF_POSITION,
  EF_REALIZED,
  EF_REMAINING,
  EF_TRADE_SEQUENCE,
  EF_VALUE,
  EW_CODE,
  EW_FLAGS,
  EW_PRICE,
  marketOf,
  W_HEAD,
} from '../../engine/messages/layout.js';
import {
  EVT_ACCEPTED,
  FLAG_MAKER,
  FLAG_MARKET_ORDER,
  FLAG_POST_ONLY,
  FLAG_POST_ONLY_SLIDE,
  FLAG_REDUCE_ONLY,
  FLAG_SIDE,
  reasonOf,
  tifOf,
} from '../../engine/messages/types.js';
import type { Markets } from '../markets.js';
import { rejectionOf } from '../protocol/rejections.js';
import type { FixpSession } from './fixp-session.js';
import {
  type CancelReason,
  ExecInst,
  ExecutionReportCancelEncoder,
  ExecutionReportModifyEncoder,
  ExecutionReportNewEncoder,
  ExecutionReportRejectEncoder,
  ExecutionReportTradeEncoder,
  LiquidityIndicator,
  OrdType,
  TimeInForce,
} from './generated/index.js';
import {
  beginOrder,
  commitMessage,
  type EventAt,
  eventTypeOf,
  putClientText,
  sideOfFlag,
} from './report-writer.js';

/** Index = the engine's number. */
const TIMES_IN_FORCE = [
  TimeInForce.GoodTillCancel,
  TimeInForce.ImmediateOrCancel,
  TimeInForce.FillOrKill,
  TimeInForce.GoodTillDate,
] as const;

const newReport = new ExecutionReportNewEncoder();
const modifyReport = new ExecutionReportModifyEncoder();
const cancelReport = new ExecutionReportCancelEncoder();
const tradeReport = new ExecutionReportTradeEncoder();
const rejectReport = new ExecutionReportRejectEncoder();

/** An order is in the book, or waits for a price. */
export function writeNew(session: FixpSession, event: EventAt, requestSeqNo: number): void {
  const { words, floats, at } = event;
  const f = at / 2;
  const flags = words[at + EW_FLAGS] as number;
  const report = beginOrder(session, newReport, event, requestSeqNo);
  report.orderQty(floats[f + EF_LOTS] as number);
  const expiry = floats[f + EF_EXPIRY] as number;
  if (expiry !== 0) report.expireTime(expiry);
  const isMarketOrder = (flags & FLAG_MARKET_ORDER) !== 0;
  const price = words[at + EW_PRICE] as number;
  if (!isMarketOrder && price !== 0) report.price(price);
  report.marketId(marketOf(words[at + W_HEAD] as number)).side(sideOfFlag(flags & FLAG_SIDE));
  const waits = eventTypeOf(event) !== EVT_ACCEPTED;
  report.ordType(waits ? OrdType.Waiting : isMarketOrder ? OrdType.Market : OrdType.Limit);
  report.timeInForce(TIMES_IN_FORCE[tifOf(flags)] as TimeInForce).execInst(execInstOf(flags));
  putClientText(report, event);
  commitMessage(session, report);
}

export function writeModify(session: FixpSession, event: EventAt, requestSeqNo: number): void {
  const { words, floats, at } = event;
  const f = at / 2;
  const report = beginOrder(session, modifyReport, event, requestSeqNo);
  report.orderQty(floats[f + EF_LOTS] as number).leavesQty(floats[f + EF_REMAINING] as number);
  const price = words[at + EW_PRICE] as number;
  if (price !== 0) report.price(price);
  report.marketId(marketOf(words[at + W_HEAD] as number));
  report.side(sideOfFlag((words[at + EW_FLAGS] as number) & FLAG_SIDE));
  putClientText(report, event);
  commitMessage(session, report);
}

export function writeCancel(session: FixpSession, event: EventAt, requestSeqNo: number): void {
  const { words, floats, at } = event;
  const flags = words[at + EW_FLAGS] as number;
  const report = beginOrder(session, cancelReport, event, requestSeqNo);
  report.canceledQty(floats[at / 2 + EF_REMAINING] as number);
  const price = words[at + EW_PRICE] as number;
  if ((flags & FLAG_MARKET_ORDER) === 0 && price !== 0) report.price(price);
  report.marketId(marketOf(words[at + W_HEAD] as number)).side(sideOfFlag(flags & FLAG_SIDE));
  report.reason(reasonOf(flags) as CancelReason);
  putClientText(report, event);
  commitMessage(session, report);
}

export function writeTrade(session: FixpSession, event: EventAt, requestSeqNo: number): void {
  const { words, floats, at } = event;
  const f = at / 2;
  const flags = words[at + EW_FLAGS] as number;
  const report = beginOrder(session, tradeReport, event, requestSeqNo);
  report
    .tradeId(floats[f + EF_TRADE_SEQUENCE] as number)
    .lastQty(floats[f + EF_LOTS] as number)
    .leavesQty(floats[f + EF_REMAINING] as number)
    .fee(floats[f + EF_FEE] as number)
    .realizedPnl(floats[f + EF_REALIZED] as number)
    .position(floats[f + EF_POSITION] as number)
    .entryValue(floats[f + EF_ENTRY_VALUE] as number)
    .collateral(floats[f + EF_COLLATERAL] as number)
    .lastPrice(words[at + EW_PRICE] as number)
    .marketId(marketOf(words[at + W_HEAD] as number))
    .side(sideOfFlag(flags & FLAG_SIDE))
    .liquidity((flags & FLAG_MAKER) !== 0 ? LiquidityIndicator.Maker : LiquidityIndicator.Taker);
  putClientText(report, event);
  commitMessage(session, report);
}

/** The exchange has refused a request. */
export function writeReject(
  session: FixpSession,
  event: EventAt,
  requestSeqNo: number,
  markets: Markets,
): void {
  const { words, floats, at } = event;
  const f = at / 2;
  const marketId = marketOf(words[at + W_HEAD] as number);
  const code = words[at + EW_CODE] as number;
  const value = floats[f + EF_VALUE] as number;
  const limit = floats[f + EF_LIMIT] as number;
  const report = beginOrder(session, rejectReport, event, requestSeqNo);
  // Both are whole in every unit that the exchange has; what is not even a number is left out.
  report.refusedValue(safe(value)).allowedLimit(safe(limit)).code(code);
  if (marketId !== 0) report.marketId(marketId);
  const { code: name, message } = rejectionOf(code, value, limit, markets.get(marketId));
  report.text(shortText(`${name}: ${message}`));
  commitMessage(session, report);
}

/** Text of a message: it has to fit. */
export function shortText(text: string): string {
  return text.length <= 500 ? text : `${text.slice(0, 497)}...`;
}

function safe(value: number): number {
  return Number.isFinite(value) ? Math.trunc(value) : 0;
}

function execInstOf(flags: number): number {
  let bits = 0;
  if ((flags & FLAG_POST_ONLY) !== 0) bits |= ExecInst.postOnly;
  if ((flags & FLAG_POST_ONLY_SLIDE) !== 0) bits |= ExecInst.postOnlySlide;
  if ((flags & FLAG_REDUCE_ONLY) !== 0) bits |= ExecInst.reduceOnly;
  return bits;
}
