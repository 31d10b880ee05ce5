import {
  EF_ACCOUNT_SEQUENCE,
  EF_CLIENT_ID,
  EF_COLLATERAL,
  EF_ENTRY_VALUE,
  EF_EXPIRY,
  EF_FEE,
  EF_LIMIT,
  EF_LOTS,
  EF_OCO_ORDER_ID,
  EF_ORDER_ID,
  EF_PARENT_ORDER_ID,
  EF_POSITION,
  EF_REALIZED,
  EF_REMAINING,
  EF_SEQUENCE,
  EF_TRADE_SEQUENCE,
  EF_TRIGGER_ORDER_ID,
  EF_VALUE,
  EW_CHILDREN,
  EW_CLIENT_TEXT,
  EW_CLIENT_TEXT_LENGTH,
  EW_CODE,
  EW_FLAGS,
  EW_PRICE,
  EW_REQUEST,
  EW_SESSION,
  EW_TRAIL_PPM,
  EW_TRAIL_TICKS,
  EW_TRIGGER_PRICE,
  EW_TRIGGER_TERMS,
  marketOf,
  slotsOf,
  typeOf,
  W_HEAD,
} from '../../engine/messages/layout.js';
import { typeSet } from '../../engine/messages/type-set.js';
import {
  EVT_ACCEPTED,
  EVT_AMENDED,
  EVT_BRACKET,
  EVT_CANCEL_ALL_AFTER,
  EVT_CANCELED,
  EVT_DUPLICATE,
  EVT_FILL,
  EVT_MASS_CANCELED,
  EVT_PARENT_ENDED,
  EVT_REJECTED,
  EVT_SCALED_ACCEPTED,
  EVT_SUB_ACCOUNT,
  EVT_TRANSFER,
  EVT_TRIGGER_ACCEPTED,
  EVT_TRIGGER_AMENDED,
  EVT_TRIGGER_CANCELED,
  EVT_TRIGGER_REJECTED,
  EVT_TRIGGERED,
  EVT_TWAP_ACCEPTED,
  FLAG_MAKER,
  FLAG_MARKET_ORDER,
  FLAG_POST_ONLY,
  FLAG_POST_ONLY_SLIDE,
  FLAG_REDUCE_ONLY,
  FLAG_SIDE,
  reasonOf,
  tifOf,
} from '../../engine/messages/types.js';
import {
  closesPosition,
  isInBracket,
  kindOfTerms,
  sourceOfTerms,
} from '../../engine/triggers/trigger-events.js';
import type { Market, Markets } from '../markets.js';
import { MESSAGES } from '../protocol/messages.js';
import {
  ACK_RESULTS,
  ORDER_EVENTS,
  ORDER_TYPES,
  POST_ONLY_MODES,
  REASONS,
  SIDES,
  TIMES_IN_FORCE,
  TRIGGER_SOURCES,
} from '../protocol/names.js';
import { orderTypeOf } from '../protocol/order-types.js';
import { rejectionOf } from '../protocol/rejections.js';
import type { RequestTimes } from '../session/request-times.js';
import { isAccountEvent, writeAccountEvent } from './account-messages.js';
import { writeBracketEvent } from './bracket-messages.js';
import { isAnsweredAgain, writeSubAccount } from './family-messages.js';
import type { MessageSink } from './message-sink.js';
import { writeCanceledQty, writeQuantities, writeTransferred } from './order-quantities.js';
import { isParentEvent, writeParentEvent } from './parent-messages.js';

const MICRO_USD_DECIMALS = 6;
const PPM_DECIMALS = 6;
/** By type: 1 for answers that show the order. */
const SHOWS_ORDER = typeSet([
  EVT_ACCEPTED,
  EVT_AMENDED,
  EVT_CANCELED,
  EVT_TRIGGER_ACCEPTED,
  EVT_TRIGGER_CANCELED,
  EVT_SCALED_ACCEPTED,
  EVT_TWAP_ACCEPTED,
  EVT_PARENT_ENDED,
]);
const RESULT_DUPLICATE = ACK_RESULTS.indexOf('duplicate');
const RESULT_DONE = ACK_RESULTS.indexOf('done');
const RESULT_TAKEN_OVER = ACK_RESULTS.indexOf('takenOver');

