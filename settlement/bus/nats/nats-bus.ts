import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type JetStreamClient,
  type JetStreamManager,
  jetstream,
  jetstreamManager,
} from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import { connect } from '@nats-io/transport-node';
import type {
  Bus,
  BusStatus,
  ConsumeOptions,
  MessageSource,
  StoredMessage,
  StreamName,
} from '../bus.js';
import { BusClosedError, BusError, BusFullError, BusUnavailableError } from '../errors.js';
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
import { sentenceOf } from '../waiting.js';
import { NatsSource } from './nats-source.js';
import { PublishLane } from './publish-lane.js';
import { openGeneration } from './reader-generations.js';
import { type ServerAddress, withoutSecrets } from './server-address.js';
import { makeStreams, trimStream } from './streams-on-server.js';
import { NatsWire } from './wire.js';

export interface NatsBusOptions {
  readonly address: ServerAddress;
  /** Copies of each stream that is made: 1, or 3 in a cluster. Default 1. */
  readonly replicas?: 1 | 3;
  readonly limits?: LimitsGiven;
  /** How long to wait for a server or a leader before an error, milliseconds. Default 30,000. */
  readonly patienceMs?: number;
  /** More than this under way is refused with BusFullError. Default 64 MiB. */
  readonly maxWaitingBytes?: number;
  /** What one stream may have under way at the server. Default 4,000 messages and 16 MiB. */
  readonly windowMessages?: number;
  readonly windowBytes?: number;
  /** How often streams are trimmed that this process reads, milliseconds. Default 10,000. */
  readonly trimMs?: number;
}

const DEFAULT_PATIENCE_MS = 30_000;
const REQUEST_MS = 1_500;
const ANSWER_MS = 2_000;
const CAUTION_MS = 5_000;
const TICK_MS = 100;
const CHECK_MS = 3_000;
const TRIM_MS = 10_000;
const PAUSE_MS = 200;

/**
 * Connects to a server with JetStream and makes the streams that are missing.
 *
 * @throws BusUnavailableError when that does not succeed within the patience
 * @throws BusConflictError when a stream of the same name is not what the bus needs
 */
export async function openNatsBus(options: NatsBusOptions): Promise<Bus> {
  const patienceMs = options.patienceMs ?? DEFAULT_PATIENCE_MS;
  const what = `connecting to NATS at ${withoutSecrets(options.address)}`;
  return await withPatience(patienceMs, what, async () => {
    const connection = await connect({
      ...options.address,
      name: 'plimsoll',
      timeout: REQUEST_MS,
      reconnect: true,
      maxReconnectAttempts: -1,
      reconnectTimeWait: PAUSE_MS,
      reconnectJitter: PAUSE_MS,
      pingInterval: 2_000,
      // Keys may be changed while this runs.
      ignoreAuthErrorAbort: true,
    });
    try {
      // The check would ask once for the account; `makeStreams` finds out the same.
      const manager = await jetstreamManager(connection, {
        timeout: REQUEST_MS,
        checkAPI: false,
      });
      await makeStreams(manager, options.limits ?? {}, options.replicas ?? 1);
      return new NatsBus(connection, manager, options);
    } catch (error) {
      await connection.close();
      throw error;
    }
  });
}

class NatsBus implements Bus {
  private readonly connection: NatsConnection;
  private readonly client: JetStreamClient;
  private readonly manager: JetStreamManager;
  private readonly options: NatsBusOptions;
  private readonly limits: AllLimits;
  private readonly patienceMs: number;
  private readonly wire: NatsWire;
  private readonly lanes: Readonly<Record<StreamName, PublishLane>>;
  private readonly sources = new Map<NatsSource, StreamName>();
  private readonly timers: NodeJS.Timeout[];
  private isConnected = true;
  private disconnectedSinceMs = 0;
  private reconnects = 0;
  private terminated = 0;
  private lastError: string | null = null;
  private closed = false;

  constructor(connection: NatsConnection, manager: JetStreamManager, options: NatsBusOptions) {
    this.connection = connection;
    this.manager = manager;
    this.options = options;
    this.client = jetstream(connection, { timeout: REQUEST_MS, checkAPI: false });
    this.limits = limitsOf(options.limits);
    this.patienceMs = options.patienceMs ?? DEFAULT_PATIENCE_MS;
    this.wire = new NatsWire(connection, manager);
    this.lanes = {
      fills: this.makeLane('fills'),
      'account-events': this.makeLane('account-events'),
      prices: this.makeLane('prices'),
    };
    this.timers = [
      setInterval(() => this.tick(), TICK_MS),
      setInterval(() => this.checkSources(), CHECK_MS),
      setInterval(() => this.trim(), options.trimMs ?? TRIM_MS),
    ];
    this.watchConnection();
  }

  async publish(subject: string, data: Uint8Array, messageId: string): Promise<void> {
    this.checkOpen();
    const lane = this.lanes[streamOf(subject)];
    checkMessage(data, messageId);
    const refusal = lane.refusal.answer();
    if (refusal !== null) await refusal;
    const most = this.options.maxWaitingBytes ?? 64 * 2 ** 20;
    if (this.sumOfLanes('waitingBytes') + data.length > most) {
      const error = new BusFullError(`${most} bytes may be under way at once, not more`);
      lane.refusal.raise(error);
      throw error;
    }
    await lane.publish(subject, data, messageId);
  }

