import type { ItemSide } from '../packs/pack-types.js';
import type { Contract } from './item-sink.js';

/** A position that the settlement of its market has closed. */
export interface ClosedPosition {
  accountId: number;
  /** Signed: what the position was. */
  lots: number;
  entryTickLots: number;
  realizedMicroUsd: number;
}

/** Lots that go from a long position to a short one. */
export interface SettledPair {
  lots: number;
  long: ItemSide;
  short: ItemSide;
}

/**
 * Tells the settlement of a market as pairs, longs against shorts by account id: a settlement closes every position for itself, and of single
 * closings no part would balance. Positions have to add up to zero.
 *
 * A position that is closed by several pairs is divided so that every pair but its last leaves no dust: its part of the entry value is the
 * proportional one, moved by less than `denominator` to where the profit is a whole number of micro-USD. The parts add up to what the engine has
 * booked, exactly, and the dust of every pair lies within what two closing fills may leave.
 */
export function pairSettlement(
  positions: readonly ClosedPosition[],
  priceTicks: number,
  contract: Contract,
): SettledPair[] {
  const [longs, shorts] = [1, -1].map((sign) => {
    const own = positions.filter(({ lots }) => Math.sign(lots) === sign);
    return own.map((position) => new Closing(position, priceTicks, contract));
  }) as [Closing[], Closing[]];
  const pairs: SettledPair[] = [];
  for (let l = 0, s = 0; l < longs.length && s < shorts.length; ) {
    const [long, short] = [longs[l] as Closing, shorts[s] as Closing];
    const lots = Math.min(long.lotsLeft, short.lotsLeft);
    pairs.push({ lots, long: long.take(lots), short: short.take(lots) });
    if (long.lotsLeft === 0) l++;
    if (short.lotsLeft === 0) s++;
  }
  return pairs;
}

class Closing {
  lotsLeft: number;
  private entryLeft: number;
  private realizedLeft: number;
  private readonly accountId: number;
  private readonly sign: number;
  private readonly priceTicks: number;
  private readonly contract: Contract;

  constructor(position: ClosedPosition, priceTicks: number, contract: Contract) {
    this.accountId = position.accountId;
    this.sign = Math.sign(position.lots);
    this.lotsLeft = Math.abs(position.lots);
    this.entryLeft = position.entryTickLots;
    this.realizedLeft = position.realizedMicroUsd;
    this.priceTicks = priceTicks;
    this.contract = contract;
  }

  take(lots: number): ItemSide {
    let share = this.entryLeft;
    let realized = this.realizedLeft;
    if (lots < this.lotsLeft) {
      const { microUsdPerTickLotNumerator, microUsdPerTickLotDenominator } = this.contract;
      const denominator = BigInt(microUsdPerTickLotDenominator);
      const proceeds = BigInt(this.sign) * BigInt(lots) * BigInt(this.priceTicks);
      const profit = proceeds - this.shareOf(lots, proceeds, denominator);
      share = Number(proceeds - profit);
      realized = Number((profit / denominator) * BigInt(microUsdPerTickLotNumerator));
    }
    this.lotsLeft -= lots;
    this.entryLeft -= share;
    this.realizedLeft -= realized;
    return {
      accountId: this.accountId,
      deltaLots: -this.sign * lots,
      deltaEntryTickLots: 0 - share,
      realizedMicroUsd: realized,
      feeMicroUsd: 0,
    };
  }

  /** The proportional part of the entry value, moved towards zero to where proceeds − part is a multiple of the denominator. */
  private shareOf(lots: number, proceeds: bigint, denominator: bigint): bigint {
    const sign = BigInt(this.sign);
    const size = BigInt(Math.abs(this.entryLeft));
    const share = (size * BigInt(lots)) / BigInt(this.lotsLeft);
    // Counted along the position's side, so that the same step serves longs and shorts.
    const excess = (((share - sign * proceeds) % denominator) + denominator) % denominator;
    const below = share - excess;
    return sign * (below < 0n && below + denominator <= size ? below + denominator : below);
  }
}
