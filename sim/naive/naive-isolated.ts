import * as layout from '../../engine/messages/layout.js';
import * as type from '../../engine/messages/types.js';
import { MICRO_USD_MAX } from '../../engine/units/units.js';
import { holdingOf, type NaiveAccount, type NaiveState, naiveReject } from './naive-home.js';
import { isNaiveLiquidating } from './naive-liquidations.js';
import {
  absOf,
  divCeil,
  isFlat,
  maxOf,
  minOf,
  type NaiveHolding,
  type NaiveMarket,
  naiveInitialMargin,
  naiveMaintenance,
  naiveNotional,
  naiveOrderCosts,
  naiveUnrealized,
} from './naive-money.js';
import { naiveFree, naiveWithdrawable } from './naive-operator.js';
import { pushEvent, type View } from './naive-views.js';

/** What is isolated stands on money of its own. */
export interface NaivePurse {
  collateral: bigint;
  /** An event that will tell of it waits behind those that are looked at now. */
  isTold: boolean;
}

/** Initial margin as if this were all that the account had there. */
function marginAlone(market: NaiveMarket, holding: NaiveHolding, position: bigint): bigint {
  return naiveInitialMargin(market, { ...holding, position, orders: [] }, 0n);
}

/** What the open orders of an isolated market ask the account for. */
export function naiveNeed(
  state: NaiveState,
  account: NaiveAccount,
  market: NaiveMarket,
  holding: NaiveHolding,
): bigint {
  if (isNaiveLiquidating(state, account.id, market.marketId)) return 0n;
  const taker = BigInt(state.fees.takerPpm[account.tier] as number);
  const alone = marginAlone(market, holding, holding.position);
  return naiveInitialMargin(market, holding, taker) - alone;
}

/** The position's equity must not be less when an order raises the worst case to so many lots. */
export function naiveLeastBehind(
  market: NaiveMarket,
  holding: NaiveHolding,
  worst: bigint,
): bigint {
  const { leverage, position } = holding;
  if (position === 0n) return 0n;
  const needed = naiveMaintenance(market, holding);
  if (leverage === 0n) return needed + 4n;
  const byTiers = marginAlone(market, { ...holding, leverage: 0n }, position);
  const gapAt = (lots: bigint) => {
    const there = { ...holding, position: lots };
    return byLeverage(market, leverage, lots) - naiveMaintenance(market, there);
  };
  const gap = maxOf(byTiers - needed, minOf(gapAt(absOf(position)), gapAt(worst)));
  return maxOf(byTiers, byLeverage(market, leverage, absOf(position))) - gap + 4n;
}

function byLeverage({ mark, params }: NaiveMarket, leverage: bigint, lots: bigint): bigint {
  const value = lots * mark * BigInt(params.microUsdPerTickLotNumerator);
  return divCeil(value, BigInt(params.microUsdPerTickLotDenominator) * leverage);
}

/** Equity of the isolated position less what its market's open orders cost. */
export function naiveBehindPosition(
  state: NaiveState,
  account: NaiveAccount,
  market: NaiveMarket,
  holding: NaiveHolding,
): bigint {
  const taker = BigInt(state.fees.takerPpm[account.tier] as number);
  const { collateral } = holding.purse as NaivePurse;
  return collateral + naiveUnrealized(market, holding) - naiveOrderCosts(market, holding, taker);
}

/** A fill's money is the position's, and what the order had reserved for the position follows as far as it is needed. */
export function naiveFillIsolated(
  state: NaiveState,
  account: NaiveAccount,
  market: NaiveMarket,
  holding: NaiveHolding,
  fill: { realized: bigint; fee: bigint; signedLots: bigint; lossTicks: bigint },
): void {
  const purse = holding.purse as NaivePurse;
  const movable = maxOf(naiveFree(state, account), naiveWithdrawable(state, account));
  purse.collateral += fill.realized - fill.fee;
  const margin = marginAlone(market, holding, holding.position);
  const grown = margin - marginAlone(market, holding, holding.position - fill.signedLots);
  const loss = absOf(fill.signedLots) * fill.lossTicks;
  const { microUsdPerTickLotNumerator, microUsdPerTickLotDenominator } = market.params;
  const costs =
    divCeil(loss * BigInt(microUsdPerTickLotNumerator), BigInt(microUsdPerTickLotDenominator)) +
    maxOf(fill.fee, 0n);
  const reserved = maxOf(grown, 0n) + costs;
  const missing = margin - purse.collateral - minOf(naiveUnrealized(market, holding), 0n);
  const most = maxOf(movable, minOf(costs, account.collateral));
  const drawn = minOf(missing, minOf(reserved, most));
  if (drawn > 0n && !isNaiveLiquidating(state, account.id, market.marketId)) {
    account.collateral -= drawn;
    purse.collateral += drawn;
  }
  giveBack(state, account, market, holding, purse);
  naiveTellMoved(state, account, market, purse);
}

/** What the position and the market's insurance fund pay each other. */
export function naiveInsureIsolated(
  state: NaiveState,
  account: NaiveAccount,
  market: NaiveMarket,
  holding: NaiveHolding,
  payment: bigint,
): void {
  const purse = holding.purse as NaivePurse;
  purse.collateral -= payment;
  const isOver = !isNaiveLiquidating(state, account.id, market.marketId);
  if (isOver && holding.position === 0n) {
    // The account has what the ladder left.
    const paid = maxOf(0n, minOf(payment, -purse.collateral));
    account.collateral -= paid;
    purse.collateral += paid;
  }
  giveBack(state, account, market, holding, purse);
  naiveTellMoved(state, account, market, purse);
}

