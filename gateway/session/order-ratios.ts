import { type Problem, problem } from '../commands/problem.js';

/** What an account may send for what it trades. */
export interface OrderRatioLimits {
  /** Length of the window, and orders that need no trade. */
  readonly orderWindowS: number;
  readonly orderWindowFree: number;
  /** Each so many USD traded within the window allow for one order more. */
  readonly orderUsdEach: number;
}

/** Orders of each account against what it has traded. */
export interface OrderCounts {
  /** Counts new orders and amendments, all or none; null: they may be sent. Cancels are not counted, so they always may. */
  take(account: number, orders: number, nowMs: number): Problem | null;
  /** Orders that were counted a moment ago and could not be sent. */
  giveBack(account: number, orders: number): void;
  /** The account was a side of a trade. */
  traded(account: number, usd: number, nowMs: number): void;
  /** Forgets those of whom nothing is within the window. */
  sweep(nowMs: number): void;
}

/** The window moves on by a tenth of its length. */
export const RATIO_SLICES = 10;
const MS_PER_S = 1_000;

interface Counts {
  /** Number of the newest slice. */
  slice: number;
  readonly orders: Float64Array;
  readonly usd: Float64Array;
  orderSum: number;
  usdSum: number;
}

/**
 * Orders of each account against what it has traded, over all doors and connections. An account is counted from its first order on, and
 * forgotten when its window is empty. What was traded is an estimate for a limit, and no money: floats will do.
 */
export class OrderRatios implements OrderCounts {
  private readonly limits: OrderRatioLimits;
  private readonly sliceMs: number;
  private readonly byAccount = new Map<number, Counts>();

  constructor(limits: OrderRatioLimits) {
    this.limits = limits;
    this.sliceMs = (limits.orderWindowS * MS_PER_S) / RATIO_SLICES;
  }

  /** Accounts that are counted at present. */
  get count(): number {
    return this.byAccount.size;
  }

  take(account: number, orders: number, nowMs: number): Problem | null {
    if (orders === 0) return null;
    const counts = this.countsOf(account, nowMs);
    const most = ordersMax(this.limits, counts.usdSum);
    const value = counts.orderSum + orders;
    if (value > most) return ratioExceeded(this.limits, most, value);
    const slice = counts.slice % RATIO_SLICES;
    counts.orders[slice] = (counts.orders[slice] as number) + orders;
    counts.orderSum = value;
    return null;
  }

  giveBack(account: number, orders: number): void {
    const counts = this.byAccount.get(account);
    if (orders === 0 || counts === undefined) return;
    const slice = counts.slice % RATIO_SLICES;
    counts.orders[slice] = (counts.orders[slice] as number) - orders;
    counts.orderSum -= orders;
  }

  traded(account: number, usd: number, nowMs: number): void {
    const counts = this.countsOf(account, nowMs);
    const slice = counts.slice % RATIO_SLICES;
    counts.usd[slice] = (counts.usd[slice] as number) + usd;
    counts.usdSum += usd;
  }

  sweep(nowMs: number): void {
    for (const [account, counts] of this.byAccount) {
      this.moveOn(counts, nowMs);
      if (counts.orderSum === 0 && counts.usdSum === 0) this.byAccount.delete(account);
    }
  }

  private countsOf(account: number, nowMs: number): Counts {
    let counts = this.byAccount.get(account);
    if (counts === undefined) {
      const [orders, usd] = [new Float64Array(RATIO_SLICES), new Float64Array(RATIO_SLICES)];
      const slice = Math.floor(nowMs / this.sliceMs);
      counts = { slice, orders, usd, orderSum: 0, usdSum: 0 };
      this.byAccount.set(account, counts);
    } else this.moveOn(counts, nowMs);
    return counts;
  }

  private moveOn(counts: Counts, nowMs: number): void {
    const slice = Math.floor(nowMs / this.sliceMs);
    if (slice <= counts.slice) return;
    const steps = Math.min(slice - counts.slice, RATIO_SLICES);
    for (let i = 1; i <= steps; i++) {
      counts.orders[(counts.slice + i) % RATIO_SLICES] = 0;
      counts.usd[(counts.slice + i) % RATIO_SLICES] = 0;
    }
    counts.slice = slice;
    // Summed anew, so that nothing of what is gone stays behind as a rounding.
    counts.orderSum = counts.orders.reduce((sum, one) => sum + one, 0);
    counts.usdSum = counts.usd.reduce((sum, one) => sum + one, 0);
  }
}

/** How many orders an account may send within the window for what it has traded in it. */
export function ordersMax({ orderUsdEach, orderWindowFree }: OrderRatioLimits, usd: number) {
  return orderWindowFree + Math.floor(usd / orderUsdEach);
}

/** What an account is told that would send more than it may. */
export function ratioExceeded(limits: OrderRatioLimits, most: number, value: number): Problem {
  const { orderUsdEach, orderWindowFree, orderWindowS } = limits;
  const sentence = `orders and amendments of an account within ${orderWindowS} s must be at most ${most} (${orderWindowFree}, and one for each ${orderUsdEach} USD traded), but would be ${value}; nothing was sent, and cancels and reduce-only orders are let in`;
  return problem('order_to_trade_ratio_exceeded', sentence);
}
