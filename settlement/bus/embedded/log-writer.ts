import fs, { type promises } from 'node:fs';
import { syncFile } from '../../../engine/runtime/journal/directories.js';
import {
  BusClosedError,
  BusDamagedError,
  type BusError,
  BusFullError,
  BusUnavailableError,
} from '../errors.js';
import { Refusal } from '../refusal.js';
import type { StreamLimits } from '../streams.js';
import { type Promised, promised, sentenceOf } from '../waiting.js';
import {
  type Heads,
  noteHead,
  readHeadsFile,
  scanSegment,
  uncoveredSegments,
  writeHeads,
} from './heads.js';
import {
  createSegment,
  listSegments,
  lockFolder,
  readSyncedEnd,
  SEGMENT_HEADER_BYTES,
  type Segment,
  syncedPath,
} from './log-folder.js';
import { RecentIds } from './recent-ids.js';
import { recordBytes, writeRecord } from './record.js';
import { removeOldSegments } from './retention.js';
import { StampedFile } from './stamped-file.js';

interface Append extends Promised {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly messageId: string;
  readonly bytes: number;
}

/** One write and one sync carry as much as this; what comes meanwhile is the next group. */
const GROUP_BYTES = 4 * 2 ** 20;
const LARGEST_SEGMENT_BYTES = 64 * 2 ** 20;

/**
 * The only writer of one stream's folder. Appends in groups: write, sync, tell the readers, resolve.
 * What is not synced is nowhere: when a write or a sync fails, the segment is cut back to its last good
 * end and a new one begun, because a failed sync leaves the file's pages in doubt.
 */
export class LogWriter {
  readonly heads: Heads;
  readonly refusal = new Refusal();
  stored = 0;
  waitingBytes = 0;
  private readonly ids = new RecentIds();
  private readonly underWay = new Map<string, Append>();
  private queue: Append[] = [];
  /** Of the append that was asked for last. */
  private newest: Promise<void> = Promise.resolve();
  private working: Promise<void> | null = null;
  private closed = false;
  private isBroken = false;
  private segment: Segment;
  private file: promises.FileHandle | null = null;
  private offset: number;
  private lastSequence: number;
  private readonly synced: StampedFile;
  private readonly unlock: () => void;
  private readonly segmentBytes: number;
  private readonly groupBytes: number;

  private readonly folder: string;
  private readonly limits: StreamLimits;
  private readonly onSynced: () => void;

  /** Throws BusConflictError when another process writes, BusDamagedError. */
  constructor(folder: string, limits: StreamLimits, onSynced: () => void) {
    this.folder = folder;
    this.limits = limits;
    this.onSynced = onSynced;
    this.segmentBytes = Math.min(LARGEST_SEGMENT_BYTES, Math.floor(limits.maxBytes / 8));
    this.groupBytes = Math.min(GROUP_BYTES, this.segmentBytes);
    this.unlock = lockFolder(folder);
    try {
      this.heads = readHeadsFile(folder);
      const end = this.recover();
      this.segment = end.segment;
      this.offset = end.offset;
      this.lastSequence = end.lastSequence;
      this.synced = new StampedFile(syncedPath(folder));
      this.tellReaders();
    } catch (error) {
      this.unlock();
      throw error;
    }
  }

  /** Sequence of the newest message that is stored. */
  get end(): number {
    return this.lastSequence;
  }

  get waitingMessages(): number {
    return this.underWay.size;
  }

  /** Resolves when it is on the disk. */
  append(subject: string, data: Uint8Array, messageId: string): Promise<void> {
    if (this.closed) return Promise.reject(new BusClosedError('the bus is closed'));
    const refusal = this.refusal.answer();
    if (refusal !== null) return refusal;
    // Not before what was asked for before it: whoever publishes counts on answers in the order of the calls.
    if (this.ids.has(messageId)) {
      return this.queue.length + this.underWay.size === 0 ? Promise.resolve() : this.newest;
    }
    const already = this.underWay.get(messageId);
    if (already !== undefined) return already.promise;
    const bytes = recordBytes(subject, messageId, data);
    const append = { subject, data, messageId, bytes, ...promised() };
    this.underWay.set(messageId, append);
    this.queue.push(append);
    this.newest = append.promise;
    this.waitingBytes += bytes;
    this.working ??= this.work();
    return append.promise;
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    this.rejectAll([], new BusClosedError('the bus was closed'));
    await this.working;
    await this.file?.close();
    this.synced.close();
    this.unlock();
  }

  private async work(): Promise<void> {
    // All calls of one turn of the event loop go into one group.
    await new Promise(setImmediate);
    while (this.queue.length > 0) {
      const group = this.takeGroup();
      try {
        await this.store(group);
        this.finish(group);
      } catch (error) {
        this.rejectAll(group, this.errorOf(error));
      }
    }
    this.working = null;
  }

  private takeGroup(): Append[] {
    let bytes = 0;
    let count = 0;
    while (count < this.queue.length && (count === 0 || bytes < this.groupBytes)) {
      bytes += this.queue[count++]!.bytes;
    }
    return this.queue.splice(0, count);
  }

