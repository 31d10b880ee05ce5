import { createHash } from 'node:crypto';
import { describeTornTail } from '../../engine/runtime/journal/damage.js';
import { journalDirectory, snapshotDirectory } from '../../engine/runtime/journal/directories.js';
import type { JournalFrame } from '../../engine/runtime/journal/journal-frame.js';
import { JournalReader } from '../../engine/runtime/journal/journal-reader.js';
import { refuseGap } from '../../engine/runtime/journal/open-shard.js';
import { replay } from '../../engine/runtime/journal/replay.js';
import { loadNewestSnapshot } from '../../engine/runtime/journal/snapshot-loader.js';
import { stateHash } from '../../engine/runtime/journal/state-hash.js';
import type { CommandLine, CreateShard, Output } from './command-line.js';

interface ShardState {
  shard: number;
  sequence: number;
  stateHash: string;
  epoch: number;
  timeMs: number;
  snapshotSequence: number;
  frames: number;
  messages: number;
  elapsedMs: number;
  messagesPerSecond: number;
}

const PROGRESS_MS = 1000;

/** `hash` starts from snapshots, `replay` from nothing; both must give the same. */
export function printState(line: CommandLine, createShard: CreateShard, output: Output): void {
  const states = line.shards.map((shard) => stateOf(line, shard, createShard, output));
  if (!line.json) {
    for (const state of states) output.out(`${describe(state, line.command)}\n`);
    return;
  }
  const document = { ...total(states), shards: states };
  output.out(`${JSON.stringify(document)}\n`);
}

/**
 * Of several shards: sequences add up, and the hash is that of the shards' hashes in order of their
 * numbers. With one shard both are the shard's own.
 */
function total(states: readonly ShardState[]) {
  if (states.length === 1) return states[0];
  const hash = createHash('sha256');
  for (const state of states) hash.update(state.stateHash);
  return {
    sequence: states.reduce((sum, state) => sum + state.sequence, 0),
    stateHash: hash.digest('hex'),
  };
}

function stateOf(
  line: CommandLine,
  shardId: number,
  createShard: CreateShard,
  output: Output,
): ShardState {
  const until = line.until.get(shardId);
  const fromSnapshots = line.command === 'hash';
  const { shard, file, problems } = fromSnapshots
    ? loadNewestSnapshot(snapshotDirectory(line.dataDir, shardId), shardId, createShard, until)
    : { shard: createShard(shardId), file: null, problems: [] };
  for (const problem of problems) output.note(`passed over ${problem}`);
  const snapshotSequence = shard.sequence;
  const directory = journalDirectory(line.dataDir, shardId);
  const reader = new JournalReader(directory, shardId, snapshotSequence + 1);
  const startedMs = performance.now();
  try {
    const onProgress = progress(shardId, startedMs, output);
    const count = replay(
      shard,
      reader,
      until === undefined ? { onProgress } : { until, onProgress },
    );
    const elapsedMs = performance.now() - startedMs;
    if (until === undefined) refuseGap(reader, shard.sequence, file);
    else if (shard.sequence < until) {
      throw new RangeError(`the journal of shard ${shardId} ends at sequence ${shard.sequence}`);
    }
    if (reader.tornTail !== null) output.note(`${describeTornTail(reader.tornTail)}; not cut`);
    return {
      shard: shardId,
      sequence: shard.sequence,
      stateHash: stateHash(shard),
      epoch: shard.epoch,
      timeMs: shard.timeMs,
      snapshotSequence,
      ...count,
      elapsedMs: Math.round(elapsedMs),
      messagesPerSecond: Math.round(count.messages / (elapsedMs / 1000)) || 0,
    };
  } finally {
    reader.close();
  }
}

function progress(shardId: number, startedMs: number, output: Output) {
  let nextMs = startedMs + PROGRESS_MS;
  let frames = 0;
  return (messages: number, frame: JournalFrame) => {
    // The clock is asked once in a while: asking for each frame would cost more than reading it.
    if (++frames % 256 !== 0) return;
    const nowMs = performance.now();
    if (nowMs < nextMs) return;
    nextMs = nowMs + PROGRESS_MS;
    const rate = Math.round(messages / ((nowMs - startedMs) / 1000));
    output.note(`shard ${shardId}: sequence ${frame.firstSequence}, ${rate} messages/s`);
  };
}

function describe(state: ShardState, command: string): string {
  const { shard, sequence, messages, elapsedMs, messagesPerSecond, snapshotSequence } = state;
  const result = `shard ${shard} sequence ${sequence} stateHash ${state.stateHash}`;
  const source = command === 'hash' ? `, snapshot ${snapshotSequence}` : '';
  return `${result} (${messages} messages in ${elapsedMs} ms, ${messagesPerSecond}/s${source})`;
}
