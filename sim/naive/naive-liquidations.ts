import { bandPriceTicks } from '../../engine/market/order-rules.js';
import * as layout from '../../engine/messages/layout.js';
import * as type from '../../engine/messages/types.js';
import type { CanonicalWriter } from '../../engine/state/canonical-writer.js';
import { asPriceTicks } from '../../engine/units/units.js';
import { holdingOf, type NaiveAccount, type NaiveState } from './naive-home.js';
import {
  absOf,
  divCeil,
  divFloor,
  maxOf,
  minOf,
  type NaiveHolding,
  type NaiveMarket,
  naiveMaintenance,
  naiveUnrealized,
} from './naive-money.js';
import { pushEvent, View } from './naive-views.js';

export interface NaiveLiquidation {
  nextMs: number;
  pauseMs: number;
  sizeBefore: bigint;
}

const PPM = 1_000_000n;
const PAUSE_MS = 1_000;
const PAUSE_MS_MAX = 60_000;
const WHOLE_BELOW_MICRO_USD = 1_000_000_000n;

/** CMD_CANDIDATES: accounts that somebody says are below their margin. */
export function naiveCandidates(state: NaiveState, message: View, nowMs: number): void {
  const count = message.float(layout.F_QTY);
  const before = state.liquidations.size;
  for (let i = 0; i < count; i++) naiveOnPaid(state, message.word(layout.SLOT_WORDS + i), nowMs);
  const event = pushEvent(state.events, type.EVT_DONE, layout.EVENT_SLOTS, 0);
  event.setWord(layout.EW_SESSION, message.word(layout.W_SESSION));
  event.setWord(layout.EW_REQUEST, message.word(layout.W_REQUEST));
  event.setFloat(layout.EF_LOTS, state.liquidations.size - before);
}

/** Begins the account's liquidation if it has come below its margin. */
export function naiveOnPaid(state: NaiveState, id: number, nowMs: number): void {
  const account = state.accounts.get(id);
  if (account === undefined || state.liquidations.has(id)) return;
  const doubtful = state.markets.some((market) => {
    const { position, orders } = holdingOf(market, id);
    return market.guards !== 0 && (position !== 0n || orders.length > 0);
  });
  const holds = state.markets.some((market) => holdingOf(market, id).position !== 0n);
  if (doubtful || !holds || equityOf(state, account) >= maintenanceOf(state, account)) return;
  state.liquidations.set(id, { nextMs: nowMs, pauseMs: PAUSE_MS, sizeBefore: 0n });
  tell(state, account, type.LIQUIDATION_BEGUN);
  for (const { marketId } of state.markets) cancelAll(state, marketId, id);
}

/** One step of the one that is due longest. */
export function naiveLiquidationStep(state: NaiveState, nowMs: number): void {
  const due = [...state.liquidations].filter(([, { nextMs }]) => nextMs <= nowMs);
  due.sort(([a, one], [b, other]) => one.nextMs - other.nextMs || a - b);
  const [first] = due;
  if (first === undefined) return;
  const [id, liquidation] = first;
  const account = state.accounts.get(id) as NaiveAccount;
  const held = state.markets.map((market) => ({ market, holding: holdingOf(market, id) }));
  const size = held.reduce((sum, { holding }) => sum + absOf(holding.position), 0n);
  if (size === 0n || equityOf(state, account) >= maintenanceOf(state, account)) {
    state.liquidations.delete(id);
    tell(state, account, type.LIQUIDATION_ENDED);
    return;
  }
  const doubled = Math.min(liquidation.pauseMs * 2, PAUSE_MS_MAX);
  liquidation.pauseMs = liquidation.sizeBefore === size ? doubled : PAUSE_MS;
  liquidation.nextMs = nowMs + liquidation.pauseMs;
  liquidation.sizeBefore = size;
  const open = held.filter(({ holding }) => holding.orders.length > 0);
  for (const { market } of open) cancelAll(state, market.marketId, id);
  if (open.length > 0) return;
  const trusted = held.filter(({ market }) => market.guards === 0);
  const margins = trusted.map(({ market, holding }) => naiveMaintenance(market, holding));
  const most = maxOf(0n, ...margins);
  const heaviest = trusted[margins.indexOf(most)];
  if (most > 0n && heaviest !== undefined) {
    slice(state, account, heaviest.market, heaviest.holding);
  }
}

export function writeLiquidations(state: NaiveState, writer: CanonicalWriter): void {
  writer.put(state.liquidations.size);
  for (const [id, entry] of [...state.liquidations].sort(([a], [b]) => a - b)) {
    for (const value of [id, entry.nextMs, entry.pauseMs, Number(entry.sizeBefore)]) {
      writer.put(value);
    }
  }
}

