import { parentPort, Worker, workerData } from 'node:worker_threads';
import { journalDirectory, snapshotDirectory } from '../../engine/runtime/journal/directories.js';
import { JournalReader } from '../../engine/runtime/journal/journal-reader.js';
import { replay } from '../../engine/runtime/journal/replay.js';
import { loadNewestSnapshot } from '../../engine/runtime/journal/snapshot-loader.js';
import { type SnapshotInfo, SnapshotWriter } from '../../engine/runtime/journal/snapshot-writer.js';
import { createShardCore } from '../compose.js';

interface SnapshotTask {
  purpose: 'snapshot';
  dataDir: string;
  shardId: number;
  /** Last sequence of the snapshot; it has to be in the synced journal, at the end of a frame. */
  until: number;
}

/**
 * Writes a snapshot in a thread of its own, from the previous one and the journal behind it: the shard does not stand still
 * for a moment, and each snapshot is one more proof that a replay gives the state.
 */
export function snapshotInThread(
  dataDir: string,
  shardId: number,
  until: number,
): Promise<SnapshotInfo> {
  const task: SnapshotTask = { purpose: 'snapshot', dataDir, shardId, until };
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
  const { dataDir, shardId, until } = task;
  const directory = snapshotDirectory(dataDir, shardId);
  const create = () => createShardCore();
  const { shard } = loadNewestSnapshot(directory, shardId, create, until);
  const reader = new JournalReader(journalDirectory(dataDir, shardId), shardId, shard.sequence + 1);
  try {
    replay(shard, reader, { until });
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
