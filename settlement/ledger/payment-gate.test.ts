import { afterEach, describe, expect, it } from 'vitest';
import { Exchange } from './testing/exchange.js';
import { makeScratch, NO_LIMITS, openLedger, removeScratch } from './testing/scratch.js';

afterEach(removeScratch);

const LIMITS = { ...NO_LIMITS, paymentsWait: true };

function opened() {
  const ledger = openLedger(makeScratch());
  const exchange = new Exchange(ledger);
  ledger.buildBatch(LIMITS);
  const pay = (shardId: number, sequence: number, timeMs: number, paymentMicroUsd: number) => {
    const payment = { marketId: 1, accountId: 1, paymentMicroUsd };
    exchange.say(shardId, sequence, timeMs, { kind: 'funding', ...payment });
  };
  /** Fills by market that the next batch has. */
  const next = () => {
    const { batch } = ledger.buildBatch(LIMITS);
    if (batch === null) return null;
    const sections = ledger.batches.sectionsOf(batch.sequence);
    return Object.fromEntries(
      sections.map(({ slot, fills, insuranceMicroUsd }) => [slot, [fills, insuranceMicroUsd]]),
    );
  };
  return { exchange, pay, next };
}

describe('rounds of funding', () => {
  it('are in batches of their own, whatever waits: the chain bounds what is paid in one', () => {
    const { exchange, pay, next } = opened();
    exchange.fill(1, 3, 30);
    pay(0, 5, 1_000, 700);
    pay(0, 6, 20_000, 50);
    pay(0, 7, 61_000, 800);
    pay(0, 8, 122_000, 900);
    exchange.watermark(0, 9, 130_000);
    exchange.watermark(1, 9, 130_000);
    const paid: bigint[] = [];
    for (let batch = next(); batch !== null; batch = next()) {
      paid.push(...Object.values(batch).map((section) => section[1] as bigint));
    }
    expect(paid).toEqual([750n, 800n, 900n]);
  });
});

describe('a payment', () => {
  it('waits until it is certain that the trades before it are here, and later trades wait for it', () => {
    const { exchange, pay, next } = opened();
    exchange.fill(1, 3, 30);
    pay(0, 5, 50, 700);
    exchange.fill(1, 7, 70);
    exchange.fill(2, 6, 60);
    // Without it: what was traded before, and other markets.
    expect(next()).toEqual({ 1: [1, 0n], 2: [1, 0n] });
    exchange.watermark(0, 8, 80);
    expect(next()).toEqual({ 1: [1, 700n] });
  });

  it('waits for a trade that the watermark names and that has not come', () => {
    const { exchange, pay, next } = opened();
    pay(0, 5, 50, 700);
    exchange.holdBack(() => exchange.fill(1, 3, 30));
    exchange.watermark(0, 8, 80);
    // No shard may have one that has not come.
    exchange.watermark(1, 8, 80);
    expect(next()).toBe(null);
    exchange.letCome();
    expect(next()).toEqual({ 1: [1, 700n] });
  });

  it('of an account of another shard waits for the shard of the market as well', () => {
    const { exchange, pay, next } = opened();
    exchange.fill(1, 3, 30);
    expect(next()).toEqual({ 1: [1, 0n] });
    pay(1, 5, 50, 700);
    exchange.watermark(1, 8, 80);
    exchange.watermark(0, 4, 50);
    expect(next()).toBe(null);
    exchange.watermark(0, 9, 51);
    expect(next()).toEqual({ 1: [0, 700n] });
  });
});
