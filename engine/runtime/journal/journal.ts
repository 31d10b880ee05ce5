import { randomInt } from 'node:crypto';
import path from 'node:path';
import type { Frame } from '../../shard/frame.js';
import { crc32cOf } from './crc32c.js';
import { makeDurableDirectory, sequencedName } from './directories.js';
import {
  encodeSegmentHeader,
  FRAME_BYTES_MAX,
  HEADER_BYTES,
  HEADER_WORDS,
  SEQUENCE_MAX,
  writeFrameHeader,
} from './format.js';
import { type CreateSegmentFile, createSegmentFile, type SegmentFile } from './segment-file.js';
import { type SyncPolicy, SyncScheduler } from './sync-scheduler.js';

export interface JournalOptions {
  directory: string;
  shardId: number;
  /** Of every frame that this journal appends; higher than any that the directory holds. */
  epoch: number;
  /** Last sequence that the directory already holds, 0 for none. */
  lastSequence: number;
  lastTimeMs: number;
  policy: SyncPolicy;
  /** A segment is closed before it would exceed this; default 256 MiB. */
  segmentBytesMax?: number;
  /** Least time between two syncs of policy `batch`; default 5. */
  syncIntervalMs?: number;
  /** Called whenever `durableSequence` has moved. */
  onDurable?: (sequence: number) => void;
  /** Called when a sync failed; the journal refuses everything from then on. */
  onFailure?: (error: Error) => void;
  createFile?: CreateSegmentFile;
}

/** Frames could not be written. None of them is in the journal, nothing of them may be acknowledged. */
export class JournalWriteError extends Error {
  override readonly name = 'JournalWriteError';
}

const SEGMENT_BYTES_MAX = 256 * 1024 * 1024;
const BUFFER_BYTES = 256 * 1024;

/**
 * Appends frames to the segments of one shard. `append` gathers, `write` hands all that was gathered to
 * the operating system in one call. Nothing is allocated per message, and little per frame.
 */
export class Journal {
  /** Raised by `beginEpoch` only. */
  epoch: number;
  /** Bytes written since the journal was opened, headers included. */
  bytes = 0;
  frames = 0;
  segments = 0;
  /** Last sequence that the operating system has: a killed process does not lose it. */
  writtenSequence: number;

  private readonly options: JournalOptions;
  private readonly scheduler: SyncScheduler;
  private readonly segmentBytesMax: number;
  private readonly createFile: CreateSegmentFile;
  private file: SegmentFile | null = null;
  private filePath = '';
  private position = HEADER_BYTES;
  private salt = newSalt();
  private failure: Error | null = null;

  private bytesBuffer = new Uint8Array(BUFFER_BYTES);
  private words = new Int32Array(this.bytesBuffer.buffer);
  private floats = new Float64Array(this.bytesBuffer.buffer);
  private gatheredBytes = 0;
  private gatheredFrames = 0;
  private gatheredSequence: number;
  private gatheredTimeMs: number;
  private writtenTimeMs: number;

  constructor(options: JournalOptions) {
    this.options = options;
    this.epoch = options.epoch;
    this.writtenSequence = options.lastSequence;
    this.gatheredSequence = options.lastSequence;
    this.writtenTimeMs = options.lastTimeMs;
    this.gatheredTimeMs = options.lastTimeMs;
    this.segmentBytesMax = options.segmentBytesMax ?? SEGMENT_BYTES_MAX;
    this.createFile = options.createFile ?? createSegmentFile;
    this.scheduler = new SyncScheduler({
      policy: options.policy,
      intervalMs: options.syncIntervalMs ?? 5,
      durableSequence: options.lastSequence,
      onDurable: (sequence) => options.onDurable?.(sequence),
      onFailure: (error) => this.fail(error),
    });
  }

