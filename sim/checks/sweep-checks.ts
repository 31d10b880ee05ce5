import { assert } from '../../engine/assert.js';
import type { ShardCore } from '../../engine/shard/shard-core.js';
import type { MarginActor } from '../../risk/margin/margin-actor.js';

/** So many sweeps find everybody at the end, those included whom liquidations have brought below. */
const SWEEP_ROUNDS_MAX = 5;

/**
 * At the end of a run. What a sweep starts may bring somebody below who was looked at before: a second later another one finds them, and
 * here, where no time passes any more, `sweep` is called again.
 */
export function sweepUntilNobodyIsBelow(cores: readonly ShardCore[], sweep: () => void): void {
  for (let round = 0; round < SWEEP_ROUNDS_MAX; round++) {
    sweep();
    if (cores.every((core) => accountBelow(core) === null)) return;
  }
  for (const core of cores) checkNobodyIsBelow(core);
}

/** After a sweep: whoever is below the margin at prices that are trusted, or has an isolated position that is, is being liquidated. */
export function checkNobodyIsBelow(core: ShardCore): void {
  const account = accountBelow(core);
  assert(
    account === null,
    `account ${account} is below its margin after a sweep, and not being liquidated`,
  );
}

/** The first account that is below and not being liquidated; null: there is none. */
function accountBelow(core: ShardCore): number | null {
  const { accounts, kernel } = (core.home as MarginActor).state;
  for (let account = 1; account <= accounts.lastId; account++) {
    if (!accounts.exists(account)) continue;
    if (kernel.calls.isAnythingNewlyBelow(account, accounts.at(account))) return account;
  }
  return null;
}
