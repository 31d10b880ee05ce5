import type { MarketUnits } from '../market/replay-market.js';
import { ReplayError } from '../replay-error.js';

/** A step of a price or a size: mantissa × 10^−decimals. */
export interface Step {
  readonly mantissa: number;
  readonly decimals: number;
}

const DECIMALS_MAX = 12;
const POINT = 46;
const DIGIT_0 = 48;
const PLAIN_DECIMAL = /^\d{1,15}(\.\d{1,18})?$/;

/** What the venue says of markets whose printed prices are finer than their ticks. */
const KNOWN_STEPS: Readonly<Record<string, { tick: string; lot: string }>> = {
  BTCUSDT: { tick: '0.1', lot: '0.001' },
  ETHUSDT: { tick: '0.01', lot: '0.001' },
};

/** '0.10' is 1 × 10^−1. */
export function parseStep(name: string, text: string): Step {
  const [whole = '', fraction = ''] = text.replace(/(\.\d*?)0+$/, '$1').split('.');
  const mantissa = Number(whole + fraction);
  if (!PLAIN_DECIMAL.test(text) || mantissa < 1 || fraction.length > DECIMALS_MAX) {
    const expected = `a positive decimal number of up to ${DECIMALS_MAX} decimals`;
    throw new ReplayError(`${name} is '${text}', expected ${expected}`);
  }
  return { mantissa, decimals: fraction.length };
}

/** The venue prints every price and every size of a market with the same decimals: its finest possible step. */
export function printedStep(text: string): Step {
  const point = text.indexOf('.');
  const decimals = point < 0 ? 0 : Math.min(text.length - point - 1, DECIMALS_MAX);
  return { mantissa: 1, decimals };
}

/**
 * Units of a market: as the command line says, else as the venue is known to have them, else as fine as the
 * first price and size are printed.
 */
export function unitsOf(
  symbol: string,
  price: string,
  size: string,
  given: { tick: Step | null; lot: Step | null },
): MarketUnits {
  const known = KNOWN_STEPS[symbol];
  const tick =
    given.tick ?? (known === undefined ? printedStep(price) : parseStep('tick', known.tick));
  const lot = given.lot ?? (known === undefined ? printedStep(size) : parseStep('lot', known.lot));
  return {
    symbol,
    tickMantissa: tick.mantissa,
    tickDecimals: tick.decimals,
    lotMantissa: lot.mantissa,
    lotDecimals: lot.decimals,
  };
}

/**
 * The exact number of steps in a printed decimal, null when there is none. Digit by digit, because a capture is
 * mostly prices and sizes.
 */
export function toSteps(text: string, step: Step): number | null {
  const { mantissa, decimals } = step;
  let value = 0;
  let fractionDigits = -1;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === POINT && fractionDigits < 0 && i > 0) {
      fractionDigits = 0;
      continue;
    }
    const digit = code - DIGIT_0;
    if (digit < 0 || digit > 9) return null;
    // Digits beyond the step's decimals have to be zeros.
    if (fractionDigits >= decimals) {
      if (digit !== 0) return null;
    } else {
      value = value * 10 + digit;
      if (fractionDigits >= 0) fractionDigits++;
    }
  }
  if (text.length === 0 || text.charCodeAt(text.length - 1) === POINT) return null;
  const steps = (value * 10 ** (decimals - Math.max(0, fractionDigits))) / mantissa;
  return Number.isSafeInteger(steps) ? steps : null;
}

/** The number of steps nearest to a decimal that is finer than the step, as computed prices are. */
export function toNearestStep(text: string, step: Step): number | null {
  if (!PLAIN_DECIMAL.test(text)) return null;
  const steps = Math.round((Number(text) * 10 ** step.decimals) / step.mantissa);
  return Number.isSafeInteger(steps) ? steps : null;
}

export function fromSteps(steps: number, { mantissa, decimals }: Step): string {
  const digits = (BigInt(steps) * BigInt(mantissa)).toString().padStart(decimals + 1, '0');
  if (decimals === 0) return digits;
  return `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}
