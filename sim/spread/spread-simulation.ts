import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { assert } from '../../engine/assert.js';
import { SLOT_WORDS } from '../../engine/messages/layout.js';
import { ManualClock } from '../../engine/runtime/clock.js';
import {
  channelEndsOf,
  cutToConsistency,
  shardsThatForgot,
  shardsTooFar,
} from '../../engine/runtime/journal/consistent-cut.js';
import type { SyncPolicy } from '../../engine/runtime/journal/sync-scheduler.js';
import type { Routing } from '../../engine/shard/routing.js';
import type { ShardCore } from '../../engine/shard/shard-core.js';
import { Xorshift } from '../../engine/testing/xorshift.js';
import { createShardCore } from '../../main/compose.js';
import { sweepUntilNobodyIsBelow } from '../checks/sweep-checks.js';
import { Twins } from '../checks/twins.js';
import { FaultDice, type FaultName } from '../faults.js';
import { SimPort } from '../host/sim-port.js';
import { passingMs } from '../passing-time.js';
import { ShardNode } from '../shard-node.js';
import { Knowledge } from '../traffic/knowledge.js';
import { Traffic } from '../traffic/traffic.js';
import { ChannelNetwork } from './channel-network.js';
import { checkCut } from './cut-checks.js';
import { checkReservations } from './reservation-checks.js';
import { SafeCut } from './safe-cut.js';
import { shardFor } from './shard-router.js';
import { unionState } from './union-state.js';

export interface SpreadResult {
  shards: number;
  unionState: number;
  counts: Record<string, number>;
}

const START_MS = 1_767_225_600_000;
const SETTLE_ROUNDS_MAX = 10_000;

/** One shard among several, with its port for gateways and its twin that is never interrupted. */
interface Member {
  node: ShardNode;
  twin: ShardCore;
  twins: Twins;
  port: SimPort;
}

/**
 * Several shards over channels that lose, double and delay: each of them crashing alone, or, with any policy of syncs, all of a
 * host together, which after a power failure are cut back until they fit together. Every shard has a twin that is fed the
 * same inputs in the same order; all twins together are the single-process run with the same delivery order.
 */
export class SpreadSimulation {
  private readonly random: Xorshift;
  private readonly dice: FaultDice;
  private readonly knowledge = new Knowledge();
  private readonly traffic: Traffic;
  private readonly network: ChannelNetwork;
  private readonly members: Member[] = [];
  private readonly clock = new ManualClock(START_MS);
  private readonly dataDir: string;
  private readonly steps: number;
  /** All shards are in one process: they die together. */
  private readonly oneHost: boolean;
  private readonly safeCut: SafeCut;
  private readonly counts = {
    commands: 0,
    busy: 0,
    kills: 0,
    powerFailures: 0,
    snapshots: 0,
    cuts: 0,
    olderSnapshots: 0,
  };
  step = 0;

  constructor(seed: number, steps: number, faults: ReadonlySet<FaultName>) {
    this.steps = steps;
    const stream = (n: number) => new Xorshift(seed * 16 + n);
    this.random = stream(6);
    this.dice = new FaultDice(stream(7), faults);
    this.traffic = new Traffic(stream(8), this.knowledge);
    const shards = this.random.between(2, 4);
    const isBad = faults.has('channel');
    const network = isBad ? { lost: 10, doubled: 10, late: 40 } : { lost: 0, doubled: 0, late: 0 };
    this.network = new ChannelNetwork(stream(9), shards, network);
    this.dataDir = fs.mkdtempSync(path.join(os.tmpdir(), 'plimsoll-sim-'));
    this.oneHost = this.random.chance(50);
    this.safeCut = new SafeCut(shards);
    // What a shard on another host was told must not be lost here: where power may fail, output waits for the disk.
    const mayLose = this.oneHost || !faults.has('power');
    const policies: SyncPolicy[] = mayLose ? ['always', 'batch', 'never'] : ['always'];
    for (let shardId = 0; shardId < shards; shardId++) {
      const placement = { shardId, shards };
      const twin = createShardCore(undefined, placement);
      const twins = new Twins([
        { name: `the twin of shard ${shardId}`, shard: twin, comparesDelivery: true },
      ]);
      const node = new ShardNode({
        dataDir: this.dataDir,
        shardId,
        random: stream(10 + shardId),
        sweepRandom: new Xorshift(stream(14).next() + shardId),
        twins,
        knowledge: this.knowledge,
        clock: this.clock,
        createShard: () => createShardCore(undefined, placement),
        policies,
        onFrame: () => this.heard(shardId),
      });
      this.members.push({ node, twin, twins, port: newPort() });
    }
  }

