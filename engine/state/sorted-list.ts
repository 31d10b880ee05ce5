/** A full leaf is split in two; two neighbours with half of it together become one. */
const LEAF_ITEMS = 64;

/** Keys beside the items: a search reads numbers that lie together, and no items all over the memory. */
interface Leaf<Item> {
  keys: number[];
  items: Item[];
}

/**
 * Items in the order of a key, then of their id, smallest first. Both numbers of an item must stay as they are while it is in the list.
 * They are in leaves of up to 64, in order, none of them empty: whatever is asked of the list is a binary search over the leaves and one in
 * a leaf, and a move of what is behind. *Reason:* a hundred thousand stops can wait in a market, and as many dead man's switches; one
 * sorted array took 100 µs for each change of them, in which nobody else could trade.
 */
export class SortedList<Item extends { readonly id: number }> {
  private readonly leaves: Leaf<Item>[] = [];
  /** The last key of each leaf. */
  private readonly lastKeys: number[] = [];
  private readonly keyOf: (item: Item) => number;
  private count = 0;

  constructor(keyOf: (item: Item) => number) {
    this.keyOf = keyOf;
  }

  get length(): number {
    return this.count;
  }

  /** The item with the smallest key, of several the one with the smallest id. */
  get first(): Item | undefined {
    return this.leaves[0]?.items[0];
  }

  add(item: Item): void {
    const { leaves } = this;
    const key = this.keyOf(item);
    this.count++;
    if (leaves.length === 0) {
      leaves.push({ keys: [key], items: [item] });
      this.lastKeys.push(key);
      return;
    }
    const number = Math.min(this.leafFor(key, item.id), leaves.length - 1);
    const leaf = leaves[number] as Leaf<Item>;
    const place = placeIn(leaf, key, item.id);
    leaf.keys.splice(place, 0, key);
    leaf.items.splice(place, 0, item);
    if (leaf.items.length > LEAF_ITEMS) this.split(number);
    else this.lastKeys[number] = lastKeyOf(leaf);
  }

  /** False: it is not there. */
  remove(item: Item): boolean {
    const key = this.keyOf(item);
    const number = this.leafFor(key, item.id);
    const leaf = this.leaves[number];
    if (leaf === undefined) return false;
    const place = placeIn(leaf, key, item.id);
    if (leaf.items[place] !== item) return false;
    this.count--;
    leaf.keys.splice(place, 1);
    leaf.items.splice(place, 1);
    this.join(number, leaf);
    return true;
  }

  /** Items with a key of at most `most`, smallest first. */
  upTo(most: number): Item[] {
    const found: Item[] = [];
    for (const { keys, items } of this.leaves) {
      for (let i = 0; i < items.length; i++) {
        if ((keys[i] as number) > most) return found;
        found.push(items[i] as Item);
      }
    }
    return found;
  }

  /** Smallest first; the list must not be changed meanwhile. */
  *[Symbol.iterator](): Iterator<Item> {
    for (const { items } of this.leaves) yield* items;
  }

  private split(number: number): void {
    const leaf = this.leaves[number] as Leaf<Item>;
    const half = LEAF_ITEMS / 2;
    const behind = { keys: leaf.keys.splice(half), items: leaf.items.splice(half) };
    this.leaves.splice(number + 1, 0, behind);
    this.lastKeys[number] = lastKeyOf(leaf);
    this.lastKeys.splice(number + 1, 0, lastKeyOf(behind));
  }

  /** The leaf has lost an item. */
  private join(number: number, leaf: Leaf<Item>): void {
    const { leaves, lastKeys } = this;
    if (leaf.items.length === 0) {
      leaves.splice(number, 1);
      lastKeys.splice(number, 1);
      return;
    }
    const next = leaves[number + 1];
    if (next !== undefined && leaf.items.length + next.items.length <= LEAF_ITEMS / 2) {
      leaf.keys.push(...next.keys);
      leaf.items.push(...next.items);
      leaves.splice(number + 1, 1);
      lastKeys.splice(number + 1, 1);
    }
    lastKeys[number] = lastKeyOf(leaf);
  }

  /** The first leaf with an item that is not before this one; the number of leaves when there is none. */
  private leafFor(key: number, id: number): number {
    const { lastKeys, leaves } = this;
    let from = 0;
    let to = lastKeys.length;
    while (from < to) {
      const middle = (from + to) >> 1;
      const last = lastKeys[middle] as number;
      const isBefore = last < key || (last === key && lastIdOf(leaves[middle] as Leaf<Item>) < id);
      if (isBefore) from = middle + 1;
      else to = middle;
    }
    return from;
  }
}

/** Where an item with these numbers stands in the leaf, or would stand. */
function placeIn<Item extends { readonly id: number }>(
  { keys, items }: Leaf<Item>,
  key: number,
  id: number,
): number {
  let from = 0;
  let to = keys.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    const other = keys[middle] as number;
    const isBefore = other < key || (other === key && (items[middle] as Item).id < id);
    if (isBefore) from = middle + 1;
    else to = middle;
  }
  return from;
}

function lastKeyOf<Item>({ keys }: Leaf<Item>): number {
  return keys[keys.length - 1] as number;
}

function lastIdOf<Item extends { readonly id: number }>({ items }: Leaf<Item>): number {
  return (items[items.length - 1] as Item).id;
}
