import { CASH_KEY_WORDS } from '../../engine/messages/layout.js';
import type { CanonicalReader, CanonicalWriter } from '../../engine/state/canonical-writer.js';
import { idempotencyKeyAt } from './idempotency-key.js';

/** Idempotency keys that are remembered of each family. */
export const TRANSFER_KEYS_REMEMBERED = 128;

/**
 * Idempotency keys of transfers. They stand apart from those of deposits, and apart for each family: nobody's transfers can make
 * the exchange forget what somebody else has sent.
 */
export class TransferKeys {
  /** By family, oldest first. */
  private readonly keys = new Map<number, string[]>();

  /** Whether the family has used this key (4 words, zeros for none). */
  isRepeat(family: number, words: Int32Array, at: number): boolean {
    const key = idempotencyKeyAt(words, at);
    return key !== null && (this.keys.get(family)?.includes(key) ?? false);
  }

  remember(family: number, words: Int32Array, at: number): void {
    const key = idempotencyKeyAt(words, at);
    if (key === null) return;
    const known = this.keys.get(family);
    if (known === undefined) {
      this.keys.set(family, [key]);
      return;
    }
    known.push(key);
    if (known.length > TRANSFER_KEYS_REMEMBERED) known.shift();
  }

  writeState(writer: CanonicalWriter): void {
    writer.put(this.keys.size);
    for (const [family, keys] of this.keys) {
      writer.put(family);
      writer.put(keys.length);
      for (const key of keys) for (const word of key.split(',')) writer.put(Number(word));
    }
  }

  readState(reader: CanonicalReader): void {
    for (let left = reader.take(); left > 0; left--) {
      const family = reader.take();
      const keys = Array.from({ length: reader.take() }, () => {
        return Array.from({ length: CASH_KEY_WORDS }, () => reader.take()).join(',');
      });
      this.keys.set(family, keys);
    }
  }
}
