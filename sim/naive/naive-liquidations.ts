import { MARKET_STATE } from '../../engine/market/market-state.js';
import { bandPriceTicks } from '../../engine/market/order-rules.js';
import * as layout from '../../engine/messages/layout.js';
import * as type from '../../engine/messages/types.js';
import type { CanonicalWriter } from '../../engine/state/canonical-writer.js';
import { asPriceTicks } from '../../engine/units/units.js';
import { holdingOf, type NaiveAccount, type NaiveState } from './naive-home.js';
import { type NaivePurse, naiveFreePosition, naiveTellMoved } from './naive-isolated.js';
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
  rung: number;
  marketId: number;
  untilMs: number;
  tries: number;
}

const PPM = 1_000_000n;
const PAUSE_MS = 1_000;
const PAUSE_MS_MAX = 60_000;
const SHORT_PAUSE_MS = 100;
const AUCTION_MS = 10_000;
/** Instead of a market: everything that is not isolated. */
const CROSS = 0xffff;
/** Orders are canceled. */
const FIRST_RUNG = 1;
const WHOLE_BELOW_MICRO_USD = 1_000_000_000n;

/** CMD_CANDIDATES: accounts that somebody says are below their margin. */
export function naiveCandidates(state: NaiveState, message: View, nowMs: number): void {
  const count = message.float(layout.F_QTY);
  let begun = 0;
  for (let i = 0; i < count; i++) {
    const before = state.liquidations.size;
    const id = message.word(layout.SLOT_WORDS + i);
    beginPart(state, id, CROSS, nowMs);
    for (const market of state.markets) {
      if (holdingOf(market, id).purse !== null) beginPart(state, id, market.marketId, nowMs);
    }
    if (state.liquidations.size !== before) begun++;
  }
  const event = pushEvent(state.events, type.EVT_DONE, layout.EVENT_SLOTS, 0);
  event.setWord(layout.EW_SESSION, message.word(layout.W_SESSION));
  event.setWord(layout.EW_REQUEST, message.word(layout.W_REQUEST));
  event.setFloat(layout.EF_LOTS, begun);
}

/** Begins the liquidation of the account, or of its isolated position in this market, if that has come below its margin. */
export function naiveOnPaid(state: NaiveState, id: number, marketId: number, nowMs: number): void {
  const market = state.markets.find((one) => one.marketId === marketId);
  if (market === undefined) return;
  beginPart(state, id, holdingOf(market, id).purse === null ? CROSS : marketId, nowMs);
}

function beginPart(state: NaiveState, id: number, part: number, nowMs: number): void {
  const account = state.accounts.get(id);
  if (account === undefined || isNaiveLiquidating(state, id, part)) return;
  const held = partsOf(state, id, part);
  const doubtful = held.some(({ market: { guards }, holding }) => {
    return guards !== 0 && (part !== CROSS || !isFlat(holding));
  });
  const isEmpty = part !== CROSS && held.every(({ holding }) => holding.position === 0n);
  if (doubtful || isEmpty) return;
  if (equityOf(state, account, part) >= maintenanceOf(state, account, part)) return;
  state.liquidations.set(keyOf(id, part), {
    nextMs: nowMs,
    pauseMs: PAUSE_MS,
    sizeBefore: 0n,
    rung: FIRST_RUNG,
    marketId: 0,
    untilMs: 0,
    tries: 0,
  });
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
  const [key, entry] = first;
  const id = Math.floor(key / 65_536);
  const part = key % 65_536;
  const account = state.accounts.get(id) as NaiveAccount;
  const equity = equityOf(state, account, part);
  if (equity >= maintenanceOf(state, account, part)) {
    endAuction(state, account, entry);
    end(state, account, part, key);
    return;
  }
  const held = partsOf(state, id, part);
  const size = held.reduce((sum, { holding }) => sum + absOf(holding.position), 0n);
  const isStuck = entry.sizeBefore === size;
  entry.sizeBefore = size;
  const sells = entry.rung === type.LADDER_AUCTION && equity > 0n && nowMs < entry.untilMs;
  const where = state.markets.find(({ marketId }) => marketId === entry.marketId);
  if (sells && where !== undefined && naiveLetsLiquidate(where)) {
    entry.nextMs = Math.min(nowMs + PAUSE_MS, entry.untilMs);
    return;
  }
  const open = canceledOf(state, id, part).filter(({ holding }) => holding.orders.length > 0);
  for (const { market } of open) cancelAll(state, market.marketId, id);
  if (open.length > 0) {
    wait(entry, isStuck, nowMs);
    return;
  }
  if (size === 0n) {
    payDebt(state, account, part, entry, equity, nowMs);
    return;
  }
  const trusted = held.filter(({ market }) => naiveLetsLiquidate(market));
  const margins = trusted.map(({ market, holding }) => naiveMaintenance(market, holding));
  const most = maxOf(0n, ...margins);
  const heaviest = trusted[margins.indexOf(most)];
  if (most === 0n || heaviest === undefined) {
    wait(entry, isStuck, nowMs);
    return;
  }
  const { market, holding } = heaviest;
  const rung = rungAfter(entry, equity, isStuck);
  endAuction(state, account, entry);
  note(state, account, part, entry, rung, market.marketId, isStuck);
  const backing = { mark: market.mark, equity, position: holding.position };
  if (rung === type.LADDER_SLICE || rung === type.LADDER_FUND) {
    wait(entry, isStuck && rung === type.LADDER_SLICE, nowMs);
    slice(state, account, market, holding, rung, equity);
  } else {
    if (rung === type.LADDER_AUCTION) entry.untilMs = nowMs + AUCTION_MS;
    entry.nextMs = nowMs + (rung === type.LADDER_AUCTION ? entry.pauseMs : SHORT_PAUSE_MS);
    ask(state, account, market.marketId, rung, backing);
  }
}

