import { afterEach, describe, expect, it } from 'vitest';
import { readMarketParams } from '../../engine/market/market-params.js';
import { MARKET_STATE } from '../../engine/market/market-state.js';
import { EW_FLAGS, SLOT_WORDS, slotsOf, typeOf, W_ACCOUNT } from '../../engine/messages/layout.js';
import type { MessageBuffer } from '../../engine/messages/message-buffer.js';
import * as types from '../../engine/messages/types.js';
import { CMD_ORACLE_PRICE, CMD_SET_MARKET_STATE } from '../../engine/messages/types.js';
import type { ShardCore } from '../../engine/shard/shard-core.js';
import { RandomExchange } from '../../gateway/history/testing/random-exchange.js';
import { makeScratch, removeScratch } from '../../gateway/history/testing/scratch.js';
import { withSlots } from '../../sim/traffic/wire.js';
import { ItemFold } from './item-fold.js';
import { Books } from './testing/books.js';
import { differences } from './testing/exchange-money.js';

afterEach(removeScratch);

/** Every way in which money moves, by name: of events, and of what is behind their reasons. */
function movesIn(events: MessageBuffer): string[] {
  const found: string[] = [];
  const { words, length } = events;
  for (let slot = 0; slot < length; slot += slotsOf(words[slot * SLOT_WORDS] as number)) {
    const at = slot * SLOT_WORDS;
    const type = typeOf(words[at] as number);
    const flags = words[at + EW_FLAGS] as number;
    if (type === types.EVT_FILL) {
      found.push('fill');
      if ((flags & types.FLAG_LIQUIDATION) !== 0) found.push('liquidation');
    } else if (type === types.EVT_TRANSFER) found.push(`transfer ${types.reasonOf(flags)}`);
    else if (type === types.EVT_INSURANCE) found.push(`insurance ${flags}`);
    else if (type === types.EVT_FUNDING) found.push('funding');
    else if (type === types.EVT_INSURANCE_FUNDED) found.push('funded');
    else if (type === types.EVT_POSITION_MARGIN) found.push('isolated');
    else if (type === types.EVT_LIQUIDATION) found.push(`rung ${flags}`);
    else if (type === types.EVT_CHANNEL) {
      const inner = at + SLOT_WORDS;
      const innerType = typeOf(words[inner] as number);
      if (innerType === types.EVT_FILL && words[inner + W_ACCOUNT] !== 0) found.push('away fill');
      if (innerType === types.EVT_TRANSFER) found.push('away transfer');
      if (innerType === types.EVT_FUNDING) found.push('away funding');
      if (innerType === types.EVT_INSURANCE) found.push('away insurance');
    }
  }
  return found;
}

function newFold(shard: ShardCore, books: Books): ItemFold {
  return new ItemFold({
    shardId: shard.routing?.shardId ?? 0,
    contractOf: (marketId) => shard.market(marketId)?.params ?? null,
    readListing: readMarketParams,
    sink: books,
  });
}

function run(seed: number, shards: number, steps: number, moves: Map<string, number>): Books {
  const exchange = new RandomExchange(makeScratch(), seed, shards);
  const books = new Books();
  const folds = new Map<ShardCore, ItemFold>();
  let frames = 0;
  exchange.onEvents = (shard, events, timeMs) => {
    if (!folds.has(shard)) folds.set(shard, newFold(shard, books));
    folds.get(shard)?.apply(events, timeMs);
    for (const move of movesIn(events)) moves.set(move, (moves.get(move) ?? 0) + 1);
    frames++;
    const found = differences(books, exchange.shards);
    if (found.length > 0) throw new Error(`seed ${seed}, frame ${frames}: ${found.join('\n')}`);
  };
  exchange.start();
  for (let i = 0; i < steps; i++) exchange.step();
  closeMarkets(exchange);
  for (let i = 0; i < 20; i++) exchange.step();
  return books;
}

/** Random operators seldom close a market with positions in it. */
function closeMarkets(exchange: RandomExchange): void {
  const { settling, closed } = MARKET_STATE;
  for (const { marketId, markTicks: price } of exchange.knowledge.markets) {
    const shard = exchange.shards.find((shard) => shard.market(marketId) !== null);
    const state = (flags: number) => withSlots(CMD_SET_MARKET_STATE, 1, { marketId, flags });
    // A doubtful price settles nothing, and doubts end after a while.
    for (let i = 0; i < 20 && shard?.market(marketId)?.state !== closed; i++) {
      exchange.nowMs += 10_000;
      const oracle = { marketId, price, qty: exchange.nowMs };
      exchange.send(withSlots(CMD_ORACLE_PRICE, 1, oracle), state(settling), state(closed));
    }
  }
}

const RUNGS = [
  types.LADDER_SLICE,
  types.LADDER_AUCTION,
  types.LADDER_FUND,
  types.LADDER_DELEVERAGE,
  types.LADDER_COVER,
];
/** Both ways of each payment, every rung of the ladder, every reason of a transfer. */
const MOVES = [
  'fill',
  'liquidation',
  'isolated',
  'funding',
  'funded',
  ...[types.LIQUIDATION_BEGUN, types.LIQUIDATION_ENDED].map((stage) => `rung ${stage}`),
  ...RUNGS.map((rung) => `rung ${types.LIQUIDATION_RUNG + rung}`),
  ...[types.TRANSFER_TAKE_OVER, types.TRANSFER_DELEVERAGING, types.TRANSFER_SETTLEMENT].map(
    (reason) => `transfer ${reason}`,
  ),
  ...[
    types.INSURANCE_FEE,
    types.INSURANCE_SHORTFALL,
    types.INSURANCE_DUST,
    types.INSURANCE_DEBT,
  ].map((reason) => `insurance ${reason}`),
];
const ITEMS = ['fill', 'takeOver', 'deleveraging', 'settlement', 'balance', 'transfer', 'funding'];
const OTHER_ITEMS = ['insurance', 'insuranceFunded', 'accountCreated', 'marketListed', 'price'];

/** More seeds for a long run. */
const SEEDS = Number(process.env.PLIMSOLL_SEEDS ?? 0);

function runAll(seeds: readonly number[], shards: number, steps: number) {
  const moves = new Map<string, number>();
  const items = new Set<string>();
  const more = Array.from({ length: SEEDS }, (_, i) => 1_000 + i);
  for (const seed of [...seeds, ...more]) {
    const books = run(seed, shards, steps, moves);
    for (const kind of books.counts.keys()) items.add(kind);
  }
  return { moves, items };
}

describe('the fold from events to items', () => {
  it('carries everything that moves money, after every frame of one shard', () => {
    const { moves, items } = runAll([10, 21, 26, 1, 5, 6], 1, 400);
    expect([...moves.keys()]).toEqual(expect.arrayContaining(MOVES));
    expect([...items]).toEqual(expect.arrayContaining([...ITEMS, ...OTHER_ITEMS]));
  });

  it('and of several shards, each item once', () => {
    const { moves, items } = runAll([6, 17, 52], 3, 300);
    const away = ['fill', 'transfer', 'funding', 'insurance'].map((what) => `away ${what}`);
    expect([...moves.keys()]).toEqual(expect.arrayContaining([...MOVES, ...away]));
    expect([...items]).toEqual(expect.arrayContaining([...ITEMS, ...OTHER_ITEMS]));
  });
});
