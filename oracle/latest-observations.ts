import type { Observation } from './price-source.js';
import { UpdateError } from './pyth/update-error.js';

/**
 * The newest observation of each feed. Time only moves forward here, whatever a source repeats or delivers late; so what lies ahead of the clock
 * is refused, or one wrong time would shut out everything behind it.
 */
export class LatestObservations {
  private readonly aheadMaxMs: number;
  private readonly byFeed = new Map<string, Observation>();

  /** `aheadMaxMs`: how far ahead of the clock a publish time may lie; 0: anywhere. */
  constructor(aheadMaxMs: number) {
    this.aheadMaxMs = aheadMaxMs;
  }

  get(feed: string): Observation | null {
    return this.byFeed.get(feed) ?? null;
  }

  /** Keeps it when it is newer than all before of its feed. Throws an UpdateError when it is from the future. */
  offer(observation: Observation, nowMs: number): 'newer' | 'repeat' | 'older' {
    const { feed, publishTimeMs, order } = observation;
    const aheadMs = publishTimeMs - nowMs;
    if (this.aheadMaxMs > 0 && aheadMs > this.aheadMaxMs) {
      const sentence = `it lies ${aheadMs} ms ahead of the clock, at most ${this.aheadMaxMs} ms are allowed`;
      throw new UpdateError('publish_time_is_beyond_limit', sentence);
    }
    const known = this.byFeed.get(feed);
    if (known !== undefined) {
      const laterMs = publishTimeMs - known.publishTimeMs;
      if (laterMs === 0 && order === known.order) return 'repeat';
      if (laterMs < 0 || (laterMs === 0 && order < known.order)) return 'older';
    }
    this.byFeed.set(feed, observation);
    return 'newer';
  }
}
