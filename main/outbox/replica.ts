import {
  journalDirectory,
  listSequenced,
  snapshotDirectory,
} from '../../engine/runtime/journal/directories.js';
import { JournalFollower } from '../../engine/runtime/journal/journal-follower.js';
import { JournalReader } from '../../engine/runtime/journal/journal-reader.js';
import { replay } from '../../engine/runtime/journal/replay.js';
import { loadNewestSnapshot } from '../../engine/runtime/journal/snapshot-loader.js';
import type { ShardCore } from '../../engine/shard/shard-core.js';

export interface ReplicaOptions {
  dataDir: string;
  shardId: number;
  createShard: (shardId: number) => ShardCore;
}

/**
 * A shard of one's own that runs the same commands as the trading thread's: the exchange is a function of its journal, so its events are
 * the same, and the trading thread neither sends nor waits for anything.
 */
export class Replica {
  readonly shard: ShardCore;
  private readonly follower: JournalFollower;

  private constructor({ dataDir, shardId }: ReplicaOptions, shard: ShardCore) {
    this.shard = shard;
    const directory = journalDirectory(dataDir, shardId);
    this.follower = new JournalFollower(directory, shardId, shard.sequence + 1);
  }

  /** As the shard was at this place of its journal, by a snapshot and what follows; null: the journal, as it is now, does not lead there. */
  static at(options: ReplicaOptions, sequence: number, epoch: number): Replica | null {
    const { dataDir, shardId, createShard } = options;
    const snapshots = snapshotDirectory(dataDir, shardId);
    const { shard } = loadNewestSnapshot(snapshots, shardId, createShard, sequence);
    const directory = journalDirectory(dataDir, shardId);
    const reader = new JournalReader(directory, shardId, shard.sequence + 1);
    try {
      if (reader.lastSequence <= shard.sequence) replay(shard, reader, { until: sequence });
    } finally {
      reader.close();
    }
    const isThere = shard.sequence === sequence && shard.epoch === epoch;
    return isThere ? new Replica(options, shard) : null;
  }

  /** Before the first command. Throws when the beginning of the journal has been taken away. */
  static atTheBeginning(options: ReplicaOptions): Replica {
    const { dataDir, shardId, createShard } = options;
    const [first] = listSequenced(journalDirectory(dataDir, shardId), 'journal');
    if (first !== undefined && first.sequence > 1) {
      throw new JournalBeginsLateError(
        `the journal of shard ${shardId} begins with sequence ${first.sequence}: items before it cannot be told again, and those after it ` +
          'not be numbered. Put the missing segments back',
      );
    }
    return new Replica(options, createShard(shardId));
  }

  /** Applies the next frame up to `limit`, the last sequence that will not be taken back; false: there is none. Its events stay until the next one. */
  next(limit: number): boolean {
    const { shard, follower } = this;
    shard.events.reset();
    if (!follower.next(limit)) return false;
    shard.applyFrame(follower.frame);
    return true;
  }

  /** What this shard would send to others goes nowhere, and must not be kept for them. */
  forgetChannels(): void {
    const { routing } = this.shard;
    for (let other = 0; other < (routing?.shards ?? 0); other++) {
      const channel = routing?.channelTo(other);
      channel?.acknowledge(channel.last);
    }
  }

  close(): void {
    this.follower.close();
  }
}

export class JournalBeginsLateError extends Error {
  override readonly name = 'JournalBeginsLateError';
}
