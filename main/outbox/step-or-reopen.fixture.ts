import { BusAheadError } from '../../settlement/outbox/outbox-errors.js';
import type { ShardOutbox } from './shard-outbox.js';

/**
 * A step of the outbox, and the outbox to go on with: another one when the bus has what the one before had under way when it was killed,
 * as the outbox's thread begins again as well.
 */
export async function stepOrReopen(
  outbox: ShardOutbox,
  limit: number,
  nowMs: number,
  open: () => Promise<ShardOutbox>,
): Promise<ShardOutbox> {
  try {
    await outbox.step(limit, nowMs);
    return outbox;
  } catch (error) {
    if (!(error instanceof BusAheadError)) throw error;
    outbox.close();
    return await open();
  }
}