  async run(): Promise<SpreadResult> {
    try {
      if (this.oneHost) this.startHost();
      else for (const member of this.members) this.start(member);
      this.traffic.open(this.clock.nowMs());
      for (this.step = 1; this.step <= this.steps; this.step++) await this.takeStep();
      return this.finish();
    } finally {
      fs.rmSync(this.dataDir, { recursive: true, force: true });
    }
  }

  private get cores(): ShardCore[] {
    return this.members.map(({ node }) => node.shard);
  }

  private async takeStep(): Promise<void> {
    const { random, dice } = this;
    this.clock.set(this.clock.nowMs() + passingMs(random));
    this.send(random.below(8));
    this.network.deliver(random.below(30));
    for (const member of this.members) {
      if (random.chance(15)) continue;
      member.node.sweep?.step();
      for (let i = random.below(4); i > 0; i--) member.node.host.step();
      for (let i = random.below(3); i > 0; i--) member.node.disk.finishSync();
      this.afterHost(member);
      if (dice.strikes('snapshot')) await this.snapshot(member);
      if (dice.strikes('kill')) this.fail(member, 'none');
      if (dice.strikes('power')) this.fail(member, random.pick(['tail', 'sectors']));
    }
    if (random.chance(10)) this.repeatWhatIsMissing();
    checkCut(this.cores);
    if (this.step % 4 === 0) checkReservations(this.cores);
  }

  private send(most: number): void {
    for (let i = 0; i < most; i++) {
      const wire = this.traffic.next(1, this.clock.nowMs());
      if (wire === null) continue;
      const { port } = this.members[shardFor(wire, this.members.length, this.knowledge)] as Member;
      if (port.trySend(wire, 0, wire.length / SLOT_WORDS)) this.counts.commands++;
      else this.counts.busy++;
      port.flush();
    }
  }

  private afterHost(member: Member): void {
    member.node.refuseMistakes();
    member.port.read(Number.POSITIVE_INFINITY);
    member.node.host.release();
    if (this.oneHost) this.advanceSafely();
    else member.node.advanceTwins();
    this.acknowledge(member);
  }

  private heard(shardId: number): void {
    const { shard } = (this.members[shardId] as Member).node;
    this.safeCut.heard(shardId, shard.sequence, shard.routing as Routing);
  }

  /** To the twins goes what no power failure can take back, from this shard or as a consequence of another one's loss. */
  private advanceSafely(): void {
    this.safeCut.advance(this.members.map(({ node }) => node.journal.durableSequence));
    this.members.forEach(({ node }, shard) => {
      node.advanceTwins(this.safeCut.sequenceOf(shard));
    });
  }

  /** The others need not keep what this shard has durably in its journal. */
  private acknowledge(member: Member): void {
    const { journal, shard } = member.node;
    if (journal.durableSequence < shard.sequence) return;
    const to = this.members.indexOf(member);
    this.members.forEach(({ node }, from) => {
      if (from === to) return;
      node.shard.routing?.channelTo(to).acknowledge(shard.routing?.channelFrom(from).last ?? 0);
    });
  }

  /** Each sender asks how far each receiver has come, and sends what it has let out and the other does not have. */
  private repeatWhatIsMissing(): void {
    this.members.forEach(({ node: sender }, from) => {
      this.members.forEach(({ node: receiver }, to) => {
        if (from === to) return;
        const taken = receiver.shard.routing?.channelFrom(from).last ?? 0;
        const released = this.network.releasedTo(from, to) - taken;
        const missing = sender.shard.routing?.channelTo(to).from(taken + 1) ?? [];
        for (const message of missing.slice(0, Math.min(8, Math.max(0, released)))) {
          this.network.repeat(to, message);
        }
      });
    });
  }

  private async snapshot({ node }: Member): Promise<void> {
    if (node.journal.writtenSequence < node.shard.sequence) return;
    await node.snapshot();
    this.counts.snapshots++;
  }

