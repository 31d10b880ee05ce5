import { R_ENTRY_VALUE, R_POSITION } from '../../engine/kernel/layout.js';
import { MessageBuffer } from '../../engine/messages/message-buffer.js';
import type { ShardCore } from '../../engine/shard/shard-core.js';
import type { MarginActor } from '../../risk/margin/margin-actor.js';
import { setUpShard } from '../book/core-setup.js';
import { FlowRandom } from '../workload/random.js';

/** Of those, each account has positions in one to eight. */
export const MARKETS = 16;
const POSITIONS_MAX = 8;
/** A lot is worth 13 USD at the mark. */
const LOTS_MAX = 10_000;
/** Entry prices are so far from the mark at most. */
const ENTRY_PPM = 50_000;
export const MARK_TICKS = 131_072;

export interface Position {
  account: number;
  /** From 0 on. */
  market: number;
  lots: number;
  entryValue: number;
}

/** The positions of each account, the same ones for the same seed. */
export function* positionsOf(accounts: number, seed: number): Generator<Position> {
  const random = new FlowRandom(seed);
  for (let account = 1; account <= accounts; account++) {
    const count = 1 + random.below(POSITIONS_MAX);
    let taken = 0;
    for (let i = 0; i < count; i++) {
      let market = random.below(MARKETS);
      while ((taken & (1 << market)) !== 0) market = (market + 1) % MARKETS;
      taken |= 1 << market;
      const lots = (1 + random.below(LOTS_MAX)) * (random.below(2) === 0 ? 1 : -1);
      const far = 1 + (random.below(2 * ENTRY_PPM) - ENTRY_PPM) / 1e6;
      yield { account, market, lots, entryValue: lots * Math.round(MARK_TICKS * far) };
    }
  }
}

/** Creates accounts with money and gives them positions, past the order books: trading them would take longer than measuring. */
export function populate(core: ShardCore, accounts: number, seed: number): void {
  const messages = new MessageBuffer(1024);
  setUpShard(accounts, MARKETS, (write) => {
    messages.reset();
    const count = write(messages);
    core.events.reset();
    core.applyFrame({ messages, firstSequence: core.sequence + 1, count, timeMs: 1 });
  });
  addPositions(core, accounts, seed, 0);
}

/** `firstMarket`: place of the first of the markets in the margin actor's list. */
export function addPositions(core: ShardCore, accounts: number, seed: number, firstMarket: number) {
  const { markets, accounts: homes, kernel } = (core.home as MarginActor).state;
  for (const { account, market, lots, entryValue } of positionsOf(accounts, seed)) {
    const summary = markets.all[firstMarket + market];
    if (summary === undefined) throw new Error('there are too few markets');
    const row = summary.rows.open(account);
    kernel.floats[(row + R_POSITION) >> 3] = lots;
    kernel.floats[(row + R_ENTRY_VALUE) >> 3] = entryValue;
    homes.setActive(account, summary.block);
  }
}
