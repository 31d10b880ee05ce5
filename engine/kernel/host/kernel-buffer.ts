import { SLOT_BYTES, SLOT_FLOATS, SLOT_WORDS } from '../../messages/layout.js';
import { MessageBuffer } from '../../messages/message-buffer.js';
import { E_BASE, E_CAPACITY, E_LENGTH } from '../layout.js';
import type { Kernel } from './kernel.js';

/** Message slots in the kernel's memory, so that the kernel reads them where they stand. */
export class KernelBuffer extends MessageBuffer {
  /** Address of slot 0. */
  base: number;
  readonly kernel: Kernel;

  constructor(kernel: Kernel, capacitySlots: number, base: number) {
    super(capacitySlots, kernel.wordsAt(base, capacitySlots * SLOT_WORDS));
    this.kernel = kernel;
    this.base = base;
  }

  protected override grow(least: number): void {
    let capacity = this.capacity;
    while (capacity < least) capacity *= 2;
    const { words } = this;
    this.view(this.kernel.allocate(capacity * SLOT_BYTES), capacity);
    this.words.set(words.subarray(0, this.length * SLOT_WORDS));
  }

  protected view(base: number, capacity: number): void {
    this.base = base;
    this.capacity = capacity;
    this.words = this.kernel.wordsAt(base, capacity * SLOT_WORDS);
    this.floats = new Float64Array(this.words.buffer, base, capacity * SLOT_FLOATS);
  }
}

/**
 * The events of a kernel. The kernel and TypeScript append by turns; `hand` and `take` carry the length over and back
 * around each call that may write events.
 */
export class EventBuffer extends KernelBuffer {
  constructor(kernel: Kernel) {
    super(kernel, kernel.word(E_CAPACITY), kernel.word(E_BASE));
  }

  hand(): void {
    this.kernel.words[E_LENGTH >> 2] = this.length;
  }

  take(): void {
    const { words } = this.kernel;
    this.length = words[E_LENGTH >> 2] as number;
    const base = words[E_BASE >> 2] as number;
    if (base !== this.base) this.view(base, words[E_CAPACITY >> 2] as number);
  }

  override reset(): void {
    this.hand();
    this.kernel.calls.resetEvents();
    this.length = 0;
  }

  protected override grow(least: number): void {
    this.hand();
    this.kernel.calls.widenEvents(least);
    this.kernel.refresh();
    this.take();
  }
}