  private fail(member: Member, loss: 'none' | 'tail' | 'sectors'): void {
    if (loss === 'none') this.counts.kills++;
    else this.counts.powerFailures++;
    if (!this.oneHost) {
      member.node.crash(loss, this.dice.strikes('flip'));
      this.start(member);
      return;
    }
    for (const { node } of this.members) node.crash(loss, this.dice.strikes('flip'));
    const { cuts } = this.counts;
    this.startHost();
    assert(loss !== 'none' || cuts === this.counts.cuts, 'a kill must not call for a cut');
  }

  /** As a process does that has all shards: recovers them until they fit together, then lets them begin. */
  private startHost(): void {
    this.network.forget();
    for (const { node } of this.members) node.recover({ onReplay: () => {} });
    while (!this.fitsTogether()) {
      for (const { node } of this.members) node.recover({ onReplay: () => {} });
    }
    const recovered = this.cores.map(({ sequence, routing }) => {
      return { sequence, routing: routing as Routing };
    });
    this.members.forEach(({ node }, shard) => {
      const safe = this.safeCut.sequenceOf(shard);
      const problem = `shard ${shard} may not be cut back behind ${safe}, but ends at ${node.shard.sequence}`;
      assert(node.shard.sequence >= safe, problem);
    });
    this.safeCut.recovered(recovered);
    checkCut(this.cores);
    for (const member of this.members) this.begin(member);
  }

  /** False: shards were cut back, or need an older snapshot, and all have to be recovered once more. */
  private fitsTogether(): boolean {
    const ends = this.cores.map(({ routing }) => channelEndsOf(routing as Routing));
    const snapshots = this.members.map(({ node }) => node.snapshotSequence);
    const forgot = shardsThatForgot(ends);
    if (forgot.length === 0 && shardsTooFar(ends).length === 0) return true;
    this.members.forEach(({ node }, shard) => {
      const notAfter = forgot.includes(shard) ? [(snapshots[shard] as number) - 1] : [];
      node.abandon(this.safeCut.sequenceOf(shard), ...notAfter);
    });
    this.counts.olderSnapshots += forgot.length;
    this.counts.cuts += cutToConsistency(this.dataDir, ends).length;
    return false;
  }

  private start(member: Member): void {
    member.node.recover({ onReplay: () => {} });
    this.begin(member);
  }

  private begin(member: Member): void {
    const from = this.members.indexOf(member);
    this.network.restart(from);
    member.port = newPort();
    member.node.begin([member.port.hostPort, this.network.portOf(from)]);
    // Everything that was recovered is durable, and so is what it caused.
    const { routing } = member.node.shard;
    for (let to = 0; to < this.members.length; to++) {
      if (to !== from) this.network.setReleased(from, to, routing?.channelTo(to).last ?? 0);
    }
  }

  /** All messages arrive; then each shard equals its twin, and nothing is under way any more. */
  private finish(): SpreadResult {
    this.comeToRest();
    sweepUntilNobodyIsBelow(this.cores, () => {
      for (const { node } of this.members) node.demandSweep();
      this.comeToRest();
    });
    for (const { node } of this.members) node.journal.syncNow();
    for (const { node, twins } of this.members) {
      node.shard.check();
      twins.recovered(node.shard.sequence);
      twins.compare(node.shard);
    }
    checkCut(this.cores);
    const union = unionState(this.cores);
    const twin = unionState(this.members.map((member) => member.twin));
    assert(union === twin, 'all shards together must equal all of their twins together');
    const counts = { ...this.counts, ...this.network.counts, ...this.knowledge.counts };
    return { shards: this.members.length, unionState: union, counts };
  }

  private comeToRest(): void {
    for (let round = 0; !this.settle(); round++) {
      assert(round < SETTLE_ROUNDS_MAX, 'the shards must come to rest');
    }
  }

  private settle(): boolean {
    let rests = true;
    this.network.deliver(1_000);
    for (const member of this.members) {
      const { host, disk } = member.node;
      if (member.node.finishSweeps()) rests = false;
      if (host.step()) rests = false;
      disk.finishAllSyncs();
      this.afterHost(member);
      if (host.hasInput || !host.drained) rests = false;
    }
    if (!this.network.isQuiet) return false;
    if (!rests) return false;
    this.repeatWhatIsMissing();
    return this.network.isQuiet;
  }
}

function newPort(): SimPort {
  return new SimPort(1, 'operators', 128, 1024);
}