  /** Shards of one exchange begin one epoch, the highest that any of them asks for. Before the first frame only. */
  beginEpoch(epoch: number): void {
    if (epoch >= this.epoch && this.segments === 0 && this.gatheredFrames === 0) this.epoch = epoch;
    else throw new RangeError(`epoch ${this.epoch} cannot become ${epoch} now`);
  }

  get policy(): SyncPolicy {
    return this.options.policy;
  }
  /** Last sequence that survives a power failure. What leaves the host waits for it under any policy. */
  get durableSequence(): number {
    return this.scheduler.durableSequence;
  }
  /** Output caused by messages up to this sequence may leave the shard. */
  get releasedSequence(): number {
    return this.options.policy === 'always' ? this.durableSequence : this.writtenSequence;
  }
  get syncs(): number {
    return this.scheduler.syncs;
  }
  get lastSyncMs(): number {
    return this.scheduler.lastSyncMs;
  }
  /** Sequence that the next frame has to begin with. */
  get nextSequence(): number {
    return this.gatheredSequence + 1;
  }

  /** Copies a frame into the buffer. It is in the journal only after `write`. */
  append(frame: Frame): void {
    if (this.failure !== null) throw this.failure;
    this.refuseBrokenChain(frame);
    const slots = frame.messages.length;
    const frameBytes = (slots + 1) * HEADER_BYTES;
    const filled = this.position + this.gatheredBytes;
    if (filled + frameBytes > this.segmentBytesMax && filled > HEADER_BYTES) this.roll();
    if (this.gatheredBytes + frameBytes > this.bytesBuffer.length) this.grow(frameBytes);

    const at = this.gatheredBytes >> 2;
    const payloadAt = at + HEADER_WORDS;
    const payloadWords = slots * HEADER_WORDS;
    const from = frame.messages.words;
    if (slots <= 8) {
      // A view costs more than copying a few slots one by one.
      for (let i = 0; i < payloadWords; i++) this.words[payloadAt + i] = from[i];
    } else {
      this.words.set(from.subarray(0, payloadWords), payloadAt);
    }
    const crc = crc32cOf(this.words, this.bytesBuffer, payloadAt, payloadWords);
    writeFrameHeader(this.words, this.floats, at, frame, this.epoch, this.salt, crc);
    this.gatheredBytes += frameBytes;
    this.gatheredFrames++;
    this.gatheredSequence = frame.firstSequence + frame.count - 1;
    this.gatheredTimeMs = frame.timeMs;
  }

  /**
   * Writes what was gathered. When it throws JournalWriteError, none of the gathered frames is in the
   * journal, `writtenSequence` has not moved, and the same frames may be appended again.
   */
  write(): void {
    if (this.failure !== null) throw this.failure;
    if (this.gatheredBytes === 0) return;
    const file = this.file ?? this.openSegment();
    this.writeWhole(file);
    this.position += this.gatheredBytes;
    this.bytes += this.gatheredBytes;
    this.frames += this.gatheredFrames;
    this.gatheredBytes = 0;
    this.gatheredFrames = 0;
    this.writtenSequence = this.gatheredSequence;
    this.writtenTimeMs = this.gatheredTimeMs;
    this.scheduler.wrote(file, this.writtenSequence);
  }

  /** Resolves when all that was written is on the disk, under any policy. */
  sync(): Promise<void> {
    return this.failure === null ? this.scheduler.sync() : Promise.reject(this.failure);
  }

  /** The same, blocking. */
  syncNow(): void {
    if (this.failure !== null) throw this.failure;
    try {
      this.scheduler.syncNow();
    } catch (error) {
      throw this.failure ?? error;
    }
  }

  /** Writes, syncs under any policy, and closes. A journal that failed is only closed. */
  async close(): Promise<void> {
    try {
      if (this.failure === null) {
        this.write();
        await this.scheduler.sync();
      }
    } finally {
      this.failure ??= new JournalWriteError('the journal is closed');
      this.scheduler.stop();
      this.file?.close();
      this.file = null;
    }
  }

