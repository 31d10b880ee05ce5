import type { FixMessage } from '../codec/fix-message.js';
import { timeOf } from '../codec/frame-writer.js';
import { TAG, tagName } from '../codec/tags.js';

/** The fields of a native request that says the same, or a sentence that says why there is none. */
export type NativeFields = Record<string, unknown> | string;

const SIDES: Readonly<Record<string, string>> = { 1: 'buy', 2: 'sell' };
const TIMES_IN_FORCE: Readonly<Record<string, string>> = { 1: 'gtc', 3: 'ioc', 4: 'fok', 6: 'gtd' };
const DAY = '0';
const MARKET = '1';
const LIMIT = '2';
const STOP = '3';
const STOP_LIMIT = '4';
const MARKET_IF_TOUCHED = 'J';
const PARTICIPATE_DO_NOT_INITIATE = '6';
const DO_NOT_INCREASE = 'E';

/** Fields of `place`. Sizes and prices stay text: they are checked with those of all other doors. */
export function placeFields(message: FixMessage): NativeFields {
  const side = SIDES[message.get(TAG.Side) ?? ''];
  if (side === undefined) return wrong(message, TAG.Side, '1 (buy) or 2 (sell)');
  const fields: Record<string, unknown> = {
    market: message.get(TAG.Symbol),
    side,
    qty: message.get(TAG.OrderQty),
    clientOrderId: message.get(TAG.ClOrdID),
  };
  const price = message.get(TAG.Price);
  if (price !== undefined) fields.price = price;
  const stop = message.get(TAG.StopPx);
  if (stop !== undefined) fields.triggerPrice = stop;
  const orderType = orderTypeOf(message);
  if (orderType === null) {
    return wrong(message, TAG.OrdType, '1, 2, 3, 4 or J');
  }
  fields.orderType = orderType;
  return validity(message, fields) ?? instructions(message, fields) ?? fields;
}

/** The side of a request that may name one, for a mass cancel; null: both. */
export function sideOf(message: FixMessage): string | null {
  return SIDES[message.get(TAG.Side) ?? ''] ?? null;
}

function orderTypeOf(message: FixMessage): string | null {
  switch (message.get(TAG.OrdType)) {
    case MARKET:
      return 'market';
    case LIMIT:
      return 'limit';
    case STOP:
      return 'stop_market';
    case STOP_LIMIT:
      return 'stop_limit';
    case MARKET_IF_TOUCHED:
      return message.get(TAG.Price) === undefined ? 'take_profit_market' : 'take_profit_limit';
    default:
      return null;
  }
}

function validity(message: FixMessage, fields: Record<string, unknown>): string | null {
  const text = message.get(TAG.TimeInForce);
  // No day ends here: such an order is one without a word on its time.
  if (text !== undefined && text !== DAY) {
    const timeInForce = TIMES_IN_FORCE[text];
    if (timeInForce === undefined) return wrong(message, TAG.TimeInForce, '0, 1, 3, 4 or 6');
    fields.timeInForce = timeInForce;
  }
  const expires = message.get(TAG.ExpireTime);
  if (expires !== undefined) fields.expiresAt = timeOf(expires);
  return null;
}

function instructions(message: FixMessage, fields: Record<string, unknown>): string | null {
  for (const one of message.get(TAG.ExecInst)?.split(' ') ?? []) {
    if (one === PARTICIPATE_DO_NOT_INITIATE) fields.postOnly = 'reject';
    else if (one === DO_NOT_INCREASE) fields.reduceOnly = true;
    else return wrong(message, TAG.ExecInst, '6 (post only), E (reduce only) or both');
  }
  return null;
}

function wrong(message: FixMessage, tag: number, wanted: string): string {
  return `${tagName(tag)} must be ${wanted}, but is ${JSON.stringify(message.get(tag)?.slice(0, 20))}`;
}
