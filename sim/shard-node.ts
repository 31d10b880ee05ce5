import fs from 'node:fs';
import { assert } from '../engine/assert.js';
import type { MessageBuffer } from '../engine/messages/message-buffer.js';
import type { Clock } from '../engine/runtime/clock.js';
import type { HaltReport } from '../engine/runtime/halt-report.js';
import type { HostPort } from '../engine/runtime/host-port.js';
import { JournalDamageError } from '../engine/runtime/journal/damage.js';
import { shardDirectory } from '../engine/runtime/journal/directories.js';
import type { Journal } from '../engine/runtime/journal/journal.js';
import { type OpenedShard, openShard } from '../engine/runtime/journal/open-shard.js';
import { repairJournal } from '../engine/runtime/journal/repair.js';
import { stateHash } from '../engine/runtime/journal/state-hash.js';
import type { SyncPolicy } from '../engine/runtime/journal/sync-scheduler.js';
import { ShardHost } from '../engine/runtime/shard-host.js';
import type { Frame } from '../engine/shard/frame.js';
import type { ShardCore } from '../engine/shard/shard-core.js';
import type { Xorshift } from '../engine/testing/xorshift.js';
import type { MarginActor } from '../risk/margin/margin-actor.js';
import { Sweeper } from '../risk/runtime/sweeper.js';
import { FrameChecks } from './checks/frame-checks.js';
import type { Twins } from './checks/twins.js';
import { flipOneByte } from './disk/flip.js';
import { type Loss, VirtualDisk } from './disk/virtual-disk.js';
import { ObservedShard } from './host/observed-shard.js';
import { VirtualSweep } from './host/virtual-sweep.js';
import type { Knowledge } from './traffic/knowledge.js';

/** Gateways have lower ones. */
const SWEEPS_PORT = 127;

export interface NodeCounts {
  recoveries: number;
  repairs: number;
  flips: number;
  flipsRefused: number;
  snapshots: number;
  framesReplayed: number;
}

export interface ShardNodeOptions {
  dataDir: string;
  shardId: number;
  random: Xorshift;
  /** What sweeps do; a stream of its own. */
  sweepRandom: Xorshift;
  twins: Twins;
  knowledge: Knowledge;
  clock: Clock;
  createShard: () => ShardCore;
  policies: readonly SyncPolicy[];
  /** Whether the checks of every frame are done too; another part of the simulator may have them. Default: yes. */
  checksFrames?: boolean;
  /** A live frame was applied. */
  onFrame?: () => void;
}

/** What a start finds beside the shard: who hears the replayed events. */
export interface NodeHooks {
  onReplay(words: Int32Array, floats: Float64Array, slots: number): void;
}

/** One shard process: starts from its files, runs, and dies by faults. Its files and their faults outlive it. */
export class ShardNode {
  disk = new VirtualDisk();
  readonly counts: NodeCounts = {
    recoveries: 0,
    repairs: 0,
    flips: 0,
    flipsRefused: 0,
    snapshots: 0,
    framesReplayed: 0,
  };
  private opened: OpenedShard<ShardCore> | null = null;
  private running: ShardHost | null = null;
  /** The threads that sweep the accounts, and who gives them work. */
  sweep: VirtualSweep | null = null;
  private sweeper: Sweeper | null = null;
  /** The host halted because the journal can write no more, or because an invariant was broken. */
  journalIsDead = false;
  private mistake: Error | null = null;
  /** What no crash may take away: it was written (kill) or durable (power failure). */
  private promised = 0;
  private snapshotNotAfter: number | undefined;
  /** What recovery from files with a flipped byte came to, null when it refused. */
  private flipped: { sequence: number; hash: string } | null = null;
  private readonly options: ShardNodeOptions;

  constructor(options: ShardNodeOptions) {
    this.options = options;
  }

  get host(): ShardHost {
    assert(this.running !== null, 'the shard must be running');
    return this.running;
  }
  get journal(): Journal {
    assert(this.opened !== null, 'the shard must be running');
    return this.opened.journal;
  }
  /** Last sequence of the snapshot that the recovery began with. */
  get snapshotSequence(): number {
    return this.opened?.report.snapshotSequence ?? 0;
  }
  get shard(): ShardCore {
    assert(this.opened !== null, 'the shard must be running');
    return this.opened.shard;
  }

