import type { ClientOrder } from '../orders/client-order.js';
import { ClientOrders } from '../orders/client-orders.js';
import type { PendingRequest } from '../orders/pending-request.js';
import { SessionFiles } from './session-files.js';
import { SessionNumbers } from './session-numbers.js';

/** How far a session has told its account's private events. */
export interface FeedCursor {
  readonly epoch: number;
  readonly sequence: number;
}

/** A message that went out and can go out again. */
export interface SentMessage {
  readonly sequence: number;
  readonly timeMs: number;
  readonly type: string;
  /** Behind the header. */
  readonly body: string;
}

/** One line of a session's files; names are short because there are many. */
interface Line {
  /** Number of the session; only in a line that is a whole state. */
  n?: number;
  /** Next number to the client. */
  u?: number;
  /** Lowest number from the client without an answer, then those above that have one. */
  i?: number[];
  /** Epoch and number of the last private event told. */
  c?: [number, number];
  /** Orders as they are now. */
  o?: ClientOrder[];
  /** ClOrdIDs beside those of an order itself: name, market, order id. */
  k?: [string, number, number][];
  /** Requests under way, and numbers of those that are not any more. */
  q?: PendingRequest[];
  a?: number[];
  /** Sent: number, time, type, body. */
  s?: [number, number, string, string][];
  /** The machine's boot in which this was written. */
  b?: string;
  /** 1: everything before is on disk, and nothing was sent afterwards. */
  z?: number;
}

/**
 * A power failure takes what the disk did not have yet. Numbers go on so much later then, which no client takes for one that it
 * has seen: it asks for those between, and is told that they carry nothing. What they carried is told anew.
 */
const NUMBERS_AFTER_POWER_FAILURE = 100_000;

/** Everything that a FIX session is beside its connection: it outlives connection and process. */
export class SessionRecord {
  /** Bits of W_SESSION that name it in commands and events. */
  number: number;
  numbers = new SessionNumbers();
  orders = new ClientOrders();
  /** Requests on their way through the exchange, by MsgSeqNum. */
  requests = new Map<number, PendingRequest>();
  /** Null: nothing has been told yet. */
  cursor: FeedCursor | null = null;
  /** Requests of a process that has ended. */
  private inherited: PendingRequest[];
  private readonly files: SessionFiles;
  private readonly boot: string;
  private staged: Line = {};
  private written = { out: 0, in: '', cursor: 0 };

  /** Reads the session from its folder, or begins a new one with this number. `boot`: names the machine's boot, empty: unknown. */
  constructor(folder: string, newNumber: () => number, boot: string) {
    this.files = new SessionFiles(folder);
    this.boot = boot;
    this.number = 0;
    try {
      this.read(this.files.open(), newNumber);
    } catch (error) {
      this.files.close();
      throw error;
    }
    this.inherited = [...this.requests.values()];
    this.orders.takeChanged();
    this.noteWritten();
  }

  private read(lines: readonly string[], newNumber: () => number): void {
    let before = '';
    let isComplete = false;
    for (const text of lines) {
      const line = JSON.parse(text) as Line;
      this.take(line);
      before = line.b ?? before;
      isComplete = line.z === 1;
    }
    if (this.number === 0) {
      this.number = newNumber();
      this.beginFile();
    } else {
      const { boot } = this;
      const isSameBoot = boot !== '' && boot === before;
      if (!isComplete && !isSameBoot) this.numbers.nextOut += NUMBERS_AFTER_POWER_FAILURE;
      this.staged.b = boot;
      this.staged.u = this.numbers.nextOut;
      this.flush();
    }
  }

  /**
   * All that the exchange did before its restart is told: what has no answer now was refused, or never arrived. The client is
   * asked for it again, because its number was not answered.
   */
  dropInherited(): void {
    for (const request of this.inherited) {
      if (this.requests.get(request.sequence) !== request) continue;
      this.requests.delete(request.sequence);
      this.staged.a ??= [];
      this.staged.a.push(request.sequence);
    }
    this.inherited = [];
  }

  /** Both numbers begin at 1 again, and nothing that was sent can be asked for any more. */
  reset(newNumber: number): void {
    this.files.clear();
    this.number = newNumber;
    this.numbers = new SessionNumbers();
    this.requests.clear();
    this.staged = {};
    this.beginFile();
  }

