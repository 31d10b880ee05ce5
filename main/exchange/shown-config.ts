import type { HostStats } from '../../engine/runtime/host-stats.js';
import type { Config } from '../config/config.js';

/** The exchange's time: real, or where the hand has left it. What it has told before it does not take back, whoever sets the system's clock back. */
export function exchangeTimeMs(
  { clock, startTimeMs }: Pick<Config, 'clock' | 'startTimeMs'>,
  shards: readonly HostStats[],
): number {
  let timeMs = clock === 'real' ? Date.now() : startTimeMs;
  for (const stats of shards) timeMs = Math.max(timeMs, stats.get('timeMs'));
  return timeMs;
}

/** What the configuration says of a tier; one that it does not name costs nothing. */
export function feesOf(feeTiers: Config['feeTiers'], wanted: number) {
  const { makerPpm = 0, takerPpm = 0 } = feeTiers.find(({ tier }) => tier === wanted) ?? {};
  return { makerPpm, takerPpm };
}
