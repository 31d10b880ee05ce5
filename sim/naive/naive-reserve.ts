import { bandPriceTicks } from '../../engine/market/order-rules.js';
import { REJECT, type RejectCode } from '../../engine/messages/reject-codes.js';
import * as type from '../../engine/messages/types.js';
import { asPriceTicks } from '../../engine/units/units.js';
import { holdingOf, type NaiveAccount, type NaiveState } from './naive-home.js';
import { naiveBehindPosition, naiveLeastBehind, naiveNeed } from './naive-isolated.js';
import {
  divFloor,
  maxOf,
  type NaiveHolding,
  type NaiveMarket,
  naiveInitialMargin,
  naiveOrderCosts,
  naiveUnrealized,
  naiveValueLimit,
  naiveWorstLots,
  naiveWorstValue,
} from './naive-money.js';
import { naiveFree, naiveWithdrawable } from './naive-operator.js';

const PPM = 1_000_000n;

export interface Asked {
  flags: number;
  price: number;
  lots: bigint;
  /** Price − mark, in ticks. */
  distance: number;
}

/** One of several orders that are reserved together. */
export interface AskedOrder {
  price: number;
  isBuy: boolean;
  lots: bigint;
  lossTicks: bigint;
}

export interface Refusal {
  code: RejectCode;
  value: bigint;
  limit: bigint;
}

/**
 * Puts the order among those that are open, as one on its way to the market; or says why not. An order that does not raise its
 * market's requirement always passes; any other must be covered afterwards.
 */
export function naiveReserve(
  state: NaiveState,
  account: NaiveAccount,
  market: NaiveMarket,
  asked: Asked,
): Refusal | null {
  const isBuy = type.sideOf(asked.flags) === type.SIDE_BUY;
  const lossTicks = maxOf(0n, BigInt(isBuy ? asked.distance : -asked.distance));
  const order = { price: asked.price, isBuy, lots: asked.lots, lossTicks };
  return naiveReserveMany(state, account, market, [order]);
}

/** The same for orders of one side that come together: all or none. */
export function naiveReserveMany(
  state: NaiveState,
  account: NaiveAccount,
  market: NaiveMarket,
  orders: readonly AskedOrder[],
): Refusal | null {
  const holding = holdingOf(market, account.id);
  const all = orders.reduce((sum, { lots }) => sum + lots, 0n);
  const highest = Math.max(...orders.map(({ price }) => price));
  const worstValue = naiveWorstValue(market, holding, all, highest);
  const limit = naiveValueLimit(market);
  if (worstValue > limit) {
    const code = REJECT.worst_value_tick_lots_must_not_exceed_limit;
    return { code, value: worstValue, limit };
  }
  const taker = BigInt(state.fees.takerPpm[account.tier] as number);
  const before = naiveInitialMargin(market, holding, taker);
  const worstBefore = naiveWorstLots(holding);
  const others = [...holding.orders];
  for (const { isBuy, lots, lossTicks } of orders) {
    holding.orders.push({ orderId: 0, isBuy, lots, lossTicks });
  }
  const beyond = naivePositionBeyondCap(market, holding, worstBefore);
  if (beyond !== null) {
    holding.orders = others;
    return beyond;
  }
  const after = naiveInitialMargin(market, holding, taker);
  const raise = after - before;
  const refusal = naiveRefusal(state, account, market, raise, worstBefore);
  if (refusal !== null) {
    holding.orders = others;
    return refusal;
  }
  state.pending += orders.length;
  return null;
}

/** Whether the account bears what is among its open orders now, which raises the requirement by so much; else why not. */
export function naiveRefusal(
  state: NaiveState,
  account: NaiveAccount,
  market: NaiveMarket,
  raise: bigint,
  worstBefore: bigint,
): Refusal | null {
  const holding = holdingOf(market, account.id);
  const { purse } = holding;
  const free = purse === null ? naiveFree(state, account) : naiveWithdrawable(state, account);
  if (raise > 0n && free < 0n) {
    return { code: REJECT.insufficient_margin, value: raise, limit: free + raise };
  }
  if (purse === null || naiveWorstLots(holding) <= worstBefore) return null;
  const value = purse.collateral + naiveUnrealized(market, holding);
  const limit = naiveLeastBehind(market, holding, naiveWorstLots(holding));
  if (value >= limit) return null;
  return { code: REJECT.position_collateral_micro_usd_must_reach_minimum, value, limit };
}

