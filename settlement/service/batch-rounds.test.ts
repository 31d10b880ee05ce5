import { afterEach, describe, expect, it } from 'vitest';
import type { SettlementLedger } from '../ledger/ledger.js';
import { RandomJournal } from '../ledger/testing/random-journal.js';
import {
  makeScratch,
  NO_LIMITS,
  openLedger,
  placeMarkets,
  removeScratch,
} from '../ledger/testing/scratch.js';
import { BatchRounds } from './batch-rounds.js';
import type { ChainDoor, ChainExchange } from './chain-door.js';

afterEach(removeScratch);

const START_MS = 1_800_000_000_000;

/** A chain that has settled every batch of the ledger. */
function settled() {
  const clock = { nowMs: START_MS };
  const now = () => clock.nowMs;
  const ledger = openLedger(makeScratch(), { now });
  ledger.ingest(new RandomJournal(13, 6).run(200).messages());
  placeMarkets(ledger);
  while (ledger.buildBatch({ ...NO_LIMITS, itemsMax: 30 }).isFull);
  const last = ledger.batches.newest()?.sequence ?? 0;
  ledger.catalogue.markOnChain(
    ledger.catalogue.accountsWithoutRow(100).map((one) => one.accountId),
  );
  const chain = { ...headOf(ledger, last), status: 'active' } as {
    -readonly [F in keyof ChainExchange]: ChainExchange[F];
  };
  const door = {
    exchange: async () => ({ ...chain }),
    settle: async ({ sequence }: { sequence: number }) => {
      Object.assign(chain, headOf(ledger, sequence));
      return { kind: 'done' };
    },
  } as unknown as ChainDoor;
  const rounds = new BatchRounds({ ledger, chain: door, limits: NO_LIMITS, windowMs: 100, now });
  return { clock, ledger, chain, rounds, last, door, now };
}

function headOf(ledger: SettlementLedger, lastSequence: number) {
  return { lastSequence, lastHash: ledger.batches.get(lastSequence).hash };
}

describe('rounds of batches', () => {
  it('notice a fork that takes a batch back when there is nothing to send, and send it again', async () => {
    const { clock, ledger, chain, rounds, last } = settled();
    await rounds.round();
    expect(ledger.batches.lastSettledSequence()).toBe(last);
    Object.assign(chain, headOf(ledger, last - 2));
    clock.nowMs += 4_999;
    await rounds.round();
    expect(ledger.batches.lastSettledSequence()).toBe(last);
    clock.nowMs += 1;
    for (let round = 0; round < 3; round++) await rounds.round();
    expect(chain.lastSequence).toBe(last);
    expect(ledger.batches.unsettled(1)).toEqual([]);
  });

  it('say so when no batch can be made that the chain would take', async () => {
    const { clock, ledger, chain, now, door } = settled();
    const next = new RandomJournal(13, 6);
    next.run(200);
    ledger.ingest(next.run(60).messages());
    const some = { ...NO_LIMITS, computeUnitsMax: 10 };
    const tight = new BatchRounds({ ledger, chain: door, limits: some, windowMs: 100, now });
    clock.nowMs += 60_000;
    await expect(tight.round()).rejects.toThrow('compute units, above 10');
    const [alarm] = ledger.alarms.list();
    expect(alarm?.severity).toBe('critical');
    expect(alarm?.sentence).toMatch(/^no batch can be made: the next \d+ items, which cannot/);
    const wide = new BatchRounds({ ledger, chain: door, limits: NO_LIMITS, windowMs: 100, now });
    await wide.round();
    expect(ledger.alarms.list()).toEqual([]);
    expect(chain.status).toBe('active');
  });

  it('go on when an exchange that was frozen is active again', async () => {
    const { clock, ledger, chain, rounds } = settled();
    chain.status = 'frozen';
    await rounds.round();
    expect(ledger.alarms.halted()).toBe(true);
    chain.status = 'active';
    clock.nowMs += 5_000;
    await rounds.round();
    expect(ledger.alarms.halted()).toBe(false);
  });
});
