import { formatConditions } from '../report/conditions.js';
import type { Spread } from '../report/statistics.js';
import { formatCount, formatRatio, formatTable } from '../report/table.js';
import type { WayReport } from './measure-way.js';
import type { SettlementReport } from './run-settlement.js';
import type { LagAtRate } from './service-tasks.js';
import type { Goal } from './settlement-goals.js';

export function formatSettlementReport(report: SettlementReport): string {
  const { conditions, loadAfter, policy, way, lag } = report;
  const parts = [
    `${formatConditions(conditions)}; load after ${loadAfter}\n${policy}`,
    formatGoals(report.goals),
    `journal to ledger; ${way.server}\n\n${formatWay(way)}`,
    formatEntries(report),
    `lag of ${lag.accounts} accounts, ${lag.seconds} s each, window ${lag.windowMs} ms; set up in ${seconds(lag.setUpMs)}; ${lag.bus}\n\n` +
      formatLag(lag.rates),
  ];
  return parts.join('\n\n');
}

function formatGoals(goals: readonly Goal[]): string {
  const rows = goals.map(({ what, measured, goal, isHeld }) => {
    return [what, measured, goal, isHeld === null ? '' : isHeld ? 'yes' : 'no'];
  });
  return formatTable(['settlement', 'measured', 'goal', 'held'], rows);
}

function formatWay({ rawPublish, rows, enginePerSecond, netting }: WayReport): string {
  const line = (what: string, { median, min, max }: Spread, ratio: number | null) => {
    return [
      what,
      formatCount(median),
      `${formatCount(min)} to ${formatCount(max)}`,
      formatRatio(ratio),
    ];
  };
  const raw =
    rawPublish === null
      ? []
      : [line('raw publish, 50 fills of 200 bytes a pack', rawPublish, null)];
  const ways = rows.flatMap(({ bus, fillsPerSecond, coldFillsPerSecond, toRaw }) => [
    line(`journal → ${bus} → ledger`, fillsPerSecond, toRaw),
    line('  with the first quarter', coldFillsPerSecond, null),
  ]);
  const table = formatTable(
    ['fills a second', 'median', 'range', 'to raw'],
    [...raw, ...ways, line('journal → items, alone', netting.foldPerSecond, null)],
  );
  const costs = rows.map(
    (row) =>
      `${row.bus}: packs of ${Math.round(row.itemsInPack)} items, ${Math.round(row.bytesAnItem)} bytes an item; by processor time the outbox makes ` +
      `${formatCount(row.outboxPerCpuSecond)}/s, the ledger ${formatCount(row.ledgerPerCpuSecond)}/s`,
  );
  const { entries, nettingMs, fromLedgerMs } = netting;
  return [
    table,
    '',
    `trading it took the engine 1 s for ${formatCount(enginePerSecond)} fills`,
    ...costs,
    `netting into ${entries} entries: ${milliseconds(nettingMs.median)} (${milliseconds(nettingMs.min)} to ${milliseconds(nettingMs.max)}) in memory, ` +
      `${milliseconds(fromLedgerMs.median)} as one batch out of the ledger, with reading and writing`,
  ].join('\n');
}

function formatEntries({ entries }: SettlementReport): string {
  const rows = entries.map((row) => [
    row.what,
    String(row.entries),
    String(row.bytes),
    String(row.transactions),
    (row.entries / row.transactions).toFixed(1),
    formatCount(row.computeUnits),
    row.unitsAnEntry.toFixed(0),
    milliseconds(row.ms),
  ]);
  const head = [
    'batch',
    'entries',
    'bytes',
    'transactions',
    'entries each',
    'units',
    'an entry',
    'time',
  ];
  return formatTable(head, rows);
}

function formatLag(rates: readonly LagAtRate[]): string {
  const head = [
    'fills/s',
    'fed',
    'p50',
    'p99',
    'max',
    'batches',
    'fills',
    'entries',
    'transactions',
    'waits',
    'settles',
    'drain',
  ];
  const rows = rates.map((row) => [
    formatCount(row.fillsPerSecond),
    formatCount(row.fedPerSecond),
    ...[row.p50Ms, row.p99Ms, row.maxMs].map(milliseconds),
    String(row.batches),
    formatCount(row.fillsABatch),
    formatCount(row.entriesABatch),
    String(row.transactionsABatch),
    milliseconds(row.waitingMs),
    milliseconds(row.settlingMs),
    milliseconds(row.drainMs),
  ]);
  const costs = rates.map(({ fillsPerSecond, cores, phasesMs }) => {
    const parts = Object.entries(cores).map(
      ([name, n]) => `${name} ${n === null ? '?' : n.toFixed(2)}`,
    );
    const phases = Object.entries(phasesMs).map(([name, ms]) => `${name} ${milliseconds(ms)}`);
    return `at ${formatCount(fillsPerSecond)}/s: ${parts.join(', ')} cores; to settle: ${phases.join(', ')}`;
  });
  return [formatTable(head, rows), '', ...costs].join('\n');
}

function milliseconds(ms: number): string {
  return `${Math.round(ms)} ms`;
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
