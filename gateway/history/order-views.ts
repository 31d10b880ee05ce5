import { rejectName } from '../../engine/messages/reject-codes.js';
import {
  EVT_AMENDED,
  EVT_BRACKET,
  EVT_TRIGGER_AMENDED,
  EVT_TRIGGER_REJECTED,
  EVT_TRIGGERED,
  FLAG_REDUCE_ONLY,
  FLAG_SIDE,
  TRIGGER_TRAILING_STOP,
  tifOf,
} from '../../engine/messages/types.js';
import {
  closesPosition,
  kindOfTerms,
  sourceOfTerms,
} from '../../engine/triggers/trigger-events.js';
import { postOnlyOf } from '../codec/event-messages.js';
import {
  ORDER_KINDS,
  ORDER_STATUSES,
  ORDER_TYPES,
  POST_ONLY_MODES,
  REASONS,
  SIDES,
  TIMES_IN_FORCE,
  TRIGGER_SOURCES,
} from '../protocol/names.js';
import { orderTypeName, plainTypeOf, TYPE_MARKET } from '../protocol/order-types.js';
import type { MarketUnits } from './question.js';
import {
  type BracketDetails,
  type ChangeRow,
  type FillRow,
  KIND_TRIGGER,
  type OrderDetails,
  type OrderRow,
} from './rows.js';
import {
  averagePrice,
  idOrNull,
  money,
  price,
  priceOrNull,
  qty,
  rate,
  timeOrNull,
} from './text.js';

/** Rows of orders as clients see them: names of the native protocol, decimals as text, `null` where there is nothing. */
export function orderView(row: OrderRow, units: MarketUnits): object {
  const details = JSON.parse(row.details ?? '{}') as OrderDetails;
  const terms = details.triggerTerms ?? 0;
  const kind = row.kind === KIND_TRIGGER ? kindOfTerms(terms) : 0;
  const orderType = orderTypeName(row.flags, kind);
  const isMarket = plainTypeOf(ORDER_TYPES.indexOf(orderType)) === TYPE_MARKET;
  // The bound that the engine gave a market order is no one's business.
  const limit = isMarket ? 0 : row.priceTicks;
  return {
    market: units.symbol,
    orderId: row.orderId,
    clientOrderId: row.clientOrderId,
    kind: ORDER_KINDS[row.kind],
    status: ORDER_STATUSES[row.status],
    side: SIDES[row.flags & FLAG_SIDE],
    orderType,
    timeInForce: TIMES_IN_FORCE[tifOf(row.flags)],
    postOnly: POST_ONLY_MODES[postOnlyOf(row.flags)],
    reduceOnly: (row.flags & FLAG_REDUCE_ONLY) !== 0,
    price: priceOrNull(units, limit),
    qty: qty(units, row.qtyLots),
    remaining: qty(units, row.remainingLots),
    filledQty: qty(units, row.filledLots),
    averagePrice: averagePrice(units, row.filledValueTickLots, row.filledLots),
    canceledQty: qty(units, row.canceledLots),
    fee: money(row.feeMicroUsd),
    realizedPnl: money(row.realizedMicroUsd),
    reason: row.reason === 0 ? null : (REASONS[row.reason] ?? null),
    firstPrice: priceOrNull(units, isMarket ? 0 : row.firstPriceTicks),
    firstQty: qty(units, row.firstQtyLots),
    expiresAt: timeOrNull(row.expiresAtMs),
    triggerPrice: priceOrNull(
      units,
      kind === TRIGGER_TRAILING_STOP ? 0 : (details.triggerPriceTicks ?? 0),
    ),
    triggerBy: kind === 0 ? null : TRIGGER_SOURCES[sourceOfTerms(terms)],
    trailingAmount: priceOrNull(units, details.trailTicks ?? 0),
    trailingRate: details.trailPpm === undefined ? null : rate(details.trailPpm, PPM_DECIMALS),
    closePosition: kind === 0 ? null : closesPosition(terms),
    ocoOrderId: idOrNull(details.ocoOrderId ?? 0),
    triggerOrderId: idOrNull(row.triggerOrderId),
    parentOrderId: idOrNull(row.parentOrderId),
    count: idOrNull(details.children ?? 0),
    lastPrice: priceOrNull(units, details.lastPriceTicks ?? 0),
    duration: idOrNull(details.durationMs ?? 0),
    ...bracketView(details.bracket, units),
    accountSequence: row.accountSequence,
    sequence: row.sequence,
    time: row.timeMs,
    updatedSequence: row.updatedSequence,
    updatedAt: row.updatedAtMs,
  };
}

const PPM_DECIMALS = 6;

function bracketView(bracket: BracketDetails | undefined, units: MarketUnits): object {
  const sources = bracket?.sources ?? 0;
  const source = (ticks: number, number: number) => {
    return ticks === 0 ? null : TRIGGER_SOURCES[number];
  };
  return {
    takeProfitPrice: priceOrNull(units, bracket?.profitPriceTicks ?? 0),
    takeProfitLimit: priceOrNull(units, bracket?.profitLimitTicks ?? 0),
    takeProfitBy: source(bracket?.profitPriceTicks ?? 0, sources & 0xff),
    stopLossPrice: priceOrNull(units, bracket?.stopPriceTicks ?? 0),
    stopLossLimit: priceOrNull(units, bracket?.stopLimitTicks ?? 0),
    stopLossBy: source(bracket?.stopPriceTicks ?? 0, (sources >>> 8) & 0xff),
  };
}

const CHANGE_NAMES = new Map<number, string>([
  [EVT_AMENDED, 'amended'],
  [EVT_TRIGGER_AMENDED, 'amended'],
  [EVT_TRIGGERED, 'triggered'],
  [EVT_TRIGGER_REJECTED, 'rejected'],
  [EVT_BRACKET, 'bracket'],
]);

export function changeView(row: ChangeRow, units: MarketUnits): object {
  const isAmend = row.type === EVT_AMENDED;
  const hasQty = row.qtyLots !== 0;
  return {
    market: units.symbol,
    orderId: row.orderId,
    event: CHANGE_NAMES.get(row.type),
    price: isAmend ? priceOrNull(units, row.priceTicks) : null,
    qty: hasQty ? qty(units, row.qtyLots) : null,
    remaining: hasQty ? qty(units, row.remainingLots) : null,
    reason: row.reason === 0 ? null : (REASONS[row.reason] ?? null),
    code: row.code === 0 ? null : rejectName(row.code),
    accountSequence: row.accountSequence,
    sequence: row.sequence,
    time: row.timeMs,
  };
}

export function fillView(row: FillRow, units: MarketUnits): object {
  const { tickMantissa, lotMantissa, tickDecimals, lotDecimals } = units;
  const entryMantissa = tickMantissa * lotMantissa;
  return {
    market: units.symbol,
    orderId: row.orderId,
    clientOrderId: row.clientOrderId,
    tradeId: row.tradeId,
    side: SIDES[row.side],
    price: price(units, row.priceTicks),
    qty: qty(units, row.qtyLots),
    remaining: qty(units, row.remainingLots),
    maker: row.isMaker === 1,
    liquidation: row.isLiquidation === 1,
    fee: money(row.feeMicroUsd),
    realizedPnl: money(row.realizedMicroUsd),
    position: qty(units, row.positionLots),
    entryValue: rate(row.entryValueTickLots, tickDecimals + lotDecimals, entryMantissa),
    collateral: money(row.collateralMicroUsd),
    accountSequence: row.accountSequence,
    sequence: row.sequence,
    time: row.timeMs,
  };
}
