import { absOf } from '../../engine/units/division.js';
import { RATE_DECIMALS } from '../../risk/arithmetic/rate.js';
import { microUsdCeil, type TickLotValue } from '../../risk/arithmetic/tick-lot-value.js';
import { fundingPaymentMicroUsd } from '../../risk/funding/funding-payment.js';
import { fundingRateE18 } from '../../risk/funding/funding-rate.js';
import { meanPremiumE18, premiumE18 } from '../../risk/funding/premium.js';
import {
  COUNT,
  commonDecimals,
  formatMoney,
  formatRate,
  PRICE,
  PRICE_OR_ZERO,
  RATE,
  RATE_NOT_NEGATIVE,
  rate,
  refuseAbove,
  SIZE_SIGNED,
  ticksOf,
} from './amounts.js';
import type { Exact } from './exact.js';
import { Fields, readDecimal, stepsOf } from './fields.js';

const KNOWN = [
  ...['intervalHours', 'interestRate', 'dampener', 'rateCap', 'indexPrice', 'impactBid'],
  ...['impactAsk', 'premiumSamples', 'expectedSamples', 'positionSize'],
];
const HOURS = { least: '0.001', most: '8760' };
const HOURS_DECIMALS = 3;
/** A thousandth of an hour. */
const STEP_MS = 3600n;

/** `calc funding`: premium, rate for eight hours, and what a position pays for the interval. */
export function answerFunding(input: unknown): object {
  const fields = new Fields(input, '', KNOWN);
  const index = fields.decimal('indexPrice', PRICE);
  const premium = readPremium(fields, index);
  const terms = {
    premiumE18: premium,
    interestE18: rate(fields, 'interestRate', RATE),
    dampenerE18: rate(fields, 'dampener', RATE_NOT_NEGATIVE),
    capE18: rate(fields, 'rateCap', RATE_NOT_NEGATIVE),
  };
  const rateE18 = fundingRateE18(terms);
  const hours = fields.decimal('intervalHours', HOURS);
  const intervalMs = stepsOf(hours, HOURS_DECIMALS, fields.pathOf('intervalHours')) * STEP_MS;
  return {
    premium: formatRate(premium),
    fundingRate: formatRate(rateE18),
    payment: formatMoney(payment(fields, index, rateE18, intervalMs)),
  };
}

/** Of the samples where there are some, else of the impact prices; both are looked at for mistakes. */
function readPremium(fields: Fields, index: Exact): bigint {
  // A bid of zero means that nobody bids; an ask is never zero.
  const bid = fields.decimalOrNull('impactBid', PRICE_OR_ZERO);
  const ask = fields.decimalOrNull('impactAsk', PRICE);
  const samples = readSamples(fields);
  if (samples !== null) return meanPremiumE18(samples, expectedSamples(fields, samples.length));
  const decimals = commonDecimals(index, bid, ask);
  const ticks = (key: string, price: Exact | null) =>
    price && ticksOf(price, decimals, fields.pathOf(key));
  const indexTicks = ticksOf(index, decimals, fields.pathOf('indexPrice'));
  return premiumE18(indexTicks, ticks('impactBid', bid), ticks('impactAsk', ask));
}

/** A sample that is null is missing, and counts as zero like one that is not there at all. */
function readSamples(fields: Fields): bigint[] | null {
  const samples = fields.listOrNull('premiumSamples');
  if (samples === null) return null;
  return samples.map((sample, index) => {
    const path = `${fields.pathOf('premiumSamples')}[${index}]`;
    return sample === null ? 0n : stepsOf(readDecimal(sample, path, RATE), RATE_DECIMALS, path);
  });
}

function expectedSamples(fields: Fields, given: number): bigint {
  const expected = fields.decimalOrNull('expectedSamples', COUNT);
  if (expected === null) {
    if (given > 0) return BigInt(given);
    return fields.fail('expectedSamples', 'is missing, and premiumSamples is empty');
  }
  const count = stepsOf(expected, 0, fields.pathOf('expectedSamples'));
  if (count >= given) return count;
  return fields.fail('premiumSamples', `must not be more than ${count}, but are ${given}`);
}

/** Without a market there are no ticks and lots: the smallest that hold both numbers do. */
function payment(fields: Fields, index: Exact, rateE18: bigint, intervalMs: bigint): bigint {
  const size = fields.decimal('positionSize', SIZE_SIGNED);
  const indexTicks = ticksOf(index, index.decimals, fields.pathOf('indexPrice'));
  const lots = ticksOf(size, size.decimals, fields.pathOf('positionSize'));
  const tickLot: TickLotValue = {
    numerator: 1_000_000n,
    denominator: 10n ** BigInt(index.decimals + size.decimals),
  };
  const notional = microUsdCeil(absOf(lots) * indexTicks, tickLot);
  refuseAbove(notional, `${fields.pathOf('positionSize')} × indexPrice`);
  return fundingPaymentMicroUsd(lots, indexTicks, tickLot, rateE18, intervalMs);
}
