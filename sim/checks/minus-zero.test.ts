import { expect, it } from 'vitest';
import { MARGIN_SLOTS } from '../../engine/market/margin-terms.js';
import { MARKET_STATE } from '../../engine/market/market-state.js';
import { PRICING_OFF } from '../../engine/market/pricing-params.js';
import { F_CLIENT_ID, F_ORDER_ID, F_QTY, SLOT_FLOATS } from '../../engine/messages/layout.js';
import * as type from '../../engine/messages/types.js';
import { readEvents } from '../../engine/testing/events.js';
import { Xorshift } from '../../engine/testing/xorshift.js';
import { asMicroUsd } from '../../engine/units/units.js';
import { createShardCore } from '../../main/compose.js';
import { applyWire } from '../spread/apply-wire.js';
import { planMarket } from '../traffic/market-menu.js';
import { paramsCommand, pricingCommand } from '../traffic/operator-traffic.js';
import { type Wire, withSlots } from '../traffic/wire.js';
import { refuseMinusZero } from './minus-zero.js';

const NOW_MS = 1_767_225_600_000;

/** All zeros of these floats become −0. */
function spoilt(wire: Wire, firstFloat: number, count = 1): Wire {
  const floats = new Float64Array(wire.buffer);
  for (let i = firstFloat; i < firstFloat + count; i++) if (floats[i] === 0) floats[i] = -0;
  return wire;
}

it('no command of an operator brings a −0 into the state', () => {
  const core = createShardCore();
  const random = new Xorshift(1);
  const plan = planMarket(0, random);
  const params = { ...plan.params, symbol: 'X-PERP', minNotionalMicroUsd: asMicroUsd(0) };
  const price = { marketId: 1, price: plan.firstPriceTicks };
  const wires = [
    // Behind symbol, tick and lot.
    spoilt(paramsCommand(type.CMD_LIST_MARKET, 1, { ...plan, params }), SLOT_FLOATS + 4, 9),
    withSlots(type.CMD_SET_MARKET_STATE, 1, { marketId: 1, flags: MARKET_STATE.open }),
    spoilt(withSlots(type.CMD_CREATE_ACCOUNT, 2, {}), F_ORDER_ID),
    spoilt(withSlots(type.CMD_SET_FEE_RATES, 1, { price: 300 }), F_QTY),
    spoilt(spoilt(withSlots(type.CMD_ORACLE_PRICE, 1, price), F_QTY), F_CLIENT_ID),
    spoilt(pricingCommand(1, PRICING_OFF), SLOT_FLOATS, 2 * SLOT_FLOATS),
    // The caps; no tiers.
    spoilt(withSlots(type.CMD_SET_MARGIN_TIERS, MARGIN_SLOTS, { marketId: 1 }), SLOT_FLOATS, 2),
  ];
  for (const wire of wires) {
    applyWire(core, wire, NOW_MS);
    expect(readEvents(core.events).filter(({ type: kind }) => kind === type.EVT_REJECTED)).toEqual(
      [],
    );
    refuseMinusZero(core);
  }
  expect(core.market(1)?.pricing.index.ticks).toBe(plan.firstPriceTicks);
});
