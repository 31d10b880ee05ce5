import {
  EF_ACCOUNT_SEQUENCE,
  EF_SEQUENCE,
  SLOT_WORDS,
  slotsOf,
  W_ACCOUNT,
  W_HEAD,
} from '../../engine/messages/layout.js';
import { DIRECT_BLOCK_BYTES } from './direct-stage.js';
import {
  CHUNK_WORDS,
  CHUNKS_PER_SEGMENT,
  checksumOf,
  copyOnto,
  HEAD_WORDS,
  newBlock,
  R_CHECKSUM,
  R_LENGTH,
  RF_EPOCH,
  RF_PREVIOUS,
  RF_TIME,
  SEGMENT_WORDS,
  type WordBlock,
} from './feed-record.js';
import { FeedSegments, type SegmentIndex } from './feed-segments.js';
import { type Collected, FeedWalk } from './feed-walk.js';
import { FeedWriter } from './feed-writer.js';
import { grownFloats } from './open-orders.js';
import type { PrivateEvents } from './private-events.js';

export interface PrivateLogOptions {
  /** Folder of the segment files; without one the log lives in memory only. */
  folder?: string;
  /** Records caused by a later journal sequence are cut off at start-up: they are about to come again. */
  keepUntilSequence?: number;
  /** Chunks of 1 MiB kept in memory. */
  memoryChunks?: number;
  /** A segment goes when it is older than this, or when each account in it has so many later events … */
  keepMs?: number;
  keepEvents?: number;
  /** … but the second reason counts only when the files are larger than this. */
  diskBytesMax?: number;
  onError?: (error: Error) => void;
}

const DAY_MS = 86_400_000;
const FIRST_ACCOUNTS = 1024;
const WRITE_AT_WORDS = 1 << 16;
const LONG_WORDS = WRITE_AT_WORDS / 2;
const BLOCK_WORDS = DIRECT_BLOCK_BYTES / 4;
/** The most events that one resume may carry; who missed more gets a snapshot. */
const RESUME_EVENTS_MAX = 200_000;

/**
 * All events of all private feeds, in one stream in the order in which they happened, each with a pointer to the same
 * account's event before. Appending is a copy into memory; files follow behind. A resume walks an account's pointers
 * back to the event that the client saw last.
 */
export class PrivateLog implements PrivateEvents {
  private readonly chunks = new Map<number, WordBlock>();
  private chunkNumber: number;
  private chunk: WordBlock;
  private at = 0;
  private firstPosition: number;
  /** Up to here the writer was asked to write. */
  private flushedTo = 0;
  /** By account: position and number of its last record. */
  private positions = new Float64Array(FIRST_ACCOUNTS).fill(-1);
  private sequences = new Float64Array(FIRST_ACCOUNTS);
  private readonly segments: FeedSegments | null;
  private readonly writer: FeedWriter | null;
  private readonly indices = new Map<number, SegmentIndex>();
  /** Accounts with records in the present segment; by account, the last segment that it was noted for. */
  private accountsOfSegment: number[] = [];
  private notedIn = new Float64Array(FIRST_ACCOUNTS).fill(-1);
  private firstSequence = 0;
  private lastSequence = 0;
  private lastTimeMs = 0;
  private readonly options: Required<Omit<PrivateLogOptions, 'folder'>>;

  constructor(options: PrivateLogOptions = {}) {
    this.options = {
      keepUntilSequence: options.keepUntilSequence ?? Number.POSITIVE_INFINITY,
      memoryChunks: options.memoryChunks ?? 32,
      keepMs: options.keepMs ?? DAY_MS,
      keepEvents: options.keepEvents ?? 100_000,
      diskBytesMax: options.diskBytesMax ?? 16 * 2 ** 30,
      onError: options.onError ?? (() => {}),
    };
    this.segments = options.folder === undefined ? null : new FeedSegments(options.folder);
    const next = this.segments === null ? 0 : this.recover(this.segments);
    this.chunkNumber = next * CHUNKS_PER_SEGMENT;
    this.chunk = newBlock(CHUNK_WORDS);
    this.chunks.set(this.chunkNumber, this.chunk);
    const oldest = [...this.indices.keys()][0];
    this.firstPosition = (oldest ?? next) * SEGMENT_WORDS;
    const memory = { chunk: (number: number) => this.chunks.get(number) };
    this.writer =
      this.segments === null
        ? null
        : new FeedWriter(memory, this.segments, next * SEGMENT_WORDS, this.options.onError);
  }

