import { allocate } from '../../engine/kernel/heap.js';
import { B_MICRO_DENOMINATOR, B_MICRO_NUMERATOR } from '../../engine/kernel/layout.js';
import { f64At, i32At, setF64, setI32 } from '../../engine/kernel/memory.js';
import { mulDivCeil } from '../../engine/units/mul-div.js';
import {
  M_INITIAL_RATE,
  M_MAINTENANCE_RATE,
  M_RATE_DIVISOR,
  M_SECOND_FLOOR,
  M_TIER_COUNT,
  M_TIERS,
  T_FLOOR,
  T_INITIAL,
  T_MAINTENANCE,
  TIER_BYTES,
  TIERS_ROOM,
} from './layout.js';

/**
 * Margin tiers of a market. Margin = notional × rate of its tier − deduction of its tier, and a tier's deduction is that of the one
 * before + floor × (rate − rate before): so each part of the notional is charged with the rate of the tier in which it lies,
 * and at a floor both tiers ask for the same. Floors are whole USD and rates whole ppm, so deductions are whole micro-USD,
 * and there is one rounding. `risk/margin-tiers/` has the same in bigint, with the sources.
 *
 * Rates of the first tier stand in the market's block, and a value below the second floor asks for nothing else: a market
 * with one tier pays one comparison.
 */

/** Micro-USD in a USD, over ppm in a whole: floor in USD × difference of rates in ppm is micro-USD as it stands. */
const MICRO_PER_USD: f64 = 1000000;
/** No value reaches this: a floor beyond it is none. */
const VALUE_ENDLESS: f64 = 9007199254740992;

/** The market has one tier with these rates. */
export function setMarginRates(block: i32, initialPpm: i32, maintenancePpm: i32): void {
  const numerator = f64At(block + B_MICRO_NUMERATOR);
  setF64(block + M_INITIAL_RATE, numerator * initialPpm);
  setF64(block + M_MAINTENANCE_RATE, numerator * maintenancePpm);
  setF64(block + M_SECOND_FLOOR, Infinity);
  setI32(block + M_TIER_COUNT, 1);
}

/** One more tier, above those that the market has; its floor is above theirs, its rates are not below. */
export function addMarginTier(
  block: i32,
  floorUsd: f64,
  initialPpm: i32,
  maintenancePpm: i32,
): void {
  const count = i32At(block + M_TIER_COUNT);
  if (i32At(block + M_TIERS) === 0) setI32(block + M_TIERS, allocate(TIERS_ROOM * TIER_BYTES));
  const first = i32At(block + M_TIERS);
  if (count === 1) {
    setF64(first + T_FLOOR, 0);
    setRate(first + T_INITIAL, f64At(block + M_INITIAL_RATE), 0);
    setRate(first + T_MAINTENANCE, f64At(block + M_MAINTENANCE_RATE), 0);
  }
  const tier = first + count * TIER_BYTES;
  const floor = tickLotsOf(block, floorUsd * MICRO_PER_USD);
  setF64(tier + T_FLOOR, floor);
  follow(block, tier + T_INITIAL, floorUsd, initialPpm);
  follow(block, tier + T_MAINTENANCE, floorUsd, maintenancePpm);
  if (count === 1) setF64(block + M_SECOND_FLOOR, floor);
  setI32(block + M_TIER_COUNT, count + 1);
}

/** Initial margin of a value in tick·lots, micro-USD, rounded up. */
export function initialOf(block: i32, value: f64): f64 {
  if (value >= f64At(block + M_SECOND_FLOOR)) return tieredOf(block, value, T_INITIAL);
  return mulDivCeil(value, f64At(block + M_INITIAL_RATE), f64At(block + M_RATE_DIVISOR));
}

/** The same for maintenance margin. */
export function maintenanceOf(block: i32, value: f64): f64 {
  if (value >= f64At(block + M_SECOND_FLOOR)) return tieredOf(block, value, T_MAINTENANCE);
  return mulDivCeil(value, f64At(block + M_MAINTENANCE_RATE), f64At(block + M_RATE_DIVISOR));
}

function tieredOf(block: i32, value: f64, rateAt: i32): f64 {
  let tier = i32At(block + M_TIERS) + (i32At(block + M_TIER_COUNT) - 1) * TIER_BYTES;
  // The first floor is zero.
  while (value < f64At(tier + T_FLOOR)) tier -= TIER_BYTES;
  const margin = mulDivCeil(value, f64At(tier + rateAt), f64At(block + M_RATE_DIVISOR));
  return margin - f64At(tier + rateAt + 8);
}

/** Rate and deduction of a tier from those of the tier before. */
function follow(block: i32, at: i32, floorUsd: f64, ppm: i32): void {
  const numerator = f64At(block + B_MICRO_NUMERATOR);
  const before = f64At(at - TIER_BYTES);
  const rate: f64 = numerator * ppm;
  setRate(at, rate, f64At(at - TIER_BYTES + 8) + floorUsd * ((rate - before) / numerator));
}

function setRate(at: i32, rate: f64, deduction: f64): void {
  setF64(at, rate);
  setF64(at + 8, deduction);
}

/** Least value in tick·lots that is worth so many micro-USD. */
function tickLotsOf(block: i32, microUsd: f64): f64 {
  const numerator = f64At(block + B_MICRO_NUMERATOR);
  const denominator = f64At(block + B_MICRO_DENOMINATOR);
  if ((microUsd / numerator) * denominator >= VALUE_ENDLESS) return Infinity;
  return mulDivCeil(microUsd, denominator, numerator);
}
