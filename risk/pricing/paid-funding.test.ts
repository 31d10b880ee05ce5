import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Kernel } from '../../engine/kernel/host/kernel.js';
import { LEDGER_OWN, R_ENTRY_VALUE, R_POSITION } from '../../engine/kernel/layout.js';
import { fundingFraction } from '../../engine/market/funding-fraction.js';
import type { MarketParams } from '../../engine/market/market-params.js';
import { MarketPositions } from '../../engine/market/positions.js';
import {
  EF_PAYMENT,
  EF_POSITION,
  SLOT_FLOATS,
  SLOT_WORDS,
  slotsOf,
  W_ACCOUNT,
  W_HEAD,
} from '../../engine/messages/layout.js';
import { kernelFrom } from '../../engine/runtime/kernel-file.js';
import { asPriceTicks } from '../../engine/units/units.js';
import { fundingPaymentMicroUsd } from '../funding/funding-payment.js';
import { javascriptRiskKernel } from '../margin/risk-kernel.js';

const COMPILED = new URL('../../dist/risk/kernel/kernel.wasm', import.meta.url);
const HOUR_MS = 3_600_000;
const PPB_IN_E18 = 1_000_000_000n;

const markets: [number, number][] = [
  [100, 1],
  [1, 10],
  [7, 1000],
];
const accounts = fc.integer({ min: 1, max: 5000 });
const lots = fc.integer({ min: -(2 ** 24), max: 2 ** 24 }).filter((size) => size !== 0);
/** 31 positions of so many lots at the highest price stay within the limits of values. */
const held = fc.uniqueArray(fc.tuple(accounts, lots), { maxLength: 30, selector: ([id]) => id });

/** The market of these positions, one more account on the other side of all. */
function openMarket(
  isCompiled: boolean,
  [numerator, denominator]: [number, number],
  holdings: readonly [number, number][],
) {
  const kernel = new Kernel(
    isCompiled ? kernelFrom(COMPILED, javascriptRiskKernel) : javascriptRiskKernel,
  );
  const book = kernel.calls.openBook(1, 2 ** 31 - 1, 10, LEDGER_OWN);
  kernel.refresh();
  const positions = new MarketPositions(kernel, book, numerator, denominator);
  const rest = -holdings.reduce((sum, [, size]) => sum + size, 0);
  for (const [account, size] of [...holdings, [9999, rest] as const]) {
    positions.rows.set(account, R_POSITION, size);
    positions.rows.set(account, R_ENTRY_VALUE, size);
  }
  return { kernel, positions };
}

describe.each([false, true])('funding paid by the kernel, as WebAssembly: %s', (isCompiled) => {
  it('is the formula for every position, by account id, and what is left over is never negative', () => {
    const market = fc.constantFrom(...markets);
    const price = fc.integer({ min: 1, max: 4_000_000 });
    const rate = fc.integer({ min: -40_000_000, max: 40_000_000 });
    const interval = fc.constantFrom(HOUR_MS, 8 * HOUR_MS, 15 * 60_000);
    fc.assert(
      fc.property(market, held, price, rate, interval, (unit, holdings, index, ratePpb, ms) => {
        const { kernel, positions } = openMarket(isCompiled, unit, holdings);
        const params = {
          microUsdPerTickLotNumerator: unit[0],
          microUsdPerTickLotDenominator: unit[1],
        } as MarketParams;
        positions.payFunding(
          asPriceTicks(index),
          ratePpb,
          ms,
          fundingFraction(params, ratePpb, ms),
        );
        const tickLot = { numerator: BigInt(unit[0]), denominator: BigInt(unit[1]) };
        let sum = 0n;
        let before = 0;
        const { words, floats, length } = kernel.events;
        for (let slot = 0; slot < length; ) {
          const account = words[slot * SLOT_WORDS + W_ACCOUNT] as number;
          const size = floats[slot * SLOT_FLOATS + EF_POSITION] as number;
          const payment = floats[slot * SLOT_FLOATS + EF_PAYMENT] as number;
          const rateE18 = BigInt(ratePpb) * PPB_IN_E18;
          expect(BigInt(payment)).toBe(
            fundingPaymentMicroUsd(BigInt(size), BigInt(index), tickLot, rateE18, BigInt(ms)),
          );
          expect(account).toBeGreaterThan(before);
          before = account;
          sum += BigInt(payment);
          slot += slotsOf(words[slot * SLOT_WORDS + W_HEAD] as number);
        }
        expect(BigInt(positions.insuranceMicroUsd)).toBe(sum);
        // Each of them rounds up by less than a micro-USD.
        expect(sum >= 0n && sum <= BigInt(holdings.length + 1)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });
});
