import { LedgerDatabase } from '../../settlement/ledger/database.js';
import { PackStore } from '../../settlement/ledger/pack-store.js';
import { BENCH_MARKET } from '../book/encode.js';
import { medianOf } from '../report/statistics.js';
import type { LagAtRate } from './service-tasks.js';

export type LagFigures = Omit<
  LagAtRate,
  'fillsPerSecond' | 'fedPerSecond' | 'cores' | 'drainMs' | 'fills'
>;

interface BatchRow {
  sequence: number;
  lastItem: number;
  entries: number;
  items: number;
  oldestItemMs: number;
  builtAtMs: number;
  submittedAtMs: number;
  settledAtMs: number;
  transactions: number;
}

const BATCHES =
  'SELECT b.sequence, b.entries, b.items, b.oldest_item_ms AS oldestItemMs, b.built_at_ms AS builtAtMs, b.submitted_at_ms AS submittedAtMs, ' +
  "b.settled_at_ms AS settledAtMs, (SELECT c.netted_item FROM batch_cuts c WHERE c.batch = b.sequence AND c.kind = 'market' AND c.stream_id = ?) AS lastItem, " +
  "(SELECT count(*) FROM transactions t WHERE t.reference = b.sequence AND t.purpose IN ('settleBatch', 'stageBatch', 'commitBatch')) AS transactions " +
  "FROM batches b WHERE b.state = 'settled' ORDER BY b.sequence";

/** What a batch takes: one transaction, or the beginning, the pieces, and the commit of a staged one. */
const PHASES =
  "SELECT reference AS batch, CASE purpose WHEN 'settleBatch' THEN 'single' WHEN 'commitBatch' THEN 'commit' " +
  "ELSE iif(part = 0, 'begin', 'pieces') END AS phase, max(finished_at_ms) - min(created_at_ms) AS ms FROM transactions " +
  "WHERE purpose IN ('settleBatch', 'stageBatch', 'commitBatch') AND reference BETWEEN ? AND ? GROUP BY batch, phase";

/**
 * Lags of the fills `first` … `last` of the market, each by the time that the engine gave it and the moment when the ledger noted its batch
 * as settled; from the ledger's file alone, which has both.
 */
export function lagsOf(dataDir: string, first: number, last: number): LagFigures {
  const database = new LedgerDatabase({ dataDir, mode: 'read' });
  try {
    const all = database.sql.prepare(BATCHES).all(BENCH_MARKET) as BatchRow[];
    const batches = all.filter(({ lastItem }) => lastItem !== null && lastItem >= first);
    const lags = lagsIn(new PackStore(database), batches, first, last);
    const used = batches.filter(({ lastItem, items }) => lastItem - items < last);
    return {
      p50Ms: lags[Math.floor(lags.length * 0.5)] ?? Number.NaN,
      p99Ms: lags[Math.floor(lags.length * 0.99)] ?? Number.NaN,
      maxMs: lags[lags.length - 1] ?? Number.NaN,
      batches: used.length,
      entriesABatch: medianOf(used.map(({ entries }) => entries)),
      fillsABatch: medianOf(used.map(({ items }) => items)),
      transactionsABatch: medianOf(used.map(({ transactions }) => transactions)),
      settlingMs: medianOf(used.map((batch) => batch.settledAtMs - batch.submittedAtMs)),
      waitingMs: medianOf(used.map((batch) => batch.builtAtMs - batch.oldestItemMs)),
      phasesMs: phasesOf(database, used),
    };
  } finally {
    database.close();
  }
}

function phasesOf({ sql }: LedgerDatabase, batches: readonly BatchRow[]): Record<string, number> {
  const from = batches[0]?.sequence ?? 0;
  const to = batches[batches.length - 1]?.sequence ?? 0;
  const rows = sql.prepare(PHASES).all(from, to) as { phase: string; ms: number }[];
  const phases = new Map<string, number[]>();
  for (const { phase, ms } of rows) phases.set(phase, [...(phases.get(phase) ?? []), ms]);
  return Object.fromEntries([...phases].map(([phase, times]) => [phase, medianOf(times)]));
}

/** Sorted. */
function lagsIn(
  packs: PackStore,
  batches: readonly BatchRow[],
  first: number,
  last: number,
): Float64Array {
  const lags = new Float64Array(last - first + 1);
  let batch = 0;
  for (let item = first; item <= last; ) {
    const stored = packs.next('market', BENCH_MARKET, item - 1);
    if (stored?.pack.kind !== 'market') throw new Error(`the ledger does not have fill ${item}`);
    const { pack, lastItem } = stored;
    for (; item <= Math.min(lastItem, last); item++) {
      while ((batches[batch]?.lastItem ?? last) < item) batch++;
      const settledAtMs = batches[batch]?.settledAtMs;
      const timeMs = pack.items[item - pack.firstItem]?.timeMs;
      if (settledAtMs === undefined || timeMs === undefined) {
        throw new Error(`fill ${item} is not settled`);
      }
      lags[item - first] = settledAtMs - timeMs;
    }
  }
  return lags.sort();
}
