import type { BenchOptions } from '../options.js';
import { say } from '../output.js';
import { type Conditions, conditionsNow, formatConditions } from '../report/conditions.js';
import { medianOf } from '../report/statistics.js';
import { formatRatio, formatTable } from '../report/table.js';
import type { Took } from './crowd-shard.js';
import { CROWDS, type Crowd } from './crowds.js';

export interface CrowdReport {
  crowd: string;
  operation: string;
  /** With a hundredth of the crowd, and with all of it; medians of the rounds. */
  nsFew: number;
  nsMany: number;
  ratio: number;
  /** The longest single message with all of it, in any round. */
  msLongest: number;
}

export interface CrowdsReport {
  bench: 'crowds';
  conditions: Conditions;
  few: number;
  many: number;
  crowds: CrowdReport[];
}

const FEW_SHARE = 100;
const WARM_UP = 2_000;

/** What an operation costs the shard when there is a crowd, beside the same with a hundredth of it, in the same round. */
export async function runCrowdsBench(options: BenchOptions): Promise<CrowdsReport> {
  const conditions = conditionsNow(options.rounds);
  const many = options.accounts;
  const few = Math.max(1, Math.round(many / FEW_SHARE));
  const crowds = CROWDS.flatMap((crowd) => {
    say(`${many} ${crowd.name}`);
    crowd.measure(WARM_UP);
    const rounds = Array.from({ length: options.rounds }, () => {
      return { few: crowd.measure(few), many: crowd.measure(many) };
    });
    return reportOf(crowd, rounds);
  });
  return { bench: 'crowds', conditions, few, many, crowds };
}

function reportOf(
  { name }: Crowd,
  rounds: readonly { few: Record<string, Took>; many: Record<string, Took> }[],
): CrowdReport[] {
  return Object.keys(rounds[0]?.many ?? {}).map((operation) => {
    const took = (size: 'few' | 'many') =>
      rounds.map((round) => round[size][operation] as Took).filter(({ count }) => count > 0);
    const [nsFew, nsMany] = (['few', 'many'] as const).map((size) =>
      medianOf(took(size).map(({ nsEach }) => nsEach)),
    ) as [number, number];
    const msLongest = Math.max(...took('many').map((one) => one.msLongest));
    return { crowd: name, operation, nsFew, nsMany, ratio: nsMany / nsFew, msLongest };
  });
}

export function formatCrowdsReport({ conditions, few, many, crowds }: CrowdsReport): string {
  const rows = crowds.map(({ crowd, operation, nsFew, nsMany, ratio, msLongest }) => {
    const figures = [nsFew.toFixed(0), nsMany.toFixed(0), formatRatio(ratio)];
    return [`${crowd}: ${operation}`, ...figures, msLongest.toFixed(2)];
  });
  const head = ['ns each', `with ${few}`, `with ${many}`, 'ratio', 'longest, ms'];
  return `${formatConditions(conditions)}\n\n${formatTable(head, rows)}`;
}
