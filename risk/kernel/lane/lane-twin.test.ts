import { existsSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { FastBook } from '../../../engine/book/fast-book.js';
import { NaiveBook } from '../../../engine/book/naive-book.js';
import { Kernel } from '../../../engine/kernel/host/kernel.js';
import { B_LAST_ORDER_ID, O_ACCOUNT } from '../../../engine/kernel/layout.js';
import type { MarketActor } from '../../../engine/market/market-actor.js';
import { type MarketParams, writeMarketParams } from '../../../engine/market/market-params.js';
import { MARKET_STATE } from '../../../engine/market/market-state.js';
import * as layout from '../../../engine/messages/layout.js';
import { MessageBuffer } from '../../../engine/messages/message-buffer.js';
import * as type from '../../../engine/messages/types.js';
import { kernelFrom } from '../../../engine/runtime/kernel-file.js';
import { ShardCore } from '../../../engine/shard/shard-core.js';
import { CanonicalWriter } from '../../../engine/state/canonical-writer.js';
import { Xorshift } from '../../../engine/testing/xorshift.js';
import { NaiveTriggers } from '../../../engine/triggers/naive-triggers.js';
import { asMicroUsd, asPpm, asPriceTicks, asQtyLots } from '../../../engine/units/units.js';
import { MarginActor } from '../../margin/margin-actor.js';
import { javascriptRiskKernel, type RiskCalls } from '../../margin/risk-kernel.js';
import { G_LANE_RESULT, LANE_HAS_REFERENCES } from '../layout.js';

/**
 * Random traders in narrow markets, so that everything meets everything: a shard with the lane, one that takes the commands in
 * batches, and one over the naive book, which has no lane. All events and all state must be the same bytes.
 */
const COMPILED = new URL('../../../dist/risk/kernel/kernel.wasm', import.meta.url);
const ACCOUNTS = 6;
const MARKETS = [1, 7];
const MARK = 1000;

const PARAMS: MarketParams = {
  symbol: 'X-PERP',
  tickMantissa: 1,
  tickDecimals: 2,
  lotMantissa: 1,
  lotDecimals: 1,
  microUsdPerTickLotNumerator: 1000,
  microUsdPerTickLotDenominator: 1,
  priceTicksMax: asPriceTicks(3000),
  qtyLotsMax: asQtyLots(500),
  minNotionalMicroUsd: asMicroUsd(3_000_000),
  priceBandPpm: asPpm(30_000),
  initialMarginPpm: asPpm(50_000),
  maintenanceMarginPpm: asPpm(25_000),
  openOrdersMax: 20,
};
/** A tick·lot is a fraction of a micro-USD. */
const FRACTION: MarketParams = {
  ...PARAMS,
  tickDecimals: 5,
  lotDecimals: 4,
  microUsdPerTickLotNumerator: 1,
  microUsdPerTickLotDenominator: 1000,
  minNotionalMicroUsd: asMicroUsd(5),
};

interface Twin {
  core: ShardCore;
  home: MarginActor;
  /** What the lane said, by type of command. */
  done: number[];
  named: number[];
}

function newTwin(hasLane: boolean, isCompiled = false): Twin {
  const sources = javascriptRiskKernel;
  const kernel = new Kernel<RiskCalls>(isCompiled ? kernelFrom(COMPILED, sources) : sources);
  let home: MarginActor | null = null;
  const done: number[] = [];
  const named: number[] = [];
  const { applyCommands } = kernel.calls;
  const counted = (first: number, count: number, timeMs: number, sequence: number): number => {
    const taken = applyCommands(first, count, timeMs, sequence);
    for (let i = 0; i < taken; i++) {
      const kind = layout.typeOf(kernel.word(first + i * layout.SLOT_BYTES));
      const isNamed = i === taken - 1 && kernel.word(G_LANE_RESULT) === LANE_HAS_REFERENCES;
      const counts = isNamed ? named : done;
      counts[kind] = (counts[kind] ?? 0) + 1;
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
  return { core, home: home as unknown as MarginActor, done, named };
}

type Fields = { words?: [number, number][]; floats?: [number, number][] };

function push(buffer: MessageBuffer, kind: number, market: number, slots: number, fields: Fields) {
  const slot = buffer.push(slots);
  buffer.words[slot * 16] = layout.headOf(kind, slots, market);
  for (const [word, value] of fields.words ?? []) buffer.words[slot * 16 + word] = value;
  for (const [float, value] of fields.floats ?? []) buffer.floats[slot * 8 + float] = value;
  return slot;
}

function setUp(buffer: MessageBuffer, random: Xorshift): number {
  let count = 0;
  const add = (kind: number, market: number, slots: number, fields: Fields): number => {
    count++;
    return push(buffer, kind, market, slots, fields);
  };
  const rates: [number, number][] = [
    [400, -100],
    [600, 200],
  ];
  rates.forEach(([taker, maker], tier) => {
    add(type.CMD_SET_FEE_RATES, 0, 1, {
      words: [
        [layout.W_FLAGS, tier],
        [layout.W_PRICE, taker],
      ],
      floats: [[layout.F_QTY, tier === 0 ? 0 : maker]],
    });
  });
  MARKETS.forEach((market, i) => {
    const slot = add(type.CMD_LIST_MARKET, market, 3, {});
    const params = i === 0 ? PARAMS : FRACTION;
    writeMarketParams(buffer.words, buffer.floats, slot * 16 + 16, params);
    add(type.CMD_SET_MARKET_STATE, market, 1, { words: [[layout.W_FLAGS, MARKET_STATE.open]] });
    add(type.CMD_ORACLE_PRICE, market, 1, { words: [[layout.W_PRICE, MARK]] });
  });
  for (let account = 1; account <= ACCOUNTS; account++) {
    add(type.CMD_CREATE_ACCOUNT, 0, 2, {});
    const tier: [number, number] = [layout.W_FLAGS, account % 2];
    add(type.CMD_SET_FEE_TIER, 0, 1, { words: [[layout.W_ACCOUNT, account], tier] });
    add(type.CMD_DEPOSIT, 0, 1, {
      words: [[layout.W_ACCOUNT, account]],
      floats: [[layout.F_QTY, random.between(10, 40) * 1_000_000]],
    });
  }
  return count;
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
  const kind = random.pick([1, 1, 1, 1, 2, 3, 3, 3]);
  const [id, owner] = anyOrder(twin, market, random);
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
  if (kind === type.CMD_PLACE) {
    words.push([layout.W_FLAGS, anyFlags(random)]);
    words.push([layout.W_PRICE, random.chance(4) ? 0 : price]);
    floats.push([layout.F_QTY, lots]);
    if (random.chance(15)) floats.push([layout.F_CLIENT_ID, random.between(1, 10_000)]);
    floats.push([layout.F_EXPIRY, nowMs + random.between(-1, 40)]);
  } else {
    floats.push([layout.F_ORDER_ID, id]);
    if (kind === type.CMD_AMEND) {
      if (random.chance(85)) words.push([layout.W_PRICE, price]);
      if (random.chance(40)) floats.push([layout.F_QTY, lots]);
    }
  }
  const slot = push(buffer, kind, market, 1, { words, floats });
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
  const all = core.kernel.openBuffer(count);
  for (let i = 0; i < count; i++) copy(messages, i, all);
  let at = 0;
  while (at < count) {
    const done = home.onTradeCommands(all, at, count - at, timeMs, core.sequence + 1);
    at += done;
    core.sequence += done;
    if (at === count) return;
    const one = new MessageBuffer(1);
    copy(messages, at++, one);
    applyWhole(core, one, 1, timeMs);
  }
}

function copy(from: MessageBuffer, slot: number, to: MessageBuffer): void {
  const out = to.push(1);
  for (let i = 0; i < 16; i++) to.words[out * 16 + i] = from.words[slot * 16 + i] as number;
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

function stateOf(core: ShardCore): string {
  const writer = new CanonicalWriter();
  core.writeTradingState(writer);
  core.writeDeliveryState(writer);
  return Buffer.from(writer.bytes()).toString('base64');
}

/** An order of the market that is open, if a few guesses find one: its id and its account. */
function anyOrder(twin: Twin, market: number, random: Xorshift): [id: number, account: number] {
  const { kernel } = twin.core;
  const { book } = (twin.core.market(market) as MarketActor).book as FastBook;
  const last = kernel.float(book + B_LAST_ORDER_ID);
  let id = last;
  for (let guess = 0; guess < 10; guess++) {
    id = last - random.below(80);
    const order = kernel.calls.findOrder(book, id);
    if (order !== 0) return [id, kernel.word(order + O_ACCOUNT)];
  }
  return [id, random.between(1, ACCOUNTS)];
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
  const count = setUp(first, random);
  for (const { core } of [lane, batched, plain]) applyWhole(core, first, count, 1000);
  let timeMs = 1000;
  for (let step = 0; step < 150; step++) {
    timeMs += random.below(4);
    const messages = new MessageBuffer(32);
    const size = random.between(1, 30);
    for (let i = 0; i < size; i++) anyCommand(messages, random, timeMs, lane);
    applyWhole(lane.core, messages, size, timeMs);
    applyInBatches(batched, messages, size, timeMs);
    applyWhole(plain.core, messages, size, timeMs);
    const expected = eventWords(plain.core);
    expect(eventWords(lane.core), `seed ${seed}, step ${step}`).toEqual(expected);
    expect(eventWords(batched.core), `seed ${seed}, step ${step}, batched`).toEqual(expected);
    if (step % 10 === 0) for (const { core } of [lane, batched, plain]) core.check();
  }
  expect(stateOf(lane.core)).toBe(stateOf(plain.core));
  expect(stateOf(batched.core)).toBe(stateOf(plain.core));
  // Each kind of command has gone the short way, with client ids in its events and without.
  for (const kind of [type.CMD_PLACE, type.CMD_CANCEL, type.CMD_AMEND]) {
    expect(lane.done[kind] ?? 0, `done ${kind}`).toBeGreaterThan(10);
    expect(lane.named[kind] ?? 0, `named ${kind}`).toBeGreaterThan(3);
  }
  expect(plain.done.length).toBe(0);
}
