import type { CanonicalReader, CanonicalWriter } from '../../../engine/state/canonical-writer.js';

/** Orders that were there before the recording began have no id that a message could name. */
export const ANONYMOUS = 0;

/** An order of the recording and the order of ours that stands for it. */
export interface MirroredOrder {
  /** The recording's id, or ANONYMOUS. */
  readonly recordedId: number;
  /** Our engine's id. */
  readonly orderId: number;
  readonly level: MirroredLevel;
  lots: number;
  /** What was placed, less what was taken back; fills included, as an amend counts it. */
  totalLots: number;
  /** Neighbours in the queue. */
  older: MirroredOrder | null;
  newer: MirroredOrder | null;
}

export interface MirroredLevel {
  readonly side: number;
  readonly priceTicks: number;
  oldest: MirroredOrder | null;
  newest: MirroredOrder | null;
}

/**
 * Which order of ours stands for which order of the recording, and who came first. Our engine issues its own ids,
 * and the question whether a named order is at the head of its queue has to be asked before it is executed.
 */
export class MirroredOrders {
  private readonly named = new Map<number, MirroredOrder>();
  private readonly levels = new Map<number, MirroredLevel>();

  get levelCount(): number {
    return this.levels.size;
  }

  find(recordedId: number): MirroredOrder | undefined {
    return this.named.get(recordedId);
  }

  level(side: number, priceTicks: number): MirroredLevel | undefined {
    return this.levels.get(keyOf(side, priceTicks));
  }

  /** The level's anonymous order: it is older than all named ones. */
  anonymous(side: number, priceTicks: number): MirroredOrder | undefined {
    const oldest = this.level(side, priceTicks)?.oldest;
    return oldest?.recordedId === ANONYMOUS ? oldest : undefined;
  }

  add(
    recordedId: number,
    orderId: number,
    side: number,
    priceTicks: number,
    lots: number,
    totalLots = lots,
  ): void {
    const key = keyOf(side, priceTicks);
    let level = this.levels.get(key);
    if (level === undefined) {
      level = { side, priceTicks, oldest: null, newest: null };
      this.levels.set(key, level);
    }
    const older = level.newest;
    const order = { recordedId, orderId, level, lots, totalLots, older, newer: null };
    if (older === null) level.oldest = order;
    else older.newer = order;
    level.newest = order;
    if (recordedId !== ANONYMOUS) this.named.set(recordedId, order);
  }

  remove(order: MirroredOrder): void {
    const { level, older, newer } = order;
    if (older === null) level.oldest = newer;
    else older.newer = newer;
    if (newer === null) level.newest = older;
    else newer.older = older;
    if (level.oldest === null) this.levels.delete(keyOf(level.side, level.priceTicks));
    if (order.recordedId !== ANONYMOUS) this.named.delete(order.recordedId);
  }

  /** Levels sorted by side and price, each in queue order, so that equal mirrors are equal bytes. */
  write(writer: CanonicalWriter): void {
    const sorted = [...this.levels].sort(([a], [b]) => a - b);
    writer.put(sorted.length);
    for (const [, level] of sorted) {
      writer.put(level.side);
      writer.put(level.priceTicks);
      const count = writer.length;
      writer.put(0);
      let orders = 0;
      for (let order = level.oldest; order !== null; order = order.newer) {
        writer.put(order.recordedId);
        writer.put(order.orderId);
        writer.put(order.lots);
        writer.put(order.totalLots);
        orders++;
      }
      writer.patch(count, orders);
    }
  }

  read(reader: CanonicalReader): void {
    const levels = reader.take();
    for (let i = 0; i < levels; i++) {
      const side = reader.take();
      const priceTicks = reader.take();
      const orders = reader.take();
      for (let k = 0; k < orders; k++) {
        const recordedId = reader.take();
        const orderId = reader.take();
        const lots = reader.take();
        this.add(recordedId, orderId, side, priceTicks, lots, reader.take());
      }
    }
  }
}

/** Nothing of the recording is in front, as far as names are known. */
export function isFirstNamed(order: MirroredOrder): boolean {
  for (let older = order.older; older !== null; older = older.older) {
    if (older.recordedId !== ANONYMOUS) return false;
  }
  return true;
}

function keyOf(side: number, priceTicks: number): number {
  return priceTicks * 2 + side;
}
