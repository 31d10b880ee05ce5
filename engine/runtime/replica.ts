import { F_QTY, SLOT_FLOATS, SLOT_WORDS, slotsOf, typeOf, W_FLAGS } from '../messages/layout.js';
import { CMD_CHANNEL } from '../messages/types.js';
import type { Frame } from '../shard/frame.js';
import type { ShardCore } from '../shard/shard-core.js';
import { journalDirectory, snapshotDirectory } from './journal/directories.js';
import { JournalFollower } from './journal/journal-follower.js';
import { JournalReader } from './journal/journal-reader.js';
import { replay } from './journal/replay.js';
import { loadNewestSnapshot } from './journal/snapshot-loader.js';

export interface ReplicaOptions {
  dataDir: string;
  shardId: number;
  createShard: (shardId: number) => ShardCore;
  /**
   * Number of the last message that the replica of another shard has sent to this one. A power failure may take the end of that shard's
   * journal; a shard that has taken messages from there is then cut back before them, however durable its own journal was
   * (engine/runtime/journal/consistent-cut.ts). So a frame is applied only when the senders' replicas have applied what sent its messages.
   */
  sentBy?: (shardId: number) => number;
  /** Sees each frame before it is applied. */
  onFrame?: (frame: Frame) => void;
}

/**
 * A shard of one's own that runs the same commands as the trading thread's: the exchange is a function of its journal, so its events are
 * the same, and the trading thread neither sends nor waits for anything.
 */
export class Replica {
  readonly shard: ShardCore;
  private readonly options: ReplicaOptions;
  private readonly follower: JournalFollower;
  /** The follower's frame waits for what other shards have sent. */
  private isHeld = false;

  private constructor(options: ReplicaOptions, shard: ShardCore) {
    const { dataDir, shardId } = options;
    this.options = options;
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

  /** Of a shard that stands between two frames of its journal, and goes on from there. */
  static of(options: ReplicaOptions, shard: ShardCore): Replica {
    return new Replica(options, shard);
  }

  /** Applies the next frame that no failure can take back any more, of those up to `limit`; false: there is none. Its events stay until the next one. */
  next(limit: number): boolean {
    const { shard, follower } = this;
    shard.events.reset();
    if (!this.isHeld && !follower.next(limit)) return false;
    this.isHeld = !this.hasSenders(follower.frame);
    if (this.isHeld) return false;
    this.options.onFrame?.(follower.frame);
    shard.applyFrame(follower.frame);
    return true;
  }

  /** Number of the last message to another shard. */
  sentTo(shardId: number): number {
    const { routing } = this.shard;
    return routing === null || shardId >= routing.shards ? 0 : routing.channelTo(shardId).last;
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

  private hasSenders({ messages }: Frame): boolean {
    const { sentBy } = this.options;
    if (sentBy === undefined) return true;
    const { words, floats, length } = messages;
    for (let slot = 0; slot < length; ) {
      const at = slot * SLOT_WORDS;
      const head = words[at] as number;
      const number = floats[slot * SLOT_FLOATS + F_QTY] as number;
      if (typeOf(head) === CMD_CHANNEL && number > sentBy(words[at + W_FLAGS] as number)) {
        return false;
      }
      slot += slotsOf(head);
    }
    return true;
  }
}
