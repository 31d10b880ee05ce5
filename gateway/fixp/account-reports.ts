import {
  EF_COLLATERAL,
  EF_LOTS,
  EF_ORDER_ID,
  EF_PAYMENT,
  EF_POSITION,
  EF_REALIZED,
  marketOf,
  W_HEAD,
} from '../../engine/messages/layout.js';
import {
  EVT_BALANCE,
  EVT_BRACKET,
  EVT_FUNDING,
  EVT_INSURANCE,
  EVT_LEVERAGE,
  EVT_LIQUIDATION,
  EVT_MARGIN_MODE,
  EVT_PARENT_ENDED,
  EVT_POSITION_MARGIN,
  EVT_SCALED_ACCEPTED,
  EVT_TRANSFER,
  EVT_TRIGGER_REJECTED,
  EVT_TRIGGERED,
  EVT_TWAP_ACCEPTED,
} from '../../engine/messages/types.js';
import type { AccountViews } from '../feeds/account-views.js';
import type { FixpSession } from './fixp-session.js';
import { AccountEvent, AccountReportEncoder, PositionReportEncoder } from './generated/index.js';
import {
  beginEvent,
  beginMessage,
  commitMessage,
  type EventAt,
  eventTypeOf,
} from './report-writer.js';

const KINDS: ReadonlyMap<number, AccountEvent> = new Map<number, AccountEvent>([
  [EVT_BALANCE, AccountEvent.Balance],
  [EVT_FUNDING, AccountEvent.Funding],
  [EVT_LEVERAGE, AccountEvent.Leverage],
  [EVT_LIQUIDATION, AccountEvent.Liquidation],
  [EVT_TRANSFER, AccountEvent.Transfer],
  [EVT_INSURANCE, AccountEvent.Insurance],
  [EVT_MARGIN_MODE, AccountEvent.MarginMode],
  [EVT_POSITION_MARGIN, AccountEvent.PositionMargin],
  [EVT_TRIGGERED, AccountEvent.TriggerOrder],
  [EVT_TRIGGER_REJECTED, AccountEvent.TriggerOrder],
  [EVT_SCALED_ACCEPTED, AccountEvent.ParentOrder],
  [EVT_TWAP_ACCEPTED, AccountEvent.ParentOrder],
  [EVT_PARENT_ENDED, AccountEvent.ParentOrder],
  [EVT_BRACKET, AccountEvent.Bracket],
]);
/** Events that say what the account's collateral is after them. */
const WITH_COLLATERAL: readonly number[] = [
  EVT_BALANCE,
  EVT_FUNDING,
  EVT_INSURANCE,
  EVT_TRANSFER,
  EVT_MARGIN_MODE,
  EVT_POSITION_MARGIN,
];

const accountReport = new AccountReportEncoder();
const positionReport = new PositionReportEncoder();

/** A private event that is neither order nor fill, so that no number of the account's feed is missing. */
export function writeAccountEvent(
  session: FixpSession,
  event: EventAt,
  requestSeqNo: number,
): void {
  const { words, floats, at } = event;
  const f = at / 2;
  const type = eventTypeOf(event);
  const kind = KINDS.get(type) ?? AccountEvent.Other;
  const report = beginEvent(session, accountReport, event, requestSeqNo).accountEvent(kind);
  const marketId = marketOf(words[at + W_HEAD] as number);
  if (marketId !== 0) report.marketId(marketId);
  const isOfOrder = kind >= AccountEvent.TriggerOrder && kind <= AccountEvent.Bracket;
  if (isOfOrder) report.orderId(floats[f + EF_ORDER_ID] as number);
  const amount = amountOf(type, floats, f);
  if (amount !== null) report.amount(amount);
  if (WITH_COLLATERAL.includes(type)) report.collateral(floats[f + EF_COLLATERAL] as number);
  if (type === EVT_FUNDING || type === EVT_TRANSFER) {
    report.position(floats[f + EF_POSITION] as number);
  }
  commitMessage(session, report);
}

/** What the account has at this moment of its feed. */
export function writePositions(
  session: FixpSession,
  views: AccountViews,
  requestId: number,
  requestSeqNo: number,
  timeMs: number,
): void {
  const { account } = session.identity;
  const report = beginMessage(session, positionReport, requestSeqNo).transactTime(timeMs);
  report.accountSeqNo(views.sequenceOf(account)).requestId(requestId);
  report.collateral(views.collateralOf(account));
  const positions = views.positionsOf(account);
  const group = report.positionsCount(positions.length);
  for (const { marketId, lots, entryValue } of positions) {
    group.next();
    group.marketId(marketId).position(lots).entryValue(entryValue);
  }
  commitMessage(session, report);
}

/** Micro-USD that the account got; null: nothing of it is money. */
function amountOf(type: number, floats: Float64Array, f: number): number | null {
  if (type === EVT_BALANCE) return floats[f + EF_LOTS] as number;
  if (type === EVT_FUNDING || type === EVT_INSURANCE) return -(floats[f + EF_PAYMENT] as number);
  if (type === EVT_TRANSFER) return floats[f + EF_REALIZED] as number;
  return null;
}
