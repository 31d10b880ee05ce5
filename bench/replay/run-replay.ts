import type { CheckpointFile } from './checkpoint.js';
import type { Progress } from './progress.js';
import type { Replay, ReplayReport } from './replay.js';

/** Messages between two looks at the clock, the signals and the progress. */
const BATCH = 4096;

export interface RunLimits {
  /** Messages of the recording after which to stop. */
  readonly limit: number;
  readonly checkpointEvery: number;
  /** Asked between batches: whether the user wants to stop here. */
  readonly isInterrupted: () => boolean;
}

export interface RunResult {
  readonly report: ReplayReport & { readonly messagesPerSecond: number };
  /** False when a limit or the user ended the replay before the recording did. */
  readonly isComplete: boolean;
}

/** Runs a replay to the end of its recording, or to its limit, and keeps its checkpoint. */
export async function runReplay(
  replay: Replay,
  checkpoint: CheckpointFile | null,
  limits: RunLimits,
  progress: Progress,
): Promise<RunResult> {
  if (checkpoint?.exists) await checkpoint.resume(replay);
  const begun = replay.messages;
  const startMs = performance.now();
  let saved = begun;
  let goesOn = true;
  while (goesOn && !limits.isInterrupted()) {
    const left = limits.limit - replay.messages;
    if (left <= 0) break;
    const untilSave = Math.max(1, saved + limits.checkpointEvery - replay.messages);
    goesOn = await replay.advance(Math.min(BATCH, left, untilSave));
    progress.update(replay.progress(), replay.messages);
    if (goesOn && replay.messages - saved >= limits.checkpointEvery) {
      saved = replay.messages;
      if (replay.canBeWritten) checkpoint?.save(replay);
    }
  }
  const seconds = (performance.now() - startMs) / 1000;
  progress.end(replay.progress(), replay.messages);
  replay.check();
  if (!goesOn) checkpoint?.remove();
  else if (replay.canBeWritten) checkpoint?.save(replay);
  const messagesPerSecond = Math.round((replay.messages - begun) / seconds);
  return { report: { ...replay.report(), messagesPerSecond }, isComplete: !goesOn };
}