  /** Recovers, proves the recovered state against the twins, and begins a new epoch. */
  start(ports: readonly HostPort[], hooks: NodeHooks): void {
    this.recover(hooks);
    this.begin(ports);
  }

  /** Recovers and does nothing else. */
  recover(hooks: NodeHooks): void {
    this.disk = new VirtualDisk();
    this.journalIsDead = false;
    this.opened = this.open(hooks);
  }

  /** The end of `recover` that leads to no start: `promised` must still be there at the next one. */
  abandon(promised: number, snapshotNotAfter?: number): void {
    this.promised = promised;
    this.flipped = null;
    this.snapshotNotAfter = snapshotNotAfter;
    this.opened = null;
    this.removeLock();
  }

  /** Proves the recovered state against the twins, and begins a new epoch. */
  begin(ports: readonly HostPort[]): void {
    const { opened } = this;
    assert(opened !== null, 'the shard must be recovered');
    this.snapshotNotAfter = undefined;
    this.options.twins.recovered(opened.report.sequence);
    this.options.twins.compare(opened.shard);
    opened.shard.check();
    const { shard: core, journal } = opened;
    const checks = new FrameChecks(core);
    const { checksFrames = true } = this.options;
    const shard = new ObservedShard(core, (frame, events, firstSlot) => {
      this.options.knowledge.hear(events, firstSlot);
      if (checksFrames) checks.check(frame, firstSlot);
      this.options.twins.heard(frame, events, firstSlot);
      this.options.onFrame?.();
    });
    this.sweep = new VirtualSweep(core, this.options.sweepRandom);
    const sweeper = new Sweeper(core.home as MarginActor, this.sweep, SWEEPS_PORT);
    this.sweeper = sweeper;
    this.running = new ShardHost({
      shard,
      journal,
      clock: this.options.clock,
      ports: [...ports, sweeper.hostPort],
      beforeStep: () => sweeper.look(),
      onApplied: (events) => sweeper.note(events),
      frameMessagesMax: this.options.random.pick([1, 3, 16, 1024]),
      heldSlotsMax: this.options.random.pick([64, 1 << 17]),
      retryMs: 0,
      onHalt: (report) => this.halted(report),
    });
    this.running.begin();
    sweeper.start();
  }

  /** All ranges that are being swept report, and the shard takes what they say. False: there was nothing to do. */
  finishSweeps(): boolean {
    this.sweep?.finishAll();
    this.sweeper?.look();
    return !(this.sweeper?.idle ?? true);
  }

  /** Asks for one more round, though nothing has changed. */
  demandSweep(): void {
    this.sweeper?.demand();
  }

  private halted(report: HaltReport): void {
    // A dead journal is a fault of the disk; everything else is a mistake of the shard.
    if (!this.journalIsDead) this.mistake = new Error(`${report.error}\n${report.stack}`);
  }

  /** Throws when the shard has halted for another reason than its disk. */
  refuseMistakes(): void {
    if (this.mistake !== null) throw this.mistake;
  }

  /** Frames that the disk has promised to keep go to the twins; only up to `most` when others may take more back. */
  advanceTwins(most = Number.POSITIVE_INFINITY): void {
    this.options.twins.advance(Math.min(most, this.opened?.journal.durableSequence ?? 0));
  }

  /** Writes a whole snapshot; nothing else happens meanwhile. */
  async snapshot(): Promise<void> {
    const { snapshots, shard, journal } = this.opened as OpenedShard<ShardCore>;
    const written = snapshots.write(shard, journal);
    this.disk.finishAllSyncs();
    await written;
    this.counts.snapshots++;
  }

