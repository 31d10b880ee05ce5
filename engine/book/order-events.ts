import {
  EF_ORDER_ID,
  EF_TRADE_SEQUENCE,
  EVENT_SLOTS,
  EW_CLIENT_REF,
  EW_FLAGS,
  EW_LOSS_TICKS,
  EW_PRICE,
  EW_REQUEST,
  EW_SESSION,
  headOf,
  SLOT_FLOATS,
  SLOT_WORDS,
  W_ACCOUNT,
  W_HEAD,
  W_REQUEST,
  W_SESSION,
} from '../messages/layout.js';
import type { MessageBuffer } from '../messages/message-buffer.js';
import { FLAG_CLIENT_TEXT } from '../messages/types.js';
import {
  OF_ID,
  OF_REMAINING,
  OF_TOTAL,
  type OrderPool,
  OW_ACCOUNT,
  OW_CLIENT_REF,
  OW_FLAGS,
  OW_LOSS_TICKS,
  OW_PRICE,
  RECORD_FLOATS,
  RECORD_WORDS,
} from './order-pool.js';

/** Writes the events of one market's orders from their records. */
export class OrderEvents {
  private readonly events: MessageBuffer;
  private readonly pool: OrderPool;
  private readonly marketId: number;

  constructor(events: MessageBuffer, pool: OrderPool, marketId: number) {
    this.events = events;
    this.pool = pool;
    this.marketId = marketId;
  }

  /**
   * Appends an event that shows the order as its record stands: total in EF_LOTS, remaining in EF_REMAINING, all
   * else zero. Returns its slot; the caller changes what the type needs. `flagBits` are added to the order's.
   */
  order(type: number, order: number, flagBits: number): number {
    const record = order * RECORD_WORDS;
    const words = this.pool.words;
    const flags = words[record + OW_FLAGS] as number;
    const text = (flags & FLAG_CLIENT_TEXT) !== 0;
    const slots = text ? EVENT_SLOTS + 1 : EVENT_SLOTS;
    const slot = this.events.push(slots);
    const out = this.events.words;
    const outFloats = this.events.floats;
    const w = slot * SLOT_WORDS;
    const f = slot * SLOT_FLOATS;
    const source = order * RECORD_FLOATS;
    out[w + W_HEAD] = headOf(type, slots, this.marketId);
    out[w + W_ACCOUNT] = words[record + OW_ACCOUNT] as number;
    outFloats[f + EF_ORDER_ID] = this.pool.floats[source + OF_ID] as number;
    outFloats[f + 2] = this.pool.floats[source + OF_TOTAL] as number;
    outFloats[f + 3] = this.pool.floats[source + OF_REMAINING] as number;
    out[w + EW_PRICE] = words[record + OW_PRICE] as number;
    out[w + EW_FLAGS] = flags | flagBits;
    outFloats[f + 5] = 0;
    outFloats[f + 6] = 0;
    outFloats[f + 7] = 0;
    outFloats[f + 8] = 0;
    outFloats[f + 9] = 0;
    outFloats[f + EF_TRADE_SEQUENCE] = 0;
    outFloats[f + 11] = 0;
    outFloats[f + 12] = 0;
    outFloats[f + 13] = 0;
    out[w + EW_LOSS_TICKS] = words[record + OW_LOSS_TICKS] as number;
    out[w + EW_CLIENT_REF] = words[record + OW_CLIENT_REF] as number;
    outFloats[f + 15] = 0;
    if (text) outFloats.fill(0, f + 16, f + 24);
    return slot;
  }

  /** Marks the event as the answer to the message. */
  answer(slot: number, inbox: MessageBuffer, message: number): void {
    const from = message * SLOT_WORDS;
    const to = slot * SLOT_WORDS;
    this.events.words[to + EW_SESSION] = inbox.words[from + W_SESSION] as number;
    this.events.words[to + EW_REQUEST] = inbox.words[from + W_REQUEST] as number;
  }
}