  private refuseBrokenChain(frame: Frame): void {
    const slots = frame.messages.length;
    if (frame.firstSequence !== this.gatheredSequence + 1) {
      throw new RangeError(
        `the frame must begin with sequence ${this.nextSequence}, but begins with ${frame.firstSequence}`,
      );
    }
    if (!(frame.timeMs >= this.gatheredTimeMs)) {
      throw new RangeError(`time must not go back from ${this.gatheredTimeMs} to ${frame.timeMs}`);
    }
    if (frame.count < 1 || frame.count > slots || (slots + 1) * HEADER_BYTES > FRAME_BYTES_MAX) {
      throw new RangeError(`a frame cannot hold ${frame.count} messages in ${slots} slots`);
    }
    if (frame.firstSequence + frame.count - 1 > SEQUENCE_MAX) {
      throw new RangeError('sequences must stay below 2^53');
    }
  }

  private openSegment(): SegmentFile {
    const { directory, shardId } = this.options;
    const firstSequence = this.writtenSequence + 1;
    this.filePath = path.join(directory, sequencedName(firstSequence, 'journal'));
    try {
      makeDurableDirectory(directory);
      const header = { shardId, firstSequence, epoch: this.epoch, salt: this.salt };
      this.file = this.createFile(this.filePath, encodeSegmentHeader(header));
    } catch (error) {
      this.dropGathered();
      throw this.writeError('cannot create a segment', error);
    }
    this.position = HEADER_BYTES;
    this.bytes += HEADER_BYTES;
    this.segments++;
    return this.file;
  }

  private roll(): void {
    this.write();
    const file = this.file;
    this.file = null;
    this.position = HEADER_BYTES;
    this.salt = newSalt();
    if (file === null) return;
    try {
      this.scheduler.retire(file);
    } catch (error) {
      throw this.failure ?? error;
    }
  }

  private writeWhole(file: SegmentFile): void {
    let done = 0;
    try {
      while (done < this.gatheredBytes) {
        const left = this.gatheredBytes - done;
        const went = file.write(this.bytesBuffer, done, left, this.position + done);
        if (went <= 0) throw new Error('the disk takes no more bytes');
        done += went;
      }
    } catch (error) {
      this.cutBack(file, error);
    }
  }

  /** Takes back the part that went to disk, so that the segment ends with a whole frame again. */
  private cutBack(file: SegmentFile, cause: unknown): never {
    this.dropGathered();
    const error = this.writeError('cannot append', cause);
    try {
      file.truncate(this.position);
    } catch (second) {
      error.message += `; cutting back to ${this.position} failed too (${messageOf(second)})`;
      this.fail(error);
    }
    throw error;
  }

  private dropGathered(): void {
    this.gatheredBytes = 0;
    this.gatheredFrames = 0;
    this.gatheredSequence = this.writtenSequence;
    this.gatheredTimeMs = this.writtenTimeMs;
  }

  private writeError(what: string, cause: unknown): JournalWriteError {
    const where = `${this.filePath} at byte ${this.position}`;
    const next = `sequence ${this.writtenSequence + 1}`;
    return new JournalWriteError(`${what} to ${where} (${next}): ${messageOf(cause)}`, { cause });
  }

  private fail(error: Error): void {
    if (this.failure !== null) return;
    this.failure =
      error instanceof JournalWriteError ? error : this.writeError('cannot sync what went', error);
    this.options.onFailure?.(this.failure);
  }

  private grow(frameBytes: number): void {
    let size = this.bytesBuffer.length * 2;
    while (size < this.gatheredBytes + frameBytes) size *= 2;
    const bytes = new Uint8Array(size);
    bytes.set(this.bytesBuffer.subarray(0, this.gatheredBytes));
    this.bytesBuffer = bytes;
    this.words = new Int32Array(bytes.buffer);
    this.floats = new Float64Array(bytes.buffer);
  }
}

function newSalt(): number {
  return randomInt(1, 2 ** 32);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
