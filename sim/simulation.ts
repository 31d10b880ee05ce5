import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { assert } from '../engine/assert.js';
import { NaiveBook } from '../engine/book/naive-book.js';
import { ManualClock } from '../engine/runtime/clock.js';
import { deliveryHash, stateHash } from '../engine/runtime/journal/state-hash.js';
import { ShardCore } from '../engine/shard/shard-core.js';
import { Xorshift } from '../engine/testing/xorshift.js';
import { NaiveTriggers } from '../engine/triggers/naive-triggers.js';
import { createShardCore } from '../main/compose.js';
import { sweepUntilNobodyIsBelow } from './checks/sweep-checks.js';
import { Twins } from './checks/twins.js';
import { ClientCrowd } from './clients/client-crowd.js';
import { FaultDice, type FaultName } from './faults.js';
import { NaiveHome } from './naive/naive-home.js';
import { passingMs } from './passing-time.js';
import { ShardNode } from './shard-node.js';
import { Knowledge } from './traffic/knowledge.js';
import { Traffic } from './traffic/traffic.js';

export interface SimulationResult {
  seed: number;
  steps: number;
  sequence: number;
  stateHash: string;
  deliveryHash: string;
  counts: Record<string, number>;
}

const START_MS = 1_767_225_600_000;
const SETTLE_ROUNDS_MAX = 10_000;

/** One shard with its gateways, clients and disk on a virtual clock. Nothing but the seed decides what happens. */
export class Simulation {
  /** The step that is being taken; one more than there are while all comes to rest. */
  step = 0;
  private readonly seed: number;
  private readonly steps: number;
  private readonly random: Xorshift;
  private readonly dice: FaultDice;
  private readonly knowledge = new Knowledge();
  private readonly traffic: Traffic;
  private readonly twins: Twins;
  private readonly node: ShardNode;
  private readonly crowd: ClientCrowd;
  private readonly dataDir: string;
  private readonly counts = { commands: 0, busy: 0, kills: 0, powerFailures: 0, diskFull: 0 };
  private readonly clock = new ManualClock(START_MS);
  private fullUntilStep = 0;

  constructor(seed: number, steps: number, faults: ReadonlySet<FaultName>) {
    this.seed = seed;
    this.steps = steps;
    // Streams of their own: switching a fault off does not change the traffic.
    const stream = (n: number) => new Xorshift(seed * 16 + n);
    this.random = stream(1);
    this.dice = new FaultDice(stream(2), faults);
    this.traffic = new Traffic(stream(3), this.knowledge);
    this.twins = new Twins([
      { name: 'the uninterrupted twin', shard: createShardCore(), comparesDelivery: true },
      {
        name: 'the naive twin',
        shard: new ShardCore(
          (inbox, events, fees) => new NaiveHome(inbox, events, fees),
          (book) => new NaiveBook(book),
          undefined,
          undefined,
          () => new NaiveTriggers(),
        ),
        comparesDelivery: true,
      },
    ]);
    this.dataDir = fs.mkdtempSync(path.join(os.tmpdir(), 'plimsoll-sim-'));
    this.node = new ShardNode({
      dataDir: this.dataDir,
      shardId: 0,
      random: stream(4),
      sweepRandom: stream(14),
      twins: this.twins,
      knowledge: this.knowledge,
      clock: this.clock,
      createShard: () => createShardCore(),
      policies: ['always', 'batch', 'never'],
    });
    this.crowd = new ClientCrowd(stream(5), this.dice, this.twins.history);
  }

  async run(): Promise<SimulationResult> {
    try {
      this.start();
      this.traffic.open(this.clock.nowMs());
      for (this.step = 1; this.step <= this.steps; this.step++) await this.takeStep();
      this.finish();
      return this.result();
    } finally {
      fs.rmSync(this.dataDir, { recursive: true, force: true });
    }
  }

  private async takeStep(): Promise<void> {
    const { random, node, crowd, dice } = this;
    this.clock.set(this.clock.nowMs() + passingMs(random));
    this.send();
    if (dice.strikes('full')) this.fillDisk();
    if (this.step === this.fullUntilStep) node.disk.bytesFree = Number.POSITIVE_INFINITY;
    if (dice.strikes('kill') && this.diesWhileWriting()) return;
    node.sweep?.step();
    for (let i = random.below(4); i > 0; i--) node.host.step();
    node.refuseMistakes();
    if (node.disk.dead || this.syncsFail()) return this.restart('none');
    crowd.read();
    node.host.release();
    node.advanceTwins();
    if (dice.strikes('snapshot')) await this.snapshot();
    if (dice.strikes('vanish')) this.vanish();
    if (dice.strikes('power')) this.restart(random.pick(['tail', 'sectors']));
  }

