import { initialMarginMicroUsd, unrealizedMicroUsd } from './requirement.js';
import type { MarginState } from './trade-commands.js';

/**
 * Equity − initial margin over all markets of a cross-margin account, micro-USD. Equity = collateral + unrealised profit
 * and loss at the mark. Negative: no order that raises the requirement is let in.
 */
export function freeCollateralMicroUsd(state: MarginState, account: number): number {
  return freeOf(state, account, true);
}

/** As above, but without unrealised profit, which is not money: what may be withdrawn at most. */
export function withdrawableMicroUsd(state: MarginState, account: number): number {
  return Math.min(freeOf(state, account, false), state.accounts.collateral(account));
}

function freeOf(state: MarginState, account: number, countProfit: boolean): number {
  const { accounts, markets, fees } = state;
  const takerPpm = fees.takerPpm[accounts.tier(account)] as number;
  let free = accounts.collateral(account);
  for (let half = 0; half < 2; half++) {
    let active = half === 0 ? accounts.activeLow(account) : accounts.activeHigh(account);
    while (active !== 0) {
      const bit = active & -active;
      active ^= bit;
      const market = markets.all[half * 32 + 31 - Math.clz32(bit)];
      if (market === undefined) continue;
      const profit = unrealizedMicroUsd(market, account);
      if (countProfit || profit < 0) free += profit;
      free -= initialMarginMicroUsd(market, account, takerPpm);
    }
  }
  return free;
}
