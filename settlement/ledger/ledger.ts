import type { Statement } from 'better-sqlite3';
import { GENESIS_HASH } from '../program/batch-codec.js';
import { Alarms } from './alarms.js';
import { Balances } from './balances.js';
import { BatchBuilder, type BuildResult } from './batch-builder.js';
import { Batches } from './batches.js';
import { Cash } from './cash.js';
import { Catalogue } from './catalogue.js';
import { Coverage } from './coverage.js';
import { type DatabaseOptions, LedgerDatabase } from './database.js';
import { DeadLetterStore } from './dead-letter-store.js';
import { DeadLetters } from './dead-letters.js';
import { Deposits } from './deposits.js';
import { LedgerError, LedgerStateError } from './errors.js';
import { ForcedPayments } from './forced-payments.js';
import { ForcedRequests } from './forced-requests.js';
import { Ingest, type IngestResult, type LedgerMessage } from './ingest.js';
import type { WindowLimits } from './netting-window.js';
import { PackStore } from './pack-store.js';
import { Prices } from './prices.js';
import { type ChainHead, type Reconciliation, reconcile } from './reconcile.js';
import type { LedgerProgress, LedgerStatus } from './status.js';
import { Streams } from './streams.js';
import { Transactions } from './transactions.js';
import { Transfers } from './transfers.js';
import type { LedgerSide } from './verify.js';
import { VerifyReader } from './verify-reader.js';
import { Withdrawals } from './withdrawals.js';

export interface LedgerOptions extends DatabaseOptions {
  /** How long a gap or a market that is not listed yet may be a matter of order between streams. Default 5 s. */
  readonly patienceMs?: number;
  /** Default: the clock. */
  readonly now?: () => number;
}

/** What waits to be netted: a window is closed by count or by time. */
export interface WaitingItems {
  readonly items: number;
  /** When the oldest of them was taken in; null: none waits. */
  readonly sinceMs: number | null;
}

const PATIENCE_MS = 5_000;
const CHAIN_ALARM = 'chain';
const UNPLACED_ALARM = 'unplacedMarkets';
const SHORT_ALARM = 'shortInsurance';

/**
 * The ledger of settlement: what came from the exchange, what was sent to the chain, and what has to be. All methods are synchronous;
 * what they have changed is synced when they return, and nothing has changed when they throw.
 */
export class SettlementLedger {
  readonly catalogue: Catalogue;
  readonly batches: Batches;
  readonly balances: Balances;
  readonly transactions: Transactions;
  readonly deposits: Deposits;
  readonly withdrawals: Withdrawals;
  readonly forced: ForcedRequests;
  readonly forcedPayments: ForcedPayments;
  readonly cash: Cash;
  readonly transfers: Transfers;
  readonly coverage: Coverage;
  readonly prices: Prices;
  readonly deadLetters: DeadLetters;
  readonly alarms: Alarms;
  private readonly database: LedgerDatabase;
  private readonly streams: Streams;
  private readonly packs: PackStore;
  private readonly letters: DeadLetterStore;
  private readonly ingestion: Ingest;
  private readonly builder: BatchBuilder;
  private readonly now: () => number;
  private readonly patienceMs: number;
  private readonly sumUnsettled: Statement;
  private readonly stateCounts: (
    table: 'deposits' | 'withdrawals' | 'transfers',
  ) => Record<string, number>;

