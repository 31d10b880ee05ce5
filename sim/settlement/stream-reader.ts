import { assert } from '../../engine/assert.js';
import type { Xorshift } from '../../engine/testing/xorshift.js';
import type { BusMessage, MessageSource } from '../../settlement/bus/bus.js';
import type { SimulatedBus, SubjectMessage } from './simulated-bus.js';

/** Chances in a hundred. */
const DOUBLED = 5;
const ACK_LOST = 3;
/** After which a message without an acknowledgement comes again. */
const ACK_WAIT_MS = 3_000;

interface HandedOut {
  times: number;
  /** When it comes again. */
  againMs: number;
}

/** The position of settlement in one stream, kept by the bus over all sessions, and the session that reads now. */
export class StreamReader {
  private readonly random: Xorshift;
  private readonly bus: SimulatedBus;
  private readonly stored: () => readonly SubjectMessage[];
  /** All up to here are acknowledged. */
  private floor = 0;
  private readonly acknowledged = new Set<number>();
  private readonly handedOut = new Map<number, HandedOut>();
  private newest = 0;
  private session: Session | null = null;

  constructor(random: Xorshift, bus: SimulatedBus, stored: () => readonly SubjectMessage[]) {
    this.random = random;
    this.bus = bus;
    this.stored = stored;
  }

  get hasReadAll(): boolean {
    return this.floor === this.stored().length;
  }

  /** A session begins behind what is acknowledged without a hole. */
  open(): MessageSource {
    assert(this.session === null, 'one session reads at a time');
    this.acknowledged.clear();
    this.handedOut.clear();
    this.newest = this.floor;
    this.session = new Session(() => this.close());
    return this.session;
  }

  close(): void {
    this.session?.end();
    this.session = null;
  }

  /** The stream has lost its end. */
  cutBack(length: number): void {
    this.floor = Math.min(this.floor, length);
    this.newest = Math.min(this.newest, length);
    for (const sequence of [...this.acknowledged, ...this.handedOut.keys()]) {
      if (sequence <= length) continue;
      this.acknowledged.delete(sequence);
      this.handedOut.delete(sequence);
    }
  }

  /** Hands out one message: the next, or one that has to come again. */
  deliver(nowMs: number): void {
    if (this.session === null) return;
    const again = [...this.handedOut].find(([, { againMs }]) => againMs <= nowMs)?.[0];
    if (again !== undefined) {
      this.bus.counts.busRedelivered++;
      this.hand(again, nowMs);
    } else if (this.newest < this.stored().length) {
      this.hand(++this.newest, nowMs);
    }
  }

  private hand(sequence: number, nowMs: number): void {
    const message = this.stored()[sequence - 1];
    if (message === undefined || this.session === null) return;
    const handed = this.handedOut.get(sequence) ?? { times: 0, againMs: 0 };
    handed.againMs = nowMs + ACK_WAIT_MS;
    this.handedOut.set(sequence, handed);
    this.session.push(this.messageOf(message, handed, nowMs));
    if (!this.bus.hasFaults || !this.random.chance(DOUBLED)) return;
    this.bus.counts.busDoubled++;
    this.session.push(this.messageOf(message, handed, nowMs));
  }

  private messageOf(message: SubjectMessage, handed: HandedOut, nowMs: number): BusMessage {
    const { subject, data, sequence } = message;
    const { session } = this;
    const done = () => this.acknowledge(message, session);
    return {
      subject,
      data,
      sequence,
      redeliveries: handed.times++,
      ack: done,
      term: done,
      nak: (delayMs) => {
        handed.againMs = nowMs + delayMs;
      },
    };
  }

  private acknowledge(message: SubjectMessage, session: Session | null): void {
    const { sequence } = message;
    // Of a session that has ended, or of a message that a power failure has taken.
    if (session !== this.session || this.stored()[sequence - 1] !== message) return;
    if (this.bus.hasFaults && this.random.chance(ACK_LOST)) {
      this.bus.counts.busAcksLost++;
      return;
    }
    this.handedOut.delete(sequence);
    if (sequence > this.floor) this.acknowledged.add(sequence);
    while (this.acknowledged.delete(this.floor + 1)) this.floor++;
  }
}

/** What one reading process is handed. */
class Session implements MessageSource {
  private readonly queue: BusMessage[] = [];
  private wake: (() => void) | null = null;
  private hasEnded = false;
  private readonly onClose: () => void;

  constructor(onClose: () => void) {
    this.onClose = onClose;
  }

  push(message: BusMessage): void {
    this.queue.push(message);
    this.rouse();
  }

  end(): void {
    this.hasEnded = true;
    this.queue.length = 0;
    this.rouse();
  }

  async close(): Promise<void> {
    this.onClose();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<BusMessage> {
    for (;;) {
      const next = this.queue.shift();
      if (next !== undefined) yield next;
      else if (this.hasEnded) return;
      else await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }

  private rouse(): void {
    const { wake } = this;
    this.wake = null;
    wake?.();
  }
}
