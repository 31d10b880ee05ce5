import fs from 'node:fs';
import path from 'node:path';
import { syncDirectory } from '../../../engine/runtime/journal/directories.js';
import { LockedError, takeLock } from '../../../engine/runtime/journal/lock-file.js';
import { BusConflictError, BusDamagedError } from '../errors.js';
import { readStamped, readStampedFrom } from './stamped-file.js';

/** A segment file; its name is its first sequence, so the end of one is known from the next one. */
export interface Segment {
  readonly path: string;
  readonly firstSequence: number;
}

/** How far a stream is on the disk for certain. Nobody reads beyond it. */
export interface SyncedEnd {
  readonly segmentFirst: number;
  readonly offset: number;
  readonly lastSequence: number;
}

const MAGIC = 0x42534c50; // "PLSB"
const VERSION = 1;
export const SEGMENT_HEADER_BYTES = 16;

export function syncedPath(folder: string): string {
  return path.join(folder, 'synced');
}

/** Null: the stream was never written. */
export function readSyncedEnd(folder: string): SyncedEnd | null {
  return endOf(readStamped(syncedPath(folder)));
}

export function readSyncedEndFrom(fd: number): SyncedEnd | null {
  return endOf(readStampedFrom(fd));
}

function endOf(numbers: readonly [number, number, number, number] | null): SyncedEnd | null {
  if (numbers === null) return null;
  return { segmentFirst: numbers[0], offset: numbers[1], lastSequence: numbers[2] };
}

/** Lowest sequence first; a missing folder has none. */
export function listSegments(folder: string): Segment[] {
  if (!fs.existsSync(folder)) return [];
  const segments: Segment[] = [];
  for (const name of fs.readdirSync(folder)) {
    const match = /^(\d{16})\.log$/.exec(name);
    if (match === null) continue;
    segments.push({ path: path.join(folder, name), firstSequence: Number(match[1]) });
  }
  return segments.sort((a, b) => a.firstSequence - b.firstSequence);
}

/** Makes a segment with its header, on the disk when it returns. An unfinished one is replaced. */
export function createSegment(folder: string, firstSequence: number): Segment {
  const name = `${String(firstSequence).padStart(16, '0')}.log`;
  const header = Buffer.alloc(SEGMENT_HEADER_BYTES);
  header.writeUInt32LE(MAGIC, 0);
  header.writeUInt32LE(VERSION, 4);
  header.writeUIntLE(firstSequence, 8, 6);
  const file = path.join(folder, name);
  writeDurably(file, header);
  return { path: file, firstSequence };
}

/** Throws BusDamagedError when the bytes do not begin as this segment must. */
export function checkSegmentHeader(segment: Segment, bytes: Buffer): void {
  const damaged = (sentence: string) => new BusDamagedError(`${segment.path}: ${sentence}`);
  if (bytes.length < SEGMENT_HEADER_BYTES || bytes.readUInt32LE(0) !== MAGIC) {
    throw damaged('this is no segment of the bus');
  }
  const version = bytes.readUInt32LE(4);
  if (version !== VERSION) throw damaged(`version must be ${VERSION}, but is ${version}`);
  const first = bytes.readUIntLE(8, 6);
  if (first !== segment.firstSequence) throw damaged(`it begins with ${first} by its header`);
}

/** Writes a whole file under another name first: it appears complete or not at all. */
export function writeDurably(file: string, bytes: Uint8Array): void {
  const temporary = `${file}.new`;
  const fd = fs.openSync(temporary, 'w', 0o600);
  try {
    for (let at = 0; at < bytes.length; ) at += fs.writeSync(fd, bytes, at, bytes.length - at);
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
  fs.renameSync(temporary, file);
  syncDirectory(path.dirname(file));
}

/** Takes a folder for this process, and returns what gives it back. Throws BusConflictError. */
export function lockFolder(folder: string): () => void {
  try {
    return takeLock(folder);
  } catch (error) {
    if (error instanceof LockedError) throw new BusConflictError(error.message);
    throw error;
  }
}
