import { SLOT_FLOATS, SLOT_WORDS } from '../../engine/messages/layout.js';
import type { MessageBuffer } from '../../engine/messages/message-buffer.js';
import type { MessageWindow } from '../book/fill-reader.js';

/** 4 MiB, as large as the rings of a shard: it does not stay in the first cache. */
const SLOTS = 65_536;

/** Copies the events of a frame behind those of the frame before, as the ring to a gateway does. */
export class EventRing {
  private readonly words = new Int32Array(new SharedArrayBuffer(SLOTS * SLOT_WORDS * 4));
  private readonly floats = new Float64Array(this.words.buffer);
  private at = 0;

  copyIn(events: MessageBuffer): MessageWindow {
    const { length } = events;
    if (length > SLOTS) throw new RangeError(`a frame made ${length} slots of events`);
    if (this.at + length > SLOTS) this.at = 0;
    const first = this.at;
    this.words.set(events.words.subarray(0, length * SLOT_WORDS), first * SLOT_WORDS);
    this.at += length;
    return {
      words: this.words.subarray(first * SLOT_WORDS, this.at * SLOT_WORDS),
      floats: this.floats.subarray(first * SLOT_FLOATS, this.at * SLOT_FLOATS),
      length,
    };
  }
}
