import fs from 'node:fs';
import { BusDamagedError } from '../errors.js';
import { sentenceOf } from '../waiting.js';
import {
  checkSegmentHeader,
  listSegments,
  readSyncedEnd,
  SEGMENT_HEADER_BYTES,
  type Segment,
} from './log-folder.js';
import { type LogRecord, lengthAt, MAX_RECORD_BYTES, readRecord } from './record.js';

const CHUNK_BYTES = 2 * MAX_RECORD_BYTES;

/**
 * Reads a stream's segments in order while another process, or this one, appends to them. It reads only
 * up to what the writer has declared synced, so that nothing that it has handed out can vanish in a
 * power failure.
 */
export class LogFollower {
  private segment: Segment | null = null;
  private fd = -1;
  /** Bytes of the segment from `chunkAt` on, read up to `chunk.length`. */
  private chunk: Buffer = Buffer.alloc(0);
  private chunkAt = 0;
  private at = 0;
  private limit = 0;
  private nextSequence: number;

  private readonly folder: string;

  /** `from`: the first sequence that is wanted; when it is gone, the next one that is there. */
  constructor(folder: string, from: number) {
    this.folder = folder;
    this.nextSequence = from;
  }

  /** The next record, or null when there is none yet. Throws BusDamagedError. */
  next(): LogRecord | null {
    for (;;) {
      const record = this.read();
      if (record === null) return null;
      if (record.sequence < this.nextSequence) continue;
      this.nextSequence = record.sequence + 1;
      return record;
    }
  }

  close(): void {
    if (this.fd >= 0) fs.closeSync(this.fd);
    this.fd = -1;
    this.segment = null;
  }

  private read(): LogRecord | null {
    while (this.segment === null || this.at >= this.limit) {
      if (!this.advance()) return null;
    }
    try {
      this.fill();
      const record = readRecord(this.chunk, this.at - this.chunkAt);
      if (record === null) throw new BusDamagedError('a record is cut');
      this.at += lengthAt(this.chunk, this.at - this.chunkAt)!;
      return record;
    } catch (error) {
      throw new BusDamagedError(`${this.segment.path}, byte ${this.at}: ${sentenceOf(error)}`);
    }
  }

  /** Finds out how far may be read, or goes on to the next segment. False: nothing new. */
  private advance(): boolean {
    const end = readSyncedEnd(this.folder);
    if (end === null) return false;
    if (this.segment !== null) {
      const isNewest = this.segment.firstSequence === end.segmentFirst;
      const limit = isNewest ? end.offset : fs.fstatSync(this.fd).size;
      if (limit > this.limit) {
        this.limit = limit;
        return true;
      }
      if (isNewest) return false;
    }
    return this.openNext(end.segmentFirst);
  }

  private openNext(newestFirst: number): boolean {
    const segments = listSegments(this.folder).filter(
      ({ firstSequence }) => firstSequence <= newestFirst,
    );
    const after = this.segment?.firstSequence ?? 0;
    const later = segments.filter(({ firstSequence }) => firstSequence > after);
    const holding = later.findLast(({ firstSequence }) => firstSequence <= this.nextSequence);
    const segment = holding ?? later[0];
    if (segment === undefined) return false;
    let fd: number;
    try {
      fd = fs.openSync(segment.path, 'r');
    } catch (error) {
      // Removed in this moment: look again.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return true;
      throw error;
    }
    this.close();
    this.fd = fd;
    this.segment = segment;
    this.at = SEGMENT_HEADER_BYTES;
    this.limit = SEGMENT_HEADER_BYTES;
    this.chunkAt = 0;
    this.chunk = Buffer.alloc(SEGMENT_HEADER_BYTES);
    fs.readSync(fd, this.chunk, 0, SEGMENT_HEADER_BYTES, 0);
    checkSegmentHeader(segment, this.chunk);
    return true;
  }

  /** Reads on when the next record is not wholly in the chunk. */
  private fill(): void {
    const from = this.at - this.chunkAt;
    const length = lengthAt(this.chunk, from);
    if (length !== null && from + length <= this.chunk.length) return;
    const wanted = Math.min(CHUNK_BYTES, this.limit - this.at);
    // A new buffer each time: records that were handed out are views of the old one.
    const chunk = Buffer.allocUnsafe(wanted);
    let got = 0;
    while (got < wanted) {
      const count = fs.readSync(this.fd, chunk, got, wanted - got, this.at + got);
      if (count === 0) break;
      got += count;
    }
    this.chunk = chunk.subarray(0, got);
    this.chunkAt = this.at;
  }
}
