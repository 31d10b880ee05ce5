import { SLOT_FLOATS, SLOT_WORDS } from './layout.js';

/**
 * A growing arena of message slots: words and floats are two views of the same bytes. Positions are slot
 * numbers. Unused slots hold zeros, so that who writes a message writes only what is not zero; they are
 * cleared all at once by `reset`, which costs next to nothing a message.
 */
export class MessageBuffer {
  words: Int32Array;
  floats: Float64Array;
  /** Slots in use. */
  length = 0;
  protected capacity: number;

  constructor(
    capacitySlots = 1024,
    words: Int32Array = new Int32Array(capacitySlots * SLOT_WORDS),
  ) {
    this.capacity = capacitySlots;
    this.words = words;
    this.floats = new Float64Array(words.buffer, words.byteOffset, capacitySlots * SLOT_FLOATS);
  }

  /** Takes slots, which hold zeros, and returns the first one's number. */
  push(slots: number): number {
    const slot = this.length;
    const end = (slot + slots) | 0;
    if (end > this.capacity) this.grow(end);
    this.length = end;
    return slot;
  }

  /** Gives back and clears everything from `slot` on. */
  truncate(slot: number): void {
    this.words.fill(0, slot * SLOT_WORDS, this.length * SLOT_WORDS);
    this.length = slot;
  }

  /** Empties the buffer. */
  reset(): void {
    this.truncate(0);
  }

  /** Empties the buffer without clearing it: only for those who then write every word of what they push. */
  rewind(): void {
    this.length = 0;
  }

  protected grow(least: number): void {
    let capacity = this.capacity;
    while (capacity < least) capacity *= 2;
    const words = new Int32Array(capacity * SLOT_WORDS);
    words.set(this.words);
    this.words = words;
    this.floats = new Float64Array(words.buffer, 0, capacity * SLOT_FLOATS);
    this.capacity = capacity;
  }
}
