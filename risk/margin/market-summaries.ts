import { AccountRows, RF_ENTRY_VALUE, RF_POSITION } from '../../engine/book/account-rows.js';
import type { MarketParams } from '../../engine/market/market-params.js';
import { MICRO_USD_MAX, PPM_ONE, VALUE_TICK_LOTS_MAX } from '../../engine/units/units.js';

/** Floats of an account's row in one market, as its margin actor sees it. */
export const SF_POSITION = RF_POSITION;
export const SF_ENTRY_VALUE = RF_ENTRY_VALUE;
/** Lots of open orders on each side. */
export const SF_BID_LOTS = 2;
export const SF_ASK_LOTS = 3;
/** Σ lots × loss ticks of open orders on each side: what they lose at once against the mark when they fill. */
export const SF_BID_LOSS = 4;
export const SF_ASK_LOSS = 5;

/**
 * What a margin actor knows of one market: parameters, mark price, and for each of its accounts position and open
 * orders, fed by events. With the reservations it is never more optimistic than the market's own rows.
 *
 * Where the market lives in the same shard, both use the same rows (a line of memory less to fetch for every order): each
 * writes its own columns, and after each message position and entry value are equal in both views by themselves.
 */
export class MarketSummary {
  readonly marketId: number;
  /** Place among this actor's markets, 0–63: the bit in an account's active set. */
  readonly index: number;
  readonly rows: AccountRows;
  params: MarketParams;
  markTicks = 0;
  /** Divisor of every product of a value, the micro-USD numerator and a rate in ppm. */
  readonly rateDivisor: number;
  /** Highest worst-case value of an account here, tick·lots. */
  readonly valueTickLotsMax: number;

  constructor(
    marketId: number,
    index: number,
    params: MarketParams,
    rows: AccountRows | undefined,
  ) {
    this.rows = rows ?? new AccountRows();
    this.marketId = marketId;
    this.index = index;
    this.params = params;
    this.rateDivisor = params.microUsdPerTickLotDenominator * PPM_ONE;
    this.valueTickLotsMax = valueTickLotsMax(
      params.microUsdPerTickLotNumerator,
      params.microUsdPerTickLotDenominator,
    );
  }
}

/** 2^52 tick·lots, and no more than 2^52 micro-USD. */
function valueTickLotsMax(numerator: number, denominator: number): number {
  return Math.min(VALUE_TICK_LOTS_MAX, Math.floor((MICRO_USD_MAX / numerator) * denominator));
}
