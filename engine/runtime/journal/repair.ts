import fs from 'node:fs';
import path from 'node:path';
import { JournalDamageError } from './damage.js';
import {
  journalDirectory,
  listSequenced,
  makeDurableDirectory,
  sequencedName,
  shardDirectory,
  snapshotDirectory,
  syncDirectory,
  syncFile,
} from './directories.js';
import { encodeSegmentHeader, HEADER_BYTES } from './format.js';
import { JournalReader } from './journal-reader.js';
import { takeLock } from './lock-file.js';
import { createSegmentFile } from './segment-file.js';
import { SegmentReader } from './segment-reader.js';
import { decodeSnapshotHeader } from './snapshot-format.js';

export interface RepairReport {
  /** The segment that was cut and where; null when only whole files were moved. */
  file: string | null;
  position: number;
  bytesCut: number;
  /** Everything that was taken away lies here. */
  keptIn: string;
  movedFiles: string[];
}

/**
 * Gives up every message from `truncateAt` on: the operator's answer to damage that recovery refuses.
 * Nothing is destroyed: what is cut, later segments, and snapshots that contain any of it move into a
 * folder of their own.
 */
export function repairJournal(dataDir: string, shardId: number, truncateAt: number): RepairReport {
  const unlock = takeLock(shardDirectory(dataDir, shardId));
  try {
    const cut = findCut(journalDirectory(dataDir, shardId), shardId, truncateAt);
    const keptIn = makeKeepingFolder(dataDir, shardId, truncateAt);
    const epoch = highestEpoch(dataDir, shardId);
    const snapshots = listSequenced(snapshotDirectory(dataDir, shardId), 'snapshot');
    const segments = listSequenced(journalDirectory(dataDir, shardId), 'journal');
    // From the newest on: whenever this stops half-way, what is left is refused or still whole.
    const moved = [
      ...snapshots.filter(({ sequence }) => sequence >= truncateAt),
      ...segments.filter(({ path: file }) => cut.moved.includes(file)),
    ]
      .map((file) => file.path)
      .sort()
      .reverse();
    for (const file of moved) moveInto(keptIn, file);
    const bytesCut = cut.file === null ? 0 : cutSegment(cut.file, cut.position, keptIn);
    markEpoch(journalDirectory(dataDir, shardId), shardId, truncateAt, epoch);
    const { file, position } = cut;
    return { file, position, bytesCut, keptIn, movedFiles: moved };
  } finally {
    unlock();
  }
}

interface Cut {
  file: string | null;
  position: number;
  moved: string[];
}

/** Where the frame that begins with the sequence stands, whether it can still be read or not. */
function findCut(directory: string, shardId: number, truncateAt: number): Cut {
  const reader = new JournalReader(directory, shardId, truncateAt);
  const paths = reader.segments.map((segment) => segment.path);
  try {
    if (reader.next()) {
      const { firstSequence, count, file, position } = reader.frame;
      if (firstSequence === truncateAt) return cutAt(paths, file, position);
      if (firstSequence > truncateAt) {
        throw new RangeError(`the journal begins with sequence ${firstSequence}`);
      }
      const last = firstSequence + count - 1;
      throw new RangeError(
        `sequence ${truncateAt} is inside of the frame ${firstSequence} to ${last}; ` +
          `truncate at ${firstSequence} or ${last + 1}`,
      );
    }
    if (reader.lastSequence + 1 !== truncateAt) {
      throw new RangeError(`the journal ends at sequence ${reader.lastSequence}`);
    }
    const { tornTail } = reader;
    if (tornTail !== null) return cutAt(paths, tornTail.file, tornTail.position);
    return { file: null, position: 0, moved: [] };
  } catch (error) {
    if (!(error instanceof JournalDamageError)) throw error;
    const { file, position, sequence } = error.damage;
    if (sequence === truncateAt) return cutAt(paths, file, position);
    throw new RangeError(`what can be read ends before sequence ${sequence}: ${error.message}`);
  } finally {
    reader.close();
  }
}

/** A segment that would keep nothing but its header moves as a whole. */
function cutAt(paths: string[], file: string, position: number): Cut {
  const from = paths.indexOf(file);
  if (position <= HEADER_BYTES) return { file: null, position: 0, moved: paths.slice(from) };
  return { file, position, moved: paths.slice(from + 1) };
}

/** Of everything that is still there, so that no number that a client may have seen is used again. */
function highestEpoch(dataDir: string, shardId: number): number {
  let highest = 0;
  for (const { path: file } of listSequenced(journalDirectory(dataDir, shardId), 'journal')) {
    const segment = new SegmentReader(file);
    highest = Math.max(highest, segment.header?.epoch ?? 0);
    segment.close();
  }
  for (const { path: file } of listSequenced(snapshotDirectory(dataDir, shardId), 'snapshot')) {
    const header = decodeSnapshotHeader(fs.readFileSync(file));
    if (typeof header !== 'string') highest = Math.max(highest, header.epoch);
  }
  return highest;
}

/** A segment without frames tells the next start which epochs were used; that start replaces it. */
function markEpoch(directory: string, shardId: number, firstSequence: number, epoch: number): void {
  const file = path.join(directory, sequencedName(firstSequence, 'journal'));
  const header = encodeSegmentHeader({ shardId, firstSequence, epoch, salt: 0 });
  createSegmentFile(file, header).close();
}

function makeKeepingFolder(dataDir: string, shardId: number, truncateAt: number): string {
  for (let n = 1; ; n++) {
    const folder = path.join(shardDirectory(dataDir, shardId), 'cut-off', `${truncateAt}-${n}`);
    if (fs.existsSync(folder)) continue;
    makeDurableDirectory(folder);
    return folder;
  }
}

function moveInto(folder: string, file: string): void {
  fs.renameSync(file, path.join(folder, path.basename(file)));
  syncDirectory(folder);
  syncDirectory(path.dirname(file));
}

function cutSegment(file: string, position: number, keptIn: string): number {
  const rest = fs.readFileSync(file).subarray(position);
  const copy = path.join(keptIn, `${path.basename(file)}.from-byte-${position}`);
  fs.writeFileSync(copy, rest, { mode: 0o600 });
  syncFile(copy);
  syncDirectory(keptIn);
  syncFile(file, position);
  return rest.length;
}
