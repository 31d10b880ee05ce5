import fs from 'node:fs';
import { borrowStage, DIRECT_BLOCK_BYTES, giveStageBack } from './direct-stage.js';
import { CHUNK_WORDS, CHUNKS_PER_SEGMENT, type WordBlock } from './feed-record.js';
import type { FeedSegments } from './feed-segments.js';

const WORD_BYTES = 4;
const CHUNK_BYTES = CHUNK_WORDS * WORD_BYTES;

/** Where the stream's memory comes from and how far it is filled. */
export interface FeedMemory {
  chunk(number: number): WordBlock | undefined;
}

/** Shorter pieces go through the page cache, which gathers them for the disk. */
const DIRECT_BYTES_MIN = 128 * 1024;

interface Piece {
  readonly bytes: Uint8Array;
  /** In the file. */
  readonly offset: number;
  /** Position in the stream. */
  readonly from: number;
}

/**
 * Carries the stream to disk behind the hot path: one write at a time, as far as it was asked to. It does not run after what comes
 * meanwhile: under load that would be a write for each few events. When the disk cannot keep up, `catchUp` writes in place: the memory
 * may not be reused before.
 *
 * Long pieces go past the page cache. Nobody is going to read them soon, and fresh pages for the cache are dear: on a virtual machine whose
 * host has to find them, 10 µs for each 4 KiB, 2.5 ms for a MiB that takes 0.1 ms of a core past the cache.
 */
export class FeedWriter {
  /** Position up to which the files have the stream. */
  written: number;
  private readonly memory: FeedMemory;
  private readonly segments: FeedSegments;
  private readonly fail: (error: Error) => void;
  /** Up to which it was asked to write. */
  private wanted = 0;
  private isWriting = false;
  /** Chunk that a write is under way from, −1 for none. */
  private reading = -1;
  private file = -1;
  /** The same file past the page cache; −1: not possible, or it has failed. */
  private directFile = -1;
  private fileSegment = -1;
  /** Files that are done, but may still have a write under way. */
  private readonly retired: number[] = [];
  private idle: (() => void)[] = [];

  constructor(
    memory: FeedMemory,
    segments: FeedSegments,
    from: number,
    fail: (error: Error) => void,
  ) {
    this.memory = memory;
    this.segments = segments;
    this.written = from;
    this.fail = fail;
  }

  /** A write is under way that reads from this chunk. */
  reads(chunkNumber: number): boolean {
    return this.reading === chunkNumber;
  }

  /** Writes up to `end`, after what is under way. */
  write(end: number): void {
    this.wanted = Math.max(this.wanted, end);
    if (this.isWriting || this.written >= this.wanted) return;
    const piece = this.next(this.wanted);
    this.isWriting = true;
    const beforeBlock = -piece.offset & (DIRECT_BLOCK_BYTES - 1);
    const isLong = piece.bytes.length - beforeBlock >= DIRECT_BYTES_MIN;
    if (this.directFile < 0 || !isLong) this.writeThroughCache(piece, piece.bytes.length);
    else if (beforeBlock > 0) this.writeThroughCache(piece, beforeBlock);
    else {
      const stage = borrowStage();
      if (stage === null) this.writeThroughCache(piece, piece.bytes.length);
      else this.writeDirectly(piece, stage);
    }
  }

  /** Writes up to `end` before it returns. The same bytes may also be under way: they are equal. */
  catchUp(end: number): void {
    while (this.written < end) {
      const piece = this.next(end);
      const count = fs.writeSync(this.file, piece.bytes, 0, piece.bytes.length, piece.offset);
      this.written = piece.from + Math.floor(count / WORD_BYTES);
    }
  }

  async close(end: number): Promise<void> {
    if (this.isWriting) await new Promise<void>((resolve) => this.idle.push(resolve));
    this.catchUp(end);
    if (this.file >= 0) fs.fsyncSync(this.file);
    this.closeFile();
    this.fileSegment = -1;
  }

  private writeThroughCache(piece: Piece, length: number): void {
    this.reading = Math.floor(piece.from / CHUNK_WORDS);
    fs.write(this.file, piece.bytes, 0, length, piece.offset, (error, count) => {
      this.reading = -1;
      this.wrote(piece, error, count);
    });
  }

  /** Whole blocks only; the rest comes with what follows. */
  private writeDirectly(piece: Piece, stage: Uint8Array): void {
    const { bytes, offset } = piece;
    const most = Math.min(bytes.length, stage.length);
    const length = most - (most % DIRECT_BLOCK_BYTES);
    stage.set(bytes.subarray(0, length));
    fs.write(this.directFile, stage, 0, length, offset, (error, count) => {
      giveStageBack();
      if (error !== null) {
        // A file system that opens such files and refuses their writes; if the disk is at fault, the other way will tell.
        if (this.directFile >= 0) fs.closeSync(this.directFile);
        this.directFile = -1;
      }
      this.wrote(piece, null, error === null ? count : 0);
    });
  }

  private wrote(piece: Piece, error: Error | null, count: number): void {
    this.isWriting = false;
    for (const file of this.retired.splice(0)) fs.closeSync(file);
    if (error !== null) {
      this.fail(error);
      return;
    }
    // A synchronous catch-up may have gone further in the meantime.
    this.written = Math.max(this.written, piece.from + Math.floor(count / WORD_BYTES));
    this.write(this.wanted);
    if (!this.isWriting) for (const done of this.idle.splice(0)) done();
  }

  /** The next bytes within one chunk, and the file they go to. */
  private next(end: number): Piece {
    const from = this.written;
    const number = Math.floor(from / CHUNK_WORDS);
    const segment = Math.floor(number / CHUNKS_PER_SEGMENT);
    this.useFile(segment);
    const chunk = this.memory.chunk(number);
    if (chunk === undefined)
      throw new Error(`chunk ${number} of the feed log left memory unwritten`);
    const within = from - number * CHUNK_WORDS;
    const words = Math.min(end - from, CHUNK_WORDS - within);
    const bytes = new Uint8Array(chunk.words.buffer, within * WORD_BYTES, words * WORD_BYTES);
    const offset = (number - segment * CHUNKS_PER_SEGMENT) * CHUNK_BYTES + within * WORD_BYTES;
    return { bytes, offset, from };
  }

  private useFile(segment: number): void {
    if (this.fileSegment === segment) return;
    if (this.isWriting) this.retired.push(...this.openFiles());
    else this.closeFile();
    this.file = this.segments.openForWriting(segment);
    this.directFile = this.segments.openForDirectWrites(segment);
    this.fileSegment = segment;
  }

  private closeFile(): void {
    for (const file of this.openFiles()) fs.closeSync(file);
    this.file = -1;
    this.directFile = -1;
  }

  private openFiles(): number[] {
    return [this.file, this.directFile].filter((file) => file >= 0);
  }
}
