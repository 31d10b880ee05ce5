import { afterEach, describe, expect, it } from 'vitest';
import { Xorshift } from '../../engine/testing/xorshift.js';
import { MARKETS, RandomJournal } from './testing/random-journal.js';
import {
  makeScratch,
  NO_LIMITS,
  openLedger,
  placeMarkets,
  removeScratch,
} from './testing/scratch.js';
import {
  type ChainRow,
  type ChainSide,
  type JournalSide,
  type LedgerSide,
  verify,
} from './verify.js';
import type { VerifiedMarket, VerifiedPosition } from './verify-sums.js';

afterEach(removeScratch);

const journal = new RandomJournal(31, 10).run(400);

function positionsOf(accountId: number): Map<number, VerifiedPosition> {
  const positions = new Map<number, VerifiedPosition>();
  for (const { marketId } of MARKETS) {
    const { lots, entry } = journal.positions.get(`${accountId} ${marketId}`) ?? {
      lots: 0n,
      entry: 0n,
    };
    positions.set(marketId, { lots, entryTickLots: entry });
  }
  return positions;
}

function journalSide(): JournalSide {
  const accounts = new Map(
    [...journal.collateral].map(([id, collateralMicroUsd]) => [
      id,
      { collateralMicroUsd, positions: positionsOf(id) },
    ]),
  );
  const markets = new Map<number, VerifiedMarket>();
  for (const [id, { fees, insurance, clearing, entry }] of journal.totals) {
    markets.set(id, {
      feesMicroUsd: fees,
      insuranceMicroUsd: insurance,
      clearingMicroUsd: clearing,
      entryTickLots: entry,
    });
  }
  return { accounts, markets };
}

/** Everything taken in, settled, and every deposit and withdrawal of the engine known from the chain. */
function settledLedger() {
  const ledger = openLedger(makeScratch());
  ledger.ingest(journal.messages());
  placeMarkets(ledger);
  while (ledger.buildBatch({ ...NO_LIMITS, itemsMax: 70 }).isFull);
  const last = ledger.batches.newest()?.sequence as number;
  ledger.batches.markSettled(last);
  for (const [at, item] of ledger.cash.unlinkedItems(10_000).entries()) {
    const { accountId, changeMicroUsd } = item;
    if (changeMicroUsd > 0) {
      ledger.deposits.record({
        signature: `s${at}`,
        eventIndex: 0,
        accountId,
        amountMicroUsd: changeMicroUsd,
        depositedTotalMicroUsd: 0,
        chainSlot: 1,
      });
    } else if (changeMicroUsd < 0) {
      const { withdrawal } = ledger.withdrawals.request({
        accountId,
        nonce: at,
        amountMicroUsd: -changeMicroUsd,
        destination: new Uint8Array(32),
        expirySeconds: 1,
        signature: new Uint8Array(64),
      });
      ledger.withdrawals.advance(withdrawal.id, 'reserved', '');
      ledger.withdrawals.advance(withdrawal.id, 'completed', '');
    }
  }
  for (const { id } of ledger.cash.unpaidFundings(10_000)) ledger.cash.markFundingPaid(id);
  return ledger;
}

/** A chain that has exactly what the journal says. */
function chainSide(side: LedgerSide, head: { sequence: number; hash: Uint8Array }): ChainSide {
  const random = new Xorshift(3);
  const rows: ChainRow[] = [...journal.collateral].map(([accountId, collateralMicroUsd]) => {
    // Only the difference follows from the journal.
    const withdrawnMicroUsd = BigInt(random.between(0, 1_000_000));
    const depositedMicroUsd = (side.outside.get(accountId) ?? 0n) + withdrawnMicroUsd;
    return {
      accountId,
      collateralMicroUsd,
      positions: positionsOf(accountId),
      depositedMicroUsd,
      withdrawnMicroUsd,
      transfers: side.transfers.filter(({ fromAccountId }) => fromAccountId === accountId).length,
    };
  });
  const markets = new Map(
    [...journalSide().markets].map(([id, market]) => {
      const feesSweptMicroUsd = 5n;
      const feesMicroUsd = market.feesMicroUsd - feesSweptMicroUsd;
      return [id, { ...market, feesMicroUsd, feesSweptMicroUsd }];
    }),
  );
  let vaultMicroUsd = 0n;
  for (const row of rows) vaultMicroUsd += row.collateralMicroUsd;
  for (const { feesMicroUsd, insuranceMicroUsd, clearingMicroUsd } of markets.values()) {
    vaultMicroUsd += feesMicroUsd + insuranceMicroUsd + clearingMicroUsd;
  }
  const { sequence, hash } = head;
  return { lastSequence: sequence, lastHash: hash, rows, markets, vaultMicroUsd };
}

