import { assert } from '../../engine/assert.js';
import { CANDIDATES_MAX, candidatesMessage } from '../../engine/messages/candidates.js';
import { SLOT_WORDS, W_REQUEST } from '../../engine/messages/layout.js';
import { DirectOutput } from '../../engine/runtime/event-output.js';
import type { HostPort } from '../../engine/runtime/host-port.js';
import { createRing, RingReader, RingWriter } from '../../engine/runtime/ring.js';

/** Room for 128 full messages; what does not fit waits here. */
const RING_SLOTS = 512;

/** The accounts of a margin actor, as a sweeper has to know them. */
export interface SweptHome {
  /** How often something has changed on which the margin of many accounts rests. */
  readonly termsChanges: number;
  readonly lastAccount: number;
}

/** Who looks through ranges of accounts: in this thread or in others. */
export interface RangeSweep {
  /**
   * Looks at all accounts from `first` on, and before `end`, not before the call and not after `done`, which it calls once with the
   * ids of those below their margin, at once or later.
   */
  sweep(first: number, end: number, done: (below: readonly number[]) => void): void;
}

/**
 * Proposes accounts for liquidation. When marks, guards or rates have changed, it has all accounts swept, and sends those that were
 * found below their margin to the shard as messages, through a port like anybody else. What it says is only a hint: the margin actor
 * looks for itself. What it must not do is miss somebody: a round counts only when all ranges have reported and the shard has
 * answered all candidates, and one that was overtaken by a change is followed by another.
 */
export class Sweeper {
  readonly hostPort: HostPort;
  /** Rounds that are complete, and accounts that they have proposed. */
  rounds = 0;
  candidates = 0;
  private readonly home: SweptHome;
  private readonly ranges: RangeSweep;
  private readonly rangeAccounts: number;
  private readonly ring: RingWriter;
  private active = false;
  /** Of `termsChanges`, when the last round began. */
  private sweptChanges = 0;
  private demanded = false;
  private rangesOpen = 0;
  private found: number[] = [];
  private unanswered = 0;
  private request = 1;
  private inRound = false;

  constructor(home: SweptHome, ranges: RangeSweep, portId: number, rangeAccounts = 1 << 16) {
    this.home = home;
    this.ranges = ranges;
    this.rangeAccounts = rangeAccounts;
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

  /** Call between any two frames, and when ranges have reported: takes the next step that can be taken. */
  look(): void {
    if (!this.active) return;
    if (!this.inRound && this.isDue) this.begin();
    if (!this.inRound) return;
    this.send();
    const isComplete = this.rangesOpen === 0 && this.found.length === 0 && this.unanswered === 0;
    if (!isComplete) return;
    this.inRound = false;
    this.rounds++;
  }

  private get isDue(): boolean {
    return this.demanded || this.home.termsChanges !== this.sweptChanges;
  }

  private begin(): void {
    const { ranges, rangeAccounts, home } = this;
    this.inRound = true;
    this.demanded = false;
    this.sweptChanges = home.termsChanges;
    const end = home.lastAccount + 1;
    this.rangesOpen = Math.ceil((end - 1) / rangeAccounts);
    for (let first = 1; first < end; first += rangeAccounts) {
      let isOpen = true;
      ranges.sweep(first, Math.min(end, first + rangeAccounts), (below) => {
        assert(isOpen, 'a range must report once');
        isOpen = false;
        this.rangesOpen--;
        this.candidates += below.length;
        for (const account of below) this.found.push(account);
      });
    }
  }

  /** As much as the ring has room for. */
  private send(): void {
    const { found, ring } = this;
    let sent = 0;
    while (sent < found.length) {
      const words = candidatesMessage(found.slice(sent, sent + CANDIDATES_MAX));
      words[W_REQUEST] = this.request;
      if (!ring.tryWrite(words, 0, words.length / SLOT_WORDS)) break;
      this.unanswered++;
      this.request = (this.request + 1) | 0;
      sent += CANDIDATES_MAX;
    }
    if (sent === 0) return;
    found.splice(0, sent);
    ring.publish();
  }
}
