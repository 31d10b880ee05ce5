/** The process in which a shard works while its accounts are swept, and while they are not, in turns. */
import { readFileSync } from 'node:fs';
import { MessageBuffer } from '../../engine/messages/message-buffer.js';
import { createShardCore, riskKernelModule } from '../../main/compose.js';
import type { MarginActor } from '../../risk/margin/margin-actor.js';
import { SweepPool } from '../../risk/runtime/sweep-pool.js';
import { Sweeper } from '../../risk/runtime/sweeper.js';
import { setUpShard } from '../book/core-setup.js';
import { openNullJournal } from '../book/null-journal.js';
import { WorkloadCommands } from '../book/workload-commands.js';
import { readWorkload, type Workload } from '../workload/format.js';
import { addPositions, MARKETS } from './population.js';

export interface ThroughputTask {
  file: string;
  ops: number;
  accounts: number;
  threads: number;
}

/** Commands a second of each segment; by how often accounts are swept. */
export interface ThroughputFigures {
  without: number[];
  /** Ten rounds a second, as ten changes of marks a second would cause. */
  tenASecond: number[];
  /** One round after the other. */
  always: number[];
  /** The same by the time that the shard's thread had of a processor, where the system says it (Linux); else empty. */
  cpu: Record<Mode, number[]>;
  /** Rounds a second when there is no pause between them. */
  roundsPerSecond: number;
  error?: string;
}

export type Mode = 'without' | 'tenASecond' | 'always';
const MODES: readonly Mode[] = ['without', 'tenASecond', 'always'];
const SEED = 7;
const PORT = 3;
const START_MS = 1_767_225_600_000;
const BATCH = 64;
const SEGMENTS = 15;
const PAUSE_MS = 100;

process.once('message', (message) => {
  void run(message as ThroughputTask)
    .catch((error: unknown) => ({ error: error instanceof Error ? error.stack : String(error) }))
    .then((figures) => process.send?.(figures, () => process.exit(0)));
});

async function run(task: ThroughputTask): Promise<ThroughputFigures> {
  const { ops } = task;
  const workload = readWorkload(task.file);
  const shard = new SweptShard(workload, task);
  const { prefillCount } = workload;
  shard.segment('without', 0, prefillCount);
  // Threads start, accounts are copied, the compiler learns.
  for (let round = 0; round < 3; round++) await shard.sweepOnce();
  const figures: ThroughputFigures = {
    without: [],
    tenASecond: [],
    always: [],
    cpu: { without: [], tenASecond: [], always: [] },
    roundsPerSecond: 0,
  };
  const length = Math.floor(ops / (SEGMENTS + 1) / BATCH) * BATCH;
  shard.segment('always', prefillCount, prefillCount + length);
  let seconds = 0;
  let rounds = 0;
  for (let i = 0; i < SEGMENTS; i++) {
    await shard.rest();
    const mode = MODES[i % MODES.length] as Mode;
    const from = prefillCount + (i + 1) * length;
    const before = shard.sweeper.rounds;
    const startNs = threadCpuNs();
    const perSecond = shard.segment(mode, from, from + length);
    figures[mode].push(perSecond);
    if (startNs !== null) figures.cpu[mode].push(length / (((threadCpuNs() ?? 0) - startNs) / 1e9));
    if (mode !== 'always') continue;
    rounds += shard.sweeper.rounds - before;
    seconds += length / perSecond;
  }
  figures.roundsPerSecond = rounds / seconds;
  await shard.close();
  return figures;
}

/** The core as `book` measures it, between whose frames a sweeper looks. */
class SweptShard {
  readonly sweeper: Sweeper;
  private readonly core = createShardCore();
  private readonly pool: SweepPool;
  private readonly commands: WorkloadCommands;
  private readonly journal = openNullJournal();
  private readonly messages = new MessageBuffer(1024);
  private readonly frame = {
    messages: this.messages,
    firstSequence: 1,
    count: 0,
    timeMs: START_MS,
  };
  private sweptMs = 0;

  constructor(workload: Workload, { accounts, threads }: ThroughputTask) {
    const home = this.core.home as MarginActor;
    this.pool = new SweepPool({
      kernel: home.state.kernel,
      module: riskKernelModule(),
      threads,
      onWork: () => {},
      onFailure: (error) => {
        throw error;
      },
    });
    this.sweeper = new Sweeper(home, this.pool, PORT);
    this.commands = WorkloadCommands.forShard(workload, accounts);
    setUpShard(accounts, 1 + MARKETS, (write) => {
      this.messages.reset();
      this.apply(write(this.messages));
    });
    addPositions(this.core, accounts, SEED, 1);
    this.messages.reset();
    this.messages.push(BATCH);
    this.sweeper.start();
  }

  /** Commands a second. */
  segment(mode: Mode, from: number, to: number): number {
    const { commands, messages } = this;
    const startMs = performance.now();
    for (let start = from; start < to; start += BATCH) {
      const end = Math.min(start + BATCH, to);
      commands.write(messages.words, messages.floats, start, end);
      messages.length = end - start;
      if (mode !== 'without') this.look(mode);
      this.apply(end - start);
    }
    return (to - from) / ((performance.now() - startMs) / 1e3);
  }

  async sweepOnce(): Promise<void> {
    this.sweeper.demand();
    await this.rest();
  }

  /** Nothing is swept any more. */
  async rest(): Promise<void> {
    while (!this.sweeper.idle) {
      this.sweeper.look();
      await new Promise(setImmediate);
    }
  }

  close(): Promise<void> {
    return this.pool.close();
  }

  private look(mode: Mode): void {
    const { sweeper } = this;
    const nowMs = performance.now();
    if (sweeper.idle && (mode === 'always' || nowMs - this.sweptMs >= PAUSE_MS)) {
      this.sweptMs = nowMs;
      sweeper.demand();
    }
    sweeper.look();
  }

  private apply(count: number): void {
    const { frame, core, journal } = this;
    frame.count = count;
    journal.append(frame);
    journal.write();
    core.applyFrame(frame);
    frame.firstSequence += count;
    this.sweeper.note(core.events);
    core.events.reset();
  }
}

/** Of the calling thread alone: other processes and the threads that sweep do not count. Null where it cannot be known. */
function threadCpuNs(): number | null {
  try {
    return Number(readFileSync('/proc/thread-self/schedstat', 'utf8').split(' ')[0]);
  } catch {
    return null;
  }
}
