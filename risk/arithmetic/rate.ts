/**
 * Rates of tiers, funding and fees are whole multiples of 10^−18; names end in `E18`. Venues state rates with up to 18 decimals
 * (Kraken's relative funding rates), and a third or a seventh, as 3× and 7× leverage give, is stated in 16 or 17 digits of a double.
 * So whatever is published comes in unchanged, and 10^12 micro-USD at a rate that was cut off there differ by a millionth of a
 * micro-USD. The engine's own parameters are parts per million, which are multiples of it.
 */
export const RATE_DECIMALS = 18;
export const RATE_ONE = 10n ** 18n;