/** The ladder can go on in this market. */
export function naiveLetsLiquidate({ guards, state }: NaiveMarket): boolean {
  return guards === 0 && (state === MARKET_STATE.open || state === MARKET_STATE.reduce_only);
}

/** Nobody who has a position here waits any longer. */
export function naiveOnOpened(state: NaiveState, { marketId }: NaiveMarket, nowMs: number): void {
  for (const [key, entry] of state.liquidations) {
    const held = partsOf(state, Math.floor(key / 65_536), key % 65_536);
    const isIn = held.some(({ market, holding }) => {
      return market.marketId === marketId && holding.position !== 0n;
    });
    if (!isIn || entry.nextMs <= nowMs) continue;
    entry.nextMs = nowMs;
    entry.pauseMs = PAUSE_MS;
    entry.sizeBefore = 0n;
  }
}

function end(state: NaiveState, account: NaiveAccount, part: number, key: number): void {
  state.liquidations.delete(key);
  const parts = part === CROSS ? [] : partsOf(state, account.id, part);
  const given = parts.filter(({ market }) => naiveFreePosition(state, account, market));
  tell(state, account, part, type.LIQUIDATION_ENDED);
  for (const { market, holding } of given) {
    naiveTellMoved(state, account, market, holding.purse as NaivePurse);
  }
}

/** Book while there is equity, with one auction when it is empty; else fund and deleveraging, whichever comes to something. */
function rungAfter(
  { rung: last, tries }: NaiveLiquidation,
  equity: bigint,
  isStuck: boolean,
): number {
  if (equity > 0n) {
    return isStuck && last === type.LADDER_SLICE ? type.LADDER_AUCTION : type.LADDER_SLICE;
  }
  if (last === type.LADDER_DELEVERAGE) return isStuck ? type.LADDER_FUND : last;
  const failed = last === type.LADDER_FUND && isStuck ? tries + 1 : 0;
  return failed === 3 ? type.LADDER_DELEVERAGE : type.LADDER_FUND;
}

function wait(entry: NaiveLiquidation, isStuck: boolean, nowMs: number): void {
  entry.pauseMs = isStuck ? Math.min(entry.pauseMs * 2, PAUSE_MS_MAX) : PAUSE_MS;
  entry.nextMs = nowMs + entry.pauseMs;
}

/** The insurance funds are asked one after another. */
function payDebt(
  state: NaiveState,
  account: NaiveAccount,
  part: number,
  entry: NaiveLiquidation,
  equity: bigint,
  nowMs: number,
): void {
  const markets = partsOf(state, account.id, part).map(({ market }) => market);
  if (markets.length === 0) {
    wait(entry, true, nowMs);
    return;
  }
  const tries = entry.rung === type.LADDER_COVER ? entry.tries + 1 : 0;
  const { marketId } = markets[tries % markets.length] as NaiveMarket;
  const backing = { mark: 0n, equity, position: 0n };
  ask(state, account, marketId, type.LADDER_COVER, backing);
  note(state, account, part, entry, type.LADDER_COVER, marketId, true);
  if ((tries + 1) % markets.length === 0) wait(entry, true, nowMs);
  else entry.nextMs = nowMs + SHORT_PAUSE_MS;
}

function endAuction(state: NaiveState, account: NaiveAccount, entry: NaiveLiquidation): void {
  if (entry.rung !== type.LADDER_AUCTION) return;
  const nothing = { mark: 0n, equity: 0n, position: 0n };
  ask(state, account, entry.marketId, type.LADDER_END, nothing);
}

