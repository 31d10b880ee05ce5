import { type ArchivedSegment, archiveSegments } from '../../engine/runtime/journal/archive.js';
import { repairJournal } from '../../engine/runtime/journal/repair.js';
import {
  type CommandLine,
  type CreateShard,
  type CreateShardIn,
  HELP,
  type Output,
  parseCommandLine,
  UsageError,
} from './command-line.js';
import { dump } from './dump.js';
import { printState } from './state-at.js';
import { verify } from './verify.js';

/** Runs `npm run journal` with a way to make shards; returns the exit code. */
export function runJournalCommand(
  args: readonly string[],
  createShard: CreateShardIn,
  output: Output,
): number {
  try {
    const line = parseCommandLine(args);
    if (line !== null) {
      const create = (shardId: number) => createShard(shardId, line.dataDir);
      return runCommand(line, create, output) ? 0 : 1;
    }
    output.out(HELP);
    return 0;
  } catch (error) {
    output.note(error instanceof Error ? error.message : String(error));
    if (!(error instanceof UsageError)) return 1;
    output.note('"npm run journal -- --help" lists commands and options');
    return 2;
  }
}

function runCommand(line: CommandLine, createShard: CreateShard, output: Output): boolean {
  if (line.command === 'verify') return verify(line, createShard, output);
  if (line.command === 'dump') dump(line, output);
  else if (line.command === 'archive') archive(line, output);
  else if (line.command === 'repair') repair(line, output);
  else printState(line, createShard, output);
  return true;
}

function archive(line: CommandLine, output: Output): void {
  const { dataDir, archiveDir, shards, json } = line;
  if (archiveDir === null) throw new UsageError('archive needs --to DIR');
  const done = shards.map((shard) => {
    const segments: ArchivedSegment[] = [];
    archiveSegments(dataDir, shard, archiveDir, (segment) => {
      segments.push(segment);
      if (!json) output.out(`${segment.file}: moved to ${segment.archivedAs}\n`);
    });
    const bytes = segments.reduce((sum, segment) => sum + segment.bytes, 0);
    if (!json) {
      output.out(`shard ${shard}: ${segments.length} segments with ${bytes} bytes moved\n`);
    }
    return { shard, bytes, segments };
  });
  if (json) output.out(`${JSON.stringify({ shards: done })}\n`);
}

function repair(line: CommandLine, output: Output): void {
  const [entry] = line.truncateAt;
  if (entry === undefined) throw new UsageError('repair needs --truncate-at SEQ');
  const [shard, sequence] = entry;
  const report = repairJournal(line.dataDir, shard, sequence);
  if (line.json) {
    output.out(`${JSON.stringify({ shard, sequence: sequence - 1, ...report })}\n`);
    return;
  }
  if (report.file !== null) {
    output.out(`${report.file}: ${report.bytesCut} bytes cut at byte ${report.position}\n`);
  }
  for (const file of report.movedFiles) output.out(`${file}: moved\n`);
  output.out(`shard ${shard} ends at sequence ${sequence - 1}; the rest is in ${report.keptIn}\n`);
}
