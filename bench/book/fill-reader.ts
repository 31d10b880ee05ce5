import {
  EF_LOTS,
  EF_ORDER_ID,
  EW_CODE,
  EW_FLAGS,
  EW_PRICE,
  SLOT_FLOATS,
  SLOT_WORDS,
  slotsOf,
  typeOf,
  W_HEAD,
} from '../../engine/messages/layout.js';
import { rejectName } from '../../engine/messages/reject-codes.js';
import { EVT_FILL, EVT_REJECTED, FLAG_MAKER } from '../../engine/messages/types.js';
import type { TradeTally } from '../workload/trade-tally.js';

/** Messages one after another, from slot 0 to `length`. */
export interface MessageWindow {
  readonly words: Int32Array;
  readonly floats: Float64Array;
  readonly length: number;
}

/** Reads trades back from an engine's events, as a consumer would; a rejection ends the benchmark. */
export class FillReader {
  private makerOrderId = 0;
  private readonly tally: TradeTally;

  constructor(tally: TradeTally) {
    this.tally = tally;
  }

  readAll(events: MessageWindow): void {
    const { words, floats, length } = events;
    for (let slot = 0; slot < length; ) slot += this.read(words, floats, slot);
  }

  /** Reads one event; returns its slots. */
  read(words: Int32Array, floats: Float64Array, slot: number): number {
    const head = words[slot * SLOT_WORDS + W_HEAD] as number;
    const type = typeOf(head);
    if (type === EVT_FILL) this.readFill(words, floats, slot);
    else if (type === EVT_REJECTED) throw rejection(words, slot);
    return slotsOf(head);
  }

  /** The maker's event comes first, the taker's second, with the same price and lots. */
  private readFill(words: Int32Array, floats: Float64Array, slot: number): void {
    const orderId = floats[slot * SLOT_FLOATS + EF_ORDER_ID] as number;
    if (((words[slot * SLOT_WORDS + EW_FLAGS] as number) & FLAG_MAKER) !== 0) {
      this.makerOrderId = orderId;
      return;
    }
    const price = words[slot * SLOT_WORDS + EW_PRICE] as number;
    this.tally.add(
      this.makerOrderId,
      orderId,
      price,
      floats[slot * SLOT_FLOATS + EF_LOTS] as number,
    );
  }
}

function rejection(words: Int32Array, slot: number): Error {
  const name = rejectName(words[slot * SLOT_WORDS + EW_CODE] as number);
  return new Error(`the engine refused a command of the workload: ${name}`);
}