  /** The message has taken its number, and is kept. */
  keep(message: SentMessage): void {
    this.staged.s ??= [];
    this.staged.s.push([message.sequence, message.timeMs, message.type, message.body]);
  }

  begin(request: PendingRequest): void {
    this.requests.set(request.sequence, request);
    this.staged.q ??= [];
    this.staged.q.push(request);
  }

  /** The request with this number has its answer. */
  answered(sequence: number): void {
    this.numbers.answer(sequence);
    if (!this.requests.delete(sequence)) return;
    this.staged.a ??= [];
    this.staged.a.push(sequence);
  }

  /** Writes what has changed; it returns when the system has it. */
  flush(): void {
    const line = this.staged;
    this.staged = {};
    const { numbers, cursor, orders, written } = this;
    const changed = orders.takeChanged();
    if (changed.length > 0) line.o = changed;
    if (numbers.nextOut !== written.out) line.u = numbers.nextOut;
    const inbound = [numbers.unanswered, ...numbers.answeredBeyond];
    if (inbound.join() !== written.in) line.i = inbound;
    if (cursor !== null && cursor.sequence !== written.cursor) {
      line.c = [cursor.epoch, cursor.sequence];
    }
    if (Object.keys(line).length === 0) return;
    this.files.append(JSON.stringify(line));
    this.noteWritten();
    if (this.files.isFull) this.beginFile();
  }

  /** What was sent and kept from one number to another, oldest first, in portions. Call `flush` before. */
  async *sent(from: number, to: number): AsyncGenerator<SentMessage[]> {
    for await (const lines of this.files.linesFrom(from)) {
      const found: SentMessage[] = [];
      for (const text of lines) {
        if (!text.includes('"s":[')) continue;
        for (const [sequence, timeMs, type, body] of (JSON.parse(text) as Line).s ?? []) {
          if (sequence >= from && sequence <= to) found.push({ sequence, timeMs, type, body });
        }
      }
      if (found.length > 0) yield found;
    }
  }

  /** `isFinal`: the exchange stops, and all of it shall be on disk. */
  close(isFinal: boolean): void {
    if (isFinal) this.staged.z = 1;
    try {
      this.flush();
      if (isFinal) this.files.sync();
    } finally {
      this.files.close();
    }
  }

  /** Leaves the files as they are: what was not written is as if it had not happened. */
  abandon(): void {
    this.files.close();
  }

  private beginFile(): void {
    const { numbers, cursor, orders } = this;
    const all = orders.all();
    const state: Line = {
      n: this.number,
      u: numbers.nextOut,
      i: [numbers.unanswered, ...numbers.answeredBeyond],
      ...(cursor === null ? {} : { c: [cursor.epoch, cursor.sequence] }),
      o: all,
      k: orders.furtherNames(),
      q: [...this.requests.values()],
      b: this.boot,
    };
    this.files.begin(JSON.stringify(state), numbers.nextOut);
    orders.takeChanged();
    this.noteWritten();
  }

  private take(line: Line): void {
    if (line.n !== undefined) this.number = line.n;
    const { numbers } = this;
    if (line.u !== undefined) numbers.nextOut = line.u;
    if (line.i !== undefined) {
      const [low = 1, ...beyond] = line.i;
      // What has no answer is asked for again: the process that took it may have lost it.
      this.numbers = new SessionNumbers(numbers.nextOut, low, beyond);
    }
    if (line.c !== undefined) this.cursor = { epoch: line.c[0], sequence: line.c[1] };
    for (const order of line.o ?? []) this.orders.put(order);
    for (const [name, marketId, orderId] of line.k ?? []) {
      const order = this.orders.find(marketId, orderId);
      if (order !== undefined) this.orders.name(order, name);
    }
    for (const request of line.q ?? []) this.requests.set(request.sequence, request);
    for (const sequence of line.a ?? []) this.requests.delete(sequence);
  }

  private noteWritten(): void {
    const { numbers, cursor } = this;
    this.written = {
      out: numbers.nextOut,
      in: [numbers.unanswered, ...numbers.answeredBeyond].join(),
      cursor: cursor?.sequence ?? 0,
    };
  }
}
