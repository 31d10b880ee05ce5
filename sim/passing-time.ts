import type { Xorshift } from '../engine/testing/xorshift.js';

/** How long until the next step, ms: mostly next to nothing, now and then as long as a rung of a liquidation waits, seldom minutes. */
export function passingMs(random: Xorshift): number {
  if (random.chance(1)) return random.between(1_000, 400_000);
  return random.chance(12) ? random.between(50, 2_500) : random.below(20);
}
