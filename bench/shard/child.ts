/** The process that puts load on one shard, or on the bare rings, and ends. */
import { FRAME_MS_CLASSES, type HostStats } from '../../engine/runtime/host-stats.js';
import { openInlineShard } from '../../main/exchange/inline-shard.js';
import { openThreadedShard } from '../../main/exchange/threaded-shard.js';
import { LatencyHistogram } from '../load/latency-histogram.js';
import { readWorkload, type Workload } from '../workload/format.js';
import type { TailFigures } from './report.js';
import { RingEcho } from './ring-echo.js';
import { openScratchShard } from './scratch-shard.js';
import { ShardDriver } from './shard-driver.js';

export interface ShardTask {
  /** `thread`: a shard on a thread of its own; `inline`: on the producer's. */
  target: 'rings' | 'thread' | 'inline';
  file: string;
  ops: number;
  accounts: number;
  /** Of the open loop; 0: half of what full speed gave. */
  ratePerSecond: number;
}

export interface ShardFigures {
  /** Commands a second, from the first one sent to the last answer read. */
  maxPerSecond: number;
  ratePerSecond: number;
  /** Encoded LatencyHistogram of the open loop at `ratePerSecond`. */
  histogram: string;
  /** Of the trades over all commands. */
  checksum: number;
  tail: TailFigures | null;
  error?: string;
}

/** The open loop ends after this time, or with the workload. */
const OPEN_LOOP_S = 5;
const SLOW_FRAME_MS = 1;

process.once('message', (message) => {
  void run(message as ShardTask)
    .catch((error: unknown) => ({ error: error instanceof Error ? error.stack : String(error) }))
    .then((figures) => process.send?.(figures, () => process.exit(0)));
});

async function run(task: ShardTask): Promise<ShardFigures> {
  const workload = readWorkload(task.file);
  if (task.target === 'rings') {
    const port = new RingEcho();
    const figures = await measure(
      new ShardDriver(port, workload, task.accounts),
      workload,
      task,
      null,
    );
    await port.close();
    return figures;
  }
  const open = task.target === 'inline' ? openInlineShard : openThreadedShard;
  const { shard, close } = await openScratchShard(open);
  const driver = new ShardDriver(shard.gatewayPort, workload, task.accounts);
  await driver.setUp(shard, task.accounts);
  const figures = await measure(driver, workload, task, shard.stats);
  await close();
  return figures;
}

/** The first half of the commands at full speed, the second at a constant rate. */
async function measure(
  driver: ShardDriver,
  workload: Workload,
  { ops, ratePerSecond: askedRate }: ShardTask,
  stats: HostStats | null,
): Promise<ShardFigures> {
  const { prefillCount } = workload;
  await driver.fullSpeed(0, prefillCount);
  // The first part lets the compiler learn.
  const warmed = prefillCount + Math.floor(ops / 4);
  await driver.fullSpeed(prefillCount, warmed);
  const half = prefillCount + Math.floor(ops / 2);
  const elapsedNs = await driver.fullSpeed(warmed, half);
  const maxPerSecond = Math.round((half - warmed) / (elapsedNs / 1e9));
  const ratePerSecond = askedRate === 0 ? Math.round(maxPerSecond / 2) : askedRate;
  const end = Math.min(prefillCount + ops, half + ratePerSecond * OPEN_LOOP_S);
  const histogram = new LatencyHistogram();
  const before = stats === null ? null : countersOf(stats);
  await driver.openLoop(half, end, ratePerSecond, histogram);
  const tail = stats === null || before === null ? null : tailOf(before, countersOf(stats));
  // What the open loop had no time for: the checksum is of the whole workload.
  await driver.fullSpeed(end, prefillCount + ops);
  const { checksum } = driver.tally;
  return { maxPerSecond, ratePerSecond, histogram: histogram.encode(), checksum, tail };
}

interface Counters {
  frames: number;
  slowFrames: number;
  syncs: number;
}

function countersOf(stats: HostStats): Counters {
  const slow = stats.frameClasses().filter((_, index) => {
    return index > 0 && (FRAME_MS_CLASSES[index - 1] as number) >= SLOW_FRAME_MS;
  });
  return {
    frames: stats.get('frames'),
    slowFrames: slow.reduce((sum, count) => sum + count, 0),
    syncs: stats.get('journalSyncs'),
  };
}

function tailOf(before: Counters, after: Counters): TailFigures {
  return {
    frames: after.frames - before.frames,
    slowFrames: after.slowFrames - before.slowFrames,
    journalSyncs: after.syncs - before.syncs,
  };
}
