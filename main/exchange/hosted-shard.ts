import { setTimeout as sleep } from 'node:timers/promises';
import { sumOfPositions } from '../../engine/market/positions-canonical.js';
import { type Clock, ManualClock, RealClock } from '../../engine/runtime/clock.js';
import type { HaltReport } from '../../engine/runtime/halt-report.js';
import type { HostPort } from '../../engine/runtime/host-port.js';
import type { HostStats } from '../../engine/runtime/host-stats.js';
import {
  type OpenedShard,
  openShard,
  type RecoveryReport,
} from '../../engine/runtime/journal/open-shard.js';
import type { SnapshotInfo } from '../../engine/runtime/journal/snapshot-writer.js';
import { stateHash } from '../../engine/runtime/journal/state-hash.js';
import { ShardHost } from '../../engine/runtime/shard-host.js';
import type { ShardCore } from '../../engine/shard/shard-core.js';
import { createShardCore } from '../compose.js';
import { ReplayedEvents } from './replayed-events.js';
import type { ShardHooks, ShardInvariants, ShardSettings } from './shard-access.js';
import { collectSeed, type ShardSeed } from './shard-seed.js';
import { snapshotInThread } from './snapshot-thread.js';

/**
 * An open shard with its host, in the thread that calls. Whoever owns it lets the host step; `onWork` is called when
 * something has ended in the event loop (a sync, a snapshot) and the host should have a look.
 */
export class HostedShard {
  readonly host: ShardHost;
  readonly report: RecoveryReport;
  readonly seed: ShardSeed;
  snapshotUnderWay = false;
  private snapshotJob: Promise<void> = Promise.resolve();
  private readonly settings: ShardSettings;
  private readonly hooks: ShardHooks;
  private readonly opened: OpenedShard<ShardCore>;
  private readonly clock: Clock;
  private readonly onWork: () => void;
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
  ) {
    this.settings = settings;
    this.hooks = hooks;
    this.onWork = onWork;
    const replayed = new ReplayedEvents(hooks.onReplayed);
    let core: ShardCore | null = null;
    const create = () => {
      core = createShardCore();
      return core;
    };
    this.opened = openShard(settings.dataDir, settings.shardId, create, {
      policy: settings.fsync,
      onEvents: (events, frame) => replayed.add(events, frame, core?.epoch ?? 0),
      onDurable: () => this.synced(),
      onFailure: (error) => this.host.halt(error),
    });
    replayed.flush();
    const { shard, journal, report } = this.opened;
    this.report = report;
    this.seed = collectSeed(shard);
    this.snapshotMessages = shard.sequence;
    this.clock =
      settings.clock === 'manual'
        ? new ManualClock(Math.max(settings.startTimeMs, shard.timeMs))
        : new RealClock();
    const onHalt = (halt: HaltReport) => hooks.onHalt(halt);
    this.host = new ShardHost({ shard, journal, clock: this.clock, ports, stats, onHalt });
  }

  /** Real time until a timer is due; a manual clock moves only on request. */
  untilTimerMs(): number {
    if (this.settings.clock === 'manual') return Number.POSITIVE_INFINITY;
    return this.opened.shard.nextTimerMs() - this.clock.nowMs();
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

  /** Resolves when everything that has arrived is applied, journaled, and out. */
  async settle(): Promise<void> {
    for (;;) {
      this.run();
      this.host.release();
      if (this.host.halted || (this.host.drained && !this.host.hasInput)) return;
      await sleep(1);
    }
  }

  /** Steps to each due time in turn, so that timers run at their own time and in their order. */
  async advance(byMs: number): Promise<number> {
    const clock = this.clock as ManualClock;
    const { shard } = this.opened;
    await this.settle();
    const target = clock.nowMs() + byMs;
    while (!this.host.halted) {
      const next = shard.nextTimerMs();
      if (next > target) break;
      clock.set(next);
      const { sequence } = shard;
      this.run();
      // Held up by a slow reader it does nothing, and is asked again.
      if (shard.sequence === sequence) await sleep(1);
    }
    clock.set(target);
    // The time itself has to be in the journal, or a restart would fall back behind it.
    this.host.stepTimer();
    await this.settle();
    return target;
  }

  async stop(): Promise<void> {
    this.host.stopInput();
    await this.settle();
    await this.snapshotJob;
    if (!this.host.halted && this.opened.shard.sequence > this.snapshotMessages) {
      await this.snapshot(false);
    }
    await this.opened.close();
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
    const until = shard.sequence;
    await journal.sync();
    const info = await snapshotInThread(this.settings.dataDir, this.settings.shardId, until);
    return { ...info, stoppedMs: 0 };
  }
}
