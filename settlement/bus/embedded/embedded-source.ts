import path from 'node:path';
import type { BusMessage, MessageSource } from '../bus.js';
import { DeliveryWindow, type Outstanding } from '../delivery-window.js';
import type { Signal } from '../waiting.js';
import { lockFolder } from './log-folder.js';
import { LogFollower } from './log-follower.js';
import type { LogRecord } from './record.js';
import { positionPath } from './retention.js';
import { readStamped, StampedFile } from './stamped-file.js';

/** How often it looks whether another process has written; one in this process says so. */
const POLL_MS = 5;
/** The position is on the disk this much later; a power failure before that only redelivers. */
const SYNC_MS = 1_000;

interface Repeat {
  readonly dueMs: number;
  readonly sequence: number;
}

/** One durable reader of a stream's files. Its position is written with every hand-out and acknowledgement. */
export class EmbeddedSource implements MessageSource {
  private readonly position: StampedFile;
  private readonly window: DeliveryWindow<LogRecord>;
  private readonly follower: LogFollower;
  private readonly unlock: () => void;
  private readonly syncTimer: NodeJS.Timeout;
  /** Messages up to here were handed out by earlier sessions, `resets` times. */
  private readonly deliveredBefore: number;
  private readonly resets: number;
  private repeats: Repeat[] = [];
  private isDirty = false;
  private closed = false;

  private readonly maxUnacknowledged: number;
  private readonly changed: Signal;
  private readonly onTerminated: (sentence: string) => void;

  /**
   * @param changed raised when this process has stored something
   * @param onTerminated hears the reasons of `term`
   * Throws BusConflictError when another process reads with this name.
   */
  constructor(
    folder: string,
    durable: string,
    maxUnacknowledged: number,
    changed: Signal,
    onTerminated: (sentence: string) => void,
  ) {
    this.maxUnacknowledged = maxUnacknowledged;
    this.changed = changed;
    this.onTerminated = onTerminated;
    const file = positionPath(folder, durable);
    this.unlock = lockFolder(path.dirname(file));
    const [floor, newest, resets] = readStamped(file) ?? [0, 0, 0];
    this.position = new StampedFile(file);
    this.deliveredBefore = newest;
    this.resets = newest > floor ? resets + 1 : 0;
    this.window = new DeliveryWindow(floor);
    this.follower = new LogFollower(folder, floor + 1);
    this.note();
    this.syncTimer = setInterval(() => this.sync(), SYNC_MS);
    this.syncTimer.unref();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<BusMessage, void, undefined> {
    while (!this.closed) {
      const message = this.next();
      if (message !== null) yield message;
      else await this.changed.wait(this.waitMs());
    }
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    clearInterval(this.syncTimer);
    this.sync();
    this.position.close();
    this.follower.close();
    this.unlock();
    this.changed.raise();
  }

  private next(): BusMessage | null {
    const again = this.nextRepeat();
    if (again !== null) return again;
    if (this.window.count >= this.maxUnacknowledged) return null;
    const record = this.follower.next();
    if (record === null) return null;
    const entry = this.window.handOut(record.sequence, record);
    this.note();
    return this.messageOf(record, entry);
  }

  private nextRepeat(): BusMessage | null {
    const first = this.repeats[0];
    if (first === undefined || first.dueMs > Date.now()) return null;
    this.repeats.shift();
    const entry = this.window.find(first.sequence);
    if (entry === undefined || entry.wantedAtMs === null) return this.nextRepeat();
    entry.wantedAtMs = null;
    entry.handedOut++;
    return this.messageOf(entry.handle, entry);
  }

  private waitMs(): number {
    const first = this.repeats[0];
    return first === undefined ? POLL_MS : Math.max(0, Math.min(POLL_MS, first.dueMs - Date.now()));
  }

  private messageOf(record: LogRecord, entry: Outstanding<LogRecord>): BusMessage {
    const { subject, data, sequence } = record;
    const before = sequence <= this.deliveredBefore ? this.resets : 0;
    return {
      subject,
      data,
      sequence,
      redeliveries: before + entry.handedOut - 1,
      ack: () => this.settle(sequence),
      nak: (delayMs) => this.repeat(entry, sequence, delayMs),
      term: (reason) => {
        this.settle(sequence);
        this.onTerminated(`${subject}, message ${sequence}: ${reason}`);
      },
    };
  }

  private settle(sequence: number): void {
    if (this.closed || !this.window.settle(sequence)) return;
    this.note();
    this.changed.raise();
  }

  private repeat(entry: Outstanding<LogRecord>, sequence: number, delayMs: number): void {
    if (this.closed || entry.wantedAtMs !== null || this.window.find(sequence) !== entry) return;
    entry.wantedAtMs = Date.now() + delayMs;
    this.repeats.push({ dueMs: entry.wantedAtMs, sequence });
    this.repeats.sort((a, b) => a.dueMs - b.dueMs);
    this.changed.raise();
  }

  /** The count of earlier hand-outs is for as long as the same messages are waited for. */
  private note(): void {
    const floor = this.window.floor();
    const newest = Math.max(this.window.newest, this.deliveredBefore);
    this.position.write([floor, newest, floor < this.deliveredBefore ? this.resets : 0, 0]);
    this.isDirty = true;
  }

  private sync(): void {
    if (!this.isDirty) return;
    this.isDirty = false;
    this.position.sync();
  }
}
