import type { MarketActor } from '../market/market-actor.js';
import {
  F_ORDER_ID,
  SLOT_FLOATS,
  SLOT_WORDS,
  typeOf,
  W_ACCOUNT,
  W_HEAD,
} from '../messages/layout.js';
import type { MessageBuffer } from '../messages/message-buffer.js';
import { REJECT } from '../messages/reject-codes.js';
import {
  MSG_NOT_RESERVED,
  MSG_PLACE_BRACKET,
  MSG_PLACE_SCALED,
  MSG_PLACE_SLICE,
  MSG_PLACE_TWAP,
} from '../messages/types.js';
import type { CanonicalReader, CanonicalWriter } from '../state/canonical-writer.js';
import { MarketBrackets } from './market-brackets.js';
import { MarketScaled } from './market-scaled.js';
import { MarketTwaps } from './market-twaps.js';

/** Scaled orders with something open and TWAPs that one account may have in one market. */
export const PARENTS_PER_ACCOUNT_MAX = 20;

/** Orders of one market that make other orders: at many prices at once, one after another over time, or when they fill. */
export class MarketParents {
  readonly scaled: MarketScaled;
  readonly twaps: MarketTwaps;
  readonly brackets: MarketBrackets;
  private readonly market: MarketActor;

  constructor(market: MarketActor) {
    this.market = market;
    this.scaled = new MarketScaled(market);
    this.twaps = new MarketTwaps(market);
    this.brackets = new MarketBrackets(market);
  }

  /** False: the message is none of theirs. */
  onMessage(inbox: MessageBuffer, slot: number, nowMs: number): boolean {
    switch (typeOf(inbox.words[slot * SLOT_WORDS + W_HEAD] as number)) {
      case MSG_PLACE_SCALED:
        this.scaled.place(inbox, slot, nowMs);
        return true;
      case MSG_PLACE_TWAP:
        this.twaps.place(inbox, slot, nowMs);
        return true;
      case MSG_PLACE_SLICE:
        this.twaps.placeSlice(inbox, slot, nowMs);
        return true;
      case MSG_NOT_RESERVED:
        if (!this.twaps.notReserved(inbox, slot)) {
          this.brackets.onPlaced(inbox.floats[slot * SLOT_FLOATS + F_ORDER_ID] as number, 0);
        }
        return true;
      case MSG_PLACE_BRACKET:
        this.brackets.place(inbox, slot, nowMs);
        return true;
      default:
        return false;
    }
  }

  /** MSG_CANCEL. False: it names no parent order. */
  cancel(inbox: MessageBuffer, slot: number): boolean {
    return this.twaps.cancel(inbox, slot) || this.scaled.cancel(inbox, slot);
  }

  /** MSG_MASS_CANCEL. Orders of scaled ones go with those of the book. Returns how many others have gone. */
  massCancel(inbox: MessageBuffer, slot: number): number {
    return this.twaps.massCancel(inbox, slot);
  }

  /** Whether the account of the message may have another one; otherwise the message has been refused. */
  admitsOneMore(inbox: MessageBuffer, slot: number): boolean {
    const account = inbox.words[slot * SLOT_WORDS + W_ACCOUNT] as number;
    const known = this.twaps.running.ofAccount(account).length + this.scaled.liveOf(account).length;
    if (known < PARENTS_PER_ACCOUNT_MAX) return true;
    const code = REJECT.parent_orders_must_not_exceed_limit;
    return this.market.refuse(inbox, slot, code, known + 1, PARENTS_PER_ACCOUNT_MAX);
  }

  /** The market has gone to another state. */
  onState(): void {
    this.twaps.onState();
  }

  nextTimerMs(): number {
    return this.twaps.nextTimerMs();
  }

  onTime(nowMs: number): void {
    this.twaps.onTime(nowMs);
    this.brackets.sweep();
  }

  writeCanonical(writer: CanonicalWriter, references: boolean): void {
    this.scaled.writeCanonical(writer);
    this.twaps.writeCanonical(writer, references);
    this.brackets.writeCanonical(writer);
  }

  readCanonical(reader: CanonicalReader): void {
    this.scaled.readCanonical(reader);
    this.twaps.readCanonical(reader);
    this.brackets.readCanonical(reader);
  }
}
