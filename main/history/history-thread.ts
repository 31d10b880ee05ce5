import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { HostStats } from '../../engine/runtime/host-stats.js';
import type { CandleRow } from '../../gateway/history/rows.js';
import { ShardHistory } from '../../gateway/history/shard-history.js';
import { createShardCore, createSpreadShardCore } from '../compose.js';
import { letOthersBeforeThread } from '../niceness.js';
import { HistoryProgress } from './history-progress.js';
import { limitOf, watchOf } from './pace.js';

/** What the thread that feeds the histories is started with. */
export interface HistoryStart {
  purpose: 'history';
  dataDir: string;
  isSpread: boolean;
  /** Of each shard's host, by number. */
  stats: readonly SharedArrayBuffer[];
  /** Nothing is synced: what is written is all that a journal can promise. */
  neverSyncs: boolean;
  progress: SharedArrayBuffer;
  /** A core is left when gateway and shards have one each. */
  hasSpareCore: boolean;
  /** How many candles of each market and interval are told at the beginning. */
  candlesKept: number;
}

export type HistoryMessage =
  | { kind: 'notice'; sentence: string }
  | { kind: 'candles'; candles: CandleRow[] };

/** How often it looks whether the journals have grown: short enough for candles on a screen, long enough to cost nothing. */
const POLL_MS = 25;
/** Without a core of its own, and while a shard has work: it rests so many times as long as it has worked. Niceness alone is not enough. */
const REST_SHARE = 5;
const REST_MS_MAX = 250;

const start = workerData as HistoryStart | null;
let finishing = false;

async function feed(task: HistoryStart): Promise<void> {
  letOthersBeforeThread();
  parentPort?.on('message', () => {
    finishing = true;
  });
  const progress = new HistoryProgress(task.progress);
  const stats = task.stats.map((memory) => new HostStats(memory));
  const histories = stats.map((_, shardId) => open(task, shardId));
  const isBusy = watchOf(stats);
  let told = false;
  try {
    for (let ended = false; !ended; ) {
      const begunMs = performance.now();
      // Read before the journals: what it promises is then all there.
      const isLast = finishing;
      const changed: CandleRow[] = [];
      let isBehind = false;
      for (const [shardId, history] of histories.entries()) {
        const limit = isLast
          ? Number.MAX_SAFE_INTEGER
          : limitOf(stats[shardId] as HostStats, task.neverSyncs);
        const candles = history.step(limit);
        progress.note(shardId, history.sequence, history.timeMs);
        if (candles === null) continue;
        changed.push(...candles);
        isBehind ||= isLast || history.sequence < limit;
      }
      if (!told && !isBehind) {
        told = true;
        tell({ kind: 'candles', candles: newestOf(histories, task.candlesKept) });
      } else if (told && changed.length > 0) tell({ kind: 'candles', candles: changed });
      ended = isLast && !isBehind;
      if (ended) break;
      const workedMs = performance.now() - begunMs;
      const mayGoOn = isLast || task.hasSpareCore || !isBusy();
      if (!isBehind) await sleep(POLL_MS);
      else await (mayGoOn ? turn() : sleep(Math.min(workedMs * REST_SHARE, REST_MS_MAX)));
    }
  } finally {
    for (const history of histories) history.close();
  }
  parentPort?.close();
}

function open(task: HistoryStart, shardId: number): ShardHistory {
  const { dataDir, isSpread } = task;
  return new ShardHistory({
    dataDir,
    shardId,
    createShard: () => (isSpread ? createSpreadShardCore(shardId) : createShardCore()),
    onNotice: (sentence) => tell({ kind: 'notice', sentence }),
  });
}

function newestOf(histories: readonly ShardHistory[], count: number): CandleRow[] {
  return histories.flatMap(({ store }) => store.newestCandles(count));
}

function tell(message: HistoryMessage): void {
  parentPort?.postMessage(message);
}

/** Of the database's own class of errors only a code would reach the other thread. */
function withoutClass(error: unknown): never {
  throw new Error(error instanceof Error ? error.message : String(error), { cause: String(error) });
}

if (parentPort !== null && start?.purpose === 'history') await feed(start).catch(withoutClass);
