import { afterEach, describe, expect, it } from 'vitest';
import type { SettlementLedger } from './ledger.js';
import { RandomJournal } from './testing/random-journal.js';
import {
  makeScratch,
  NO_LIMITS,
  openLedger,
  placeMarkets,
  removeScratch,
} from './testing/scratch.js';

afterEach(removeScratch);

const ZEROS = new Uint8Array(32);

function built(dataDir = makeScratch(), nowMs = 1_800_000_000_000): SettlementLedger {
  const journal = new RandomJournal(13, 6).run(200);
  const ledger = openLedger(dataDir, { now: () => nowMs });
  ledger.ingest(journal.messages());
  placeMarkets(ledger);
  while (ledger.buildBatch({ ...NO_LIMITS, itemsMax: 30 }).isFull);
  return ledger;
}

function head(ledger: SettlementLedger, sequence: number) {
  const lastHash = sequence === 0 ? ZEROS : ledger.batches.get(sequence).hash;
  return { lastSequence: sequence, lastHash };
}

describe('reconciling with the chain', () => {
  it('marks as settled what has landed without anybody seeing it', () => {
    const ledger = built();
    expect(ledger.reconcile(head(ledger, 0))).toEqual({ kind: 'equal', settledSequence: 0 });
    ledger.batches.markSubmitted(1);
    expect(ledger.reconcile(head(ledger, 1))).toEqual({ kind: 'chainAhead', settledSequence: 1 });
    expect(ledger.batches.get(1).state).toBe('settled');
    expect(ledger.batches.unsettled(1)[0]?.sequence).toBe(2);
    expect(ledger.reconcile(head(ledger, 1)).kind).toBe('equal');
  });

  it('sends again what a fork has taken back', () => {
    const ledger = built();
    ledger.batches.markSettled(3);
    expect(ledger.reconcile(head(ledger, 1))).toEqual({ kind: 'chainBehind', settledSequence: 1 });
    expect(
      ledger.batches
        .unsettled(10)
        .map(({ sequence }) => sequence)
        .slice(0, 2),
    ).toEqual([2, 3]);
    expect(ledger.batches.get(2).state).toBe('submitted');
    expect(ledger.alarms.notes(1)[0]?.sentence).toContain('gone back to batch 1: 2 to send again');
  });

  it('halts when a hash differs, names both, and builds nothing until they agree', () => {
    const dataDir = makeScratch();
    const ledger = built(dataDir);
    const wrong = { lastSequence: 2, lastHash: new Uint8Array(32).fill(0xab) };
    const answer = ledger.reconcile(wrong);
    const ours = Buffer.from(ledger.batches.get(2).hash).toString('hex');
    expect(answer).toMatchObject({ kind: 'halt', ledgerHash: ours, chainHash: 'ab'.repeat(32) });
    expect(ledger.status().isHalted).toBe(true);
    expect(ledger.status().alarms[0]?.sentence).toContain(ours);
    expect(() => ledger.buildBatch(NO_LIMITS)).toThrow('halted');
    ledger.close();
    const again = openLedger(dataDir);
    expect(again.status().isHalted).toBe(true);
    expect(again.reconcile(head(again, 0)).kind).toBe('equal');
    expect(again.status().isHalted).toBe(false);
    again.buildBatch(NO_LIMITS);
  });

  it('halts when the chain has a batch that the ledger never built, and at a foreign genesis', () => {
    const ledger = built();
    const newest = ledger.batches.newest()?.sequence as number;
    const ahead = ledger.reconcile({ lastSequence: newest + 1, lastHash: ZEROS });
    expect(ahead).toMatchObject({ kind: 'halt', ledgerHash: null });
    const genesis = ledger.reconcile({ lastSequence: 0, lastHash: new Uint8Array(32).fill(1) });
    expect(genesis.kind).toBe('halt');
  });
});

describe('status', () => {
  it('tells how far everything is', () => {
    const nowMs = 1_800_000_000_000;
    const ledger = built(makeScratch(), nowMs);
    const before = ledger.status();
    expect(before.waitingItems).toBe(0);
    expect(before.lagItems).toBe(before.unsettledItems);
    const batches = ledger.batches.unsettled(1_000);
    const items = batches.reduce((sum, each) => sum + each.items + each.payments, 0);
    expect(before.unsettledItems).toBe(items);
    const oldest = Math.min(...batches.map(({ oldestItemMs }) => oldestItemMs));
    expect(before.lagSeconds).toBe((nowMs - oldest) / 1_000);
    ledger.batches.markSettled(batches.length);
    const after = ledger.status();
    expect(after).toMatchObject({ lagItems: 0, lagSeconds: 0, isHalted: false, alarms: [] });
    expect(after.batch).toMatchObject({ built: batches.length, settled: batches.length });
    expect(after.batch.hash).toBe(Buffer.from(ledger.batches.newest()?.hash ?? []).toString('hex'));
    expect(after.streams.every((stream) => stream.ingestedItem === stream.nettedItem)).toBe(true);
  });

  it('says which markets have no slot, and goes on with the others', () => {
    const journal = new RandomJournal(17, 6).run(150);
    const ledger = openLedger(makeScratch());
    ledger.ingest(journal.messages());
    ledger.catalogue.setMarketSlot(1, 4);
    expect(() => ledger.catalogue.setMarketSlot(1, 5)).toThrow('is in slot 4');
    expect(() => ledger.catalogue.setMarketSlot(2, 4)).toThrow('belongs to market 1');
    expect(() => ledger.catalogue.setMarketSlot(2, 16)).toThrow('must be 0 to 15');
    expect(() => ledger.catalogue.setMarketSlot(3, 1)).toThrow('is not listed');
    const { batch, unplacedMarkets } = ledger.buildBatch(NO_LIMITS);
    expect(batch?.items).toBe(journal.lastItem('market', 1));
    expect(unplacedMarkets).toContain(2);
    expect(ledger.status().alarms.map(({ key }) => key)).toEqual(['unplacedMarkets']);
    ledger.catalogue.setMarketSlot(2, 5);
    ledger.catalogue.setMarketSlot(5, 6);
    expect(ledger.buildBatch(NO_LIMITS).unplacedMarkets).toEqual([]);
    expect(ledger.status()).toMatchObject({ alarms: [], waitingItems: 0 });
    const rows = ledger.catalogue.accountsWithoutRow(100).map(({ accountId }) => accountId);
    expect(rows).toEqual([1, 2, 3, 4, 5, 6]);
    ledger.catalogue.markOnChain([1, 2, 4]);
    expect(ledger.catalogue.missingAccountsOf(1)).toEqual([3, 5, 6]);
    expect(() => ledger.catalogue.markOnChain([99])).toThrow('account 99');
  });
});