function prepared() {
  const ledger = settledLedger();
  const newest = ledger.batches.newest();
  if (newest === null) throw new Error('there are batches');
  // The batches as an array, so that a test can ask twice.
  const read = ledger.verificationSide();
  const side: LedgerSide = { ...read, batches: [...read.batches] };
  return { ledger, side, chain: chainSide(side, newest) };
}

describe('verify', () => {
  it('agrees when journal, batches and chain have the same to the last micro-dollar', () => {
    const { side, chain } = prepared();
    const result = verify(journalSide(), side, chain);
    expect(result.firstDifference).toBe(null);
    expect(result).toMatchObject({ agrees: true, differences: 0, accounts: 10, markets: 3 });
    expect(result.batches).toBeGreaterThan(3);
    expect(result.positions).toBe(30);
  });

  it('reads a ledger that stands still, though its owner settles the next batch meanwhile', () => {
    const dataDir = makeScratch();
    const owner = openLedger(dataDir);
    owner.ingest(journal.messages());
    placeMarkets(owner);
    while (owner.buildBatch({ ...NO_LIMITS, itemsMax: 70 }).isFull);
    owner.batches.markSettled(1);
    const reader = openLedger(dataDir, { mode: 'read' });
    reader.atOneMoment(() => {
      const cut = reader.batches.cut(1);
      expect(reader.batches.lastSettledSequence()).toBe(1);
      owner.batches.markSettled(2);
      expect(reader.batches.cut(1)).toEqual(cut);
      const { batches, settledSequence } = reader.verificationSide();
      expect(settledSequence).toBe(1);
      expect([...batches].length).toBe(owner.batches.newest()?.sequence);
    });
    expect(reader.batches.lastSettledSequence()).toBe(2);
  });

  it('names the first difference with all three values, wherever it is', () => {
    const { side, chain } = prepared();
    const base = journalSide();
    const first = (j: JournalSide, l: LedgerSide, c: ChainSide) => {
      const result = verify(j, l, c);
      expect(result.agrees).toBe(false);
      return result.firstDifference;
    };
    const account = base.accounts.get(4);
    if (account === undefined) throw new Error('account 4 exists');
    const more = { ...account, collateralMicroUsd: account.collateralMicroUsd + 1n };
    const difference = first(
      { ...base, accounts: new Map(base.accounts).set(4, more) },
      side,
      chain,
    );
    const collateral = account.collateralMicroUsd;
    expect(difference).toEqual({
      what: 'collateral of account 4',
      journal: String(collateral + 1n),
      ledger: String(collateral),
      chain: String(collateral),
    });
    const rows = chain.rows.map((row) => {
      if (row.accountId !== 7) return row;
      const position = row.positions.get(2) ?? { lots: 0n, entryTickLots: 0n };
      const positions = new Map(row.positions).set(2, { ...position, lots: position.lots - 1n });
      return { ...row, positions };
    });
    expect(first(base, side, { ...chain, rows })?.what).toBe('lots of account 7 in market 2');
    const invented = chain.rows.map((row) =>
      row.accountId === 2
        ? {
            ...row,
            depositedMicroUsd: row.depositedMicroUsd + 9n,
            collateralMicroUsd: row.collateralMicroUsd + 9n,
          }
        : row,
    );
    expect(first(base, side, { ...chain, rows: invented })?.what).toBe(
      'deposits − withdrawals of account 2',
    );
    const vault = { ...chain, vaultMicroUsd: chain.vaultMicroUsd - 1n };
    expect(first(base, side, vault)?.what).toBe('tokens of the vault');
    const market = chain.markets.get(5) as VerifiedMarket & { feesSweptMicroUsd: bigint };
    const cheated = new Map(chain.markets).set(5, {
      ...market,
      insuranceMicroUsd: market.insuranceMicroUsd - 2n,
    });
    expect(first(base, side, { ...chain, markets: cheated })?.what).toBe('insurance of market 5');
  });

  it('recomputes the hash chain from the bytes, and finds the batch that was touched', () => {
    const { side, chain } = prepared();
    const batches = [...side.batches].map((batch) => {
      if (batch.sequence !== 3) return batch;
      // Another number of fills: still a batch, but not the one of which the hash tells.
      const bytes = Uint8Array.from(batch.bytes);
      bytes[43] = (bytes[43] as number) ^ 1;
      return { ...batch, bytes };
    });
    const result = verify(journalSide(), { ...side, batches }, chain);
    expect(result.firstDifference?.what).toBe('hash of batch 3');
    const wrongHead = { ...chain, lastHash: new Uint8Array(32) };
    const { firstDifference } = verify(journalSide(), side, wrongHead);
    expect(firstDifference?.what).toBe(`hash of batch ${chain.lastSequence}`);
    const behind = { ...chain, lastSequence: chain.lastSequence - 1 };
    expect(verify(journalSide(), side, behind).agrees).toBe(false);
  });

  it('explains what is under way: deposits not booked yet, withdrawals not paid yet', () => {
    const { ledger, side, chain } = prepared();
    ledger.deposits.record({
      signature: 'new',
      eventIndex: 0,
      accountId: 3,
      amountMicroUsd: 44,
      depositedTotalMicroUsd: 0,
      chainSlot: 1,
    });
    const rows = chain.rows.map((row) =>
      row.accountId === 3
        ? {
            ...row,
            depositedMicroUsd: row.depositedMicroUsd + 44n,
            collateralMicroUsd: row.collateralMicroUsd + 44n,
          }
        : row,
    );
    const after = { ...chain, rows, vaultMicroUsd: chain.vaultMicroUsd + 44n };
    expect(verify(journalSide(), side, after).firstDifference?.what).toBe(
      'deposits − withdrawals of account 3',
    );
    expect(verify(journalSide(), ledger.verificationSide(), after).agrees).toBe(true);
  });

  it('explains transfers that the chain has not done yet, and finds those that it should not have done', () => {
    const { side, chain } = prepared();
    const last = side.transfers.at(-1);
    if (last === undefined) throw new Error('the journal has one');
    const { fromAccountId, toAccountId, amountMicroUsd } = last;
    const others = side.transfers.filter((transfer) => transfer !== last);
    const number = others.filter((one) => one.fromAccountId === fromAccountId).length;
    const rows = chain.rows.map((row) => {
      const { accountId, collateralMicroUsd } = row;
      if (accountId === fromAccountId) {
        const more = collateralMicroUsd + amountMicroUsd;
        return { ...row, transfers: number, collateralMicroUsd: more };
      }
      if (accountId !== toAccountId) return row;
      return { ...row, collateralMicroUsd: collateralMicroUsd - amountMicroUsd };
    });
    expect(verify(journalSide(), side, { ...chain, rows }).agrees).toBe(true);
    const uncounted = rows.map((row) => ({ ...row, transfers: 0 }));
    expect(verify(journalSide(), side, { ...chain, rows: uncounted }).agrees).toBe(false);
    const invented = verify(journalSide(), { ...side, transfers: others }, chain);
    expect(invented.agrees).toBe(false);
    const known = `transfers out of account ${fromAccountId}`;
    const rest = chain.rows.map((row) => {
      return row.accountId === fromAccountId ? { ...row, transfers: row.transfers + 1 } : row;
    });
    const { firstDifference } = verify(journalSide(), side, { ...chain, rows: rest });
    expect(firstDifference?.what).toBe(known);
  });

  it('explains what an operator has booked and not paid in yet, and what he has paid in', () => {
    const { ledger, side, chain } = prepared();
    const [item] = ledger.cash
      .unlinkedItems(1_000)
      .filter(({ changeMicroUsd }) => changeMicroUsd > 0);
    if (item === undefined) throw new Error('the journal has one');
    const { accountId, changeMicroUsd } = item;
    const change = BigInt(changeMicroUsd);
    const before = side.underWay.get(accountId) ?? 0n;
    expect(verify(journalSide(), side, chain).agrees).toBe(true);
    ledger.cash.linkToOperator(item);
    // His payment on chain is a deposit that is nobody's: it must not count twice.
    const paid = {
      signature: 'purse',
      eventIndex: 0,
      accountId,
      amountMicroUsd: changeMicroUsd,
      depositedTotalMicroUsd: changeMicroUsd,
      chainSlot: 1,
    };
    ledger.deposits.recordAll([paid], { from: null, to: 'here' }, () => true);
    const after = ledger.verificationSide();
    expect([...after.batches].length).toBeGreaterThan(0);
    expect((after.underWay.get(accountId) ?? 0n) - before).toBe(change);
  });
});
