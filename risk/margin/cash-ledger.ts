import { CASH_KEY_WORDS } from '../../engine/messages/layout.js';
import type { CanonicalReader, CanonicalWriter } from '../../engine/state/canonical-writer.js';
import type { MicroUsd } from '../../engine/units/units.js';
import { idempotencyKeyAt } from './idempotency-key.js';

/** Idempotency keys of deposits and withdrawals that are remembered. */
const KEYS_REMEMBERED = 65_536;

/**
 * What came in from outside and went out again, and which of it were retries. A key belongs to what it was sent for, an account or a
 * fund: the same key for another one is another movement, wherever the two are at home.
 */
export class CashLedger {
  /** Aggregates may pass 2^53 over the years. */
  deposits = 0n;
  withdrawals = 0n;
  /** Owner and 128-bit key in order of arrival; a Set keeps that order. */
  private readonly keys = new Set<string>();

  /** Whether this idempotency key (4 words, zeros for none) has been used for the owner: an account, or of a market's fund fundOwner(). */
  isRepeat(owner: number, words: Int32Array, at: number): boolean {
    const key = keyAt(owner, words, at);
    return key !== null && this.keys.has(key);
  }

  /** Books a deposit (positive) or withdrawal (negative). */
  move(owner: number, words: Int32Array, at: number, amount: MicroUsd): void {
    if (amount > 0) this.deposits += BigInt(amount);
    else this.withdrawals -= BigInt(amount);
    const key = keyAt(owner, words, at);
    if (key !== null) this.remember(key);
  }

  writeTotals(writer: CanonicalWriter): void {
    for (const total of [this.deposits, this.withdrawals]) {
      writer.put(Number(total >> 32n));
      writer.put(Number(total & 0xffffffffn));
    }
  }

  readTotals(reader: CanonicalReader): void {
    const take = () => (BigInt(reader.take()) << 32n) | BigInt(reader.take());
    this.deposits = take();
    this.withdrawals = take();
  }

  writeKeys(writer: CanonicalWriter): void {
    writer.put(this.keys.size);
    for (const key of this.keys) for (const part of key.split(',')) writer.put(Number(part));
  }

  readKeys(reader: CanonicalReader): void {
    const count = reader.take();
    for (let i = 0; i < count; i++) {
      const parts = Array.from({ length: 1 + CASH_KEY_WORDS }, () => reader.take());
      this.keys.add(parts.join(','));
    }
  }

  private remember(key: string): void {
    this.keys.add(key);
    if (this.keys.size <= KEYS_REMEMBERED) return;
    for (const oldest of this.keys) {
      this.keys.delete(oldest);
      return;
    }
  }
}

/** Owner of the keys of payments into the insurance fund of a market; accounts are above 0. */
export function fundOwner(marketId: number): number {
  return -marketId;
}

function keyAt(owner: number, words: Int32Array, at: number): string | null {
  const key = idempotencyKeyAt(words, at);
  return key === null ? null : `${owner},${key}`;
}
