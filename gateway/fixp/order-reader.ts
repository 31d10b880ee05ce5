import { FLAG_MASS_ASKS, FLAG_MASS_BIDS, STP_DECREMENT } from '../../engine/messages/types.js';
import { asPriceTicks, asQtyLots, MARKET_ID_ALL } from '../../engine/units/units.js';
import type { OrderDraft } from '../commands/draft.js';
import { checkNewOrder, checkSizes } from '../commands/order-rules.js';
import { type Problem, problem } from '../commands/problem.js';
import type { Market, Markets } from '../markets.js';
import { TYPE_LIMIT, TYPE_MARKET } from '../protocol/order-types.js';
import {
  ExecInst,
  type NewOrderSingleDecoder,
  type OrderCancelReplaceRequestDecoder,
  type OrderCancelRequestDecoder,
  type OrderMassActionRequestDecoder,
  OrdType,
  Side,
  TimeInForce,
} from './generated/index.js';
import { QUOTE_IDS_FROM } from './quote-state.js';

const ID_MAX = Number.MAX_SAFE_INTEGER;
/** By code of the character: the engine's number. */
const TIMES_IN_FORCE: Readonly<Record<number, number>> = {
  [TimeInForce.GoodTillCancel]: 0,
  [TimeInForce.ImmediateOrCancel]: 1,
  [TimeInForce.FillOrKill]: 2,
  [TimeInForce.GoodTillDate]: 3,
};
const EXEC_INST_ALL = ExecInst.postOnly | ExecInst.postOnlySlide | ExecInst.reduceOnly;
/** That of a Side field that is null. */
const SIDE_NULL = 0;

/** Reads messages into drafts of orders: the same drafts and rules as of the WebSocket door, in ticks and lots already. */
export class OrderReader {
  private readonly markets: Markets;

  constructor(markets: Markets) {
    this.markets = markets;
  }

  newOrder(message: NewOrderSingleDecoder, draft: OrderDraft): Problem | null {
    draft.clear();
    const market = this.markets.get(message.marketId());
    if (market === undefined) return unknownMarket(message.marketId());
    draft.marketId = market.id;
    const side = sideOf(message.side());
    const timeInForce = TIMES_IN_FORCE[message.timeInForce()];
    const type = message.ordType();
    if (side === null) return notAllowed('side', message.side());
    if (timeInForce === undefined) return notAllowed('timeInForce', message.timeInForce());
    if (type !== OrdType.Limit && type !== OrdType.Market) return notAllowed('ordType', type);
    draft.side = side;
    draft.timeInForce = timeInForce;
    draft.type = type === OrdType.Market ? TYPE_MARKET : TYPE_LIMIT;
    draft.qtyLots = asQtyLots(message.orderQty());
    draft.priceTicks = asPriceTicks(message.hasPrice() ? message.price() : 0);
    draft.expiresAtMs = message.hasExpireTime() ? message.expireTime() : 0;
    draft.deadlineMs = message.hasDeadline() ? message.deadline() : 0;
    const stp = message.selfTradePrevention();
    if (stp > STP_DECREMENT) return notAllowed('selfTradePrevention', stp);
    draft.selfTrade = stp;
    return (
      this.execInst(message.execInst(), draft) ??
      newClientId(message.hasClOrdId(), message.clOrdId(), draft) ??
      within('expireTime', draft.expiresAtMs, message.hasExpireTime() ? 1 : 0, ID_MAX) ??
      within('deadline', draft.deadlineMs, message.hasDeadline() ? 1 : 0, ID_MAX) ??
      sizes(draft, message.hasPrice(), true, market) ??
      checkNewOrder(draft, market)
    );
  }

  replace(message: OrderCancelReplaceRequestDecoder, draft: OrderDraft): Problem | null {
    draft.clear();
    const market = this.markets.get(message.marketId());
    if (market === undefined) return unknownMarket(message.marketId());
    draft.marketId = market.id;
    draft.qtyLots = asQtyLots(message.hasOrderQty() ? message.orderQty() : 0);
    draft.priceTicks = asPriceTicks(message.hasPrice() ? message.price() : 0);
    const found =
      named(message, draft) ?? sizes(draft, message.hasPrice(), message.hasOrderQty(), market);
    if (found !== null) return found;
    if (draft.priceTicks === 0 && draft.qtyLots === 0) {
      return problem('amend_must_change_something', 'price, orderQty or both must be present');
    }
    return checkSizes(draft, market);
  }

  cancel(message: OrderCancelRequestDecoder, draft: OrderDraft): Problem | null {
    draft.clear();
    const market = this.markets.get(message.marketId());
    if (market === undefined) return unknownMarket(message.marketId());
    draft.marketId = market.id;
    return named(message, draft);
  }

