import { batchHash, GENESIS_HASH } from '../program/batch-codec.js';
import { BatchSums, type VerifiedAccount, type VerifiedMarket } from './verify-sums.js';

/** What somebody has recomputed from the journals alone, up to the cut of the last settled batch (`Batches.cut`). */
export interface JournalSide {
  /** By account, deposits and withdrawals included. */
  readonly accounts: ReadonlyMap<number, VerifiedAccount>;
  /** By market of the engine. */
  readonly markets: ReadonlyMap<number, VerifiedMarket>;
}

export interface StoredBatch {
  readonly sequence: number;
  readonly hash: Uint8Array;
  readonly bytes: Uint8Array;
}

export interface VerifiedTransfer {
  readonly fromAccountId: number;
  readonly toAccountId: number;
  readonly amountMicroUsd: bigint;
  readonly number: number;
  readonly isInCut: boolean;
}

/** What the ledger has, up to the last settled batch. */
export interface LedgerSide {
  readonly settledSequence: number;
  /** Ascending from 1; those behind `settledSequence` are looked at for their hashes only. */
  readonly batches: Iterable<StoredBatch>;
  readonly marketIdOfSlot: ReadonlyMap<number, number>;
  /** All that are known, in any order. */
  readonly transfers: readonly VerifiedTransfer[];
  /** Deposits − withdrawals that are in the cut, by account, as the engine has booked them. */
  readonly outside: ReadonlyMap<number, bigint>;
  /** Paid into insurance funds within the cut, by market. */
  readonly insuranceFunded: ReadonlyMap<number, bigint>;
  /** What of it the chain does not have yet; negative: what it has earlier than the cut. */
  readonly insuranceUnderWay: ReadonlyMap<number, bigint>;
  /** What the chain has more: deposits that are not in the cut, and withdrawals that are in it and were not paid. By account. */
  readonly underWay: ReadonlyMap<number, bigint>;
}

export interface ChainRow extends VerifiedAccount {
  readonly accountId: number;
  readonly depositedMicroUsd: bigint;
  readonly withdrawnMicroUsd: bigint;
  /** Number of the last transfer out of the row. */
  readonly transfers: number;
}

/** What the chain's accounts say. Positions of rows are by market of the engine as well. */
export interface ChainSide {
  readonly lastSequence: number;
  readonly lastHash: Uint8Array;
  readonly rows: readonly ChainRow[];
  readonly markets: ReadonlyMap<number, VerifiedMarket & { readonly feesSweptMicroUsd: bigint }>;
  /** Tokens that are there. */
  readonly vaultMicroUsd: bigint;
}

/** One number that is not the same everywhere. null: the side has no such number. */
export interface Difference {
  readonly what: string;
  readonly journal: string | null;
  readonly ledger: string | null;
  readonly chain: string | null;
}

export interface Verification {
  readonly agrees: boolean;
  readonly accounts: number;
  readonly positions: number;
  readonly markets: number;
  readonly batches: number;
  /** In the order: hash chain, accounts ascending, markets, vault; null: there is none. */
  readonly firstDifference: Difference | null;
  readonly differences: number;
}

const EMPTY: VerifiedAccount = { collateralMicroUsd: 0n, positions: new Map() };
const NO_MARKET: VerifiedMarket = {
  feesMicroUsd: 0n,
  insuranceMicroUsd: 0n,
  clearingMicroUsd: 0n,
  entryTickLots: 0n,
};

/**
 * Compares every balance three ways: what the journals give, what the bytes of the ledger's batches add up to, and what lies on chain;
 * and the hash chain of those bytes with the chain's hash. Trusts no sum that anybody has stored. Pure: reads nothing but its arguments.
 *
 * The collateral of a row holds what was deposited and paid out on chain by now, which the engine may have booked earlier or later. So
 * it is compared without these (`collateral − deposited + withdrawn`), and they are compared by themselves with what is under way.
 * Of transfers each row says how many it has given: these count on chain, and those of the cut in the engine.
 */
