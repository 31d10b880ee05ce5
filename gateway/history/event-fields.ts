import {
  EF_ACCOUNT_SEQUENCE,
  EF_CLIENT_ID,
  EF_SEQUENCE,
  EW_CLIENT_TEXT,
  EW_CLIENT_TEXT_LENGTH,
  marketOf,
  SLOT_WORDS,
  slotsOf,
  typeOf,
  W_ACCOUNT,
  W_HEAD,
} from '../../engine/messages/layout.js';
import { asciiOf } from '../codec/json-sink.js';

/** An event in a buffer, by offset from its beginning. Moved from one event to the next, so nothing is allocated for each. */
export class EventFields {
  private words: Int32Array = new Int32Array(0);
  private floats: Float64Array = new Float64Array(0);
  private at = 0;
  /** Of the frame that the event belongs to. */
  timeMs = 0;

  /** `at`: the event's first word. */
  moveTo(words: Int32Array, floats: Float64Array, at: number): void {
    this.words = words;
    this.floats = floats;
    this.at = at;
  }

  /** A word or a float by its offset in the layout. */
  word(offset: number): number {
    return this.words[this.at + offset] as number;
  }
  float(offset: number): number {
    return this.floats[this.at / 2 + offset] as number;
  }

  get type(): number {
    return typeOf(this.word(W_HEAD));
  }
  get slots(): number {
    return slotsOf(this.word(W_HEAD));
  }
  get marketId(): number {
    return marketOf(this.word(W_HEAD));
  }
  /** 0: not in any private feed here. Messages of one slot have no such field. */
  get accountSequence(): number {
    return this.slots < 2 ? 0 : this.float(EF_ACCOUNT_SEQUENCE);
  }

  get clientOrderId(): string | null {
    const number = this.float(EF_CLIENT_ID);
    if (number !== 0) return String(number);
    if (this.slots * SLOT_WORDS <= EW_CLIENT_TEXT_LENGTH) return null;
    const length = this.word(EW_CLIENT_TEXT_LENGTH);
    return length === 0 ? null : asciiOf(this.words, this.at + EW_CLIENT_TEXT, length);
  }

  // What every row of an account has. Rows are written out field by field: objects that are spread into others cost ten times as much.
  get accountId(): number {
    return this.word(W_ACCOUNT);
  }
  get sequence(): number {
    return this.float(EF_SEQUENCE);
  }
}
