import { F_QTY, headOf, SLOT_WORDS, W_HEAD } from './layout.js';
import { CMD_CANDIDATES } from './types.js';

/** Word of the first account id in CMD_CANDIDATES. */
export const W_CANDIDATES = SLOT_WORDS;
/** As many as three slots have room for. */
export const CANDIDATES_MAX = 3 * SLOT_WORDS;

/** Slots of a message with so many accounts. */
export function candidateSlots(count: number): number {
  return 1 + Math.ceil(count / SLOT_WORDS);
}

/** CMD_CANDIDATES with these accounts: 1 to CANDIDATES_MAX of them. */
export function candidatesMessage(accounts: readonly number[]): Int32Array {
  const slots = candidateSlots(accounts.length);
  const words = new Int32Array(slots * SLOT_WORDS);
  words[W_HEAD] = headOf(CMD_CANDIDATES, slots, 0);
  new Float64Array(words.buffer)[F_QTY] = accounts.length;
  words.set(accounts, W_CANDIDATES);
  return words;
}
