import { formatScaled } from '../codec/decimal-text.js';
import { type Market, priceText, qtyText } from '../markets.js';
import { TIMES_IN_FORCE } from '../protocol/names.js';
import { TYPE_MARKET } from '../protocol/order-types.js';
import { type OrderDraft, UNSET } from './draft.js';
import { type Problem, problem } from './problem.js';

const GTC = TIMES_IN_FORCE.indexOf('gtc');
const IOC = TIMES_IN_FORCE.indexOf('ioc');
const FOK = TIMES_IN_FORCE.indexOf('fok');
const GTD = TIMES_IN_FORCE.indexOf('gtd');

/**
 * Rules that need no state of the exchange, so that an order that breaks them costs the shard nothing. The shard
 * checks them again: it trusts no gateway. Fills in the default time in force.
 */
export function checkNewOrder(draft: OrderDraft, market: Market): Problem | null {
  const isMarketOrder = draft.type === TYPE_MARKET;
  if (draft.timeInForce === UNSET) draft.timeInForce = isMarketOrder ? IOC : GTC;
  const tif = draft.timeInForce;
  const immediate = tif === IOC || tif === FOK;
  if (isMarketOrder) {
    if (!immediate) {
      return contradiction(
        `timeInForce of a market order must be ioc or fok, but is ${TIMES_IN_FORCE[tif]}`,
      );
    }
  } else if (draft.priceTicks === 0) {
    return problem('field_is_missing', 'price must be present in a limit order');
  }
  if (draft.postOnly !== 0 && (immediate || isMarketOrder)) {
    return contradiction('postOnly must be none in an order that may not rest');
  }
  if (tif === GTD && draft.expiresAtMs === 0) {
    return problem('field_is_missing', 'expiresAt must be present when timeInForce is gtd');
  }
  if (tif !== GTD && draft.expiresAtMs !== 0) {
    return contradiction('expiresAt must be absent unless timeInForce is gtd');
  }
  if (draft.closesPosition) {
    if (draft.qtyLots === 0) return checkSizes(draft, market);
    return contradiction('qty must be absent when closePosition is true');
  }
  if (draft.qtyLots === 0) {
    return problem('field_is_missing', 'qty must be present in a new order');
  }
  return checkSizes(draft, market) ?? checkNotional(draft, market);
}

/** Price and quantity against the market's limits; zero means that the field is not given. */
export function checkSizes(draft: OrderDraft, market: Market): Problem | null {
  const p = market.params;
  if (draft.priceTicks > p.priceTicksMax) {
    return problem(
      'price_ticks_must_be_within_1_and_limit',
      `price must be from ${priceText(market, 1)} to ${priceText(market, p.priceTicksMax)}, but is ${priceText(market, draft.priceTicks)}`,
    );
  }
  if (draft.qtyLots > p.qtyLotsMax) {
    return problem(
      'qty_lots_must_be_within_1_and_limit',
      `qty must be from ${qtyText(market, 1)} to ${qtyText(market, p.qtyLotsMax)}, but is ${qtyText(market, draft.qtyLots)}`,
    );
  }
  return null;
}

/** A market order's notional depends on the mark price, and closing must be possible at any size. */
function checkNotional(draft: OrderDraft, market: Market): Problem | null {
  const p = market.params;
  if (draft.type === TYPE_MARKET || draft.reduceOnly) return null;
  // Beyond 2^53 the product is rounded, and far above any minimum.
  const tickLots = draft.priceTicks * draft.qtyLots;
  const notional = (tickLots * p.microUsdPerTickLotNumerator) / p.microUsdPerTickLotDenominator;
  if (notional < p.minNotionalMicroUsd) {
    return problem(
      'notional_micro_usd_must_reach_minimum',
      `price × qty must be at least ${formatScaled(p.minNotionalMicroUsd, 1, 6)}, but is ${formatScaled(Math.floor(notional), 1, 6)}`,
    );
  }
  return null;
}

function contradiction(message: string): Problem {
  return problem('flags_are_contradictory', message);
}
