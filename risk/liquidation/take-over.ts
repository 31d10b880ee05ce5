import { NO_PRICE } from '../../engine/book/order-book.js';
import { NO_CLIENT_REF } from '../../engine/kernel/orders.js';
import {
  F_ORDER_ID,
  F_QTY,
  SLOT_FLOATS,
  SLOT_WORDS,
  W_ACCOUNT,
  W_CLIENT_REF,
  W_FLAGS,
  W_MARK_DISTANCE,
  W_PRICE,
  W_REQUEST,
  W_SESSION,
} from '../../engine/messages/layout.js';
import type { MessageBuffer } from '../../engine/messages/message-buffer.js';
import { REJECT, type RejectCode } from '../../engine/messages/reject-codes.js';
import { pushRejection } from '../../engine/messages/rejection.js';
import { MSG_TAKE_OVER, sideOf } from '../../engine/messages/types.js';
import { asPriceTicks } from '../../engine/units/units.js';
import type { MarketSummary } from '../margin/market-summaries.js';
import { reserveOrder } from '../margin/reserve-order.js';
import { type MarginState, refusedFigures } from '../margin/trade-commands.js';
import { pushMessage } from './ladder-messages.js';

/**
 * CMD_TAKE_OVER at the liquidator's home: only who is registered, and only with margin for all of it, as if it were an order at the worst price
 * that the liquidator allows. The side is that of the auction: a buy for a long position.
 */
export function takeOver(
  state: MarginState,
  inbox: MessageBuffer,
  events: MessageBuffer,
  message: MessageBuffer,
  slot: number,
  market: MarketSummary,
): void {
  const w = slot * SLOT_WORDS;
  const f = slot * SLOT_FLOATS;
  const account = message.words[w + W_ACCOUNT] as number;
  const side = sideOf(message.words[w + W_FLAGS] as number);
  const limit = message.words[w + W_PRICE] as number;
  const lots = message.floats[f + F_QTY] as number;
  const problem = problemOf(state, market, account, limit, lots);
  if (problem !== null) {
    pushRejection(events, message, slot, problem.code, problem.value, problem.limit);
    return;
  }
  const ownTicks = asPriceTicks(limit);
  const price = reserveOrder(state, market, { account, flags: side, ownTicks, lots });
  if (price < 0) {
    const [value, most] = refusedFigures(state.kernel);
    pushRejection(events, message, slot, -price as RejectCode, value, most);
    return;
  }
  const at = pushMessage(inbox, MSG_TAKE_OVER, 1, market.marketId, account);
  const o = at * SLOT_WORDS;
  inbox.words[o + W_FLAGS] = side;
  inbox.words[o + W_PRICE] = price;
  inbox.words[o + W_MARK_DISTANCE] = price - market.markTicks;
  inbox.words[o + W_CLIENT_REF] = NO_CLIENT_REF;
  inbox.words[o + W_SESSION] = message.words[w + W_SESSION] as number;
  inbox.words[o + W_REQUEST] = message.words[w + W_REQUEST] as number;
  inbox.floats[at * SLOT_FLOATS + F_QTY] = lots;
  inbox.floats[at * SLOT_FLOATS + F_ORDER_ID] = message.floats[f + F_ORDER_ID] as number;
}

interface Problem {
  code: RejectCode;
  value: number;
  limit: number;
}

function problemOf(
  { accounts }: MarginState,
  { markTicks, params }: MarketSummary,
  account: number,
  price: number,
  lots: number,
): Problem | null {
  if (!accounts.isLiquidator(account)) {
    return { code: REJECT.account_is_not_a_liquidator, value: account, limit: 0 };
  }
  if (price < 1 || price > params.priceTicksMax) {
    const code = REJECT.price_ticks_must_be_within_1_and_limit;
    return { code, value: price, limit: params.priceTicksMax };
  }
  if (!Number.isInteger(lots) || lots < 1 || lots > params.qtyLotsMax) {
    const code = REJECT.qty_lots_must_be_within_1_and_limit;
    return { code, value: lots, limit: params.qtyLotsMax };
  }
  if (markTicks !== NO_PRICE) return null;
  return { code: REJECT.market_has_no_mark_price, value: 0, limit: 0 };
}
