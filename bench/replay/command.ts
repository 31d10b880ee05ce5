import { BinanceReplay } from './binance/binance-replay.js';
import { CheckpointFile, fingerprint } from './checkpoint.js';
import { findFile, type Recording, recogniseFiles } from './input/recordings.js';
import { LobsterReplay } from './lobster/lobster-replay.js';
import { marketOpener } from './open-market.js';
import { type EngineName, HELP, parseOptions, type ReplayOptions, UsageError } from './options.js';
import { printReport } from './print-report.js';
import { showProgress } from './progress.js';
import type { Replay } from './replay.js';
import { runReplay } from './run-replay.js';

/** As a shell reports a process that an interrupt ended. */
const CODE_INTERRUPTED = 130;

/** Runs one command line, hands the result to `print`, and returns the exit code; throws when input is broken. */
export async function runCommand(
  args: readonly string[],
  print: (text: string) => void,
): Promise<number> {
  const options = parseOptions(args);
  if (options.help) {
    print(HELP);
    return 0;
  }
  if (options.files.length === 0) throw new UsageError('name at least one file (see --help)');
  const recording = await recogniseFiles(options.files);
  const engine = options.engine ?? usualEngine(recording);
  const replay = openReplay(recording, engine, options);
  try {
    const checkpoint = await openCheckpoint(recording, engine, options);
    return await run(replay, checkpoint, options, print);
  } finally {
    await replay.close();
  }
}

async function run(
  replay: Replay,
  checkpoint: CheckpointFile | null,
  options: ReplayOptions,
  print: (text: string) => void,
): Promise<number> {
  let interrupted = false;
  const interrupt = () => {
    interrupted = true;
  };
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  try {
    const limits = { ...options, isInterrupted: () => interrupted };
    const { report, isComplete } = await runReplay(replay, checkpoint, limits, showProgress());
    print(options.json ? `${JSON.stringify(report)}\n` : printReport(report, isComplete));
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  }
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
