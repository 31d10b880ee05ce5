import { maxOf } from '../../engine/units/division.js';
import { microUsdCeil } from '../arithmetic/tick-lot-value.js';
import { accountMargin, type Holding } from './account-margin.js';
import { initialMarginWithOrders, type OpenOrder, worstPositionLots } from './open-orders.js';

/** Limits of a market; null is none. */
export interface MarketCaps {
  /** Highest notional at the mark that one account's worst position may have, micro-USD. */
  positionMicroUsd: bigint | null;
  /** Highest notional at the mark of all longs together, micro-USD. */
  openInterestMicroUsd: bigint | null;
}

export type OrderRefusal = 'position_cap' | 'open_interest_cap' | 'insufficient_margin';

/** Why an order is not let in, with the figure that broke a limit, micro-USD. */
export interface OrderCheck {
  refusal: OrderRefusal | null;
  valueMicroUsd: bigint;
  limitMicroUsd: bigint;
}

const LET_IN: OrderCheck = { refusal: null, valueMicroUsd: 0n, limitMicroUsd: 0n };

/**
 * Whether one more order in `holding` (one of `holdings`) is let in. In this order: the position cap binds the worst position, the
 * open-interest cap what the order could add to it, and free collateral must not become negative. An order that does not raise
 * what a check looks at always passes it, also above a cap or below the line: closing must always be possible.
 *
 * Source: position cap as the notional cap of Binance's last bracket; open-interest caps as Hyperliquid has them.
 */
export function checkOrder(
  collateralMicroUsd: bigint,
  holdings: readonly Holding[],
  holding: Holding,
  order: OpenOrder,
  caps: MarketCaps,
  openInterestLots: bigint,
): OrderCheck {
  const { market, position } = holding;
  const { markTicks, tickLot } = market;
  const orders = [...holding.orders, order];
  const worstBefore = worstPositionLots(position.lots, holding.orders);
  const worstAfter = worstPositionLots(position.lots, orders);
  const addedLots = worstAfter - worstBefore;
  if (addedLots > 0n) {
    const worst = microUsdCeil(worstAfter * markTicks, tickLot);
    if (exceeds(worst, caps.positionMicroUsd)) return refuse('position_cap', worst, caps);
    const interest = microUsdCeil((openInterestLots + addedLots) * markTicks, tickLot);
    if (exceeds(interest, caps.openInterestMicroUsd)) {
      return refuse('open_interest_cap', interest, caps);
    }
  }
  const before = initialMarginWithOrders(market, position.lots, holding.orders);
  const raise = initialMarginWithOrders(market, position.lots, orders) - before;
  const free = accountMargin(collateralMicroUsd, holdings).freeMicroUsd;
  if (raise <= 0n || raise <= free) return LET_IN;
  return { refusal: 'insufficient_margin', valueMicroUsd: raise, limitMicroUsd: maxOf(free, 0n) };
}

function exceeds(value: bigint, cap: bigint | null): boolean {
  return cap !== null && value > cap;
}

function refuse(
  refusal: 'position_cap' | 'open_interest_cap',
  valueMicroUsd: bigint,
  caps: MarketCaps,
): OrderCheck {
  const cap = refusal === 'position_cap' ? caps.positionMicroUsd : caps.openInterestMicroUsd;
  return { refusal, valueMicroUsd, limitMicroUsd: cap ?? 0n };
}
