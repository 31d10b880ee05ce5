import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  ChannelBoard,
  type ChannelMemory,
  createChannelMemory,
  NOTE_KEPT,
  NOTE_MADE,
  NOTE_TAKEN,
} from '../../engine/runtime/channel-memory.js';
import {
  type ChannelEnds,
  cutToConsistency,
  shardsThatForgot,
  shardsTooFar,
} from '../../engine/runtime/journal/consistent-cut.js';
import { sumOfTotals } from '../../risk/stress/stress.js';
import { openInlineShard } from './inline-shard.js';
import type {
  AttachedPort,
  ShardAccess,
  ShardHooks,
  ShardInvariants,
  ShardSettings,
  ShardStress,
} from './shard-access.js';
import { nameForeignIds, type ShardSeed } from './shard-seed.js';
import { openThreadedShard } from './threaded-shard.js';

/**
 * The longest way of a command is to the market, its question back, the grant there, the event home; that of a price to all homes, from
 * there cancels to the markets, the events home, a slice there, its fills home.
 */
const HOPS_MAX = 5;

/** What opening the shards needs to know of each, and of the folders around them. */
export interface ShardGroupOptions {
  dataDir: string;
  /** Null for one shard with everything in it. */
  shards: number | null;
  isInline: boolean;
  settings: Omit<ShardSettings, 'shardId' | 'shards' | 'dataDir' | 'snapshotNotAfter'>;
  hooks: (shardId: number) => ShardHooks;
  /** The shards are closed and opened once more: what their replay has given is not final. */
  onReopen: () => Promise<void>;
}

/** What a gateway in a thread of its own begins with. */
export interface GatewayPorts<T> {
  /** By shard. */
  ports: AttachedPort[];
  seeds: ShardSeed[];
  seen: T;
  /** How long no commands were taken. */
  heldMs: number;
}

/** All shards of a process: what has to be done to all of them together. */
export class ShardGroup {
  readonly shards: readonly ShardAccess[];
  /** Sentences for the operator. */
  readonly notices: readonly string[];
  private readonly board: ChannelBoard | null;
  private moving: Promise<unknown> = Promise.resolve();

  /** Recovers all shards to a state in which they fit together; none has begun. */
  static async open(options: ShardGroupOptions): Promise<ShardGroup> {
    const notices: string[] = [];
    const notAfter = new Map<number, number>();
    for (;;) {
      const memory = options.shards === null ? null : createChannelMemory(options.shards);
      const shards = await openAll(options, memory, notAfter);
      if (memory === null) return new ShardGroup(shards, memory, reportOf(shards, notices));
      try {
        const cuts = await corrections(options.dataDir, shards, notAfter);
        if (cuts === null) return new ShardGroup(shards, memory, reportOf(shards, notices));
        notices.push(...cuts);
      } catch (error) {
        await closeAll(shards);
        throw error;
      }
      await options.onReopen();
    }
  }

  private constructor(
    shards: readonly ShardAccess[],
    memory: ChannelMemory | null,
    notices: readonly string[],
  ) {
    this.shards = shards;
    this.board = memory === null ? null : new ChannelBoard(memory);
    this.notices = notices;
  }

  /** Begins one epoch in all shards, and resolves when nothing of what was under way before is under way any more. */
  async begin(): Promise<void> {
    const epoch = Math.max(...this.shards.map(({ report }) => report.epoch));
    const timeMs = Math.max(...this.shards.map(({ report }) => report.timeMs));
    await Promise.all(this.shards.map((shard) => shard.begin(epoch, timeMs)));
    await this.settle();
    while (!this.isQuiet()) await this.settle();
  }

  /** Resolves when all that was sent is applied, with what it set off in other shards, and out. */
  async settle(): Promise<void> {
    await this.settleShards();
    for (let hop = 0; hop < HOPS_MAX && !this.isQuiet(); hop++) {
      await this.arrived();
      await this.settleShards();
    }
  }

