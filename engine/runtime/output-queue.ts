import { SLOT_WORDS } from '../messages/layout.js';
import { MessageBuffer } from '../messages/message-buffer.js';
import type { EventOutput } from './event-output.js';

/** Events of one frame that could not leave at once. */
interface Held {
  events: MessageBuffer;
  /** They may leave when the journal has released this sequence. */
  sequence: number;
}

/** How far one port has come in the queue. */
interface Reader {
  output: EventOutput;
  /** Number of the first held frame that it has not taken completely, counted since the beginning. */
  frame: number;
  slot: number;
}

/** Buffers kept for reuse; more of them are garbage after a peak. */
const SPARE_BUFFERS_MAX = 32;

/**
 * Events on their way out: to every port, in order, and never before the journal releases their cause. In the usual
 * case they go straight from the shard to the ports; only what has to wait (for the disk, for a slow reader) is copied.
 */
export class OutputQueue {
  /** Slots that are held, for the bound on what waits. */
  heldSlots = 0;
  private readers: Reader[];
  private readonly held: Held[] = [];
  /** Number of held[0]. */
  private firstFrame = 0;
  private readonly spare: MessageBuffer[] = [];

  constructor(outputs: readonly EventOutput[]) {
    this.readers = outputs.map((output) => ({ output, frame: 0, slot: 0 }));
  }

  get empty(): boolean {
    return this.held.length === 0;
  }

  /** A reader more: it gets what is offered from now on, and nothing of what is held. */
  add(output: EventOutput): void {
    this.readers.push({ output, frame: this.firstFrame + this.held.length, slot: 0 });
  }

  /** Takes the events of a frame whose last message has this sequence. They are copied when they cannot leave. */
  offer(events: MessageBuffer, sequence: number, releasedSequence: number): void {
    if (events.length === 0) return;
    const mayLeave = this.held.length === 0 && sequence <= releasedSequence;
    let everyone = mayLeave;
    if (mayLeave) {
      for (const reader of this.readers) {
        reader.slot = reader.output.write(events, 0);
        reader.output.publish();
        if (reader.slot < events.length) everyone = false;
      }
    }
    if (everyone) {
      for (const reader of this.readers) reader.slot = 0;
      return;
    }
    this.hold(events, sequence);
    this.settle();
  }

  /** Lets out what the journal has released; true when nothing released is left waiting for a reader. */
  flush(releasedSequence: number): boolean {
    if (this.held.length === 0) return true;
    let everyone = true;
    for (const reader of this.readers) {
      if (!this.advance(reader, releasedSequence)) everyone = false;
    }
    this.settle();
    return everyone;
  }

  /** A reader that is gone must not hold up the others. */
  dropClosed(): void {
    if (!this.readers.some((reader) => reader.output.closed)) return;
    this.readers = this.readers.filter((reader) => !reader.output.closed);
    this.settle();
  }

  private advance(reader: Reader, releasedSequence: number): boolean {
    let complete = true;
    let wrote = false;
    for (;;) {
      const next = this.held[reader.frame - this.firstFrame];
      if (next === undefined || next.sequence > releasedSequence) break;
      const before = reader.slot;
      reader.slot = reader.output.write(next.events, before);
      wrote ||= reader.slot > before;
      if (reader.slot < next.events.length) {
        complete = false;
        break;
      }
      reader.frame++;
      reader.slot = 0;
    }
    if (wrote) reader.output.publish();
    return complete;
  }

  private hold(events: MessageBuffer, sequence: number): void {
    const copy = this.spare.pop() ?? new MessageBuffer(events.length);
    copy.reset();
    copy.push(events.length);
    copy.words.set(events.words.subarray(0, events.length * SLOT_WORDS));
    this.heldSlots += events.length;
    this.held.push({ events: copy, sequence });
  }

  /** Steps over what readers have completely, and drops what all of them have. */
  private settle(): void {
    let least = this.firstFrame + this.held.length;
    for (const reader of this.readers) {
      const own = this.held[reader.frame - this.firstFrame];
      if (own !== undefined && reader.slot === own.events.length) {
        reader.frame++;
        reader.slot = 0;
      }
      if (reader.frame < least) least = reader.frame;
    }
    while (this.firstFrame < least) {
      const { events } = this.held.shift() as Held;
      this.firstFrame++;
      this.heldSlots -= events.length;
      if (this.spare.length < SPARE_BUFFERS_MAX) this.spare.push(events);
    }
  }
}
