import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { HostStats } from '../../engine/runtime/host-stats.js';
import { type BusLocation, openBus } from '../../settlement/bus/provide-bus.js';
import { OutboxDivergedError } from '../../settlement/outbox/outbox-errors.js';
import { createShardCore, createSpreadShardCore } from '../compose.js';
import { limitOf, watchOf } from '../history/pace.js';
import { letOthersBeforeThread } from '../niceness.js';
import { OutboxProgress } from './outbox-progress.js';
import { JournalBeginsLateError, ShardOutbox } from './shard-outbox.js';

/** What the thread that publishes the journals is started with. */
export interface OutboxStart {
  purpose: 'outbox';
  dataDir: string;
  isSpread: boolean;
  /** Of each shard's host, by number. */
  stats: readonly SharedArrayBuffer[];
  /** Nothing is synced: what is written is all that a journal can promise. */
  neverSyncs: boolean;
  /** A core is left when gateway and shards have one each. */
  hasSpareCore: boolean;
  bus: BusLocation;
  progress: SharedArrayBuffer;
}

/** `running`: everything is open. `trouble`: it goes on trying. `stopped`: it has ended, and starting it again would not help. */
export interface OutboxMessage {
  kind: 'notice' | 'trouble' | 'stopped' | 'running';
  sentence: string;
}

/** How often it looks whether the journals have grown. */
const POLL_MS = 10;
/** While the bus has enough to do. */
const FULL_MS = 2;
/** Without a core of its own, and while a shard has work: it rests so many times as long as it has worked. */
const REST_SHARE = 2;
const REST_MS_MAX = 100;

const start = workerData as OutboxStart | null;
let finishing = false;

async function publish(task: OutboxStart): Promise<void> {
  letOthersBeforeThread();
  parentPort?.on('message', () => {
    finishing = true;
  });
  const stats = task.stats.map((memory) => new HostStats(memory));
  const bus = await openBus(task.bus);
  const outboxes: ShardOutbox[] = [];
  try {
    for (const [shardId, own] of stats.entries()) {
      const limit = limitOf(own, task.neverSyncs);
      const { dataDir, isSpread } = task;
      const createShard = () => (isSpread ? createSpreadShardCore(shardId) : createShardCore());
      const onNotice = (sentence: string) => tell({ kind: 'notice', sentence });
      const sentBy = (other: number) => outboxes[other]?.sentTo(shardId) ?? 0;
      const between = isSpread ? { sentBy } : {};
      const given = { dataDir, shardId, createShard, ...between, bus, limit, onNotice };
      outboxes.push(await ShardOutbox.open(given));
    }
    tell({ kind: 'running', sentence: '' });
    await publishAll(task, outboxes, stats);
  } finally {
    for (const outbox of outboxes) outbox.close();
    await bus.close();
  }
  parentPort?.close();
}

async function publishAll(
  task: OutboxStart,
  outboxes: readonly ShardOutbox[],
  stats: readonly HostStats[],
): Promise<void> {
  const progress = new OutboxProgress(task.progress);
  const isBusy = watchOf(stats);
  const troubles = outboxes.map(() => new Troubles());
  for (;;) {
    const begunMs = performance.now();
    // Read before the journals: what it promises is then all there.
    const isLast = finishing;
    let isBehind = false;
    let isFull = false;
    let isPublished = true;
    for (const [shardId, outbox] of outboxes.entries()) {
      const own = stats[shardId] as HostStats;
      const limit = isLast ? Number.MAX_SAFE_INTEGER : limitOf(own, task.neverSyncs);
      const before = outbox.sequence;
      const outcome = await outbox.step(limit, performance.now());
      note(progress, shardId, outbox);
      troubles[shardId]?.tell(outbox.publisher.lastError);
      // Another shard may have waited for what this one has sent.
      isBehind ||= outcome === 'behind' || (task.isSpread && outbox.sequence > before);
      isFull ||= outcome === 'full';
      isPublished &&= outcome === 'atEnd' && outbox.isPublished;
    }
    if (isLast && isPublished && !isBehind) return;
    const mayGoOn = isLast || task.hasSpareCore || !isBusy();
    const workedMs = performance.now() - begunMs;
    if (isBehind && mayGoOn) await turn();
    else if (isBehind) await sleep(Math.min(workedMs * REST_SHARE, REST_MS_MAX));
    else await sleep(isFull || isLast ? FULL_MS : POLL_MS);
  }
}

function note(progress: OutboxProgress, shardId: number, outbox: ShardOutbox): void {
  const { published, counts, retries, itemsInMemory } = outbox.publisher;
  progress.note(shardId, {
    readSequence: outbox.sequence,
    publishedSequence: published.sequence,
    publishedTimeMs: published.timeMs,
    ...counts,
    retries,
    itemsInMemory,
  });
}

/** Tells every failure once. */
class Troubles {
  private last: Error | null = null;

  tell(error: Error | null): void {
    if (error === null || error === this.last) return;
    this.last = error;
    tell({ kind: 'trouble', sentence: error.message });
  }
}

function tell(message: OutboxMessage): void {
  parentPort?.postMessage(message);
}

if (parentPort !== null && start?.purpose === 'outbox') {
  try {
    await publish(start);
  } catch (error) {
    const isFinal = error instanceof OutboxDivergedError || error instanceof JournalBeginsLateError;
    if (!isFinal) throw error;
    tell({ kind: 'stopped', sentence: error.message });
    parentPort.close();
  }
}
