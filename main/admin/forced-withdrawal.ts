import { asMicroUsd, type MicroUsd } from '../../engine/units/units.js';
import { OperatorError } from './operator.js';
import type { OperatorDesk } from './operator-desk.js';

export interface ForcedWithdrawal {
  readonly account: number;
  readonly amount: MicroUsd;
  readonly key: Int32Array | null;
}

/** Orders that rest at another shard come back in messages: it is looked so often whether they are gone. */
const LOOKS = 40;
const LOOK_MS = 5;
const INSUFFICIENT = 'insufficient_free_collateral';

/**
 * Takes what an owner demands of the chain itself, which knows neither orders nor isolated positions: when it is not free, his orders are
 * canceled, and then what he can take out of isolated positions is moved back, no more than is missing. What positions need stays. One
 * request does it all, so that nobody has the time to place orders in between.
 */
export async function withdrawByForce(
  operator: OperatorDesk,
  markets: readonly number[],
  { account, amount, key }: ForcedWithdrawal,
): Promise<MicroUsd> {
  const take = () => operator.withdraw(account, amount, key);
  let refusal = await refusalOf(take);
  if (typeof refusal === 'number') return refusal;
  await operator.cancelOrders(account);
  for (let look = 0; look < LOOKS; look++) {
    const before = refusal.limit;
    refusal = await refusalOf(take);
    if (typeof refusal === 'number') return refusal;
    // All of them are gone when nothing becomes free any more.
    if (look > 0 && refusal.limit === before) break;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  let missing = amount - Math.max(0, refusal.limit);
  for (const marketId of markets) {
    if (missing <= 0) break;
    missing -= await operator.takeIsolated(account, marketId, asMicroUsd(missing));
  }
  return take();
}

/** What it gives, or that it is not free; throws every other refusal. */
async function refusalOf(take: () => Promise<MicroUsd>): Promise<MicroUsd | OperatorError> {
  try {
    return await take();
  } catch (error) {
    if (error instanceof OperatorError && error.code === INSUFFICIENT) return error;
    throw error;
  }
}
