import type { LevelChanges } from '../feeds/l2-book.js';
import type { OrderFold } from '../feeds/order-fold.js';
import { type Market, priceText, qtyText } from '../markets.js';

export type Level = [price: string, qty: string];

/** What a diff stream has not sent yet. */
interface Diff {
  readonly marketId: number;
  /** Lots by price; they replace what is there. */
  bids: Map<number, number>;
  asks: Map<number, number>;
  /** Sequence of the book that subscribers have. */
  lastSequence: number;
}

export interface DepthUpdate {
  /** U, u and pu of the stream. */
  firstId: number;
  lastId: number;
  previousId: number;
  timeMs: number;
  bids: Level[];
  asks: Level[];
}

/**
 * Update ids of this dialect from the exchange's sequences, so that the recipe for clients holds to the letter: an event's last id
 * is even, a snapshot's is odd. Hence a snapshot between two events, or right behind one, is always within the next one:
 * U ≤ lastUpdateId ≤ u, and U = pu + 1.
 */
export function eventIdOf(sequence: number): number {
  return sequence * 2;
}

export function snapshotIdOf(sequence: number): number {
  return sequence * 2 + 1;
}

/** The books of all markets as this dialect shows them: snapshots, and diffs for each stream that is read. */
export class Depths {
  private readonly folds: OrderFold;
  private readonly sequences = new Map<number, number>();
  private readonly times = new Map<number, number>();
  /** By name of the stream. */
  private readonly diffs = new Map<string, Diff>();

  constructor(folds: OrderFold) {
    this.folds = folds;
  }

  /** A tick has published what changed in a book. */
  published(marketId: number, changes: LevelChanges, sequence: number, timeMs: number): void {
    this.sequences.set(marketId, sequence);
    this.times.set(marketId, timeMs);
    for (const diff of this.diffs.values()) {
      if (diff.marketId !== marketId) continue;
      collect(diff.bids, changes.bids);
      collect(diff.asks, changes.asks);
    }
  }

  /** Rows of market, sequence and time of what was published last. */
  memory(): [number, number, number][] {
    return [...this.sequences].map(([id, sequence]) => [id, sequence, this.timeOf(id)]);
  }

  restore(rows: readonly [number, number, number][]): void {
    for (const [marketId, sequence, timeMs] of rows) {
      this.sequences.set(marketId, sequence);
      this.times.set(marketId, timeMs);
    }
  }

  /** Sequence of the state that was published last. */
  sequenceOf(marketId: number): number {
    return this.sequences.get(marketId) ?? 0;
  }

  timeOf(marketId: number): number {
    return this.times.get(marketId) ?? 0;
  }

  /** The best levels as they were published last. */
  levels(market: Market, depth: number): { bids: Level[]; asks: Level[] } {
    const book = this.folds.book(market.id);
    return {
      bids: pairs(market, book.published(0, depth)),
      asks: pairs(market, book.published(1, depth)),
    };
  }

  /** Best bid and offer in ticks and lots; zeros on an empty side. */
  best(marketId: number): { bid: number; bidLots: number; ask: number; askLots: number } {
    const book = this.folds.book(marketId);
    const [bid = 0, bidLots = 0] = book.published(0, 1);
    const [ask = 0, askLots = 0] = book.published(1, 1);
    return { bid, bidLots, ask, askLots };
  }

  /** Somebody reads this diff stream from now on. */
  follow(stream: string, marketId: number): void {
    const lastSequence = this.sequenceOf(marketId);
    this.diffs.set(stream, { marketId, bids: new Map(), asks: new Map(), lastSequence });
  }

  /** Nobody does any more. */
  leave(stream: string): void {
    this.diffs.delete(stream);
  }

  /** What changed since the last call; null when nothing has. */
  take(market: Market, stream: string): DepthUpdate | null {
    const diff = this.diffs.get(stream);
    if (diff === undefined) return null;
    const sequence = this.sequenceOf(market.id);
    if (diff.bids.size === 0 && diff.asks.size === 0) return null;
    const previousId = eventIdOf(diff.lastSequence);
    const update: DepthUpdate = {
      firstId: previousId + 1,
      lastId: eventIdOf(sequence),
      previousId,
      timeMs: this.timeOf(market.id),
      bids: sorted(market, diff.bids, -1),
      asks: sorted(market, diff.asks, 1),
    };
    diff.lastSequence = sequence;
    diff.bids.clear();
    diff.asks.clear();
    return update;
  }
}

function collect(into: Map<number, number>, changes: readonly number[]): void {
  for (let i = 0; i < changes.length; i += 2) {
    into.set(changes[i] as number, changes[i + 1] as number);
  }
}

function sorted(market: Market, levels: ReadonlyMap<number, number>, order: number): Level[] {
  const flat = [...levels].sort(([a], [b]) => (a - b) * order).flat();
  return pairs(market, flat);
}

function pairs(market: Market, flat: readonly number[]): Level[] {
  const levels: Level[] = [];
  for (let i = 0; i < flat.length; i += 2) {
    levels.push([priceText(market, flat[i] as number), qtyText(market, flat[i + 1] as number)]);
  }
  return levels;
}
