import type { Problem } from '../commands/problem.js';
import {
  type OrderCounts,
  type OrderRatioLimits,
  ordersMax,
  RATIO_SLICES,
  ratioExceeded,
} from '../session/order-ratios.js';
import { KEY_WORDS, SharedTable, type SharedTableMemory } from './shared-table.js';

const MS_PER_S = 1_000;
/** By slice: its number, how many orders were sent in it; then in floats the USD traded. */
const W_SLICES = KEY_WORDS;
const W_ORDERS = W_SLICES + RATIO_SLICES;
const W_USD = W_ORDERS + RATIO_SLICES;
export const ORDER_COUNT_WORDS = W_USD + 2 * RATIO_SLICES;
const SWEEP_PLACES = 8_192;

/**
 * Orders of each account against what it has traded, over all threads. Orders are counted by whichever thread takes them. Trades are seen by
 * every thread, and counted by one. When a slice of the window begins, an order that another thread counts in the same microsecond may be
 * lost: the limit is against floods, and a flood has others.
 */
export class SharedOrderCounts implements OrderCounts {
  private readonly table: SharedTable;
  private readonly floats: Float64Array;
  private readonly limits: OrderRatioLimits;
  private readonly offsetMs: number;
  private readonly countsTrades: boolean;
  private readonly sliceMs: number;
  private nextSwept = 0;

  /** `countsTrades`: in one thread only. */
  constructor(
    memory: SharedTableMemory,
    limits: OrderRatioLimits,
    offsetMs: number,
    countsTrades: boolean,
  ) {
    this.table = new SharedTable(memory);
    this.floats = new Float64Array(memory.words);
    this.limits = limits;
    this.offsetMs = offsetMs;
    this.countsTrades = countsTrades;
    this.sliceMs = (limits.orderWindowS * MS_PER_S) / RATIO_SLICES;
  }

  take(account: number, orders: number, nowMs: number): Problem | null {
    if (orders === 0) return null;
    const slice = this.sliceAt(nowMs);
    const at = this.claim(account, slice);
    // Sixteen accounts that are all active share a set with this one: not by chance, and not for long.
    if (at < 0) return null;
    const most = ordersMax(this.limits, this.usdAt(at, slice));
    const value = this.ordersAt(at, slice) + orders;
    if (value > most) return ratioExceeded(this.limits, most, value);
    Atomics.add(this.table.words, at + W_ORDERS + this.begun(at, slice), orders);
    return null;
  }

  giveBack(account: number, orders: number): void {
    const slice = this.sliceAt(performance.now());
    const at = this.table.find(this.table.keyOf(account));
    if (orders === 0 || at < 0) return;
    Atomics.sub(this.table.words, at + W_ORDERS + this.begun(at, slice), orders);
  }

  traded(account: number, usd: number, nowMs: number): void {
    if (!this.countsTrades) return;
    const slice = this.sliceAt(nowMs);
    const at = this.claim(account, slice);
    if (at < 0) return;
    const index = this.begun(at, slice);
    (this.floats[(at + W_USD) / 2 + index] as number) += usd;
  }

  /** To be called by one thread only. */
  sweep(nowMs: number): void {
    const { table } = this;
    const slice = this.sliceAt(nowMs);
    const to = Math.min(table.places, this.nextSwept + SWEEP_PLACES);
    const forget = (at: number) => {
      if (!this.isOver(at, slice)) return;
      table.forget(at, () => !this.isOver(at, slice));
    };
    table.forEach(forget, this.nextSwept, to);
    this.nextSwept = to === table.places ? 0 : to;
  }

  private claim(account: number, slice: number): number {
    return this.table.claim(this.table.keyOf(account), (at) => {
      return this.isOver(at, slice) ? 0 : Number.POSITIVE_INFINITY;
    });
  }

  /** Index of the present slice, which begins empty. */
  private begun(at: number, slice: number): number {
    const { words } = this.table;
    const index = slice % RATIO_SLICES;
    const before = Atomics.load(words, at + W_SLICES + index);
    if (before === slice) return index;
    if (Atomics.compareExchange(words, at + W_SLICES + index, before, slice) === before) {
      Atomics.store(words, at + W_ORDERS + index, 0);
      this.floats[(at + W_USD) / 2 + index] = 0;
    }
    return index;
  }

  private ordersAt(at: number, slice: number): number {
    return this.sum(at, slice, (index) => Atomics.load(this.table.words, at + W_ORDERS + index));
  }

  private usdAt(at: number, slice: number): number {
    return this.sum(at, slice, (index) => this.floats[(at + W_USD) / 2 + index] as number);
  }

  private isOver(at: number, slice: number): boolean {
    return this.sum(at, slice, () => 1) === 0;
  }

  /** Over the slices within the window. */
  private sum(at: number, slice: number, value: (index: number) => number): number {
    let sum = 0;
    for (let index = 0; index < RATIO_SLICES; index++) {
      const own = Atomics.load(this.table.words, at + W_SLICES + index);
      if (own > slice - RATIO_SLICES && own <= slice) sum += value(index);
    }
    return sum;
  }

  /** Never 0, which stands for none. */
  private sliceAt(nowMs: number): number {
    return Math.floor((nowMs + this.offsetMs) / this.sliceMs) + RATIO_SLICES;
  }
}
