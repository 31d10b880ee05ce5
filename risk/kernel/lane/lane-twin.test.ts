import { existsSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { FastBook } from '../../../engine/book/fast-book.js';
import { NaiveBook } from '../../../engine/book/naive-book.js';
import { Kernel } from '../../../engine/kernel/host/kernel.js';
import { B_LAST_ORDER_ID, O_ACCOUNT } from '../../../engine/kernel/layout.js';
import { NO_CLIENT_REF } from '../../../engine/kernel/orders.js';
import type { MarketActor } from '../../../engine/market/market-actor.js';
import { MARKET_STATE } from '../../../engine/market/market-state.js';
import * as layout from '../../../engine/messages/layout.js';
import { MessageBuffer } from '../../../engine/messages/message-buffer.js';
import * as type from '../../../engine/messages/types.js';
import { kernelFrom } from '../../../engine/runtime/kernel-file.js';
import { ShardCore } from '../../../engine/shard/shard-core.js';
import { CanonicalWriter } from '../../../engine/state/canonical-writer.js';
import { Xorshift } from '../../../engine/testing/xorshift.js';
import { NaiveTriggers } from '../../../engine/triggers/naive-triggers.js';
import { MarginActor } from '../../margin/margin-actor.js';
import { javascriptRiskKernel, type RiskCalls } from '../../margin/risk-kernel.js';
import { ACCOUNTS, MARK, MARKETS, push, putText, setUp } from '../../testing/small-exchange.js';
import { CLOSED_REMEMBERED_MS } from '../layout.js';

/**
 * Random traders in narrow markets, so that everything meets everything: a shard with the lane, one that takes the commands in
 * batches, and one over the naive book, which has no lane. All events and all state must be the same bytes.
 */
const COMPILED = new URL('../../../dist/risk/kernel/kernel.wasm', import.meta.url);
interface Twin {
  core: ShardCore;
  home: MarginActor;
  /** Commands that the lane did, by type: without a client id, with a number, with a text. */
  done: number[];
  numbered: number[];
  texted: number[];
}

function newTwin(hasLane: boolean, isCompiled = false): Twin {
  const sources = javascriptRiskKernel;
  const kernel = new Kernel<RiskCalls>(isCompiled ? kernelFrom(COMPILED, sources) : sources);
  let home: MarginActor | null = null;
  const done: number[] = [];
  const numbered: number[] = [];
  const texted: number[] = [];
  const { applyCommands } = kernel.calls;
  const counted = (first: number, count: number, timeMs: number, sequence: number): number => {
    const taken = applyCommands(first, count, timeMs, sequence);
    for (let i = 0, message = first; i < taken; i++) {
      const head = kernel.word(message);
      const kind = layout.typeOf(head);
      const isNumbered = kernel.float(message + layout.F_CLIENT_ID * 8) !== 0;
      const counts = layout.slotsOf(head) > 1 ? texted : isNumbered ? numbered : done;
      counts[kind] = (counts[kind] ?? 0) + 1;
      message += layout.slotsOf(head) * layout.SLOT_BYTES;
    }
    return taken;
  };
  Object.assign(kernel, { calls: { ...kernel.calls, applyCommands: counted } });
  const core = new ShardCore(
    (inbox, events, fees) => {
      home = new MarginActor(inbox, events, fees, kernel, false);
      return home;
    },
    hasLane ? undefined : (options) => new NaiveBook(options),
    undefined,
    kernel,
    hasLane ? undefined : () => new NaiveTriggers(),
  );
  return { core, home: home as unknown as MarginActor, done, numbered, texted };
}

/** Another command of an operator now and then; else a trader's. */
function anyCommand(buffer: MessageBuffer, random: Xorshift, nowMs: number, twin: Twin): void {
  const market = random.pick(MARKETS);
  if (random.chance(2)) {
    const words: [number, number][] = [[layout.W_PRICE, MARK + random.between(-20, 20)]];
    push(buffer, type.CMD_ORACLE_PRICE, market, 1, { words });
    return;
  }
  if (random.chance(1)) {
    const state = random.chance(70) ? MARKET_STATE.open : random.between(2, 5);
    push(buffer, type.CMD_SET_MARKET_STATE, market, 1, { words: [[layout.W_FLAGS, state]] });
    return;
  }
  if (random.chance(1)) {
    push(buffer, type.CMD_TIMER, 0, 1, {});
    return;
  }
  if (random.chance(2)) {
    anyMarginCommand(buffer, random, market);
    return;
  }
  const kind = random.pick([1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 3, 3, 3, 3, 3, 3, 4]);
  const [id, owner, key] = anyOrder(twin, market, random);
  const places = kind === type.CMD_PLACE || kind === type.CMD_REPLACE;
  const isOwn = kind !== type.CMD_PLACE && random.chance(95);
  const account = isOwn ? owner : random.between(1, ACCOUNTS);
  const words: [number, number][] = [
    [layout.W_ACCOUNT, account],
    [layout.W_SESSION, random.below(100)],
    [layout.W_REQUEST, random.below(1000)],
  ];
  const floats: [number, number][] = [];
  if (random.chance(5)) floats.push([layout.F_DEADLINE, nowMs + random.between(-1, 1)]);
  const price = MARK + random.between(-34, 34);
  const lots = random.chance(5) ? random.below(600) : random.between(3, 40);
  const named = places ? anyKey(random) : random.chance(40) ? key : null;
  if (places) {
    words.push([layout.W_FLAGS, anyFlags(random)]);
    words.push([layout.W_PRICE, random.chance(4) ? 0 : price]);
    floats.push([layout.F_QTY, lots]);
    floats.push([layout.F_EXPIRY, nowMs + random.between(-1, 40)]);
  } else {
    if (named === null || random.chance(10)) floats.push([layout.F_ORDER_ID, id]);
    if (kind === type.CMD_AMEND) {
      if (random.chance(85)) words.push([layout.W_PRICE, price]);
      if (random.chance(40)) floats.push([layout.F_QTY, lots]);
    }
  }
  const isText = typeof named === 'string';
  const slots = (isText ? 2 : 1) + (kind === type.CMD_REPLACE ? 1 : 0);
  const slot = push(buffer, kind, market, slots, { words, floats });
  if (typeof named === 'number') buffer.floats[slot * 8 + layout.F_CLIENT_ID] = named;
  if (isText) {
    const flags = slot * 16 + layout.W_FLAGS;
    buffer.words[flags] = (buffer.words[flags] as number) | type.FLAG_CLIENT_TEXT;
    putText(buffer, slot * 16 + layout.W_CLIENT_TEXT_LENGTH, named, random);
  }
  if (kind === type.CMD_REPLACE) {
    const target = slot + slots - 1;
    if (key === null || random.chance(50)) buffer.floats[target * 8] = id;
    else if (typeof key === 'number') buffer.floats[target * 8 + layout.TARGET_F_CLIENT_ID] = key;
    else putText(buffer, target * 16 + layout.TARGET_W_TEXT_LENGTH, key, random);
  }
  // Numbers that no client should send, but may.
  const [w, f] = [slot * 16, slot * 8];
  if (random.chance(2))
    buffer.words[w + layout.W_ACCOUNT] = random.pick([0, -1, 2 ** 31 - 1, 4999]);
  if (random.chance(2))
    buffer.words[w + layout.W_PRICE] = random.pick([-1, 1, 2 ** 31 - 1, -(2 ** 31)]);
  if (random.chance(2)) buffer.floats[f + layout.F_QTY] = random.pick([-1, 0.5, 2 ** 53 - 1]);
  if (random.chance(2))
    buffer.floats[f + layout.F_ORDER_ID] = random.pick([-7, 1 - 2 ** 53, 2 ** 53 - 1]);
}

/** Mostly a new id; now and then one of a few, so that some are known, and some come back after a rejection. */
function anyKey(random: Xorshift): number | string | null {
  if (random.chance(25)) return null;
  const number = random.chance(20) ? random.between(1, 30) : random.below(2 ** 53 - 1) + 1;
  return random.chance(50) ? number : `order-${number}-${'x'.repeat(random.below(11))}`;
}

function anyFlags(random: Xorshift): number {
  let flags = random.below(2) | (random.below(5) << type.STP_SHIFT);
  if (random.chance(45)) return flags;
  flags |= random.below(4) << type.TIF_SHIFT;
  if (random.chance(15)) flags |= type.FLAG_MARKET_ORDER;
  if (random.chance(25)) flags |= type.FLAG_POST_ONLY;
  if (random.chance(15)) flags |= type.FLAG_POST_ONLY_SLIDE;
  if (random.chance(25)) flags |= type.FLAG_REDUCE_ONLY;
  return flags;
}

function applyWhole(core: ShardCore, messages: MessageBuffer, count: number, timeMs: number) {
  core.applyFrame({ messages, firstSequence: core.sequence + 1, count, timeMs });
}

/** The same commands, as many as the lane takes at a time; all others one by one. */
function applyInBatches(twin: Twin, messages: MessageBuffer, count: number, timeMs: number): void {
  const { core, home } = twin;
  core.timeMs = timeMs;
  const all = core.kernel.openBuffer(messages.length);
  const slots: number[] = [];
  for (let slot = 0; slot < messages.length; ) {
    slots.push(slot);
    slot += copy(messages, slot, all);
  }
  let at = 0;
  while (at < count) {
    const slot = slots[at] as number;
    const done = home.onTradeCommands(all, slot, count - at, timeMs, core.sequence + 1);
    at += done;
    core.sequence += done;
    if (at === count) return;
    const one = new MessageBuffer(4);
    copy(messages, slots[at++] as number, one);
    applyWhole(core, one, 1, timeMs);
  }
}

/** Returns how many slots the message has. */
function copy(from: MessageBuffer, slot: number, to: MessageBuffer): number {
  const slots = layout.slotsOf(from.words[slot * 16] as number);
  const out = to.push(slots);
  to.words.set(from.words.subarray(slot * 16, (slot + slots) * 16), out * 16);
  return slots;
}

/** Words of all events but the announcements of frames. */
function eventWords(core: ShardCore): Int32Array {
  const { words, length } = core.events;
  const found: number[] = [];
  for (let slot = 0; slot < length; ) {
    const head = words[slot * 16] as number;
    const slots = layout.slotsOf(head);
    if (layout.typeOf(head) !== type.EVT_FRAME) {
      for (let i = 0; i < slots * 16; i++) found.push(words[slot * 16 + i] as number);
    }
    slot += slots;
  }
  core.events.reset();
  return Int32Array.from(found);
}

/** How many of the events are of this type. */
function countOf(words: Int32Array, kind: number): number {
  let count = 0;
  for (let at = 0; at < words.length; at += layout.slotsOf(words[at] as number) * 16) {
    if (layout.typeOf(words[at] as number) === kind) count++;
  }
  return count;
}

function stateOf(core: ShardCore): string {
  const writer = new CanonicalWriter();
  core.writeTradingState(writer);
  core.writeDeliveryState(writer);
  return Buffer.from(writer.bytes()).toString('base64');
}

/** Every second account is isolated in one market. Returns the number of commands. */
function isolateSome(buffer: MessageBuffer): number {
  const [market] = MARKETS as [number];
  for (let account = 1; account <= ACCOUNTS; account += 2) {
    const words: [number, number][] = [
      [layout.W_ACCOUNT, account],
      [layout.W_PRICE, type.MARGIN_ISOLATED],
    ];
    push(buffer, type.CMD_SET_MARGIN_MODE, market, 1, { words });
  }
  return ACCOUNTS / 2;
}

/** Isolated positions are makers of others' trades in the lane, and traders there themselves. */
function anyMarginCommand(buffer: MessageBuffer, random: Xorshift, market: number): void {
  const words: [number, number][] = [[layout.W_ACCOUNT, random.between(1, ACCOUNTS)]];
  if (random.chance(60)) {
    words.push([layout.W_PRICE, random.chance(70) ? type.MARGIN_ISOLATED : type.MARGIN_CROSS]);
    push(buffer, type.CMD_SET_MARGIN_MODE, market, 1, { words });
    return;
  }
  const floats: [number, number][] = [[layout.F_QTY, random.between(-5_000_000, 5_000_000)]];
  push(buffer, type.CMD_MOVE_MARGIN, market, 1, { words, floats });
}

type OrderName = [id: number, account: number, key: number | string | null];

/** An order of the market that is open, if a few guesses find one: its id, its account, its client id. */
function anyOrder(twin: Twin, market: number, random: Xorshift): OrderName {
  const { kernel } = twin.core;
  const { book } = (twin.core.market(market) as MarketActor).book as FastBook;
  const last = kernel.float(book + B_LAST_ORDER_ID);
  let id = last;
  for (let guess = 0; guess < 10; guess++) {
    id = last - random.below(80);
    const order = kernel.calls.findOrder(book, id);
    if (order === 0) continue;
    const ref = kernel.calls.clientRefOf(order);
    const key = ref === NO_CLIENT_REF ? null : twin.home.state.clientIds.keyAt(ref);
    return [id, kernel.word(order + O_ACCOUNT), key];
  }
  return [id, random.between(1, ACCOUNTS), anyKey(random)];
}

for (const seed of [1, 2, 3, 4, 5, 6]) {
  // Every other seed runs the kernel that the build has compiled (`npm test` builds first).
  const isCompiled = seed % 2 === 0;
  const kind = isCompiled ? 'as WebAssembly' : 'as JavaScript';
  it.skipIf(isCompiled && !existsSync(COMPILED))(
    `the lane writes the bytes of the long way, ${kind}, seed ${seed}`,
    () => runTwins(seed, isCompiled),
  );
}

function runTwins(seed: number, isCompiled: boolean): void {
  const random = new Xorshift(seed);
  const [lane, batched, plain] = [newTwin(true, isCompiled), newTwin(true), newTwin(false)];
  const first = new MessageBuffer(64);
  const count = setUp(first, random) + isolateSome(first);
  for (const { core } of [lane, batched, plain]) applyWhole(core, first, count, 1000);
  let timeMs = 1000;
  let duplicates = 0;
  let moved = 0;
  for (let step = 0; step < 150; step++) {
    timeMs += random.below(4);
    const messages = new MessageBuffer(128);
    const size = random.between(1, 30);
    for (let i = 0; i < size; i++) anyCommand(messages, random, timeMs, lane);
    applyWhole(lane.core, messages, size, timeMs);
    applyInBatches(batched, messages, size, timeMs);
    applyWhole(plain.core, messages, size, timeMs);
    const expected = eventWords(plain.core);
    duplicates += countOf(expected, type.EVT_DUPLICATE);
    moved += countOf(expected, type.EVT_POSITION_MARGIN);
    expect(eventWords(lane.core), `seed ${seed}, step ${step}`).toEqual(expected);
    expect(eventWords(batched.core), `seed ${seed}, step ${step}, batched`).toEqual(expected);
    if (step % 10 === 0) for (const { core } of [lane, batched, plain]) core.check();
  }
  expect(stateOf(lane.core)).toBe(stateOf(plain.core));
  expect(stateOf(batched.core)).toBe(stateOf(plain.core));
  // Each kind of command has gone the short way, with client ids in its events and without.
  for (const kind of [type.CMD_PLACE, type.CMD_CANCEL, type.CMD_AMEND]) {
    expect(lane.done[kind] ?? 0, `done ${kind}`).toBeGreaterThan(10);
    expect(lane.numbered[kind] ?? 0, `numbered ${kind}`).toBeGreaterThan(0);
    expect(lane.texted[kind] ?? 0, `texted ${kind}`).toBeGreaterThan(0);
  }
  expect(duplicates).toBeGreaterThan(0);
  expect(moved).toBeGreaterThan(10);
  expect(plain.done.length).toBe(0);
}

it.each([
  ['numbers', (order: number): number | string => order],
  ['texts', (order: number): number | string => `order-${order}`],
])('the lane forgets client ids when the long way does: %s', (_name, keyOf) => {
  const random = new Xorshift(1);
  const [lane, plain] = [newTwin(true), newTwin(false)];
  const first = new MessageBuffer(64);
  const count = setUp(first, random);
  for (const { core } of [lane, plain]) applyWhole(core, first, count, 1000);
  const send = (kind: number, key: number | string, timeMs: number): Int32Array => {
    const isText = typeof key === 'string';
    const messages = new MessageBuffer(2);
    const slot = push(messages, kind, 1, isText ? 2 : 1, {
      words: [
        [layout.W_ACCOUNT, 1],
        [layout.W_FLAGS, isText ? type.FLAG_CLIENT_TEXT : 0],
        [layout.W_PRICE, kind === type.CMD_PLACE ? MARK : 0],
      ],
      floats: [
        [layout.F_QTY, kind === type.CMD_PLACE ? 5 : 0],
        [layout.F_CLIENT_ID, isText ? 0 : key],
      ],
    });
    if (isText) putText(messages, slot * 16 + layout.W_CLIENT_TEXT_LENGTH, key, random);
    for (const { core } of [lane, plain]) applyWhole(core, messages, 1, timeMs);
    const events = eventWords(plain.core);
    expect(eventWords(lane.core)).toEqual(events);
    return events;
  };
  // Orders of which each is open for a second: the first 276 of 1,300 are neither young enough nor among the last 1,024.
  for (let order = 1; order <= 1300; order++) {
    send(type.CMD_PLACE, keyOf(order), order * 1000);
    send(type.CMD_CANCEL, keyOf(order), order * 1000 + 1000);
  }
  const end = 1_301_000;
  expect(end - CLOSED_REMEMBERED_MS).toBeGreaterThan(276_000);
  expect(stateOf(lane.core)).toBe(stateOf(plain.core));
  expect(countOf(send(type.CMD_PLACE, keyOf(277), end), type.EVT_DUPLICATE)).toBe(1);
  expect(countOf(send(type.CMD_PLACE, keyOf(276), end), type.EVT_ACCEPTED)).toBe(1);
  expect(stateOf(lane.core)).toBe(stateOf(plain.core));
});
