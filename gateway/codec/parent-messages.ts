import {
  EF_ACCOUNT_SEQUENCE,
  EF_EXPIRY,
  EF_LOTS,
  EF_ORDER_ID,
  EF_REMAINING,
  EF_SEQUENCE,
  EF_VALUE,
  EW_CHILDREN,
  EW_FLAGS,
  EW_LAST_PRICE,
  EW_PRICE,
  marketOf,
  typeOf,
  W_HEAD,
} from '../../engine/messages/layout.js';
import {
  EVT_PARENT_ENDED,
  EVT_SCALED_ACCEPTED,
  EVT_TWAP_ACCEPTED,
  FLAG_REDUCE_ONLY,
  FLAG_SIDE,
  reasonOf,
} from '../../engine/messages/types.js';
import { mulDivFloor } from '../../engine/units/mul-div.js';
import type { Market, Markets } from '../markets.js';
import { MESSAGES } from '../protocol/messages.js';
import { ORDER_EVENTS, PARENT_KINDS, REASONS, SIDES } from '../protocol/names.js';
import type { MessageSink } from './message-sink.js';

/** Average prices have so many decimals more than prices. */
const AVERAGE_DECIMALS = 4;
const KIND_SCALED = PARENT_KINDS.indexOf('scaled');
const KIND_TWAP = PARENT_KINDS.indexOf('twap');
const ACCEPTED = ORDER_EVENTS.indexOf('accepted');
const ENDED = ORDER_EVENTS.indexOf('ended');

/** Events of orders that make other orders. */
export function isParentEvent(type: number): boolean {
  return type === EVT_SCALED_ACCEPTED || type === EVT_TWAP_ACCEPTED || type === EVT_PARENT_ENDED;
}

/** Writes one as a message of the protocol. `writeClientId`: its client id is written like that of any order. */
export function writeParentEvent(
  sink: MessageSink,
  markets: Markets,
  words: Int32Array,
  floats: Float64Array,
  at: number,
  epoch: number,
  timeMs: number,
  writeClientId: () => void,
): void {
  const f = at / 2;
  const head = words[at + W_HEAD] as number;
  const type = typeOf(head);
  const market = markets.get(marketOf(head)) as Market;
  const { symbol, tickMantissa, tickDecimals, lotMantissa, lotDecimals } = market.params;
  const flags = words[at + EW_FLAGS] as number;
  const hasEnded = type === EVT_PARENT_ENDED;
  // Only of a TWAP the number of its orders is told at its end.
  const isTwap = hasEnded ? (words[at + EW_CHILDREN] as number) !== 0 : type === EVT_TWAP_ACCEPTED;
  sink.begin(MESSAGES.parent);
  sink.choice('event', hasEnded ? ENDED : ACCEPTED, ORDER_EVENTS);
  sink.uint('epoch', epoch);
  sink.uint('accountSequence', floats[f + EF_ACCOUNT_SEQUENCE] as number);
  sink.market('market', symbol, market.id);
  sink.uint('orderId', floats[f + EF_ORDER_ID] as number);
  writeClientId();
  sink.choice('kind', isTwap ? KIND_TWAP : KIND_SCALED, PARENT_KINDS);
  sink.choice('side', flags & FLAG_SIDE, SIDES);
  sink.flag('reduceOnly', (flags & FLAG_REDUCE_ONLY) !== 0);
  const first = hasEnded ? 0 : (words[at + EW_PRICE] as number);
  if (first === 0) sink.none('price');
  else sink.decimal('price', first, tickMantissa, tickDecimals);
  const last = type === EVT_SCALED_ACCEPTED ? (words[at + EW_LAST_PRICE] as number) : 0;
  if (last === 0) sink.none('lastPrice');
  else sink.decimal('lastPrice', last, tickMantissa, tickDecimals);
  sink.decimal('qty', floats[f + EF_LOTS] as number, lotMantissa, lotDecimals);
  sink.decimal('remaining', floats[f + EF_REMAINING] as number, lotMantissa, lotDecimals);
  const count = words[at + EW_CHILDREN] as number;
  if (count === 0) sink.none('count');
  else sink.uint('count', count);
  if (type === EVT_TWAP_ACCEPTED) sink.uint('endsAt', floats[f + EF_EXPIRY] as number);
  else sink.none('endsAt');
  writeAverage(sink, market, floats, f, hasEnded && isTwap);
  if (hasEnded) sink.choice('reason', reasonOf(flags), REASONS);
  else sink.none('reason');
  sink.uint('sequence', floats[f + EF_SEQUENCE] as number);
  sink.uint('time', timeMs);
}

/** Value of what a TWAP has filled, exact, and its average price, rounded down. */
function writeAverage(
  sink: MessageSink,
  { params }: Market,
  floats: Float64Array,
  f: number,
  isTold: boolean,
): void {
  const { tickMantissa, tickDecimals, lotMantissa, lotDecimals } = params;
  const lots = (floats[f + EF_LOTS] as number) - (floats[f + EF_REMAINING] as number);
  const value = floats[f + EF_VALUE] as number;
  if (!isTold) sink.none('filledValue');
  else sink.decimal('filledValue', value, tickMantissa * lotMantissa, tickDecimals + lotDecimals);
  if (!isTold || lots === 0) {
    sink.none('averagePrice');
    return;
  }
  const average = mulDivFloor(value, 10 ** AVERAGE_DECIMALS, lots);
  sink.decimal('averagePrice', average, tickMantissa, tickDecimals + AVERAGE_DECIMALS);
}
