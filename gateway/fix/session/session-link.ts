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
  private frames: Buffer[] = [];
  /** The last number that was written to the present connection, or would have been to one before. */
  private wiredTo = 0;
  /** Counts resends: one that is not the last any more stops. */
  private job = 0;
  private isResending = false;
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
    this.frames = [];
    this.stopResend();
    this.wiredTo = this.record.numbers.nextOut - 1;
  }

  detach(): void {
    this.wire = null;
    this.frames = [];
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
    const sequence = numbers.nextOut++;
    const timeMs = this.nowMs();
    if (!NOT_KEPT.includes(type)) {
      this.record.keep({ sequence, timeMs, type, body: body.text });
    }
    if (this.wire === null) return;
    // A goodbye ends what is under way: who comes back asks again.
    if (type === MSG.Logout && this.isResending) {
      this.stopResend();
      this.wiredTo = sequence - 1;
    }
    if (this.isResending) {
      if (NOT_KEPT.includes(type))
        this.held.set(sequence, { sequence, timeMs, type, body: body.text });
      return;
    }
    const head = { type, sequence, target: this.client, sendingTimeMs: timeMs };
    this.frames.push(frameOf({ ...head, originalTimeMs: null }, body.text));
  }

  /** Writes to the files, then to the wire. More than that should take at once follows from the files, as the client reads. */
  flush(): void {
    const { wire, record } = this;
    record.flush();
    if (wire === null || this.frames.length === 0) return;
    const bytes = Buffer.concat(this.frames);
    this.frames = [];
    if (bytes.length + wire.waiting > this.pauseAbove * 4) {
      this.isResending = true;
      this.job++;
      this.goOn(this.job, this.wiredTo + 1).catch(this.onError);
      return;
    }
    this.wiredTo = record.numbers.nextOut - 1;
    wire.write(bytes);
  }

  /**
   * Sends once more what went out under these numbers. A later call takes the place of an earlier one.
   */
  resend(from: number, to: number): void {
    this.flush();
    this.job++;
    this.isResending = true;
    this.run(this.job, from, to).catch(this.onError);
  }

  private async run(job: number, from: number, to: number): Promise<void> {
    const next = await this.again(job, from, Math.min(to, this.wiredTo));
    // What came in the meantime follows; whatever lies between was sent before.
    if (next >= 0) await this.goOn(job, this.wiredTo + 1);
  }

  /** Sends from the files until nothing waits there. */
  private async goOn(job: number, from: number): Promise<void> {
    for (let next = from; next < this.record.numbers.nextOut; ) {
      const last = this.record.numbers.nextOut - 1;
      next = await this.again(job, next, last);
      if (next < 0) return;
      this.wiredTo = last;
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
        if (this.wire.waiting > this.pauseAbove) await this.wire.drained();
      }
    }
    if (this.job !== job || this.wire === null) return -1;
    this.fillGap(next, to + 1);
    return to + 1;
  }

  private write({ type, sequence, timeMs, body }: SentMessage): void {
    const isAgain = sequence <= this.wiredTo;
    const head = { type, sequence, target: this.client, sendingTimeMs: this.nowMs() };
    const originalTimeMs = isAgain ? timeMs : null;
    this.wire?.write(frameOf({ ...head, originalTimeMs }, body));
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
  }

  private stopResend(): void {
    this.job++;
    this.isResending = false;
    this.held.clear();
  }
}
