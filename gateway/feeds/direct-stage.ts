/** What offset, length and memory of a write past the page cache must be multiples of, on any disk. */
export const DIRECT_BLOCK_BYTES = 4096;
/** The most that one such write takes. */
const STAGE_BYTES = 1 << 20;
const WASM_PAGE_BYTES = 1 << 16;

let stage: Uint8Array | null | undefined;
let isLent = false;

/**
 * Memory that a write past the page cache may come from, lent to one write at a time; null while it is lent, or where there is none. Memory
 * of WebAssembly begins at a page, which buffers of Node do not. There is one for the whole thread, because each reserves ten GiB of
 * addresses.
 */
export function borrowStage(): Uint8Array | null {
  if (stage === undefined) stage = newStage();
  if (isLent || stage === null) return null;
  isLent = true;
  return stage;
}

export function giveStageBack(): void {
  isLent = false;
}

function newStage(): Uint8Array | null {
  try {
    const pages = STAGE_BYTES / WASM_PAGE_BYTES;
    return new Uint8Array(
      new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true }).buffer,
    );
  } catch {
    // No addresses are left to reserve: everything goes through the page cache.
    return null;
  }
}