/** The cap binds who raises the worst position: the refusal, null when the change is let in. */
export function naivePositionBeyondCap(
  market: NaiveMarket,
  holding: NaiveHolding,
  worstBefore: bigint,
): Refusal | null {
  const limit = BigInt(market.terms.positionLotsMax);
  const value = naiveWorstLots(holding);
  if (limit === 0n || value <= limit || value <= worstBefore) return null;
  return { code: REJECT.position_lots_must_not_exceed_limit, value, limit };
}

/**
 * A reduce-only order that initial margin does not cover may use up all of equity; one at the market is bounded there. Gives the price
 * at which it is among those that are open now, null when equity does not cover it either.
 */
export function naiveClose(
  state: NaiveState,
  account: NaiveAccount,
  market: NaiveMarket,
  asked: Asked & { isUnbounded: boolean },
): number | null {
  if ((asked.flags & type.FLAG_REDUCE_ONLY) === 0) return null;
  const isBuy = type.sideOf(asked.flags) === type.SIDE_BUY;
  const price = asked.isUnbounded ? bearablePrice(state, account, market, asked) : asked.price;
  const distance = BigInt(price) - market.mark;
  const lossTicks = maxOf(0n, isBuy ? distance : -distance);
  const order = { price, isBuy, lots: asked.lots, lossTicks };
  return naiveCloseMany(state, account, market, [order]) ? price : null;
}

/** The same for reduce-only orders of one side with prices of their own that come together: all or none. False: none. */
export function naiveCloseMany(
  state: NaiveState,
  account: NaiveAccount,
  market: NaiveMarket,
  orders: readonly AskedOrder[],
): boolean {
  const holding = holdingOf(market, account.id);
  const closes = orders[0]?.isBuy ? holding.position < 0n : holding.position > 0n;
  if (!closes) return false;
  const others = [...holding.orders];
  for (const { isBuy, lots, lossTicks } of orders) {
    holding.orders.push({ orderId: 0, isBuy, lots, lossTicks });
  }
  if (closingEquity(state, account, market) < 0n) {
    holding.orders = others;
    return false;
  }
  state.pending += orders.length;
  return true;
}

function bearablePrice(
  state: NaiveState,
  account: NaiveAccount,
  market: NaiveMarket,
  { flags, lots }: Asked,
): number {
  const { params, mark } = market;
  const side = type.sideOf(flags);
  const taker = BigInt(state.fees.takerPpm[account.tier] as number);
  const unit = BigInt(params.microUsdPerTickLotNumerator);
  const equity = closingEquity(state, account, market) - 4n;
  const money = equity * BigInt(params.microUsdPerTickLotDenominator) * PPM;
  const left = money - taker * lots * mark * unit;
  const ticks = Number(maxOf(0n, divFloor(left, lots * unit * (PPM + taker))));
  const band = bandPriceTicks(params, side, asPriceTicks(Number(mark)));
  return side === type.SIDE_BUY
    ? Math.min(band, Number(mark) + ticks)
    : Math.max(band, Number(mark) - ticks);
}

/** Equity behind all open orders; of an isolated position its own, and behind those of its market. */
function closingEquity(state: NaiveState, account: NaiveAccount, market: NaiveMarket): bigint {
  const holding = holdingOf(market, account.id);
  if (holding.purse === null) return equityBehindOrders(state, account);
  return naiveBehindPosition(state, account, market, holding);
}

/** Equity less losses and fees of all open orders, each term rounded like the product's. */
function equityBehindOrders(state: NaiveState, account: NaiveAccount): bigint {
  const taker = BigInt(state.fees.takerPpm[account.tier] as number);
  let equity = account.collateral;
  for (const market of state.markets) {
    const holding = holdingOf(market, account.id);
    if (holding.purse !== null) {
      equity -= naiveNeed(state, account, market, holding);
      continue;
    }
    equity += naiveUnrealized(market, holding) - naiveOrderCosts(market, holding, taker);
  }
  return equity;
}
