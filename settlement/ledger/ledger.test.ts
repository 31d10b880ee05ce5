import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { Xorshift } from '../../engine/testing/xorshift.js';
import { addressBytes } from '../program/batch-cost.js';
import {
  expectFundsAboveZero,
  expectSameBalances,
  expectSoundBatches,
} from './testing/ledger-check.js';
import { MARKETS, RandomJournal } from './testing/random-journal.js';
import {
  makeScratch,
  NO_LIMITS,
  openLedger,
  placeMarkets,
  removeScratch,
} from './testing/scratch.js';

afterEach(removeScratch);

const RUNS = Number(process.env.PLIMSOLL_LEDGER_RUNS ?? 12);

describe('taking in and netting', () => {
  it('gives every account what the journal says, over restarts, repeats, overlaps and any boundaries', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000_000 }), (seed) => {
        const journal = new RandomJournal(seed, 12).run(250);
        const random = new Xorshift(seed);
        const dataDir = makeScratch();
        let ledger = openLedger(dataDir);
        const messages = journal.messages(15);
        const limits = {
          ...NO_LIMITS,
          itemsMax: random.between(1, 60),
          bytesMax: random.between(600, 1_200),
          pagesMax: random.between(2, 4),
          rowsPerPage: random.between(1, 5),
          entriesMax: random.between(2, 20),
          notionalMicroUsdMax: random.between(1, 20_000_000),
          // A round of funding that pays out first may not be divided, over however many pages it is.
          addressBytesMax: addressBytes(random.between(1, 3), 40),
          computeUnitsMax: random.between(30_000, 60_000),
        };
        for (let at = 0; at < messages.length; ) {
          const group = messages.slice(at, at + random.between(1, 6));
          const results = ledger.ingest(group);
          expect(results.every(({ isDone, error }) => isDone && error === null)).toBe(true);
          if (at === 0) placeMarkets(ledger);
          at += group.length;
          // Somebody repeats what was said, from some message back on, or in other packs.
          if (random.chance(30)) at = Math.max(0, at - random.between(0, 8));
          if (random.chance(20)) expect(repeatOverlapping(ledger, journal, random)).toBe(true);
          while (random.chance(40)) {
            const { batch } = ledger.buildBatch(limits);
            expect(batch?.bytes.length ?? 0).toBeLessThanOrEqual(limits.bytesMax);
            expectFundsAboveZero(ledger);
          }
          if (random.chance(10)) {
            ledger.close();
            ledger = openLedger(dataDir);
          }
        }
        while (ledger.buildBatch(limits).isFull);
        expectSameBalances(ledger, journal);
        expect(expectSoundBatches(ledger)).toBeGreaterThan(3);
        removeScratch();
      }),
      { numRuns: RUNS },
    );
  });

  it('keeps a batch within its limits, and takes an item that alone is beyond them', () => {
    const journal = new RandomJournal(7, 40).run(400);
    const ledger = openLedger(makeScratch());
    ledger.ingest(journal.messages());
    placeMarkets(ledger);
    const limits = { ...NO_LIMITS, itemsMax: 30, entriesMax: 10, notionalMicroUsdMax: 3_000_000 };
    let full = true;
    while (full) {
      const { batch, isFull } = ledger.buildBatch(limits);
      full = isFull;
      if (batch === null) continue;
      expect(batch.items + batch.payments).toBeLessThanOrEqual(30);
      expect(batch.entries).toBeLessThanOrEqual(10);
      const gross = ledger.batches.sectionsOf(batch.sequence).map(({ slot, grossLots }) => {
        const { numerator, denominator } = MARKETS[slot] as (typeof MARKETS)[0];
        return (Number(grossLots) * 900 * numerator) / denominator;
      });
      const notional = gross.reduce((sum, value) => sum + value, 0);
      if (batch.items > 1) expect(notional).toBeLessThanOrEqual(3_000_000);
    }
    expectSameBalances(ledger, journal);
  });

  it('leaves out what has not changed', () => {
    const journal = new RandomJournal(3, 5).run(200);
    const ledger = openLedger(makeScratch());
    ledger.ingest(journal.messages());
    placeMarkets(ledger);
    while (ledger.buildBatch({ ...NO_LIMITS, itemsMax: 4 }).isFull);
    const newest = expectSoundBatches(ledger);
    for (let sequence = 1; sequence <= newest; sequence++) {
      for (const { entries } of ledger.batches.sectionsOf(sequence)) {
        for (const { accountId, ...changes } of entries) {
          expect(Object.values(changes).some((change) => change !== 0n)).toBe(true);
        }
      }
    }
  });
});

/** A stretch of what is known, in another pack; true when the ledger takes it without changing anything. */
function repeatOverlapping(
  ledger: ReturnType<typeof openLedger>,
  journal: RandomJournal,
  random: Xorshift,
): boolean {
  const streams = ledger.status().streams.filter(({ ingestedItem }) => ingestedItem > 0);
  const stream = random.pick(streams);
  const { kind, streamId, ingestedItem } = stream;
  const first = random.between(1, ingestedItem);
  const end = Math.min(ingestedItem + random.between(0, 3), journal.lastItem(kind, streamId));
  const message = journal.message(kind, streamId, first, random.between(first, end));
  const [result] = ledger.ingest([message]);
  return result?.isDone === true && result.error === null;
}
