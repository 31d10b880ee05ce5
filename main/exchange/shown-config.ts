import type { HostStats } from '../../engine/runtime/host-stats.js';
import type { Config } from '../config/config.js';

/** The exchange's time: real, or where the hand has left it. */
export function exchangeTimeMs(
  { clock, startTimeMs }: Pick<Config, 'clock' | 'startTimeMs'>,
  shards: readonly HostStats[],
): number {
  if (clock === 'real') return Date.now();
  return Math.max(startTimeMs, ...shards.map((stats) => stats.get('timeMs')));
}

/** What the configuration says of a tier; one that it does not name costs nothing. */
export function feesOf(feeTiers: Config['feeTiers'], wanted: number) {
  const { makerPpm = 0, takerPpm = 0 } = feeTiers.find(({ tier }) => tier === wanted) ?? {};
  return { makerPpm, takerPpm };
}