/** Writes events of the shard as messages of the protocol: answers to requests, and the private feed. */
export class EventMessages {
  private readonly markets: Markets;

  constructor(markets: Markets) {
    this.markets = markets;
  }

  /**
   * The answer that goes to the session which sent the command; `nowMs`: when that happens, of the clock that `times` has the request's
   * own time of.
   */
  answer(
    sink: MessageSink,
    words: Int32Array,
    floats: Float64Array,
    at: number,
    timeMs: number,
    times: RequestTimes,
    nowMs: number,
  ): void {
    const head = words[at + W_HEAD] as number;
    if (typeOf(head) === EVT_REJECTED) this.rejection(sink, words, floats, at, timeMs);
    else this.ack(sink, words, floats, at, timeMs);
    const session = words[at + EW_SESSION] as number;
    const receivedMs = times.receivedAt(session, words[at + EW_REQUEST] as number);
    if (receivedMs < 0) {
      sink.none('receivedAtUs');
      sink.none('handledInUs');
    } else {
      sink.uint('receivedAtUs', times.wallUs(receivedMs));
      sink.uint('handledInUs', times.answered(receivedMs, nowMs));
    }
    if (typeOf(head) !== EVT_REJECTED) writeSubAccount(sink, floats, at, typeOf(head));
  }

  /** An event of the account's private feed. False: events of this type are not part of it. */
  feedEvent(
    sink: MessageSink,
    words: Int32Array,
    floats: Float64Array,
    at: number,
    epoch: number,
    timeMs: number,
  ): void {
    const type = typeOf(words[at + W_HEAD] as number);
    if (type === EVT_FILL) this.fill(sink, words, floats, at, epoch, timeMs);
    else if (isAccountEvent(type)) {
      writeAccountEvent(sink, this.markets, words, floats, at, epoch, timeMs);
    } else if (isParentEvent(type)) {
      const head = words[at + W_HEAD] as number;
      writeParentEvent(sink, this.markets, words, floats, at, epoch, timeMs, () => {
        clientId(sink, words, floats, at, head);
      });
    } else if (type === EVT_BRACKET) {
      const head = words[at + W_HEAD] as number;
      writeBracketEvent(sink, this.markets, words, floats, at, epoch, timeMs, () => {
        clientId(sink, words, floats, at, head);
      });
    } else this.order(sink, words, floats, at, epoch, timeMs);
  }

  private rejection(
    sink: MessageSink,
    words: Int32Array,
    floats: Float64Array,
    at: number,
    timeMs: number,
  ): void {
    const f = at / 2;
    const market = this.markets.get(marketOf(words[at + W_HEAD] as number));
    const { code, message } = rejectionOf(
      words[at + EW_CODE] as number,
      floats[f + EF_VALUE] as number,
      floats[f + EF_LIMIT] as number,
      market,
    );
    sink.begin(MESSAGES.error);
    sink.uint('id', words[at + EW_REQUEST] as number);
    sink.text('code', code);
    sink.text('message', message);
    sink.uint('sequence', floats[f + EF_SEQUENCE] as number);
    sink.uint('time', timeMs);
  }

