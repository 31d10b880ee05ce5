import { assert } from '../assert.js';
import { SortedList } from '../state/sorted-list.js';
import type { PriceTicks } from '../units/units.js';
import { type TriggerOrder, trailTo } from './trigger-order.js';

/** Trailing stops with the same best price: they move together, so only the group knows where they stand at present. */
interface Group {
  readonly id: number;
  bestTicks: PriceTicks;
  /** Nearest first, by distance in ticks and by distance as a rate: with one best price that is the order in which they fire. */
  readonly lists: readonly [SortedList<TriggerOrder>, SortedList<TriggerOrder>];
  /** The nearest of each list as the heads have it. */
  readonly heads: [Head | null, Head | null];
}

/** The order of a group's list that fires first, and where. */
interface Head {
  readonly id: number;
  readonly order: TriggerOrder;
  readonly triggerTicks: number;
  readonly list: SortedList<TriggerOrder>;
}

/**
 * The trailing stops of one side that wait for one price. A price that is better than any before moves all that follow it, and there may be
 * tens of thousands: so they are kept in groups by their best price. The groups that such a price overtakes become one, the smaller ones
 * are poured into the largest, and nothing is done for each order; an order is poured log n times in its life at most. Of each group only
 * the nearest order by either kind of distance is held against prices.
 *
 * `triggerTicks` and `bestTicks` of an order are as they are at present only after `refresh`.
 */
export class TrailingStops {
  /** 1: sells, for which higher prices are better; −1: buys. */
  private readonly better: 1 | -1;
  private readonly byBest = new Map<number, Group>();
  /** Worst first: those are overtaken first. */
  private readonly groups: SortedList<Group>;
  /** By the trigger price that is reached first. */
  private readonly heads: SortedList<Head>;
  private readonly groupOf = new Map<number, Group>();
  private lastGroup = 0;

  constructor(better: 1 | -1) {
    this.better = better;
    this.groups = new SortedList(({ bestTicks }) => better * bestTicks);
    this.heads = new SortedList(({ triggerTicks }) => -better * triggerTicks);
  }

  get size(): number {
    return this.groupOf.size;
  }

  add(order: TriggerOrder): void {
    const group = this.byBest.get(order.bestTicks) ?? this.newGroup(order.bestTicks);
    this.join(order, group);
    this.showHeads(group);
  }

  /** False: it is not there. */
  remove(order: TriggerOrder): boolean {
    const group = this.groupOf.get(order.id);
    if (group === undefined || !listFor(group, order).remove(order)) return false;
    this.refresh(order);
    this.groupOf.delete(order.id);
    this.showHeads(group);
    if (sizeOf(group) === 0) this.close(group);
    return true;
  }

  /** Brings prices of an order up to where it stands at present. */
  refresh(order: TriggerOrder): void {
    const group = this.groupOf.get(order.id);
    if (group !== undefined && order.bestTicks !== group.bestTicks) {
      trailTo(order, group.bestTicks);
    }
  }

  /** All with a worse best price follow this one. */
  trail(priceTicks: PriceTicks): void {
    const { better, groups } = this;
    const worst = groups.first;
    if (worst === undefined || better * worst.bestTicks >= better * priceTicks) return;
    const overtaken = groups.upTo(better * priceTicks - 1);
    const there = this.byBest.get(priceTicks);
    const all = there === undefined ? overtaken : [...overtaken, there];
    for (const group of all) this.close(group);
    const largest = all.reduce((one, other) => (sizeOf(other) > sizeOf(one) ? other : one));
    largest.bestTicks = priceTicks;
    this.show(largest);
    for (const smaller of all) {
      if (smaller === largest) continue;
      for (const order of ordersOf(smaller)) this.join(order, largest);
    }
    this.showHeads(largest);
  }

  /** Orders whose trigger price is reached, in no order that means anything. They stay. */
  reached(priceTicks: PriceTicks): TriggerOrder[] {
    const { better, heads } = this;
    const found: TriggerOrder[] = [];
    for (const { list } of heads.upTo(-better * priceTicks)) {
      for (const order of list) {
        this.refresh(order);
        if (better * order.triggerTicks < better * priceTicks) break;
        found.push(order);
      }
    }
    return found;
  }

  /** Throws InvariantError when something stands where it should not. */
  check(): void {
    let orders = 0;
    let heads = 0;
    for (const group of this.groups) {
      assert(this.byBest.get(group.bestTicks) === group, 'a group is found by its best price');
      assert(sizeOf(group) > 0, 'no group of trailing stops is empty');
      for (const order of ordersOf(group)) {
        assert(this.groupOf.get(order.id) === group, 'a trailing stop knows its group');
      }
      orders += sizeOf(group);
      heads += group.heads.filter((head) => head !== null).length;
      group.lists.forEach((list, i) => {
        assert(group.heads[i]?.order === list.first, 'the nearest of a list is its head');
      });
    }
    assert(orders === this.groupOf.size, 'every trailing stop stands in a group');
    assert(this.byBest.size === this.groups.length, 'every group stands by its best price');
    assert(heads === this.heads.length, 'every head is of a group');
  }

  private join(order: TriggerOrder, group: Group): void {
    listFor(group, order).add(order);
    this.groupOf.set(order.id, group);
  }

  private newGroup(bestTicks: PriceTicks): Group {
    const lists = [
      new SortedList<TriggerOrder>(({ trailTicks }) => trailTicks),
      new SortedList<TriggerOrder>(({ trailPpm }) => trailPpm),
    ] as const;
    const group: Group = { id: ++this.lastGroup, bestTicks, lists, heads: [null, null] };
    this.show(group);
    return group;
  }

  private show(group: Group): void {
    this.byBest.set(group.bestTicks, group);
    this.groups.add(group);
  }

  /** Nobody finds it any more. */
  private close(group: Group): void {
    for (const head of group.heads) if (head !== null) this.heads.remove(head);
    group.heads.fill(null);
    this.groups.remove(group);
    this.byBest.delete(group.bestTicks);
  }

  /** The nearest orders of a group may be others than before. */
  private showHeads(group: Group): void {
    group.lists.forEach((list, i) => {
      const shown = group.heads[i] ?? null;
      const order = list.first;
      if (shown?.order === order) return;
      if (shown !== null) this.heads.remove(shown);
      group.heads[i] = null;
      if (order === undefined) return;
      this.refresh(order);
      const { triggerTicks } = order;
      const head = { id: group.id * 2 + i, order, triggerTicks, list };
      this.heads.add(head);
      group.heads[i] = head;
    });
  }
}

function listFor(group: Group, { trailTicks }: TriggerOrder): SortedList<TriggerOrder> {
  return group.lists[trailTicks !== 0 ? 0 : 1];
}

function sizeOf({ lists }: Group): number {
  return lists[0].length + lists[1].length;
}

function* ordersOf({ lists }: Group): Iterable<TriggerOrder> {
  yield* lists[0];
  yield* lists[1];
}
