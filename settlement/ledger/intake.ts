import type { BusMessage } from '../bus/bus.js';
import { LedgerError } from './errors.js';
import type { SettlementLedger } from './ledger.js';

export interface IntakeOptions {
  readonly ledger: SettlementLedger;
  /**
   * Hears of trouble with the ledger, and null when it is over. A LedgerError is tried again while messages wait; any other error is a
   * mistake of the program, ends the intake, and is thrown by `read` as well.
   */
  readonly onTrouble: (error: Error | null) => void;
  /** Called behind each group: for whoever waits to net. */
  readonly onTaken?: (messages: number) => void;
  /** A group is taken in when it has so many messages … Default 500. */
  readonly messagesMax?: number;
  /** … or so many bytes … Default 4 MiB. */
  readonly bytesMax?: number;
  /** … or when its first message has waited so long. Default 10 ms. */
  readonly waitMs?: number;
  /** After trouble. Default 1 s. */
  readonly retryMs?: number;
  /** After which a message that cannot be taken yet is to come again. Default 250 ms. */
  readonly againMs?: number;
}

/**
 * Takes messages of any number of sources in, in groups of one transaction each, and acknowledges them when they are on disk. A sync
 * costs more than a hundred packs, so groups that wait a few milliseconds make the difference.
 */
export class Intake {
  private readonly options: IntakeOptions;
  private group: BusMessage[] = [];
  private groupBytes = 0;
  private timer: NodeJS.Timeout | null = null;
  private hasTrouble = false;
  private failure: unknown = null;
  /** Readers that have to wait until the group is taken in. */
  private waiting: (() => void)[] = [];
  private isClosed = false;

  constructor(options: IntakeOptions) {
    this.options = options;
  }

  /**
   * Reads until the source ends, and takes in what it has brought. Several may run at once.
   *
   * @throws what the source throws, and errors that no waiting helps with.
   */
  async read(source: AsyncIterable<BusMessage>): Promise<void> {
    for await (const message of source) {
      if (this.isClosed) return;
      this.add(message);
      if (this.isFull()) this.flush();
      while (this.isFull() && !this.isClosed && this.failure === null) {
        await new Promise<void>((resolve) => this.waiting.push(resolve));
      }
      this.throwFailure();
    }
    this.flush();
    this.throwFailure();
  }

  /** Takes in what is at hand now. */
  flush(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    if (this.group.length === 0 || this.isClosed || this.failure !== null) return;
    try {
      this.takeGroup();
    } catch (error) {
      this.onError(error);
    }
  }

  /** What was not taken in yet is not acknowledged either, and will come again. */
  close(): void {
    this.isClosed = true;
    if (this.timer !== null) clearTimeout(this.timer);
    this.letGo();
  }

  private add(message: BusMessage): void {
    this.group.push(message);
    this.groupBytes += message.data.length;
    this.timer ??= setTimeout(() => this.flush(), this.options.waitMs ?? 10);
  }

  private isFull(): boolean {
    const { messagesMax = 500, bytesMax = 4 * 1024 * 1024 } = this.options;
    return this.group.length >= messagesMax || this.groupBytes >= bytesMax;
  }

  private takeGroup(): void {
    const { ledger, onTrouble, onTaken, againMs = 250 } = this.options;
    const { group } = this;
    const results = ledger.ingest(group);
    this.group = [];
    this.groupBytes = 0;
    for (const [index, { isDone }] of results.entries()) {
      if (isDone) group[index]?.ack();
      else group[index]?.nak(againMs);
    }
    if (this.hasTrouble) onTrouble(null);
    this.hasTrouble = false;
    onTaken?.(group.length);
    this.letGo();
  }

  private onError(error: unknown): void {
    if (!(error instanceof LedgerError)) {
      this.failure = error;
      this.options.onTrouble(error as Error);
      this.letGo();
      return;
    }
    if (!this.hasTrouble) this.options.onTrouble(error);
    this.hasTrouble = true;
    this.timer = setTimeout(() => this.flush(), this.options.retryMs ?? 1_000);
  }

  private letGo(): void {
    for (const resolve of this.waiting.splice(0)) resolve();
  }

  private throwFailure(): void {
    if (this.failure !== null) throw this.failure;
  }
}
