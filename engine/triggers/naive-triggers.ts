import { assert } from '../assert.js';
import type { PriceTicks, TimeMs } from '../units/units.js';
import { isBetter, isReached, type TriggerOrder, trailTo } from './trigger-order.js';
import type { TriggerStore } from './trigger-store.js';

/** The twin of `SortedTriggers`: one list by id, filtered each time. */
export class NaiveTriggers implements TriggerStore {
  private orders: TriggerOrder[] = [];

  get size(): number {
    return this.orders.length;
  }

  get closing(): number {
    return this.orders.filter((order) => order.closesPosition).length;
  }

  add(order: TriggerOrder): void {
    this.orders.push(order);
  }

  remove(order: TriggerOrder): void {
    this.orders = this.orders.filter((other) => other.id !== order.id);
  }

  find(id: number): TriggerOrder | null {
    return this.orders.find((order) => order.id === id) ?? null;
  }

  countOf(account: number): number {
    return this.ofAccount(account).length;
  }

  ofAccount(account: number): readonly TriggerOrder[] {
    return this.orders.filter((order) => order.account === account);
  }

  watches(source: number): boolean {
    return this.orders.some((order) => order.source === source);
  }

  trail(source: number, priceTicks: PriceTicks): void {
    for (const order of this.orders) {
      if (order.source === source && isBetter(order, priceTicks)) trailTo(order, priceTicks);
    }
  }

  reached(source: number, priceTicks: PriceTicks): TriggerOrder[] {
    return this.orders.filter((order) => order.source === source && isReached(order, priceTicks));
  }

  nextExpiryMs(): number {
    return Math.min(...this.expiring().map((order) => order.expiryMs));
  }

  expired(nowMs: TimeMs): TriggerOrder[] {
    return this.expiring()
      .filter((order) => order.expiryMs <= nowMs)
      .sort((a, b) => a.expiryMs - b.expiryMs || a.id - b.id);
  }

  all(): TriggerOrder[] {
    return [...this.orders];
  }

  check(): void {
    this.orders.forEach((order, i) => {
      const before = this.orders[i - 1]?.id ?? 0;
      assert(order.id > before, 'waiting orders must stand by id');
    });
  }

  private expiring(): TriggerOrder[] {
    return this.orders.filter((order) => order.expiryMs !== 0);
  }
}
