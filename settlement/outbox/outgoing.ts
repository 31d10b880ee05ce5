import { assert } from '../../engine/assert.js';
import type { Bus } from '../bus/bus.js';
import { BusConflictError, BusFullError, BusUnavailableError } from '../bus/errors.js';
import { type BusHead, headOf } from './bus-head.js';
import { BusAheadError, BusLostItemsError } from './outbox-errors.js';

/** A pack or a mark that is to be stored, behind all earlier ones of its subject. */
export interface Message {
  subject: string;
  data: Uint8Array;
  messageId: string;
  /** How many items are in it; none in a mark. */
  items: number;
  lastItem: number;
  lastSequence: number;
  onStored: () => void;
}

interface Unconfirmed extends Message {
  ordinal: number;
}

/** Messages of one subject that the bus has not confirmed, oldest first. */
interface Line {
  subject: string;
  unconfirmed: Unconfirmed[];
  /** Last item that the bus has confirmed. */
  confirmedItem: number;
}

const RETRY_MS_FIRST = 50;
const RETRY_MS_MAX = 5_000;

/**
 * Messages on their way to the bus: many at once, each kept until it is stored. A bus that fails is asked where its subjects end and gets
 * the rest again, byte for byte, after a while that grows up to five seconds.
 */
export class Outgoing {
  /** Items that are not confirmed. */
  items = 0;
  retries = 0;
  /** The last failure, also when it is over. */
  lastError: Error | null = null;
  private readonly bus: Bus;
  private readonly lines = new Map<string, Line>();
  private ordinal = 0;
  private underWay = 0;
  private failure: Error | null = null;
  private retryMs = RETRY_MS_FIRST;
  /** Null: everything under way is still to be answered. */
  private retryAtMs: number | null = null;

  constructor(bus: Bus) {
    this.bus = bus;
  }

  /** Nothing new should be sent: the bus has failed, and will be tried again. */
  get isHeldUp(): boolean {
    return this.failure !== null;
  }

  /** Number of the message that was sent last; they count up over all subjects. */
  get lastOrdinal(): number {
    return this.ordinal;
  }

  /** Whether all messages up to this one are stored. */
  isStored(ordinal: number): boolean {
    for (const { unconfirmed } of this.lines.values()) {
      const [first] = unconfirmed;
      if (first !== undefined && first.ordinal <= ordinal) return false;
    }
    return true;
  }

  send(message: Message): void {
    const line = this.lineOf(message.subject);
    const unconfirmed = { ...message, ordinal: ++this.ordinal };
    line.unconfirmed.push(unconfirmed);
    this.items += message.items;
    if (this.failure === null) this.publish(line, unconfirmed);
  }

  /** The bus has this item already. */
  noteStored(subject: string, item: number): void {
    this.lineOf(subject).confirmedItem = item;
  }

  /** A failure of somebody else who uses the same bus. Throws it when trying again cannot help. */
  fail(error: Error): void {
    this.lastError = error;
    if (this.failure === null || isPassing(this.failure)) this.failure = error;
    if (!isPassing(error)) throw error;
  }

  /** When it has failed: tries again when it is time. Throws what cannot be helped by that. */
  async recover(nowMs: number): Promise<void> {
    const { failure } = this;
    if (failure === null) return;
    if (!isPassing(failure)) throw failure;
    if (this.underWay > 0) return;
    if (this.retryAtMs === null) {
      this.retryAtMs = nowMs + this.retryMs;
      this.retryMs = Math.min(this.retryMs * 2, RETRY_MS_MAX);
    }
    if (nowMs < this.retryAtMs) return;
    this.retryAtMs = null;
    this.retries++;
    try {
      for (const line of this.lines.values()) await this.forgetStored(line);
    } catch (error) {
      this.fail(error as Error);
      return;
    }
    this.failure = null;
    for (const line of this.lines.values()) {
      for (const message of line.unconfirmed) this.publish(line, message);
    }
  }

  /**
   * Asks whether what was confirmed is still there: a server that has lost power may have lost its newest messages, and says nothing of it
   * to who has nothing to send. Throws BusLostItemsError.
   */
  async look(): Promise<void> {
    for (const { subject, confirmedItem } of this.lines.values()) {
      if (confirmedItem === 0) continue;
      const head = await headOf(this.bus, subject);
      checkKept(subject, confirmedItem, head);
    }
  }

  private publish(line: Line, message: Unconfirmed): void {
    this.underWay++;
    this.bus
      .publish(line.subject, message.data, message.messageId)
      .then(() => {
        this.retryMs = RETRY_MS_FIRST;
        this.confirm(line, message);
      })
      .catch((error: Error) => {
        this.lastError = error;
        if (this.failure === null || isPassing(this.failure)) this.failure = error;
      })
      .finally(() => {
        this.underWay--;
      });
  }

  /** What is stored is stored behind everything before it. */
  private confirm(line: Line, message: Unconfirmed): void {
    const first = line.unconfirmed.shift();
    assert(first === message, 'messages of one subject must be stored in their order');
    line.confirmedItem = message.lastItem;
    this.items -= message.items;
    message.onStored();
  }

  /**
   * A message that was refused may be stored all the same. A subject of which nothing is under way is looked at too: the stream that it
   * shares with others may have lost its end, and only they were told.
   */
  private async forgetStored(line: Line): Promise<void> {
    const { subject, confirmedItem, unconfirmed } = line;
    const lastItem = unconfirmed.at(-1)?.lastItem ?? confirmedItem;
    const head = await headOf(this.bus, subject);
    const has = head?.lastItem ?? 0;
    checkKept(subject, confirmedItem, head);
    if (has > lastItem) {
      throw new BusAheadError(
        `the bus ends ${subject} with item ${has}, but this outbox has published no more than ${lastItem}`,
      );
    }
    while (head !== null && unconfirmed[0] !== undefined && isIn(unconfirmed[0], head)) {
      this.confirm(line, unconfirmed[0]);
    }
  }

  private lineOf(subject: string): Line {
    let line = this.lines.get(subject);
    if (line === undefined) {
      line = { subject, unconfirmed: [], confirmedItem: 0 };
      this.lines.set(subject, line);
    }
    return line;
  }
}

function checkKept(subject: string, confirmedItem: number, head: BusHead | null): void {
  const has = head?.lastItem ?? 0;
  if (has >= confirmedItem) return;
  throw new BusLostItemsError(
    `the bus ends ${subject} with item ${has}, but it had confirmed item ${confirmedItem}`,
  );
}

/** Whether the subject's end is this message, or one behind it: a mark stands behind the last item before it. */
function isIn(message: Message, head: BusHead): boolean {
  if (message.lastItem !== head.lastItem) return message.lastItem < head.lastItem;
  if (message.items > 0) return true;
  return head.item === null && message.lastSequence <= head.lastSequence;
}

/** A bus that is away, full, or was written by somebody else for a moment. */
function isPassing(error: Error): boolean {
  return (
    error instanceof BusUnavailableError ||
    error instanceof BusFullError ||
    error instanceof BusConflictError
  );
}
