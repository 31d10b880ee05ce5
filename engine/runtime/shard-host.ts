import type { MessageBuffer } from '../messages/message-buffer.js';
import { REJECT } from '../messages/reject-codes.js';
import { CMD_BEGIN_EPOCH, CMD_SET_SHARDS, CMD_TIMER } from '../messages/types.js';
import type { Shard } from '../shard/shard.js';
import type { Clock } from './clock.js';
import { FrameBuilder } from './frame-builder.js';
import { type HaltReport, reportHalt } from './halt-report.js';
import type { HostChannels, HostInput, HostPort } from './host-port.js';
import { HostStats } from './host-stats.js';
import { type Journal, JournalWriteError } from './journal/journal.js';
import { OutputQueue } from './output-queue.js';

export const HOST_RUNNING = 0;
/** The journal takes nothing at the moment (disk full): the last frame is tried again, nothing new is taken, and orders are refused. */
export const HOST_STALLED = 1;
/** An invariant is broken or the journal is dead: everything is refused, for good. */
export const HOST_HALTED = 2;

export interface ShardHostOptions {
  shard: Shard;
  journal: Journal;
  clock: Clock;
  ports: readonly HostPort[];
  /** For a shard among others. */
  channels?: HostChannels;
  stats?: HostStats;
  frameMessagesMax?: number;
  /** Slots of events that may wait for the disk before input has to wait. */
  heldSlotsMax?: number;
  /** How long a journal that refused is left alone; default 100. */
  retryMs?: number;
  onHalt?: (report: HaltReport) => void;
  /** Called before each step: between two frames somebody may look at the state, and send. */
  beforeStep?: () => void;
  /** Called with the events of each frame that was applied, before they leave. */
  onApplied?: (events: MessageBuffer) => void;
}

/** 64 KiB of journal at a time: a file system takes a long write at a third of the cost a byte of a 16 KiB one. */
const FRAME_MESSAGES_MAX = 1024;
const HELD_SLOTS_MAX = 1 << 17;
const RETRY_MS = 100;
const NO_INPUTS: readonly HostInput[] = [];

/**
 * Runs a shard, one frame at a time: takes what its ports have, stamps time, applies, journals, and lets the events out as
 * far as the journal has released them. It knows nothing of threads: whoever owns it calls `step` whenever there may be
 * something to do, and `release` when the journal has synced.
 */
export class ShardHost {
  readonly stats: HostStats;
  private readonly shard: Shard;
  private readonly journal: Journal;
  private readonly clock: Clock;
  private ports: readonly HostPort[];
  private readonly channels: HostChannels | null;
  /** Of ports and channels. */
  private inputs: readonly HostInput[];
  private readonly builder: FrameBuilder;
  private readonly output: OutputQueue;
  private readonly heldSlotsMax: number;
  private readonly onHalt: (report: HaltReport) => void;
  private readonly beforeStep: () => void;
  private readonly onApplied: (events: MessageBuffer) => void;
  private state = HOST_RUNNING;
  private readonly retryMs: number;
  private retryAtMs = 0;
  private begun = false;
  /** Takes only what other shards send, and runs no timers: while all shards come to one state at a start. */
  onlyChannels = false;
  /** Does nothing at all: while somebody looks at all shards at once. */
  paused = false;
  private closing = false;
  /** A reader is slow or too much waits for the disk: input has to wait too. */
  private blocked = false;

  constructor(options: ShardHostOptions) {
    this.stats = options.stats ?? new HostStats();
    this.shard = options.shard;
    this.journal = options.journal;
    this.clock = options.clock;
    this.ports = options.ports;
    this.channels = options.channels ?? null;
    this.inputs = [...this.ports, ...this.channelInputs];
    this.builder = new FrameBuilder(options.frameMessagesMax ?? FRAME_MESSAGES_MAX);
    const outputs = options.ports.map((port) => port.output);
    // Other shards first: an order waits for them, and whoever is woken before them may take their core.
    if (this.channels !== null) outputs.unshift(this.channels.output);
    this.output = new OutputQueue(outputs);
    this.heldSlotsMax = options.heldSlotsMax ?? HELD_SLOTS_MAX;
    this.retryMs = options.retryMs ?? RETRY_MS;
    this.onHalt = options.onHalt ?? (() => {});
    this.beforeStep = options.beforeStep ?? (() => {});
    this.onApplied = options.onApplied ?? (() => {});
    this.updateStats();
  }

