import { MICRO_USD_MAX } from '../../engine/units/units.js';
import { RATE_DECIMALS } from '../../risk/arithmetic/rate.js';
import { type Exact, formatSteps } from './exact.js';
import { DocumentError, type Fields, type Range, stepsOf } from './fields.js';

/** Amounts, rates, prices and sizes of documents: their limits and their integers. */

const MONEY_DECIMALS = 6;
const MONEY_MOST = formatSteps(BigInt(MICRO_USD_MAX), MONEY_DECIMALS);
const MONEY: Range = { least: `-${MONEY_MOST}`, most: MONEY_MOST };
const MONEY_NOT_NEGATIVE: Range = { least: '0', most: MONEY_MOST };

/** Prices and sizes have at most this many decimals, and as whole numbers of them stay below 10^35 or so: exact in bigint. */
export const PRICE_DECIMALS_MAX = 18;
const SAFE_MOST = String(Number.MAX_SAFE_INTEGER);
const SMALLEST = '0.000000000000000001';
/** 2^53 − 1 micro-USD. */
const PRICE_MOST = formatSteps(BigInt(Number.MAX_SAFE_INTEGER), MONEY_DECIMALS);
export const PRICE: Range = { least: SMALLEST, most: PRICE_MOST };
export const PRICE_OR_ZERO: Range = { least: '0', most: PRICE_MOST };
export const PRICE_DIFFERENCE: Range = { least: `-${PRICE_MOST}`, most: PRICE_MOST };
export const SIZE: Range = { least: SMALLEST, most: SAFE_MOST };
export const SIZE_OR_ZERO: Range = { least: '0', most: SAFE_MOST };
export const SIZE_SIGNED: Range = { least: `-${SAFE_MOST}`, most: SAFE_MOST };
export const COUNT: Range = { least: '1', most: '1000000' };

/** Of margins and fees. */
export const SHARE: Range = { least: '0', most: '1' };
/** Of funding: a premium may be larger than the price. */
export const RATE: Range = { least: '-1000', most: '1000' };
export const RATE_NOT_NEGATIVE: Range = { least: '0', most: '1000' };

/** Micro-USD. */
export function money(fields: Fields, key: string): bigint {
  return moneyOrNull(fields, key) ?? fields.fail(key, 'is missing');
}

export function moneyOrNull(fields: Fields, key: string): bigint | null {
  return microUsdOrNull(fields, key, MONEY);
}

export function moneyNotNegative(fields: Fields, key: string): bigint {
  return moneyNotNegativeOrNull(fields, key) ?? fields.fail(key, 'is missing');
}

export function moneyNotNegativeOrNull(fields: Fields, key: string): bigint | null {
  return microUsdOrNull(fields, key, MONEY_NOT_NEGATIVE);
}

function microUsdOrNull(fields: Fields, key: string, range: Range): bigint | null {
  const exact = fields.decimalOrNull(key, range);
  return exact === null ? null : stepsOf(exact, MONEY_DECIMALS, fields.pathOf(key));
}

/** × 10^18. */
export function rate(fields: Fields, key: string, range: Range): bigint {
  return stepsOf(fields.decimal(key, range), RATE_DECIMALS, fields.pathOf(key));
}

export function formatMoney(microUsd: bigint): string {
  return formatSteps(microUsd, MONEY_DECIMALS);
}

export function formatRate(rateE18: bigint): string {
  return formatSteps(rateE18, RATE_DECIMALS);
}

/** The engine's limit on the value of whatever an account has: 2^52 micro-USD. */
export function refuseAbove(microUsd: bigint, path: string): void {
  if (microUsd <= BigInt(MICRO_USD_MAX)) return;
  const value = formatMoney(microUsd);
  throw new DocumentError(`${path} must not exceed ${MONEY_MOST} USD, but is ${value}`);
}

/** The fewest decimals with which all of these are whole numbers; documents without a tick are counted in such ticks. */
export function commonDecimals(...decimals: readonly (Exact | null)[]): number {
  return Math.max(0, ...decimals.map((each) => each?.decimals ?? 0));
}

/** With `commonDecimals` of it among others, or more; refused when it has more than 18. */
export function ticksOf(exact: Exact, decimals: number, path: string): bigint {
  if (exact.decimals > PRICE_DECIMALS_MAX) {
    throw new DocumentError(
      `${path} must have at most ${PRICE_DECIMALS_MAX} decimals, but is ${exact.text}`,
    );
  }
  return stepsOf(exact, decimals, path);
}
