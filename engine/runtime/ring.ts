import { copyWords } from '../messages/copy-words.js';
import { headOf, SLOT_BYTES, SLOT_WORDS, slotsOf, typeOf } from '../messages/layout.js';

/** Longest message: a market with its parameters as an event, or three slots in their envelope to another shard. */
export const MESSAGE_SLOTS_MAX = 4;

/**
 * Control words, 128 bytes apart: neighbouring cache lines are fetched in pairs, and producer and consumer must not
 * take each other's line away with every message.
 */
const W_WRITTEN = 0;
const W_READ = 32;
const W_SLEEPING = 64;
const W_CLOSED = 96;
const W_WANTS_ROOM = 128;
const W_MUTED = 160;
const W_STALLED = 192;
const CONTROL_BYTES = 896;

const SLOTS_MAX = 1 << 24;
const TYPE_PADDING = 0;

/**
 * Memory of a ring for one producer and one consumer, in one thread or two. `slots` is a power of two. A message of
 * one to four slots always lies in one piece: where it would cross the end, a padding message fills the rest.
 */
export function createRing(slots: number): SharedArrayBuffer {
  const isPowerOfTwo = Number.isInteger(slots) && slots > 0 && (slots & (slots - 1)) === 0;
  if (!isPowerOfTwo || slots < 2 * MESSAGE_SLOTS_MAX || slots > SLOTS_MAX) {
    throw new RangeError(
      `slots must be a power of two from ${2 * MESSAGE_SLOTS_MAX} to ${SLOTS_MAX}, but is ${slots}`,
    );
  }
  return new SharedArrayBuffer(CONTROL_BYTES + slots * SLOT_BYTES);
}

/** What both ends have. Cursors count slots and wrap at 2^32, so their difference is what lies between. */
abstract class RingEnd {
  readonly words: Int32Array;
  readonly floats: Float64Array;
  readonly capacity: number;
  protected readonly control: Int32Array;
  protected readonly mask: number;

  constructor(memory: SharedArrayBuffer) {
    this.capacity = (memory.byteLength - CONTROL_BYTES) / SLOT_BYTES;
    this.mask = this.capacity - 1;
    this.control = new Int32Array(memory, 0, CONTROL_BYTES / 4);
    this.words = new Int32Array(memory, CONTROL_BYTES);
    this.floats = new Float64Array(memory, CONTROL_BYTES);
  }

  /** Share of the ring that is published and not yet released, 0 … 1. */
  get occupancy(): number {
    const written = Atomics.load(this.control, W_WRITTEN);
    return ((written - Atomics.load(this.control, W_READ)) | 0) / this.capacity;
  }

  /** One of the ends is gone: nothing that is written will be read. */
  get closed(): boolean {
    return Atomics.load(this.control, W_CLOSED) !== 0;
  }

  close(): void {
    Atomics.store(this.control, W_CLOSED, 1);
  }

  /** The reader wants nothing at the moment: the writer may leave out whatever it has. */
  get muted(): boolean {
    return Atomics.load(this.control, W_MUTED) !== 0;
  }

  set muted(isMuted: boolean) {
    Atomics.store(this.control, W_MUTED, isMuted ? 1 : 0);
  }

  /** The reader can take nothing, for nobody knows how long: only what may not be refused is to wait for it. */
  get stalled(): boolean {
    return Atomics.load(this.control, W_STALLED) !== 0;
  }

  set stalled(isStalled: boolean) {
    Atomics.store(this.control, W_STALLED, isStalled ? 1 : 0);
  }
}

export class RingWriter extends RingEnd {
  private cursor: number;
  private published: number;
  /** The reader's cursor as it was last looked up; the truth can only leave more room. */
  private knownRead: number;

  constructor(memory: SharedArrayBuffer) {
    super(memory);
    this.cursor = Atomics.load(this.control, W_WRITTEN);
    this.published = this.cursor;
    this.knownRead = Atomics.load(this.control, W_READ);
  }

  /**
   * Copies one message. False: there is no room for it and `keepFree` slots more, or the reader is stalled and `keepFree` says that
   * this one may be refused; nothing was written. It becomes visible with `publish`.
   */
  tryWrite(words: Int32Array, firstWord: number, slots: number, keepFree = 0): boolean {
    refuseWrongLength(words[firstWord] as number, slots);
    const at = this.cursor & this.mask;
    const tail = this.capacity - at;
    const padding = slots > tail ? tail : 0;
    const end = (this.cursor + padding + slots) | 0;
    if (!this.mayWriteUpTo(end, keepFree)) return false;
    if (padding > 0) this.words[at * SLOT_WORDS] = headOf(TYPE_PADDING, padding, 0);
    const to = (padding > 0 ? 0 : at) * SLOT_WORDS;
    copyWords(words, firstWord, this.words, to, slots * SLOT_WORDS);
    this.cursor = end;
    return true;
  }