  /** `marketId` of the draft is MARKET_ID_ALL when all are meant. */
  massAction(message: OrderMassActionRequestDecoder, draft: OrderDraft): Problem | null {
    draft.clear();
    const marketId = message.hasMarketId() ? message.marketId() : MARKET_ID_ALL;
    if (marketId !== MARKET_ID_ALL && this.markets.get(marketId) === undefined) {
      return unknownMarket(marketId);
    }
    draft.marketId = marketId;
    draft.deadlineMs = message.hasDeadline() ? message.deadline() : 0;
    const side = message.side();
    if (side !== SIDE_NULL && sideOf(side) === null) return notAllowed('side', side);
    if (side !== Side.Sell) draft.massSides |= FLAG_MASS_BIDS;
    if (side !== Side.Buy) draft.massSides |= FLAG_MASS_ASKS;
    return within('deadline', draft.deadlineMs, message.hasDeadline() ? 1 : 0, ID_MAX);
  }

  execInst(bits: number, draft: OrderDraft): Problem | null {
    if ((bits & ~EXEC_INST_ALL) !== 0) return notAllowed('execInst', bits);
    const slides = (bits & ExecInst.postOnlySlide) !== 0;
    if (slides && (bits & ExecInst.postOnly) === 0) {
      const sentence = 'execInst must have postOnly when it has postOnlySlide';
      return problem('flags_are_contradictory', sentence);
    }
    draft.postOnly = slides ? 2 : (bits & ExecInst.postOnly) !== 0 ? 1 : 0;
    draft.reduceOnly = (bits & ExecInst.reduceOnly) !== 0;
    return null;
  }
}

export function unknownMarket(marketId: number): Problem {
  return problem('unknown_market', `marketId must be that of a market, but is ${marketId}`);
}

export function notAllowed(name: string, value: number): Problem {
  return problem('value_is_not_allowed', `${name} may not be ${value}`);
}

/** A whole number from `least` to `most`; what was 64 bits and is more than 2^53 is out of range too. */
export function within(name: string, value: number, least: number, most: number): Problem | null {
  if (value >= least && value <= most) return null;
  const message = `${name} must be from ${least} to ${most}, but is ${value}`;
  return problem('integer_must_be_within_limits', message);
}

interface NamedOrder {
  hasOrderId(): boolean;
  orderId(): number;
  hasClOrdId(): boolean;
  clOrdId(): number;
}

/** An order is named by one of both. */
export function named(
  message: NamedOrder & { hasDeadline?(): boolean; deadline?(): number },
  draft: OrderDraft,
): Problem | null {
  if (message.hasOrderId() === message.hasClOrdId()) {
    const sentence = 'exactly one of orderId and clOrdId must be present';
    return problem('order_must_be_named_once', sentence);
  }
  if (message.hasDeadline?.() === true) {
    draft.deadlineMs = message.deadline?.() ?? 0;
    const late = within('deadline', draft.deadlineMs, 1, ID_MAX);
    if (late !== null) return late;
  }
  if (!message.hasOrderId()) return clientId(true, message.clOrdId(), draft);
  draft.orderId = message.orderId();
  return within('orderId', draft.orderId, 1, ID_MAX);
}

/** The upper half of all numbers is that of quotes. */
function newClientId(isThere: boolean, value: number, draft: OrderDraft): Problem | null {
  if (!isThere) return null;
  return within('clOrdId', value, 1, QUOTE_IDS_FROM - 1) ?? clientId(true, value, draft);
}

function clientId(isThere: boolean, value: number, draft: OrderDraft): Problem | null {
  if (!isThere) return null;
  draft.clientId.number = value;
  return within('clOrdId', value, 1, ID_MAX);
}

/** Present sizes are at least one; how large they may be, the market says. */
function sizes(draft: OrderDraft, hasPrice: boolean, hasQty: boolean, market: Market) {
  const { priceTicksMax, qtyLotsMax } = market.params;
  if (hasPrice && draft.priceTicks < 1) {
    const message = `price must be from 1 to ${priceTicksMax} ticks, but is ${draft.priceTicks}`;
    return problem('price_ticks_must_be_within_1_and_limit', message);
  }
  if (hasQty && draft.qtyLots < 1) {
    const message = `orderQty must be from 1 to ${qtyLotsMax} lots, but is ${draft.qtyLots}`;
    return problem('qty_lots_must_be_within_1_and_limit', message);
  }
  return null;
}

function sideOf(value: number): number | null {
  if (value === Side.Buy) return 0;
  return value === Side.Sell ? 1 : null;
}