  /**
   * All shards stand still for it, so what they have and what is under way between them are one state: money balances in it,
   * and each shard's journal up to its sequence gives its hash.
   */
  invariants(): Promise<object> {
    return this.alone(async () => {
      await this.settleShards();
      const { shards } = this;
      try {
        const taken = await Promise.all(shards.map((shard) => shard.pause()));
        const cuts = await Promise.all(shards.map((shard) => shard.invariants()));
        const underWay = await Promise.all(
          shards.map((shard, from) => {
            return shard.cashUnderWay(taken.map((numbers) => numbers[from] ?? 0));
          }),
        );
        return sumOf(cuts, underWay);
      } finally {
        await Promise.all(shards.map((shard) => shard.resume()));
      }
    });
  }

  /**
   * Ports for one gateway more at all shards, and the state that it begins with: nothing is under way between shards and everything has
   * reached those who read already, so what its ports give it is exactly what comes after. `look` is called at that moment.
   */
  attachGateway<T>(portId: number, look: () => T): Promise<GatewayPorts<T>> {
    return this.alone(async () => {
      const { shards } = this;
      const sinceMs = performance.now();
      try {
        await this.standStill();
        const seeds = await Promise.all(shards.map((shard) => shard.seed()));
        await nameForeignIds(shards, seeds);
        const ports = await Promise.all(shards.map((shard) => shard.attach(portId)));
        if (ports.some((port) => port === null)) throw new Error('this layout has one thread');
        const seen = look();
        return { ports: ports as AttachedPort[], seeds, seen, heldMs: performance.now() - sinceMs };
      } catch (error) {
        this.detachGateway(portId);
        throw error;
      } finally {
        await Promise.allSettled(shards.map((shard) => shard.goOn()));
      }
    });
  }

  /** No commands are taken, nothing is under way between shards, and all events are out. */
  private async standStill(): Promise<void> {
    // Once more when it is quiet: what a shard took last has to be out, too.
    for (let quiet = 0; quiet < 2; ) {
      await Promise.all(this.shards.map((shard) => shard.hold()));
      if (this.hasStopped) throw new Error('a shard has stopped');
      if (this.isQuiet()) quiet++;
      else {
        quiet = 0;
        await this.arrived();
      }
    }
  }

  detachGateway(portId: number): void {
    for (const shard of this.shards) shard.detach(portId);
  }

  /** Of all accounts; each shard's as it stood when it was asked. */
  async stress(): Promise<ShardStress> {
    const parts = await Promise.all(this.shards.map((shard) => shard.stress()));
    return {
      totals: sumOfTotals(parts.map(({ totals }) => totals)),
      insuranceMicroUsd: parts.reduce((sum, part) => sum + part.insuranceMicroUsd, 0n),
    };
  }

  /** Messages of each channel that the receiver's journal does not have yet. */
  channelLengths(): { from: number; to: number; messages: number }[] {
    const { board } = this;
    if (board === null) return [];
    const kept = board.all(NOTE_KEPT);
    const count = this.shards.length;
    return Array.from(board.all(NOTE_MADE), (made, i) => {
      const messages = (made - (kept[i] as number)) | 0;
      return { from: Math.floor(i / count), to: i % count, messages };
    }).filter(({ from, to }) => from !== to);
  }

  /** Manual clock: runs what is due up to this time, in all shards in the order of time. */
  advanceTo(target: number): Promise<void> {
    return this.alone(async () => {
      const { shards } = this;
      if (shards.length === 1) {
        await (shards[0] as ShardAccess).advanceTo(target, true);
        return;
      }
      for (let now = Number.NEGATIVE_INFINITY; now < target; ) {
        const due = await Promise.all(shards.map((shard) => shard.nextTimerMs()));
        now = Math.min(target, ...due.map((time) => Math.max(time, now)));
        for (const shard of shards) await shard.advanceTo(now, now === target);
        await this.settle();
        if (this.hasStopped) return;
      }
    });
  }

  /** What is on its way may still go on; commands are not taken any more. */
  async stopInput(): Promise<void> {
    await Promise.all(this.shards.map((shard) => shard.stopInput()));
    await this.settle();
  }

  async stop(): Promise<void> {
    await Promise.all(this.shards.map((shard) => shard.stop()));
  }

  close(): Promise<void> {
    return closeAll(this.shards);
  }

  private async settleShards(): Promise<void> {
    await Promise.all(this.shards.map((shard) => shard.settle()));
  }

