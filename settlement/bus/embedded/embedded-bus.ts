import path from 'node:path';
import type {
  Bus,
  BusStatus,
  ConsumeOptions,
  MessageSource,
  StoredMessage,
  StreamName,
} from '../bus.js';
import { BusClosedError, BusConflictError, BusFullError } from '../errors.js';
import {
  type AllLimits,
  checkDurable,
  checkMaxUnacknowledged,
  checkMessage,
  type LimitsGiven,
  limitsOf,
  STREAM_NAMES,
  streamOf,
} from '../streams.js';
import { Signal, sentenceOf } from '../waiting.js';
import { EmbeddedSource } from './embedded-source.js';
import { type Heads, readHeadsOf } from './heads.js';
import { readSyncedEnd } from './log-folder.js';
import { LogWriter } from './log-writer.js';

export interface EmbeddedBusOptions {
  /** The bus's own folder; publisher and readers of all processes name the same one. */
  readonly folder: string;
  readonly limits?: LimitsGiven;
  /** More than this under way is refused with BusFullError. Default 64 MiB. */
  readonly maxWaitingBytes?: number;
}

/**
 * The bus without a server: a log in files for each stream. One process appends, others follow the
 * files; each may be killed at any time.
 */
export function openEmbeddedBus(options: EmbeddedBusOptions): Bus {
  return new EmbeddedBus(options);
}

class EmbeddedBus implements Bus {
  private readonly limits: AllLimits;
  private readonly writers = new Map<StreamName, LogWriter>();
  private readonly read = new Map<StreamName, { end: number; heads: Heads }>();
  private readonly sources = new Set<EmbeddedSource>();
  private readonly changed: Readonly<Record<StreamName, Set<Signal>>>;
  private closed = false;
  private unavailableSinceMs: number | null = null;
  private lastError: string | null = null;
  private terminated = 0;

  private readonly options: EmbeddedBusOptions;

  constructor(options: EmbeddedBusOptions) {
    this.options = options;
    this.limits = limitsOf(options.limits);
    this.changed = { fills: new Set(), 'account-events': new Set(), prices: new Set() };
  }

  async publish(subject: string, data: Uint8Array, messageId: string): Promise<void> {
    this.checkOpen();
    const stream = streamOf(subject);
    checkMessage(data, messageId);
    const most = this.options.maxWaitingBytes ?? 64 * 2 ** 20;
    try {
      const writer = this.writerOf(stream);
      const refusal = writer.refusal.answer();
      if (refusal !== null) await refusal;
      if (this.sumOfWriters('waitingBytes') + data.length > most) {
        const error = new BusFullError(`${most} bytes may be under way at once, not more`);
        writer.refusal.raise(error);
        throw error;
      }
      await writer.append(subject, data, messageId);
      this.unavailableSinceMs = null;
    } catch (error) {
      if (!(error instanceof BusClosedError)) {
        this.unavailableSinceMs ??= Date.now();
        this.lastError = sentenceOf(error);
      }
      throw error;
    }
  }

  async last(subject: string): Promise<StoredMessage | null> {
    this.checkOpen();
    const stream = streamOf(subject);
    const heads = this.writers.get(stream)?.heads ?? this.readHeads(stream);
    return heads.get(subject) ?? null;
  }

  async consume(
    stream: StreamName,
    durable: string,
    options: ConsumeOptions = {},
  ): Promise<MessageSource> {
    this.checkOpen();
    checkDurable(durable);
    const most = checkMaxUnacknowledged(options.maxUnacknowledged);
    const signal = new Signal();
    const source = new EmbeddedSource(this.folderOf(stream), durable, most, signal, (sentence) => {
      this.terminated++;
      this.lastError = sentence;
    });
    this.sources.add(source);
    this.changed[stream].add(signal);
    const close = source.close.bind(source);
    source.close = async () => {
      this.sources.delete(source);
      this.changed[stream].delete(signal);
      await close();
    };
    return source;
  }

  status(): BusStatus {
    return {
      kind: 'embedded',
      description: `embedded log in ${this.options.folder}`,
      available: this.unavailableSinceMs === null && !this.closed,
      unavailableSinceMs: this.unavailableSinceMs,
      waitingMessages: this.sumOfWriters('waitingMessages'),
      waitingBytes: this.sumOfWriters('waitingBytes'),
      stored: this.sumOfWriters('stored'),
      sentAgain: 0,
      reconnects: 0,
      terminated: this.terminated,
      lastError: this.lastError,
    };
  }

  async close(): Promise<void> {
    this.closed = true;
    for (const source of this.sources) await source.close();
    for (const writer of this.writers.values()) await writer.close();
  }

  private folderOf(stream: StreamName): string {
    return path.join(this.options.folder, stream);
  }

  /** Reads them again only when something was written meanwhile: a publisher asks for each subject. */
  private readHeads(stream: StreamName): Heads {
    const folder = this.folderOf(stream);
    const end = readSyncedEnd(folder)?.lastSequence ?? 0;
    const read = this.read.get(stream);
    if (read?.end === end) return read.heads;
    const heads = readHeadsOf(folder);
    this.read.set(stream, { end, heads });
    return heads;
  }

  /**
   * The first publish to a stream makes this process its writer.
   *
   * @throws BusConflictError when there is more than `last` has told: what a writer had written and was killed before it said so
   */
  private writerOf(stream: StreamName): LogWriter {
    const known = this.writers.get(stream);
    if (known !== undefined) return known;
    const writer = new LogWriter(this.folderOf(stream), this.limits[stream], () => {
      for (const signal of this.changed[stream]) signal.raise();
    });
    this.writers.set(stream, writer);
    const told = this.read.get(stream)?.end ?? writer.end;
    if (writer.end <= told) return writer;
    const ends = `${stream} ends with message ${writer.end}, but ended with ${told} when it was asked for`;
    const error = new BusConflictError(`${ends}: its writer was killed before it said so`);
    writer.refusal.raise(error);
    throw error;
  }

  private sumOfWriters(key: 'stored' | 'waitingBytes' | 'waitingMessages'): number {
    return STREAM_NAMES.reduce((sum, name) => sum + (this.writers.get(name)?.[key] ?? 0), 0);
  }

  private checkOpen(): void {
    if (this.closed) throw new BusClosedError('the bus is closed');
  }
}
