import { SLOT_WORDS, slotsOf, W_HEAD } from '../../engine/messages/layout.js';
import { MessageBuffer } from '../../engine/messages/message-buffer.js';
import type { Shard } from '../../engine/shard/shard.js';
import type { EventConsumer, ShardPort } from '../../engine/shard/shard-port.js';

/** A port whose shard is called by `flush`; its ring takes 100 slots, so that callers meet a full one. */
export class InlinePort implements ShardPort {
  readonly portId = 1;
  private readonly shard: Shard;
  private readonly messages = new MessageBuffer(128);
  private consume: EventConsumer = () => {};
  private count = 0;

  constructor(shard: Shard) {
    this.shard = shard;
  }

  trySend(words: Int32Array, firstWord: number, slots: number): boolean {
    return this.trySendAll(words, firstWord, slots);
  }

  trySendAll(words: Int32Array, firstWord: number, slots: number): boolean {
    if (this.messages.length > 0 && this.messages.length + slots > 100) {
      setImmediate(() => this.flush());
      return false;
    }
    const at = this.messages.push(slots) * SLOT_WORDS;
    this.messages.words.set(words.subarray(firstWord, firstWord + slots * SLOT_WORDS), at);
    for (let slot = 0; slot < slots; ) {
      slot += slotsOf(words[firstWord + slot * SLOT_WORDS + W_HEAD] as number);
      this.count++;
    }
    return true;
  }

  flush(): void {
    if (this.count === 0) return;
    const { shard, messages, count } = this;
    shard.applyFrame({ messages, count, firstSequence: shard.sequence + 1, timeMs: 1 });
    this.count = 0;
    messages.reset();
    const { events } = shard;
    for (let slot = 0; slot < events.length; ) {
      const firstWord = slot * SLOT_WORDS;
      const slots = slotsOf(events.words[firstWord + W_HEAD] as number);
      this.consume(events.words, events.floats, firstWord, slots);
      slot += slots;
    }
    events.reset();
  }

  onEvents(consume: EventConsumer): void {
    this.consume = consume;
  }

  occupancy(): { inbound: number; outbound: number } {
    return { inbound: this.messages.length / 100, outbound: 0 };
  }
}
