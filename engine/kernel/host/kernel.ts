import { copyWords } from '../../messages/copy-words.js';
import { SLOT_BYTES, SLOT_WORDS, slotsOf, W_HEAD } from '../../messages/layout.js';
import type { MessageBuffer } from '../../messages/message-buffer.js';
import { H_MESSAGE, H_TOP } from '../layout.js';
import type { OutsideLedger } from '../ledger.js';
import { javascriptKernel, type KernelCalls, type KernelFlavour } from './flavours.js';
import { EventBuffer, KernelBuffer } from './kernel-buffer.js';

const FIRST_PAGES = 64;
/** 2 GiB: addresses are signed 32-bit numbers. */
const PAGES_MAX = 32_768;

/** What keeps positions outside of the kernel, by the address of its book. */
export interface BookLedger {
  closableLots(account: number, side: number): number;
  /** `slot`: of the event in the kernel's event buffer. */
  settleFill(events: MessageBuffer, slot: number): void;
}

/**
 * One kernel: a memory, the functions that work on it, and views for those who look on. All books of a shard share one. The
 * memory is shared memory, because growing it leaves views of it valid, and because other threads read accounts in it.
 */
export class Kernel<Calls extends KernelCalls = KernelCalls> {
  readonly calls: Calls;
  readonly events: EventBuffer;
  /** The whole memory; renewed when it grows, so keep no copy across calls. */
  words: Int32Array;
  floats: Float64Array;
  /** For other threads, which may read it. */
  readonly memory: WebAssembly.Memory;
  private readonly ledgers = new Map<number, BookLedger>();

  constructor(flavour: KernelFlavour<Calls> = javascriptKernel as KernelFlavour<Calls>) {
    const memory = new WebAssembly.Memory({
      initial: FIRST_PAGES,
      maximum: PAGES_MAX,
      shared: true,
    });
    this.memory = memory;
    this.words = new Int32Array(memory.buffer);
    this.floats = new Float64Array(memory.buffer);
    this.calls = flavour(memory, this.outsideLedger());
    this.calls.openHeap();
    this.refresh();
    this.events = new EventBuffer(this);
  }

  /** Bytes in use, for the memory benchmark. */
  get bytes(): number {
    return this.word(H_TOP);
  }

  word(at: number): number {
    return this.words[at >> 2] as number;
  }

  float(at: number): number {
    return this.floats[at >> 3] as number;
  }

  /** A view of some words, which stays valid when the memory grows. */
  wordsAt(at: number, words: number): Int32Array {
    return new Int32Array(this.memory.buffer, at, words);
  }

  floatsAt(at: number, floats: number): Float64Array {
    return new Float64Array(this.memory.buffer, at, floats);
  }

  /** Memory, all zero, for good. */
  allocate(bytes: number): number {
    const at = this.calls.allocate(bytes);
    this.refresh();
    return at;
  }

  /** Room for messages that the kernel then reads in place. */
  openBuffer(slots: number): KernelBuffer {
    return new KernelBuffer(this, slots, this.allocate(slots * SLOT_BYTES));
  }

  /** Address of a message; one that lies elsewhere is copied in, over the last one that was. */
  addressOf(messages: MessageBuffer, slot: number): number {
    if (messages instanceof KernelBuffer && messages.kernel === (this as unknown as Kernel)) {
      return messages.base + slot * SLOT_BYTES;
    }
    const from = slot * SLOT_WORDS;
    const words = slotsOf(messages.words[from + W_HEAD] as number) * SLOT_WORDS;
    copyWords(messages.words, from, this.words, H_MESSAGE >> 2, words);
    return H_MESSAGE;
  }

  /** A message that `addressOf` copied in goes back to where it came from, with what the kernel wrote into it. */
  copyBack(address: number, messages: MessageBuffer, slot: number): void {
    if (address !== H_MESSAGE) return;
    const to = slot * SLOT_WORDS;
    const words = slotsOf(messages.words[to + W_HEAD] as number) * SLOT_WORDS;
    copyWords(this.words, H_MESSAGE >> 2, messages.words, to, words);
  }

  /** Before a call that may write events. */
  enter(): void {
    this.events.hand();
  }

  /** After it. */
  leave(): void {
    this.refresh();
    this.events.take();
  }

  /** The ledger of a book that was opened with LEDGER_OUTSIDE. */
  keepPositionsOf(book: number, ledger: BookLedger): void {
    this.ledgers.set(book, ledger);
  }

  /** The views cover all of the memory that is in use. */
  refresh(): void {
    if ((this.words[H_TOP >> 2] as number) <= this.words.byteLength) return;
    this.words = new Int32Array(this.memory.buffer);
    this.floats = new Float64Array(this.memory.buffer);
  }

  private outsideLedger(): OutsideLedger {
    const ledgerOf = (book: number): BookLedger => this.ledgers.get(book) as BookLedger;
    return {
      closableLots: (book, account, side) => ledgerOf(book).closableLots(account, side),
      settleFill: (book, event) => {
        this.leave();
        ledgerOf(book).settleFill(this.events, (event - this.events.base) / SLOT_BYTES);
      },
    };
  }
}
