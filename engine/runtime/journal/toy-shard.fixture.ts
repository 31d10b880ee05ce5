import {
  EF_SEQUENCE,
  EVENT_SLOTS,
  F_QTY,
  headOf,
  SLOT_FLOATS,
  SLOT_WORDS,
  slotsOf,
  typeOf,
  W_ACCOUNT,
  W_HEAD,
} from '../../messages/layout.js';
import { MessageBuffer } from '../../messages/message-buffer.js';
import { CMD_BEGIN_EPOCH, CMD_DEPOSIT, EVT_DONE } from '../../messages/types.js';
import type { Frame } from '../../shard/frame.js';
import type { Shard } from '../../shard/shard.js';
import type { CanonicalReader, CanonicalWriter } from '../../state/canonical-writer.js';

const ACCOUNTS = 16;

/** A deterministic shard of counters: every message changes its state, and its order matters. */
export class ToyShard implements Shard {
  readonly events = new MessageBuffer();
  sequence = 0;
  timeMs = 0;
  epoch = 0;
  private mix = 1;
  private readonly sums = new Float64Array(ACCOUNTS);

  nextTimerMs(): number {
    return Number.POSITIVE_INFINITY;
  }

  applyFrame(frame: Frame): void {
    const { words, floats } = frame.messages;
    for (let slot = 0; slot < frame.messages.length; ) {
      const head = words[slot * SLOT_WORDS + W_HEAD];
      const quantity = floats[slot * SLOT_FLOATS + F_QTY];
      const account = words[slot * SLOT_WORDS + W_ACCOUNT] & (ACCOUNTS - 1);
      if (typeOf(head) === CMD_BEGIN_EPOCH) this.epoch = quantity;
      this.sequence++;
      this.sums[account] += quantity;
      this.mix = Math.imul(this.mix ^ account, 16777619) ^ quantity;
      const event = this.events.push(EVENT_SLOTS);
      this.events.words[event * SLOT_WORDS] = headOf(EVT_DONE, EVENT_SLOTS, 0);
      this.events.floats[event * SLOT_FLOATS + EF_SEQUENCE] = this.sequence;
      slot += slotsOf(head);
    }
    this.timeMs = frame.timeMs;
  }

  writeTradingState(writer: CanonicalWriter): void {
    writer.put(this.mix);
    for (const sum of this.sums) writer.put(sum);
  }

  writeDeliveryState(writer: CanonicalWriter): void {
    writer.put(this.sequence);
  }

  writeSnapshot(writer: CanonicalWriter): void {
    for (const value of [this.sequence, this.timeMs, this.epoch]) writer.put(value);
    this.writeTradingState(writer);
  }

  readSnapshot(reader: CanonicalReader): void {
    this.sequence = reader.take();
    this.timeMs = reader.take();
    this.epoch = reader.take();
    this.mix = reader.take();
    for (let i = 0; i < ACCOUNTS; i++) this.sums[i] = reader.take();
  }

  check(): void {}
}

/** A frame of deposits: one message for each size, which is its number of slots (1 to 4). */
export function toyFrame(firstSequence: number, sizes: readonly number[], timeMs = 0): Frame {
  const messages = new MessageBuffer(4);
  sizes.forEach((slots, i) => {
    const slot = messages.push(slots);
    messages.words[slot * SLOT_WORDS + W_HEAD] = headOf(CMD_DEPOSIT, slots, 0);
    messages.words[slot * SLOT_WORDS + W_ACCOUNT] = (firstSequence + i) % ACCOUNTS;
    messages.floats[slot * SLOT_FLOATS + F_QTY] = (firstSequence + i) * 1000 + slots;
  });
  return { messages, firstSequence, count: sizes.length, timeMs: 1_000_000 + timeMs };
}

/** The first frame of a start, as every host sends it. */
export function epochFrame(firstSequence: number, epoch: number, timeMs = 0): Frame {
  const frame = toyFrame(firstSequence, [1], timeMs);
  frame.messages.words[W_HEAD] = headOf(CMD_BEGIN_EPOCH, 1, 0);
  frame.messages.floats[F_QTY] = epoch;
  return frame;
}

/** Sizes for a frame that follow from its sequence, so that a reader knows what a writer sent. */
export function varyingSizes(firstSequence: number): number[] {
  return Array.from({ length: 1 + (firstSequence % 23) }, (_, i) => 1 + (i % 4));
}