  private async store(group: readonly Append[]): Promise<void> {
    const length = group.reduce((sum, { bytes }) => sum + bytes, 0);
    await this.makeRoom(length);
    const bytes = Buffer.allocUnsafe(length);
    const timeMs = Date.now();
    let at = 0;
    let sequence = this.lastSequence;
    for (const { subject, messageId, data } of group) {
      at = writeRecord(bytes, at, { sequence: ++sequence, timeMs, subject, messageId, data });
    }
    this.isBroken = true;
    this.file ??= await fs.promises.open(this.segment.path, 'r+');
    for (let written = 0; written < length; ) {
      const rest = length - written;
      const result = await this.file.write(bytes, written, rest, this.offset + written);
      written += result.bytesWritten;
    }
    await this.file.datasync();
    this.isBroken = false;
    this.offset += length;
    this.lastSequence = sequence;
    this.tellReaders();
  }

  private finish(group: readonly Append[]): void {
    let sequence = this.lastSequence - group.length;
    const newest = new Map<string, { append: Append; sequence: number }>();
    for (const append of group) {
      newest.set(append.subject, { append, sequence: ++sequence });
      this.ids.add(append.messageId);
      this.underWay.delete(append.messageId);
      this.waitingBytes -= append.bytes;
      append.resolve();
    }
    for (const { append, sequence } of newest.values()) {
      noteHead(this.heads, { ...append, sequence, timeMs: 0 });
    }
    this.stored += group.length;
  }

  /** Begins a new segment when this one is full or in doubt. Throws BusFullError. */
  private async makeRoom(length: number): Promise<void> {
    const { maxBytes } = this.limits;
    const isFull = this.offset > SEGMENT_HEADER_BYTES && this.offset + length > this.segmentBytes;
    if (isFull || this.isBroken) await this.beginSegment();
    const total = removeOldSegments(this.folder, this.limits, this.offset + length);
    if (total > maxBytes) {
      const what = 'the readers are too far behind';
      throw new BusFullError(`${this.folder} may have ${maxBytes} bytes, and ${what}`);
    }
  }

  private async beginSegment(): Promise<void> {
    await this.file?.close();
    this.file = null;
    syncFile(this.segment.path, this.offset);
    this.isBroken = false;
    // An empty one is as good as new, and would have the same name.
    if (this.offset === SEGMENT_HEADER_BYTES) return;
    writeHeads(this.folder, this.heads);
    this.segment = createSegment(this.folder, this.lastSequence + 1);
    this.offset = SEGMENT_HEADER_BYTES;
    this.tellReaders();
  }

  private tellReaders(): void {
    this.synced.write([this.segment.firstSequence, this.offset, this.lastSequence, 0]);
    this.onSynced();
  }

  /** All that waits fails with it: nothing may be stored behind what was not. */
  private rejectAll(group: readonly Append[], error: BusError): void {
    this.refusal.raise(error);
    const all = [...group, ...this.queue];
    this.queue = [];
    for (const append of all) {
      this.underWay.delete(append.messageId);
      this.waitingBytes -= append.bytes;
      append.reject(error);
    }
  }

  private errorOf(error: unknown): BusError {
    if (error instanceof BusFullError) return error;
    const code = (error as NodeJS.ErrnoException).code;
    const sentence = `${this.segment.path}: ${sentenceOf(error)}`;
    if (code === 'ENOSPC' || code === 'EDQUOT') return new BusFullError(sentence);
    return new BusUnavailableError(sentence);
  }

  /** Reads the end of the log, and cuts what a crash left behind it. Throws BusDamagedError. */
  private recover(): { segment: Segment; offset: number; lastSequence: number } {
    const { folder } = this;
    const synced = readSyncedEnd(folder);
    if (listSegments(folder).length === 0) {
      if (synced !== null) throw new BusDamagedError(`${folder}: there is no segment left`);
      const segment = createSegment(folder, 1);
      return { segment, offset: SEGMENT_HEADER_BYTES, lastSequence: 0 };
    }
    const segments = [...uncoveredSegments(folder, this.heads)];
    let end: ReturnType<LogWriter['recover']> | null = null;
    for (const [index, { segment, bytes }] of segments.entries()) {
      const found = scanSegment(segment, bytes, this.heads, ({ messageId }) =>
        this.ids.add(messageId),
      );
      const isLast = index === segments.length - 1;
      // A cut tail was never acknowledged. Anything else is damage, and cutting would lose messages.
      if (found.damage !== null && !isLast) throw new BusDamagedError(found.damage);
      if (isLast && found.lastSequence < (synced?.lastSequence ?? 0)) {
        const ends = `${segment.path} ends with ${found.lastSequence} instead of ${synced!.lastSequence}`;
        throw new BusDamagedError(found.damage ?? ends);
      }
      end = { segment, offset: found.offset, lastSequence: found.lastSequence };
    }
    syncFile(end!.segment.path, end!.offset);
    return end!;
  }
}