export function verify(journal: JournalSide, ledger: LedgerSide, chain: ChainSide): Verification {
  const report = new Report();
  const sums = new BatchSums(ledger);
  const batches = compareHashes(report, ledger, chain, sums);
  compareAccounts(report, journal, ledger, chain, sums.accounts);
  compareMarkets(report, journal, ledger, chain, sums.markets);
  return report.result(batches);
}

class Report {
  accounts = 0;
  positions = 0;
  markets = 0;
  private first: Difference | null = null;
  private count = 0;

  compare(what: string, journal: bigint | null, ledger: bigint | null, chain: bigint | null): void {
    this.compareText(what, text(journal), text(ledger), text(chain));
  }

  compareText(
    what: string,
    journal: string | null,
    ledger: string | null,
    chain: string | null,
  ): void {
    const values = [journal, ledger, chain].filter((value) => value !== null);
    if (values.every((value) => value === values[0])) return;
    this.count++;
    this.first ??= { what, journal, ledger, chain };
  }

  result(batches: number): Verification {
    const { accounts, positions, markets, first, count } = this;
    return {
      agrees: count === 0,
      accounts,
      positions,
      markets,
      batches,
      firstDifference: first,
      differences: count,
    };
  }
}

function text(value: bigint | null): string | null {
  return value === null ? null : value.toString();
}

/** Recomputes every hash from the bytes, and adds up what is settled, which has to end with the chain's. Gives the number of batches. */
function compareHashes(
  report: Report,
  ledger: LedgerSide,
  chain: ChainSide,
  sums: BatchSums,
): number {
  let hash: Readonly<Uint8Array> = GENESIS_HASH;
  let settledHash = hash;
  let count = 0;
  for (const batch of ledger.batches) {
    count++;
    const what = `hash of batch ${count}`;
    report.compare(`sequence of batch ${count}`, BigInt(count), BigInt(batch.sequence), null);
    hash = batchHash(hash, BigInt(count), batch.bytes);
    report.compareText(what, hex(hash), hex(batch.hash), null);
    if (count === chain.lastSequence)
      report.compareText(what, null, hex(hash), hex(chain.lastHash));
    if (count > ledger.settledSequence) continue;
    sums.add(batch.bytes);
    settledHash = hash;
  }
  const { settledSequence } = ledger;
  report.compare('last sequence', null, BigInt(settledSequence), BigInt(chain.lastSequence));
  report.compareText('last hash', null, hex(settledHash), hex(chain.lastHash));
  return count;
}

function compareAccounts(
  report: Report,
  journal: JournalSide,
  ledger: LedgerSide,
  chain: ChainSide,
  sums: ReadonlyMap<number, VerifiedAccount>,
): void {
  const rows = new Map<number, ChainRow>();
  for (const row of chain.rows) rows.set(row.accountId, row);
  const everybody = [journal.accounts, sums, rows, ledger.outside, ledger.underWay];
  const moved = movedByTransfers(ledger.transfers, rows);
  const ids = new Set([...everybody, moved].flatMap((side) => [...side.keys()]));
  for (const id of [...ids].sort((a, b) => a - b)) {
    report.accounts++;
    const [booked, netted] = [journal.accounts.get(id) ?? EMPTY, sums.get(id) ?? EMPTY];
    const row = rows.get(id);
    const outside = ledger.outside.get(id) ?? 0n;
    const deposited = row?.depositedMicroUsd ?? 0n;
    const withdrawn = row?.withdrawnMicroUsd ?? 0n;
    const transferred = moved.get(id) ?? 0n;
    const held = (row?.collateralMicroUsd ?? 0n) - deposited + withdrawn + outside + transferred;
    const collateral = netted.collateralMicroUsd;
    report.compare(`collateral of account ${id}`, booked.collateralMicroUsd, collateral, held);
    const expected = outside + (ledger.underWay.get(id) ?? 0n);
    const what = `deposits − withdrawals of account ${id}`;
    report.compare(what, null, expected, deposited - withdrawn);
    compareTransfers(report, ledger, id, row);
    comparePositions(report, id, booked, netted, row ?? EMPTY);
  }
}

