import type { ServerMessage } from './codec.js';
import { crc32 } from './crc32.js';

const CHECKSUM_LEVELS = 10;

/** Price and quantity, as the exchange wrote them. */
export type Level = readonly [price: string, qty: string];

/**
 * The book of one market, kept from snapshot and deltas. Each message carries a checksum of the ten best levels; a gap
 * or a wrong checksum makes `apply` return false: the book is empty then, and needs a new snapshot.
 */
export class LocalBook {
  epoch = 0;
  sequence = 0;
  /** False until the first snapshot, and after a gap. */
  valid = false;
  private readonly bidLevels: Level[] = [];
  private readonly askLevels: Level[] = [];

  /** Best first. */
  get bids(): readonly Level[] {
    return this.bidLevels;
  }

  get asks(): readonly Level[] {
    return this.askLevels;
  }

  apply(message: ServerMessage): boolean {
    if (message.type === 'bookSnapshot') {
      this.clear();
      this.epoch = message.epoch as number;
      this.valid = true;
    } else if (
      !this.valid ||
      message.epoch !== this.epoch ||
      message.previousSequence !== this.sequence
    ) {
      this.clear();
      return false;
    }
    this.sequence = message.sequence as number;
    for (const level of message.bids as Level[]) change(this.bidLevels, level, -1);
    for (const level of message.asks as Level[]) change(this.askLevels, level, 1);
    if (this.checksum() === message.checksum) return true;
    this.clear();
    return false;
  }

  checksum(): number {
    const best = [
      ...this.bidLevels.slice(0, CHECKSUM_LEVELS),
      ...this.askLevels.slice(0, CHECKSUM_LEVELS),
    ];
    return crc32(best.flat().join(':'));
  }

  private clear(): void {
    this.valid = false;
    this.bidLevels.length = 0;
    this.askLevels.length = 0;
  }
}

/** Puts a level in its place, best first; order 1 for asks, −1 for bids. Quantity zero takes it out. */
function change(levels: Level[], level: Level, order: number): void {
  const price = Number(level[0]);
  let low = 0;
  let high = levels.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((Number((levels[middle] as Level)[0]) - price) * order < 0) low = middle + 1;
    else high = middle;
  }
  const known = levels[low]?.[0] === level[0];
  if (Number(level[1]) === 0) {
    if (known) levels.splice(low, 1);
  } else levels.splice(low, known ? 1 : 0, level);
}
