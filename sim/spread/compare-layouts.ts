import { assert } from '../../engine/assert.js';
import {
  SLOT_WORDS,
  slotsOf,
  typeOf,
  W_ACCOUNT,
  W_HEAD,
  W_PRICE,
} from '../../engine/messages/layout.js';
import { MessageBuffer } from '../../engine/messages/message-buffer.js';
import { CMD_TIMER, EVT_CHANNEL, EVT_TRIGGERED } from '../../engine/messages/types.js';
import { messageProblem } from '../../engine/runtime/message-check.js';
import { asChannelInput } from '../../engine/shard/channel.js';
import type { ShardCore } from '../../engine/shard/shard-core.js';
import { Xorshift } from '../../engine/testing/xorshift.js';
import { createShardCore } from '../../main/compose.js';
import { Knowledge } from '../traffic/knowledge.js';
import { Traffic } from '../traffic/traffic.js';
import { type Wire, withSlots } from '../traffic/wire.js';
import { homeFor, shardFor } from './shard-router.js';
import { unionState } from './union-state.js';

const START_MS = 1_767_225_600_000;

/**
 * Gives the same commands to one shard with everything in it and to several over which accounts and markets are spread. The
 * channels deliver in the order in which one shard would run its own messages, so after every command the two must have the
 * same books, positions and accounts, to the last lot and micro-USD. Returns how many commands were compared.
 *
 * One thing depends on the layout: when a command fires trigger orders of several homes, those at home at the market's own shard
 * are placed before the others, whose way is longer. Where that makes a difference, the comparison ends.
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
  let nowMs = START_MS;
  traffic.open(nowMs);
  let compared = 0;
  for (let i = 0; i < commands; i++) {
    nowMs += random.chance(1) ? random.between(1_000, 400_000) : random.below(20);
    if (single.nextTimerMs() <= nowMs) {
      const timer = withSlots(CMD_TIMER, 1, {});
      apply(single, timer, nowMs);
      for (let shard = 0; shard < shards; shard++) applyAndDeliver(spread, shard, timer, nowMs);
    }
    const wire = traffic.next(1, nowMs);
    if (wire === null || isMalformed(wire)) continue;
    apply(single, wire, nowMs);
    knowledge.hear(single.events, 0);
    applyAndDeliver(spread, shardFor(wire, shards), wire, nowMs);
    compared++;
    const equal = unionState(spread) === unionState([single]);
    if (!equal && firesOfSeveralHomes(single.events, shards)) return compared;
    assert(equal, `command ${i} gave ${shards} shards another state than one shard has`);
  }
  return compared;
}

/** Whether the command fired trigger orders of accounts that are at home at different shards. */
function firesOfSeveralHomes(events: MessageBuffer, shards: number): boolean {
  const homes = new Set<number>();
  for (let slot = 0; slot < events.length; ) {
    const w = slot * SLOT_WORDS;
    const head = events.words[w + W_HEAD] as number;
    if (typeOf(head) === EVT_TRIGGERED) {
      homes.add(homeFor(events.words[w + W_ACCOUNT] as number, shards));
    }
    slot += slotsOf(head);
  }
  return homes.size > 1;
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
    apply(core, next.wire, nowMs);
    for (const message of channelMessages(core.events)) {
      waiting.push({ shard: message[W_PRICE] as number, wire: message });
    }
  }
}

function apply(core: ShardCore, wire: Wire, nowMs: number): void {
  const messages = new MessageBuffer(8);
  messages.push(wire.length / SLOT_WORDS);
  messages.words.set(wire);
  core.events.reset();
  const timeMs = Math.max(nowMs, core.timeMs);
  core.applyFrame({ messages, firstSequence: core.sequence + 1, count: 1, timeMs });
}

function channelMessages(events: MessageBuffer): Int32Array[] {
  const found: Int32Array[] = [];
  for (let slot = 0; slot < events.length; ) {
    const head = events.words[slot * SLOT_WORDS + W_HEAD] as number;
    if (typeOf(head) === EVT_CHANNEL) found.push(asChannelInput(events.words, slot * SLOT_WORDS));
    slot += slotsOf(head);
  }
  return found;
}
