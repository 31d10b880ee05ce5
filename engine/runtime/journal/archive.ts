import fs from 'node:fs';
import path from 'node:path';
import {
  journalDirectory,
  listSequenced,
  makeDurableDirectory,
  shardDirectory,
  snapshotDirectory,
  syncDirectory,
  syncFile,
} from './directories.js';
import { JournalReader } from './journal-reader.js';
import { takeLock } from './lock-file.js';

export interface ArchivedSegment {
  /** Where it was, and where a link to it is now. */
  file: string;
  archivedAs: string;
  bytes: number;
}

/** The archive has another file under the name of a segment. */
export class ArchiveConflictError extends Error {
  override readonly name = 'ArchiveConflictError';
}

/**
 * Moves segments that no start needs any more to another disk and leaves links, so that nobody who reads the journal from its beginning
 * (an auditor, a history that is made anew) sees a difference. These are the ones that end before the oldest snapshot that is
 * kept. It may run beside a running exchange, which only appends to the last segment, and may be killed at any moment: a file is gone
 * from the data folder only when its copy is on the other disk and was read there again.
 *
 * Throws JournalDamageError when a segment or its copy is not whole, ArchiveConflictError, or what the file system says. What was moved until then
 * stays moved.
 */
export function archiveSegments(
  dataDir: string,
  shardId: number,
  archiveDir: string,
  onArchived: (segment: ArchivedSegment) => void,
): void {
  const directory = journalDirectory(dataDir, shardId);
  const target = journalDirectory(path.resolve(archiveDir), shardId);
  makeDurableDirectory(target);
  const unlock = takeLock(shardDirectory(path.resolve(archiveDir), shardId));
  try {
    for (const { file, first, last } of closedSegments(dataDir, shardId)) {
      if (fs.lstatSync(file).isSymbolicLink()) continue;
      readWhole(directory, shardId, first, last);
      const archivedAs = path.join(target, path.basename(file));
      copyDurably(file, archivedAs);
      readWhole(target, shardId, first, last);
      const bytes = fs.statSync(archivedAs).size;
      linkInPlace(archivedAs, file);
      onArchived({ file, archivedAs, bytes });
    }
  } finally {
    unlock();
  }
}

/** Those behind which the oldest snapshot lies: every start begins with a snapshot, and goes on behind it. */
function closedSegments(dataDir: string, shardId: number) {
  const oldest = listSequenced(snapshotDirectory(dataDir, shardId), 'snapshot')[0]?.sequence ?? 0;
  const segments = listSequenced(journalDirectory(dataDir, shardId), 'journal');
  return segments.slice(0, -1).flatMap(({ path: file, sequence: first }, i) => {
    const last = (segments[i + 1]?.sequence ?? 0) - 1;
    return last <= oldest ? [{ file, first, last }] : [];
  });
}

/** Every frame from the first sequence to the last is there and intact. */
function readWhole(directory: string, shardId: number, first: number, last: number): void {
  const reader = new JournalReader(directory, shardId, first);
  try {
    while (reader.lastSequence < last) {
      if (!reader.next()) throw new Error(`${directory} ends at sequence ${reader.lastSequence}`);
    }
  } finally {
    reader.close();
  }
}

function copyDurably(file: string, to: string): void {
  if (fs.existsSync(to)) {
    // Of an earlier run that was killed before the link was made.
    if (fs.readFileSync(to).equals(fs.readFileSync(file))) return;
    throw new ArchiveConflictError(`${to} exists and is not the same as ${file}; move it away`);
  }
  const part = `${to}.part`;
  fs.copyFileSync(file, part);
  syncFile(part);
  fs.renameSync(part, to);
  syncDirectory(path.dirname(to));
}

/** A link takes the file's place in one step: there is no moment without either. */
function linkInPlace(archivedAs: string, file: string): void {
  const link = `${file}.link`;
  fs.rmSync(link, { force: true });
  fs.symlinkSync(archivedAs, link);
  fs.renameSync(link, file);
  syncDirectory(path.dirname(file));
}
