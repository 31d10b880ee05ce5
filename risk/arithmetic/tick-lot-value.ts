import { divCeil, divFloor } from '../../engine/units/division.js';

/** Micro-USD a tick·lot of a market, as `MarketParams` has it: numerator ÷ denominator, both positive. */
export interface TickLotValue {
  numerator: bigint;
  denominator: bigint;
}

/** What the trader has: rounded down, so that nobody is lent a fraction. */
export function microUsdFloor(valueTickLots: bigint, tickLot: TickLotValue): bigint {
  return divFloor(valueTickLots * tickLot.numerator, tickLot.denominator);
}

/** What the trader owes or must cover: rounded up. */
export function microUsdCeil(valueTickLots: bigint, tickLot: TickLotValue): bigint {
  return divCeil(valueTickLots * tickLot.numerator, tickLot.denominator);
}