  /** Leaves behind what a process leaves that dies while it writes a snapshot. */
  leaveHalfSnapshot(): void {
    const folder = `${shardDirectory(this.options.dataDir, this.options.shardId)}/snapshots`;
    fs.mkdirSync(folder, { recursive: true });
    const name = String(this.shard.sequence).padStart(16, '0');
    fs.writeFileSync(
      `${folder}/${name}.snapshot.new`,
      new Uint8Array(this.options.random.below(300)),
    );
  }

  /**
   * Ends the process. `none`: killed, all that was written stays. Otherwise power fails. Checks on the way that nothing that
   * was promised is lost.
   */
  crash(loss: Loss, flips: boolean): void {
    const { journal } = this.opened as OpenedShard<ShardCore>;
    this.promised = loss === 'none' ? journal.writtenSequence : journal.durableSequence;
    this.disk.crash(loss, this.options.random);
    this.removeLock();
    this.opened = null;
    this.running = null;
    this.sweep = null;
    this.sweeper = null;
    if (flips) this.flip();
  }

  private removeLock(): void {
    const folder = shardDirectory(this.options.dataDir, this.options.shardId);
    fs.rmSync(`${folder}/lock`, { force: true });
  }

  private open(hooks: NodeHooks): OpenedShard<ShardCore> {
    const policy = this.options.random.pick(this.options.policies);
    const segmentBytesMax = this.options.random.pick([16_384, 65_536, 1 << 20]);
    const { snapshotNotAfter } = this;
    const options = {
      ...(snapshotNotAfter === undefined ? {} : { snapshotNotAfter }),
      policy,
      segmentBytesMax,
      syncIntervalMs: 0,
      onDurable: () => this.running?.release(),
      onFailure: (error: Error) => {
        this.journalIsDead = true;
        this.running?.halt(error);
      },
      createFile: this.disk.create,
      onEvents: (events: MessageBuffer, frame: Frame) => {
        this.counts.framesReplayed++;
        this.options.twins.replayed(frame, events);
        hooks.onReplay(events.words, events.floats, events.length);
      },
    };
    const opened = this.openOrRepair(() =>
      openShard(this.options.dataDir, this.options.shardId, this.options.createShard, options),
    );
    const { sequence } = opened.report;
    assert(
      sequence >= this.promised,
      `sequence ${this.promised} was promised, recovery ends at ${sequence}`,
    );
    if (this.flipped?.sequence === sequence) {
      assert(this.flipped.hash === stateHash(opened.shard), 'a flip changed the recovered state');
    }
    this.flipped = null;
    this.counts.recoveries++;
    return opened;
  }

  /** Sectors lost out of order look like damage: the operator gives up what nobody was promised. */
  private openOrRepair(open: () => OpenedShard<ShardCore>): OpenedShard<ShardCore> {
    try {
      return open();
    } catch (error) {
      if (!(error instanceof JournalDamageError)) throw error;
      const { sequence } = error.damage;
      const problem = `sequence ${this.promised} was promised, but ${error.message}`;
      assert(sequence > this.promised, problem);
      repairJournal(this.options.dataDir, this.options.shardId, sequence);
      this.counts.repairs++;
      return open();
    }
  }

  /**
   * A byte flips in the files; a copy was kept. Recovery either refuses or comes to the very state it would have come to
   * without the flip, and then the files are restored from the copy.
   */
  private flip(): void {
    const copy = `${this.options.dataDir}-copy`;
    fs.cpSync(this.options.dataDir, copy, { recursive: true });
    const flipped = flipOneByte(shardDirectory(copy, this.options.shardId), this.options.random);
    this.counts.flips++;
    try {
      const opened = openShard(copy, this.options.shardId, this.options.createShard, {
        policy: 'never',
      });
      void opened.close();
      const { sequence } = opened.report;
      const problem = `a flip at ${flipped} went unnoticed: recovery ends at ${sequence}`;
      assert(sequence >= this.promised, problem);
      this.flipped = { sequence, hash: stateHash(opened.shard) };
    } catch (error) {
      if (!(error instanceof Error) || !/JournalDamageError|JournalGapError/.test(error.name)) {
        throw error;
      }
      this.counts.flipsRefused++;
    } finally {
      fs.rmSync(copy, { recursive: true, force: true });
    }
  }
}
