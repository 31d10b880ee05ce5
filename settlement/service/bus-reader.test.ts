import { afterEach, describe, expect, it } from 'vitest';
import type { Bus } from '../bus/bus.js';
import { RandomJournal } from '../ledger/testing/random-journal.js';
import { makeScratch, openLedger, removeScratch } from '../ledger/testing/scratch.js';
import { BusReader } from './bus-reader.js';

afterEach(removeScratch);

describe('the reader of the bus', () => {
  it('asks once more when a market is listed while it asks for the ends of the others', async () => {
    const ledger = openLedger(makeScratch());
    const messages = new RandomJournal(13, 6).run(200).messages();
    ledger.coverage.note({ shardId: 0, sequence: 1, timeMs: 1, accountItem: 0 });
    let asked = 0;
    const bus = {
      last: async () => {
        // The rest of the journal, with all its listings, comes while the first answer is under way.
        if (asked++ === 0) ledger.ingest(messages);
        return null;
      },
    } as unknown as Bus;
    ledger.catalogue.addMarket(firstListing(messages));
    const reader = new BusReader(bus, ledger, () => {});
    expect(await reader.confirmWatermarks()).toBe(true);
    expect(ledger.catalogue.markets().length).toBeGreaterThan(1);
    expect(ledger.coverage.unconfirmed()).not.toEqual([]);
    expect(await reader.confirmWatermarks()).toBe(true);
    expect(ledger.coverage.unconfirmed()).toEqual([]);
  });
});

function firstListing(messages: Parameters<ReturnType<typeof openLedger>['ingest']>[0]) {
  const ledger = openLedger(makeScratch());
  ledger.ingest(messages);
  const [market] = ledger.catalogue.markets();
  if (market === undefined) throw new Error('the journal lists markets');
  return market.listing;
}
