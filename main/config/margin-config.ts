import { type MarginTerms, marginTermsProblem } from '../../engine/market/margin-terms.js';
import type { MarketParams } from '../../engine/market/market-params.js';
import { MICRO_USD_STEP } from '../../engine/units/decimal.js';
import { asQtyLots, MICRO_USD_MAX, PPM_ONE, QTY_LOTS_MAX } from '../../engine/units/units.js';
import { readRatePpm, readSteps } from './market-config.js';
import type { TableReader } from './table-reader.js';

const MICRO_PER_USD = 1_000_000;

/**
 * A market's `tiers`, `openInterestMax`, `positionMax` and `openInterestGrowth`, each of which may be missing. The market's own rates are the first
 * tier; the list has those above it.
 */
export function readMargin(table: TableReader, params: MarketParams): MarginTerms {
  const { initialMarginPpm, lotDecimals, lotMantissa, maintenanceMarginPpm } = params;
  const first = {
    floorUsd: 0,
    initialPpm: initialMarginPpm,
    maintenancePpm: maintenanceMarginPpm,
  };
  const higher = table.has('tiers') ? table.list('tiers').map(readTier) : [];
  const cap = (key: string) => {
    const step = { mantissa: lotMantissa, decimals: lotDecimals };
    return asQtyLots(table.has(key) ? readSteps(table, key, step, 1, QTY_LOTS_MAX) : 0);
  };
  const terms = {
    tiers: higher.length === 0 ? [] : [first, ...higher],
    openInterestLotsMax: cap('openInterestMax'),
    positionLotsMax: cap('positionMax'),
    ...readGrowth(table),
  };
  const problem = marginTermsProblem(terms);
  return problem === null ? terms : table.fail(problem.sentence);
}

/** Open interest at which the initial rates begin to grow, and at which they have reached one. */
function readGrowth(table: TableReader) {
  if (!table.has('openInterestGrowth')) return { growthLowerUsd: 0, growthUpperUsd: 0 };
  const growth = table.tableAt('openInterestGrowth');
  const growthLowerUsd = readUsd(growth, 'lower', 0);
  const growthUpperUsd = readUsd(growth, 'upper', growthLowerUsd + 1);
  growth.refuseUnknown();
  return { growthLowerUsd, growthUpperUsd };
}

function readUsd(table: TableReader, key: string, least: number): number {
  const microUsd = readSteps(table, key, MICRO_USD_STEP, least * MICRO_PER_USD, MICRO_USD_MAX);
  if (microUsd % MICRO_PER_USD !== 0) {
    table.fail(`${key} must be whole USD, but is ${microUsd / MICRO_PER_USD}`);
  }
  return microUsd / MICRO_PER_USD;
}

/** A floor in whole USD, with the rates from there on. */
function readTier(table: TableReader) {
  const tier = {
    floorUsd: readUsd(table, 'notionalFloor', 1),
    initialPpm: readRatePpm(table, 'initialMarginRate', 1, PPM_ONE),
    maintenancePpm: readRatePpm(table, 'maintenanceMarginRate', 1, PPM_ONE),
  };
  table.refuseUnknown();
  return tier;
}
