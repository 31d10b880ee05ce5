import { expect } from 'vitest';
import { batchHash, decodeBatch, GENESIS_HASH } from '../../program/batch-codec.js';
import type { SettlementLedger } from '../ledger.js';
import type { RandomJournal } from './random-journal.js';

/** Everything was netted, and every balance is that of the naive account, entries of batches and totals included. */
export function expectSameBalances(ledger: SettlementLedger, journal: RandomJournal): void {
  expect(ledger.waiting()).toEqual({ items: 0, sinceMs: null });
  for (const [accountId, collateral] of journal.collateral) {
    const balance = ledger.balances.account(accountId);
    expect(balance.collateralMicroUsd).toBe(collateral);
    for (const { marketId } of ledger.balances.markets()) {
      const { lots, entry } = journal.positions.get(`${accountId} ${marketId}`) ?? {
        lots: 0n,
        entry: 0n,
      };
      const position = balance.positions.find((candidate) => candidate.marketId === marketId);
      expect(position?.lots ?? 0n).toBe(lots);
      expect(position?.entryTickLots ?? 0n).toBe(entry);
    }
  }
  for (const market of ledger.balances.markets()) {
    const totals = journal.totals.get(market.marketId);
    expect({
      fees: market.feesMicroUsd,
      insurance: market.insuranceMicroUsd,
      clearing: market.clearingMicroUsd,
      entry: market.entryTickLots,
      funded: market.insuranceFundedMicroUsd,
    }).toEqual(totals);
  }
}

/** No insurance fund is below zero on a chain that has every batch and everything that was paid in. */
export function expectFundsAboveZero(ledger: SettlementLedger): void {
  const paidIn = ledger.cash.fundedByMarket();
  for (const market of ledger.balances.markets()) {
    const traded = market.insuranceMicroUsd - market.insuranceFundedMicroUsd;
    const fund = traded + (paidIn.get(market.marketId) ?? 0n);
    expect(fund).toBeGreaterThanOrEqual(0n);
  }
}

/** Sequences without a gap, hashes that follow from the bytes, and sections that balance. Gives how many batches there are. */
export function expectSoundBatches(ledger: SettlementLedger): number {
  const newest = ledger.batches.newest()?.sequence ?? 0;
  let previous: Readonly<Uint8Array> = GENESIS_HASH;
  for (let sequence = 1; sequence <= newest; sequence++) {
    const batch = ledger.batches.get(sequence);
    const hash = batchHash(previous, BigInt(sequence), batch.bytes);
    expect(Buffer.from(batch.previousHash).equals(previous)).toBe(true);
    expect(Buffer.from(batch.hash).equals(hash)).toBe(true);
    previous = hash;
    for (const section of decodeBatch(batch.bytes)) {
      let [lots, realized, other] = [0n, 0n, 0n];
      for (const entry of section.entries) {
        lots += entry.deltaLots;
        realized += entry.realizedMicroUsd;
        other += entry.otherMicroUsd;
      }
      expect(lots).toBe(0n);
      expect(section.clearingMicroUsd + realized).toBe(0n);
      expect(section.feesMicroUsd + section.insuranceMicroUsd + other).toBe(0n);
    }
  }
  return newest;
}
