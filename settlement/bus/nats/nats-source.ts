import { setTimeout as sleep } from 'node:timers/promises';
import type { ConsumerMessages, JetStreamClient, JsMsg } from '@nats-io/jetstream';
import type { BusMessage, MessageSource } from '../bus.js';
import { DeliveryWindow, type Outstanding } from '../delivery-window.js';
import { BusConflictError } from '../errors.js';
import { sentenceOf } from '../waiting.js';
import { type Generation, openGeneration, type Reader } from './reader-generations.js';

export interface NatsSourceOptions extends Omit<Reader, 'standing'> {
  /** Hears of trouble that it gets over by itself. */
  readonly onTrouble: (sentence: string) => void;
  readonly onTerminated: (sentence: string) => void;
}

const PAUSE_MS = 200;
/** What the server may send ahead: at a million bytes each it is still bounded. */
const MOST_AHEAD = 256;
const ARRIVAL_MS = 1_000;
const IDLE_HEARTBEAT_MS = 1_000;
/** Times are compared across two processes' timers: a message that comes this much early is in time. */
const EARLY_MS = 20;

/** After these the server's side is not what this session thinks. */
const TROUBLE = new Set([
  'heartbeats_missed',
  'consumer_deleted',
  'consumer_not_found',
  'stream_not_found',
  'no_responders',
]);

/**
 * One session of a durable reader on the server. When messages or acknowledgements may have been lost
 * (a new connection, silence, a gap in the server's count of deliveries) it goes on with a new
 * generation behind its own floor, and drops what it was handed already. So the order holds, and nobody
 * waits for the server's acknowledgement timeout.
 */
export class NatsSource implements MessageSource {
  private readonly client: JetStreamClient;
  private readonly options: NatsSourceOptions;
  private readonly window: DeliveryWindow<JsMsg>;
  private generation: Generation;
  private readonly first: Generation;
  private feed: ConsumerMessages | null = null;
  private isFresh = true;
  private lastDelivery = 0;
  private deliveries = 0;
  private deliveriesAtTick = -1;
  private closed = false;

  constructor(client: JetStreamClient, options: NatsSourceOptions, generation: Generation) {
    this.client = client;
    this.options = options;
    this.generation = generation;
    this.first = generation;
    this.window = new DeliveryWindow(generation.floor);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<BusMessage, void, undefined> {
    while (!this.closed) {
      try {
        this.feed = await this.openFeed();
      } catch (error) {
        if (this.closed) return;
        if (error instanceof BusConflictError) {
          this.closed = true;
          throw error;
        }
        this.options.onTrouble(sentenceOf(error));
        await sleep(PAUSE_MS);
        continue;
      }
      for await (const delivery of this.feed) {
        const { deliverySequence } = delivery.info;
        if (deliverySequence !== this.lastDelivery + 1) break;
        this.lastDelivery = deliverySequence;
        this.deliveries++;
        const message = this.take(delivery);
        if (message !== null) yield message;
        if (this.closed) return;
      }
    }
  }

  get isClosed(): boolean {
    return this.closed;
  }

  /** Something may have been lost: go on with a new generation. */
  reset(): void {
    this.feed?.stop();
  }

  /**
   * To be called every few seconds. Acknowledgements that were lost show as messages which the server
   * waits for and this session does not.
   */
  async check(): Promise<void> {
    if (this.closed || this.feed === null) return;
    const isIdle = this.deliveries === this.deliveriesAtTick;
    this.deliveriesAtTick = this.deliveries;
    if (!isIdle) return;
    const { stream } = this.options;
    const { deliveries } = this;
    const info = await this.options.manager.consumers.info(stream, this.generation.name);
    const isStill = deliveries === this.deliveries;
    if (isStill && this.window.count === 0 && info.num_ack_pending > 0) this.reset();
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    this.feed?.stop();
    await this.waitForAcknowledgements();
  }

  /** The server takes them in its own time, and a next session that begins before would get them again. */
  private async waitForAcknowledgements(): Promise<void> {
    const floor = this.window.floor();
    if (floor === this.generation.floor) return;
    const endMs = Date.now() + ARRIVAL_MS;
    try {
      while (Date.now() < endMs) {
        const { stream } = this.options;
        const info = await this.options.manager.consumers.info(stream, this.generation.name);
        if (info.ack_floor.stream_seq >= floor) return;
        await sleep(5);
      }
    } catch {
      // Without a server nothing can arrive, and without the consumer another session has taken over.
    }
  }

  private async openFeed(): Promise<ConsumerMessages> {
    const { stream, maxUnacknowledged } = this.options;
    if (!this.isFresh) {
      const standing = { number: this.generation.number, floor: this.window.floor() };
      this.generation = await openGeneration({ ...this.options, standing });
    }
    this.isFresh = false;
    this.lastDelivery = 0;
    const consumer = await this.client.consumers.get(stream, this.generation.name);
    const feed = await consumer.consume({
      max_messages: Math.min(MOST_AHEAD, maxUnacknowledged),
      idle_heartbeat: IDLE_HEARTBEAT_MS,
    });
    this.watch(feed);
    // It may have been closed while this was under way.
    if (this.closed) feed.stop();
    return feed;
  }

  private async watch(feed: ConsumerMessages): Promise<void> {
    for await (const { type } of feed.status()) {
      if (!TROUBLE.has(type)) continue;
      if (!this.closed) this.options.onTrouble(`${this.options.stream}: ${type}`);
      feed.stop();
      return;
    }
  }

  /** Null: it is not to be handed out (again). */
  private take(delivery: JsMsg): BusMessage | null {
    const window = this.window;
    const sequence = delivery.seq;
    if (window.isNew(sequence)) return this.messageOf(delivery, window.handOut(sequence, delivery));
    const entry = window.find(sequence);
    if (entry === undefined) {
      // Its acknowledgement was lost on the way.
      delivery.ack();
      return null;
    }
    entry.handle = delivery;
    if (entry.wantedAtMs === null) return null;
    const earlyMs = entry.wantedAtMs - Date.now();
    if (earlyMs > EARLY_MS) {
      delivery.nak(earlyMs);
      return null;
    }
    entry.wantedAtMs = null;
    entry.handedOut++;
    return this.messageOf(delivery, entry);
  }

  private messageOf(delivery: JsMsg, entry: Outstanding<JsMsg>): BusMessage {
    const { subject, data, seq: sequence } = delivery;
    const before = sequence <= this.first.deliveredBefore ? this.first.resets : 0;
    return {
      subject,
      data,
      sequence,
      redeliveries: before + entry.handedOut - 1,
      ack: () => {
        if (this.window.settle(sequence)) entry.handle.ack();
      },
      nak: (delayMs) => {
        if (entry.wantedAtMs !== null || this.window.find(sequence) !== entry) return;
        entry.wantedAtMs = Date.now() + delayMs;
        // Zero would be taken as no delay given, which is the same.
        entry.handle.nak(delayMs);
      },
      term: (reason) => {
        if (!this.window.settle(sequence)) return;
        entry.handle.term(reason.slice(0, 200));
        this.options.onTerminated(`${subject}, message ${sequence}: ${reason}`);
      },
    };
  }
}