  /**
   * Appends an event that has a number in its account's feed. An event that the log has is ignored, so that events which
   * replay regenerates may be appended again. A gap begins the account's history anew.
   */
  append(
    words: Int32Array,
    floats: Float64Array,
    firstWord: number,
    epoch: number,
    timeMs: number,
  ): void {
    const account = words[firstWord + W_ACCOUNT] as number;
    const sequence = floats[firstWord / 2 + EF_ACCOUNT_SEQUENCE] as number;
    if (account >= this.sequences.length) this.growAccounts(account);
    const last = this.sequences[account] as number;
    if (sequence <= last) return;
    const eventWords = slotsOf(words[firstWord + W_HEAD] as number) * SLOT_WORDS;
    const length = HEAD_WORDS + eventWords;
    if (this.at + length > CHUNK_WORDS) this.nextChunk();
    const at = this.at;
    const target = this.chunk.words;
    const f = at / 2;
    target[at + R_LENGTH] = length;
    this.chunk.floats[f + RF_PREVIOUS] =
      sequence === last + 1 ? (this.positions[account] as number) : -1;
    this.chunk.floats[f + RF_TIME] = timeMs;
    this.chunk.floats[f + RF_EPOCH] = epoch;
    const headSum = checksumOf(target, at, HEAD_WORDS, length);
    const to = at + HEAD_WORDS;
    target[at + R_CHECKSUM] = copyOnto(headSum, words, firstWord, target, to, eventWords);
    this.positions[account] = this.chunkNumber * CHUNK_WORDS + at;
    this.sequences[account] = sequence;
    this.at = at + length;
    if (this.writer === null) return;
    this.note(account, floats[firstWord / 2 + EF_SEQUENCE] as number, timeMs);
    if (this.end() - this.flushedTo >= WRITE_AT_WORDS) this.flush();
  }

  /** Number of the account's last event in the log, 0 when it has none. */
  lastOf(account: number): number {
    return this.sequences[account] ?? 0;
  }

  /**
   * The account's events after `sequence`, oldest first, provided that the log has the event with that number and it
   * carries the epoch (0 stands for the beginning). Null: too old, or numbers of an epoch that was lost. A promise
   * only when files have to be read.
   */
  after(
    account: number,
    epoch: number,
    sequence: number,
  ): Collected | null | Promise<Collected | null> {
    const last = this.lastOf(account);
    const count = last - sequence;
    if (count < 0 || count > RESUME_EVENTS_MAX || !Number.isSafeInteger(sequence)) return null;
    const from = this.positions[account] ?? -1;
    return new FeedWalk(this, epoch, sequence, count).run(from);
  }

  /**
   * The account's newest events, oldest first: `most` of them, or as many as the log still has. A promise only when files have to
   * be read.
   */
  recent(account: number, most: number): Collected | null | Promise<Collected | null> {
    const count = Math.min(most, this.lastOf(account));
    return new FeedWalk(this, 0, 0, count, true).run(this.positions[account] ?? -1);
  }

  /** The chunk in memory that has this position. */
  blockAt(position: number): WordBlock | undefined {
    return this.chunks.get(Math.floor(position / CHUNK_WORDS));
  }

  /** Whether the files still have this position. */
  isKept(position: number): boolean {
    return this.segments !== null && position >= this.firstPosition;
  }

  readFile(position: number, words: number): Promise<WordBlock> {
    if (this.segments === null) return Promise.reject(new Error('the log has no files'));
    return this.segments.read(position, words);
  }

  /** Lets the files follow; call it now and then. */
  flush(): void {
    const end = this.end();
    const wholeBlocks = end - (end % BLOCK_WORDS);
    // Ends in the middle of blocks are writes of their own, two for each: under load the rest waits for what follows.
    this.flushedTo = wholeBlocks - this.flushedTo >= LONG_WORDS ? wholeBlocks : end;
    this.writer?.write(this.flushedTo);
  }

  async close(): Promise<void> {
    await this.writer?.close(this.end());
    await this.segments?.close();
  }

