import { JournalDamageError, type TornTail } from './damage.js';
import { listSequenced, type SequencedFile } from './directories.js';
import { H_COUNT, H_SLOTS, HF_EPOCH, HF_FIRST_SEQUENCE, HF_TIME } from './format.js';
import { copyMessages, type JournalFrame, newJournalFrame, readHeader } from './journal-frame.js';
import { judgeBadFrame, judgeBadHeader } from './judge-tail.js';
import { SegmentReader } from './segment-reader.js';

/**
 * Iterates the frames of a shard's journal in order, across segments, and checks that they form one
 * chain: no gap, no repeat, time and epoch never go back. Read-only, so it may run beside a writer.
 *
 * `next` overwrites the one frame it hands out: nothing is allocated per frame in steady state.
 */
export class JournalReader {
  readonly frame: JournalFrame = newJournalFrame();
  /** Set at the end when a crash left an unfinished frame behind. */
  tornTail: TornTail | null = null;
  /** Last sequence read or skipped; at the end, that of the journal. */
  lastSequence = 0;
  /** Highest epoch seen in frames and segment headers. */
  epoch = 0;
  /** Segments from the one that holds `fromSequence` on. */
  readonly segments: readonly SequencedFile[];

  private readonly shardId: number;
  private readonly fromSequence: number;
  private index = -1;
  private segment: SegmentReader | null = null;
  private ended = false;
  private timeMs = Number.NEGATIVE_INFINITY;

  /** Frames that end before `fromSequence` are checked but not handed out. */
  constructor(directory: string, shardId: number, fromSequence = 1) {
    this.shardId = shardId;
    this.fromSequence = fromSequence;
    const all = listSequenced(directory, 'journal');
    let first = 0;
    while (first + 1 < all.length && all[first + 1].sequence <= fromSequence) first++;
    this.segments = all.slice(first);
    this.lastSequence = this.segments.length === 0 ? 0 : this.segments[0].sequence - 1;
  }

  /** False at the end of the journal. Throws JournalDamageError when it cannot be trusted. */
  next(): boolean {
    while (!this.ended) {
      if (this.segment === null && !this.openNext()) return false;
      const segment = this.segment!;
      let step = segment.next();
      // Beside a running writer, half a frame may have become a whole one by now.
      if (step === 'unreadable') step = segment.next();
      if (step === 'unreadable') this.stopAtBadFrame(segment);
      if (step !== 'frame') {
        this.closeSegment();
      } else if (this.accept(segment)) {
        return true;
      }
    }
    return false;
  }

  close(): void {
    this.closeSegment();
    this.ended = true;
  }

  private get file(): string {
    return this.segments[this.index].path;
  }

  private openNext(): boolean {
    this.index++;
    if (this.index >= this.segments.length) {
      this.ended = true;
      return false;
    }
    const named = this.segments[this.index].sequence;
    if (named !== this.lastSequence + 1) {
      this.refuse(
        0,
        `a segment that begins with sequence ${this.lastSequence + 1} is missing before it`,
      );
    }
    this.segment = new SegmentReader(this.file);
    const { header, headerProblem } = this.segment;
    if (header === null) {
      const isLast = this.index === this.segments.length - 1;
      this.tornTail = isLast ? judgeBadHeader(this.file) : null;
      if (this.tornTail === null) this.refuse(0, headerProblem);
      this.close();
      return false;
    }
    if (header.shardId !== this.shardId) {
      this.refuse(0, `it belongs to shard ${header.shardId}, not to shard ${this.shardId}`);
    }
    if (header.firstSequence !== named) {
      this.refuse(0, `its header says that it begins with sequence ${header.firstSequence}`);
    }
    if (!(header.epoch >= this.epoch)) this.refuse(0, this.goesBack('epoch', header.epoch));
    this.epoch = header.epoch;
    return true;
  }

  /** Checks the chain and copies the frame out; false when it lies before `fromSequence`. */
  private accept(segment: SegmentReader): boolean {
    const { at, words, floats, position } = segment;
    const float = at >> 1;
    const firstSequence = floats[float + HF_FIRST_SEQUENCE];
    const count = words[at + H_COUNT];
    const slots = words[at + H_SLOTS];
    const timeMs = floats[float + HF_TIME];
    const epoch = floats[float + HF_EPOCH];
    if (firstSequence !== this.lastSequence + 1) {
      this.refuse(position, `the frame begins with sequence ${firstSequence}`);
    }
    if (!(timeMs >= this.timeMs)) this.refuse(position, this.goesBack('time', timeMs));
    if (!(epoch >= this.epoch)) this.refuse(position, this.goesBack('epoch', epoch));
    if (count < 1 || count > slots) {
      this.refuse(position, `the frame cannot hold ${count} messages in ${slots} slots`);
    }
    this.lastSequence = firstSequence + count - 1;
    this.timeMs = timeMs;
    this.epoch = epoch;
    if (this.lastSequence < this.fromSequence) return false;
    readHeader(this.frame, segment, this.file);
    copyMessages(this.frame, segment);
    return true;
  }

  private stopAtBadFrame(segment: SegmentReader): void {
    const verdict = judgeBadFrame({
      file: this.file,
      position: segment.position,
      salt: segment.header!.salt,
      sequence: this.lastSequence + 1,
      isLastSegment: this.index === this.segments.length - 1,
    });
    if (verdict instanceof JournalDamageError) this.throwAndClose(verdict);
    this.tornTail = verdict;
    this.ended = true;
  }

  private goesBack(what: string, value: number): string {
    const before = what === 'time' ? this.timeMs : this.epoch;
    return `${what} goes back from ${before} to ${value}`;
  }

  private refuse(position: number, reason: string): never {
    const sequence = this.lastSequence + 1;
    this.throwAndClose(new JournalDamageError({ file: this.file, position, sequence, reason }));
  }

  private throwAndClose(error: Error): never {
    this.close();
    throw error;
  }

  private closeSegment(): void {
    this.segment?.close();
    this.segment = null;
  }
}
