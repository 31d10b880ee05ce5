import type { PriceTicks, TimeMs } from '../units/units.js';
import type { TriggerOrder } from './trigger-order.js';

/** Trigger orders that one account may have waiting in one market, where the limit on its open orders is not lower. */
export const WAITING_PER_ACCOUNT_MAX = 100;

/**
 * The waiting trigger orders of one market. There are two: `SortedTriggers` works, `NaiveTriggers` is one list; a test and the
 * simulator's naive twin hold them to the same answers.
 */
export interface TriggerStore {
  readonly size: number;
  /** How many belong to a position. */
  readonly closing: number;
  add(order: TriggerOrder): void;
  remove(order: TriggerOrder): void;
  find(id: number): TriggerOrder | null;
  countOf(account: number): number;
  /** Oldest first. */
  ofAccount(account: number): readonly TriggerOrder[];
  /** Whether any order waits for this price (PRICE_OF_…). */
  watches(source: number): boolean;
  /** Trailing stops that wait for this price follow it. */
  trail(source: number, priceTicks: PriceTicks): void;
  /** Orders whose condition holds at this price, by id. They stay. */
  reached(source: number, priceTicks: PriceTicks): TriggerOrder[];
  /** Earliest GTD expiry, Infinity when there is none. */
  nextExpiryMs(): number;
  /** Orders whose time has come, by expiry, then id. They stay. */
  expired(nowMs: TimeMs): TriggerOrder[];
  /** All, by id. */
  all(): TriggerOrder[];
  /** Throws InvariantError when indices do not agree. */
  check(): void;
}

export type CreateTriggers = () => TriggerStore;
