import {
  BRACKET_EVENT_W_PROFIT_LIMIT,
  BRACKET_EVENT_W_PROFIT_PRICE,
  BRACKET_EVENT_W_SOURCES,
  BRACKET_EVENT_W_STOP_LIMIT,
  BRACKET_EVENT_W_STOP_PRICE,
  EF_EXPIRY,
  EF_LIMIT,
  EF_LOTS,
  EF_OCO_ORDER_ID,
  EF_ORDER_ID,
  EF_PARENT_ORDER_ID,
  EF_REMAINING,
  EF_TRIGGER_ORDER_ID,
  EF_VALUE,
  EW_CHILDREN,
  EW_CODE,
  EW_DURATION,
  EW_FLAGS,
  EW_LAST_PRICE,
  EW_PRICE,
  EW_TRAIL_PPM,
  EW_TRAIL_TICKS,
  EW_TRIGGER_PRICE,
  EW_TRIGGER_TERMS,
} from '../../engine/messages/layout.js';
import {
  EVT_ACCEPTED,
  EVT_AMENDED,
  EVT_BRACKET,
  EVT_CANCELED,
  EVT_PARENT_ENDED,
  EVT_SCALED_ACCEPTED,
  EVT_TRIGGER_ACCEPTED,
  EVT_TRIGGER_AMENDED,
  EVT_TRIGGER_CANCELED,
  EVT_TRIGGER_REJECTED,
  EVT_TRIGGERED,
  EVT_TWAP_ACCEPTED,
  REASON_EXPIRED,
  reasonOf,
} from '../../engine/messages/types.js';
import { isInBracket } from '../../engine/triggers/trigger-events.js';
import type { EventFields } from './event-fields.js';
import type { HistoryBatch } from './history-batch.js';
import {
  type FillRow,
  KIND_ORDER,
  KIND_SCALED,
  KIND_TRIGGER,
  KIND_TWAP,
  type OrderDetails,
  type OrderRow,
  STATUS_CANCELED,
  STATUS_DONE,
  STATUS_FILLED,
  STATUS_OPEN,
  STATUS_REJECTED,
  STATUS_TRIGGERED,
  STATUS_WAITING,
} from './rows.js';
import { digits } from './text.js';

/** Takes an event of an order. False: it is of another type. Fills come through `foldFillIntoOrder`. */
export function foldOrderEvent(batch: HistoryBatch, event: EventFields): boolean {
  switch (event.type) {
    case EVT_ACCEPTED:
      batch.addOrder(acceptedOrder(event));
      return true;
    case EVT_TRIGGER_ACCEPTED:
      batch.addOrder(waitingOrder(event));
      return true;
    case EVT_SCALED_ACCEPTED:
    case EVT_TWAP_ACCEPTED:
      batch.addOrder(parentOrder(event));
      return true;
    case EVT_CANCELED:
    case EVT_TRIGGER_CANCELED:
      canceled(batch, event);
      return true;
    case EVT_PARENT_ENDED:
      parentEnded(batch, event);
      return true;
    case EVT_AMENDED:
    case EVT_TRIGGER_AMENDED:
    case EVT_TRIGGERED:
    case EVT_TRIGGER_REJECTED:
    case EVT_BRACKET:
      changed(batch, event);
      return true;
    default:
      return false;
  }
}

/** What a fill does to the row of its order. */
export function foldFillIntoOrder(batch: HistoryBatch, fill: FillRow): void {
  const order = batch.order(fill.marketId, fill.orderId);
  if (order === undefined) return;
  order.remainingLots = fill.remainingLots;
  order.filledLots += fill.qtyLots;
  order.filledValueTickLots += BigInt(fill.qtyLots) * BigInt(fill.priceTicks);
  order.feeMicroUsd += fill.feeMicroUsd;
  order.realizedMicroUsd += fill.realizedMicroUsd;
  if (fill.remainingLots === 0) order.status = STATUS_FILLED;
  order.updatedSequence = fill.sequence;
  order.updatedAtMs = fill.timeMs;
}

function newOrder(event: EventFields, kind: number, status: number): OrderRow {
  const { sequence, timeMs } = event;
  const qtyLots = event.float(EF_LOTS);
  const priceTicks = event.word(EW_PRICE);
  return {
    accountId: event.accountId,
    accountSequence: event.accountSequence,
    marketId: event.marketId,
    sequence,
    timeMs,
    orderId: event.float(EF_ORDER_ID),
    kind,
    status,
    flags: event.word(EW_FLAGS),
    reason: 0,
    priceTicks,
    qtyLots,
    remainingLots: qtyLots,
    firstPriceTicks: priceTicks,
    firstQtyLots: qtyLots,
    filledLots: 0,
    filledValueTickLots: 0n,
    canceledLots: 0,
    feeMicroUsd: 0,
    realizedMicroUsd: 0,
    clientOrderId: event.clientOrderId,
    expiresAtMs: event.float(EF_EXPIRY),
    triggerOrderId: 0,
    parentOrderId: 0,
    details: null,
    updatedSequence: sequence,
    updatedAtMs: timeMs,
  };
}

function acceptedOrder(event: EventFields): OrderRow {
  const order = newOrder(event, KIND_ORDER, STATUS_OPEN);
  order.triggerOrderId = event.float(EF_TRIGGER_ORDER_ID);
  order.parentOrderId = event.float(EF_PARENT_ORDER_ID);
  return order;
}

