/**
 * Price levels of one market, folded from changes of resting quantity. It keeps two states: what is true now, and
 * what was published last. `publish` moves the second to the first and tells which levels differ, so that however
 * much happens between two ticks, a subscriber gets each level at most once, and a snapshot always stands at the
 * end of a published frame.
 */
export interface LevelChanges {
  /** Price ticks and lots, alternating, best price first; lots 0: the level is gone. */
  readonly bids: number[];
  readonly asks: number[];
}

const FIRST_LEVELS = 256;
/** Changes times levels from which one pass over all levels is quicker than to put each change in its place. */
const MERGE_FROM = 4e6;

export class L2Book {
  private readonly sides = [new L2Side(-1), new L2Side(1)] as const;

  /** Adds lots to a level (negative: takes away). Side 0 buys, 1 sells. */
  add(side: number, priceTicks: number, lots: number): void {
    (side === 0 ? this.sides[0] : this.sides[1]).add(priceTicks, lots);
  }

  get changed(): boolean {
    return this.sides[0].changed || this.sides[1].changed;
  }

  /** Lots that rest at a price now. */
  lotsAt(side: number, priceTicks: number): number {
    return (side === 0 ? this.sides[0] : this.sides[1]).lotsAt(priceTicks);
  }

  /** All levels as they are now, price and lots alternating, best first. */
  present(side: number): number[] {
    return (side === 0 ? this.sides[0] : this.sides[1]).present();
  }

  /** Levels of a side; one that has gone since the last frame is still among them. */
  countOf(side: number): number {
    return (side === 0 ? this.sides[0] : this.sides[1]).count;
  }

  publish(): LevelChanges {
    return { bids: this.sides[0].publish(), asks: this.sides[1].publish() };
  }

  /** The published levels of a side, price and lots alternating, best first. */
  published(side: number, depth: number): number[] {
    return (side === 0 ? this.sides[0] : this.sides[1]).published(depth);
  }
}

class L2Side {
  /** By price, the place of its lots as they are now; a level that is gone keeps it until the next frame. */
  private readonly places = new Map<number, number>();
  private now = new Float64Array(FIRST_LEVELS);
  private isDirty = new Uint8Array(FIRST_LEVELS);
  private readonly free: number[] = [];
  /** Prices whose lots have changed since the last frame. */
  private dirty: number[] = [];
  /** Published prices, best last, so that most changes happen near the end; lots beside them. */
  private prices: number[] = [];
  private lots: number[] = [];
  /** 1: lower prices are better (asks); −1: higher ones (bids). */
  private readonly order: number;

  constructor(order: number) {
    this.order = order;
  }

  get changed(): boolean {
    return this.dirty.length > 0;
  }

  add(priceTicks: number, lots: number): void {
    const place = this.places.get(priceTicks) ?? this.open(priceTicks);
    this.now[place] = (this.now[place] as number) + lots;
    if (this.isDirty[place] === 1) return;
    this.isDirty[place] = 1;
    this.dirty.push(priceTicks);
  }

  get count(): number {
    return this.places.size;
  }

  lotsAt(priceTicks: number): number {
    const place = this.places.get(priceTicks);
    return place === undefined ? 0 : (this.now[place] as number);
  }

  present(): number[] {
    const prices = [...this.places.keys()].filter((price) => this.lotsAt(price) !== 0);
    prices.sort((a, b) => (a - b) * this.order);
    return prices.flatMap((price) => [price, this.lotsAt(price)]);
  }

  publish(): number[] {
    if (this.dirty.length === 0) return [];
    const touched = this.dirty.sort((a, b) => (a - b) * this.order);
    this.dirty = [];
    const isMany = touched.length * this.prices.length > MERGE_FROM;
    return isMany ? this.publishInOnePass(touched) : this.publishEach(touched);
  }

  published(depth: number): number[] {
    const levels: number[] = [];
    const end = Math.max(0, this.prices.length - depth);
    for (let i = this.prices.length - 1; i >= end; i--) {
      levels.push(this.prices[i] as number, this.lots[i] as number);
    }
    return levels;
  }

  private publishEach(touched: readonly number[]): number[] {
    const changes: number[] = [];
    for (const price of touched) {
      const lots = this.takeDirty(price);
      if (this.setPublished(price, lots)) changes.push(price, lots);
    }
    return changes;
  }

  private publishInOnePass(touched: readonly number[]): number[] {
    const { lots: oldLots, prices: oldPrices } = this;
    const changes: number[] = [];
    const prices: number[] = [];
    const lots: number[] = [];
    let old = 0;
    // From the worst on, as the published ones stand.
    for (let i = touched.length - 1; i >= 0; i--) {
      const price = touched[i] as number;
      for (; ((oldPrices[old] as number) - price) * this.order > 0; old++) {
        prices.push(oldPrices[old] as number);
        lots.push(oldLots[old] as number);
      }
      const before = oldPrices[old] === price ? (oldLots[old++] as number) : 0;
      const now = this.takeDirty(price);
      if (now !== 0) {
        prices.push(price);
        lots.push(now);
      }
      if (now !== before) changes.push(now, price);
    }
    this.prices = prices.concat(oldPrices.slice(old));
    this.lots = lots.concat(oldLots.slice(old));
    return changes.reverse();
  }

  /** Lots at a price that is published with them. */
  private takeDirty(price: number): number {
    const place = this.places.get(price) as number;
    const lots = this.now[place] as number;
    this.isDirty[place] = 0;
    if (lots === 0) {
      this.places.delete(price);
      this.free.push(place);
    }
    return lots;
  }

  private open(price: number): number {
    const place = this.free.pop() ?? this.places.size;
    if (place === this.now.length) {
      const [now, isDirty] = [new Float64Array(place * 2), new Uint8Array(place * 2)];
      now.set(this.now);
      isDirty.set(this.isDirty);
      this.now = now;
      this.isDirty = isDirty;
    }
    this.places.set(price, place);
    return place;
  }

  /** False when the level was published just so: what came and went between two ticks is no change. */
  private setPublished(price: number, lots: number): boolean {
    const at = this.find(price);
    const known = this.prices[at] === price;
    if (known && this.lots[at] === lots) return false;
    if (lots === 0) {
      if (!known) return false;
      this.prices.splice(at, 1);
      this.lots.splice(at, 1);
    } else if (known) {
      this.lots[at] = lots;
    } else {
      this.prices.splice(at, 0, price);
      this.lots.splice(at, 0, lots);
    }
    return true;
  }

  /** First index whose price is not worse than the given one. */
  private find(price: number): number {
    let low = 0;
    let high = this.prices.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      // Worse prices stand first.
      if (((this.prices[middle] as number) - price) * this.order > 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
