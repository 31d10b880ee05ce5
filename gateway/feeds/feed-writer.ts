import fs from 'node:fs';
import { CHUNK_WORDS, CHUNKS_PER_SEGMENT, type WordBlock } from './feed-record.js';
import type { FeedSegments } from './feed-segments.js';

const WORD_BYTES = 4;
const CHUNK_BYTES = CHUNK_WORDS * WORD_BYTES;

/** Where the stream's memory comes from and how far it is filled. */
export interface FeedMemory {
  chunk(number: number): WordBlock | undefined;
}

/**
 * Carries the stream to disk behind the hot path: one write at a time, from the chunks themselves, as far as it was asked to. It does
 * not run after what comes meanwhile: under load that would be a write for each few events. When the disk cannot keep up, `catchUp`
 * writes in place: the memory may not be reused before.
 */
export class FeedWriter {
  /** Position up to which the files have the stream. */
  written: number;
  private readonly memory: FeedMemory;
  private readonly segments: FeedSegments;
  private readonly fail: (error: Error) => void;
  /** Up to which it was asked to write. */
  private wanted = 0;
  /** Chunk that a write is under way from, −1 for none. */
  private reading = -1;
  private file = -1;
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
    if (this.reading >= 0 || this.written >= this.wanted) return;
    const piece = this.next(this.wanted);
    this.reading = Math.floor(piece.from / CHUNK_WORDS);
    fs.write(this.file, piece.bytes, 0, piece.bytes.length, piece.offset, (error, count) => {
      this.reading = -1;
      for (const file of this.retired.splice(0)) fs.closeSync(file);
      if (error !== null) {
        this.fail(error);
        return;
      }
      // A synchronous catch-up may have gone further in the meantime.
      this.written = Math.max(this.written, piece.from + Math.floor(count / WORD_BYTES));
      this.write(this.wanted);
      if (this.reading < 0) for (const done of this.idle.splice(0)) done();
    });
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
    if (this.reading >= 0) await new Promise<void>((resolve) => this.idle.push(resolve));
    this.catchUp(end);
    if (this.file >= 0) {
      fs.fsyncSync(this.file);
      fs.closeSync(this.file);
    }
    this.file = -1;
    this.fileSegment = -1;
  }

  /** The next bytes within one chunk, and the file they go to. */
  private next(end: number): { bytes: Uint8Array; offset: number; from: number } {
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
    if (this.file >= 0) {
      if (this.reading >= 0) this.retired.push(this.file);
      else fs.closeSync(this.file);
    }
    this.file = this.segments.openForWriting(segment);
    this.fileSegment = segment;
  }
}
