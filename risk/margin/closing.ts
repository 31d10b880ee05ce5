import { R_POSITION } from '../../engine/kernel/layout.js';
import { lossTicksOf } from '../../engine/kernel/rejections.js';
import { bandPriceTicks } from '../../engine/market/order-rules.js';
import { FLAG_REDUCE_ONLY, SIDE_BUY, SIDE_SELL, sideOf } from '../../engine/messages/types.js';
import { divFloor, maxOf } from '../../engine/units/division.js';
import { asPriceTicks, PPM_ONE, type PriceTicks } from '../../engine/units/units.js';
import type { MarketSummary } from './market-summaries.js';
import type { MarginState } from './trade-commands.js';

/** Three terms of a requirement are rounded up, and equity down. */
const ROUNDINGS_MICRO_USD = 4n;

/** An order that `tryReserve` has refused for want of margin. */
export interface Refused {
  account: number;
  flags: number;
  /** As asked for; 0: a market order without a bound of its own. */
  priceTicks: PriceTicks;
  lots: number;
}

/**
 * Closing must be possible for who has little free collateral left. A reduce-only order against the account's position takes none of the
 * initial margin, so all of equity may pay for what it costs: what it loses against the mark, and the fee. A market order without a
 * bound of its own gets the price as bound at which equity would be gone, if that is nearer than the price band. Returns the
 * price at which the order is reserved; 0 when it is not such an order, or costs more.
 */
export function reserveClosing(
  state: MarginState,
  market: MarketSummary,
  { account, flags, priceTicks, lots }: Refused,
): PriceTicks {
  const { accounts, kernel } = state;
  const side = sideOf(flags);
  const position = market.rows.get(account, R_POSITION);
  const closes = side === SIDE_SELL ? position > 0 : position < 0;
  const none = asPriceTicks(0);
  if ((flags & FLAG_REDUCE_ONLY) === 0 || !closes) return none;
  const record = accounts.at(account);
  const price = priceTicks === 0 ? boundOf(state, market, account, side, lots) : priceTicks;
  const loss = lots * lossTicksOf(side, price - market.markTicks);
  const row = market.rows.at(account);
  const { tryClose } = kernel.calls;
  return tryClose(market.block, account, record, row, side, lots, loss) === 0 ? price : none;
}

/** loss × (1 + taker rate) + taker rate × value ≤ equity behind the open orders, in ticks a lot, rounded down. */
function boundOf(
  { accounts, fees, kernel }: MarginState,
  { block, params, markTicks, rows }: MarketSummary,
  account: number,
  side: number,
  lots: number,
): PriceTicks {
  const one = BigInt(PPM_ONE);
  const taker = BigInt(fees.takerPpm[accounts.tier(account)] as number);
  const unit = BigInt(params.microUsdPerTickLotNumerator);
  const record = accounts.at(account);
  const behind = BigInt(kernel.calls.closingEquity(block, account, record, rows.at(account)));
  const equity = (behind - ROUNDINGS_MICRO_USD) * BigInt(params.microUsdPerTickLotDenominator);
  const fee = taker * BigInt(lots) * BigInt(markTicks) * unit;
  const bearable = divFloor(equity * one - fee, BigInt(lots) * unit * (one + taker));
  const lossTicks = Number(maxOf(bearable, 0n));
  const band = bandPriceTicks(params, side, markTicks);
  const price =
    side === SIDE_BUY
      ? Math.min(band, markTicks + lossTicks)
      : Math.max(band, markTicks - lossTicks);
  return asPriceTicks(price);
}
