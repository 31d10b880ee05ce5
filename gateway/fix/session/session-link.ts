import { FixBody, frameOf } from '../codec/frame-writer.js';
import { MSG, TAG } from '../codec/tags.js';
import type { SentMessage, SessionRecord } from './session-record.js';

/** A connection as far as sending goes. */
export interface Wire {
  write(bytes: Buffer): void;
  /** Bytes that wait for the client. */
  readonly waiting: number;
  /** Resolves when nothing waits any more, or the connection has ended. */
  drained(): Promise<void>;
}

interface Range {
  from: number;
  to: number;
}

interface PendingFrame {
  readonly message: SentMessage;
  readonly frame: Buffer;
}

const MESSAGES_A_FLUSH = 1_000;
/** So many times what a resend lets wait may be written at once. */
const BURST = 4;
/**
 * Never sent again: of a heartbeat or a Logon only the number counts, and market data would be stale. A gap fill stands in
 * their place.
 */
const NOT_KEPT: readonly string[] = [
  MSG.Heartbeat,
  MSG.TestRequest,
  MSG.ResendRequest,
  MSG.SequenceReset,
  MSG.Logout,
  MSG.Logon,
  MSG.MarketDataSnapshot,
  MSG.MarketDataIncremental,
];

/**
 * Gives messages to the client their numbers, keeps them, and sends them. What is written to the wire is in the files before;
 * without a connection it is only kept. While something is sent again, new messages wait in the files, and follow from there.
 */
export class SessionLink {
  private readonly record: SessionRecord;
  private readonly client: string;
  private readonly nowMs: () => number;
  private wire: Wire | null = null;
  /** What the next `flush` writes. */
  private pending: PendingFrame[] = [];
  private sinceFlush = 0;
  /** The last number that was written to the present connection, or would have been to one before. */
  private wiredTo = 0;
  /** Counts resends: one that is not the last any more stops. */
  private job = 0;
  private isResending = false;
  /** What is still to be sent again; null: nothing. */
  private asked: Range | null = null;
  /** What came during a resend and is not kept, such as the answer to a TestRequest: it goes out when its number comes. */
  private readonly held = new Map<number, SentMessage>();
  /** Bytes on the wire above which a resend waits. */
  private readonly pauseAbove: number;
  private readonly onError: (error: Error) => void;

  constructor(
    record: SessionRecord,
    client: string,
    nowMs: () => number,
    pauseAbove: number,
    onError: (error: Error) => void,
  ) {
    this.record = record;
    this.onError = onError;
    this.client = client;
    this.nowMs = nowMs;
    this.pauseAbove = pauseAbove;
  }

  attach(wire: Wire): void {
    this.wire = wire;
    this.pending = [];
    this.stopResend();
    this.wiredTo = this.record.numbers.nextOut - 1;
  }

  detach(): void {
    this.wire = null;
    this.pending = [];
    this.stopResend();
  }

  get isAttached(): boolean {
    return this.wire !== null;
  }

  /** Public data is left out while this is so. */
  get isBusy(): boolean {
    return this.wire === null || this.isResending || this.wire.waiting > this.pauseAbove;
  }

  /** Takes a message; it leaves with the next `flush`. */
  send(type: string, body: FixBody): void {
    const { numbers } = this.record;
    const message = { sequence: numbers.nextOut++, timeMs: this.nowMs(), type, body: body.text };
    if (!NOT_KEPT.includes(type)) this.record.keep(message);
    if (this.wire !== null) this.queue(message);
    this.sinceFlush++;
    // A long history to be told must not gather in memory.
    if (this.sinceFlush >= MESSAGES_A_FLUSH) this.flush();
  }

  /** Writes to the files, then to the wire. More than that should take at once follows from the files, as the client reads. */
  flush(): void {
    const { wire, record, pending } = this;
    this.sinceFlush = 0;
    record.flush();
    if (wire === null || pending.length === 0) return;
    this.pending = [];
    const bytes = Buffer.concat(pending.map(({ frame }) => frame));
    if (bytes.length + wire.waiting > this.pauseAbove * BURST) {
      for (const { message } of pending) this.hold(message);
      this.isResending = true;
      this.job++;
      this.goOn(this.job).catch(this.onError);
      return;
    }
    this.wiredTo = record.numbers.nextOut - 1;
    wire.write(bytes);
  }