  /** One of several shards has stopped, and all the others with it. */
  get hasStopped(): boolean {
    return this.board !== null && this.board.stoppedShard >= 0;
  }

  private isQuiet(): boolean {
    if (this.board === null || this.hasStopped) return true;
    // Taken first: what is equal then has been equal at the moment between.
    const taken = this.board.all(NOTE_TAKEN);
    const made = this.board.all(NOTE_MADE);
    return made.every((number, i) => number === taken[i]);
  }

  /** Everything that the shards have made up to now is taken. */
  private async arrived(): Promise<void> {
    const { board } = this;
    if (board === null) return;
    const made = board.all(NOTE_MADE);
    const isThere = () => {
      const taken = board.all(NOTE_TAKEN);
      return made.every((number, i) => (((taken[i] as number) - number) | 0) >= 0);
    };
    while (!isThere() && !this.hasStopped) await sleep(1);
  }

  /** Pauses and steps of the clock must not meet. */
  private alone<T>(work: () => Promise<T>): Promise<T> {
    const done = this.moving.then(work);
    this.moving = done.catch(() => {});
    return done;
  }
}

async function openAll(
  options: ShardGroupOptions,
  memory: ChannelMemory | null,
  notAfter: ReadonlyMap<number, number>,
): Promise<ShardAccess[]> {
  const { dataDir, shards } = options;
  const opening = Array.from({ length: shards ?? 1 }, (_, shardId) => {
    const snapshotNotAfter = notAfter.get(shardId) ?? null;
    const settings = { ...options.settings, dataDir, shardId, shards, snapshotNotAfter };
    const hooks = options.hooks(shardId);
    return options.isInline
      ? openInlineShard(settings, hooks)
      : openThreadedShard(settings, hooks, memory);
  });
  const results = await Promise.allSettled(opening);
  const opened = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const failed = results.find((result) => result.status === 'rejected');
  if (failed === undefined) return opened;
  await closeAll(opened);
  throw failed.reason;
}

/**
 * Null: the shards fit together. Otherwise they are closed, and what did not fit is cut off or will be recovered from an older
 * snapshot.
 */
async function corrections(
  dataDir: string,
  shards: readonly ShardAccess[],
  notAfter: Map<number, number>,
): Promise<string[] | null> {
  const ends = shards.map(({ report }) => report.channels as ChannelEnds);
  const forgot = shardsThatForgot(ends);
  if (shardsTooFar(ends).length === 0 && forgot.length === 0) return null;
  await closeAll(shards);
  for (const shard of forgot) {
    notAfter.set(shard, ((shards[shard] as ShardAccess).report.snapshotSequence || 1) - 1);
  }
  return cutToConsistency(dataDir, ends).map(({ sentence }) => sentence);
}

async function closeAll(shards: readonly ShardAccess[]): Promise<void> {
  await Promise.allSettled(shards.map((shard) => shard.close()));
}

function reportOf(shards: readonly ShardAccess[], notices: readonly string[]): string[] {
  return [...notices, ...shards.flatMap(({ report }) => report.notices)];
}

function sumOf(cuts: readonly ShardInvariants[], cashUnderWay: readonly string[]): object {
  const sumOfPositions: Record<string, number> = {};
  let difference = 0n;
  for (const cash of cashUnderWay) difference += BigInt(cash);
  for (const cut of cuts) {
    difference += BigInt(cut.moneyDifferenceMicroUsd);
    for (const [symbol, lots] of Object.entries(cut.sumOfPositions)) {
      sumOfPositions[symbol] = (sumOfPositions[symbol] ?? 0) + lots;
    }
  }
  const money = { sumOfPositions, moneyDifferenceMicroUsd: String(difference) };
  const [first] = cuts;
  if (cuts.length === 1 && first !== undefined) {
    return { sequence: first.sequence, stateHash: first.stateHash, ...money };
  }
  const hash = createHash('sha256');
  for (const cut of cuts) hash.update(cut.stateHash);
  const sequence = cuts.reduce((sum, cut) => sum + cut.sequence, 0);
  const shards = cuts.map(({ shard, sequence: own, stateHash }) => {
    return { shard, sequence: own, stateHash };
  });
  return { sequence, stateHash: hash.digest('hex'), ...money, shards };
}
