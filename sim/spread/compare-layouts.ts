import { assert } from '../../engine/assert.js';
import { candidatesMessage } from '../../engine/messages/candidates.js';
import {
  EW_FLAGS,
  marketOf,
  SLOT_WORDS,
  slotsOf,
  typeOf,
  W_ACCOUNT,
  W_HEAD,
  W_PRICE,
} from '../../engine/messages/layout.js';
import type { MessageBuffer } from '../../engine/messages/message-buffer.js';
import {
  CMD_TIMER,
  EVT_CANCELED,
  EVT_FUNDING,
  EVT_SLICE,
  EVT_TRIGGERED,
  REASON_LIQUIDATION,
  reasonOf,
} from '../../engine/messages/types.js';
import { messageProblem } from '../../engine/runtime/message-check.js';
import type { ShardCore } from '../../engine/shard/shard-core.js';
import { Xorshift } from '../../engine/testing/xorshift.js';
import { createShardCore } from '../../main/compose.js';
import { accountsBelow } from '../../risk/runtime/sweep-here.js';
import { checkNobodyIsBelow } from '../checks/sweep-checks.js';
import { withNoise } from '../host/virtual-sweep.js';
import { passingMs } from '../passing-time.js';
import { Knowledge } from '../traffic/knowledge.js';
import { Traffic } from '../traffic/traffic.js';
import { type Wire, withSlots } from '../traffic/wire.js';
import { applyWire, channelMessages } from './apply-wire.js';
import { homeFor, shardFor } from './shard-router.js';
import { homeOf, unionState } from './union-state.js';

const START_MS = 1_767_225_600_000;

/**
 * Gives the same commands to one shard with everything in it and to several over which accounts and markets are spread. The
 * channels deliver in the order in which one shard would run its own messages, so after every command the two must have the
 * same books, positions and accounts, to the last lot and micro-USD. It ends where the placement of accounts itself decides who is
 * first. Returns how many commands were compared.
 */
export function compareLayouts(seed: number, commands: number): number {
  const random = new Xorshift(seed * 16 + 15);
  const shards = random.between(2, 5);
  const knowledge = new Knowledge();
  const traffic = new Traffic(new Xorshift(seed * 16 + 3), knowledge);
  const single = createShardCore();
  const spread = Array.from({ length: shards }, (_, shardId) => {
    return createShardCore(undefined, { shardId, shards });
  });
  const sweeps = new SweepsOfBoth(single, spread, new Xorshift(seed * 16 + 14), knowledge);
  let nowMs = START_MS;
  traffic.open(nowMs);
  let compared = 0;
  for (let i = 0; i < commands; i++) {
    nowMs += passingMs(random);
    while (single.nextTimerMs() <= nowMs) {
      const shardsDue = dueShards(single, spread, nowMs);
      const timer = withSlots(CMD_TIMER, 1, {});
      applyWire(single, timer, nowMs);
      if (firesInSeveralHomes(single.events, shards, knowledge)) return compared;
      if (isDecidedByTurns(shardsDue, single.events)) return compared;
      for (const shard of new Set(shardsDue)) applyAndDeliver(spread, shard, timer, nowMs);
      sweeps.run(nowMs);
    }
    const wire = traffic.next(1, nowMs);
    if (wire === null || isMalformed(wire)) continue;
    applyWire(single, wire, nowMs);
    if (firesInSeveralHomes(single.events, shards, knowledge)) return compared;
    knowledge.hear(single.events, 0);
    applyAndDeliver(spread, shardFor(wire, shards, knowledge), wire, nowMs);
    sweeps.run(nowMs);
    compared++;
    const equal = unionState(spread) === unionState([single]);
    assert(equal, `command ${i} gave ${shards} shards another state than one shard has`);
  }
  return compared;
}

/** Sweeps the accounts of one shard, and those of several, when prices or rates have changed. */
class SweepsOfBoth {
  private readonly single: ShardCore;
  private readonly spread: readonly ShardCore[];
  private readonly random: Xorshift;
  private readonly knowledge: Knowledge;
  private changes = 0;

  constructor(
    single: ShardCore,
    spread: readonly ShardCore[],
    random: Xorshift,
    knowledge: Knowledge,
  ) {
    this.single = single;
    this.spread = spread;
    this.random = random;
    this.knowledge = knowledge;
  }

  /** One account a message: what it sets off in several shards is done before the next one's turn, as in one shard. */
  run(nowMs: number): void {
    const { single, spread } = this;
    const { state, termsChanges } = homeOf(single);
    if (termsChanges === this.changes) return;
    this.changes = termsChanges;
    const below = accountsBelow(state.kernel, 1, state.accounts.lastId + 1);
    for (const account of withNoise(below, this.random)) {
      const wire = candidatesMessage([account]);
      applyWire(single, wire, nowMs);
      const home = account < 1 ? 0 : homeFor(account, spread.length, this.knowledge);
      applyAndDeliver(spread, home, wire, nowMs);
    }
    for (const core of [single, ...spread]) checkNobodyIsBelow(core);
  }
}

