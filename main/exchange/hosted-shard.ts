import { setTimeout as sleep } from 'node:timers/promises';
import { sumOfPositions } from '../../engine/market/positions-canonical.js';
import type { ChannelMemory } from '../../engine/runtime/channel-memory.js';
import { type Clock, ManualClock, RealClock } from '../../engine/runtime/clock.js';
import type { HaltReport } from '../../engine/runtime/halt-report.js';
import type { HostPort } from '../../engine/runtime/host-port.js';
import type { HostStats } from '../../engine/runtime/host-stats.js';
import { type ChannelEnds, channelEndsOf } from '../../engine/runtime/journal/consistent-cut.js';
import { type OpenedShard, openShard } from '../../engine/runtime/journal/open-shard.js';
import type { SnapshotInfo } from '../../engine/runtime/journal/snapshot-writer.js';
import { stateHash } from '../../engine/runtime/journal/state-hash.js';
import { ShardChannels } from '../../engine/runtime/shard-channels.js';
import { ShardHost } from '../../engine/runtime/shard-host.js';
import { cashOf } from '../../engine/shard/channel-cash.js';
import type { Routing } from '../../engine/shard/routing.js';
import type { ShardCore } from '../../engine/shard/shard-core.js';
import type { MarginActor } from '../../risk/margin/margin-actor.js';
import { stressInThread } from '../../risk/runtime/stress-pool.js';
import { SweepHere } from '../../risk/runtime/sweep-here.js';
import { SweepPool } from '../../risk/runtime/sweep-pool.js';
import { Sweeper } from '../../risk/runtime/sweeper.js';
import { createShardCore, createSpreadShardCore, riskKernelModule } from '../compose.js';
import { ReplayedEvents } from './replayed-events.js';
import {
  type ShardHooks,
  type ShardInvariants,
  type ShardReport,
  type ShardSettings,
  type ShardStress,
  SWEEPS_PORT_ID,
} from './shard-access.js';
import { collectSeed, type ShardSeed } from './shard-seed.js';
import { snapshotInThread } from './snapshot-thread.js';

/** All that waits for it is clients' commands: a disk that is slower has other worries. */
const HOLD_WITHIN_MS = 2_000;

/**
 * An open shard with its host, in the thread that calls. Whoever owns it lets the host step; `onWork` is called when
 * something has ended in the event loop (a sync, a snapshot) and the host should have a look.
 */
export class HostedShard {
  readonly host: ShardHost;
  readonly report: ShardReport;
  snapshotUnderWay = false;
  private snapshotJob: Promise<void> = Promise.resolve();
  private readonly settings: ShardSettings;
  private readonly hooks: ShardHooks;
  private readonly opened: OpenedShard<ShardCore>;
  private readonly channels: ShardChannels | null;
  private readonly sweeper: Sweeper;
  /** Null: accounts are swept in this thread. */
  private readonly pool: SweepPool | null;
  /** Of the last event before this start. */
  private readonly epochBefore: number;
  private readonly clock: Clock;
  private readonly onWork: () => void;
  private reportsUnderWay = 0;
  private running = false;
  private runAgain = false;
  private snapshotMessages: number;
  private snapshotAtMs = performance.now();

  constructor(
    settings: ShardSettings,
    ports: readonly HostPort[],
    stats: HostStats,
    hooks: ShardHooks,
    onWork: () => void,
    channelMemory: ChannelMemory | null = null,
  ) {
    this.settings = settings;
    this.hooks = hooks;
    this.onWork = onWork;
    const replayed = new ReplayedEvents(hooks.onReplayed);
    let core: ShardCore | null = null;
    const create = () => {
      core = shardCoreFor(settings);
      return core;
    };
    const { snapshotNotAfter } = settings;
    this.opened = openShard(settings.dataDir, settings.shardId, create, {
      policy: settings.fsync,
      ...(snapshotNotAfter === null ? {} : { snapshotNotAfter }),
      onEvents: (events, frame) => replayed.add(events, frame, core?.epoch ?? 0),
      onDurable: () => this.synced(),
      onFailure: (error) => this.host.halt(error),
    });
    replayed.flush();
    const { shard, journal, report } = this.opened;
    this.report = { ...report, channels: channelEnds(shard.routing) };
    this.epochBefore = shard.epoch;
    this.snapshotMessages = shard.sequence;
    this.clock =
      settings.clock === 'manual'
        ? new ManualClock(Math.max(settings.startTimeMs, shard.timeMs))
        : new RealClock(shard.timeMs);
    const onHalt = (halt: HaltReport) => hooks.onHalt(halt);
    const { routing } = shard;
    this.channels =
      routing === null || channelMemory === null ? null : new ShardChannels(routing, channelMemory);
    const channels = this.channels === null ? {} : { channels: this.channels };
    const home = shard.home as MarginActor;
    this.pool = this.openPool(home);
    this.sweeper = new Sweeper(
      home,
      this.pool ?? new SweepHere(home.state.kernel, () => setImmediate(this.onWork)),
      SWEEPS_PORT_ID,
    );
    this.host = new ShardHost({
      shard,
      journal,
      clock: this.clock,
      ports: [...ports, this.sweeper.hostPort],
      stats,
      onHalt,
      beforeStep: () => this.sweeper.look(),
      onApplied: (events) => this.sweeper.note(events),
      ...channels,
    });
  }

