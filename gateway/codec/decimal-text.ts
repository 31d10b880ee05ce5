/**
 * Decimal numbers as text, to and from whole units (ticks, lots, micro-USD), digit by digit on bytes. The hot
 * path reads two of them in each order; going through strings and decimal.js would cost more than matching.
 */
export const DECIMAL_MALFORMED = -1;
export const DECIMAL_NOT_A_MULTIPLE = -2;
export const DECIMAL_TOO_LARGE = -3;

const DECIMAL_TEXT_MAX = 40;
const ZERO = 0x30;
const NINE = 0x39;
const POINT = 0x2e;
const POWERS = Array.from({ length: 16 }, (_, i) => 10 ** i);

/**
 * Reads `bytes[from … to)` as an unsigned decimal and gives it in units of mantissa × 10^−decimals, exactly.
 * Negative results are the errors above. Zeros at either end are allowed, signs and exponents are not.
 */
export function parseUnits(
  bytes: Uint8Array,
  from: number,
  to: number,
  mantissa: number,
  decimals: number,
): number {
  if (to - from > DECIMAL_TEXT_MAX) return DECIMAL_MALFORMED;
  let scaled = 0;
  let at = from;
  for (; at < to; at++) {
    const digit = bytes[at] as number;
    if (digit < ZERO || digit > NINE) break;
    scaled = scaled * 10 + (digit - ZERO);
  }
  if (at === from) return DECIMAL_MALFORMED;
  let missing = decimals;
  if (at < to) {
    if (bytes[at] !== POINT || at + 1 === to) return DECIMAL_MALFORMED;
    let tooFine = false;
    for (at++; at < to; at++) {
      const digit = bytes[at] as number;
      if (digit < ZERO || digit > NINE) return DECIMAL_MALFORMED;
      if (missing > 0) {
        scaled = scaled * 10 + (digit - ZERO);
        missing--;
      } else if (digit !== ZERO) tooFine = true;
    }
    if (tooFine) return DECIMAL_NOT_A_MULTIPLE;
  }
  if (missing > 0) scaled *= missing < POWERS.length ? (POWERS[missing] as number) : Infinity;
  if (scaled > Number.MAX_SAFE_INTEGER) return DECIMAL_TOO_LARGE;
  if (mantissa === 1) return scaled;
  return scaled % mantissa === 0 ? scaled / mantissa : DECIMAL_NOT_A_MULTIPLE;
}

/** `units` × mantissa × 10^−decimals as text with exactly `decimals` decimals. */
export function formatScaled(units: number, mantissa: number, decimals: number): string {
  const product = units * mantissa;
  const digits = Number.isSafeInteger(product)
    ? Math.abs(product).toString()
    : (BigInt(Math.abs(Math.round(units))) * BigInt(Math.round(mantissa))).toString();
  const sign = product < 0 ? '-' : '';
  if (decimals === 0) return sign + digits;
  const padded = digits.length > decimals ? digits : digits.padStart(decimals + 1, '0');
  const point = padded.length - decimals;
  return `${sign}${padded.slice(0, point)}.${padded.slice(point)}`;
}

/**
 * Writes the same text as `formatScaled` into `bytes` at `at` and returns the end. The product has to be a
 * safe integer.
 */
export function writeScaled(
  bytes: Uint8Array,
  at: number,
  scaled: number,
  decimals: number,
): number {
  if (scaled < 0) {
    bytes[at++] = 0x2d;
    scaled = -scaled;
  }
  let digits = decimals + 1;
  while (digits < POWERS.length && scaled >= (POWERS[digits] as number)) digits++;
  const end = at + digits + (decimals > 0 ? 1 : 0);
  // From the last digit on; `left`: digits before the point has its turn.
  let to = end;
  let left = decimals;
  // Above 2^31 the division is one of floats; below, the compiler makes it one of integers.
  while (scaled > 0x7fffffff) {
    const tenth = Math.floor(scaled / 10);
    bytes[--to] = ZERO + (scaled - tenth * 10);
    if (--left === 0) bytes[--to] = POINT;
    scaled = tenth;
  }
  let small = scaled | 0;
  while (to > at) {
    const tenth = (small / 10) | 0;
    bytes[--to] = ZERO + (small - tenth * 10);
    if (--left === 0) bytes[--to] = POINT;
    small = tenth;
  }
  return end;
}
