import {
  CHUNK_BYTES,
  H_FIRST_BLOCK,
  H_FREE_BLOCKS,
  H_SMALL,
  H_SMALL_END,
  H_TOP,
} from './layout.js';
import { fail, fillZero, growMemory, i32At, leadingZeros, memoryBytes, setI32 } from './memory.js';

/**
 * Memory in blocks of powers of two from 64 bytes on. A block is given back only when a table has moved to one twice its
 * size, so a free list for each size is all that is needed. Blocks of a chunk or more are aligned to chunks.
 */

/** The memory may grow to 2 GiB; its last chunk stays unused, so that the end of every block is a signed number. */
const ADDRESS_MAX: i32 = 2147418112;

/** Address of a block of at least `bytes`, all zero. */
export function allocate(bytes: i32): i32 {
  const sizeClass = classOf(bytes);
  const size = 1 << sizeClass;
  const list = H_FREE_BLOCKS + (sizeClass << 2);
  const free = i32At(list);
  if (free !== 0) {
    setI32(list, i32At(free));
    fillZero(free, size);
    return free;
  }
  return size < CHUNK_BYTES ? takeSmall(size) : takeFresh(size);
}

/** Gives back a block that was allocated with this size. */
export function release(at: i32, bytes: i32): void {
  const list = H_FREE_BLOCKS + (classOf(bytes) << 2);
  setI32(at, i32At(list));
  setI32(list, at);
}

/** Once, in memory that is all zero. */
export function prepareHeap(): void {
  setI32(H_TOP, H_FIRST_BLOCK);
}

function classOf(bytes: i32): i32 {
  return bytes <= 64 ? 6 : 32 - leadingZeros(bytes - 1);
}

/** A block never leaves its chunk; what is left of a chunk when the next block does not fit stays unused. */
function takeSmall(size: i32): i32 {
  let at = i32At(H_SMALL);
  if (at + size > i32At(H_SMALL_END)) {
    at = takeFresh(CHUNK_BYTES);
    setI32(H_SMALL_END, at + CHUNK_BYTES);
  }
  setI32(H_SMALL, at + size);
  return at;
}

function takeFresh(size: i32): i32 {
  const at = i32At(H_TOP);
  if (at > ADDRESS_MAX - size) fail();
  const end = at + size;
  const missing = end - memoryBytes();
  // In steps of at least 4 MiB, because whoever looks at this memory has to look at more of it each time.
  if (missing > 0) growMemory((missing + 4194304) >> 16);
  setI32(H_TOP, end);
  return at;
}