/** The position is not liquidated any more. True: something has gone back to the account. */
export function naiveFreePosition(
  state: NaiveState,
  account: NaiveAccount,
  market: NaiveMarket,
): boolean {
  const holding = holdingOf(market, account.id);
  const purse = holding.purse as NaivePurse;
  const kept = purse.collateral;
  giveBack(state, account, market, holding, purse);
  return purse.collateral !== kept;
}

/** To the account, when nothing can happen to the position any more. */
function giveBack(
  state: NaiveState,
  account: NaiveAccount,
  market: NaiveMarket,
  holding: NaiveHolding,
  purse: NaivePurse,
): void {
  if (holding.position !== 0n || purse.collateral < 0n) return;
  if (isNaiveLiquidating(state, account.id, market.marketId)) return;
  account.collateral += purse.collateral;
  purse.collateral = 0n;
}

/** One event for all that a message moves. */
export function naiveTellMoved(
  state: NaiveState,
  account: NaiveAccount,
  market: NaiveMarket,
  purse: NaivePurse,
): void {
  if (purse.isTold) return;
  purse.isTold = true;
  const event = pushEvent(
    state.events,
    type.EVT_POSITION_MARGIN,
    layout.EVENT_SLOTS,
    market.marketId,
  );
  event.setWord(layout.W_ACCOUNT, account.id);
  event.setWord(layout.EW_CLIENT_REF, -1);
}

/** An event whose turn has come shows how things are now. */
export function naiveShowMargin(event: View, { purse }: NaiveHolding): void {
  event.setWord(layout.EW_FLAGS, purse === null ? type.MARGIN_CROSS : type.MARGIN_ISOLATED);
  if (purse === null) return;
  event.setFloat(layout.EF_VALUE, Number(purse.collateral));
  purse.isTold = false;
}

export function naiveSetMode(
  state: NaiveState,
  message: View,
  account: NaiveAccount,
  market: NaiveMarket,
): void {
  const holding = holdingOf(market, account.id);
  const mode = message.word(layout.W_PRICE);
  if (mode !== type.MARGIN_CROSS && mode !== type.MARGIN_ISOLATED) {
    naiveReject(state, message, 'margin_mode_is_unknown', mode, type.MARGIN_ISOLATED);
    return;
  }
  if (!isFlat(holding)) {
    const name = 'margin_mode_may_change_only_without_position_and_orders';
    naiveReject(state, message, name, holding.position, 0);
    return;
  }
  const owed = holding.purse?.collateral ?? 0n;
  if (mode === type.MARGIN_CROSS && owed < 0n) {
    naiveReject(state, message, 'position_collateral_must_not_be_negative', owed, 0);
    return;
  }
  if (mode === type.MARGIN_ISOLATED && account.collateral < 0n) {
    naiveReject(state, message, 'insufficient_margin', 0, account.collateral);
    return;
  }
  if (mode === type.MARGIN_CROSS) {
    account.collateral += owed;
    holding.purse = null;
  } else holding.purse ??= { collateral: 0n, isTold: false };
  answer(state, message, type.EVT_MARGIN_MODE);
}

export function naiveMoveMargin(
  state: NaiveState,
  message: View,
  account: NaiveAccount,
  market: NaiveMarket,
): void {
  const holding = holdingOf(market, account.id);
  const amount = message.float(layout.F_QTY);
  const { purse } = holding;
  if (!Number.isInteger(amount) || amount === 0 || Math.abs(amount) > MICRO_USD_MAX) {
    const name = 'amount_micro_usd_must_be_within_1_and_limit';
    naiveReject(state, message, name, amount, MICRO_USD_MAX);
    return;
  }
  if (purse === null) {
    naiveReject(state, message, 'position_margin_is_not_isolated', market.marketId, 0);
    return;
  }
  if (amount > 0 && holding.position === 0n && purse.collateral >= 0n) {
    naiveReject(state, message, 'position_must_be_open', 0, 0);
    return;
  }
  const most = amount > 0 ? naiveWithdrawable(state, account) : removable(market, holding, purse);
  if (BigInt(Math.abs(amount)) > most) {
    naiveReject(state, message, 'insufficient_free_collateral', Math.abs(amount), most);
    return;
  }
  account.collateral -= BigInt(amount);
  purse.collateral += BigInt(amount);
  giveBack(state, account, market, holding, purse);
  answer(state, message, type.EVT_POSITION_MARGIN).setFloat(layout.EF_LOTS, amount);
}

function removable(market: NaiveMarket, holding: NaiveHolding, { collateral }: NaivePurse): bigint {
  const tenth = divCeil(naiveNotional(market, holding), 10n);
  const stays = maxOf(marginAlone(market, holding, holding.position), tenth);
  return collateral + minOf(naiveUnrealized(market, holding), 0n) - stays;
}

function answer(state: NaiveState, message: View, kind: number): View {
  const event = pushEvent(state.events, kind, layout.EVENT_SLOTS, message.marketId);
  event.setWord(layout.W_ACCOUNT, message.account);
  event.setWord(layout.EW_SESSION, message.word(layout.W_SESSION));
  event.setWord(layout.EW_REQUEST, message.word(layout.W_REQUEST));
  event.setWord(layout.EW_CLIENT_REF, -1);
  return event;
}
