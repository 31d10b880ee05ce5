import { leastScaledLots, scaledChildren } from '../../engine/parents/scaled-order.js';
import { TWAP_INTERVAL_MS_MIN, TWAP_SLICES_MAX } from '../../engine/parents/twap-schedule.js';
import { formatScaled } from '../codec/decimal-text.js';
import { type Market, qtyText } from '../markets.js';
import { TIMES_IN_FORCE } from '../protocol/names.js';
import { type OrderDraft, UNSET } from './draft.js';
import { type Problem, problem } from './problem.js';

const GTC = TIMES_IN_FORCE.indexOf('gtc');
const GTD = TIMES_IN_FORCE.indexOf('gtd');

/** Rules of scaled orders that need no state of the exchange; the shard checks them again. Fills in the default time in force. */
export function scaledProblem(draft: OrderDraft, market: Market): Problem | null {
  const { side, priceTicks, lastTicks, count, distribution, qtyLots, expiresAtMs } = draft;
  const missing = firstMissing({
    side: side >= 0,
    price: priceTicks !== 0,
    lastPrice: lastTicks !== 0,
    qty: qtyLots !== 0,
    count: count !== 0,
  });
  if (missing !== null) return missing;
  if (draft.timeInForce === UNSET) draft.timeInForce = GTC;
  const tif = draft.timeInForce;
  if (tif !== GTC && tif !== GTD) {
    const message = `timeInForce of a scaled order must be gtc or gtd, but is ${TIMES_IN_FORCE[tif]}`;
    return problem('flags_are_contradictory', message);
  }
  if (tif === GTD && expiresAtMs === 0) {
    return problem('field_is_missing', 'expiresAt must be present when timeInForce is gtd');
  }
  if (tif !== GTD && expiresAtMs !== 0) {
    const message = 'expiresAt must be absent unless timeInForce is gtd';
    return problem('flags_are_contradictory', message);
  }
  const range = Math.abs(lastTicks - priceTicks);
  if (range < count - 1) {
    const message = `price and lastPrice must be at least ${count - 1} ticks apart for ${count} orders, but are ${range}`;
    return problem('scaled_range_ticks_must_reach_limit', message);
  }
  const terms = { firstTicks: priceTicks, lastTicks, count, distribution, totalLots: qtyLots };
  const least = leastScaledLots(terms);
  if (qtyLots < least) {
    const message = `qty must be at least ${qtyText(market, least)} for ${count} orders, but is ${qtyText(market, qtyLots)}`;
    return problem('qty_lots_must_give_each_child_order_a_lot', message);
  }
  if (draft.reduceOnly) return null;
  const p = market.params;
  // Beyond 2^53 the product is rounded, and far above any minimum.
  const notionals = scaledChildren(terms).map((child) => {
    const tickLots = child.priceTicks * child.lots;
    return (tickLots * p.microUsdPerTickLotNumerator) / p.microUsdPerTickLotDenominator;
  });
  const smallest = Math.min(...notionals);
  if (smallest >= p.minNotionalMicroUsd) return null;
  const limit = formatScaled(p.minNotionalMicroUsd, 1, 6);
  const value = formatScaled(Math.floor(smallest), 1, 6);
  const message = `price × qty of each order must be at least ${limit}, but of the smallest it is ${value}`;
  return problem('notional_micro_usd_must_reach_minimum', message);
}

/** The same of TWAPs. `intervalMs`: 0 when the number of slices is given. */
export function twapProblem(draft: OrderDraft, intervalMs: number): Problem | null {
  const { side, qtyLots, durationMs } = draft;
  const missing = firstMissing({ side: side >= 0, qty: qtyLots !== 0, duration: durationMs !== 0 });
  if (missing !== null) return missing;
  if ((draft.slices === 0) === (intervalMs === 0)) {
    const message = 'exactly one of slices and interval must be present';
    return problem('flags_are_contradictory', message);
  }
  if (intervalMs !== 0) {
    if (durationMs % intervalMs !== 0) {
      const message = `duration must be a multiple of interval ${intervalMs}, but is ${durationMs}`;
      return problem('value_is_not_allowed', message);
    }
    draft.slices = durationMs / intervalMs;
    if (draft.slices < 2 || draft.slices > TWAP_SLICES_MAX) {
      const message = `duration ÷ interval must be from 2 to ${TWAP_SLICES_MAX}, but is ${draft.slices}`;
      return problem('twap_slices_must_be_within_2_and_limit', message);
    }
  }
  const least = draft.slices * TWAP_INTERVAL_MS_MIN;
  if (durationMs >= least) return null;
  const message = `duration must be at least ${least} for ${draft.slices} slices, but is ${durationMs}`;
  return problem('twap_duration_ms_must_be_at_least_limit', message);
}

function firstMissing(given: Readonly<Record<string, boolean>>): Problem | null {
  const missing = Object.entries(given).find(([, isGiven]) => !isGiven);
  return missing === undefined
    ? null
    : problem('field_is_missing', `${missing[0]} must be present`);
}