  private ack(
    sink: MessageSink,
    words: Int32Array,
    floats: Float64Array,
    at: number,
    timeMs: number,
  ): void {
    const f = at / 2;
    const head = words[at + W_HEAD] as number;
    const type = typeOf(head);
    const result = isAnsweredAgain(words, floats, at) ? RESULT_DUPLICATE : resultOf(type);
    const market = this.markets.get(marketOf(head));
    const isOrder = SHOWS_ORDER[type] === 1;
    sink.begin(MESSAGES.ack);
    sink.uint('id', words[at + EW_REQUEST] as number);
    sink.choice('result', result, ACK_RESULTS);
    if (market === undefined) sink.none('market');
    else sink.market('market', market.params.symbol, market.id);
    const isTransfer = type === EVT_TRANSFER;
    // Of a transfer it is the auction, which the sender has named.
    const orderId =
      isTransfer || type === EVT_SUB_ACCOUNT ? 0 : (floats[f + EF_ORDER_ID] as number);
    if (orderId === 0) sink.none('orderId');
    else sink.uint('orderId', orderId);
    clientId(sink, words, floats, at, head);
    if (isOrder && market !== undefined) {
      this.sizes(sink, words, floats, at, market, type);
    } else if (isTransfer && market !== undefined) {
      writeTransferred(sink, words, floats, at, market.params);
    } else {
      sink.none('side');
      sink.none('price');
      sink.none('qty');
      sink.none('remaining');
    }
    if (type === EVT_MASS_CANCELED || type === EVT_SUB_ACCOUNT)
      sink.uint('count', floats[f + EF_LOTS] as number);
    else if (type === EVT_SCALED_ACCEPTED || type === EVT_TWAP_ACCEPTED) {
      sink.uint('count', words[at + EW_CHILDREN] as number);
    } else sink.none('count');
    sink.uint('sequence', floats[f + EF_SEQUENCE] as number);
    const accountSequence = floats[f + EF_ACCOUNT_SEQUENCE] as number;
    if (accountSequence === 0) sink.none('accountSequence');
    else sink.uint('accountSequence', accountSequence);
    sink.uint('time', timeMs);
    writeCanceledQty(sink, floats, f, type, market?.params);
    const endMs = type === EVT_CANCEL_ALL_AFTER ? (floats[f + EF_EXPIRY] as number) : 0;
    if (endMs === 0) sink.none('expiresAt');
    else sink.uint('expiresAt', endMs);
  }

  private sizes(
    sink: MessageSink,
    words: Int32Array,
    floats: Float64Array,
    at: number,
    market: Market,
    type: number,
  ): void {
    const f = at / 2;
    const p = market.params;
    const flags = words[at + EW_FLAGS] as number;
    sink.choice('side', flags & FLAG_SIDE, SIDES);
    price(sink, words[at + EW_PRICE] as number, flags, market);
    writeQuantities(sink, floats, f, type, p);
  }

  private order(
    sink: MessageSink,
    words: Int32Array,
    floats: Float64Array,
    at: number,
    epoch: number,
    timeMs: number,
  ): void {
    const f = at / 2;
    const head = words[at + W_HEAD] as number;
    const type = typeOf(head);
    const flags = words[at + EW_FLAGS] as number;
    const market = this.markets.get(marketOf(head)) as Market;
    const p = market.params;
    sink.begin(MESSAGES.order);
    sink.choice('event', eventOf(type), ORDER_EVENTS);
    sink.uint('epoch', epoch);
    sink.uint('accountSequence', floats[f + EF_ACCOUNT_SEQUENCE] as number);
    sink.market('market', p.symbol, market.id);
    sink.uint('orderId', floats[f + EF_ORDER_ID] as number);
    clientId(sink, words, floats, at, head);
    const waits = isWaiting(type);
    orderFlags(sink, flags, waits ? kindOfTerms(words[at + EW_TRIGGER_TERMS] as number) : 0);
    if (type === EVT_TRIGGER_REJECTED) sink.none('price');
    else price(sink, words[at + EW_PRICE] as number, flags, market);
    writeQuantities(sink, floats, f, type, p);
    reason(sink, flags);
    const isNew = type === EVT_ACCEPTED || type === EVT_TRIGGER_ACCEPTED;
    const expiry = isNew ? (floats[f + EF_EXPIRY] as number) : 0;
    if (expiry === 0) sink.none('expiresAt');
    else sink.uint('expiresAt', expiry);
    sink.uint('sequence', floats[f + EF_SEQUENCE] as number);
    sink.uint('time', timeMs);
    writeCanceledQty(sink, floats, f, type, p);
    this.trigger(sink, words, floats, at, market);
  }

