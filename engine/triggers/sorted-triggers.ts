import { assert } from '../assert.js';
import { SIDE_BUY, sideOf, TRIGGER_TRAILING_STOP } from '../messages/types.js';
import { SortedList } from '../state/sorted-list.js';
import type { PriceTicks, TimeMs } from '../units/units.js';
import { TrailingStops } from './trailing-stops.js';
import { firesWhenPriceRises, PRICE_SOURCES, type TriggerOrder } from './trigger-order.js';
import type { TriggerStore } from './trigger-store.js';

/** Orders that wait for one price source, by the direction that they wait for. */
interface Waiting {
  /** The lowest trigger price is reached first. */
  readonly rises: SortedList<TriggerOrder>;
  /** The highest is; keys are negated. */
  readonly falls: SortedList<TriggerOrder>;
  /** They are in neither of these. */
  readonly trailingBuys: TrailingStops;
  readonly trailingSells: TrailingStops;
}

/**
 * Waiting orders, sorted for each source and direction by trigger price, so that a price that reaches none of them costs two
 * comparisons, and one that no trailing stop follows two more; trailing stops are groups that move as one. Found by id in a Map, by account in a list each, by expiry in one more sorted list.
 */
export class SortedTriggers implements TriggerStore {
  closing = 0;
  private readonly byId = new Map<number, TriggerOrder>();
  private readonly byAccount = new Map<number, TriggerOrder[]>();
  private readonly byExpiry = new SortedList<TriggerOrder>((order) => order.expiryMs);
  private readonly waiting: readonly Waiting[] = Array.from({ length: PRICE_SOURCES }, () => ({
    rises: new SortedList<TriggerOrder>((order) => order.triggerTicks),
    falls: new SortedList<TriggerOrder>((order) => -order.triggerTicks),
    trailingBuys: new TrailingStops(-1),
    trailingSells: new TrailingStops(1),
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
    this.placeOf(order).add(order);
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
    assert(this.placeOf(order).remove(order), 'a waiting order stands in its list');
    if (order.expiryMs !== 0) this.byExpiry.remove(order);
  }

  find(id: number): TriggerOrder | null {
    const order = this.byId.get(id);
    return order === undefined ? null : this.refreshed(order);
  }

  countOf(account: number): number {
    return this.byAccount.get(account)?.length ?? 0;
  }

  ofAccount(account: number): readonly TriggerOrder[] {
    const own = this.byAccount.get(account) ?? [];
    for (const order of own) this.refreshed(order);
    return own;
  }

  watches(source: number): boolean {
    return sizeOf(this.waiting[source] as Waiting) > 0;
  }

  trail(source: number, priceTicks: PriceTicks): void {
    const { trailingBuys, trailingSells } = this.waiting[source] as Waiting;
    trailingBuys.trail(priceTicks);
    trailingSells.trail(priceTicks);
  }

  reached(source: number, priceTicks: PriceTicks): TriggerOrder[] {
    const { rises, falls, trailingBuys, trailingSells } = this.waiting[source] as Waiting;
    const found = rises
      .upTo(priceTicks)
      .concat(falls.upTo(-priceTicks))
      .concat(trailingBuys.reached(priceTicks), trailingSells.reached(priceTicks));
    return found.length > 1 ? found.sort(byId) : found;
  }

  nextExpiryMs(): number {
    return this.byExpiry.first?.expiryMs ?? Number.POSITIVE_INFINITY;
  }

  expired(nowMs: TimeMs): TriggerOrder[] {
    return this.byExpiry.upTo(nowMs).map((order) => this.refreshed(order));
  }

  all(): TriggerOrder[] {
    return [...this.byId.values()].map((order) => this.refreshed(order)).sort(byId);
  }

  check(): void {
    let listed = 0;
    let trailing = 0;
    for (const waiting of this.waiting) {
      const { trailingBuys, trailingSells } = waiting;
      listed += sizeOf(waiting);
      trailing += trailingBuys.size + trailingSells.size;
      trailingBuys.check();
      trailingSells.check();
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

  /** Trailing stops know where they stand only when they are asked for. */
  private refreshed(order: TriggerOrder): TriggerOrder {
    if (order.kind === TRIGGER_TRAILING_STOP) this.trailingOf(order).refresh(order);
    return order;
  }

  private placeOf(order: TriggerOrder): SortedList<TriggerOrder> | TrailingStops {
    const { source, kind, flags } = order;
    if (kind === TRIGGER_TRAILING_STOP) return this.trailingOf(order);
    const { rises, falls } = this.waiting[source] as Waiting;
    return firesWhenPriceRises(kind, flags) ? rises : falls;
  }

  private trailingOf({ source, flags }: TriggerOrder): TrailingStops {
    const { trailingBuys, trailingSells } = this.waiting[source] as Waiting;
    return sideOf(flags) === SIDE_BUY ? trailingBuys : trailingSells;
  }
}

function sizeOf({ rises, falls, trailingBuys, trailingSells }: Waiting): number {
  return rises.length + falls.length + trailingBuys.size + trailingSells.size;
}

function byId(a: TriggerOrder, b: TriggerOrder): number {
  return a.id - b.id;
}