  /**
   * Opens the ledger of a data folder, or makes it. With `mode: 'read'` it is one beside the owner's, and only what reads works.
   *
   * @throws LedgerInUseError, LedgerVersionError, LedgerDamagedError, LedgerLockedError, LedgerFullError, LedgerIoError.
   */
  constructor(options: LedgerOptions) {
    const { now = Date.now } = options;
    this.now = now;
    const database = new LedgerDatabase(options);
    this.database = database;
    this.streams = new Streams(database);
    this.packs = new PackStore(database);
    this.letters = new DeadLetterStore(database);
    this.catalogue = new Catalogue(database);
    this.batches = new Batches(database, now);
    this.balances = new Balances(database);
    this.transactions = new Transactions(database, now);
    this.cash = new Cash(database);
    this.coverage = new Coverage(database, this.streams);
    this.transfers = new Transfers(database, this.coverage);
    this.deposits = new Deposits(database, this.cash, now);
    this.withdrawals = new Withdrawals(database, this.cash, this.coverage, now);
    this.forced = new ForcedRequests(database, this.cash, this.coverage);
    this.forcedPayments = new ForcedPayments(database, this.cash, this.forced, now);
    this.prices = new Prices(database);
    this.alarms = new Alarms(database, now);
    const { streams, packs, catalogue, cash, transfers, coverage, prices, letters, alarms } = this;
    const { balances, batches } = this;
    const { patienceMs = PATIENCE_MS } = options;
    this.patienceMs = patienceMs;
    const common = { database, streams, packs, catalogue, coverage };
    this.ingestion = new Ingest({
      ...common,
      cash,
      transfers,
      prices,
      letters,
      alarms,
      now,
      patienceMs,
    });
    this.builder = new BatchBuilder({ ...common, balances, batches, cash });
    this.deadLetters = new DeadLetters(database, letters, this.ingestion, now);
    const { sql } = database;
    this.sumUnsettled = sql.prepare(
      "SELECT coalesce(sum(items + payments), 0) AS items, min(oldest_item_ms) AS oldestMs FROM batches WHERE state <> 'settled'",
    );
    this.stateCounts = (table) => {
      const rows = sql
        .prepare(`SELECT state, count(*) AS count FROM ${table} GROUP BY state`)
        .all();
      const counts = rows as { state: string; count: number }[];
      return Object.fromEntries(counts.map(({ state, count }) => [state, count]));
    };
    if ((options.mode ?? 'own') === 'own') this.ingestion.resume();
  }

  /**
   * Takes messages of the bus in, as many as there are at hand: one transaction, one sync. Acknowledge those whose result `isDone`,
   * and let the others come again after a moment.
   *
   * @throws LedgerFullError, LedgerLockedError, LedgerIoError: nothing of the group was kept, acknowledge none of it.
   */
  ingest(messages: readonly LedgerMessage[]): IngestResult[] {
    return this.ingestion.takeGroup(messages);
  }

  waiting(): WaitingItems {
    return this.database.read(() => ({
      items: this.packs.waitingItems(),
      sinceMs: this.packs.waitingSinceMs(),
    }));
  }

  /**
   * Nets what waits into the next batch, within the limits. The batch is on disk when this returns. While it says `isFull`, there is
   * more to build.
   *
   * @throws LedgerStateError while the ledger is halted: what is built now could not be settled.
   */
  buildBatch(limits: WindowLimits): BuildResult {
    if (this.alarms.halted()) {
      throw new LedgerStateError('settlement is halted (see its alarms), and builds no batch');
    }
    const result = this.builder.build(limits);
    const { unplacedMarkets, shortMarkets } = result;
    this.alarmAbout(
      UNPLACED_ALARM,
      unplacedMarkets,
      'have trades or payments and no slot on chain',
    );
    // Who pays in may be on the way in another stream.
    const sinceMs = this.packs.waitingSinceMs() ?? this.now();
    const isLasting = this.now() - sinceMs >= this.patienceMs;
    const short = isLasting ? shortMarkets : [];
    this.alarmAbout(SHORT_ALARM, short, 'have too little in their insurance funds to go on');
    return result;
  }

  /**
   * Brings the ledger in line with what the chain says, or halts. To be called at the start, and whenever the fate of a transaction is
   * not clear.
   */
  reconcile(chain: ChainHead): Reconciliation {
    return this.database.write(() => {
      const settledSequence = this.batches.lastSettledSequence();
      const newestSequence = this.batches.newest()?.sequence ?? 0;
      const hashOf = (sequence: number) =>
        sequence === 0 ? GENESIS_HASH : this.batches.get(sequence).hash;
      const answer = reconcile({ newestSequence, settledSequence, hashOf }, chain);
      this.follow(answer);
      return answer;
    });
  }

