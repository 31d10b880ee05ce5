import path from 'node:path';
import {
  EF_ACCOUNT_SEQUENCE,
  EF_LOTS,
  FRAME_F_EPOCH,
  FRAME_F_TIME,
  slotsOf,
  typeOf,
  W_ACCOUNT,
  W_HEAD,
} from '../../engine/messages/layout.js';
import { EVT_EPOCH, EVT_FRAME } from '../../engine/messages/types.js';
import type { ShardPort } from '../../engine/shard/shard-port.js';
import { PrivateLog } from '../../gateway/feeds/private-log.js';
import { appendReplayed, firstSequenceOf } from './replayed-events.js';
import type { ShardAccess } from './shard-access.js';

/** Mebibytes of all logs together that stay in memory, and the least of one. */
const MEMORY_CHUNKS = 32;
const MEMORY_CHUNKS_MIN = 2;

/** What the log of each of so many shards may have in memory. */
export function memoryChunksOf(shards: number): number {
  return Math.max(MEMORY_CHUNKS_MIN, Math.ceil(MEMORY_CHUNKS / shards));
}

/**
 * The log of the private feeds of one shard's accounts, from the moment at which it is known from which sequence on their
 * events come again. Until there is a gateway, what the shard puts out goes into the log alone.
 */
export class FeedLog {
  /** Epoch of the last event of accounts that had one since the epoch began. */
  readonly epochs = new Map<number, number>();
  private log: PrivateLog | null = null;
  private readonly folder: string;
  private readonly onError: (error: Error) => void;

  private readonly memoryChunks: number;

  /** `shards`: null for one with everything in it. Each shard has a sequence of its own, hence a log of its own. */
  constructor(
    dataDir: string,
    shardId: number,
    shards: number | null,
    onError: (error: Error) => void,
  ) {
    const folder = path.join(dataDir, 'feeds', 'private');
    this.folder = shards === null ? folder : path.join(folder, `shard-${shardId}`);
    this.memoryChunks = memoryChunksOf(shards ?? 1);
    this.onError = onError;
  }

  append(words: Int32Array): void {
    appendReplayed(this.open(firstSequenceOf(words) - 1), words);
  }

  of(shard: ShardAccess): PrivateLog {
    return this.open(shard.report.sequence);
  }

  /** The shard is recovered once more, perhaps to an earlier sequence: what comes after that is cut off at the next opening. */
  async close(): Promise<void> {
    await this.log?.close();
    this.log = null;
  }

  /** Takes what a shard puts out before there is a gateway. */
  follow(port: ShardPort, log: PrivateLog): void {
    let epoch = 0;
    let timeMs = 0;
    port.onEvents((words, floats, at) => {
      const f = at / 2;
      const head = words[at + W_HEAD] as number;
      if (typeOf(head) === EVT_FRAME) {
        epoch = floats[f + FRAME_F_EPOCH] as number;
        timeMs = floats[f + FRAME_F_TIME] as number;
      } else if (typeOf(head) === EVT_EPOCH) {
        epoch = floats[f + EF_LOTS] as number;
      } else if (slotsOf(head) > 1 && (floats[f + EF_ACCOUNT_SEQUENCE] as number) > 0) {
        log.append(words, floats, at, epoch, timeMs);
        this.epochs.set(words[at + W_ACCOUNT] as number, epoch);
      }
    });
  }

  private open(keepUntilSequence: number): PrivateLog {
    const { folder, memoryChunks, onError } = this;
    this.log ??= new PrivateLog({ folder, keepUntilSequence, memoryChunks, onError });
    return this.log;
  }
}
