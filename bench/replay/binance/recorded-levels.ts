import type { CanonicalReader, CanonicalWriter } from '../../../engine/state/canonical-writer.js';

/** The recorded book of one side: lots by price, as the last snapshot and the updates after it have them. */
export class RecordedLevels {
  private readonly lotsByPrice = new Map<number, number>();
  /** Prices at which our book may differ: those of the last update and of the trades since. */
  private readonly changed = new Set<number>();

  lotsAt(priceTicks: number): number {
    return this.lotsByPrice.get(priceTicks) ?? 0;
  }

  /** Absolute lots; 0 removes the level. */
  set(priceTicks: number, lots: number): void {
    if (lots === 0) this.lotsByPrice.delete(priceTicks);
    else this.lotsByPrice.set(priceTicks, lots);
    this.changed.add(priceTicks);
  }

  /** A trade took lots of our book here, which the recorded book may or may not have lost. */
  touch(priceTicks: number): void {
    this.changed.add(priceTicks);
  }

  clear(): void {
    for (const priceTicks of this.lotsByPrice.keys()) this.changed.add(priceTicks);
    this.lotsByPrice.clear();
  }

  /** In ascending order, so that the commands that follow do not depend on the order within an update. */
  takeChanged(): number[] {
    const prices = [...this.changed].sort((a, b) => a - b);
    this.changed.clear();
    return prices;
  }

  write(writer: CanonicalWriter): void {
    const levels = [...this.lotsByPrice].sort(([a], [b]) => a - b);
    writer.put(levels.length);
    for (const [priceTicks, lots] of levels) {
      writer.put(priceTicks);
      writer.put(lots);
    }
    const changed = [...this.changed].sort((a, b) => a - b);
    writer.put(changed.length);
    for (const priceTicks of changed) writer.put(priceTicks);
  }

  read(reader: CanonicalReader): void {
    const levels = reader.take();
    for (let i = 0; i < levels; i++) {
      const priceTicks = reader.take();
      this.lotsByPrice.set(priceTicks, reader.take());
    }
    const changed = reader.take();
    for (let i = 0; i < changed; i++) this.changed.add(reader.take());
  }
}
