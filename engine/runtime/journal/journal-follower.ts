import fs from 'node:fs';
import path from 'node:path';
import { JournalDamageError } from './damage.js';
import { listSequenced, sequencedName } from './directories.js';
import { H_COUNT, H_SLOTS, HF_EPOCH, HF_FIRST_SEQUENCE, HF_TIME } from './format.js';
import { copyMessages, type JournalFrame, newJournalFrame, readHeader } from './journal-frame.js';
import { SegmentReader } from './segment-reader.js';

/**
 * Follows a journal while a shard appends to it, in another thread or process. Unlike `JournalReader` it never comes to an end: whoever
 * follows says up to which sequence the writer stands by what it wrote (`durableSequence`, or `writtenSequence` where nothing is
 * synced), and no byte behind that is looked at twice or believed.
 *
 * `next` overwrites the one frame it hands out.
 */
export class JournalFollower {
  readonly frame: JournalFrame = newJournalFrame();
  /** Last sequence read or skipped. */
  lastSequence: number;
  private readonly directory: string;
  private readonly shardId: number;
  private readonly fromSequence: number;
  private segment: SegmentReader | null = null;
  private file = '';
  /** Everything up to here was final when the segment was last read from the file. */
  private trusted = 0;

  /** The first frame that is handed out begins with `fromSequence`; those before it are checked and skipped. */
  constructor(directory: string, shardId: number, fromSequence: number) {
    this.directory = directory;
    this.shardId = shardId;
    this.fromSequence = fromSequence;
    const segments = listSequenced(directory, 'journal');
    const first = segments.filter(({ sequence }) => sequence <= fromSequence).at(-1) ?? segments[0];
    this.lastSequence = (first?.sequence ?? fromSequence) - 1;
  }

  /** False: no whole frame up to `limit` that was not handed out yet. Throws JournalDamageError when there should be one. */
  next(limit: number): boolean {
    while (this.lastSequence < limit) {
      if (this.segment === null && !this.open()) return false;
      const segment = this.segment as SegmentReader;
      if (limit > this.trusted) segment.forgetAhead();
      this.trusted = limit;
      const step = segment.next();
      if (step === 'unreadable') {
        this.refuse(segment.position, 'the writer stands by a frame here that cannot be read');
      } else if (step === 'end') {
        if (!this.hasNextSegment()) return false;
        this.close();
      } else if (this.accept(segment)) return true;
    }
    return false;
  }

  close(): void {
    this.segment?.close();
    this.segment = null;
  }

  /** The next segment begins behind the last frame; its header is on the disk before any frame. */
  private open(): boolean {
    if (!this.hasNextSegment()) return false;
    this.file = this.nextFile();
    const segment = new SegmentReader(this.file);
    const { header, headerProblem } = segment;
    if (header === null || header.shardId !== this.shardId) {
      segment.close();
      if (header === null) this.refuse(0, headerProblem);
      this.refuse(0, `it belongs to shard ${header?.shardId}, not to shard ${this.shardId}`);
    }
    this.segment = segment;
    return true;
  }

  private hasNextSegment(): boolean {
    const next = this.nextFile();
    return this.file !== next && fs.existsSync(next);
  }

  private nextFile(): string {
    return path.join(this.directory, sequencedName(this.lastSequence + 1, 'journal'));
  }

  /** Checks the chain and copies the frame out; false when it lies before `fromSequence`. */
  private accept(segment: SegmentReader): boolean {
    const { at, words, floats, position } = segment;
    const { frame } = this;
    const firstSequence = floats[(at >> 1) + HF_FIRST_SEQUENCE] as number;
    const timeMs = floats[(at >> 1) + HF_TIME] as number;
    const epoch = floats[(at >> 1) + HF_EPOCH] as number;
    const count = words[at + H_COUNT] as number;
    const slots = words[at + H_SLOTS] as number;
    if (firstSequence !== this.lastSequence + 1) {
      this.refuse(position, `the frame begins with sequence ${firstSequence}`);
    }
    if (!(timeMs >= frame.timeMs && epoch >= frame.epoch && count >= 1 && count <= slots)) {
      this.refuse(position, `time ${timeMs}, epoch ${epoch} or count ${count} is impossible here`);
    }
    this.lastSequence = firstSequence + count - 1;
    readHeader(frame, segment, this.file);
    if (this.lastSequence < this.fromSequence) return false;
    copyMessages(frame, segment);
    return true;
  }

  private refuse(position: number, reason: string): never {
    this.close();
    const sequence = this.lastSequence + 1;
    throw new JournalDamageError({ file: this.file, position, sequence, reason });
  }
}
