import { allocate } from '../../engine/kernel/heap.js';
import { CHUNK_BYTES } from '../../engine/kernel/layout.js';
import { i32At, multiplyI32, setI32 } from '../../engine/kernel/memory.js';
import { CLIENT_TEXT_MAX_BYTES, CLIENT_TEXT_WORDS } from '../../engine/messages/layout.js';
import { G_TEXT_FREE, TEXT_BYTES } from './layout.js';

/**
 * Texts of client ids, 40 bytes each, apart from the ids themselves, so that an id that is a number costs nothing for what a text
 * might need. Free records form a list through their first word. `text` is always the address of a length, with the
 * bytes behind it: in a record, or in a message, where anything may stand behind the text.
 */

const TEXTS_PER_CHUNK: i32 = 1638;

/** A record with a copy of the text. */
export function keepText(text: i32): i32 {
  if (i32At(G_TEXT_FREE) === 0) addChunk();
  const record = i32At(G_TEXT_FREE);
  setI32(G_TEXT_FREE, i32At(record));
  const length = lengthOfText(text);
  setI32(record, length);
  for (let i = 0; i < CLIENT_TEXT_WORDS; i++) {
    setI32(record + 4 + (i << 2), wordOfText(text, length, i));
  }
  return record;
}

export function giveText(record: i32): void {
  setI32(record, i32At(G_TEXT_FREE));
  setI32(G_TEXT_FREE, record);
}

/** Bytes of the text; a wild length counts as the nearest that may be. */
export function lengthOfText(text: i32): i32 {
  const length = i32At(text);
  if (length < 0) return 0;
  return length < CLIENT_TEXT_MAX_BYTES ? length : CLIENT_TEXT_MAX_BYTES;
}

export function isSameText(record: i32, text: i32): boolean {
  const length = i32At(record);
  if (length !== lengthOfText(text)) return false;
  for (let i = 0; i << 2 < length; i++) {
    if (i32At(record + 4 + (i << 2)) !== wordOfText(text, length, i)) return false;
  }
  return true;
}

/** Mixes the text into a hash. */
export function hashText(seed: i32, text: i32): i32 {
  const length = lengthOfText(text);
  let hash = seed ^ length;
  for (let i = 0; i << 2 < length; i++) {
    hash = multiplyI32(hash ^ wordOfText(text, length, i), -1640531535);
    hash ^= hash >>> 15;
  }
  return hash;
}

/** Four bytes of the text, with zeros behind its end. */
function wordOfText(text: i32, length: i32, i: i32): i32 {
  const left = length - (i << 2);
  if (left <= 0) return 0;
  const word = i32At(text + 4 + (i << 2));
  return left >= 4 ? word : word & ((1 << (left << 3)) - 1);
}

function addChunk(): void {
  const chunk = allocate(CHUNK_BYTES);
  // Last to first, so that records are taken in the order of their addresses.
  for (let i = TEXTS_PER_CHUNK - 1; i >= 0; i--) giveText(chunk + i * TEXT_BYTES);
}
