import { EW_SESSION, SLOT_WORDS, slotsOf, typeOf, W_HEAD } from '../messages/layout.js';
import type { MessageBuffer } from '../messages/message-buffer.js';
import { EVT_CHANNEL, EVT_FRAME, EVT_SENT } from '../messages/types.js';
import type { EventConsumer } from '../shard/shard-port.js';
import type { RingWriter } from './ring.js';

/** Where a host puts the events that a port is to see. */
export interface EventOutput {
  /** Takes events from slot `from` on, as many as there is room for; returns the first slot not taken. */
  write(events: MessageBuffer, from: number): number;
  /** Makes what was taken visible. */
  publish(): void;
  /** Nobody reads any more. */
  readonly closed: boolean;
}

/** Into a ring that another thread reads. */
export class RingOutput implements EventOutput {
  private readonly writer: RingWriter;
  private readonly wake: () => void;
  /** Above zero: only answers to this port's own commands. */
  private readonly answersOf: number;

  /** `wake` is called when the reader of the ring sleeps. */
  constructor(writer: RingWriter, wake: () => void, answersOf = 0) {
    this.writer = writer;
    this.wake = wake;
    this.answersOf = answersOf;
  }

  get closed(): boolean {
    return this.writer.closed;
  }

  /**
   * A frame is announced with its first event that the reader is to see: of frames in which there is nothing for it, it need not
   * be woken. (Where shards are several, each order makes such a frame at its account's home.)
   */
  write(events: MessageBuffer, from: number): number {
    const { words, length } = events;
    const { writer, answersOf } = this;
    if (writer.muted) return length;
    let unannounced = -1;
    let slot = from;
    while (slot < length) {
      const word = slot * SLOT_WORDS;
      const head = words[word + W_HEAD] as number;
      const slots = slotsOf(head);
      if (typeOf(head) === EVT_FRAME) {
        unannounced = slot;
      } else if (isWanted(words, word, answersOf)) {
        if (unannounced >= 0 && answersOf === 0) {
          if (!writer.tryWrite(words, unannounced * SLOT_WORDS, 1)) return unannounced;
          unannounced = -1;
        }
        if (!writer.tryWrite(words, word, slots)) return slot;
      }
      slot += slots;
    }
    return slot;
  }

  publish(): void {
    if (this.writer.publish()) this.wake();
  }
}

/** Hands events to a consumer in the same thread, without a copy. */
export class DirectOutput implements EventOutput {
  closed = false;
  /** Until one is set, events are dropped: nobody has asked for them. */
  consumer: EventConsumer | null = null;
  private readonly answersOf: number;

  constructor(answersOf = 0) {
    this.answersOf = answersOf;
  }

  write(events: MessageBuffer, from: number): number {
    const { consumer, answersOf } = this;
    const { words, floats, length } = events;
    if (consumer === null) return length;
    for (let slot = from; slot < length; ) {
      const word = slot * SLOT_WORDS;
      const slots = slotsOf(words[word + W_HEAD] as number);
      if (isWanted(words, word, answersOf)) {
        consumer(words, floats, word, slots);
      }
      slot += slots;
    }
    return length;
  }

  publish(): void {}
}

/** What passes between shards is nobody else's matter. */
function isWanted(words: Int32Array, word: number, answersOf: number): boolean {
  const type = typeOf(words[word + W_HEAD] as number);
  if (type === EVT_CHANNEL || type === EVT_SENT) return false;
  if (answersOf === 0) return true;
  return type !== EVT_FRAME && (words[word + EW_SESSION] as number) >>> 24 === answersOf;
}
