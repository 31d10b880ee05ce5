import {
  FLAG_REDUCE_ONLY,
  FLAG_SIDE,
  REASON_REDUCE_ONLY,
  SIDE_BUY,
  SIDE_SELL,
} from '../messages/types.js';
import { ROW_WORDS, RW_NEWEST_ORDER, RW_REDUCE_ONLY_ORDERS } from './account-rows.js';
import type { BookStore } from './book-store.js';
import type { FillLedger } from './order-book.js';
import { cancelResting, cutResting } from './order-changes.js';
import { FLOAT_SHIFT, OF_REMAINING, OW_ACCOUNT_OLDER, OW_FLAGS, WORD_SHIFT } from './order-pool.js';

/**
 * Keeps reduce-only orders within what they may close: after each command, every account that traded or placed is
 * trimmed, so that the sum of its resting reduce-only orders never exceeds its position.
 */
export class ReduceOnlyTrimmer {
  private touched = new Int32Array(64);
  private count = 0;
  private readonly store: BookStore;
  private readonly ledger: FillLedger;

  constructor(store: BookStore, ledger: FillLedger) {
    this.store = store;
    this.ledger = ledger;
  }

  /** The account's position or orders changed; it is looked at when the command is done. */
  touch(account: number): void {
    if (this.count === this.touched.length) {
      const wider = new Int32Array(this.count * 2);
      wider.set(this.touched);
      this.touched = wider;
    }
    this.touched[this.count++] = account;
  }

  trimTouched(): void {
    if (this.count === 0) return;
    for (let i = 0; i < this.count; i++) this.trim(this.touched[i] as number);
    this.count = 0;
  }

  private trim(account: number): void {
    const rows = this.store.rows.words;
    if (rows[account * ROW_WORDS + RW_REDUCE_ONLY_ORDERS] === 0) return;
    // At most one side closes: with a long position the buys go, and with none both.
    const buys = this.ledger.closableLots(account, SIDE_BUY);
    const sells = this.ledger.closableLots(account, SIDE_SELL);
    if (buys === 0) this.cutSide(account, SIDE_BUY, 0);
    if (sells === 0) this.cutSide(account, SIDE_SELL, 0);
    if (buys > 0) this.cutSide(account, SIDE_BUY, buys);
    if (sells > 0) this.cutSide(account, SIDE_SELL, sells);
  }

  private cutSide(account: number, side: number, allowed: number): void {
    let excess = this.restingLots(account, side) - allowed;
    const orders = this.store.pool;
    let slot = this.store.rows.words[account * ROW_WORDS + RW_NEWEST_ORDER] as number;
    while (slot !== 0 && excess > 0) {
      const older = orders.words[(slot << WORD_SHIFT) | OW_ACCOUNT_OLDER] as number;
      if (this.counts(slot, side)) {
        const remaining = orders.floats[(slot << FLOAT_SHIFT) | OF_REMAINING] as number;
        if (remaining <= excess) cancelResting(this.store, slot, REASON_REDUCE_ONLY);
        else cutResting(this.store, slot, excess, REASON_REDUCE_ONLY);
        excess -= Math.min(remaining, excess);
      }
      slot = older;
    }
  }

  private restingLots(account: number, side: number): number {
    const orders = this.store.pool;
    let sum = 0;
    let slot = this.store.rows.words[account * ROW_WORDS + RW_NEWEST_ORDER] as number;
    while (slot !== 0) {
      if (this.counts(slot, side))
        sum += orders.floats[(slot << FLOAT_SHIFT) | OF_REMAINING] as number;
      slot = orders.words[(slot << WORD_SHIFT) | OW_ACCOUNT_OLDER] as number;
    }
    return sum;
  }

  private counts(slot: number, side: number): boolean {
    const flags = this.store.pool.words[(slot << WORD_SHIFT) | OW_FLAGS] as number;
    return (flags & FLAG_REDUCE_ONLY) !== 0 && (flags & FLAG_SIDE) === side;
  }
}