  /** What a waiting order waits for; of the order that it became, which one it was; or why there is none. */
  private trigger(
    sink: MessageSink,
    words: Int32Array,
    floats: Float64Array,
    at: number,
    market: Market,
  ): void {
    const type = typeOf(words[at + W_HEAD] as number);
    if (isWaiting(type)) {
      const { tickMantissa, tickDecimals } = market.params;
      const ticks = words[at + EW_TRIGGER_PRICE] as number;
      const source = sourceOfTerms(words[at + EW_TRIGGER_TERMS] as number);
      // A trailing stop may be out of reach of any price as yet.
      if (ticks === 0) sink.none('triggerPrice');
      else sink.decimal('triggerPrice', ticks, tickMantissa, tickDecimals);
      sink.choice('triggerBy', source, TRIGGER_SOURCES);
    } else {
      sink.none('triggerPrice');
      sink.none('triggerBy');
    }
    const f = at / 2;
    const from = type === EVT_ACCEPTED ? (floats[f + EF_TRIGGER_ORDER_ID] as number) : 0;
    if (from === 0) sink.none('triggerOrderId');
    else sink.uint('triggerOrderId', from);
    if (type !== EVT_TRIGGER_REJECTED) {
      sink.none('code');
      sink.none('message');
    } else {
      const value = floats[f + EF_VALUE] as number;
      const limit = floats[f + EF_LIMIT] as number;
      const { code, message } = rejectionOf(words[at + EW_CODE] as number, value, limit, market);
      sink.text('code', code);
      sink.text('message', message);
    }
    const terms = isWaiting(type);
    const isLeg = terms && isInBracket(words[at + EW_TRIGGER_TERMS] as number);
    const amount = terms && !isLeg ? (words[at + EW_TRAIL_TICKS] as number) : 0;
    const rate = terms && !isLeg ? (words[at + EW_TRAIL_PPM] as number) : 0;
    const oco = terms ? (floats[f + EF_OCO_ORDER_ID] as number) : 0;
    if (amount === 0) sink.none('trailingAmount');
    else
      sink.decimal(
        'trailingAmount',
        amount,
        market.params.tickMantissa,
        market.params.tickDecimals,
      );
    if (rate === 0) sink.none('trailingRate');
    else sink.decimal('trailingRate', rate, 1, PPM_DECIMALS);
    if (oco === 0) sink.none('ocoOrderId');
    else sink.uint('ocoOrderId', oco);
    if (terms && closesPosition(words[at + EW_TRIGGER_TERMS] as number)) {
      sink.flag('closePosition', true);
    } else sink.none('closePosition');
    const parent = type === EVT_ACCEPTED || isLeg ? (floats[f + EF_PARENT_ORDER_ID] as number) : 0;
    if (parent === 0) sink.none('parentOrderId');
    else sink.uint('parentOrderId', parent);
  }

  private fill(
    sink: MessageSink,
    words: Int32Array,
    floats: Float64Array,
    at: number,
    epoch: number,
    timeMs: number,
  ): void {
    const f = at / 2;
    const head = words[at + W_HEAD] as number;
    const flags = words[at + EW_FLAGS] as number;
    const market = this.markets.get(marketOf(head)) as Market;
    const p = market.params;
    sink.begin(MESSAGES.fill);
    sink.uint('epoch', epoch);
    sink.uint('accountSequence', floats[f + EF_ACCOUNT_SEQUENCE] as number);
    sink.market('market', p.symbol, market.id);
    sink.uint('orderId', floats[f + EF_ORDER_ID] as number);
    clientId(sink, words, floats, at, head);
    sink.choice('side', flags & FLAG_SIDE, SIDES);
    sink.decimal('price', words[at + EW_PRICE] as number, p.tickMantissa, p.tickDecimals);
    sink.decimal('qty', floats[f + EF_LOTS] as number, p.lotMantissa, p.lotDecimals);
    sink.decimal('remaining', floats[f + EF_REMAINING] as number, p.lotMantissa, p.lotDecimals);
    sink.flag('maker', (flags & FLAG_MAKER) !== 0);
    sink.decimal('fee', floats[f + EF_FEE] as number, 1, MICRO_USD_DECIMALS);
    sink.decimal('realizedPnl', floats[f + EF_REALIZED] as number, 1, MICRO_USD_DECIMALS);
    sink.decimal('position', floats[f + EF_POSITION] as number, p.lotMantissa, p.lotDecimals);
    sink.decimal(
      'entryValue',
      floats[f + EF_ENTRY_VALUE] as number,
      p.tickMantissa * p.lotMantissa,
      p.tickDecimals + p.lotDecimals,
    );
    sink.decimal('collateral', floats[f + EF_COLLATERAL] as number, 1, MICRO_USD_DECIMALS);
    sink.uint('tradeId', floats[f + EF_TRADE_SEQUENCE] as number);
    sink.uint('sequence', floats[f + EF_SEQUENCE] as number);
    sink.uint('time', timeMs);
  }
}

