import path from 'node:path';
import { R_ENTRY_VALUE } from '../../engine/kernel/layout.js';
import { readMarketParams } from '../../engine/market/market-params.js';
import { journalDirectory, listSequenced } from '../../engine/runtime/journal/directories.js';
import { Replica, type ReplicaOptions } from '../../engine/runtime/replica.js';
import type { Bus } from '../../settlement/bus/bus.js';
import { ItemFold } from '../../settlement/outbox/item-fold.js';
import { BusLostItemsError } from '../../settlement/outbox/outbox-errors.js';
import {
  BEGINNING,
  type OutboxPosition,
  readPosition,
  writePosition,
} from '../../settlement/outbox/outbox-state.js';
import { ShardPublisher } from '../../settlement/outbox/shard-publisher.js';

/** Messages of the journal at a time; then others have their turn, and the bus gets what is due. */
const STEP_MESSAGES = 1_000;
/**
 * How often the place in the journal is written down, and how old it is then at least: a bus may lose what it has confirmed a moment before a
 * power failure, and is told again from there; from a place that it does not know it could only be told from the beginning.
 */
const KEEP_EVERY_MS = 5_000;

export interface ShardOutboxOptions extends ReplicaOptions {
  bus: Bus;
  /** Last sequence of the journal that will not be taken back, at the start. */
  limit: number;
  onNotice?: (sentence: string) => void;
  packItemsMax?: number;
  itemsMax?: number;
}

/** What a step has found. */
export type StepOutcome = 'atEnd' | 'behind' | 'full';

/** Where the position of a shard's outbox is kept. */
export function positionFile(dataDir: string, shardId: number): string {
  return path.join(dataDir, 'outbox', `shard-${shardId}.position`);
}

/**
 * Puts everything on the bus that moves money in one shard: runs its journal in a shard of its own, folds the events into items, publishes
 * these. It goes on where its position file says, and when there is none, or the bus has less than it, from the beginning of the journal;
 * what the bus has already is left out, so either way nothing is lost and nothing doubled.
 */
export class ShardOutbox {
  readonly publisher: ShardPublisher;
  private readonly options: ShardOutboxOptions;
  private readonly replica: Replica;
  private readonly fold: ItemFold;
  private kept: OutboxPosition;
  /** What is to be written down next, and since when it is known. */
  private next: OutboxPosition;
  private nextMs = Number.NEGATIVE_INFINITY;

  private constructor(
    options: ShardOutboxOptions,
    replica: Replica,
    publisher: ShardPublisher,
    begin: OutboxPosition,
  ) {
    this.options = options;
    this.replica = replica;
    this.publisher = publisher;
    this.kept = begin;
    this.next = begin;
    const { shard } = replica;
    // The last prices of before may not have come as far as the bus.
    for (const { marketId, pricing } of shard.markets) {
      const { ticks: indexTicks, publishTimeMs } = pricing.index;
      if (indexTicks === 0) continue;
      const { sequence, timeMs } = shard;
      const { markTicks } = pricing;
      publisher.price({ marketId, sequence, timeMs, indexTicks, markTicks, publishTimeMs });
    }
    this.fold = new ItemFold({
      shardId: options.shardId,
      contractOf: (marketId) => shard.market(marketId)?.params ?? null,
      readListing: readMarketParams,
      sink: publisher,
    });
    for (const { marketId, positions } of shard.markets) {
      positions.rows.forEach((account, row) => {
        const entry = positions.rows.kernel.float(row + R_ENTRY_VALUE);
        if (entry !== 0) this.fold.seed(marketId, account, entry);
      });
    }
  }

  /** Throws OutboxDivergedError when bus and journal contradict each other, JournalBeginsLateError, and what the bus throws. */
  static async open(options: ShardOutboxOptions): Promise<ShardOutbox> {
    const { dataDir, shardId, onNotice } = options;
    const begin = readPosition(positionFile(dataDir, shardId), shardId);
    const again = 'everything is read again from the beginning of the journal';
    if (typeof begin === 'string') onNotice?.(`${begin}: ${again}`);
    if (begin !== null && typeof begin === 'object') {
      const replica = Replica.at(options, begin.sequence, begin.epoch);
      const place = `sequence ${begin.sequence} of epoch ${begin.epoch}`;
      if (replica === null) {
        onNotice?.(`the journal of shard ${shardId} does not have ${place} any more: ${again}`);
      } else {
        try {
          return await ShardOutbox.begin(options, replica, begin);
        } catch (error) {
          replica.close();
          if (!(error instanceof BusLostItemsError)) throw error;
          onNotice?.(`${error.message}: ${again}`);
        }
      }
    }
    return ShardOutbox.begin(options, replicaAtTheBeginning(options), BEGINNING);
  }

  /** Last sequence that was read. */
  get sequence(): number {
    return this.replica.shard.sequence;
  }

  /**
   * Reads what the journal has up to `limit`, its last durable sequence (or written, where nothing is synced), some of it at a time, and
   * publishes. When it throws, the outbox has to be opened again.
   */
  async step(limit: number, nowMs: number): Promise<StepOutcome> {
    const outcome = this.read(limit);
    this.replica.forgetChannels();
    await this.publisher.pump(nowMs, outcome === 'atEnd');
    this.keep(nowMs);
    return outcome;
  }

  /** Number of the last message that was sent to another shard up to there. */
  sentTo(shardId: number): number {
    return this.replica.sentTo(shardId);
  }

  /** Everything that was read is on the bus, and the bus says so. */
  get isPublished(): boolean {
    return this.publisher.published.sequence === this.sequence;
  }

  close(): void {
    this.replica.close();
  }

  private static async begin(
    options: ShardOutboxOptions,
    replica: Replica,
    begin: OutboxPosition,
  ): Promise<ShardOutbox> {
    const publisher = await ShardPublisher.open({ ...options, begin });
    return new ShardOutbox(options, replica, publisher, begin);
  }

  private read(limit: number): StepOutcome {
    const { replica, publisher, fold } = this;
    const { shard } = replica;
    const first = shard.sequence;
    while (shard.sequence - first < STEP_MESSAGES) {
      if (publisher.isFull) return 'full';
      if (!replica.next(limit)) return 'atEnd';
      fold.apply(shard.events, shard.timeMs);
      publisher.endFrame(shard.sequence, shard.timeMs);
    }
    return 'behind';
  }

  private keep(nowMs: number): void {
    if (nowMs - this.nextMs < KEEP_EVERY_MS) return;
    const { dataDir, shardId } = this.options;
    if (this.next !== this.kept) {
      writePosition(positionFile(dataDir, shardId), shardId, this.next);
      this.kept = this.next;
    }
    this.next = this.publisher.published;
    this.nextMs = nowMs;
  }
}

/** Items before the first segment that there is cannot be told again. */
export class JournalBeginsLateError extends Error {
  override readonly name = 'JournalBeginsLateError';
}

export function replicaAtTheBeginning(options: ReplicaOptions): Replica {
  const { dataDir, shardId, createShard } = options;
  const [first] = listSequenced(journalDirectory(dataDir, shardId), 'journal');
  if (first !== undefined && first.sequence > 1) {
    throw new JournalBeginsLateError(
      `the journal of shard ${shardId} begins with sequence ${first.sequence}: items before it cannot be told again, and those after it ` +
        'not be numbered. Put the missing segments back',
    );
  }
  return Replica.of(options, createShard(shardId));
}
