import { parseArgs } from 'node:util';
import { parseStep, type Step } from './binance/decimal-units.js';
import { ReplayError } from './replay-error.js';

export const ENGINES = ['fast', 'naive', 'core'] as const;
export type EngineName = (typeof ENGINES)[number];

export interface ReplayOptions {
  readonly files: readonly string[];
  readonly json: boolean;
  readonly help: boolean;
  /** Null: the usual one of the recording's kind. */
  readonly engine: EngineName | null;
  /** Messages after which to stop. */
  readonly limit: number;
  readonly checkpoint: string | null;
  readonly checkpointEvery: number;
  readonly tick: Step | null;
  readonly lot: Step | null;
}

const CHECKPOINT_EVERY = 1_000_000;

export const HELP = `npm run replay -- FILE… [options]

Replays recorded order flow through Plimsoll's own engine and compares the books on the way.

  LOBSTER  NAME_message_N.csv and NAME_orderbook_N.csv in any order, or the zip archive that holds
           both; any number of levels N. Feeds the engine order by order and compares all levels
           with the recorded ones after every message.
  Binance  USDⓈ-M captures (hftbacktest's .dat or .dat.gz); several files are one stream, in the order
           given. Mirrors the recorded book with maker orders, executes the recorded trades, and
           compares best prices and sizes after every depth update with the venue's bookTicker.
           Any file may be packed with gzip.

  --json                one JSON document on standard output, everything else on standard error
  --engine NAME         fast or naive (an order book alone), or core (the whole shard, with margin,
                        positions and fees); LOBSTER usually takes fast, Binance core
  --limit N             stop after the recording's first N messages
  --checkpoint FILE     write progress and state there on the way, and go on from it when it is there;
                        removed when the recording has ended
  --checkpoint-every N  messages between two checkpoints (${CHECKPOINT_EVERY})
  --tick SIZE           Binance: tick size, when it is not the one that the prices are printed with
  --lot SIZE            Binance: lot size, the same
  --help                this text

JSON fields: rows, rowsEqual, levelsEqual (share of rows, best level first), executions,
executionsAtQueueHead, messagesPerSecond, and counters of the kind of recording.
The exit code is 0 when the recording was replayed, whatever the comparison found, 1 when it is
broken, 2 when the command line is.
`;

/** A mistake in the command line; ends with code 2. */
export class UsageError extends ReplayError {}

export function parseOptions(args: readonly string[]): ReplayOptions {
  const { values, positionals } = parseValues(args);
  return {
    files: positionals,
    json: values.json === true,
    help: values.help === true,
    engine: readEngine(values.engine),
    limit: readCount('--limit', values.limit, Number.POSITIVE_INFINITY),
    checkpoint: values.checkpoint ?? null,
    checkpointEvery: readCount('--checkpoint-every', values['checkpoint-every'], CHECKPOINT_EVERY),
    tick: readStep('--tick', values.tick),
    lot: readStep('--lot', values.lot),
  };
}

function parseValues(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        json: { type: 'boolean' },
        help: { type: 'boolean' },
        engine: { type: 'string' },
        limit: { type: 'string' },
        checkpoint: { type: 'string' },
        'checkpoint-every': { type: 'string' },
        tick: { type: 'string' },
        lot: { type: 'string' },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function readEngine(text: string | undefined): EngineName | null {
  if (text === undefined) return null;
  const engine = ENGINES.find((name) => name === text);
  if (engine !== undefined) return engine;
  throw new UsageError(`--engine is '${text}', expected ${ENGINES.join(', ')}`);
}

function readCount(name: string, text: string | undefined, usual: number): number {
  if (text === undefined) return usual;
  const value = Number(text);
  if (/^\d{1,15}$/.test(text) && value >= 1) return value;
  throw new UsageError(`${name} is '${text}', expected an integer of at least 1`);
}

function readStep(name: string, text: string | undefined): Step | null {
  if (text === undefined) return null;
  try {
    return parseStep(name, text);
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}
