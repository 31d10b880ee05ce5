import { divCeil } from '../../engine/units/division.js';
import { RATE_ONE } from '../arithmetic/rate.js';
import type { TickLotValue } from '../arithmetic/tick-lot-value.js';

/** A step of a market's margin rates: they hold for positions of this notional and more. */
export interface MarginTier {
  notionalFloorMicroUsd: bigint;
  initialRateE18: bigint;
  maintenanceRateE18: bigint;
}

/** One rate of a tier, ready to use. */
export interface Bracket {
  floorMicroUsd: bigint;
  rateE18: bigint;
  /** Micro-USD × 10^18, exact. */
  deductionE18: bigint;
}

/** Initial and maintenance brackets of a market, both as many as it has tiers. */
export interface Brackets {
  initial: readonly Bracket[];
  maintenance: readonly Bracket[];
}

/** What is wrong with a tier: its place, its field, and the rest of a sentence. */
export interface TierProblem {
  index: number;
  field: keyof MarginTier;
  sentence: string;
}

/**
 * The tiers can be used when there is one at least, the first begins at zero, floors rise, and in no tier a rate is above one or below
 * that of the tier before, or maintenance above initial. Then margin never falls as a position grows, and maintenance is never
 * above initial margin. Null when they can be used.
 */
export function tiersProblem(tiers: readonly MarginTier[]): TierProblem | null {
  const first = tiers[0];
  const no = (index: number, field: keyof MarginTier, sentence: string) => {
    return { index, field, sentence };
  };
  if (first === undefined) return no(0, 'notionalFloorMicroUsd', 'is missing');
  if (first.notionalFloorMicroUsd !== 0n) {
    return no(0, 'notionalFloorMicroUsd', 'must be 0 in the first tier');
  }
  for (const [index, tier] of tiers.entries()) {
    for (const field of ['initialRateE18', 'maintenanceRateE18'] as const) {
      if (tier[field] < 0n || tier[field] > RATE_ONE) return no(index, field, 'must be 0 to 1');
    }
    if (tier.maintenanceRateE18 > tier.initialRateE18) {
      return no(index, 'maintenanceRateE18', 'must not exceed the initial margin rate');
    }
    const before = tiers[index - 1];
    if (before === undefined) continue;
    if (tier.notionalFloorMicroUsd <= before.notionalFloorMicroUsd) {
      return no(index, 'notionalFloorMicroUsd', 'must be above that of the tier before');
    }
    for (const field of ['initialRateE18', 'maintenanceRateE18'] as const) {
      if (tier[field] < before[field]) {
        return no(index, field, 'must not be below that of the tier before');
      }
    }
  }
  return null;
}

/** Brackets of tiers in which `tiersProblem` finds nothing wrong. */
export function bracketsOf(tiers: readonly MarginTier[]): Brackets {
  return {
    initial: withDeductions(tiers, 'initialRateE18'),
    maintenance: withDeductions(tiers, 'maintenanceRateE18'),
  };
}

/**
 * Margin of a bracket = notional × rate − deduction, and deduction = that of the bracket before + floor × (rate − rate before).
 * So at its floor a bracket asks for exactly what the one before asks for, and each dollar of notional is charged with the rate
 * of the bracket that it lies in. Binance publishes these deductions as maintenance amounts (`cum` of leverageBracket; FAQ
 * "How to Calculate Liquidation Price of USDⓈ-M Futures Contracts"), Hyperliquid as maintenance deductions ("Margin tiers").
 * Initial margin is made continuous in the same way, so that one lot more never asks for a leap.
 */
function withDeductions(
  tiers: readonly MarginTier[],
  rate: 'initialRateE18' | 'maintenanceRateE18',
): Bracket[] {
  const brackets: Bracket[] = [];
  for (const tier of tiers) {
    const { notionalFloorMicroUsd: floorMicroUsd, [rate]: rateE18 } = tier;
    const before = brackets.at(-1);
    const deductionE18 =
      before === undefined ? 0n : before.deductionE18 + floorMicroUsd * (rateE18 - before.rateE18);
    brackets.push({ floorMicroUsd, rateE18, deductionE18 });
  }
  return brackets;
}

/** Margin in micro-USD of a value in tick·lots (not negative), rounded up once: the dust is the house's security. */
export function marginOfValue(
  brackets: readonly Bracket[],
  valueTickLots: bigint,
  tickLot: TickLotValue,
): bigint {
  const { numerator, denominator } = tickLot;
  const value = valueTickLots * numerator;
  const { rateE18, deductionE18 } = bracketAt(brackets, value, denominator);
  return divCeil(value * rateE18 - deductionE18 * denominator, denominator * RATE_ONE);
}

/** The bracket of value ÷ denominator micro-USD: the last one whose floor is not above it. */
function bracketAt(brackets: readonly Bracket[], value: bigint, denominator: bigint): Bracket {
  let found = brackets[0] as Bracket;
  for (const bracket of brackets) {
    if (bracket.floorMicroUsd * denominator > value) break;
    found = bracket;
  }
  return found;
}
