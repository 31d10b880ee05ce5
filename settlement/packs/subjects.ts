import type { Pack } from './pack-types.js';

/** Items of one market: written by the shard that hosts it, and by nobody else. */
export function fillsSubject(marketId: number): string {
  return `fills.${marketId}`;
}

/** Items of accounts, listings and watermarks of one shard. */
export function accountEventsSubject(shardId: number): string {
  return `account-events.${shardId}`;
}

export function pricesSubject(marketId: number): string {
  return `prices.${marketId}`;
}

/** Where a pack belongs on the bus. */
export function subjectOf(pack: Pack): string {
  if (pack.kind === 'market') return fillsSubject(pack.marketId);
  return pack.kind === 'account'
    ? accountEventsSubject(pack.shardId)
    : pricesSubject(pack.marketId);
}
