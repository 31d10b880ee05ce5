import type { Bus } from '../bus/bus.js';
import { decodePack } from '../packs/pack-codec.js';
import { PackError } from '../packs/pack-error.js';
import type { AccountItem, MarketItem } from '../packs/pack-types.js';
import { OutboxDivergedError } from './outbox-errors.js';

/** The end of a subject on the bus. */
export interface BusHead {
  subject: string;
  shardId: number;
  epoch: number;
  lastItem: number;
  lastSequence: number;
  /** Null: a watermark, or a price. */
  item: MarketItem | AccountItem | null;
}

/** Null: nothing was ever published there. Throws OutboxDivergedError when it holds something that no outbox has written, or BusError. */
export async function headOf(bus: Bus, subject: string): Promise<BusHead | null> {
  const last = await bus.last(subject);
  if (last === null) return null;
  try {
    const pack = decodePack(last.data);
    const { shardId } = pack;
    if (pack.kind === 'price') {
      const { sequence: lastSequence } = pack;
      return { subject, shardId, epoch: 0, lastItem: 0, lastSequence, item: null };
    }
    const { epoch, lastItem, lastSequence } = pack;
    return { subject, shardId, epoch, lastItem, lastSequence, item: pack.items.at(-1) ?? null };
  } catch (error) {
    if (!(error instanceof PackError)) throw error;
    throw new OutboxDivergedError(
      `the newest message of ${subject} on the bus is not a pack that this release reads: ${error.message}`,
    );
  }
}
