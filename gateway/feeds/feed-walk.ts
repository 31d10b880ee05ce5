import {
  CHUNK_WORDS,
  isRecord,
  newBlock,
  R_LENGTH,
  RECORD_WORDS_MAX,
  RF_EPOCH,
  RF_PREVIOUS,
  recordAccountSequence,
  SEGMENT_WORDS,
  type WordBlock,
} from './feed-record.js';

/** Records of one account, oldest first, in one block. */
export interface Collected {
  readonly block: WordBlock;
  /** First word of each record in the block. */
  readonly starts: readonly number[];
}

/** Where a walk finds records. */
export interface FeedSource {
  blockAt(position: number): WordBlock | undefined;
  isKept(position: number): boolean;
  readFile(position: number, words: number): Promise<WordBlock>;
}

/** In the place of an epoch: the reader began within this process, from state that has the event. */
export const ANY_EPOCH = -1;

/** Memory has whole chunks; the position within one is the position modulo its size. */
const CHUNK_MASK = CHUNK_WORDS - 1;
/** One read of a file takes this much before the record: a busy account's records lie close together. */
const READ_WORDS = 4096;
/** The account's history ends here, or is another one. */
const STOP = -2;

/**
 * Walks an account's pointers from its last record back to the one that a client saw last. In memory it is a loop
 * without waiting; on disk each read is asynchronous, so that a client that comes from long ago delays nobody.
 */
export class FeedWalk {
  private readonly source: FeedSource;
  private readonly epoch: number;
  private readonly sequence: number;
  private readonly count: number;
  /** What was found counts even when the log begins later than was wanted. */
  private readonly isPartial: boolean;
  /** Copies of the records, newest first. */
  private readonly records: Int32Array[] = [];
  private window: WordBlock | undefined;
  private windowFrom = 0;
  /** The record that the client saw last was found, and its epoch is right. */
  private anchored = false;

  constructor(
    source: FeedSource,
    epoch: number,
    sequence: number,
    count: number,
    isPartial = false,
  ) {
    this.isPartial = isPartial;
    this.source = source;
    this.epoch = epoch;
    this.sequence = sequence;
    this.count = count;
  }

  run(position: number): Collected | null | Promise<Collected | null> {
    let at = position;
    for (;;) {
      if (this.isComplete()) return this.collected();
      const block = at < 0 ? undefined : this.source.blockAt(at);
      if (block === undefined) break;
      const next = this.visit(block, at & CHUNK_MASK);
      if (next === STOP) return this.tooLate();
      at = next;
    }
    if (at < 0 || !this.source.isKept(at)) return this.tooLate();
    // A segment may be dropped while the walk waits for it: then the answer is the same as too late.
    return this.runOnDisk(at).catch(() => this.tooLate());
  }

  private async runOnDisk(position: number): Promise<Collected | null> {
    let at = position;
    while (!this.isComplete()) {
      if (at < 0 || !this.source.isKept(at)) return this.tooLate();
      const inMemory = this.source.blockAt(at);
      let next: number;
      if (inMemory !== undefined) next = this.visit(inMemory, at & CHUNK_MASK);
      else {
        const window = await this.windowOf(at);
        next = this.visit(window, at - this.windowFrom);
      }
      if (next === STOP) return this.tooLate();
      at = next;
    }
    return this.collected();
  }

  private tooLate(): Collected | null {
    return this.isPartial ? this.collected() : null;
  }

  /** Done when the event before the wanted ones was seen, or, from the beginning, when none is missing. */
  private isComplete(): boolean {
    return this.sequence === 0 ? this.records.length === this.count : this.anchored;
  }

  /** Takes a record; gives the position of the one before, or STOP. */
  private visit(block: WordBlock, at: number): number {
    if (!isRecord(block, at, block.words.length)) return STOP;
    const sequence = recordAccountSequence(block, at);
    if (sequence === this.sequence) {
      const isSame = block.floats[at / 2 + RF_EPOCH] === this.epoch;
      this.anchored = isSame || this.epoch === ANY_EPOCH;
      return this.anchored ? 0 : STOP;
    }
    if (sequence < this.sequence) return STOP;
    this.records.push(block.words.slice(at, at + (block.words[at + R_LENGTH] as number)));
    return block.floats[at / 2 + RF_PREVIOUS] as number;
  }

  private async windowOf(position: number): Promise<WordBlock> {
    const known = this.window;
    const end = position + RECORD_WORDS_MAX;
    if (
      known !== undefined &&
      position >= this.windowFrom &&
      end <= this.windowFrom + known.words.length
    ) {
      return known;
    }
    const segmentStart = Math.floor(position / SEGMENT_WORDS) * SEGMENT_WORDS;
    // Even, because floats are read from the block.
    this.windowFrom = Math.max(segmentStart, end - READ_WORDS);
    this.window = await this.source.readFile(this.windowFrom, end - this.windowFrom);
    return this.window;
  }

  private collected(): Collected {
    const words = this.records.reduce((sum, record) => sum + record.length, 0);
    const block = newBlock(words);
    const starts: number[] = [];
    let at = 0;
    for (let i = this.records.length - 1; i >= 0; i--) {
      const record = this.records[i] as Int32Array;
      block.words.set(record, at);
      starts.push(at);
      at += record.length;
    }
    return { block, starts };
  }
}
