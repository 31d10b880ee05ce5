import type { ShardCore } from '../../engine/shard/shard-core.js';
import { CanonicalWriter } from '../../engine/state/canonical-writer.js';
import { isolatedCollateral } from '../../risk/margin/isolated-margin.js';
import type { MarginActor } from '../../risk/margin/margin-actor.js';
import { chainOf } from '../checks/history.js';

const SUMMARY_COLUMNS = 6;

/** The margin actor of a shard, with the product's own state behind it. */
export function homeOf(core: ShardCore): MarginActor {
  return core.home as MarginActor;
}

/** The shard at which the account exists, null while it is on its way there. */
export function homeShardOf(cores: readonly ShardCore[], account: number): number | null {
  const found = cores.findIndex((core) => homeOf(core).state.accounts.exists(account));
  return found < 0 ? null : found;
}

/** Highest account id that any of the shards has given out or opened. */
export function lastAccountOf(cores: readonly ShardCore[]): number {
  return Math.max(...cores.map((core) => homeOf(core).state.accounts.lastId));
}

/**
 * Trading state of the whole exchange, the same for every placement of accounts and markets: markets by id, then accounts by
 * id with tier, rights, collateral, dead man's switch, and what they have in each market. One sum, because equal states are all that is asked for.
 */
export function unionState(cores: readonly ShardCore[]): number {
  const writer = new CanonicalWriter();
  const markets = cores.flatMap((core) => core.markets);
  markets.sort((a, b) => a.marketId - b.marketId);
  for (const market of markets) market.writeCanonical(writer, false);
  for (let account = 1; account <= lastAccountOf(cores); account++) {
    const shard = homeShardOf(cores, account);
    if (shard === null) continue;
    const home = homeOf(cores[shard] as ShardCore);
    const { accounts, markets: known } = home.state;
    writer.put(account);
    writer.put(accounts.parent(account));
    writer.put(accounts.tier(account));
    writer.put(accounts.isLiquidator(account) ? 1 : 0);
    writer.put(accounts.isLiquidating(account) ? 1 : 0);
    writer.put(accounts.collateral(account));
    writer.put(home.countdowns.endOf(account));
    for (const market of [...known.all].sort((a, b) => a.marketId - b.marketId)) {
      writer.put(market.marketId);
      writer.put(market.markTicks);
      for (let column = 0; column < SUMMARY_COLUMNS; column++) {
        writer.put(market.rows.get(account, column * 8));
      }
      writer.put(market.leverageOf(account));
      const isolated = isolatedCollateral(home.state, market, account);
      writer.put(isolated === null ? 0 : 1);
      writer.put(isolated ?? 0);
    }
  }
  const bytes = writer.bytes();
  const words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  return chainOf(0, words, 0, words.length);
}
