import {
  EF_CLIENT_ID,
  EF_EXPIRY,
  EF_FEE,
  EF_LOTS,
  EF_ORDER_ID,
  EF_REALIZED,
  EF_TRADE_SEQUENCE,
  EW_CLIENT_TEXT,
  EW_CLIENT_TEXT_LENGTH,
  EW_FLAGS,
  EW_PRICE,
  EW_TRAIL_PPM,
  EW_TRAIL_TICKS,
  EW_TRIGGER_PRICE,
  EW_TRIGGER_TERMS,
  marketOf,
  slotsOf,
  typeOf,
  W_ACCOUNT,
  W_HEAD,
} from '../../engine/messages/layout.js';
import * as types from '../../engine/messages/types.js';
import {
  closesPosition,
  kindOfTerms,
  sourceOfTerms,
} from '../../engine/triggers/trigger-events.js';
import { asciiOf } from '../codec/json-sink.js';
import { type FillRecord, nameOfOrder } from './account-history.js';
import type { OrderRecord, TriggerRecord } from './order-record.js';

export function marketAt(words: Int32Array, at: number): number {
  return marketOf(words[at + W_HEAD] as number);
}

export function fillAt(
  words: Int32Array,
  floats: Float64Array,
  at: number,
  timeMs: number,
): FillRecord {
  const f = at / 2;
  const flags = words[at + EW_FLAGS] as number;
  return {
    marketId: marketAt(words, at),
    tradeId: floats[f + EF_TRADE_SEQUENCE] as number,
    orderId: floats[f + EF_ORDER_ID] as number,
    side: flags & types.FLAG_SIDE,
    priceTicks: words[at + EW_PRICE] as number,
    lots: floats[f + EF_LOTS] as number,
    feeMicroUsd: floats[f + EF_FEE] as number,
    realizedMicroUsd: floats[f + EF_REALIZED] as number,
    isMaker: (flags & types.FLAG_MAKER) !== 0,
    timeMs,
  };
}

/** Of a fill without an order before it, the flags are the order's and everything else comes with the fill. */
export function newRecord(
  words: Int32Array,
  floats: Float64Array,
  at: number,
  timeMs: number,
  trigger: TriggerRecord | null,
  waits: boolean,
  isForced = false,
): OrderRecord {
  const f = at / 2;
  const orderId = floats[f + EF_ORDER_ID] as number;
  const isFill = typeOf(words[at + W_HEAD] as number) === types.EVT_FILL;
  const flags = words[at + EW_FLAGS] as number;
  const id = clientIdAt(words, floats, at);
  return {
    marketId: marketAt(words, at),
    orderId,
    account: words[at + W_ACCOUNT] as number,
    clientOrderId: nameOfOrder(id, orderId, isForced),
    flags,
    priceTicks: words[at + EW_PRICE] as number,
    qtyLots: isFill ? 0 : (floats[f + EF_LOTS] as number),
    filledLots: 0,
    seenLots: 0,
    seenTickLots: 0,
    expiresAtMs: isFill ? 0 : (floats[f + EF_EXPIRY] as number),
    status: 'NEW',
    timeMs,
    updateMs: timeMs,
    trigger,
    waits,
    isAlgo: false,
    isForced,
    firedOrderId: 0,
  };
}

export function triggerAt(words: Int32Array, at: number): TriggerRecord {
  const terms = words[at + EW_TRIGGER_TERMS] as number;
  const kind = kindOfTerms(terms);
  const isTrailing = kind === types.TRIGGER_TRAILING_STOP;
  return {
    kind,
    source: sourceOfTerms(terms),
    priceTicks: isTrailing ? 0 : (words[at + EW_TRIGGER_PRICE] as number),
    trailTicks: isTrailing ? (words[at + EW_TRAIL_TICKS] as number) : 0,
    trailPpm: isTrailing ? (words[at + EW_TRAIL_PPM] as number) : 0,
    closesPosition: closesPosition(terms),
  };
}

function clientIdAt(words: Int32Array, floats: Float64Array, at: number): string {
  const number = floats[at / 2 + EF_CLIENT_ID] as number;
  if (number !== 0) return String(number);
  if (slotsOf(words[at + W_HEAD] as number) < 3) return '';
  const length = words[at + EW_CLIENT_TEXT_LENGTH] as number;
  return length > 0 ? asciiOf(words, at + EW_CLIENT_TEXT, length) : '';
}
