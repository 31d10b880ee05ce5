import { Xorshift } from '../../../engine/testing/xorshift.js';

/** The fall takes two minutes, and then the scenario goes on for three more. */
export const FALL_MS = 120_000;
export const END_MS = 300_000;
const FALL_TO = 0.7;
/** Within these the oracle says nothing. */
const GAPS_MS: readonly (readonly [number, number])[] = [
  [50_000, 63_000],
  [95_000, 101_000],
];
/** At these times the price leaps by a share of what it began with. */
const JUMPS: readonly (readonly [number, number])[] = [
  [35_000, -0.03],
  [80_000, -0.05],
];

/** Index prices, one a second: −30 % in two minutes with noise and two leaps, then a slow way back of a few per cent. */
export class PricePath {
  private readonly random = new Xorshift(20_260_101);
  private readonly firstTicks: number;

  constructor(firstTicks: number) {
    this.firstTicks = firstTicks;
  }

  /** Null while the oracle is silent. */
  next(timeMs: number): number | null {
    const noise = (this.random.below(2_001) - 1_000) / 1_000_000;
    if (GAPS_MS.some(([from, to]) => timeMs >= from && timeMs < to)) return null;
    return Math.round(this.firstTicks * (this.shareAt(timeMs) + noise));
  }

  private shareAt(timeMs: number): number {
    const leaps = JUMPS.reduce((sum, [, leap]) => sum + leap, 0);
    if (timeMs >= FALL_MS) return FALL_TO + (0.03 * (timeMs - FALL_MS)) / (END_MS - FALL_MS);
    const passed = JUMPS.reduce((sum, [at, leap]) => sum + (timeMs >= at ? leap : 0), 0);
    return 1 + passed + ((FALL_TO - 1 - leaps) * timeMs) / FALL_MS;
  }
}
