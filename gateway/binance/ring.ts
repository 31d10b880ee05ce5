/** The last items of a list, oldest first. */
export class Ring<T> {
  private readonly items: T[] = [];
  private readonly most: number;
  private head = 0;

  constructor(most: number) {
    this.most = most;
  }

  get length(): number {
    return this.items.length;
  }

  /** Gives the item that had to go, if any. */
  push(item: T): T | undefined {
    if (this.items.length < this.most) {
      this.items.push(item);
      return undefined;
    }
    const gone = this.items[this.head];
    this.items[this.head] = item;
    this.head = (this.head + 1) % this.most;
    return gone;
  }

  /** `index` counts from the oldest; negative ones from the newest. */
  at(index: number): T | undefined {
    const from = index < 0 ? this.items.length + index : index;
    if (from < 0 || from >= this.items.length) return undefined;
    return this.items[(this.head + from) % this.items.length];
  }

  /** Begins with these, oldest first. */
  restore(items: readonly T[]): void {
    this.items.length = 0;
    this.head = 0;
    this.items.push(...items.slice(-this.most));
  }

  toArray(): T[] {
    return [...this.items.slice(this.head), ...this.items.slice(0, this.head)];
  }
}