  /** Sends once more what went out under these numbers; what was asked for before and is not out yet is not forgotten. */
  resend(from: number, to: number): void {
    this.flush();
    const { asked } = this;
    this.asked =
      asked === null
        ? { from, to }
        : { from: Math.min(from, asked.from), to: Math.max(to, asked.to) };
    this.job++;
    this.isResending = true;
    this.run(this.job, this.asked).catch(this.onError);
  }

  private async run(job: number, asked: Range): Promise<void> {
    const next = await this.again(job, asked.from, Math.min(asked.to, this.wiredTo));
    if (next < 0) return;
    this.asked = null;
    // What came in the meantime follows; whatever lies between was sent before.
    await this.goOn(job);
  }

  /** Sends what was not on the wire yet from the files, until nothing waits there. */
  private async goOn(job: number): Promise<void> {
    while (this.wiredTo + 1 < this.record.numbers.nextOut) {
      const next = await this.again(job, this.wiredTo + 1, this.record.numbers.nextOut - 1);
      if (next < 0) return;
    }
    this.isResending = false;
    this.held.clear();
  }

  /** Gives the number behind the last one; −1 when the resend was given up. */
  private async again(job: number, from: number, to: number): Promise<number> {
    this.record.flush();
    let next = from;
    for await (const messages of this.record.sent(from, to)) {
      for (const message of messages) {
        if (this.job !== job || this.wire === null) return -1;
        if (message.sequence < next) continue;
        this.fillGap(next, message.sequence);
        this.write(message);
        next = message.sequence + 1;
        if (this.asked !== null) this.asked.from = next;
        if (this.wire.waiting > this.pauseAbove) await this.wire.drained();
      }
    }
    if (this.job !== job || this.wire === null) return -1;
    this.fillGap(next, to + 1);
    return to + 1;
  }

  private queue(message: SentMessage): void {
    const { type, sequence, timeMs, body } = message;
    // A goodbye ends what is under way: who comes back asks again.
    if (type === MSG.Logout && this.isResending) this.stopResend();
    if (this.isResending) {
      this.hold(message);
      return;
    }
    const head = { type, sequence, target: this.client, sendingTimeMs: timeMs };
    this.pending.push({ message, frame: frameOf({ ...head, originalTimeMs: null }, body) });
  }

  /** The files have all others. */
  private hold(message: SentMessage): void {
    if (NOT_KEPT.includes(message.type)) this.held.set(message.sequence, message);
  }

  private write({ type, sequence, timeMs, body }: SentMessage): void {
    const isAgain = sequence <= this.wiredTo;
    const head = { type, sequence, target: this.client, sendingTimeMs: this.nowMs() };
    const originalTimeMs = isAgain ? timeMs : null;
    this.wire?.write(frameOf({ ...head, originalTimeMs }, body));
    this.wiredTo = Math.max(this.wiredTo, sequence);
  }

  /** What lies before `next` is what was held, and numbers that carry nothing that would come again. */
  private fillGap(from: number, next: number): void {
    let sequence = from;
    for (const [number, message] of this.held) {
      if (number < sequence || number >= next || number <= this.wiredTo) continue;
      this.skip(sequence, number);
      this.write(message);
      sequence = number + 1;
    }
    this.skip(sequence, next);
  }

  private skip(sequence: number, next: number): void {
    if (sequence >= next) return;
    const body = new FixBody().field(TAG.GapFillFlag, 'Y').field(TAG.NewSeqNo, next);
    const nowMs = this.nowMs();
    const head = { type: MSG.SequenceReset, sequence, target: this.client, sendingTimeMs: nowMs };
    this.wire?.write(frameOf({ ...head, originalTimeMs: nowMs }, body.text));
    this.wiredTo = Math.max(this.wiredTo, next - 1);
  }

  private stopResend(): void {
    this.job++;
    this.asked = null;
    this.isResending = false;
    this.held.clear();
  }
}
