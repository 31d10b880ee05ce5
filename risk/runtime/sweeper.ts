import { CANDIDATES_MAX, candidatesMessage } from '../../engine/messages/candidates.js';
import {
  FRAME_F_TIME,
  SLOT_WORDS,
  slotsOf,
  typeOf,
  W_ACCOUNT,
  W_HEAD,
  W_REQUEST,
} from '../../engine/messages/layout.js';
import type { MessageBuffer } from '../../engine/messages/message-buffer.js';
import { typeSet } from '../../engine/messages/type-set.js';
import {
  EVT_BALANCE,
  EVT_FILL,
  EVT_FRAME,
  EVT_FUNDING,
  EVT_INSURANCE,
  EVT_POSITION_MARGIN,
  EVT_TRANSFER,
} from '../../engine/messages/types.js';
import { DirectOutput } from '../../engine/runtime/event-output.js';
import type { HostPort } from '../../engine/runtime/host-port.js';
import { createRing, RingReader, RingWriter } from '../../engine/runtime/ring.js';

/** Room for 128 full messages; what does not fit waits here. */
const RING_SLOTS = 512;
/** Less than a millisecond. */
const WRITTEN_AT_ONCE = 2048;
/** How long somebody may be below whom no change of prices has brought there, by the time of the exchange. */
const MOVED_MS_MAX = 1_000;
/** By type of event, 1: it has moved a position or collateral of its account. */
const WRITES_ACCOUNT = typeSet([
  EVT_FILL,
  EVT_TRANSFER,
  EVT_BALANCE,
  EVT_FUNDING,
  EVT_INSURANCE,
  EVT_POSITION_MARGIN,
]);

/** The accounts of a margin actor, as a sweeper has to know them. */
export interface SweptHome {
  /** How often something has changed on which the margin of many accounts rests. */
  readonly termsChanges: number;
  readonly lastAccount: number;
  /** Whether the account is below its margin and not being liquidated yet. */
  isCandidate(account: number): boolean;
}

/** Who looks through all accounts: in this thread or in others. */
export interface AccountSweep {
  /** Begins to look at accounts 1 to `last`, with nothing of a sweep before under way. */
  begin(last: number): void;
  /** Adds accounts that were found below their margin meanwhile; true when each has been looked at since `begin`. */
  poll(found: number[]): boolean;
  /**
   * After a sweep is done: begins to look at the first of these once more, as another sweep, and gives how many. 0, or nobody who
   * could: the caller does it.
   */
  again?(accounts: readonly number[]): number;
}

/**
 * Proposes accounts for liquidation. When marks, guards or rates have changed, it has all accounts swept, and sends those that were
 * found below their margin to the shard as messages, through a port like anybody else. What it says is only a hint: the margin actor
 * looks for itself. What it must not do is miss somebody:
 *
 * - a round counts only when all accounts have been looked at and the shard has answered all candidates;
 * - one that was overtaken by a change is followed by another;
 * - positions and collateral also move without one: an order fills far from a mark that has gone on since, funding is paid. A second after
 *   a round another one begins when anything has moved since;
 * - an account whose position or collateral the shard has written meanwhile may have been read halfway: it is looked at again, by
 *   who swept, and again if it was written during that; the last few here, between two frames.
 */
export class Sweeper {
  readonly hostPort: HostPort;
  /** Rounds that are complete, and accounts that they have proposed. */
  rounds = 0;
  candidates = 0;
  private readonly home: SweptHome;
  private readonly sweep: AccountSweep;
  private readonly ring: RingWriter;
  private active = false;
  /** Of `termsChanges`, when the last round began. */
  private sweptChanges = 0;
  /** Of the exchange: as of the last frame, and when the last round began. */
  private timeMs = 0;
  private begunMs = 0;
  /** Of somebody who was not looked at since: positions or collateral. */
  private hasMoved = false;
  private demanded = false;
  private inRound = false;
  private sweeping = false;
  /** Accounts that were written since the sweep began. */
  private written: number[] = [];
  private found: number[] = [];
  private unanswered = 0;
  private request = 1;

