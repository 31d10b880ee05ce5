import { parentPort, Worker, workerData } from 'node:worker_threads';
import { journalDirectory, snapshotDirectory } from '../../engine/runtime/journal/directories.js';
import { JournalReader } from '../../engine/runtime/journal/journal-reader.js';
import { replay } from '../../engine/runtime/journal/replay.js';
import { loadNewestSnapshot } from '../../engine/runtime/journal/snapshot-loader.js';
import { type SnapshotInfo, SnapshotWriter } from '../../engine/runtime/journal/snapshot-writer.js';
import { createShardCore, createSpreadShardCore } from '../compose.js';

export interface SnapshotOrder {
  dataDir: string;
  shardId: number;
  isSpread: boolean;
  /** Last sequence of the snapshot; it has to be in the synced journal, at the end of a frame. */
  until: number;
  /** By shard, the oldest message that may be asked for again; null for a shard with everything in it. */
  firstKept: readonly number[] | null;
}

interface SnapshotTask extends SnapshotOrder {
  purpose: 'snapshot';
}

/**
 * Writes a snapshot in a thread of its own, from the previous one and the journal behind it: the shard does not stand still
 * for a moment, and each snapshot is one more proof that a replay gives the state.
 */
export function snapshotInThread(order: SnapshotOrder): Promise<SnapshotInfo> {
  const task: SnapshotTask = { purpose: 'snapshot', ...order };
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./snapshot-thread.js', import.meta.url), {
      workerData: task,
    });
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new Error(`the snapshot's thread ended with ${code}`)));
  });
}

async function write(task: SnapshotTask): Promise<SnapshotInfo> {
  const { dataDir, shardId, isSpread, until } = task;
  const directory = snapshotDirectory(dataDir, shardId);
  const create = () => (isSpread ? createSpreadShardCore(shardId) : createShardCore());
  const { shard } = loadNewestSnapshot(directory, shardId, create, until);
  const reader = new JournalReader(journalDirectory(dataDir, shardId), shardId, shard.sequence + 1);
  // What the others have for certain is not made again for good: replay alone would keep every message.
  const forget = () => {
    task.firstKept?.forEach((number, other) => {
      if (other < (shard.routing?.shards ?? 0)) {
        shard.routing?.channelTo(other).acknowledge(number - 1);
      }
    });
  };
  try {
    replay(shard, reader, { until, onProgress: forget });
    forget();
  } finally {
    reader.close();
  }
  if (shard.sequence !== until) {
    throw new Error(`a snapshot of sequence ${until} ended at sequence ${shard.sequence}`);
  }
  // Whoever asked has synced the journal up to here.
  return new SnapshotWriter(directory, shardId).write(shard, {
    writtenSequence: until,
    sync: async () => {},
  });
}

const task = workerData as SnapshotTask | null;
if (parentPort !== null && task?.purpose === 'snapshot') {
  parentPort.postMessage(await write(task));
}
