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
  isFlat,
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
/** Instead of a market: everything that is not isolated. */
const CROSS = 0xffff;
const WHOLE_BELOW_MICRO_USD = 1_000_000_000n;

/** Accounts with a position in the market, by id, that are below their margin at trusted prices. */
export function naiveOnMark(state: NaiveState, market: NaiveMarket, nowMs: number): void {
  if (market.guards !== 0) return;
  for (const account of [...state.accounts.values()].sort((a, b) => a.id - b.id)) {
    if (holdingOf(market, account.id).position === 0n) continue;
    naiveOnPaid(state, account.id, market.marketId, nowMs);
  }
}

/** Begins the liquidation of the account, or of its isolated position in this market, if that has come below its margin. */
export function naiveOnPaid(state: NaiveState, id: number, marketId: number, nowMs: number): void {
  const account = state.accounts.get(id);
  const market = state.markets.find((one) => one.marketId === marketId);
  if (account === undefined || market === undefined) return;
  const part = holdingOf(market, id).purse === null ? CROSS : marketId;
  if (isNaiveLiquidating(state, id, part)) return;
  const doubtful = partsOf(state, id, part).some(({ market: { guards }, holding }) => {
    return guards !== 0 && !isFlat(holding);
  });
  if (doubtful || equityOf(state, account, part) >= maintenanceOf(state, account, part)) return;
  state.liquidations.set(keyOf(id, part), { nextMs: nowMs, pauseMs: PAUSE_MS, sizeBefore: 0n });
  tell(state, account, part, type.LIQUIDATION_BEGUN);
  for (const { market } of canceledOf(state, id, part)) cancelAll(state, market.marketId, id);
}

/** Without a market: the account as such. */
export function isNaiveLiquidating(state: NaiveState, id: number, part = CROSS): boolean {
  return state.liquidations.has(keyOf(id, part));
}

function keyOf(id: number, part: number): number {
  return id * 65_536 + part;
}

interface Part {
  market: NaiveMarket;
  holding: NaiveHolding;
}

/** Whose positions are liquidated together. */
function partsOf(state: NaiveState, id: number, part: number): Part[] {
  return state.markets
    .map((market) => ({ market, holding: holdingOf(market, id) }))
    .filter(({ market, holding }) => {
      return part === CROSS ? holding.purse === null : market.marketId === part;
    });
}

/** Whose orders are canceled: an account that is liquidated loses also those of isolated markets, which reserve its collateral. */
function canceledOf(state: NaiveState, id: number, part: number): Part[] {
  if (part !== CROSS) return partsOf(state, id, part);
  return state.markets
    .filter(({ marketId }) => !isNaiveLiquidating(state, id, marketId))
    .map((market) => ({ market, holding: holdingOf(market, id) }));
}

/** One step of the one that is due longest. */
export function naiveLiquidationStep(state: NaiveState, nowMs: number): void {
  const due = [...state.liquidations].filter(([, { nextMs }]) => nextMs <= nowMs);
  due.sort(([a, one], [b, other]) => one.nextMs - other.nextMs || a - b);
  const [first] = due;
  if (first === undefined) return;
  const [key, liquidation] = first;
  const id = Math.floor(key / 65_536);
  const part = key % 65_536;
  const account = state.accounts.get(id) as NaiveAccount;
  const held = partsOf(state, id, part);
  const size = held.reduce((sum, { holding }) => sum + absOf(holding.position), 0n);
  if (size === 0n || equityOf(state, account, part) >= maintenanceOf(state, account, part)) {
    state.liquidations.delete(key);
    tell(state, account, part, type.LIQUIDATION_ENDED);
    return;
  }
  const doubled = Math.min(liquidation.pauseMs * 2, PAUSE_MS_MAX);
  liquidation.pauseMs = liquidation.sizeBefore === size ? doubled : PAUSE_MS;
  liquidation.nextMs = nowMs + liquidation.pauseMs;
  liquidation.sizeBefore = size;
  const open = canceledOf(state, id, part).filter(({ holding }) => holding.orders.length > 0);
  for (const { market } of open) cancelAll(state, market.marketId, id);
  if (open.length > 0) return;
  const trusted = held.filter(({ market }) => market.guards === 0);
  const margins = trusted.map(({ market, holding }) => naiveMaintenance(market, holding));
  const most = maxOf(0n, ...margins);
  const heaviest = trusted[margins.indexOf(most)];
  if (most > 0n && heaviest !== undefined) {
    slice(state, account, part, heaviest);
  }
}

export function writeLiquidations(state: NaiveState, writer: CanonicalWriter): void {
  writer.put(state.liquidations.size);
  for (const [key, entry] of [...state.liquidations].sort(([a], [b]) => a - b)) {
    const account = Math.floor(key / 65_536);
    for (const value of [
      account,
      key % 65_536,
      entry.nextMs,
      entry.pauseMs,
      Number(entry.sizeBefore),
    ]) {
      writer.put(value);
    }
  }
}

/** A quarter of the position, or all of it when it is small, no worse than where the account would have nothing left. */
function slice(
  state: NaiveState,
  account: NaiveAccount,
  part: number,
  { market, holding }: Part,
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
  const broke = bankruptcy(state, account, part, { market, holding });
  const price = Number(
    sells
      ? minOf(maxOf(broke, BigInt(band)), BigInt(params.priceTicksMax))
      : maxOf(minOf(broke, BigInt(band)), 1n),
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
  part: number,
  { market, holding }: Part,
): bigint {
  const { params, mark } = market;
  const unit = BigInt(params.microUsdPerTickLotNumerator);
  const equity = equityOf(state, account, part) * BigInt(params.microUsdPerTickLotDenominator);
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

function equityOf(state: NaiveState, account: NaiveAccount, part: number): bigint {
  return partsOf(state, account.id, part).reduce(
    (sum, { market, holding }) => {
      return sum + (holding.purse?.collateral ?? 0n) + naiveUnrealized(market, holding);
    },
    part === CROSS ? account.collateral : 0n,
  );
}

function maintenanceOf(state: NaiveState, account: NaiveAccount, part: number): bigint {
  return partsOf(state, account.id, part).reduce((sum, { market, holding }) => {
    return sum + naiveMaintenance(market, holding);
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

function tell(state: NaiveState, account: NaiveAccount, part: number, stage: number): void {
  const marketId = part === CROSS ? 0 : part;
  const event = pushEvent(state.events, type.EVT_LIQUIDATION, layout.EVENT_SLOTS, marketId);
  event.setWord(layout.W_ACCOUNT, account.id);
  event.setWord(layout.EW_FLAGS, stage);
  event.setWord(layout.EW_CLIENT_REF, -1);
  event.setFloat(layout.EF_VALUE, Number(equityOf(state, account, part)));
  event.setFloat(layout.EF_LIMIT, Number(maintenanceOf(state, account, part)));
}
