import { divCeil, maxOf } from '../../engine/units/division.js';
import type { AccountMargin } from './account-margin.js';

/** What stays covers at least a tenth of the positions' notional, however low a market's initial margin is. */
const NOTIONAL_DIVISOR = 10n;

/**
 * Micro-USD that may leave the account by withdrawal or transfer, rounded down and never below zero:
 *
 *   collateral + unrealised losses − max(initial margin with open orders, notional ÷ 10)
 *
 * Unrealised profit is never withdrawable, not even against losses elsewhere: it is not money until it is realised. Who could
 * borrow against it would pump a price and leave with the venue's cash (Mango, October 2022), and who could strip a huge
 * position of its margin would leave it to the others (JELLY at Hyperliquid, March 2025).
 *
 * Source: Hyperliquid, "Margining", transfer margin requirement max(initial margin required, 0.1 × total position value); there
 * remaining margin counts unrealised profit, here it does not.
 */
export function withdrawableMicroUsd(account: AccountMargin): bigint {
  const { collateralMicroUsd, initialMicroUsd, lossesMicroUsd, notionalMicroUsd } = account;
  const stays = maxOf(initialMicroUsd, divCeil(notionalMicroUsd, NOTIONAL_DIVISOR));
  return maxOf(collateralMicroUsd + lossesMicroUsd - stays, 0n);
}
