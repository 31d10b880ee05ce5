import {
  EF_ACCOUNT_SEQUENCE,
  SLOT_FLOATS,
  SLOT_WORDS,
  slotsOf,
  W_ACCOUNT,
  W_HEAD,
} from '../../engine/messages/layout.js';
import type { MessageBuffer } from '../../engine/messages/message-buffer.js';

/** Checksum of an event, chained to that of the events before it: equal chains are equal histories. */
export function chainOf(before: number, words: Int32Array, at: number, length: number): number {
  let chain = before;
  for (let i = at; i < at + length; i++) {
    chain = Math.imul(chain ^ (words[i] as number), 0x01000193);
    chain ^= chain >>> 15;
  }
  return chain | 0;
}

/** The event stream of one frame, from its first slot on, in one number. */
export function streamChain(events: MessageBuffer, firstSlot = 0): number {
  const length = (events.length - firstSlot) * SLOT_WORDS;
  return chainOf(0, events.words, firstSlot * SLOT_WORDS, length);
}

/**
 * The private feeds as the uninterrupted twin wrote them: the truth that clients' views are compared with. It holds each
 * event's own checksum, because a client that began anew in the middle chains from there.
 */
export class FeedHistory {
  private readonly feeds = new Map<number, Int32Array[]>();

  record(events: MessageBuffer): void {
    for (let slot = 0; slot < events.length; ) {
      const w = slot * SLOT_WORDS;
      const slots = slotsOf(events.words[w + W_HEAD] as number);
      const sequence = events.floats[slot * SLOT_FLOATS + EF_ACCOUNT_SEQUENCE] as number;
      if (isNumbered(events, slot, sequence)) {
        const account = events.words[w + W_ACCOUNT] as number;
        this.add(account, sequence, events.words.slice(w, w + slots * SLOT_WORDS));
      }
      slot += slots;
    }
  }

  lastOf(account: number): number {
    return this.feeds.get(account)?.length ?? 0;
  }

  /** Chain over the events after `from` up to `to`; null when the history does not reach that far. */
  chain(account: number, from: number, to: number): number | null {
    const feed = this.feeds.get(account) ?? [];
    if (to > feed.length) return null;
    let chain = 0;
    for (let i = from; i < to; i++) {
      const words = feed[i] as Int32Array;
      chain = chainOf(chain, words, 0, words.length);
    }
    return chain;
  }

  private add(account: number, sequence: number, words: Int32Array): void {
    const feed = this.feeds.get(account) ?? [];
    this.feeds.set(account, feed);
    if (sequence !== feed.length + 1) {
      throw new Error(
        `account ${account}: event ${sequence} was numbered after event ${feed.length}`,
      );
    }
    feed.push(words);
  }
}

/** EVT_FRAME and others without an account use these bytes for something else. */
function isNumbered(events: MessageBuffer, slot: number, sequence: number): boolean {
  const slots = slotsOf(events.words[slot * SLOT_WORDS + W_HEAD] as number);
  return slots > 1 && sequence > 0 && (events.words[slot * SLOT_WORDS + W_ACCOUNT] as number) > 0;
}