  /** The first frame; from then on other shards are heard, and nobody else before `letIn`. */
  begin(epoch: number, timeMs: number): void {
    const { shard, journal } = this.opened;
    journal.beginEpoch(epoch);
    if (this.clock instanceof ManualClock) this.clock.set(timeMs);
    this.channels?.begin();
    this.host.onlyChannels = true;
    const known = shard.routing?.shards ?? 0;
    const { shards } = this.settings;
    this.host.begin(shards !== null && shards > known ? shards : 0);
  }

  letIn(): void {
    this.host.onlyChannels = false;
    this.sweeper.start();
    this.onWork();
  }

  /**
   * Takes nothing but what other shards send, until `goOn`, and resolves when everything that was taken is journaled and out. Rejects when that
   * does not come about in time.
   */
  async hold(): Promise<void> {
    this.host.onlyChannels = true;
    const end = performance.now() + HOLD_WITHIN_MS;
    for (;;) {
      this.run();
      this.host.release();
      if (this.host.halted) throw new Error('the shard has stopped');
      if (this.host.drained && !this.host.hasInput) return;
      if (performance.now() > end) throw new Error('what was taken does not come to its end');
      await sleep(1);
    }
  }

  goOn(): void {
    this.host.onlyChannels = false;
    this.onWork();
  }

  /** A port more, which sees what happens from now on; while input is held. */
  attach(port: HostPort): void {
    this.host.attach(port);
  }

  seed(): ShardSeed {
    return collectSeed(this.opened.shard, this.epochBefore);
  }

  clientIds(references: Float64Array): string[] {
    const { clientIds } = (this.opened.shard.home as MarginActor).state;
    return Array.from(references, (reference) => String(clientIds.keyAt(reference)));
  }

  /** Nothing changes from here on until `resume`; gives the last number taken from each shard. */
  pause(): number[] {
    this.host.paused = true;
    return channelEnds(this.opened.shard.routing)?.taken ?? [];
  }

  resume(): void {
    this.host.paused = false;
    this.onWork();
  }

  cashUnderWay(taken: readonly number[]): bigint {
    const { routing } = this.opened.shard;
    let sum = 0n;
    taken.forEach((last, shard) => {
      if (shard === this.settings.shardId || routing === null) return;
      for (const message of routing.channelTo(shard).from(last + 1)) sum += cashOf(message);
    });
    return sum;
  }

  nextTimerMs(): number {
    return this.opened.shard.nextTimerMs();
  }

  /** Real time until a timer is due; a manual clock moves only on request. */
  untilTimerMs(): number {
    if (this.settings.clock === 'manual') return Number.POSITIVE_INFINITY;
    return this.opened.shard.nextTimerMs() - this.clock.nowMs();
  }

  /** Threads look through the accounts: what they find is heard of in the event loop. */
  get hasThreads(): boolean {
    return this.sweeper.isSweeping || this.reportsUnderWay > 0;
  }

  /** Output waits for a sync. */
  get awaitsSync(): boolean {
    return this.settings.fsync === 'always' && this.unsynced;
  }

  get unsynced(): boolean {
    const { journal } = this.opened;
    return this.settings.fsync !== 'never' && journal.durableSequence < journal.writtenSequence;
  }

  /** Writes a snapshot when enough has happened since the last one. Call between frames, now and then. */
  snapshotWhenDue(): void {
    const { shard } = this.opened;
    const messages = shard.sequence - this.snapshotMessages;
    if (messages === 0 || this.snapshotUnderWay || this.host.halted) return;
    const elapsedMs = performance.now() - this.snapshotAtMs;
    const due =
      messages >= this.settings.snapshotEveryMessages || elapsedMs >= this.settings.snapshotEveryMs;
    if (due) this.snapshotJob = this.snapshot(true);
  }

  invariants(): ShardInvariants {
    const { shard } = this.opened;
    try {
      shard.check();
    } catch (error) {
      this.host.halt(error as Error);
    }
    const sums = shard.markets.map(({ params, positions }) => {
      return [params.symbol, sumOfPositions(positions)] as const;
    });
    return {
      shard: this.settings.shardId,
      sequence: shard.sequence,
      stateHash: stateHash(shard),
      sumOfPositions: Object.fromEntries(sums),
      moneyDifferenceMicroUsd: String(shard.moneyDifferenceMicroUsd()),
    };
  }

