import {
  journalDirectory,
  listSequenced,
  snapshotDirectory,
} from '../../engine/runtime/journal/directories.js';
import { loadNewestSnapshot } from '../../engine/runtime/journal/snapshot-loader.js';
import { Replica, type ReplicaOptions } from '../../engine/runtime/replica.js';
import type { Frame } from '../../engine/shard/frame.js';
import type { ShardCore } from '../../engine/shard/shard-core.js';
import { historyFile } from './database.js';
import { HistoryFold } from './history-fold.js';
import { type HistoryPosition, HistoryStore } from './history-store.js';
import type { CandleRow } from './rows.js';

/** Rows after which a batch is committed, so that readers see it and a crash makes little work. */
const BATCH_ROWS = 2_000;
/** Messages after which one is committed even if there was nothing to tell. */
const BATCH_MESSAGES = 10_000;

export interface ShardHistoryOptions {
  dataDir: string;
  shardId: number;
  createShard: (shardId: number) => ShardCore;
  onNotice?: (sentence: string) => void;
  /** Rows of a batch, about; fewer only for tests that want many commits. */
  batchRows?: number;
}

/**
 * Feeds a shard's history from its journal. It has a shard of its own that runs the same commands: the exchange is a function of its
 * journal, so the events are those that the trading thread has made, and that thread neither sends nor waits for anything.
 *
 * At the start its shard is brought to where the file stands, from a snapshot and the journal behind it. When the journal does not
 * have that place any more (a power failure has taken it), or the file is new, everything is told again from the beginning.
 */
export class ShardHistory {
  readonly store: HistoryStore;
  private readonly options: ShardHistoryOptions;
  private readonly replica: Replica;
  private readonly fold: HistoryFold;
  private position: HistoryPosition;

  constructor(options: ShardHistoryOptions) {
    this.options = options;
    this.store = new HistoryStore(historyFile(options.dataDir, options.shardId), options.onNotice);
    try {
      this.position = this.store.position();
      this.replica = this.replicaAtPosition() ?? this.fromTheBeginning();
      this.fold = this.newFold();
    } catch (error) {
      this.store.close();
      throw error;
    }
  }

  /** Last sequence whose events are in the file. */
  get sequence(): number {
    return this.position.sequence;
  }

  get timeMs(): number {
    return this.position.timeMs;
  }

  /**
   * Takes one batch of what the journal has up to `limit`, the last sequence that will not be taken back, and commits it. Gives the
   * candles that have changed; null: there was nothing. When it throws, the history has to be opened again.
   */
  step(limit: number): CandleRow[] | null {
    const { replica, store } = this;
    const { shard } = replica;
    const first = shard.sequence;
    let frames = 0;
    while (
      store.batch.size < (this.options.batchRows ?? BATCH_ROWS) &&
      shard.sequence - first < BATCH_MESSAGES &&
      replica.next(limit)
    ) {
      this.fold.apply(shard.events, shard.timeMs);
      frames++;
    }
    shard.events.reset();
    if (frames === 0) return null;
    replica.forgetChannels();
    const { sequence, epoch, timeMs } = shard;
    this.position = { ...this.position, sequence, epoch, timeMs };
    return store.commit(this.position);
  }

  close(): void {
    this.replica.close();
    this.store.close();
  }

  /** Null: the journal, as it is now, does not lead there. */
  private replicaAtPosition(): Replica | null {
    const { sequence, epoch } = this.position;
    const { shardId, onNotice } = this.options;
    if (sequence === 0) return null;
    const replica = Replica.at(this.replicaOptions(), sequence, epoch);
    if (replica !== null) return replica;
    onNotice?.(
      `the history of shard ${shardId} ends at sequence ${sequence} of epoch ${epoch}, which its journal ` +
        'does not have any more: it is made anew from the journal',
    );
    return null;
  }

  /** The first sequence there is; where segments have been taken away, the oldest state that a snapshot can give. */
  private fromTheBeginning(): Replica {
    const { dataDir, shardId, createShard, onNotice } = this.options;
    const [first] = listSequenced(journalDirectory(dataDir, shardId), 'journal');
    let shard = createShard(shardId);
    if (first !== undefined && first.sequence > 1) {
      ({ shard } = loadNewestSnapshot(snapshotDirectory(dataDir, shardId), shardId, createShard));
      onNotice?.(
        `the journal of shard ${shardId} begins with sequence ${first.sequence}: its history begins ` +
          `after the snapshot of sequence ${shard.sequence}`,
      );
    }
    this.store.clear(shard.sequence);
    this.position = this.store.position();
    return Replica.of(this.replicaOptions(), shard);
  }

  private replicaOptions(): ReplicaOptions {
    const { dataDir, shardId, createShard } = this.options;
    const onFrame = (frame: Frame) => this.store.batch.asked.note(frame);
    return { dataDir, shardId, createShard, onFrame };
  }

  private newFold(): HistoryFold {
    const { store } = this;
    const { shard } = this.replica;
    const isHosted = (marketId: number) => {
      return shard.markets.some((market) => market.marketId === marketId);
    };
    return new HistoryFold(store.batch, isHosted);
  }
}
