import { SLOT_WORDS, slotsOf, W_HEAD } from '../../engine/messages/layout.js';
import {
  type Damage,
  describeTornTail,
  JournalDamageError,
  type TornTail,
} from '../../engine/runtime/journal/damage.js';
import {
  journalDirectory,
  listSequenced,
  snapshotDirectory,
} from '../../engine/runtime/journal/directories.js';
import type { JournalFrame } from '../../engine/runtime/journal/journal-frame.js';
import { JournalReader } from '../../engine/runtime/journal/journal-reader.js';
import { loadSnapshot } from '../../engine/runtime/journal/snapshot-loader.js';
import type { CommandLine, CreateShard, Output } from './command-line.js';

interface SegmentResult {
  file: string;
  firstSequence: number;
  lastSequence: number;
  epoch: number;
  frames: number;
  messages: number;
}

interface SnapshotResult {
  file: string;
  sequence: number;
  valid: boolean;
  stateHash: string | null;
  problem: string | null;
}

interface ShardResult {
  shard: number;
  ok: boolean;
  sequence: number;
  frames: number;
  messages: number;
  segments: SegmentResult[];
  snapshots: SnapshotResult[];
  tornTail: TornTail | null;
  damage: Damage | null;
  problems: string[];
}

/** True when nothing is damaged. A torn tail is no damage: the next start cuts it. */
export function verify(line: CommandLine, createShard: CreateShard, output: Output): boolean {
  const shards = line.shards.map((shard) => verifyShard(line, shard, createShard));
  const ok = shards.every((shard) => shard.ok);
  if (line.json) output.out(`${JSON.stringify({ ok, shards })}\n`);
  else for (const shard of shards) printShard(shard, output);
  return ok;
}

function verifyShard(line: CommandLine, shard: number, createShard: CreateShard): ShardResult {
  const result = readJournal(line, shard);
  const { problems } = result;
  const files = listSequenced(snapshotDirectory(line.dataDir, shard), 'snapshot');
  for (const { path: file, sequence } of files) {
    const snapshot: SnapshotResult = {
      file,
      sequence,
      valid: true,
      stateHash: null,
      problem: null,
    };
    result.snapshots.push(snapshot);
    try {
      snapshot.stateHash = loadSnapshot(file, shard, createShard).header.stateHash;
      if (result.damage === null && sequence > result.sequence) {
        throw new Error(`it ends at ${sequence}, the journal at ${result.sequence}`);
      }
    } catch (error) {
      snapshot.valid = false;
      snapshot.problem = error instanceof Error ? error.message : String(error);
      problems.push(`${file}: ${snapshot.problem}`);
    }
  }
  result.ok = problems.length === 0;
  return result;
}

function readJournal(line: CommandLine, shard: number): ShardResult {
  const reader = new JournalReader(journalDirectory(line.dataDir, shard), shard);
  const until = line.until.get(shard) ?? Number.POSITIVE_INFINITY;
  const result: ShardResult = {
    shard,
    ok: true,
    sequence: 0,
    frames: 0,
    messages: 0,
    segments: [],
    snapshots: [],
    tornTail: null,
    damage: null,
    problems: [],
  };
  try {
    while (reader.lastSequence < until && reader.next()) count(reader, result);
    result.tornTail = reader.tornTail;
  } catch (error) {
    if (!(error instanceof JournalDamageError)) throw error;
    result.damage = error.damage;
    result.problems.push(error.message);
  } finally {
    reader.close();
  }
  result.sequence = reader.lastSequence;
  return result;
}

function count(reader: JournalReader, result: ShardResult): void {
  const { file, firstSequence, count: messages, epoch } = reader.frame;
  let segment = result.segments.at(-1);
  if (segment?.file !== file) {
    segment = { file, firstSequence, lastSequence: 0, epoch, frames: 0, messages: 0 };
    result.segments.push(segment);
  }
  refuseWrongCount(reader.frame);
  segment.lastSequence = firstSequence + messages - 1;
  segment.frames++;
  segment.messages += messages;
  result.frames++;
  result.messages += messages;
}

/** Recovery trusts the count that the writer stated; here it is compared with the messages. */
function refuseWrongCount(frame: JournalFrame): void {
  const { messages, count: stated, file, position, firstSequence: sequence } = frame;
  let found = 0;
  let slot = 0;
  while (slot < messages.length) {
    slot += Math.max(1, slotsOf(messages.words[slot * SLOT_WORDS + W_HEAD]));
    found++;
  }
  if (found === stated && slot === messages.length) return;
  const reason = `the frame states ${stated} messages and holds ${found}`;
  throw new JournalDamageError({ file, position, sequence, reason });
}

function printShard(result: ShardResult, output: Output): void {
  for (const { file, firstSequence, lastSequence, frames, epoch } of result.segments) {
    const range = `sequences ${firstSequence} to ${lastSequence}`;
    output.out(`${file}: ${range}, ${frames} frames, epoch ${epoch}\n`);
  }
  for (const { file, valid, stateHash, problem } of result.snapshots) {
    output.out(`${file}: ${valid ? `stateHash ${stateHash}` : problem}\n`);
  }
  if (result.tornTail !== null) {
    output.out(`${describeTornTail(result.tornTail)}; the next start cuts it\n`);
  }
  for (const problem of result.problems) output.note(problem);
  const { shard, ok, messages, sequence } = result;
  const verdict = ok ? 'whole' : 'DAMAGED';
  output.out(`shard ${shard}: ${verdict}, ${messages} messages, sequence ${sequence}\n`);
}
