import { AUCTION_MS } from '../../engine/market/liquidation/liquidation-rules.js';
import {
  LADDER_AUCTION,
  LADDER_COVER,
  LADDER_DELEVERAGE,
  LADDER_FUND,
  LADDER_SLICE,
} from '../../engine/messages/types.js';
import { MARKET_ID_ALL } from '../../engine/units/units.js';

/** Between two slices of one account: time for makers to come back. Doubled while nobody takes anything, up to the longest. */
export const PAUSE_MS = 1_000;
export const PAUSE_MS_MAX = 60_000;
/** Between steps that need nobody's orders: time for a market of another shard to answer. */
const SHORT_PAUSE_MS = 100;

/** How often a bankrupt position is offered at the fund's expense before somebody is deleveraged for it. */
const FUND_TRIES = 3;

/** The orders are canceled; nothing has been closed yet. */
export const RUNG_ORDERS = 1;

/** Instead of a market's id: the account's cross margin over all markets. */
export const CROSS = MARKET_ID_ALL;

/** An account, or one isolated position of it, on its way down the ladder. */
export interface Liquidation {
  /** By account, its isolated positions by market, and itself last. */
  readonly id: number;
  readonly account: number;
  /** Market of an isolated position; CROSS: all that is not isolated. */
  readonly part: number;
  nextMs: number;
  pauseMs: number;
  /** Lots that were open in all markets at the step before: the same now means that nobody took anything. */
  sizeBefore: number;
  /** What was done last (RUNG_ORDERS, LADDER_…), and in which market. */
  rung: number;
  marketId: number;
  /** Of an auction: when it ends. */
  untilMs: number;
  /** How often this rung has come to nothing; of a debt: how many funds were asked. */
  tries: number;
}

export function beginningAt(account: number, part: number, nowMs: number): Liquidation {
  return {
    id: account * (MARKET_ID_ALL + 1) + part,
    account,
    part,
    nextMs: nowMs,
    pauseMs: PAUSE_MS,
    sizeBefore: 0,
    rung: RUNG_ORDERS,
    marketId: 0,
    untilMs: 0,
    tries: 0,
  };
}

/** Whether there is nothing to do but to wait for bidders. */
export function waitsForBidders(
  entry: Liquidation,
  equityMicroUsd: number,
  nowMs: number,
): boolean {
  return entry.rung === LADDER_AUCTION && equityMicroUsd > 0 && nowMs < entry.untilMs;
}

/**
 * The next rung of an account below its margin that has positions and no orders.
 *
 * With equity left: slices into the book, one auction when a slice has found nobody, slices again. Bankrupt: slices at the expense
 * of the insurance fund until three have found nobody, then deleveraging as long as that does; when that comes to nothing, the fund
 * again. `isStuck`: the step before has closed nothing.
 */
export function nextRung(entry: Liquidation, equityMicroUsd: number, isStuck: boolean): number {
  const { rung, tries } = entry;
  if (equityMicroUsd > 0) return rung === LADDER_SLICE && isStuck ? LADDER_AUCTION : LADDER_SLICE;
  if (rung === LADDER_FUND && isStuck && tries + 1 >= FUND_TRIES) return LADDER_DELEVERAGE;
  return rung === LADDER_DELEVERAGE && !isStuck ? LADDER_DELEVERAGE : LADDER_FUND;
}

/** Notes that this rung is done now, and when to look again. */
export function noteRung(
  entry: Liquidation,
  rung: number,
  marketId: number,
  isStuck: boolean,
  nowMs: number,
): void {
  const isSame = entry.rung === rung;
  entry.tries = isSame && isStuck ? entry.tries + 1 : 0;
  entry.rung = rung;
  entry.marketId = marketId;
  if (rung === LADDER_AUCTION) entry.untilMs = nowMs + AUCTION_MS;
  // Who is bankrupt has no time to wait for longer and longer.
  if (rung === LADDER_SLICE) entry.pauseMs = pauseAfter(entry, isStuck);
  if (rung === LADDER_FUND) entry.pauseMs = PAUSE_MS;
  const isShort = rung === LADDER_DELEVERAGE || rung === LADDER_COVER;
  entry.nextMs = nowMs + (isShort ? SHORT_PAUSE_MS : entry.pauseMs);
}

/** Whether this is done only for who has nothing left. */
export function isForBankrupt(rung: number): boolean {
  return rung === LADDER_FUND || rung === LADDER_DELEVERAGE || rung === LADDER_COVER;
}

export function pauseAfter({ pauseMs }: Liquidation, isStuck: boolean): number {
  return isStuck ? Math.min(pauseMs * 2, PAUSE_MS_MAX) : PAUSE_MS;
}