/** A quarter of the position, or all of it when it is small, no worse than where the account would have nothing left. */
function slice(
  state: NaiveState,
  account: NaiveAccount,
  market: NaiveMarket,
  holding: NaiveHolding,
): void {
  const { params } = market;
  const mark = Number(market.mark);
  const size = absOf(holding.position);
  const unit = BigInt(params.microUsdPerTickLotNumerator);
  const denominator = BigInt(params.microUsdPerTickLotDenominator);
  const isSmall = size * market.mark * unit < WHOLE_BELOW_MICRO_USD * denominator;
  const lots = minOf(isSmall ? size : divCeil(size, 4n), BigInt(params.qtyLotsMax));
  const sells = holding.position > 0n;
  const side = sells ? type.SIDE_SELL : type.SIDE_BUY;
  const band = bandPriceTicks(params, side, asPriceTicks(mark));
  const price = Number(
    sells
      ? minOf(
          maxOf(bankruptcy(state, account, market, holding), BigInt(band)),
          BigInt(params.priceTicksMax),
        )
      : maxOf(minOf(bankruptcy(state, account, market, holding), BigInt(band)), 1n),
  );
  const lossTicks = BigInt(Math.max(0, sells ? mark - price : price - mark));
  holding.orders.push({ orderId: 0, isBuy: !sells, lots, lossTicks });
  state.pending++;
  const flags =
    side |
    (type.TIF_IOC << type.TIF_SHIFT) |
    type.FLAG_REDUCE_ONLY |
    (account.tier << type.TIER_SHIFT);
  const out = message(state, type.MSG_PLACE, market.marketId, account.id, flags);
  out.setWord(layout.W_PRICE, price);
  out.setWord(layout.W_MARK_DISTANCE, price - mark);
  out.setFloat(layout.F_QTY, Number(lots));
}

/** Where closing all of it, fee included, leaves an equity of zero. */
function bankruptcy(
  state: NaiveState,
  account: NaiveAccount,
  market: NaiveMarket,
  holding: NaiveHolding,
): bigint {
  const { params, mark } = market;
  const unit = BigInt(params.microUsdPerTickLotNumerator);
  const equity = equityOf(state, account) * BigInt(params.microUsdPerTickLotDenominator);
  const taker = BigInt(state.fees.takerPpm[account.tier] as number);
  const value = holding.position * mark * unit - equity;
  // Signed: for a short both sides of the fraction are negative.
  const share = holding.position > 0n ? PPM - taker : -(PPM + taker);
  const lots = holding.position > 0n ? holding.position : -holding.position;
  return holding.position > 0n
    ? divCeil(value * PPM, lots * unit * share)
    : divFloor(-value * PPM, lots * unit * -share);
}

function cancelAll(state: NaiveState, marketId: number, account: number): void {
  const flags = type.FLAG_MASS_BIDS | type.FLAG_MASS_ASKS | type.FLAG_MASS_LIQUIDATION;
  message(state, type.MSG_MASS_CANCEL, marketId, account, flags);
}

function equityOf(state: NaiveState, account: NaiveAccount): bigint {
  return state.markets.reduce((sum, market) => {
    return sum + naiveUnrealized(market, holdingOf(market, account.id));
  }, account.collateral);
}

function maintenanceOf(state: NaiveState, account: NaiveAccount): bigint {
  return state.markets.reduce((sum, market) => {
    return sum + naiveMaintenance(market, holdingOf(market, account.id));
  }, 0n);
}

function message(
  state: NaiveState,
  kind: number,
  marketId: number,
  account: number,
  flags: number,
): View {
  const out = new View(state.inbox, state.inbox.push(1));
  for (let i = 0; i < layout.SLOT_WORDS; i++) out.setWord(i, 0);
  out.setWord(layout.W_HEAD, layout.headOf(kind, 1, marketId));
  out.setWord(layout.W_ACCOUNT, account);
  out.setWord(layout.W_FLAGS, flags);
  out.setWord(layout.W_CLIENT_REF, -1);
  return out;
}

function tell(state: NaiveState, account: NaiveAccount, stage: number): void {
  const event = pushEvent(state.events, type.EVT_LIQUIDATION, layout.EVENT_SLOTS, 0);
  event.setWord(layout.W_ACCOUNT, account.id);
  event.setWord(layout.EW_FLAGS, stage);
  event.setWord(layout.EW_CLIENT_REF, -1);
  event.setFloat(layout.EF_VALUE, Number(equityOf(state, account)));
  event.setFloat(layout.EF_LIMIT, Number(maintenanceOf(state, account)));
}
