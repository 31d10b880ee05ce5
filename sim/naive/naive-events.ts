import { assert } from '../../engine/assert.js';
import * as layout from '../../engine/messages/layout.js';
import { REJECT, type RejectCode } from '../../engine/messages/reject-codes.js';
import * as type from '../../engine/messages/types.js';
import { holdingOf, marketWith, type NaiveAccount, type NaiveState } from './naive-home.js';
import {
  naiveFillIsolated,
  naiveInsureIsolated,
  naiveShowMargin,
  naiveTellMoved,
} from './naive-isolated.js';
import {
  divCeil,
  type NaiveHolding,
  type NaiveMarket,
  type NaiveReservation,
  naiveFee,
  naiveFill,
  naiveInitialMargin,
  naiveValueLimit,
  naiveWorstLots,
  naiveWorstValue,
} from './naive-money.js';
import { naiveScaledRejected } from './naive-parents.js';
import { naivePositionBeyondCap, naiveRefusal } from './naive-reserve.js';
import { naiveFire, naiveTriggerRejected } from './naive-triggers.js';
import { View } from './naive-views.js';

const ENDS: readonly number[] = [
  type.EVT_CANCELED,
  type.EVT_TRIGGER_CANCELED,
  type.EVT_TRIGGER_REJECTED,
  type.EVT_SCALED_ACCEPTED,
  type.EVT_PARENT_ENDED,
];

interface Scene {
  state: NaiveState;
  event: View;
  account: NaiveAccount;
  market: NaiveMarket;
  holding: NaiveHolding;
}

/** Events of a market at the home of their account. False: it was a question, and does not leave the shard. */
export function naiveOnEvent(state: NaiveState, event: View, nowMs: number): boolean {
  const account = state.accounts.get(event.account);
  if (event.type === type.EVT_LIQUIDATION && account !== undefined) {
    account.sequence++;
    event.setFloat(layout.EF_ACCOUNT_SEQUENCE, account.sequence);
    event.setFloat(layout.EF_COLLATERAL, Number(account.collateral));
    return true;
  }
  const market = marketWith(state, event.marketId);
  if (account === undefined || market === null) return true;
  const scene = { state, event, account, market, holding: holdingOf(market, account.id) };
  switch (event.type) {
    case type.EVT_ACCEPTED:
      accepted(scene);
      break;
    case type.EVT_FILL:
      filled(scene);
      break;
    case type.EVT_CANCELED:
      canceled(scene);
      break;
    case type.EVT_AMENDED:
      amended(scene);
      break;
    case type.EVT_FUNDING:
      fundingPaid(scene);
      break;
    case type.EVT_INSURANCE:
      insurancePaid(scene);
      break;
    case type.EVT_TRANSFER:
      transferred(scene);
      break;
    case type.EVT_REJECTED:
      rejected(scene);
      return true;
    case type.EVT_RESERVE_AMEND:
      return reserveAmend(scene);
    case type.EVT_TRIGGER_ACCEPTED:
    case type.EVT_TWAP_ACCEPTED:
    case type.EVT_SCALED_ACCEPTED:
      nameWaiting(scene);
      break;
    case type.EVT_SLICE:
      naiveFire(state, event, account, market);
      return true;
    case type.EVT_PARENT_ENDED:
    case type.EVT_TRIGGER_AMENDED:
    case type.EVT_BRACKET:
      break;
    case type.EVT_TRIGGERED:
      complete(scene, nowMs);
      naiveFire(state, event, account, market);
      return true;
    case type.EVT_TRIGGER_REJECTED:
      naiveTriggerRejected(state, event, market);
      break;
    case type.EVT_TRIGGER_CANCELED:
      break;
    case type.EVT_MARGIN_MODE:
    case type.EVT_POSITION_MARGIN:
      naiveShowMargin(event, scene.holding);
      break;
    default:
      return true;
  }
  complete(scene, nowMs);
  return true;
}

function accepted({ state, event, holding }: Scene): void {
  const order = takePending(state, holding);
  order.orderId = event.float(layout.EF_ORDER_ID);
  order.lots = BigInt(event.float(layout.EF_LOTS));
  order.lossTicks = BigInt(event.word(layout.EW_LOSS_TICKS));
  nameWaiting({ state, event });
}

/** The client id stands for this order from now on. */
function nameWaiting({ state, event }: Pick<Scene, 'state' | 'event'>): void {
  const ref = event.word(layout.EW_CLIENT_REF);
  if (ref === -1) return;
  const id = state.clientIds.at(ref);
  id.orderId = event.float(layout.EF_ORDER_ID);
  id.state = 1;
}

