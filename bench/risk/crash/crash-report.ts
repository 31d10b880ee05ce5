import { type Conditions, formatConditions } from '../../report/conditions.js';
import { formatTable } from '../../report/table.js';
import { RUNGS, type Rung } from './ladder-ledger.js';

/** How things stood at the end of a second; lots of rungs are sums since the beginning. */
export interface Sample extends Record<Rung, number> {
  second: number;
  indexTicks: number;
  markTicks: number;
  isTrusted: boolean;
  fundMicroUsd: number;
  openInterestLots: number;
  liquidating: number;
}

export interface CrashReport {
  conditions: Conditions;
  accounts: number;
  liquidations: { begun: number; ended: number };
  /** Accounts by the deepest rung that they have come to. */
  accountsByRung: Record<string, number>;
  lotsByRung: Record<Rung, number>;
  openInterestLots: { before: number; after: number };
  fundMicroUsd: Record<'before' | 'after' | 'fees' | 'shortfalls' | 'dust' | 'debts', string>;
  /** `leastLots`: what was left of bankrupt positions when neither the book nor the fund took any more. */
  deleveraging: { lots: number; leastLots: number; usdAtMark: number };
  priceToFirstOrderMs: { prices: number; p50: number; p99: number; max: number };
  pricesNotTrustedMs: number;
  accountsInDebt: number;
  invariants: { checks: number; held: boolean };
  engine: { frames: number; busyMs: number };
}

const COLUMNS: readonly (keyof Sample)[] = [
  'second',
  'indexTicks',
  'markTicks',
  'isTrusted',
  'fundMicroUsd',
  'openInterestLots',
  'liquidating',
  ...RUNGS,
];

export function csvOf(samples: readonly Sample[]): string {
  const rows = samples.map((sample) => COLUMNS.map((column) => String(sample[column])).join(','));
  return `${[COLUMNS.join(','), ...rows].join('\n')}\n`;
}

export function formatCrashReport(report: CrashReport): string {
  const { fundMicroUsd: fund, deleveraging, priceToFirstOrderMs: times, liquidations } = report;
  const usd = (microUsd: string) => (Number(microUsd) / 1e6).toFixed(6);
  const table = formatTable(
    ['rung', 'accounts that came no further', 'lots closed'],
    RUNGS.map((rung) => [
      rung,
      String(report.accountsByRung[rung]),
      String(report.lotsByRung[rung]),
    ]),
  );
  const share = deleveraging.leastLots === 0 ? 1 : deleveraging.lots / deleveraging.leastLots;
  return [
    `crash: ${report.accounts} traders, −30 % in two minutes, thin book, oracle silent for 13 s and 6 s`,
    formatConditions(report.conditions),
    '',
    table,
    '',
    `liquidations begun ${liquidations.begun}, ended ${liquidations.ended}; accounts in debt ${report.accountsInDebt}`,
    `open interest ${report.openInterestLots.before} → ${report.openInterestLots.after} lots`,
    `insurance fund ${usd(fund.before)} → ${usd(fund.after)} USD: fees ${usd(fund.fees)}, dust ${usd(fund.dust)},`,
    `  slippage beyond bankruptcy ${usd(fund.shortfalls)}, debts ${usd(fund.debts)}`,
    `deleveraged ${deleveraging.lots} lots, ${share.toFixed(3)} of what was left for it (${deleveraging.leastLots})`,
    `price to first order of a liquidation: p50 ${times.p50.toFixed(2)} ms, p99 ${times.p99.toFixed(2)} ms, max ${times.max.toFixed(2)} ms (${times.prices} prices)`,
    `prices not trusted for ${report.pricesNotTrustedMs / 1000} s: nobody is liquidated then`,
    `invariants: ${report.invariants.checks} checks of every book, position and micro-USD held`,
    `engine: ${report.engine.frames} frames in ${(report.engine.busyMs / 1000).toFixed(2)} s`,
  ].join('\n');
}
