import { describe, expect, it } from 'vitest';
import { ROW_FLOATS } from '../../engine/book/account-rows.js';
import type { MarketParams } from '../../engine/market/market-params.js';
import {
  MarketSummary,
  SF_ASK_LOSS,
  SF_ASK_LOTS,
  SF_BID_LOSS,
  SF_BID_LOTS,
  SF_ENTRY_VALUE,
  SF_POSITION,
} from './market-summaries.js';
import { initialMarginMicroUsd, unrealizedMicroUsd } from './requirement.js';

/** BTC-PERP of the default configuration: a tick·lot is 100 micro-USD. */
const BTC: MarketParams = {
  symbol: 'BTC-PERP',
  tickMantissa: 1,
  tickDecimals: 1,
  lotMantissa: 1,
  lotDecimals: 3,
  microUsdPerTickLotNumerator: 100,
  microUsdPerTickLotDenominator: 1,
  priceTicksMax: 2 ** 31 - 1,
  qtyLotsMax: 2 ** 30,
  minNotionalMicroUsd: 0,
  priceBandPpm: 100_000,
  initialMarginPpm: 20_000,
  maintenanceMarginPpm: 10_000,
  openOrdersMax: 200,
};
const ACCOUNT = 1;
const TAKER_PPM = 500;

interface Open {
  position?: number;
  entry?: number;
  bids?: number;
  asks?: number;
  bidLoss?: number;
  askLoss?: number;
}

function marketWith(open: Open, mark: number, params = BTC): MarketSummary {
  const market = new MarketSummary(1, 0, params, undefined);
  market.markTicks = mark;
  const floats = market.rows.floats;
  const row = ACCOUNT * ROW_FLOATS;
  floats[row + SF_POSITION] = open.position ?? 0;
  floats[row + SF_ENTRY_VALUE] = open.entry ?? 0;
  floats[row + SF_BID_LOTS] = open.bids ?? 0;
  floats[row + SF_ASK_LOTS] = open.asks ?? 0;
  floats[row + SF_BID_LOSS] = open.bidLoss ?? 0;
  floats[row + SF_ASK_LOSS] = open.askLoss ?? 0;
  return market;
}

describe('initial margin in one market, in micro-USD', () => {
  // 1 BTC at 60,000.0: notional 60,000 USD; 2 % of it 1,200; a taker fee of 0.05 % 30.
  const cases: [string, Open, number][] = [
    ['nothing open needs nothing', {}, 0],
    ['a long position: rate × notional', { position: 1000 }, 1_200_000_000],
    ['a short position needs the same', { position: -1000 }, 1_200_000_000],
    ['a resting bid: rate × notional, and its fee', { bids: 1000 }, 1_230_000_000],
    ['bids add to a long position', { position: 1000, bids: 1000 }, 2_430_000_000],
    ['asks that close a long add only fees', { position: 1000, asks: 1000 }, 1_230_000_000],
    ['asks beyond it count as the short', { position: 1000, asks: 3000 }, 2_490_000_000],
    ['bids and asks: the worse side, fees of both', { bids: 1000, asks: 1000 }, 1_260_000_000],
    [
      'a bid 100.0 above the mark loses 100 USD at once',
      { bids: 1000, bidLoss: 1_000_000 },
      1_330_050_000,
    ],
  ];
  it.each(cases)('%s', (_name, open, expected) => {
    expect(initialMarginMicroUsd(marketWith(open, 600_000), ACCOUNT, TAKER_PPM)).toBe(expected);
  });

  it('is rounded up to the next micro-USD', () => {
    const tiny = { ...BTC, microUsdPerTickLotNumerator: 1, microUsdPerTickLotDenominator: 100 };
    // 1 lot × 1 tick × 0.01 micro-USD × 2 % = 0.0002, and the fee of the open order 0.000005.
    expect(initialMarginMicroUsd(marketWith({ position: 1 }, 1, tiny), ACCOUNT, TAKER_PPM)).toBe(1);
    expect(initialMarginMicroUsd(marketWith({ bids: 1 }, 1, tiny), ACCOUNT, TAKER_PPM)).toBe(2);
  });
});

describe('profit of an open position at the mark', () => {
  it.each([
    ['long above entry', { position: 1000, entry: 600_000_000 }, 601_000, 100_000_000],
    ['long below entry', { position: 1000, entry: 600_000_000 }, 599_000, -100_000_000],
    ['short above entry', { position: -1000, entry: -600_000_000 }, 601_000, -100_000_000],
    ['short below entry', { position: -1000, entry: -600_000_000 }, 599_000, 100_000_000],
    ['flat', {}, 601_000, 0],
  ] as [string, Open, number, number][])('%s', (_name, open, mark, expected) => {
    expect(unrealizedMicroUsd(marketWith(open, mark), ACCOUNT)).toBe(expected);
  });

  it('is rounded down, against the trader', () => {
    const tiny = { ...BTC, microUsdPerTickLotNumerator: 1, microUsdPerTickLotDenominator: 100 };
    expect(unrealizedMicroUsd(marketWith({ position: 1, entry: 1 }, 2, tiny), ACCOUNT)).toBe(0);
    expect(unrealizedMicroUsd(marketWith({ position: 1, entry: 2 }, 1, tiny), ACCOUNT)).toBe(-1);
  });
});
