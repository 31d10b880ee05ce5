import { SLOT_FLOATS, SLOT_WORDS } from './layout.js';

/**
 * A growing arena of message slots: words and floats are two views of the same bytes. Positions are slot
 * numbers. It is reset after each frame, so in steady state nothing is allocated and the memory stays hot.
 */
export class MessageBuffer {
  words: Int32Array;
  floats: Float64Array;
  /** Slots in use. */
  length = 0;
  private capacity: number;

  constructor(capacitySlots = 1024) {
    this.capacity = capacitySlots;
    this.words = new Int32Array(capacitySlots * SLOT_WORDS);
    this.floats = new Float64Array(this.words.buffer);
  }

  /** Reserves slots and returns the first one's number. Their content is left over: write every word. */
  push(slots: number): number {
    const slot = this.length;
    const end = slot + slots;
    if (end > this.capacity) this.grow(end);
    this.length = end;
    return slot;
  }

  /** Reserves slots that hold zeros. */
  pushZeroed(slots: number): number {
    const slot = this.push(slots);
    this.words.fill(0, slot * SLOT_WORDS, (slot + slots) * SLOT_WORDS);
    return slot;
  }

  reset(): void {
    this.length = 0;
  }

  private grow(least: number): void {
    let capacity = this.capacity;
    while (capacity < least) capacity *= 2;
    const words = new Int32Array(capacity * SLOT_WORDS);
    words.set(this.words);
    this.words = words;
    this.floats = new Float64Array(words.buffer, 0, capacity * SLOT_FLOATS);
    this.capacity = capacity;
  }
}
