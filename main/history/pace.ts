import type { HostStats } from '../../engine/runtime/host-stats.js';

/**
 * Up to where a journal may be followed. What is written but not synced may be gone after a power failure, and other messages take its place;
 * where nothing is synced at all, what is written is all that a journal can promise.
 */
export function limitOf(stats: HostStats, neverSyncs: boolean): number {
  return stats.get(neverSyncs ? 'writtenSequence' : 'durableSequence');
}

/** Tells whether any shard has applied something since it was asked last. */
export function watchOf(stats: readonly HostStats[]): () => boolean {
  let before = 0;
  return () => {
    const now = stats.reduce((sum, own) => sum + own.get('sequence'), 0);
    const hasMoved = now !== before;
    before = now;
    return hasMoved;
  };
}
