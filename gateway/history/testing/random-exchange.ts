import { candidatesMessage } from '../../../engine/messages/candidates.js';
import { headOf, SLOT_WORDS, slotsOf, typeOf, W_PRICE } from '../../../engine/messages/layout.js';
import { MessageBuffer } from '../../../engine/messages/message-buffer.js';
import { CMD_BEGIN_EPOCH, CMD_TIMER, EVT_CHANNEL } from '../../../engine/messages/types.js';
import { type OpenedShard, openShard } from '../../../engine/runtime/journal/open-shard.js';
import { messageProblem } from '../../../engine/runtime/message-check.js';
import { asChannelInput } from '../../../engine/shard/channel.js';
import type { ShardCore } from '../../../engine/shard/shard-core.js';
import { Xorshift } from '../../../engine/testing/xorshift.js';
import { createShardCore } from '../../../main/compose.js';
import type { MarginActor } from '../../../risk/margin/margin-actor.js';
import { accountsBelow } from '../../../risk/runtime/sweep-here.js';
import { passingMs } from '../../../sim/passing-time.js';
import { shardFor } from '../../../sim/spread/shard-router.js';
import { lastAccountOf } from '../../../sim/spread/union-state.js';
import { Knowledge } from '../../../sim/traffic/knowledge.js';
import { planMarket } from '../../../sim/traffic/market-menu.js';
import { Traffic } from '../../../sim/traffic/traffic.js';
import { type Wire, withSlots } from '../../../sim/traffic/wire.js';

const START_MS = 1_767_225_600_000;

export type HearEvents = (shard: ShardCore, events: MessageBuffer, timeMs: number) => void;

/**
 * Random traders, operators, prices and liquidations over one real shard or several, journaled as a host does it, in frames of several
 * messages. Every order type, and every way for an account to end, comes by sooner or later.
 */
export class RandomExchange {
  readonly knowledge = new Knowledge();
  readonly shards: ShardCore[] = [];
  /** Called with the events of each frame. */
  onEvents: HearEvents = () => {};
  nowMs = START_MS;
  private readonly random: Xorshift;
  private readonly traffic: Traffic;
  private readonly dataDir: string;
  private readonly count: number;
  private opened: OpenedShard<ShardCore>[] = [];
  private waiting: Wire[][] = [];

  constructor(dataDir: string, seed: number, shards = 1) {
    this.dataDir = dataDir;
    this.count = shards;
    this.random = new Xorshift(seed * 16 + 15);
    this.traffic = new Traffic(new Xorshift(seed * 16 + 3), this.knowledge);
  }

  /** How a shard with this number is made, here and in any replay. */
  readonly createShard = (shardId: number): ShardCore => {
    const { count } = this;
    if (count === 1) return createShardCore();
    return createShardCore(undefined, { shardId, shards: count });
  };

  /** Begins an epoch in all shards. May be called again after `stop`. */
  start(): void {
    const shardIds = Array.from({ length: this.count }, (_, i) => i);
    const options = { policy: 'never', segmentBytesMax: 64 * 1024 } as const;
    this.opened = shardIds.map((id) => openShard(this.dataDir, id, this.createShard, options));
    this.shards.splice(0, this.shards.length, ...this.opened.map(({ shard }) => shard));
    this.waiting = shardIds.map(() => []);
    if (this.knowledge.markets.length === 0) this.meet();
    this.opened.forEach(({ journal }, shard) => {
      const begin = withSlots(CMD_BEGIN_EPOCH, 1, { qty: journal.epoch });
      begin[0] = headOf(CMD_BEGIN_EPOCH, 1, 0);
      this.run(shard, [begin]);
    });
  }