  /**
   * The first frame of a start; until then nothing is taken, so that every frame belongs to an epoch. `newShards`: how many
   * shards there are, when this one does not know of all of them.
   */
  begin(newShards = 0): void {
    this.begun = true;
    this.builder.begin(this.journal.nextSequence, this.stamp());
    this.builder.add(CMD_BEGIN_EPOCH, this.journal.epoch);
    if (newShards > 0) this.builder.add(CMD_SET_SHARDS, newShards);
    this.runFrame();
  }

  get halted(): boolean {
    return this.state === HOST_HALTED;
  }

  /** Everything that was released has reached its port, and nothing waits for the disk. */
  get drained(): boolean {
    return this.output.empty && this.state !== HOST_STALLED;
  }

  /** Something has arrived that `step` would take. */
  get hasInput(): boolean {
    if (!this.begun || this.paused) return false;
    const { channels } = this;
    if (channels !== null && !this.halted && (channels.stoppedShard >= 0 || channels.canPump)) {
      return true;
    }
    if (this.blocked) return false;
    for (const { input } of this.halted ? this.ports : this.openInputs) {
      if (input.pending) return true;
    }
    return false;
  }

  /**
   * A port more, between two frames. It sees the events of the frames to come; what it has to know of before is the state of this moment, so
   * nothing may wait to leave (`drained`).
   */
  attach(port: HostPort): void {
    this.detachClosed();
    this.ports = [...this.ports, port];
    this.inputs = [...this.ports, ...this.channelInputs];
    this.output.add(port.output);
  }

  /** Does at most one frame. False: there is nothing to do, or nothing can be done now. */
  step(): boolean {
    if (!this.begun || this.paused) return false;
    this.beforeStep();
    if (this.channels !== null) this.stopWithOthers(this.channels.stoppedShard);
    if (this.state === HOST_HALTED) return this.refuse();
    this.channels?.pump();
    if (this.state === HOST_STALLED && !this.retry()) return false;
    this.blocked = !this.mayTakeInput();
    if (this.blocked) return false;
    const { builder, shard } = this;
    const timeMs = this.stamp();
    builder.begin(this.journal.nextSequence, timeMs);
    if (shard.nextTimerMs() <= timeMs && !this.onlyChannels) builder.add(CMD_TIMER, 0);
    const malformed = builder.take(this.openInputs, shard.events);
    for (let i = 0; i < malformed; i++) this.stats.addMalformed();
    if (builder.frame.count > 0) {
      this.runFrame();
      return true;
    }
    this.emit();
    return malformed > 0;
  }

  /** Runs the timers that are due, and puts the present time into the journal though no message came. */
  stepTimer(): void {
    if (this.state !== HOST_RUNNING) return;
    this.builder.begin(this.journal.nextSequence, this.stamp());
    this.builder.add(CMD_TIMER, 0);
    this.runFrame();
  }

  /** Call when the journal has synced, or a reader has made room. */
  release(): void {
    if (!this.output.flush(this.journal.releasedSequence)) this.detachClosed();
    this.updateChannels();
    this.updateStats();
  }

  /** Takes no more commands from now on; what is on its way goes out. */
  stopInput(): void {
    this.closing = true;
  }

  /** The journal is dead, or somebody else found the state to be wrong: refuses everything from now on. */
  halt(error: Error): void {
    if (this.state === HOST_HALTED) return;
    this.haltQuietly();
    this.channels?.stop();
    this.onHalt(reportHalt(error, this.shard, this.builder.frame, this.journal));
  }

  /** Orders in one shard are answered by others: when one of them has stopped, none can go on. */
  private stopWithOthers(stoppedShard: number): void {
    if (stoppedShard >= 0 && !this.halted) this.haltQuietly();
  }

  private haltQuietly(): void {
    this.enter(HOST_HALTED);
    this.shard.events.reset();
    this.updateStats();
  }