function filled(scene: Scene): void {
  const { state, event, account, market, holding } = scene;
  const order = orderOf(scene);
  const lots = BigInt(event.float(layout.EF_LOTS));
  const price = BigInt(event.word(layout.EW_PRICE));
  order.lots -= lots;
  assert(order.lots === BigInt(event.float(layout.EF_REMAINING)), 'remaining lots must agree');
  if (order.lots === 0n) remove(holding, order);
  const realized = naiveFill(market, holding, order.isBuy ? lots : -lots, price);
  const flags = event.word(layout.EW_FLAGS);
  const { makerPpm, takerPpm } = state.fees;
  const rates = (flags & type.FLAG_MAKER) !== 0 ? makerPpm : takerPpm;
  const fee = naiveFee(market, price * lots, BigInt(rates[type.tierOf(flags)] as number));
  expect(event, layout.EF_FEE, fee, 'fee');
  expect(event, layout.EF_REALIZED, realized, 'realised profit');
  expect(event, layout.EF_POSITION, holding.position, 'position');
  expect(event, layout.EF_ENTRY_VALUE, holding.entryValue, 'entry value');
  if (holding.purse === null) {
    account.collateral += realized - fee;
    return;
  }
  const signedLots = order.isBuy ? lots : -lots;
  const fill = { realized, fee, signedLots, lossTicks: order.lossTicks };
  naiveFillIsolated(state, account, market, holding, fill);
}

/** Position × index × rate × interval ÷ 8 hours, rounded up. */
function fundingPaid(scene: Scene): void {
  const { event, market, holding } = scene;
  const { microUsdPerTickLotNumerator, microUsdPerTickLotDenominator } = market.params;
  const value = holding.position * BigInt(event.word(layout.EW_PRICE));
  const rate = BigInt(event.float(layout.EF_RATE_PPB)) * BigInt(event.float(layout.EF_INTERVAL));
  const payment = divCeil(
    value * rate * BigInt(microUsdPerTickLotNumerator),
    BigInt(microUsdPerTickLotDenominator) * 1_000_000_000n * 28_800_000n,
  );
  expect(event, layout.EF_PAYMENT, payment, 'payment of funding');
  expect(event, layout.EF_POSITION, holding.position, 'position');
  pay(scene, payment);
}

function insurancePaid({ state, event, account, market, holding }: Scene): void {
  const payment = BigInt(event.float(layout.EF_PAYMENT));
  if (holding.purse === null) account.collateral -= payment;
  else naiveInsureIsolated(state, account, market, holding, payment);
}

function pay({ state, account, market, holding }: Scene, payment: bigint): void {
  const { purse } = holding;
  if (purse === null) account.collateral -= payment;
  else {
    purse.collateral -= payment;
    naiveTellMoved(state, account, market, purse);
  }
}

/** As a fill, without a fee; who took the position over had reserved for it. */
function transferred({ state, event, account, market, holding }: Scene): void {
  let lossTicks = 0n;
  if (event.float(layout.EF_REMAINING) !== 0) {
    const asked = takePending(state, holding);
    lossTicks = asked.lossTicks;
    remove(holding, asked);
  }
  const lots = BigInt(event.float(layout.EF_LOTS));
  const isBuy = type.sideOf(event.word(layout.EW_FLAGS)) === type.SIDE_BUY;
  const price = BigInt(event.word(layout.EW_PRICE));
  const realized = naiveFill(market, holding, isBuy ? lots : -lots, price);
  expect(event, layout.EF_REALIZED, realized, 'realised profit');
  expect(event, layout.EF_POSITION, holding.position, 'position');
  expect(event, layout.EF_ENTRY_VALUE, holding.entryValue, 'entry value');
  if (holding.purse === null) account.collateral += realized;
  else {
    const signedLots = isBuy ? lots : -lots;
    naiveFillIsolated(state, account, market, holding, {
      realized,
      fee: 0n,
      signedLots,
      lossTicks,
    });
  }
}

function canceled(scene: Scene): void {
  const order = orderOf(scene);
  const lots = BigInt(scene.event.float(layout.EF_REMAINING));
  assert(order.lots === lots, 'a canceled order must lose all of its lots');
  remove(scene.holding, order);
}

function amended(scene: Scene): void {
  const { event } = scene;
  const order = orderOf(scene);
  const before = BigInt(event.float(layout.EF_OLD_REMAINING));
  assert(order.lots === before, 'an amended order must have had the lots that it says');
  order.lots = BigInt(event.float(layout.EF_REMAINING));
  order.lossTicks = BigInt(event.word(layout.EW_LOSS_TICKS));
}

/** Only place and replace have something reserved; an amend's order is still what it was. A trigger order may have an id. */
function rejected({ state, event, market, holding }: Scene): void {
  const isPlace = event.float(layout.EF_LOTS) !== 0;
  const ref = event.word(layout.EW_CLIENT_REF);
  if ((event.word(layout.EW_FLAGS) & type.FLAG_GRANTED) !== 0) return;
  if (isPlace) remove(holding, takePending(state, holding));
  naiveScaledRejected(state, event, market);
  if (ref !== -1) state.clientIds.drop(ref);
}