/**
 * Where a timer does what it does in one shard: all markets that are due, in the order of their turns there; when none is, the switch
 * that falls, or else the account that comes next of all. A host with several markets is named at each of their turns.
 */
function dueShards(single: ShardCore, cores: readonly ShardCore[], nowMs: number): number[] {
  const all = cores.map((_core, shard) => shard);
  const hosts = single.markets.flatMap((market) => {
    if (market.nextTimerMs() > nowMs) return [];
    return all.filter((shard) => isHost(cores[shard] as ShardCore, market.marketId));
  });
  if (hosts.length > 0) return hosts.filter((host, turn) => host !== hosts[turn - 1]);
  const homes = all.map((shard) => ({ shard, home: homeOf(cores[shard] as ShardCore) }));
  const falling = homes.flatMap(({ shard, home: { countdowns } }) => {
    const { next } = countdowns;
    return next === null || next.endMs > nowMs ? [] : [{ shard, ms: next.endMs, account: next.id }];
  });
  const sinking = homes.flatMap(({ shard, home: { liquidations } }) => {
    const { next } = liquidations;
    return next === null ? [] : [{ shard, ms: next.nextMs, account: next.account }];
  });
  const next = falling.length > 0 ? falling : sinking;
  next.sort((a, b) => a.ms - b.ms || a.account - b.account);
  return next.slice(0, 1).map(({ shard }) => shard);
}

function isHost(core: ShardCore, marketId: number): boolean {
  return core.markets.some((market) => market.marketId === marketId);
}

/**
 * Whether it makes a difference that one shard's markets all have their turns before anything that they set off. Hosts take theirs
 * one after the other: orders that a liquidation cancels are gone before the next one looks at its book. And two markets of one host
 * have them in one message, with another host's between them: whoever is brought below by a payment is liquidated at once, or not,
 * by the prices that have come until then.
 */
function isDecidedByTurns(turns: readonly number[], events: MessageBuffer): boolean {
  const hosts = new Set(turns).size;
  const isOfLiquidation = (at: number) =>
    reasonOf(events.words[at + EW_FLAGS] as number) === REASON_LIQUIDATION;
  if (hosts > 1 && hasEvent(events, EVT_CANCELED, isOfLiquidation)) return true;
  return hosts < turns.length && hasEvent(events, EVT_FUNDING);
}

/** `isIt` is given the event's first word. */
function hasEvent(
  events: MessageBuffer,
  type: number,
  isIt: (at: number) => boolean = () => true,
): boolean {
  for (let slot = 0; slot < events.length; ) {
    const at = slot * SLOT_WORDS;
    const head = events.words[at + W_HEAD] as number;
    if (typeOf(head) === type && isIt(at)) return true;
    slot += slotsOf(head);
  }
  return false;
}

/**
 * Whether one message has fired trigger orders of accounts with different homes, or slices of TWAPs in several markets. They are placed
 * from there, and who is nearer to the market is first: with another placement that is another order of messages, hence another state.
 */
function firesInSeveralHomes(events: MessageBuffer, shards: number, knowledge: Knowledge): boolean {
  const homes = new Set<number>();
  const sliced = new Set<number>();
  for (let slot = 0; slot < events.length; ) {
    const head = events.words[slot * SLOT_WORDS + W_HEAD] as number;
    const account = events.words[slot * SLOT_WORDS + W_ACCOUNT] as number;
    if (typeOf(head) === EVT_TRIGGERED) homes.add(homeFor(account, shards, knowledge));
    if (typeOf(head) === EVT_SLICE) {
      homes.add(homeFor(account, shards, knowledge));
      sliced.add(marketOf(head));
    }
    slot += slotsOf(head);
  }
  return homes.size > 1 || sliced.size > 1;
}

function isMalformed(wire: Wire): boolean {
  const floats = new Float64Array(wire.buffer, wire.byteOffset, wire.length / 2);
  return messageProblem(wire, floats, 0, 'operators') !== 0;
}

/** Runs the command and everything that it sets off, first in, first out. */
function applyAndDeliver(cores: readonly ShardCore[], shard: number, wire: Wire, nowMs: number) {
  const waiting = [{ shard, wire }];
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    const core = cores[next.shard] as ShardCore;
    applyWire(core, next.wire, nowMs);
    for (const message of channelMessages(core.events)) {
      waiting.push({ shard: message[W_PRICE] as number, wire: message });
    }
  }
}
