import { createHash } from 'node:crypto';

const WORDS = [0, 4, 8, 12];

/** The first 128 bits of a hash: keys of any form become what the journal keeps, and what events of money from outside carry. */
export function cashKey(text: string): Int32Array {
  const digest = createHash('sha256').update(`plimsoll-idempotency:${text}`).digest();
  return Int32Array.from(WORDS, (at) => digest.readInt32LE(at));
}

/** The same as 32 hexadecimal digits, in the order of its bytes. */
export function cashKeyText(text: string): string {
  return Buffer.from(cashKey(text).buffer).toString('hex');
}