  /** Clients talk through their gateways; a full ring says so, and nothing was sent. */
  private send(): void {
    for (const port of this.crowd.ports) {
      for (let i = this.random.below(4); i > 0; i--) {
        const wire = this.traffic.next(port.portId, this.clock.nowMs());
        if (wire === null) continue;
        if (port.trySend(wire, 0, wire.length / 16)) this.counts.commands++;
        else this.counts.busy++;
      }
      port.flush();
    }
  }

  private fillDisk(): void {
    this.counts.diskFull++;
    this.node.disk.bytesFree = this.random.below(600);
    this.fullUntilStep = this.step + this.random.between(1, 8);
  }

  /** Killed between two steps, or within a write, which the next poll then does not finish. True: dead at once. */
  private diesWhileWriting(): boolean {
    if (this.random.chance(50)) {
      this.node.disk.bytesUntilDeath = this.random.between(1, 1_500);
      return false;
    }
    this.restart('none');
    return true;
  }

  private syncsFail(): boolean {
    const { disk } = this.node;
    const fails = this.dice.strikes('sync') && disk.syncsWaiting > 0;
    if (fails) disk.finishSync(new Error('the virtual disk lost the pages'));
    for (let i = this.random.below(3); i > 0; i--) disk.finishSync();
    return fails;
  }

  private async snapshot(): Promise<void> {
    // While the disk is full the state is ahead of the journal, and no snapshot may be taken.
    if (this.node.journal.writtenSequence < this.node.shard.sequence) return;
    if (this.random.chance(75)) {
      await this.node.snapshot();
      return;
    }
    this.node.leaveHalfSnapshot();
    if (this.dice.strikes('kill')) this.restart('none');
  }

  private vanish(): void {
    if (this.random.chance(90)) this.crowd.replaceGateway(this.node.shard);
    else this.crowd.closeGateway();
  }

  private restart(loss: 'none' | 'tail' | 'sectors'): void {
    if (loss === 'none') this.counts.kills++;
    else this.counts.powerFailures++;
    const mayLose = loss !== 'none' && this.node.journal.policy !== 'always';
    this.node.crash(loss, this.dice.strikes('flip'));
    this.fullUntilStep = 0;
    this.start();
    this.crowd.checkAcknowledged(mayLose);
  }

  private start(): void {
    const ports = this.crowd.newGateways();
    this.node.start(
      ports.map((port) => port.hostPort),
      {
        onReplay: (words, floats, slots) => this.crowd.hearReplay(words, floats, slots),
      },
    );
    this.crowd.seed(this.node.shard);
  }

  /** Everything comes to rest; then live shard, twins and every client must agree. */
  private finish(): void {
    const { node, crowd } = this;
    node.disk.bytesFree = Number.POSITIVE_INFINITY;
    node.disk.bytesUntilDeath = Number.POSITIVE_INFINITY;
    this.settle();
    sweepUntilNobodyIsBelow([node.shard], () => {
      node.demandSweep();
      this.settle();
    });
    node.journal.syncNow();
    crowd.readAll();
    node.shard.check();
    this.twins.recovered(node.shard.sequence);
    this.twins.compare(node.shard);
    crowd.connectAll(node.shard);
    crowd.checkAgainstHistory();
  }

  private settle(): void {
    const { node, crowd } = this;
    let rounds = 0;
    do {
      assert(rounds++ < SETTLE_ROUNDS_MAX, 'the shard must come to rest when nobody asks any more');
      while (node.host.step());
      node.disk.finishAllSyncs();
      crowd.readAll();
      node.host.release();
      node.refuseMistakes();
    } while (node.finishSweeps() || node.host.hasInput || !node.host.drained);
  }

  private result(): SimulationResult {
    const { shard, counts } = this.node;
    return {
      seed: this.seed,
      steps: this.steps,
      sequence: shard.sequence,
      stateHash: stateHash(shard),
      deliveryHash: deliveryHash(shard),
      counts: { ...this.counts, ...counts, ...this.crowd.counts(), ...this.knowledge.counts },
    };
  }
}
