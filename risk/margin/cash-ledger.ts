import type { CanonicalReader, CanonicalWriter } from '../../engine/state/canonical-writer.js';
import type { MicroUsd } from '../../engine/units/units.js';

/** Idempotency keys of deposits and withdrawals that are remembered. */
const KEYS_REMEMBERED = 65_536;

/** What came in from outside and went out again, and which of it were retries. */
export class CashLedger {
  /** Aggregates may pass 2^53 over the years. */
  deposits = 0n;
  withdrawals = 0n;
  /** 128-bit keys in order of arrival; a Set keeps that order. */
  private readonly keys = new Set<string>();

  /** Whether this idempotency key (4 words, zeros for none) has been used. */
  isRepeat(words: Int32Array, at: number): boolean {
    const key = keyAt(words, at);
    return key !== null && this.keys.has(key);
  }

  /** Books a deposit (positive) or withdrawal (negative). */
  move(words: Int32Array, at: number, amount: MicroUsd): void {
    if (amount > 0) this.deposits += BigInt(amount);
    else this.withdrawals -= BigInt(amount);
    const key = keyAt(words, at);
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
    for (const key of this.keys) {
      for (let i = 0; i < 4; i++) writer.put(Number.parseInt(key.slice(i * 8, i * 8 + 8), 16));
    }
  }

  readKeys(reader: CanonicalReader): void {
    const count = reader.take();
    for (let i = 0; i < count; i++) {
      let key = '';
      for (let k = 0; k < 4; k++) key += reader.take().toString(16).padStart(8, '0');
      this.keys.add(key);
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

function keyAt(words: Int32Array, at: number): string | null {
  let key = '';
  let any = 0;
  for (let i = 0; i < 4; i++) {
    const word = words[at + i] as number;
    any |= word;
    key += (word >>> 0).toString(16).padStart(8, '0');
  }
  return any === 0 ? null : key;
}
