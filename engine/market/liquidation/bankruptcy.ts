import { absOf, divCeil, divFloor, maxOf, minOf } from '../../units/division.js';
import { asPriceTicks, PPM_ONE, type PriceTicks } from '../../units/units.js';
import type { MarketParams } from '../market-params.js';

/** What stands behind a position that is liquidated, as its account's home saw it at one moment. */
export interface Backing {
  markTicks: PriceTicks;
  /** Of the account at that mark, micro-USD; negative when it is bankrupt. */
  equityMicroUsd: number;
  /** Signed: positive is long; not zero. */
  positionLots: number;
}

/** Where a message or a state says nothing about it. */
export const NO_BACKING: Backing = {
  markTicks: asPriceTicks(0),
  equityMicroUsd: 0,
  positionLots: 0,
};

/**
 * Bankruptcy price x of a position, all others unchanged: equity + position × (x − mark) − taker fee on |position| × x = 0, so
 *
 *   long:  x = (size × mark × unit − equity) ÷ (size × unit × (1 − taker rate)), rounded up
 *   short: x = (size × mark × unit + equity) ÷ (size × unit × (1 + taker rate)), rounded down
 *
 * Closing there, fee included, leaves nothing and owes nothing: the rounding is for the account, or somebody else would pay its last
 * cent. Brought into 1 … `priceTicksMax`. Source: dYdX v4 `GetBankruptcyPriceInQuoteQuantums`, with the fee that Bybit counts.
 */
export function bankruptcyTicks(
  params: MarketParams,
  backing: Backing,
  takerPpm: number,
): PriceTicks {
  const one = BigInt(PPM_ONE);
  const unit = BigInt(params.microUsdPerTickLotNumerator);
  const size = absOf(BigInt(backing.positionLots));
  const value = size * BigInt(backing.markTicks) * unit;
  const equity = BigInt(backing.equityMicroUsd) * BigInt(params.microUsdPerTickLotDenominator);
  const price =
    backing.positionLots > 0
      ? divCeil((value - equity) * one, size * unit * (one - BigInt(takerPpm)))
      : divFloor((value + equity) * one, size * unit * (one + BigInt(takerPpm)));
  const most = BigInt(params.priceTicksMax);
  return asPriceTicks(Number(maxOf(minOf(price, most), 1n)));
}

/**
 * By how much closing `lots` of the position for a value is better than at the bankruptcy price, micro-USD, rounded down; negative when
 * it is worse. It is what these lots have won against the mark, and their share of the equity that was behind them all:
 *
 *   ±(value − lots × mark) × unit + equity × lots ÷ size
 *
 * The value at bankruptcy is an exact fraction here, not a whole tick, so that the fund pays and takes no more than what is there.
 */
export function surplusMicroUsd(
  params: MarketParams,
  backing: Backing,
  lots: number,
  valueTickLots: bigint,
): bigint {
  const size = absOf(BigInt(backing.positionLots));
  const count = BigInt(lots);
  const atMark = count * BigInt(backing.markTicks);
  const won = backing.positionLots > 0 ? valueTickLots - atMark : atMark - valueTickLots;
  const unit = BigInt(params.microUsdPerTickLotNumerator);
  const divisor = BigInt(params.microUsdPerTickLotDenominator);
  const share = BigInt(backing.equityMicroUsd) * count * divisor;
  return divFloor(won * unit * size + share, size * divisor);
}

/** Backing of a part of a position, whose loss beyond bankruptcy a fund may pay: the share of equity, and all of the fund. */
export function backingWithFund(backing: Backing, lots: number, fundMicroUsd: number): Backing {
  const size = absOf(BigInt(backing.positionLots));
  const share = divFloor(BigInt(backing.equityMicroUsd) * BigInt(lots), size);
  return {
    markTicks: backing.markTicks,
    equityMicroUsd: Number(share) + fundMicroUsd,
    positionLots: backing.positionLots > 0 ? lots : -lots,
  };
}
