import { isDeepStrictEqual } from 'node:util';
import { decodePack } from '../../packs/pack-codec.js';
import type { AccountItem, AccountPack, MarketItem, MarketPack } from '../../packs/pack-types.js';
import { subjectOf } from '../../packs/subjects.js';
import { Books } from './books.js';

interface Seen {
  lastItem: number;
  items: (MarketItem | AccountItem)[];
}

/**
 * Reads packs as settlement has to: items by their numbers, what it has already left out, none missing. Unlike settlement it keeps all items,
 * so that those that come again can be compared.
 */
export class Receiver {
  readonly books = new Books();
  /** Up to where each shard's journal is on the bus, as its marks say. */
  readonly marks = new Map<number, { sequence: number; epoch: number }>();
  repeated = 0;
  packs = 0;
  private readonly seen = new Map<string, Seen>();

  take(subject: string, data: Uint8Array): void {
    const pack = decodePack(data);
    this.packs++;
    if (subjectOf(pack) !== subject) throw new Error(`a pack of ${subjectOf(pack)} in ${subject}`);
    if (pack.kind === 'price') return;
    const seen = this.seen.get(subject) ?? { lastItem: 0, items: [] };
    this.seen.set(subject, seen);
    if (pack.firstItem > seen.lastItem + 1) {
      throw new Error(`${subject} goes on with item ${pack.firstItem} behind ${seen.lastItem}`);
    }
    pack.items.forEach((item, i) => {
      const number = pack.firstItem + i;
      if (number > seen.lastItem) {
        this.book(pack, item);
        seen.items.push(item);
        seen.lastItem = number;
      } else {
        this.repeated++;
        if (isDeepStrictEqual(item, seen.items[number - 1])) return;
        throw new Error(`item ${number} of ${subject} comes again as another one`);
      }
    });
    const isMark = pack.kind === 'account' && pack.items.length === 0;
    if (!isMark) return;
    if (pack.lastItem !== seen.lastItem) throw new Error(`a mark of ${subject} misses items`);
    this.marks.set(pack.shardId, { sequence: pack.lastSequence, epoch: pack.epoch });
  }

  private book(pack: MarketPack | AccountPack, item: MarketItem | AccountItem): void {
    if (pack.kind === 'account') this.books.accountItem(item as AccountItem);
    else this.books.marketItem(pack.marketId, 0, item as MarketItem);
  }
}