  /** The exchange that the ledger is tied to, base58; null: none yet. */
  boundTo(): string | null {
    const { sql } = this.database;
    return (sql.prepare('SELECT exchange FROM identity').pluck().get() as string) ?? null;
  }

  /** Ties the ledger to one exchange on one chain: to settle into another one with it would be wrong. */
  bindTo(exchange: string): void {
    const { sql } = this.database;
    this.database.write(() => {
      const bound = this.boundTo();
      if (bound === exchange) return;
      if (bound !== null) {
        throw new LedgerError(`${this.database.file} belongs to ${bound}, not to ${exchange}`);
      }
      sql.prepare('INSERT INTO identity VALUES (1, ?, ?)').run(exchange, this.now());
    });
  }

  /**
   * Makes several changes one: one transaction and one sync, all of it or nothing. `work` must not wait. For the many attempts of a
   * staged batch, say.
   */
  together<Result>(work: () => Result): Result {
    return this.database.write(work);
  }

  /** Runs `work`, which only reads, on the ledger as it is now, whatever its owner writes meanwhile. */
  atOneMoment<Result>(work: () => Result): Result {
    return this.database.read(work);
  }

  /** The ledger's side of `verify`. Iterate its batches before anything else is called. */
  verificationSide(): LedgerSide {
    const { database, batches, catalogue, transfers } = this;
    return new VerifyReader({ database, batches, catalogue, transfers }).side();
  }

  progress(): LedgerProgress {
    return this.database.read(() => {
      const unsettled = this.sumUnsettled.get() as { items: number; oldestMs: number | null };
      const waitingItems = this.packs.waitingItems();
      const settled = this.batches.lastSettledSequence();
      const newest = this.batches.newest();
      return {
        isHalted: this.alarms.halted(),
        waitingItems,
        unsettledItems: unsettled.items,
        lagItems: waitingItems + unsettled.items,
        lagSeconds: this.lagSeconds(unsettled.oldestMs),
        batch: {
          built: newest?.sequence ?? 0,
          settled,
          hash: newest === null ? null : Buffer.from(newest.hash).toString('hex'),
          computeUnits: settled === 0 ? null : this.transactions.computeUnitsOfBatch(settled),
          entries: settled === 0 ? 0 : this.batches.get(settled).entries,
        },
        feesPaidLamports: this.transactions.feesPaidLamports(),
        deadLetters: this.letters.count(),
        alarms: this.alarms.list(),
      };
    });
  }

  /** Counts everything there ever was. */
  status(): LedgerStatus {
    return this.database.read(() => ({
      ...this.progress(),
      file: this.database.file,
      streams: this.streams.list(),
      coverage: this.coverage.places(),
      deposits: this.stateCounts('deposits'),
      withdrawals: this.stateCounts('withdrawals'),
      transfers: this.stateCounts('transfers'),
    }));
  }

  close(): void {
    this.database.close();
  }

  private alarmAbout(key: string, markets: readonly number[], what: string): void {
    if (markets.length === 0) this.alarms.clear(key);
    else this.alarms.raise(key, 'critical', `markets ${markets.join(', ')} ${what}`);
  }

  private lagSeconds(oldestUnsettledMs: number | null): number {
    const times = [oldestUnsettledMs, this.packs.waitingSinceMs()].filter((time) => time !== null);
    return times.length === 0 ? 0 : Math.max(0, (this.now() - Math.min(...times)) / 1_000);
  }

  private follow(answer: Reconciliation): void {
    if (answer.kind === 'halt') {
      this.alarms.raise(CHAIN_ALARM, 'halt', answer.sentence);
      return;
    }
    this.alarms.clear(CHAIN_ALARM);
    const { kind, settledSequence } = answer;
    if (kind === 'chainAhead') this.batches.markSettled(settledSequence);
    if (kind === 'chainBehind') {
      const count = this.batches.takeBackAfter(settledSequence);
      this.alarms.note(
        `the chain has gone back to batch ${settledSequence}: ${count} to send again`,
      );
    }
  }
}