  /** Another thread looks at the accounts; the shard goes on. */
  async stress(): Promise<ShardStress> {
    const { shard } = this.opened;
    const { state, lastAccount } = shard.home as MarginActor;
    this.reportsUnderWay++;
    try {
      const module = riskKernelModule();
      const totals = await stressInThread(state.kernel, module, lastAccount);
      const funds = shard.markets.map(({ positions }) => BigInt(positions.insuranceMicroUsd));
      return { totals, insuranceMicroUsd: funds.reduce((sum, fund) => sum + fund, 0n) };
    } finally {
      this.reportsUnderWay--;
    }
  }

  /**
   * Lets the host work until there is nothing to do. A consumer of events may send and flush, and so call this from
   * within itself: its command waits for the call that is under way.
   */
  run(): void {
    this.runAgain = true;
    if (this.running) return;
    this.running = true;
    try {
      while (this.runAgain) {
        this.runAgain = false;
        while (this.host.step());
      }
    } finally {
      this.running = false;
    }
  }

  /** Resolves when everything that has arrived is applied, journaled, and out, and accounts are swept at the present prices. */
  async settle(): Promise<void> {
    for (;;) {
      this.run();
      this.host.release();
      const { halted, drained, hasInput } = this.host;
      if (halted || (drained && !hasInput && this.sweeper.idle)) return;
      await sleep(1);
    }
  }

  /** Steps to each due time in turn, so that timers run at their own time and in their order. */
  async advanceTo(target: number, stamps: boolean): Promise<void> {
    const clock = this.clock as ManualClock;
    const { shard } = this.opened;
    await this.settle();
    while (!this.host.halted) {
      const next = shard.nextTimerMs();
      if (next > target) break;
      clock.set(next);
      const { sequence } = shard;
      this.run();
      // Held up by a slow reader it does nothing, and is asked again.
      if (shard.sequence === sequence) await sleep(1);
      // What this moment's prices do to accounts belongs to this moment.
      if (!this.sweeper.idle) await this.settle();
    }
    clock.set(target);
    // The time itself has to be in the journal, or a restart would fall back behind it.
    if (stamps) this.host.stepTimer();
    await this.settle();
  }

  stopInput(): void {
    this.sweeper.stop();
    this.host.stopInput();
  }

  async stop(): Promise<void> {
    this.stopInput();
    await this.settle();
    await this.snapshotJob;
    if (!this.host.halted && this.opened.shard.sequence > this.snapshotMessages) {
      await this.snapshot(false);
    }
    await this.close();
  }

  async close(): Promise<void> {
    await this.pool?.close();
    await this.opened.close();
  }

  private openPool({ state }: MarginActor): SweepPool | null {
    const { sweepThreads } = this.settings;
    if (sweepThreads === 0) return null;
    return new SweepPool({
      kernel: state.kernel,
      module: riskKernelModule(),
      threads: sweepThreads,
      onWork: () => this.onWork(),
      onFailure: (error) => this.hooks.onSweepFailed(error),
    });
  }

  private synced(): void {
    this.host.release();
    this.onWork();
  }

  /** While the shard works, another thread makes the snapshot from the journal; at the end it is made here. */
  private async snapshot(inThread: boolean): Promise<void> {
    const { shard, journal, snapshots } = this.opened;
    this.snapshotUnderWay = true;
    this.snapshotMessages = shard.sequence;
    this.snapshotAtMs = performance.now();
    try {
      const info = inThread
        ? await this.snapshotElsewhere()
        : await snapshots.write(shard, journal);
      const { stats } = this.host;
      stats.set('snapshots', stats.get('snapshots') + 1);
      stats.set('snapshotSequence', info.sequence);
      stats.set('snapshotStoppedMs', info.stoppedMs);
      stats.set('snapshotTotalMs', info.totalMs);
    } catch (error) {
      this.hooks.onSnapshotFailed(error as Error);
    } finally {
      this.snapshotUnderWay = false;
      this.onWork();
    }
  }

  private async snapshotElsewhere(): Promise<SnapshotInfo> {
    const { shard, journal } = this.opened;
    const { dataDir, shardId, shards } = this.settings;
    const until = shard.sequence;
    const firstKept = channelEnds(shard.routing)?.firstKept ?? null;
    await journal.sync();
    const isSpread = shards !== null;
    const info = await snapshotInThread({ dataDir, shardId, isSpread, until, firstKept });
    return { ...info, stoppedMs: 0 };
  }
}

function shardCoreFor({ shardId, shards }: ShardSettings): ShardCore {
  return shards === null ? createShardCore() : createSpreadShardCore(shardId);
}

function channelEnds(routing: Routing | null): ChannelEnds | null {
  return routing === null ? null : channelEndsOf(routing);
}
