import fs from 'node:fs';
import path from 'node:path';
import type { MessageBuffer } from '../../messages/message-buffer.js';
import type { Frame } from '../../shard/frame.js';
import type { Shard } from '../../shard/shard.js';
import { describeTornTail, type TornTail } from './damage.js';
import {
  journalDirectory,
  shardDirectory,
  snapshotDirectory,
  syncDirectory,
  syncFile,
} from './directories.js';
import { HEADER_BYTES } from './format.js';
import { Journal } from './journal.js';
import { JournalReader } from './journal-reader.js';
import { takeLock } from './lock-file.js';
import { replay } from './replay.js';
import type { CreateSegmentFile } from './segment-file.js';
import { loadNewestSnapshot } from './snapshot-loader.js';
import { SnapshotWriter } from './snapshot-writer.js';
import type { SyncPolicy } from './sync-scheduler.js';

export interface OpenShardOptions {
  policy: SyncPolicy;
  segmentBytesMax?: number;
  syncIntervalMs?: number;
  /** Snapshots that are kept; default 3. */
  snapshotsKept?: number;
  /** Snapshots that end later are passed over, because they forgot what is needed again. */
  snapshotNotAfter?: number;
  /** Receives the events of every replayed frame, so that feeds can be rebuilt. */
  onEvents?: (events: MessageBuffer, frame: Frame) => void;
  onDurable?: (sequence: number) => void;
  onFailure?: (error: Error) => void;
  createFile?: CreateSegmentFile;
}

/** What recovery found and did. */
export interface RecoveryReport {
  shardId: number;
  snapshotFile: string | null;
  /** 0 when no snapshot was used. */
  snapshotSequence: number;
  frames: number;
  messages: number;
  /** Last sequence of the recovered state. */
  sequence: number;
  timeMs: number;
  /** The epoch that begins now: the host's first message is CMD_BEGIN_EPOCH with this number. */
  epoch: number;
  /** What a crash left unfinished and was cut off, null for a clean end. */
  tornTail: TornTail | null;
  elapsedMs: number;
  /** Sentences for the operator: snapshots passed over, a tail that was cut. */
  notices: string[];
}

export interface OpenedShard<S extends Shard> {
  shard: S;
  journal: Journal;
  snapshots: SnapshotWriter;
  report: RecoveryReport;
  /** Lets a snapshot finish, writes and syncs the journal, and gives the lock back. */
  close(): Promise<void>;
}

/** Journal and state do not meet: commands between them are missing. */
export class JournalGapError extends Error {
  override readonly name = 'JournalGapError';
}

/**
 * Recovers a shard: newest valid snapshot, then the rest of the journal. Cuts a torn tail, refuses
 * anything worse, and returns a journal that appends right behind what was recovered.
 */
export function openShard<S extends Shard>(
  dataDir: string,
  shardId: number,
  createShard: (shardId: number) => S,
  options: OpenShardOptions,
): OpenedShard<S> {
  const unlock = takeLock(shardDirectory(dataDir, shardId));
  try {
    const { shard, report } = recover(dataDir, shardId, createShard, options);
    const { snapshotsKept, snapshotNotAfter: _, onEvents: __, ...journalOptions } = options;
    const journal = new Journal({
      ...journalOptions,
      directory: journalDirectory(dataDir, shardId),
      shardId,
      epoch: report.epoch,
      lastSequence: report.sequence,
      lastTimeMs: report.timeMs,
    });
    const snapshots = new SnapshotWriter(
      snapshotDirectory(dataDir, shardId),
      shardId,
      snapshotsKept,
    );
    const close = async () => {
      try {
        await snapshots.idle();
        await journal.close();
      } finally {
        unlock();
      }
    };
    return { shard, journal, snapshots, report, close };
  } catch (error) {
    unlock();
    throw error;
  }
}

function recover<S extends Shard>(
  dataDir: string,
  shardId: number,
  createShard: (shardId: number) => S,
  options: OpenShardOptions,
): { shard: S; report: RecoveryReport } {
  const startedMs = performance.now();
  const snapshots = snapshotDirectory(dataDir, shardId);
  const loaded = loadNewestSnapshot(snapshots, shardId, createShard, options.snapshotNotAfter);
  const { shard, header } = loaded;
  const snapshotSequence = header?.sequence ?? 0;
  const reader = new JournalReader(
    journalDirectory(dataDir, shardId),
    shardId,
    snapshotSequence + 1,
  );
  const count = replay(shard, reader, options.onEvents ? { onEvents: options.onEvents } : {});
  refuseGap(reader, shard.sequence, loaded.file);
  const notices = [...loaded.problems];
  if (reader.tornTail !== null)
    notices.push(`${describeTornTail(reader.tornTail)}; it was cut off`);
  makeDurable(reader);
  const report: RecoveryReport = {
    shardId,
    snapshotFile: loaded.file,
    snapshotSequence,
    ...count,
    sequence: shard.sequence,
    timeMs: shard.timeMs,
    epoch: Math.max(reader.epoch, header?.epoch ?? 0) + 1,
    tornTail: reader.tornTail,
    elapsedMs: performance.now() - startedMs,
    notices,
  };
  return { shard, report };
}

/**
 * After the whole journal the state must stand at its end. A snapshot is written only after the journal
 * is synced, so a shorter journal has lost something.
 */
export function refuseGap(
  reader: JournalReader,
  sequence: number,
  snapshotFile: string | null,
): void {
  const end = reader.lastSequence;
  if (end === sequence) return;
  const advice = 'Nothing was changed. Restore the missing segments from a copy';
  if (end > sequence) {
    throw new JournalGapError(
      `the journal begins after sequence ${end}, the state ends at ${sequence}. ${advice}.`,
    );
  }
  throw new JournalGapError(
    `the journal ends at sequence ${end}, but ${snapshotFile} contains ${sequence}. ${advice}, or ` +
      `give up what followed with "npm run journal -- repair --truncate-at ${end + 1}".`,
  );
}

/**
 * Cuts the torn tail, and waits for the disk: after a killed process the frames just replayed may still
 * be in memory only, and the new journal counts all of them as durable.
 */
function makeDurable(reader: JournalReader): void {
  const { tornTail, segments } = reader;
  for (const { path: file } of segments) {
    if (file !== tornTail?.file) syncFile(file);
    else if (tornTail.position >= HEADER_BYTES) syncFile(file, tornTail.position);
    else removeUnheaded(file);
  }
}

function removeUnheaded(file: string): void {
  fs.rmSync(file);
  syncDirectory(path.dirname(file));
}
