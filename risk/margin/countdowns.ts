import { NO_CLIENT_REF } from '../../engine/kernel/orders.js';
import {
  EF_ACCOUNT_SEQUENCE,
  EF_COLLATERAL,
  EF_EXPIRY,
  EVENT_SLOTS,
  EW_CLIENT_REF,
  EW_FLAGS,
  EW_REQUEST,
  EW_SESSION,
  F_QTY,
  headOf,
  SLOT_FLOATS,
  SLOT_WORDS,
  W_ACCOUNT,
  W_HEAD,
  W_REQUEST,
  W_SESSION,
} from '../../engine/messages/layout.js';
import type { MessageBuffer } from '../../engine/messages/message-buffer.js';
import { REJECT } from '../../engine/messages/reject-codes.js';
import { pushRejection } from '../../engine/messages/rejection.js';
import { EVT_CANCEL_ALL_AFTER, FLAG_MASS_COUNTDOWN } from '../../engine/messages/types.js';
import type { CanonicalReader, CanonicalWriter } from '../../engine/state/canonical-writer.js';
import { SortedList } from '../../engine/state/sorted-list.js';
import { pushCancelAll } from '../liquidation/ladder-messages.js';
import type { MarginState } from './trade-commands.js';

/** A day: nobody who is away for longer means to come back in time. */
export const COUNTDOWN_MS_MAX = 86_400_000;

export interface Countdown {
  /** The account. */
  readonly id: number;
  readonly endMs: number;
}

/**
 * Dead man's switches (Kraken's cancelAllOrdersAfter, Binance's countdownCancelAll): a trader who does not come back in time has
 * no orders left. They are a part of the state and run on the exchange's time, so a switch falls also when the gateway, or the
 * whole exchange, has been away meanwhile.
 *
 * To set one again is a heartbeat: it is answered, but no event of the private feed. That it falls is one, before the cancels.
 */
export class Countdowns {
  private readonly byAccount = new Map<number, Countdown>();
  private readonly byTime = new SortedList<Countdown>(({ endMs }) => endMs);
  private readonly state: MarginState;
  private readonly inbox: MessageBuffer;
  private readonly events: MessageBuffer;

  constructor(state: MarginState, inbox: MessageBuffer, events: MessageBuffer) {
    this.state = state;
    this.inbox = inbox;
    this.events = events;
  }

  /** CMD_CANCEL_ALL_AFTER of an account that exists. */
  set(message: MessageBuffer, slot: number, nowMs: number): void {
    const ms = message.floats[slot * SLOT_FLOATS + F_QTY] as number;
    if (!Number.isInteger(ms) || ms < 0 || ms > COUNTDOWN_MS_MAX) {
      const code = REJECT.countdown_ms_must_be_within_0_and_limit;
      pushRejection(this.events, message, slot, code, ms, COUNTDOWN_MS_MAX);
      return;
    }
    const w = slot * SLOT_WORDS;
    const account = message.words[w + W_ACCOUNT] as number;
    this.forget(account);
    if (ms > 0) this.add({ id: account, endMs: nowMs + ms });
    const event = this.tell(account, ms > 0 ? nowMs + ms : 0) * SLOT_WORDS;
    this.events.words[event + EW_SESSION] = message.words[w + W_SESSION] as number;
    this.events.words[event + EW_REQUEST] = message.words[w + W_REQUEST] as number;
  }

  /** The one that falls next: by time, then account. Null when there is none. */
  get next(): Countdown | null {
    return this.byTime.first ?? null;
  }

  /** When the account's falls, 0 for never. */
  endOf(account: number): number {
    return this.byAccount.get(account)?.endMs ?? 0;
  }

  nextTimerMs(): number {
    return this.next?.endMs ?? Number.POSITIVE_INFINITY;
  }

  /** The switch that is due first falls, if one is: each timer message does a small step. */
  onTime(nowMs: number): void {
    const first = this.next;
    if (first === null || first.endMs > nowMs) return;
    this.forget(first.id);
    const event = this.tell(first.id, first.endMs);
    const { accounts, markets } = this.state;
    this.events.words[event * SLOT_WORDS + EW_FLAGS] = 1;
    this.events.floats[event * SLOT_FLOATS + EF_ACCOUNT_SEQUENCE] = accounts.nextSequence(first.id);
    // Trigger orders leave no trace here, so all markets are asked.
    for (const { marketId } of markets.all) {
      pushCancelAll(this.inbox, marketId, first.id, FLAG_MASS_COUNTDOWN);
    }
  }

  /** By account id. */
  writeState(writer: CanonicalWriter): void {
    writer.put(this.byAccount.size);
    for (const { id, endMs } of [...this.byAccount.values()].sort((a, b) => a.id - b.id)) {
      writer.put(id);
      writer.put(endMs);
    }
  }

  readState(reader: CanonicalReader): void {
    for (let left = reader.take(); left > 0; left--) {
      const id = reader.take();
      this.add({ id, endMs: reader.take() });
    }
  }

  private add(countdown: Countdown): void {
    this.byAccount.set(countdown.id, countdown);
    this.byTime.add(countdown);
  }

  private forget(account: number): void {
    const known = this.byAccount.get(account);
    if (known === undefined) return;
    this.byAccount.delete(account);
    this.byTime.remove(known);
  }

  /** An event outside of the feed, for nobody yet; returns its slot. */
  private tell(account: number, endMs: number): number {
    const { events } = this;
    const event = events.push(EVENT_SLOTS);
    const w = event * SLOT_WORDS;
    const f = event * SLOT_FLOATS;
    events.words[w + W_HEAD] = headOf(EVT_CANCEL_ALL_AFTER, EVENT_SLOTS, 0);
    events.words[w + W_ACCOUNT] = account;
    events.words[w + EW_CLIENT_REF] = NO_CLIENT_REF;
    events.floats[f + EF_EXPIRY] = endMs;
    events.floats[f + EF_COLLATERAL] = this.state.accounts.collateral(account);
    return event;
  }
}