  /** An empty exchange is given markets and accounts; of one that has been running before, the traders learn what there is. */
  private meet(): void {
    const { knowledge, random, shards } = this;
    const markets = shards.flatMap((shard) => shard.markets);
    if (markets.length === 0) this.traffic.open(this.nowMs);
    for (const [i, { marketId, params, markTicks }] of markets.entries()) {
      const plan = { ...planMarket(i, random), params };
      knowledge.markets.push({ marketId, plan, markTicks: markTicks || plan.firstPriceTicks });
    }
    for (let account = 1; account <= lastAccountOf(shards); account++) {
      const home = shards.map((shard) => (shard.home as MarginActor).state.accounts);
      knowledge.noteAccount(account, Math.max(...home.map((accounts) => accounts.parent(account))));
    }
    this.nowMs = Math.max(this.nowMs, ...shards.map(({ timeMs }) => timeMs));
  }

  async stop(): Promise<void> {
    for (const { shard, journal, snapshots } of this.opened) {
      if (this.random.chance(50)) await snapshots.write(shard, journal);
    }
    await Promise.all(this.opened.map((opened) => opened.close()));
  }

  written(shard = 0): number {
    return (this.opened[shard] as OpenedShard<ShardCore>).journal.writtenSequence;
  }

  /** One burst of messages, with everything that it sets off. */
  step(): void {
    const { random } = this;
    this.nowMs += passingMs(random);
    this.shards.forEach((shard, i) => {
      if (shard.nextTimerMs() <= this.nowMs) this.run(i, [withSlots(CMD_TIMER, 1, {})]);
    });
    const bursts: Wire[][] = this.shards.map(() => []);
    for (let n = random.between(1, 12); n > 0; n--) {
      const wire = this.traffic.next(1, this.nowMs);
      if (wire !== null && !isMalformed(wire))
        bursts[shardFor(wire, this.count, this.knowledge)]?.push(wire);
    }
    bursts.forEach((wires, shard) => {
      if (wires.length > 0) this.run(shard, wires);
    });
    this.deliver();
    this.shards.forEach((shard, i) => {
      const { state } = shard.home as MarginActor;
      const below = accountsBelow(state.kernel, 1, state.accounts.lastId + 1);
      if (below.length > 0) this.run(i, [candidatesMessage(below.slice(0, 48))]);
    });
    this.deliver();
  }

  /** Commands of the test's own, to whom a gateway would send them, with everything that they set off. */
  send(...wires: readonly Wire[]): void {
    for (const wire of wires) this.run(shardFor(wire, this.count, this.knowledge), [wire]);
    this.deliver();
  }

  private deliver(): void {
    for (let shard = this.due(); shard >= 0; shard = this.due()) {
      this.run(shard, this.waiting[shard]?.splice(0) ?? []);
    }
  }

  private due(): number {
    return this.waiting.findIndex((wires) => wires.length > 0);
  }

  private run(index: number, wires: readonly Wire[]): void {
    const { shard, journal } = this.opened[index] as OpenedShard<ShardCore>;
    const messages = new MessageBuffer(8);
    for (const wire of wires) {
      const slot = messages.push(wire.length / SLOT_WORDS);
      messages.words.set(wire, slot * SLOT_WORDS);
    }
    const timeMs = Math.max(this.nowMs, shard.timeMs);
    const frame = { messages, firstSequence: shard.sequence + 1, count: wires.length, timeMs };
    shard.events.reset();
    shard.applyFrame(frame);
    journal.append(frame);
    journal.write();
    this.knowledge.hear(shard.events, 0);
    this.onEvents(shard, shard.events, timeMs);
    const { words, length } = shard.events;
    for (let slot = 0; slot < length; slot += slotsOf(words[slot * SLOT_WORDS] as number)) {
      if (typeOf(words[slot * SLOT_WORDS] as number) !== EVT_CHANNEL) continue;
      const message = asChannelInput(words, slot * SLOT_WORDS);
      this.waiting[message[W_PRICE] as number]?.push(message);
    }
  }
}

function isMalformed(wire: Wire): boolean {
  const floats = new Float64Array(wire.buffer, wire.byteOffset, wire.length / 2);
  return messageProblem(wire, floats, 0, 'operators') !== 0;
}
