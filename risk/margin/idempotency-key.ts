import { CASH_KEY_WORDS } from '../../engine/messages/layout.js';

/** The idempotency key of a command as text, its words with commas between; null when it has none, which is all zeros. */
export function idempotencyKeyAt(words: Int32Array, at: number): string | null {
  const key = words.subarray(at, at + CASH_KEY_WORDS);
  return key.some((word) => word !== 0) ? key.join(',') : null;
}
