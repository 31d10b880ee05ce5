/** All marks together by so many percent. */
export const MOVES_PERCENT = [-40, -20, -10, -5, 5, 10, 20, 40] as const;

/** What becomes of all accounts by one move. */
export interface MoveTotals {
  percent: number;
  /** Accounts, and isolated positions by themselves, whose equity would be below maintenance margin; those of them below zero. */
  belowMargin: number;
  belowZero: number;
  /** Σ of what these would owe, micro-USD: closed at the moved mark, beyond their bankruptcy. */
  shortfallMicroUsd: bigint;
}

export interface StressTotals {
  /** Accounts with a position, and isolated positions. */
  accounts: number;
  moves: MoveTotals[];
}

/** An account as it would stand after a move. */
export type StressedAccount = (percent: number) => {
  equityMicroUsd: number;
  marginMicroUsd: number;
};

export function noTotals(): StressTotals {
  return {
    accounts: 0,
    moves: MOVES_PERCENT.map((percent) => {
      return { percent, belowMargin: 0, belowZero: 0, shortfallMicroUsd: 0n };
    }),
  };
}

/** Adds an account that has a position. */
export function addAccount(totals: StressTotals, stressed: StressedAccount): void {
  totals.accounts++;
  for (const move of totals.moves) {
    const { equityMicroUsd, marginMicroUsd } = stressed(move.percent);
    if (equityMicroUsd < marginMicroUsd) move.belowMargin++;
    if (equityMicroUsd >= 0) continue;
    move.belowZero++;
    move.shortfallMicroUsd += BigInt(-equityMicroUsd);
  }
}

export function sumOfTotals(parts: readonly StressTotals[]): StressTotals {
  const sum = noTotals();
  for (const { accounts, moves } of parts) {
    sum.accounts += accounts;
    moves.forEach((part, i) => {
      const move = sum.moves[i] as MoveTotals;
      move.belowMargin += part.belowMargin;
      move.belowZero += part.belowZero;
      move.shortfallMicroUsd += part.shortfallMicroUsd;
    });
  }
  return sum;
}

/** What the fund pays of a shortfall, and what is left for others to bear. */
export function coverOf(fundMicroUsd: bigint, shortfallMicroUsd: bigint) {
  const paid = shortfallMicroUsd < fundMicroUsd ? shortfallMicroUsd : fundMicroUsd;
  return {
    fundAfterMicroUsd: fundMicroUsd - paid,
    notCoveredMicroUsd: shortfallMicroUsd - paid,
  };
}