  /** Whether the longest message would find room. If not, the reader is told that somebody waits. */
  get hasRoom(): boolean {
    return this.hasRoomUpTo((this.cursor + 2 * MESSAGE_SLOTS_MAX - 1) | 0);
  }

  /** Copies the messages that fill `slots` slots, or none of them; `keepFree` as for one. */
  tryWriteAll(words: Int32Array, firstWord: number, slots: number, keepFree = 0): boolean {
    const last = firstWord + slots * SLOT_WORDS;
    let end = this.cursor;
    for (let word = firstWord; word < last; ) {
      const own = slotsOf(words[word] as number);
      if (own === 0) refuseWrongLength(words[word] as number, 1);
      const tail = this.capacity - (end & this.mask);
      end = (end + (own > tail ? tail : 0) + own) | 0;
      word += own * SLOT_WORDS;
    }
    if (!this.mayWriteUpTo(end, keepFree)) return false;
    for (let word = firstWord; word < last; ) {
      const own = slotsOf(words[word] as number);
      this.tryWrite(words, word, own);
      word += own * SLOT_WORDS;
    }
    return true;
  }

  /** Makes everything written visible. True: the reader sleeps and has to be woken. */
  publish(): boolean {
    if (this.published === this.cursor) return false;
    this.published = this.cursor;
    Atomics.store(this.control, W_WRITTEN, this.cursor);
    // Only one of several publications wakes: the flag is taken down by whoever sees it up.
    return (
      Atomics.load(this.control, W_SLEEPING) === 1 &&
      Atomics.compareExchange(this.control, W_SLEEPING, 1, 0) === 1
    );
  }

  private mayWriteUpTo(end: number, keepFree: number): boolean {
    if (keepFree > 0 && this.stalled) return false;
    return this.hasRoomUpTo((end + keepFree) | 0);
  }

  private hasRoomUpTo(end: number): boolean {
    if (((end - this.knownRead) | 0) <= this.capacity) return true;
    this.knownRead = Atomics.load(this.control, W_READ);
    if (((end - this.knownRead) | 0) <= this.capacity) return true;
    Atomics.store(this.control, W_WANTS_ROOM, 1);
    return false;
  }
}

export class RingReader extends RingEnd {
  /** Slots of the message that `next` found. */
  slots = 0;
  /** False: what `next` found is no message, only a slot to step over. */
  sound = true;
  private cursor: number;
  private released: number;
  private knownWritten: number;

  constructor(memory: SharedArrayBuffer) {
    super(memory);
    this.cursor = Atomics.load(this.control, W_READ);
    this.released = this.cursor;
    this.knownWritten = this.cursor;
  }

  /** First word of the next message, −1 when there is none. It stays valid until `release`. */
  next(): number {
    for (;;) {
      if (this.cursor === this.knownWritten) {
        this.knownWritten = Atomics.load(this.control, W_WRITTEN);
        if (this.cursor === this.knownWritten) return -1;
      }
      const at = this.cursor & this.mask;
      const head = this.words[at * SLOT_WORDS] as number;
      const slots = slotsOf(head);
      const tail = this.capacity - at;
      const written = (this.knownWritten - this.cursor) | 0;
      if (typeOf(head) === TYPE_PADDING && slots === tail && slots < MESSAGE_SLOTS_MAX) {
        this.cursor = (this.cursor + slots) | 0;
        continue;
      }
      // A length that cannot be leads nowhere: slot by slot the reader finds the next message again.
      this.sound = slots >= 1 && slots <= MESSAGE_SLOTS_MAX && slots <= written && slots <= tail;
      this.slots = this.sound ? slots : 1;
      return at * SLOT_WORDS;
    }
  }

  /** Something is published that was not stepped over yet. */
  get pending(): boolean {
    return Atomics.load(this.control, W_WRITTEN) !== this.cursor;
  }

  /** Steps over the message that `next` found. */
  advance(): void {
    this.cursor = (this.cursor + this.slots) | 0;
  }

  /** Gives the room of everything stepped over back to the writer. */
  release(): void {
    if (this.released === this.cursor) return;
    this.released = this.cursor;
    Atomics.store(this.control, W_READ, this.cursor);
  }

  /** Whether the writer has met a full ring since the last time, and may wait for room. */
  takeWantsRoom(): boolean {
    return (
      Atomics.load(this.control, W_WANTS_ROOM) === 1 &&
      Atomics.exchange(this.control, W_WANTS_ROOM, 0) === 1
    );
  }

  /** Asks to be woken by the next publication. False: there is something already, and nobody will wake. */
  trySleep(): boolean {
    Atomics.store(this.control, W_SLEEPING, 1);
    if (Atomics.load(this.control, W_WRITTEN) === this.cursor) return true;
    Atomics.store(this.control, W_SLEEPING, 0);
    return false;
  }
}

function refuseWrongLength(head: number, slots: number): void {
  if (slotsOf(head) === slots && slots >= 1 && slots <= MESSAGE_SLOTS_MAX) return;
  throw new RangeError(`a message of ${slotsOf(head)} slots cannot be sent as ${slots} slots`);
}
