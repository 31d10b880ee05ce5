/** Remembers this many message ids to drop doubles. */
const REMEMBERED = 65_536;

/** The newest message ids of a stream. */
export class RecentIds {
  private readonly ids = new Set<string>();

  has(id: string): boolean {
    return this.ids.has(id);
  }

  add(id: string): void {
    this.ids.add(id);
    if (this.ids.size <= REMEMBERED) return;
    // A set keeps the order of insertion: the first one is the oldest.
    for (const oldest of this.ids) {
      this.ids.delete(oldest);
      return;
    }
  }
}
