import { afterEach, describe, expect, it } from 'vitest';
import { makeScratch, openLedger, removeScratch } from '../ledger/testing/scratch.js';
import type { LedgerTransfer } from '../ledger/transfers.js';
import type { ChainDoor, ChainOutcome, TransferOnItsWay } from './chain-door.js';
import { TransferRounds } from './transfer-rounds.js';

afterEach(removeScratch);

const LATER_MS = 120_000;

/** A ledger whose transfers are covered by a settled batch when the test says so, and a chain that answers what it is told. */
function prepared() {
  const ledger = openLedger(makeScratch());
  for (const accountId of [1, 2, 3]) {
    const account = { accountId, parentId: accountId === 1 ? 0 : 1, publicKey: null };
    const origin = { kind: 'accountCreated', timeMs: 1, sequence: accountId } as const;
    ledger.catalogue.addAccount(0, { ...origin, ...account });
  }
  ledger.catalogue.markOnChain([1, 2, 3]);
  const said = { covering: 1 as number | null, settled: 1, refusesFrom: 0, nowMs: 1 };
  ledger.transfers.coveringBatch = () => said.covering;
  ledger.batches.lastSettledSequence = () => said.settled;
  const asked: string[] = [];
  const chain = {
    transfer: async (transfer: TransferOnItsWay): Promise<ChainOutcome> => {
      const { fromAccountId, toAccountId, number } = transfer;
      asked.push(`${fromAccountId}>${toAccountId} ${number}`);
      if (fromAccountId !== said.refusesFrom) return { kind: 'done' };
      return { kind: 'refused', sentence: 'not enough is free to leave' };
    },
  } as unknown as ChainDoor;
  let item = 0;
  const add = (accountId: number, toAccountId: number) => {
    item++;
    const origin = { kind: 'transfer', timeMs: item, sequence: item } as const;
    ledger.transfers.add(
      { shardId: 0, item },
      { ...origin, accountId, toAccountId, amountMicroUsd: 5 },
    );
  };
  const all = new TransferRounds({ ledger, chain, now: () => said.nowMs });
  const rounds = {
    /** So long after the one before that what has failed is tried again. */
    round: () => {
      said.nowMs += LATER_MS;
      return all.round();
    },
  };
  return { ledger, said, asked, add, rounds };
}

function states(transfers: readonly LedgerTransfer[]): string[] {
  return transfers.map(({ number, state }) => `${number} ${state}`);
}

describe('transfers', () => {
  it('are done in the order of their account, each once', async () => {
    const { ledger, asked, add, rounds } = prepared();
    add(1, 2);
    add(1, 3);
    add(2, 3);
    while (await rounds.round());
    expect(asked).toEqual(['1>2 1', '2>3 1', '1>3 2']);
    expect(states(ledger.transfers.all())).toEqual(['1 done', '2 done', '1 done']);
  });

  it('wait until everything before them is settled, and until both accounts are on chain', async () => {
    const { ledger, said, asked, add, rounds } = prepared();
    add(1, 2);
    said.covering = null;
    await rounds.round();
    said.covering = 2;
    await rounds.round();
    expect(asked).toEqual([]);
    said.settled = 2;
    const origin = { kind: 'accountCreated', timeMs: 1, sequence: 9 } as const;
    ledger.catalogue.addAccount(0, { ...origin, accountId: 4, parentId: 1, publicKey: null });
    add(2, 4);
    while (await rounds.round());
    expect(asked).toEqual(['1>2 1']);
    ledger.catalogue.markOnChain([4]);
    while (await rounds.round());
    expect(asked).toEqual(['1>2 1', '2>4 1']);
  });

  it('that the chain does not take wait, and hold up nobody else', async () => {
    const { ledger, said, add, rounds } = prepared();
    said.refusesFrom = 1;
    add(1, 2);
    add(1, 3);
    add(2, 3);
    expect(await rounds.round()).toBe(true);
    await expect(rounds.round()).rejects.toThrow(
      'transfer 1 of account 1: not enough is free to leave',
    );
    expect(states(ledger.transfers.all())).toEqual(['1 seen', '2 seen', '1 done']);
    said.refusesFrom = 0;
    while (await rounds.round());
    expect(ledger.transfers.doneCount()).toBe(3);
  });
});