/** Would the account bear the order as amended? Nothing is booked before the market has done it. */
function reserveAmend(scene: Scene): boolean {
  const { state, event, account, market, holding } = scene;
  const order = orderOf(scene);
  const taker = BigInt(state.fees.takerPpm[account.tier] as number);
  const { lots, lossTicks } = order;
  const more = BigInt(event.float(layout.EF_REMAINING)) - lots;
  const worstValue = naiveWorstValue(market, holding, more, event.word(layout.EW_PRICE));
  const limit = naiveValueLimit(market);
  if (worstValue > limit) {
    becomeRejection(event, REJECT.worst_value_tick_lots_must_not_exceed_limit, worstValue, limit);
    return true;
  }
  const before = naiveInitialMargin(market, holding, taker);
  const worstBefore = naiveWorstLots(holding);
  order.lots = BigInt(event.float(layout.EF_REMAINING));
  order.lossTicks = BigInt(event.word(layout.EW_LOSS_TICKS));
  const after = naiveInitialMargin(market, holding, taker);
  const refusal = naiveRefusal(state, account, market, after - before, worstBefore);
  const beyond = naivePositionBeyondCap(market, holding, worstBefore);
  order.lots = lots;
  order.lossTicks = lossTicks;
  const no = beyond ?? refusal;
  if (no !== null) {
    becomeRejection(event, no.code, no.value, no.limit);
    return true;
  }
  grant(state, event);
  return false;
}

function grant(state: NaiveState, event: View): void {
  const out = new View(state.inbox, state.inbox.push(1));
  const side = type.sideOf(event.word(layout.EW_FLAGS));
  const loss = event.word(layout.EW_LOSS_TICKS);
  out.setWord(layout.W_HEAD, layout.headOf(type.MSG_AMEND_GRANTED, 1, event.marketId));
  out.setWord(layout.W_ACCOUNT, event.account);
  out.setWord(layout.W_FLAGS, side);
  out.setWord(layout.W_PRICE, event.word(layout.EW_PRICE));
  out.setFloat(layout.F_QTY, event.float(layout.EF_LOTS));
  out.setFloat(layout.F_GRANT_OLD_REMAINING, event.float(layout.EF_OLD_REMAINING));
  out.setFloat(layout.F_ORDER_ID, event.float(layout.EF_ORDER_ID));
  out.setWord(layout.W_SESSION, event.word(layout.EW_SESSION));
  out.setWord(layout.W_REQUEST, event.word(layout.EW_REQUEST));
  out.setWord(layout.W_GRANT_OLD_LOSS_TICKS, event.word(layout.EW_OLD_LOSS_TICKS));
  out.setWord(layout.W_MARK_DISTANCE, side === type.SIDE_BUY ? loss : -loss);
  out.setFloat(layout.F_GRANT_REMAINING, event.float(layout.EF_REMAINING));
}

function becomeRejection(event: View, code: RejectCode, value: bigint, limit: bigint): void {
  const keeps = [layout.W_ACCOUNT, layout.EW_FLAGS, layout.EW_SESSION, layout.EW_REQUEST];
  const kept = keeps.map((at) => event.word(at));
  const orderId = event.float(layout.EF_ORDER_ID);
  const { slots, marketId } = event;
  for (let i = 0; i < slots * layout.SLOT_WORDS; i++) event.setWord(i, 0);
  event.setWord(layout.W_HEAD, layout.headOf(type.EVT_REJECTED, slots, marketId));
  keeps.forEach((at, i) => {
    event.setWord(at, kept[i] as number);
  });
  event.setFloat(layout.EF_ORDER_ID, orderId);
  event.setFloat(layout.EF_VALUE, Number(value));
  event.setFloat(layout.EF_LIMIT, Number(limit));
  event.setWord(layout.EW_CODE, code);
  event.setWord(layout.EW_CLIENT_REF, -1);
}

/** The next number of the private feed, and what only the account's home knows. */
function complete({ state, event, account }: Scene, nowMs: number): void {
  account.sequence++;
  event.setFloat(layout.EF_ACCOUNT_SEQUENCE, account.sequence);
  event.setFloat(layout.EF_COLLATERAL, Number(account.collateral));
  const ref = event.word(layout.EW_CLIENT_REF);
  if (ref === -1) return;
  const { key } = state.clientIds.at(ref);
  if (typeof key === 'number') event.setFloat(layout.EF_CLIENT_ID, key);
  else event.setText(layout.EW_CLIENT_TEXT_LENGTH, layout.EW_CLIENT_TEXT, key);
  const isFilled = event.type === type.EVT_FILL && event.float(layout.EF_REMAINING) === 0;
  if (isFilled || ENDS.includes(event.type)) state.clientIds.close(ref, nowMs);
}

function orderOf({ event, holding }: Scene): NaiveReservation {
  const id = event.float(layout.EF_ORDER_ID);
  const order = holding.orders.find((candidate) => candidate.orderId === id);
  assert(order !== undefined, `order ${id} must be known to the home of its account`);
  return order;
}

function takePending(state: NaiveState, holding: NaiveHolding): NaiveReservation {
  const order = holding.orders.find((candidate) => candidate.orderId === 0);
  assert(order !== undefined && state.pending > 0, 'an order must be on its way');
  state.pending--;
  return order;
}

function remove(holding: NaiveHolding, order: NaiveReservation): void {
  holding.orders.splice(holding.orders.indexOf(order), 1);
}

function expect(event: View, at: number, value: bigint, what: string): void {
  const told = event.float(at);
  assert(told === Number(value), `the ${what} of a fill must be ${value}, but is ${told}`);
}
