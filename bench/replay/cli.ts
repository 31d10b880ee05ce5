import { BinanceReplay } from './binance/binance-replay.js';
import { CheckpointFile, fingerprint } from './checkpoint.js';
import { findFile, type Recording, recogniseFiles } from './input/recordings.js';
import { LobsterReplay } from './lobster/lobster-replay.js';
import { marketOpener } from './open-market.js';
import { type EngineName, HELP, parseOptions, type ReplayOptions, UsageError } from './options.js';
import { printReport } from './print-report.js';
import { showProgress } from './progress.js';
import type { Replay } from './replay.js';
import { ReplayError } from './replay-error.js';
import { runReplay } from './run-replay.js';

const CODE_BROKEN = 1;
const CODE_USAGE = 2;
/** As a shell reports a process that an interrupt ended. */
const CODE_INTERRUPTED = 130;

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  // Whatever is not the user's mistake is ours, and needs its stack.
  process.stderr.write(`replay: ${describe(error)}\n`);
  process.exitCode = error instanceof UsageError ? CODE_USAGE : CODE_BROKEN;
}

async function main(args: readonly string[]): Promise<number> {
  const options = parseOptions(args);
  if (options.help) {
    process.stdout.write(HELP);
    return 0;
  }
  if (options.files.length === 0) throw new UsageError('name at least one file (see --help)');
  const recording = await recogniseFiles(options.files);
  const engine = options.engine ?? usualEngine(recording);
  const replay = openReplay(recording, engine, options);
  try {
    return await run(replay, await openCheckpoint(recording, engine, options), options);
  } finally {
    await replay.close();
  }
}

async function run(
  replay: Replay,
  checkpoint: CheckpointFile | null,
  options: ReplayOptions,
): Promise<number> {
  let interrupted = false;
  const interrupt = () => {
    interrupted = true;
  };
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  const limits = { ...options, isInterrupted: () => interrupted };
  const { report, isComplete } = await runReplay(replay, checkpoint, limits, showProgress());
  const text = options.json ? `${JSON.stringify(report)}\n` : printReport(report, isComplete);
  process.stdout.write(text);
  return interrupted ? CODE_INTERRUPTED : 0;
}

/** LOBSTER's flow is about order books alone; a capture has marks and trades, so it drives the whole exchange. */
function usualEngine({ kind }: Recording): EngineName {
  return kind === 'lobster' ? 'fast' : 'core';
}

function openReplay(recording: Recording, engine: EngineName, options: ReplayOptions): Replay {
  const openMarket = marketOpener(engine);
  if (recording.kind === 'lobster') return new LobsterReplay(recording.files, openMarket);
  return new BinanceReplay(recording.files, openMarket, options);
}

async function openCheckpoint(
  { kind }: Recording,
  engine: EngineName,
  { checkpoint, files, tick, lot }: ReplayOptions,
): Promise<CheckpointFile | null> {
  if (checkpoint === null) return null;
  const fingerprints: string[] = [];
  for (const file of files) fingerprints.push(await fingerprint(findFile(file)));
  const units = JSON.stringify([tick, lot]);
  return new CheckpointFile(checkpoint, { kind, engine, files: fingerprints, units });
}

function describe(error: unknown): string {
  if (error instanceof ReplayError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
