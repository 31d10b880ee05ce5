import type { Kernel } from '../kernel/host/kernel.js';
import { H_MAKER_PPM, H_TAKER_PPM } from '../kernel/layout.js';
import { asPpm, type Ppm } from '../units/units.js';

/** Maker and taker rates in ppm by fee tier 0–15. Journaled by CMD_SET_FEE_RATES; zero until set. */
export const FEE_TIERS = 16;
/** Highest rate. A maker's may be negative (a rebate), but never more than the cheapest taker of any tier pays. */
export const FEE_RATE_PPM_MAX = asPpm(50_000);

export class FeeSchedule {
  readonly makerPpm: Int32Array;
  readonly takerPpm: Int32Array;

  /** With a kernel the rates stand where it reads them. */
  constructor(kernel?: Kernel) {
    this.makerPpm = kernel?.wordsAt(H_MAKER_PPM, FEE_TIERS) ?? new Int32Array(FEE_TIERS);
    this.takerPpm = kernel?.wordsAt(H_TAKER_PPM, FEE_TIERS) ?? new Int32Array(FEE_TIERS);
  }

  /** Null when the tier can get these rates; else the refused value and the limit that it broke. */
  problem(tier: number, makerPpm: Ppm, takerPpm: Ppm): { value: number; limit: number } | null {
    if (!(takerPpm >= 0 && takerPpm <= FEE_RATE_PPM_MAX)) {
      return { value: takerPpm, limit: FEE_RATE_PPM_MAX };
    }
    // Margin reserves the taker's rate for every open order, so a maker may never pay more.
    if (!Number.isInteger(makerPpm) || makerPpm > takerPpm) {
      return { value: makerPpm, limit: takerPpm };
    }
    let cheapestTaker: number = takerPpm;
    let highestRebate = -makerPpm;
    for (let other = 0; other < FEE_TIERS; other++) {
      if (other === tier) continue;
      cheapestTaker = Math.min(cheapestTaker, this.takerPpm[other] as number);
      highestRebate = Math.max(highestRebate, -(this.makerPpm[other] as number));
    }
    if (highestRebate > cheapestTaker) return { value: -highestRebate, limit: 0 - cheapestTaker };
    return null;
  }

  set(tier: number, makerPpm: Ppm, takerPpm: Ppm): void {
    this.makerPpm[tier] = makerPpm;
    this.takerPpm[tier] = takerPpm;
  }
}
