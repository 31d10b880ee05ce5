import fs from 'node:fs';
import path from 'node:path';
import type { StoredMessage } from '../bus.js';
import { BusDamagedError } from '../errors.js';
import { sentenceOf } from '../waiting.js';
import {
  checkSegmentHeader,
  listSegments,
  readSyncedEnd,
  SEGMENT_HEADER_BYTES,
  type Segment,
  type SyncedEnd,
  writeDurably,
} from './log-folder.js';
import { type LogRecord, readRecord, recordBytes, writeRecord } from './record.js';

/** The newest message of each subject. */
export type Heads = Map<string, StoredMessage>;

const FILE = 'heads';

/**
 * Keeps the heads of all segments before a new one, so that opening reads one segment and not all, and
 * so that segments can be removed.
 */
export function writeHeads(folder: string, heads: Heads): void {
  let length = 0;
  for (const [subject, { messageId, data }] of heads) {
    length += recordBytes(subject, messageId, data);
  }
  const bytes = Buffer.alloc(length);
  let at = 0;
  for (const [subject, { sequence, messageId, data }] of heads) {
    at = writeRecord(bytes, at, { sequence, timeMs: 0, subject, messageId, data });
  }
  writeDurably(path.join(folder, FILE), bytes);
}

/**
 * Heads up to the synced end, as anybody may read them while another process writes.
 * Throws BusDamagedError.
 */
export function readHeadsOf(folder: string): Heads {
  for (let attempt = 0; ; attempt++) {
    const end = readSyncedEnd(folder);
    if (end === null) return new Map();
    try {
      const heads = readHeadsFile(folder);
      scanAfterHeads(folder, end, heads, () => {});
      return heads;
    } catch (error) {
      // The writer may have begun a new segment or removed an old one meanwhile.
      const moved = readSyncedEnd(folder)?.segmentFirst !== end.segmentFirst;
      if (!moved || attempt === 3) throw error;
    }
  }
}

export function readHeadsFile(folder: string): Heads {
  const heads: Heads = new Map();
  const file = path.join(folder, FILE);
  if (!fs.existsSync(file)) return heads;
  const bytes = fs.readFileSync(file);
  try {
    for (let at = 0; at < bytes.length; ) {
      const record = readRecord(bytes, at);
      if (record === null) throw new BusDamagedError('it ends in a record');
      noteHead(heads, record);
      at += recordBytes(record.subject, record.messageId, record.data);
    }
  } catch (error) {
    throw new BusDamagedError(`${file}: ${sentenceOf(error)}`);
  }
  return heads;
}

export function noteHead(heads: Heads, record: LogRecord): void {
  const { sequence, messageId } = record;
  // A copy: the record is a view of a buffer that is much larger.
  heads.set(record.subject, { data: Uint8Array.from(record.data), sequence, messageId });
}

/**
 * Goes through the segments that the heads do not cover, up to the synced end, and hands each record
 * to `note` as well. Throws BusDamagedError.
 */
function scanAfterHeads(
  folder: string,
  end: SyncedEnd,
  heads: Heads,
  note: (record: LogRecord) => void,
): void {
  for (const { segment, bytes } of uncoveredSegments(folder, heads)) {
    if (segment.firstSequence > end.segmentFirst) return;
    const limit = segment.firstSequence === end.segmentFirst ? end.offset : bytes.length;
    const stop = scanSegment(segment, bytes.subarray(0, limit), heads, note);
    if (stop.damage !== null) throw new BusDamagedError(stop.damage);
  }
}

/** The last segment always, and each one that begins after the newest head. */
export function* uncoveredSegments(
  folder: string,
  heads: Heads,
): Generator<{ segment: Segment; bytes: Buffer }> {
  let covered = 0;
  for (const { sequence } of heads.values()) covered = Math.max(covered, sequence);
  const segments = listSegments(folder);
  if (covered === 0 && segments.length > 0 && segments[0]!.firstSequence > 1) {
    throw new BusDamagedError(`${folder}: segments were removed, and so was the file ${FILE}`);
  }
  for (const [index, segment] of segments.entries()) {
    const isLast = index === segments.length - 1;
    if (!isLast && segments[index + 1]!.firstSequence <= covered + 1) continue;
    yield { segment, bytes: fs.readFileSync(segment.path) };
  }
}

/**
 * Notes the records of one segment. Returns where the good ones end, the last sequence, and what is
 * wrong behind them: null when the bytes end there.
 */
export function scanSegment(
  segment: Segment,
  bytes: Buffer,
  heads: Heads,
  note: (record: LogRecord) => void,
): { offset: number; lastSequence: number; damage: string | null } {
  checkSegmentHeader(segment, bytes);
  let at = SEGMENT_HEADER_BYTES;
  let lastSequence = segment.firstSequence - 1;
  const stop = (why: string | null) => ({
    offset: at,
    lastSequence,
    damage: why === null ? null : `${segment.path}, byte ${at}: ${why}`,
  });
  const newest = new Map<string, LogRecord>();
  try {
    while (at < bytes.length) {
      const record = readRecord(bytes, at);
      if (record === null) return stop('a record is cut');
      if (record.sequence !== lastSequence + 1) {
        return stop(`sequence must be ${lastSequence + 1}, but is ${record.sequence}`);
      }
      lastSequence = record.sequence;
      at += recordBytes(record.subject, record.messageId, record.data);
      newest.set(record.subject, record);
      note(record);
    }
    return stop(null);
  } catch (error) {
    return stop(sentenceOf(error));
  } finally {
    for (const record of newest.values()) noteHead(heads, record);
  }
}