  private end(): number {
    return this.chunkNumber * CHUNK_WORDS + this.at;
  }

  private note(account: number, sequence: number, timeMs: number): void {
    const segment = Math.floor(this.chunkNumber / CHUNKS_PER_SEGMENT);
    if (this.notedIn[account] !== segment) {
      this.notedIn[account] = segment;
      this.accountsOfSegment.push(account);
    }
    if (this.firstSequence === 0) this.firstSequence = sequence;
    this.lastSequence = sequence;
    this.lastTimeMs = timeMs;
  }

  private nextChunk(): void {
    const finished = this.chunkNumber;
    // A chunk that was used before has old records behind the last one.
    this.chunk.words.fill(0, this.at);
    this.chunkNumber++;
    this.at = 0;
    const old = this.chunkNumber - this.options.memoryChunks;
    const reused = this.chunks.get(old);
    if (reused !== undefined) {
      // What leaves memory must be in the files: here alone the disk may hold up the caller.
      this.writer?.catchUp((old + 1) * CHUNK_WORDS);
      this.chunks.delete(old);
      if (this.writer === null) this.firstPosition = (old + 1) * CHUNK_WORDS;
    }
    // Memory that was used before costs no page faults, but a write may still be reading from just that.
    const free = this.writer?.reads(old) === true ? undefined : reused;
    this.chunk = free ?? newBlock(CHUNK_WORDS);
    this.chunks.set(this.chunkNumber, this.chunk);
    if (this.chunkNumber % CHUNKS_PER_SEGMENT === 0) {
      this.finishSegment(Math.floor(finished / CHUNKS_PER_SEGMENT));
    }
  }

  private finishSegment(segment: number): void {
    if (this.segments === null) return;
    const ends = this.accountsOfSegment.map((account) => ({
      account,
      position: this.positions[account] as number,
      accountSequence: this.sequences[account] as number,
    }));
    const index: SegmentIndex = {
      firstSequence: this.firstSequence,
      lastSequence: this.lastSequence,
      lastTimeMs: this.lastTimeMs,
      ends,
    };
    this.segments.writeIndex(segment, index);
    this.indices.set(segment, index);
    this.accountsOfSegment = [];
    this.firstSequence = 0;
    this.dropOldSegments(this.segments);
  }

  private dropOldSegments(segments: FeedSegments): void {
    let bytes = this.indices.size * SEGMENT_WORDS * 4;
    for (const [segment, index] of this.indices) {
      const tooOld = this.lastTimeMs - index.lastTimeMs > this.options.keepMs;
      const tooMuch = bytes > this.options.diskBytesMax && this.everyoneHasMore(index);
      if (!tooOld && !tooMuch) return;
      segments.remove(segment);
      this.indices.delete(segment);
      bytes -= SEGMENT_WORDS * 4;
      this.firstPosition = (segment + 1) * SEGMENT_WORDS;
    }
  }

  private everyoneHasMore(index: SegmentIndex): boolean {
    return index.ends.every(
      ({ account, accountSequence }) =>
        this.lastOf(account) - accountSequence >= this.options.keepEvents,
    );
  }

  /** Reads what is on disk; gives the number of the next segment. */
  private recover(segments: FeedSegments): number {
    const until = this.options.keepUntilSequence;
    let next = 0;
    let cut = false;
    for (const segment of segments.list()) {
      next = segment + 1;
      if (cut) {
        segments.remove(segment);
        continue;
      }
      let index = segments.readIndex(segment);
      if (index === null || index.lastSequence > until) {
        ({ index, cut } = segments.recover(segment, until));
        segments.writeIndex(segment, index);
      }
      this.indices.set(segment, index);
      this.lastTimeMs = index.lastTimeMs;
      for (const end of index.ends) {
        if (end.account >= this.sequences.length) this.growAccounts(end.account);
        this.positions[end.account] = end.position;
        this.sequences[end.account] = end.accountSequence;
      }
    }
    return next;
  }

  private growAccounts(account: number): void {
    const before = this.positions.length;
    this.positions = grownFloats(this.positions, account + 1);
    this.positions.fill(-1, before);
    this.sequences = grownFloats(this.sequences, account + 1);
    this.notedIn = grownFloats(this.notedIn, account + 1);
    this.notedIn.fill(-1, before);
  }
}
