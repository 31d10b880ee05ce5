import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Markets } from '../markets.js';
import { BTC, ODD } from '../testing/test-market.js';
import { averageText, markText, moneyText, rateText, scaledText, valueText } from './numbers.js';

const markets = new Markets();
const btc = markets.put(1, BTC);
const odd = markets.put(2, ODD);

describe('decimals in the form of Binance', () => {
  it.each([
    [0, '0.00000000'],
    [1, '0.00000100'],
    [-1, '-0.00000100'],
    [1_234_567_890, '1234.56789000'],
    [-5n, '-0.00000500'],
    [2n ** 60n, '1152921504606.84697600'],
  ])('money %s is %s', (microUsd, text) => {
    expect(moneyText(microUsd)).toBe(text);
  });

  it.each([
    [btc, 500_000 * 10, 10, '50000.00000'],
    [btc, 500_001 * 10 + 5, 10, '50000.15000'],
    [btc, -500_000 * 10, -10, '50000.00000'],
    // A third of a tick goes to the nearest.
    [btc, 10, 3, '0.33333'],
    [btc, 20, 3, '0.66667'],
    [btc, 0, 0, '0.00000'],
    [odd, 401 * 2, 2, '100.25000'],
  ])('the mean price of tick·lots and lots is %#', (market, tickLots, lots, text) => {
    expect(averageText(market, tickLots, lots)).toBe(text);
  });

  it.each([
    [btc, 500_000 * 10, '500.00000000'],
    [btc, 1, '0.00010000'],
    [btc, 0, '0.00000000'],
    [odd, 1, '0.12500000'],
    [odd, -401, '-50.12500000'],
  ])('a value of tick·lots is %#', (market, tickLots, text) => {
    expect(valueText(market, tickLots)).toBe(text);
  });

  it('marks have eight decimals, and rates as well', () => {
    expect([markText(btc, 500_001), markText(odd, 401), markText(btc, 0)]).toEqual([
      '50000.10000000',
      '100.25000000',
      '0.00000000',
    ]);
    expect([rateText(100_000), rateText(-1_234_567), rateText(0)]).toEqual([
      '0.00010000',
      '-0.00123456',
      '0.00000000',
    ]);
  });

  it('any number of units is written without loss', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }),
        fc.nat(12),
        (units, decimals) => {
          const text = scaledText(units, decimals);
          expect(text).toMatch(decimals === 0 ? /^-?[0-9]+$/ : /^-?[0-9]+\.[0-9]+$/);
          expect(BigInt(text.replace('.', ''))).toBe(units);
          expect((text.split('.')[1] ?? '').length).toBe(decimals);
        },
      ),
    );
  });
});