  constructor(home: SweptHome, sweep: AccountSweep, portId: number) {
    this.home = home;
    this.sweep = sweep;
    const memory = createRing(RING_SLOTS);
    this.ring = new RingWriter(memory);
    const output = new DirectOutput(portId);
    output.consumer = () => {
      this.unanswered--;
    };
    this.hostPort = { portId, door: 'operators', input: new RingReader(memory), output };
  }

  /** From now on the shard takes candidates. Begins with a round: nobody knows what was swept before. */
  start(): void {
    this.active = true;
    this.demand();
  }

  /** Nothing is sent any more; what is not done is done after the next start. */
  stop(): void {
    this.active = false;
  }

  /** Asks for a round, whatever has changed. */
  demand(): void {
    this.demanded = true;
  }

  /** Nothing is to be swept, nothing is under way, and the shard has answered everything. */
  get idle(): boolean {
    return !this.active || (!this.inRound && !this.isDue);
  }

  /** Accounts are being looked at. */
  get isSweeping(): boolean {
    return this.active && this.sweeping;
  }

  /** Call between any two frames, and when somebody may have found something: takes the next step that can be taken. */
  look(): void {
    if (!this.active) return;
    if (!this.inRound && this.isDue) this.begin();
    if (!this.inRound) return;
    if (this.sweeping && this.sweep.poll(this.found)) this.sweeping = this.isSweptAgain();
    if (!this.sweeping) this.lookAtWritten();
    this.send();
    const isOpen = this.sweeping || this.written.length > 0;
    if (isOpen || this.found.length > 0 || this.unanswered > 0) return;
    this.inRound = false;
    this.rounds++;
  }

  /** Call with the events of each frame that was applied. */
  note(events: MessageBuffer): void {
    const { words, length } = events;
    if (length > 0 && typeOf(words[W_HEAD] as number) === EVT_FRAME) {
      this.timeMs = events.floats[FRAME_F_TIME] as number;
    }
    if (this.hasMoved && !this.sweeping) return;
    for (let slot = 0; slot < length; ) {
      const w = slot * SLOT_WORDS;
      const head = words[w + W_HEAD] as number;
      const type = typeOf(head);
      if (WRITES_ACCOUNT[type] === 1) {
        if (this.sweeping) this.written.push(words[w + W_ACCOUNT] as number);
        else this.hasMoved = true;
      }
      slot += slotsOf(head);
    }
  }

  private get isDue(): boolean {
    if (this.demanded || this.home.termsChanges !== this.sweptChanges) return true;
    return this.hasMoved && this.timeMs - this.begunMs >= MOVED_MS_MAX;
  }

  private begin(): void {
    this.inRound = true;
    this.sweeping = true;
    this.demanded = false;
    this.sweptChanges = this.home.termsChanges;
    this.begunMs = this.timeMs;
    this.hasMoved = false;
    this.sweep.begin(this.home.lastAccount);
  }

  /** It takes a fraction of the time that the sweep before took, and so fewer are written during it. */
  private isSweptAgain(): boolean {
    const taken = this.sweep.again?.(this.written) ?? 0;
    this.written.splice(0, taken);
    return taken > 0;
  }

  /** Some of them at a time: the shard waits. */
  private lookAtWritten(): void {
    const { home, found, written } = this;
    for (const account of written.splice(0, WRITTEN_AT_ONCE)) {
      if (home.isCandidate(account)) found.push(account);
    }
  }

  /** As much as the ring has room for. */
  private send(): void {
    const { found, ring } = this;
    let sent = 0;
    while (sent < found.length) {
      const accounts = found.slice(sent, sent + CANDIDATES_MAX);
      const words = candidatesMessage(accounts);
      words[W_REQUEST] = this.request;
      if (!ring.tryWrite(words, 0, words.length / SLOT_WORDS)) break;
      this.unanswered++;
      this.request = (this.request + 1) | 0;
      this.candidates += accounts.length;
      sent += accounts.length;
    }
    if (sent === 0) return;
    found.splice(0, sent);
    ring.publish();
  }
}
