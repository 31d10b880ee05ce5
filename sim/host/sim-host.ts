import { SLOT_WORDS, slotsOf, W_ACCOUNT, W_SESSION } from '../../engine/messages/layout.js';
import { MessageBuffer } from '../../engine/messages/message-buffer.js';
import { pushRejection } from '../../engine/messages/rejection.js';
import { CMD_BEGIN_EPOCH, CMD_TIMER } from '../../engine/messages/types.js';
import { type Journal, JournalWriteError } from '../../engine/runtime/journal/journal.js';
import { messageProblem } from '../../engine/runtime/message-check.js';
import type { Frame } from '../../engine/shard/frame.js';
import type { Shard } from '../../engine/shard/shard.js';
import { type Wire, withSlots } from '../traffic/wire.js';
import type { SimPort } from './sim-port.js';

/** Events of a frame that wait until the journal lets them go. */
interface Outgoing {
  sequence: number;
  words: Int32Array;
}

export interface HostHooks {
  /** After a frame was journaled and applied, with its events still in `shard.events`. */
  onFrame(frame: Frame): void;
}

/**
 * The loop of one shard, step by step: messages from the ports become a frame, the frame goes to the journal and then to the
 * shard, events go out when the journal has released their cause.
 */
export class SimHost {
  readonly shard: Shard;
  readonly journal: Journal;
  readonly ports: SimPort[];
  private readonly hooks: HostHooks;
  private readonly frame: Frame;
  private readonly refusals = new MessageBuffer(64);
  private outgoing: Outgoing[] = [];
  private firstPort = 0;
  /** The disk did not take the frame: it is kept and tried again. */
  private isStuck = false;

  constructor(shard: Shard, journal: Journal, ports: SimPort[], hooks: HostHooks) {
    this.shard = shard;
    this.journal = journal;
    this.ports = ports;
    this.hooks = hooks;
    this.frame = { messages: new MessageBuffer(256), firstSequence: 0, count: 0, timeMs: 0 };
  }

  /** The first frame of every start. */
  beginEpoch(nowMs: number): void {
    this.startFrame();
    this.take(withSlots(CMD_BEGIN_EPOCH, 1, { qty: this.journal.epoch }), 0, 1);
    this.commit(nowMs);
  }

  /** Takes up to `most` messages; false when the disk did not take the frame, which then comes again. */
  poll(nowMs: number, most: number): boolean {
    if (this.isStuck) return this.commit(nowMs);
    if (this.outgoing.length > 0 && !this.hasRoom()) return true;
    this.startFrame();
    if (this.shard.nextTimerMs() <= nowMs) this.take(withSlots(CMD_TIMER, 1, {}), 0, 1);
    for (let i = 0; i < this.ports.length; i++) {
      const port = this.ports[(this.firstPort + i) % this.ports.length] as SimPort;
      this.takeFrom(port, most);
    }
    this.firstPort++;
    for (const port of this.ports) port.inbound.release();
    return this.frame.count === 0 || this.commit(nowMs);
  }

  /** Hands on what the journal has released; a port without room holds all back. */
  publish(): void {
    while (this.outgoing.length > 0 && this.hasRoom()) {
      const { sequence, words } = this.outgoing[0] as Outgoing;
      if (sequence > this.journal.releasedSequence) return;
      for (const port of this.ports) {
        port.outbound.tryWriteAll(words, 0, words.length / SLOT_WORDS);
        port.outbound.publish();
      }
      this.outgoing.shift();
    }
  }

  get isDrained(): boolean {
    return this.outgoing.length === 0;
  }

  private hasRoom(): boolean {
    const slots = (this.outgoing[0] as Outgoing).words.length / SLOT_WORDS;
    // Padding at the end of the ring may take three slots more.
    return this.ports.every(({ outbound }) => {
      return outbound.closed || (1 - outbound.occupancy) * outbound.capacity >= slots + 4;
    });
  }

  private takeFrom(port: SimPort, most: number): void {
    for (let i = 0; i < most; i++) {
      const word = port.inbound.next();
      if (word < 0) return;
      const { words, floats, slots } = port.inbound;
      const problem = messageProblem(words, floats, word, port.mayOperate);
      if (problem === 0) this.take(words, word, slots);
      else this.refuse(port, word, problem);
      port.inbound.advance();
    }
  }

  private take(words: Wire, firstWord: number, slots: number): void {
    const slot = this.frame.messages.push(slots);
    const end = firstWord + slots * SLOT_WORDS;
    this.frame.messages.words.set(words.subarray(firstWord, end), slot * SLOT_WORDS);
    this.frame.count++;
  }

  private refuse(port: SimPort, word: number, problem: Parameters<typeof pushRejection>[3]): void {
    const message = new MessageBuffer(8);
    const head = port.inbound.words[word] as number;
    message.push(slotsOf(head));
    message.words.set(port.inbound.words.subarray(word, word + SLOT_WORDS));
    this.refusals.reset();
    pushRejection(this.refusals, message, 0, problem, 0, 0);
    const words = this.refusals.words.slice(0, this.refusals.length * SLOT_WORDS);
    // An answer to nobody's account: it stands in no private feed.
    if ((words[W_ACCOUNT] as number) < 0 || words[W_SESSION] === 0) words[W_ACCOUNT] = 0;
    this.outgoing.push({ sequence: 0, words });
  }

  private startFrame(): void {
    this.frame.messages.reset();
    this.frame.count = 0;
  }

  private commit(nowMs: number): boolean {
    const { frame, journal, shard } = this;
    frame.firstSequence = journal.nextSequence;
    frame.timeMs = Math.max(nowMs, shard.timeMs);
    try {
      journal.append(frame);
      journal.write();
      this.isStuck = false;
    } catch (error) {
      if (!(error instanceof JournalWriteError)) throw error;
      this.isStuck = true;
      return false;
    }
    shard.applyFrame(frame);
    this.hooks.onFrame(frame);
    const words = shard.events.words.slice(0, shard.events.length * SLOT_WORDS);
    this.outgoing.push({ sequence: journal.writtenSequence, words });
    shard.events.reset();
    return true;
  }
}
