import { parseArgs } from 'node:util';
import { FAULT_NAMES, FAULTS, type FaultName } from './faults.js';

export const HELP = `Usage: npm run sim -- --seed N [options]
       npm run sim -- --seeds FIRST..LAST [options]

Runs whole shards with their journals, disks, gateways and clients in one process on a virtual
clock. Nothing but the seed decides what happens, so the same seed gives the same run.

Options
  --seed N         the seed to run
  --seeds A..B     all seeds from A to B, as many at a time as there are cores
  --steps N        how many steps to take, default 600
  --faults LIST    which faults may happen, with commas between them; "all" (default) or "none"
${FAULT_NAMES.map((name) => `                     ${name.padEnd(9)} ${FAULTS[name]}`).join('\n')}
  --json           one JSON document a seed on standard output
  --help           this text
`;

/** A mistake in the arguments; its message is all that the user needs. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export interface CommandLine {
  firstSeed: number;
  lastSeed: number;
  steps: number;
  faults: ReadonlySet<FaultName>;
  /** As it was given, to be printed with a failure. */
  faultList: string;
  json: boolean;
}

/** Null when the help is asked for. */
export function parseCommandLine(args: readonly string[]): CommandLine | null {
  const values = parseOrExplain(args);
  if (values.help) return null;
  const [firstSeed, lastSeed] = seedsOf(values.seed, values.seeds);
  const faultList = values.faults ?? 'all';
  return {
    firstSeed,
    lastSeed,
    steps: values.steps === undefined ? 600 : countOf('--steps', values.steps),
    faults: faultsOf(faultList),
    faultList,
    json: values.json ?? false,
  };
}

function parseOrExplain(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        seed: { type: 'string' },
        seeds: { type: 'string' },
        steps: { type: 'string' },
        faults: { type: 'string' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function seedsOf(seed: string | undefined, seeds: string | undefined): [number, number] {
  if (seed !== undefined && seeds !== undefined) {
    throw new UsageError('--seed and --seeds exclude each other');
  }
  if (seed !== undefined) return [countOf('--seed', seed), countOf('--seed', seed)];
  if (seeds === undefined) throw new UsageError('--seed N is missing');
  const match = /^(\d+)\.\.(\d+)$/.exec(seeds);
  if (match === null) throw new UsageError(`--seeds must be FIRST..LAST, but is '${seeds}'`);
  const [first, last] = [Number(match[1]), Number(match[2])];
  if (first > last) throw new UsageError(`--seeds ${seeds} names no seed`);
  return [first, last];
}

function countOf(name: string, text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value <= 2 ** 31) return value;
  throw new UsageError(`${name} must be a whole number from 0 to 2147483648, but is '${text}'`);
}

function faultsOf(list: string): ReadonlySet<FaultName> {
  if (list === 'all') return new Set(FAULT_NAMES);
  if (list === 'none') return new Set();
  const names = list.split(',').map((name) => name.trim());
  for (const name of names) {
    if (FAULT_NAMES.some((known) => known === name)) continue;
    throw new UsageError(`there is no fault '${name}'; there are ${FAULT_NAMES.join(', ')}`);
  }
  return new Set(names as FaultName[]);
}