/** The event is that of an order which waits for a price, or has until now. */
function isWaiting(type: number): boolean {
  return (
    type === EVT_TRIGGER_ACCEPTED ||
    type === EVT_TRIGGER_AMENDED ||
    type === EVT_TRIGGER_CANCELED ||
    type === EVT_TRIGGERED
  );
}

/** Index in ORDER_EVENTS. */
function eventOf(type: number): number {
  switch (type) {
    case EVT_ACCEPTED:
    case EVT_TRIGGER_ACCEPTED:
      return 0;
    case EVT_AMENDED:
    case EVT_TRIGGER_AMENDED:
      return 1;
    case EVT_TRIGGERED:
      return 3;
    case EVT_TRIGGER_REJECTED:
      return 4;
    default:
      return 2;
  }
}

/** Side, type, time in force, post-only and reduce-only. */
function orderFlags(sink: MessageSink, flags: number, triggerKind: number): void {
  sink.choice('side', flags & FLAG_SIDE, SIDES);
  sink.choice('orderType', orderTypeOf(flags, triggerKind), ORDER_TYPES);
  sink.choice('timeInForce', tifOf(flags), TIMES_IN_FORCE);
  sink.choice('postOnly', postOnlyOf(flags), POST_ONLY_MODES);
  sink.flag('reduceOnly', (flags & FLAG_REDUCE_ONLY) !== 0);
}

export function postOnlyOf(flags: number): number {
  if ((flags & FLAG_POST_ONLY) === 0) return 0;
  return (flags & FLAG_POST_ONLY_SLIDE) === 0 ? 1 : 2;
}

function resultOf(type: number): number {
  switch (type) {
    case EVT_ACCEPTED:
    case EVT_TRIGGER_ACCEPTED:
    case EVT_SCALED_ACCEPTED:
    case EVT_TWAP_ACCEPTED:
      return 0;
    case EVT_AMENDED:
      return 1;
    case EVT_CANCELED:
    case EVT_TRIGGER_CANCELED:
    case EVT_PARENT_ENDED:
      return 2;
    case EVT_MASS_CANCELED:
      return 3;
    case EVT_DUPLICATE:
      return 4;
    case EVT_TRANSFER:
      return RESULT_TAKEN_OVER;
    default:
      return RESULT_DONE;
  }
}

/** A market order has no price of its own, and a TWAP need not have one; the bound that the engine gave it is no one's business. */
function price(sink: MessageSink, ticks: number, flags: number, market: Market): void {
  if ((flags & FLAG_MARKET_ORDER) !== 0 || ticks === 0) sink.none('price');
  else sink.decimal('price', ticks, market.params.tickMantissa, market.params.tickDecimals);
}

function reason(sink: MessageSink, flags: number): void {
  const number = reasonOf(flags);
  if (number === 0) sink.none('reason');
  else sink.choice('reason', number, REASONS);
}

function clientId(
  sink: MessageSink,
  words: Int32Array,
  floats: Float64Array,
  at: number,
  head: number,
): void {
  const number = floats[at / 2 + EF_CLIENT_ID] as number;
  if (number !== 0) sink.digits('clientOrderId', number);
  else if (slotsOf(head) > 2 && (words[at + EW_CLIENT_TEXT_LENGTH] as number) > 0) {
    const length = words[at + EW_CLIENT_TEXT_LENGTH] as number;
    sink.ascii('clientOrderId', words, at + EW_CLIENT_TEXT, length);
  } else sink.none('clientOrderId');
}