function waitingOrder(event: EventFields): OrderRow {
  const triggerTerms = event.word(EW_TRIGGER_TERMS);
  const isLeg = isInBracket(triggerTerms);
  const details: OrderDetails = { triggerTerms };
  put(details, 'triggerPriceTicks', event.word(EW_TRIGGER_PRICE));
  put(details, 'ocoOrderId', event.float(EF_OCO_ORDER_ID));
  if (!isLeg) {
    put(details, 'trailTicks', event.word(EW_TRAIL_TICKS));
    put(details, 'trailPpm', event.word(EW_TRAIL_PPM));
  }
  const order = newOrder(event, KIND_TRIGGER, STATUS_WAITING);
  if (isLeg) order.parentOrderId = event.float(EF_PARENT_ORDER_ID);
  order.details = JSON.stringify(details);
  return order;
}

function parentOrder(event: EventFields): OrderRow {
  const isTwap = event.type === EVT_TWAP_ACCEPTED;
  const details: OrderDetails = { children: event.word(EW_CHILDREN) };
  if (isTwap) details.durationMs = event.word(EW_DURATION);
  else details.lastPriceTicks = event.word(EW_LAST_PRICE);
  const kind = isTwap ? KIND_TWAP : KIND_SCALED;
  // The orders of a scaled one live and end by themselves.
  const order = newOrder(event, kind, isTwap ? STATUS_OPEN : STATUS_DONE);
  order.details = JSON.stringify(details);
  return order;
}

function put(details: OrderDetails, name: keyof OrderDetails, value: number): void {
  if (value !== 0) Object.assign(details, { [name]: value });
}

function touched(batch: HistoryBatch, event: EventFields): OrderRow | undefined {
  const order = batch.order(event.marketId, event.float(EF_ORDER_ID));
  if (order === undefined) return undefined;
  order.updatedSequence = event.sequence;
  order.updatedAtMs = event.timeMs;
  return order;
}

function canceled(batch: HistoryBatch, event: EventFields): void {
  const order = touched(batch, event);
  if (order === undefined) return;
  order.status = STATUS_CANCELED;
  order.reason = reasonOf(event.word(EW_FLAGS));
  order.canceledLots = event.float(EF_REMAINING);
  order.remainingLots = 0;
}

function parentEnded(batch: HistoryBatch, event: EventFields): void {
  const order = touched(batch, event);
  if (order === undefined) return;
  const reason = reasonOf(event.word(EW_FLAGS));
  order.reason = reason;
  order.status = reason === 0 || reason === REASON_EXPIRED ? STATUS_DONE : STATUS_CANCELED;
  order.canceledLots = event.float(EF_REMAINING);
  order.remainingLots = 0;
  if (order.kind !== KIND_TWAP) return;
  order.filledLots = order.qtyLots - order.canceledLots;
  order.filledValueTickLots = BigInt(event.float(EF_VALUE));
}

function changed(batch: HistoryBatch, event: EventFields): void {
  const { type } = event;
  const isRejection = type === EVT_TRIGGER_REJECTED;
  const isBracket = type === EVT_BRACKET;
  const hasSizes = !isRejection && !isBracket;
  batch.changes.push({
    accountId: event.accountId,
    accountSequence: event.accountSequence,
    marketId: event.marketId,
    sequence: event.sequence,
    timeMs: event.timeMs,
    orderId: event.float(EF_ORDER_ID),
    type,
    priceTicks: hasSizes ? event.word(EW_PRICE) : 0,
    qtyLots: hasSizes ? event.float(EF_LOTS) : 0,
    remainingLots: hasSizes ? event.float(EF_REMAINING) : 0,
    reason: reasonOf(event.word(EW_FLAGS)),
    code: isRejection ? event.word(EW_CODE) : 0,
    value: isRejection ? digits(event.float(EF_VALUE)) : '0',
    limitValue: isRejection ? digits(event.float(EF_LIMIT)) : '0',
  });
  const order = touched(batch, event);
  if (order === undefined) return;
  if (type === EVT_AMENDED) amended(order, event);
  else if (type === EVT_TRIGGER_AMENDED) {
    order.qtyLots = event.float(EF_LOTS);
    order.remainingLots = event.float(EF_LOTS);
  } else if (type === EVT_TRIGGERED) {
    order.status = STATUS_TRIGGERED;
    order.qtyLots = event.float(EF_LOTS);
    order.remainingLots = 0;
  } else if (isBracket) attached(order, event);
  // Of a TWAP it is one slice, and it goes on.
  else if (order.kind === KIND_TRIGGER) order.status = STATUS_REJECTED;
}

function amended(order: OrderRow, event: EventFields): void {
  order.priceTicks = event.word(EW_PRICE);
  order.qtyLots = event.float(EF_LOTS);
  order.remainingLots = event.float(EF_REMAINING);
  if (order.remainingLots > 0) return;
  order.status = STATUS_CANCELED;
  order.reason = reasonOf(event.word(EW_FLAGS));
}

function attached(order: OrderRow, event: EventFields): void {
  const details = JSON.parse(order.details ?? '{}') as OrderDetails;
  details.bracket = {
    profitPriceTicks: event.word(BRACKET_EVENT_W_PROFIT_PRICE),
    profitLimitTicks: event.word(BRACKET_EVENT_W_PROFIT_LIMIT),
    stopPriceTicks: event.word(BRACKET_EVENT_W_STOP_PRICE),
    stopLimitTicks: event.word(BRACKET_EVENT_W_STOP_LIMIT),
    sources: event.word(BRACKET_EVENT_W_SOURCES),
  };
  order.details = JSON.stringify(details);
}