function note(
  state: NaiveState,
  account: NaiveAccount,
  part: number,
  entry: NaiveLiquidation,
  rung: number,
  marketId: number,
  isStuck: boolean,
): void {
  if (entry.rung !== rung) tell(state, account, part, type.LIQUIDATION_RUNG + rung);
  entry.tries = entry.rung === rung && isStuck ? entry.tries + 1 : 0;
  entry.rung = rung;
  entry.marketId = marketId;
}

interface NaiveBacking {
  mark: bigint;
  equity: bigint;
  position: bigint;
}

function ask(
  state: NaiveState,
  account: NaiveAccount,
  marketId: number,
  rung: number,
  { mark, equity, position }: NaiveBacking,
): View {
  const out = naiveMessage(state, type.MSG_LIQUIDATE, 2, marketId, account.id, 0);
  out.setWord(layout.W_PRICE, Number(mark));
  out.setWord(layout.LADDER_W_RUNG, rung);
  out.setWord(layout.LADDER_W_MARK, Number(mark));
  out.setFloat(layout.LADDER_F_EQUITY, Number(equity));
  out.setFloat(layout.LADDER_F_POSITION, Number(position));
  return out;
}

export function writeLiquidations(state: NaiveState, writer: CanonicalWriter): void {
  writer.put(state.liquidations.size);
  for (const [key, entry] of [...state.liquidations].sort(([a], [b]) => a - b)) {
    const whose = [Math.floor(key / 65_536), key % 65_536];
    const { nextMs, pauseMs, sizeBefore, rung, marketId, untilMs, tries } = entry;
    const values = [...whose, nextMs, pauseMs, Number(sizeBefore), rung, marketId, untilMs, tries];
    for (const value of values) writer.put(value);
  }
}

/**
 * A quarter of the position, or all of it when it is small, no worse than where the account would have nothing left; at the fund's
 * expense within the band.
 */
function slice(
  state: NaiveState,
  account: NaiveAccount,
  market: NaiveMarket,
  holding: NaiveHolding,
  rung: number,
  equity: bigint,
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
  const limit = BigInt(params.priceTicksMax);
  const bankrupt = maxOf(1n, minOf(bankruptcy(state, account, market, holding, equity), limit));
  const bound = sells ? maxOf(bankrupt, BigInt(band)) : minOf(bankrupt, BigInt(band));
  const price = rung === type.LADDER_FUND ? band : Number(bound);
  const lossTicks = BigInt(Math.max(0, sells ? mark - price : price - mark));
  const { position } = holding;
  const backing = { mark: market.mark, equity, position };
  holding.orders.push({ orderId: 0, isBuy: !sells, lots, lossTicks });
  state.pending++;
  const out = ask(state, account, market.marketId, rung, backing);
  const flags =
    side |
    (type.TIF_IOC << type.TIF_SHIFT) |
    type.FLAG_REDUCE_ONLY |
    (account.tier << type.TIER_SHIFT);
  out.setWord(layout.W_FLAGS, flags);
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
  equityMicroUsd: bigint,
): bigint {
  const { params, mark } = market;
  const unit = BigInt(params.microUsdPerTickLotNumerator);
  const equity = equityMicroUsd * BigInt(params.microUsdPerTickLotDenominator);
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
  naiveMessage(state, type.MSG_MASS_CANCEL, 1, marketId, account, flags);
}

function equityOf(state: NaiveState, account: NaiveAccount, part: number): bigint {
  return partsOf(state, account.id, part).reduce(
    (sum, { market, holding }) => {
      return sum + (holding.purse?.collateral ?? 0n) + naiveUnrealized(market, holding);
    },
    part === CROSS ? account.collateral : 0n,
  );
}

/** Equity behind the account's position in this market: its own where it is isolated. */
export function naiveEquityBehind(
  state: NaiveState,
  account: NaiveAccount,
  { marketId, holdings }: NaiveMarket,
): bigint {
  const isCross = (holdings.get(account.id)?.purse ?? null) === null;
  return equityOf(state, account, isCross ? CROSS : marketId);
}

function maintenanceOf(state: NaiveState, account: NaiveAccount, part: number): bigint {
  return partsOf(state, account.id, part).reduce((sum, { market, holding }) => {
    return sum + naiveMaintenance(market, holding);
  }, 0n);
}

export function naiveMessage(
  state: NaiveState,
  kind: number,
  slots: number,
  marketId: number,
  account: number,
  flags: number,
): View {
  const out = new View(state.inbox, state.inbox.push(slots));
  for (let i = 0; i < slots * layout.SLOT_WORDS; i++) out.setWord(i, 0);
  out.setWord(layout.W_HEAD, layout.headOf(kind, slots, marketId));
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
