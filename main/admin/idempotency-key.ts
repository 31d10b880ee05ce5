import { createHash } from 'node:crypto';

const WORDS = [0, 4, 8, 12];

/** The first 128 bits of a hash: keys of any form become what the journal keeps. */
export function idempotencyKey(text: string): Int32Array {
  const digest = createHash('sha256').update(`plimsoll-idempotency:${text}`).digest();
  return Int32Array.from(WORDS, (at) => digest.readInt32LE(at));
}