  async last(subject: string): Promise<StoredMessage | null> {
    const stream = streamOf(subject);
    return await this.patiently(`asking for the newest message of ${subject}`, () =>
      this.wire.last(stream, subject),
    );
  }

  async consume(
    stream: StreamName,
    durable: string,
    options: ConsumeOptions = {},
  ): Promise<MessageSource> {
    checkDurable(durable);
    const most = checkMaxUnacknowledged(options.maxUnacknowledged);
    const what = `reading ${stream} as ${durable}`;
    const { manager, connection } = this;
    const session = randomUUID();
    const reader = { manager, connection, stream, durable, maxUnacknowledged: most, session };
    const generation = await this.patiently(what, () =>
      openGeneration({ ...reader, standing: null }),
    );
    this.checkOpen();
    const hooks = {
      onTrouble: (sentence: string) => {
        this.lastError = sentence;
      },
      onTerminated: (sentence: string) => {
        this.terminated++;
        this.lastError = sentence;
      },
    };
    const source = new NatsSource(this.client, { ...reader, ...hooks }, generation);
    this.sources.set(source, stream);
    return source;
  }

  status(): BusStatus {
    const lanes = Object.values(this.lanes);
    const since = lanes
      .map((lane) => lane.unavailableSinceMs)
      .concat(this.isConnected ? null : this.disconnectedSinceMs)
      .filter((sinceMs) => sinceMs !== null);
    return {
      kind: 'nats',
      description: `NATS at ${this.connection.getServer()}`,
      available: since.length === 0 && !this.closed,
      unavailableSinceMs: since.length === 0 ? null : Math.min(...since),
      waitingMessages: this.sumOfLanes('waitingMessages'),
      waitingBytes: this.sumOfLanes('waitingBytes'),
      stored: this.sumOfLanes('stored'),
      sentAgain: this.sumOfLanes('sentAgain'),
      reconnects: this.reconnects,
      terminated: this.terminated,
      lastError: lanes.find((lane) => lane.lastError !== null)?.lastError ?? this.lastError,
    };
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    for (const timer of this.timers) clearInterval(timer);
    for (const lane of Object.values(this.lanes)) lane.close();
    for (const source of this.sources.keys()) await source.close();
    this.wire.close();
    // Acknowledgements that were just given still leave, if there is a connection.
    if (this.isConnected) await Promise.race([this.connection.flush(), sleep(REQUEST_MS)]);
    await this.connection.close();
  }

  private makeLane(stream: StreamName): PublishLane {
    const { windowMessages = 4_000, windowBytes = 16 * 2 ** 20 } = this.options;
    return new PublishLane(this.wire, {
      ...{ stream, windowMessages, windowBytes },
      ...{ patienceMs: this.patienceMs, answerMs: ANSWER_MS, cautionMs: CAUTION_MS },
    });
  }

  private async watchConnection(): Promise<void> {
    for await (const { type } of this.connection.status()) {
      if (type === 'disconnect') {
        if (this.isConnected) this.disconnectedSinceMs = Date.now();
        this.isConnected = false;
        for (const lane of Object.values(this.lanes)) lane.stop('the connection was lost');
      } else if (type === 'reconnect') {
        this.isConnected = true;
        this.reconnects++;
        for (const lane of Object.values(this.lanes)) lane.stop('the connection was lost');
        for (const source of this.sources.keys()) source.reset();
      }
    }
  }

  private tick(): void {
    const nowMs = Date.now();
    for (const lane of Object.values(this.lanes)) lane.tick(nowMs);
  }

  private checkSources(): void {
    for (const source of this.sources.keys()) {
      if (source.isClosed) this.sources.delete(source);
      else source.check().catch((error) => this.noteTrouble(error));
    }
  }

  private trim(): void {
    for (const stream of new Set(this.sources.values())) {
      const { trimAboveBytes } = this.limits[stream];
      trimStream(this.manager, this.connection, stream, trimAboveBytes).catch((error) =>
        this.noteTrouble(error),
      );
    }
  }

  private noteTrouble(error: unknown): void {
    if (!this.closed) this.lastError = sentenceOf(error);
  }

  private async patiently<T>(what: string, run: () => Promise<T>): Promise<T> {
    return await withPatience(this.patienceMs, what, async () => {
      this.checkOpen();
      return await run();
    });
  }

  private sumOfLanes(key: 'stored' | 'sentAgain' | 'waitingBytes' | 'waitingMessages'): number {
    return STREAM_NAMES.reduce((sum, name) => sum + this.lanes[name][key], 0);
  }

  private checkOpen(): void {
    if (this.closed) throw new BusClosedError('the bus is closed');
  }
}

/** Tries again until it succeeds. Errors that another attempt cannot change are thrown at once. */
async function withPatience<T>(
  patienceMs: number,
  what: string,
  run: () => Promise<T>,
): Promise<T> {
  const endMs = Date.now() + patienceMs;
  for (;;) {
    try {
      return await run();
    } catch (error) {
      if (error instanceof BusError && !(error instanceof BusUnavailableError)) throw error;
      if (Date.now() >= endMs) {
        const sentence = `${what}: not within ${patienceMs} ms: ${sentenceOf(error)}`;
        throw new BusUnavailableError(sentence);
      }
    }
    await sleep(PAUSE_MS);
  }
}
