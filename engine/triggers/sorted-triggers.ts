import { assert } from '../assert.js';
import { SIDE_BUY, sideOf, TRIGGER_TRAILING_STOP } from '../messages/types.js';
import type { PriceTicks, TimeMs } from '../units/units.js';
import { SortedList } from './sorted-list.js';
import { firesWhenPriceRises, PRICE_SOURCES, type TriggerOrder, trailTo } from './trigger-order.js';
import type { TriggerStore } from './trigger-store.js';

/** Orders that wait for one price source, by the direction that they wait for. */
interface Waiting {
  /** The lowest trigger price is reached first. */
  readonly rises: SortedList<TriggerOrder>;
  /** The highest is; keys are negated. */
  readonly falls: SortedList<TriggerOrder>;
  /** Trailing stops by their best price: of buys the highest moves on first, of sells the lowest. */
  readonly trailingBuys: SortedList<TriggerOrder>;
  readonly trailingSells: SortedList<TriggerOrder>;
}

/**
 * Waiting orders, sorted for each source and direction by trigger price, so that a price that reaches none of them costs two
 * comparisons, and one that no trailing stop follows two more. Found by id in a Map, by account in a list each, by expiry in one more sorted list.
 */
export class SortedTriggers implements TriggerStore {
  closing = 0;
  private readonly byId = new Map<number, TriggerOrder>();
  private readonly byAccount = new Map<number, TriggerOrder[]>();
  private readonly byExpiry = new SortedList<TriggerOrder>((order) => order.expiryMs);
  private readonly waiting: readonly Waiting[] = Array.from({ length: PRICE_SOURCES }, () => ({
    rises: new SortedList<TriggerOrder>((order) => order.triggerTicks),
    falls: new SortedList<TriggerOrder>((order) => -order.triggerTicks),
    trailingBuys: new SortedList<TriggerOrder>((order) => -order.bestTicks),
    trailingSells: new SortedList<TriggerOrder>((order) => order.bestTicks),
  }));

  get size(): number {
    return this.byId.size;
  }

  add(order: TriggerOrder): void {
    assert(!this.byId.has(order.id), 'an order waits only once');
    this.byId.set(order.id, order);
    if (order.closesPosition) this.closing++;
    const own = this.byAccount.get(order.account);
    if (own === undefined) this.byAccount.set(order.account, [order]);
    else own.push(order);
    this.sortIn(order);
    if (order.expiryMs !== 0) this.byExpiry.add(order);
  }

  remove(order: TriggerOrder): void {
    assert(this.byId.delete(order.id), 'only an order that waits can be removed');
    if (order.closesPosition) this.closing--;
    const own = (this.byAccount.get(order.account) as TriggerOrder[]).filter(
      (other) => other !== order,
    );
    if (own.length === 0) this.byAccount.delete(order.account);
    else this.byAccount.set(order.account, own);
    this.sortOut(order);
    if (order.expiryMs !== 0) this.byExpiry.remove(order);
  }

  find(id: number): TriggerOrder | null {
    return this.byId.get(id) ?? null;
  }

  ofAccount(account: number): readonly TriggerOrder[] {
    return this.byAccount.get(account) ?? [];
  }

  watches(source: number): boolean {
    const { rises, falls } = this.waiting[source] as Waiting;
    return rises.length + falls.length > 0;
  }

  trail(source: number, priceTicks: PriceTicks): void {
    const { trailingBuys, trailingSells } = this.waiting[source] as Waiting;
    const moves = [...trailingBuys.upTo(-priceTicks - 1), ...trailingSells.upTo(priceTicks - 1)];
    for (const order of moves) {
      this.sortOut(order);
      trailTo(order, priceTicks);
      this.sortIn(order);
    }
  }

  reached(source: number, priceTicks: PriceTicks): TriggerOrder[] {
    const { rises, falls } = this.waiting[source] as Waiting;
    const found = [...rises.upTo(priceTicks), ...falls.upTo(-priceTicks)];
    return found.length > 1 ? found.sort(byId) : found;
  }

  nextExpiryMs(): number {
    return this.byExpiry.first?.expiryMs ?? Number.POSITIVE_INFINITY;
  }

  expired(nowMs: TimeMs): TriggerOrder[] {
    return this.byExpiry.upTo(nowMs);
  }

  all(): TriggerOrder[] {
    return [...this.byId.values()].sort(byId);
  }

  check(): void {
    let listed = 0;
    for (const { rises, falls } of this.waiting) listed += rises.length + falls.length;
    let trailing = 0;
    for (const { trailingBuys, trailingSells } of this.waiting) {
      trailing += trailingBuys.length + trailingSells.length;
    }
    const expected = this.all().filter(({ kind }) => kind === TRIGGER_TRAILING_STOP).length;
    assert(trailing === expected, 'every trailing stop stands by its best price');
    assert(listed === this.size, 'every waiting order stands in one list of a price source');
    let owned = 0;
    let expiring = 0;
    for (const [account, own] of this.byAccount) {
      owned += own.length;
      for (const order of own) {
        assert(this.byId.get(order.id) === order, 'an order of an account waits');
        assert(order.account === account, 'an order stands in the list of its own account');
        if (order.expiryMs !== 0) expiring++;
      }
    }
    assert(owned === this.size, 'every waiting order stands in the list of its account');
    assert(expiring === this.byExpiry.length, 'every order that expires stands by expiry');
  }

  private sortIn(order: TriggerOrder): void {
    this.listOf(order).add(order);
    this.trailingOf(order)?.add(order);
  }

  private sortOut(order: TriggerOrder): void {
    assert(this.listOf(order).remove(order), 'a waiting order stands in its list');
    this.trailingOf(order)?.remove(order);
  }

  private trailingOf({ source, kind, flags }: TriggerOrder): SortedList<TriggerOrder> | null {
    if (kind !== TRIGGER_TRAILING_STOP) return null;
    const { trailingBuys, trailingSells } = this.waiting[source] as Waiting;
    return sideOf(flags) === SIDE_BUY ? trailingBuys : trailingSells;
  }

  private listOf({ source, kind, flags }: TriggerOrder): SortedList<TriggerOrder> {
    const { rises, falls } = this.waiting[source] as Waiting;
    return firesWhenPriceRises(kind, flags) ? rises : falls;
  }
}

function byId(a: TriggerOrder, b: TriggerOrder): number {
  return a.id - b.id;
}
