/**
 * Items in the order of a key, then of their id; the last one is the next to go. Both numbers of an item must stay as they are
 * while it is in the list. Taking the last and asking for it cost nothing; anything else is a binary search and a move of
 * the items behind.
 */
export class SortedList<Item extends { readonly id: number }> {
  private readonly items: Item[] = [];
  private readonly keyOf: (item: Item) => number;

  /** Smallest key last. */
  constructor(keyOf: (item: Item) => number) {
    this.keyOf = keyOf;
  }

  get length(): number {
    return this.items.length;
  }

  /** The item with the smallest key, of several the one with the smallest id. */
  get first(): Item | undefined {
    return this.items[this.items.length - 1];
  }

  add(item: Item): void {
    this.items.splice(this.placeOf(item), 0, item);
  }

  /** False: it is not there. */
  remove(item: Item): boolean {
    const place = this.placeOf(item);
    if (this.items[place] !== item) return false;
    this.items.splice(place, 1);
    return true;
  }

  /** Items with a key of at most `most`, smallest first. */
  upTo(most: number): Item[] {
    const found: Item[] = [];
    for (let i = this.items.length - 1; i >= 0; i--) {
      const item = this.items[i] as Item;
      if (this.keyOf(item) > most) break;
      found.push(item);
    }
    return found;
  }

  /** Where the item stands, or would stand. */
  private placeOf(item: Item): number {
    const key = this.keyOf(item);
    let from = 0;
    let to = this.items.length;
    while (from < to) {
      const middle = (from + to) >> 1;
      const other = this.items[middle] as Item;
      const otherKey = this.keyOf(other);
      if (otherKey > key || (otherKey === key && other.id > item.id)) from = middle + 1;
      else to = middle;
    }
    return from;
  }
}