/** By account: what transfers have given it in the engine, − what they have on chain. */
function movedByTransfers(
  transfers: readonly VerifiedTransfer[],
  rows: ReadonlyMap<number, ChainRow>,
): Map<number, bigint> {
  const moved = new Map<number, bigint>();
  const add = (id: number, change: bigint) => moved.set(id, (moved.get(id) ?? 0n) + change);
  for (const { fromAccountId, toAccountId, amountMicroUsd, number, isInCut } of transfers) {
    const isOnChain = number <= (rows.get(fromAccountId)?.transfers ?? 0);
    const sign = (isInCut ? 1n : 0n) - (isOnChain ? 1n : 0n);
    add(fromAccountId, -sign * amountMicroUsd);
    add(toAccountId, sign * amountMicroUsd);
  }
  return moved;
}

/** The chain cannot have done more than there are. */
function compareTransfers(
  report: Report,
  { transfers }: LedgerSide,
  accountId: number,
  row: ChainRow | undefined,
): void {
  const done = row?.transfers ?? 0;
  const own = transfers.filter(({ fromAccountId }) => fromAccountId === accountId);
  if (done <= own.length) return;
  const what = `transfers out of account ${accountId}`;
  report.compare(what, null, BigInt(own.length), BigInt(done));
}

function comparePositions(
  report: Report,
  accountId: number,
  journal: VerifiedAccount,
  ledger: VerifiedAccount,
  chain: VerifiedAccount,
): void {
  const sides = [journal.positions, ledger.positions, chain.positions];
  const markets = new Set(sides.flatMap((side) => [...side.keys()]));
  for (const marketId of [...markets].sort((a, b) => a - b)) {
    report.positions++;
    const [a, b, c] = sides.map((side) => side.get(marketId));
    const of = `of account ${accountId} in market ${marketId}`;
    report.compare(`lots ${of}`, a?.lots ?? 0n, b?.lots ?? 0n, c?.lots ?? 0n);
    const what = `entry value ${of}`;
    report.compare(what, a?.entryTickLots ?? 0n, b?.entryTickLots ?? 0n, c?.entryTickLots ?? 0n);
  }
}

function compareMarkets(
  report: Report,
  journal: JournalSide,
  ledger: LedgerSide,
  chain: ChainSide,
  sums: ReadonlyMap<number, VerifiedMarket>,
): void {
  const ids = new Set([...journal.markets.keys(), ...sums.keys(), ...chain.markets.keys()]);
  let purses = 0n;
  for (const id of [...ids].sort((a, b) => a - b)) {
    report.markets++;
    const [booked, netted] = [journal.markets.get(id) ?? NO_MARKET, sums.get(id) ?? NO_MARKET];
    const there = chain.markets.get(id) ?? { ...NO_MARKET, feesSweptMicroUsd: 0n };
    const fees = there.feesMicroUsd + there.feesSweptMicroUsd;
    report.compare(`fees of market ${id}`, booked.feesMicroUsd, netted.feesMicroUsd, fees);
    const insurance = there.insuranceMicroUsd + (ledger.insuranceUnderWay.get(id) ?? 0n);
    const fund = netted.insuranceMicroUsd;
    report.compare(`insurance of market ${id}`, booked.insuranceMicroUsd, fund, insurance);
    const cleared = netted.clearingMicroUsd;
    const clearing = `clearing of market ${id}`;
    report.compare(clearing, booked.clearingMicroUsd, cleared, there.clearingMicroUsd);
    const entry = `entry values of market ${id}`;
    report.compare(entry, booked.entryTickLots, netted.entryTickLots, there.entryTickLots);
    purses += there.feesMicroUsd + there.insuranceMicroUsd + there.clearingMicroUsd;
  }
  let claims = purses;
  for (const { collateralMicroUsd } of chain.rows) claims += collateralMicroUsd;
  report.compare('tokens of the vault', null, claims, chain.vaultMicroUsd);
}

function hex(bytes: Readonly<Uint8Array>): string {
  return Buffer.from(bytes).toString('hex');
}
