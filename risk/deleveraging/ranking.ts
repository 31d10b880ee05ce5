import { absOf, maxOf } from '../../engine/units/division.js';
import { compareFractions, type Fraction } from '../arithmetic/fraction.js';
import type { TickLotValue } from '../arithmetic/tick-lot-value.js';

/** A position on the other side of the one that is bankrupt. */
export interface AdlCandidate {
  accountId: number;
  /** Signed, not zero. */
  lots: bigint;
  entryValueTickLots: bigint;
  /** Above zero. */
  markTicks: bigint;
  /** What stands behind the position: of the account in cross margin, of the position in isolated. */
  equityMicroUsd: bigint;
}

export interface RankedCandidate {
  candidate: AdlCandidate;
  score: Fraction;
}

/** Candidates in the order in which they are deleveraged: highest score first, of equal ones the smaller account id. */
export function rankForDeleveraging(
  candidates: readonly AdlCandidate[],
  tickLot: TickLotValue,
): RankedCandidate[] {
  const ranked = candidates.map((candidate) => {
    return { candidate, score: adlScore(candidate, tickLot) };
  });
  return ranked.sort((a, b) => {
    const byScore = compareFractions(b.score, a.score);
    return byScore !== 0 ? byScore : a.candidate.accountId - b.candidate.accountId;
  });
}

/**
 * Who has won most with least of their own money goes first:
 *
 *   profit ratio × effective leverage   when the position has won or is even
 *   profit ratio ÷ effective leverage   when it has lost
 *
 * Profit ratio = unrealised profit ÷ |entry value|, effective leverage = |value at the mark| ÷ equity; exact fractions. Equity of nothing or
 * less counts as one micro-USD, and an entry value of nothing as one tick·lot: both come as near to endless as can be.
 *
 * Source: BitMEX, "Auto-Deleveraging"; Bybit and Binance rank in the same way.
 */
export function adlScore(candidate: AdlCandidate, tickLot: TickLotValue): Fraction {
  const { entryValueTickLots, equityMicroUsd, lots, markTicks } = candidate;
  const profit = lots * markTicks - entryValueTickLots;
  const entry = maxOf(absOf(entryValueTickLots), 1n);
  const value = absOf(lots) * markTicks * tickLot.numerator;
  const equity = maxOf(equityMicroUsd, 1n) * tickLot.denominator;
  return profit >= 0n
    ? { numerator: profit * value, denominator: entry * equity }
    : { numerator: profit * equity, denominator: entry * value };
}
