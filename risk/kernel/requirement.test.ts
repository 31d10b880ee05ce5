import { describe, expect, it } from 'vitest';
import { Kernel } from '../../engine/kernel/host/kernel.js';
import { R_ENTRY_VALUE, R_OPEN_LOSS, R_OPEN_LOTS, R_POSITION } from '../../engine/kernel/layout.js';
import { javascriptRiskKernel } from '../margin/risk-kernel.js';
import { M_MARK } from './layout.js';

/** BTC-PERP of the default configuration: a tick·lot is 100 micro-USD. */
const BTC = { numerator: 100, denominator: 1 };
const TINY = { numerator: 1, denominator: 100 };
const INITIAL_PPM = 20_000;
const MAINTENANCE_PPM = 10_000;
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

const { words, floats, calls } = new Kernel(javascriptRiskKernel);

/** A market in which the account has this, and the account's row there. */
function marketWith(open: Open, mark: number, contract = BTC): [block: number, row: number] {
  const block = calls.openRemoteBlock(1);
  calls.setContract(block, contract.numerator, contract.denominator);
  calls.addMarket(block, 1, 0);
  calls.setMarginRates(block, INITIAL_PPM, MAINTENANCE_PPM);
  words[(block + M_MARK) >> 2] = mark;
  const row = calls.openRow(block, ACCOUNT);
  floats[(row + R_POSITION) >> 3] = open.position ?? 0;
  floats[(row + R_ENTRY_VALUE) >> 3] = open.entry ?? 0;
  floats[(row + R_OPEN_LOTS) >> 3] = open.bids ?? 0;
  floats[(row + R_OPEN_LOTS + 8) >> 3] = open.asks ?? 0;
  floats[(row + R_OPEN_LOSS) >> 3] = open.bidLoss ?? 0;
  floats[(row + R_OPEN_LOSS + 8) >> 3] = open.askLoss ?? 0;
  return [block, row];
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
    expect(calls.initialMargin(...marketWith(open, 600_000), TAKER_PPM)).toBe(expected);
  });

  it('is rounded up to the next micro-USD', () => {
    // 1 lot × 1 tick × 0.01 micro-USD × 2 % = 0.0002, and the fee of the open order 0.000005.
    expect(calls.initialMargin(...marketWith({ position: 1 }, 1, TINY), TAKER_PPM)).toBe(1);
    expect(calls.initialMargin(...marketWith({ bids: 1 }, 1, TINY), TAKER_PPM)).toBe(2);
  });
});

describe('maintenance margin of a position', () => {
  it.each([
    ['long', { position: 1000, bids: 500 }, BTC, 600_000, 600_000_000],
    ['short', { position: -1000, asks: 500 }, BTC, 600_000, 600_000_000],
    ['none', { bids: 500 }, BTC, 600_000, 0],
    ['rounded up to the next micro-USD', { position: 1 }, TINY, 1, 1],
  ])('%s', (_name, open, contract, mark, expected) => {
    expect(calls.maintenanceMargin(...marketWith(open, mark, contract))).toBe(expected);
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
    expect(calls.unrealized(...marketWith(open, mark))).toBe(expected);
  });

  it('is rounded down, against the trader', () => {
    expect(calls.unrealized(...marketWith({ position: 1, entry: 1 }, 2, TINY))).toBe(0);
    expect(calls.unrealized(...marketWith({ position: 1, entry: 2 }, 1, TINY))).toBe(-1);
  });
});
