import { L_LEAVES, L_MIDDLE, L_SIZE, L_TOP } from './layout.js';
import { i32At, lowestBit, setI32 } from './memory.js';

/**
 * The non-empty levels of a ladder's window, as three layers of 32-bit words: a bit that is set above says "a word below is
 * not zero". The next level is found in a few reads, however sparse the window is.
 */
export function addToBitmap(ladder: i32, index: i32): void {
  setBit(i32At(ladder + L_LEAVES), index);
  setBit(i32At(ladder + L_MIDDLE), index >> 5);
  setBit(i32At(ladder + L_TOP), index >> 10);
}

export function deleteFromBitmap(ladder: i32, index: i32): void {
  if (clearBit(i32At(ladder + L_LEAVES), index) !== 0) return;
  if (clearBit(i32At(ladder + L_MIDDLE), index >> 5) !== 0) return;
  clearBit(i32At(ladder + L_TOP), index >> 10);
}

/** Smallest member ≥ `index`, −1 when there is none. `index` is below the window's size. */
export function nextInBitmap(ladder: i32, index: i32): i32 {
  const word = i32At(i32At(ladder + L_LEAVES) + ((index >> 5) << 2)) & (-1 << (index & 31));
  if (word !== 0) return (index & ~31) | lowestBit(word);
  return nextLeaf(ladder, (index >> 5) + 1);
}

/** Smallest member in leaf words from `leaf` on. */
function nextLeaf(ladder: i32, leaf: i32): i32 {
  if (leaf >= i32At(ladder + L_SIZE) >> 5) return -1;
  const middle = i32At(ladder + L_MIDDLE);
  let group = leaf >> 5;
  let word = i32At(middle + (group << 2)) & (-1 << (leaf & 31));
  if (word === 0) {
    group = nextGroup(ladder, group + 1);
    if (group < 0) return -1;
    word = i32At(middle + (group << 2));
  }
  const found = (group << 5) | lowestBit(word);
  return (found << 5) | lowestBit(i32At(i32At(ladder + L_LEAVES) + (found << 2)));
}

/** Smallest index ≥ `group` of a middle word that is not zero. */
function nextGroup(ladder: i32, group: i32): i32 {
  const groups = (i32At(ladder + L_SIZE) + 1023) >> 10;
  if (group >= groups) return -1;
  const top = i32At(ladder + L_TOP);
  const words = (groups + 31) >> 5;
  let at = group >> 5;
  let word = i32At(top + (at << 2)) & (-1 << (group & 31));
  while (word === 0) {
    at++;
    if (at >= words) return -1;
    word = i32At(top + (at << 2));
  }
  return (at << 5) | lowestBit(word);
}

function setBit(words: i32, bit: i32): void {
  const at = words + ((bit >> 5) << 2);
  setI32(at, i32At(at) | (1 << (bit & 31)));
}

/** What is left of the bit's word. */
function clearBit(words: i32, bit: i32): i32 {
  const at = words + ((bit >> 5) << 2);
  const word = i32At(at) & ~(1 << (bit & 31));
  setI32(at, word);
  return word;
}
