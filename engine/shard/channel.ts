import { EF_SEQUENCE, headOf, SLOT_WORDS, slotsOf, W_HEAD } from '../messages/layout.js';
import { CMD_CHANNEL } from '../messages/types.js';
import type { CanonicalReader, CanonicalWriter } from '../state/canonical-writer.js';

const FORGET_TOGETHER = 1024;

/**
 * The sending end of a channel to one other shard. Messages are numbered from 1 without a gap; each is kept until the receiver
 * has it in its journal, so that everything can be sent again after a crash of either side. The numbers are part of the
 * shard's state: replay makes the same messages with the same numbers.
 */
export class ChannelOut {
  private lastNumber = 0;
  private kept: Int32Array[] = [];
  /** Messages at the beginning of `kept` that are forgotten: cut off together, because removing the first moves all others. */
  private forgotten = 0;

  get last(): number {
    return this.lastNumber;
  }

  /** Number of the oldest message that is kept; one more than `last` when none is. */
  get firstKept(): number {
    return this.lastNumber - (this.kept.length - this.forgotten) + 1;
  }

  /** Copies the message (its envelope with it) in the form in which the receiver takes it, and gives it its number. */
  keep(words: Int32Array, firstWord: number): number {
    this.kept.push(asChannelInput(words, firstWord));
    return ++this.lastNumber;
  }

  /** The receiver has journaled everything up to `number`: it will never be asked for again. */
  acknowledge(number: number): void {
    const upTo = Math.min(number, this.lastNumber);
    if (upTo < this.firstKept) return;
    this.forgotten += upTo - this.firstKept + 1;
    if (this.forgotten < FORGET_TOGETHER && upTo < this.lastNumber) return;
    this.kept = this.kept.slice(this.forgotten);
    this.forgotten = 0;
  }

  /** One message, null when it was acknowledged or is not made yet. */
  message(number: number): Int32Array | null {
    if (number < this.firstKept || number > this.lastNumber) return null;
    return this.kept[this.forgotten + number - this.firstKept] as Int32Array;
  }

  /** Messages from `number` on, oldest first; those that were acknowledged are gone. */
  from(number: number): readonly Int32Array[] {
    return this.kept.slice(this.forgotten + Math.max(0, number - this.firstKept));
  }

  writeState(writer: CanonicalWriter): void {
    writer.put(this.lastNumber);
    const kept = this.from(0);
    writer.put(kept.length);
    for (const message of kept) {
      writer.put(message.length);
      for (const word of message) writer.put(word);
    }
  }

  readState(reader: CanonicalReader): void {
    this.lastNumber = reader.take();
    const count = reader.take();
    for (let i = 0; i < count; i++) {
      const length = reader.take();
      this.kept.push(Int32Array.from({ length }, () => reader.take()));
    }
  }
}

/** Makes the input that another shard journals of an EVT_CHANNEL at `firstWord`: without what the sender's stream added. */
export function asChannelInput(words: Int32Array, firstWord: number): Int32Array {
  const slots = slotsOf(words[firstWord] as number);
  const input = words.slice(firstWord, firstWord + slots * SLOT_WORDS);
  input[W_HEAD] = headOf(CMD_CHANNEL, slots, 0);
  new Float64Array(input.buffer)[EF_SEQUENCE] = 0;
  return input;
}

/**
 * The receiving end: knows the last number that it took. What comes a second time, or too early because something before it
 * was lost, has no effect; so a sender may repeat as often as it likes, and each message counts once.
 */
export class ChannelIn {
  private lastNumber = 0;

  get last(): number {
    return this.lastNumber;
  }

  /** True: this is the next one, and it counts. */
  take(number: number): boolean {
    if (number !== this.lastNumber + 1) return false;
    this.lastNumber = number;
    return true;
  }

  writeState(writer: CanonicalWriter): void {
    writer.put(this.lastNumber);
  }

  readState(reader: CanonicalReader): void {
    this.lastNumber = reader.take();
  }
}