  private enter(state: number): void {
    this.state = state;
    for (const { input } of this.ports) input.stalled = state === HOST_STALLED;
  }

  /** Where input may come from now. Other shards are always heard: see `shard-channels.ts`. */
  private get openInputs(): readonly HostInput[] {
    const waits = this.closing || this.onlyChannels || (this.channels?.congested ?? false);
    return waits ? this.channelInputs : this.inputs;
  }

  private get channelInputs(): readonly HostInput[] {
    return this.channels?.inputs ?? NO_INPUTS;
  }

  /** Time of the exchange: the clock's, but never less than what was stamped before. */
  private stamp(): number {
    return Math.max(this.shard.timeMs, Math.floor(this.clock.nowMs()));
  }

  private mayTakeInput(): boolean {
    if (!this.output.flush(this.journal.releasedSequence)) {
      this.detachClosed();
      // A reader is slow: input waits, so that its ring fills up and the senders hear of it.
      if (!this.output.flush(this.journal.releasedSequence)) return false;
    }
    return this.output.heldSlots < this.heldSlotsMax;
  }

  private runFrame(): void {
    const startedMs = performance.now();
    const { frame } = this.builder;
    try {
      this.shard.applyFrame(frame);
    } catch (error) {
      // Whatever it was, the state may be half of something: it must not trade on, nor go into the journal.
      this.halt(error instanceof Error ? error : new Error(String(error)));
      return;
    }
    this.onApplied(this.shard.events);
    if (!this.record()) return;
    this.stats.addFrame(frame.count, performance.now() - startedMs);
    this.emit();
  }

  /** Puts the present frame into the journal. */
  private record(): boolean {
    try {
      this.journal.append(this.builder.frame);
      this.journal.write();
      if (this.state !== HOST_RUNNING) this.enter(HOST_RUNNING);
      return true;
    } catch (error) {
      // Whoever cannot write, waits. A dead journal has called `halt` before it throws.
      if (!(error instanceof JournalWriteError)) this.halt(error as Error);
      else if (!this.halted) this.enter(HOST_STALLED);
      this.retryAtMs = performance.now() + this.retryMs;
      this.updateStats();
      return false;
    }
  }

  private retry(): boolean {
    if (performance.now() < this.retryAtMs || !this.record()) return false;
    this.emit();
    return true;
  }

  private emit(): void {
    const { shard } = this;
    if (shard.events.length > 0) {
      this.stats.addEvents(shard.events);
      this.output.offer(shard.events, shard.sequence, this.journal.releasedSequence);
      shard.events.reset();
    }
    this.updateChannels();
    this.updateStats();
  }

  /** Without syncs, what was written is all that a shard can promise to keep. */
  private updateChannels(): void {
    const { journal, shard } = this;
    const kept = journal.policy === 'never' ? journal.writtenSequence : journal.durableSequence;
    this.channels?.applied(shard.sequence, kept);
  }

  private refuse(): boolean {
    this.detachClosed();
    const code = REJECT.market_does_not_accept_new_orders;
    const refused = this.builder.refuse(this.ports, this.shard.events, code);
    if (refused === 0) return false;
    this.stats.addEvents(this.shard.events);
    // Not of any frame, hence of nothing that the journal could still lose.
    const released = this.journal.releasedSequence;
    this.output.flush(released);
    this.output.offer(this.shard.events, released, released);
    this.shard.events.reset();
    return true;
  }

  private detachClosed(): void {
    this.output.dropClosed();
    if (this.ports.some((port) => port.output.closed)) {
      this.ports = this.ports.filter((port) => !port.output.closed);
      this.inputs = [...this.ports, ...this.channelInputs];
    }
  }

  private updateStats(): void {
    const { stats, journal, shard } = this;
    stats.set('state', this.state);
    stats.set('sequence', shard.sequence);
    stats.set('timeMs', shard.timeMs);
    stats.set('writtenSequence', journal.writtenSequence);
    stats.set('durableSequence', journal.durableSequence);
    stats.set('journalBytes', journal.bytes);
    stats.set('journalSyncs', journal.syncs);
    stats.set('journalSyncMs', journal.lastSyncMs);
    stats.set('heldSlots', this.output.heldSlots);
  }
}
