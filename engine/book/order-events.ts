import {
  EF_LOTS,
  EF_ORDER_ID,
  EF_REMAINING,
  EVENT_SLOTS,
  EW_CLIENT_REF,
  EW_FLAGS,
  EW_LOSS_TICKS,
  EW_PRICE,
  EW_REQUEST,
  EW_SESSION,
  headOf,
  W_ACCOUNT,
  W_HEAD,
  W_REQUEST,
  W_SESSION,
} from '../messages/layout.js';
import type { MessageBuffer } from '../messages/message-buffer.js';
import { FLAG_CLIENT_TEXT } from '../messages/types.js';
import {
  FLOAT_SHIFT,
  OF_ID,
  OF_REMAINING,
  OF_TOTAL,
  type OrderPool,
  OW_ACCOUNT,
  OW_CLIENT_REF,
  OW_FLAGS,
  OW_LOSS_TICKS,
  OW_PRICE,
  WORD_SHIFT,
} from './order-pool.js';

/** FLAG_CLIENT_TEXT is this bit: such an order's events have one slot more. */
const CLIENT_TEXT_SHIFT = 10;

/** Writes the events of one market's orders from their records. */
export class OrderEvents {
  private readonly events: MessageBuffer;
  private readonly pool: OrderPool;
  private readonly marketBits: number;

  constructor(events: MessageBuffer, pool: OrderPool, marketId: number) {
    this.events = events;
    this.pool = pool;
    this.marketBits = headOf(0, 0, marketId);
  }

  /**
   * Appends an event that shows the order as its record stands: total in EF_LOTS, remaining in EF_REMAINING, all
   * else zero. Returns its slot; the caller changes what the type needs. `flagBits` are added to the order's.
   */
  order(type: number, order: number, flagBits: number): number {
    const words = this.pool.words;
    const floats = this.pool.floats;
    const record = order << WORD_SHIFT;
    const source = order << FLOAT_SHIFT;
    const flags = words[record | OW_FLAGS] as number;
    const slots = EVENT_SLOTS + ((flags & FLAG_CLIENT_TEXT) >>> CLIENT_TEXT_SHIFT);
    const slot = this.events.push(slots);
    const out = this.events.words;
    const outFloats = this.events.floats;
    const w = slot << 4;
    const f = slot << 3;
    out[w | W_HEAD] = type | (slots << 8) | this.marketBits;
    out[w | W_ACCOUNT] = words[record | OW_ACCOUNT] as number;
    outFloats[f | EF_ORDER_ID] = floats[source | OF_ID] as number;
    outFloats[f | EF_LOTS] = floats[source | OF_TOTAL] as number;
    outFloats[f | EF_REMAINING] = floats[source | OF_REMAINING] as number;
    out[w | EW_PRICE] = words[record | OW_PRICE] as number;
    out[w | EW_FLAGS] = flags | flagBits;
    out[w + EW_LOSS_TICKS] = words[record | OW_LOSS_TICKS] as number;
    out[w + EW_CLIENT_REF] = words[record | OW_CLIENT_REF] as number;
    return slot;
  }

  /** Marks the event as the answer to the message. */
  answer(slot: number, inbox: MessageBuffer, message: number): void {
    const from = message << 4;
    const to = slot << 4;
    const out = this.events.words;
    out[to | EW_SESSION] = inbox.words[from | W_SESSION] as number;
    out[to | EW_REQUEST] = inbox.words[from | W_REQUEST] as number;
  }
}
