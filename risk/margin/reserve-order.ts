import { NO_PRICE } from '../../engine/book/order-book.js';
import { bandPriceTicks } from '../../engine/market/order-rules.js';
import { REJECT } from '../../engine/messages/reject-codes.js';
import { lossTicksOf } from '../../engine/messages/rejection.js';
import { FLAG_MARKET_ORDER, SIDE_BUY, sideOf } from '../../engine/messages/types.js';
import { asPriceTicks, type PriceTicks } from '../../engine/units/units.js';
import { reserveClosing } from './closing.js';
import type { MarketSummary } from './market-summaries.js';
import type { MarginState } from './trade-commands.js';

/** What is asked to be reserved, by an order that comes in or by one that has fired. */
export interface AskedOrder {
  account: number;
  flags: number;
  /** Limit or bound of its own; NO_PRICE: a market order without one. */
  ownTicks: PriceTicks;
  lots: number;
}

/**
 * Reserves an order's worst case. Returns the price at which it is, or a negative code: then nothing is, and the rejection's figures are
 * those of `refusedFigures`.
 */
export function reserveOrder(state: MarginState, market: MarketSummary, asked: AskedOrder): number {
  const { account, flags, ownTicks, lots } = asked;
  const { accounts, kernel } = state;
  const side = sideOf(flags);
  const price = limitPrice(market, flags, ownTicks);
  const code = kernel.calls.tryReserve(
    market.block,
    account,
    accounts.at(account),
    market.rows.open(account),
    side,
    price,
    lots,
    lots * lossTicksOf(side, price - market.markTicks),
  );
  if (code === 0) return price;
  if (code !== REJECT.insufficient_margin) return -code;
  const priceTicks = ownTicks === NO_PRICE ? NO_PRICE : price;
  const closing = reserveClosing(state, market, { account, flags, priceTicks, lots });
  return closing === NO_PRICE ? -code : closing;
}

/**
 * A market order has the price band as its limit, or a tighter one of its own: it can fill no worse than an allowed limit
 * order.
 */
function limitPrice(market: MarketSummary, flags: number, own: PriceTicks): PriceTicks {
  if ((flags & FLAG_MARKET_ORDER) === 0) return own;
  const side = sideOf(flags);
  const band = bandPriceTicks(market.params, side, market.markTicks);
  if (own === NO_PRICE) return band;
  return asPriceTicks(side === SIDE_BUY ? Math.min(own, band) : Math.max(own, band));
}
