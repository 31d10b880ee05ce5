import { parseArgs } from 'node:util';

export interface BenchOptions {
  json: boolean;
  workload: string | null;
  rounds: number;
  accounts: number;
  /** Timed commands of a generated workload. */
  ops: number;
  /** `doors`: of all its windows of load together. */
  seconds: number;
  /** `required`: fail when a peer cannot run, instead of saying so. */
  peers: 'if there' | 'required' | 'no';
  /** Only these engines of `book`, or layouts of `gateway`. */
  engines: string[] | null;
  hgrm: string | null;
  /** A part of `risk` that is measured alone; null: its usual ones. */
  scenario: string | null;
  /** Of a scenario: files for its figures second by second, and for a plot of them. */
  csv: string | null;
  svg: string | null;
}

/** A mistake in the command line: shown without a stack, ends with code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** `accounts`: how many there are when nobody says. */
export function parseOptions(args: readonly string[], accounts = 100_000): BenchOptions {
  const values = parseValues(args);
  if (values.peers === true && values['no-peers'] === true) {
    throw new UsageError('--peers and --no-peers exclude each other');
  }
  return {
    json: values.json === true,
    workload: values.workload ?? null,
    rounds: positiveInteger('--rounds', values.rounds, 3, 1000),
    accounts: positiveInteger('--accounts', values.accounts, accounts, 10_000_000),
    ops: positiveInteger('--ops', values.ops, 3_000_000, 100_000_000),
    seconds: positiveInteger('--seconds', values.seconds, 120, 100_000),
    peers: values.peers === true ? 'required' : values['no-peers'] === true ? 'no' : 'if there',
    engines: values.engines === undefined ? null : values.engines.split(','),
    hgrm: values.hgrm ?? null,
    scenario: values.scenario ?? null,
    csv: values.csv ?? null,
    svg: values.svg ?? null,
  };
}

function parseValues(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        json: { type: 'boolean' },
        workload: { type: 'string' },
        rounds: { type: 'string' },
        accounts: { type: 'string' },
        ops: { type: 'string' },
        seconds: { type: 'string' },
        peers: { type: 'boolean' },
        'no-peers': { type: 'boolean' },
        engines: { type: 'string' },
        hgrm: { type: 'string' },
        scenario: { type: 'string' },
        csv: { type: 'string' },
        svg: { type: 'string' },
      },
    }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function positiveInteger(
  name: string,
  text: string | undefined,
  usual: number,
  most: number,
): number {
  if (text === undefined) return usual;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > most) {
    throw new UsageError(`${name} must be an integer from 1 to ${most}, but is '${text}'`);
  }
  return value;
}
