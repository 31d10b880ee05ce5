/**
 * The kernel's only way to its memory, when it runs as JavaScript (tests, debugging). Compiled to WebAssembly the file
 * `wasm/memory.ts` stands in its place, where each of these is one instruction.
 *
 * An address is a byte offset into one linear memory that holds everything a shard's hot path touches. The kernel has no
 * variables of its own, so `useMemory` is all it takes to run it on another shard's state.
 */
let memory: WebAssembly.Memory;
let words: Int32Array;
let floats: Float64Array;

/** Functions that follow work on this memory. */
export function useMemory(next: WebAssembly.Memory): void {
  if (memory === next && words.byteLength === next.buffer.byteLength) return;
  memory = next;
  words = new Int32Array(next.buffer);
  floats = new Float64Array(next.buffer);
}

export function i32At(at: i32): i32 {
  return words[at >> 2] as number;
}

export function setI32(at: i32, value: i32): void {
  words[at >> 2] = value;
}

export function f64At(at: i32): f64 {
  return floats[at >> 3] as number;
}

export function setF64(at: i32, value: f64): void {
  floats[at >> 3] = value;
}

/** `value` modulo 2^32, as a signed number. */
export function wrapToI32(value: f64): i32 {
  return value | 0;
}

/** A whole number within 32 bits. */
export function toI32(value: f64): i32 {
  return value | 0;
}

export function multiplyI32(a: i32, b: i32): i32 {
  return Math.imul(a, b);
}

/** Place of the lowest bit that is set; `word` is not 0. */
export function lowestBit(word: i32): i32 {
  return 31 - Math.clz32(word & -word);
}

export function leadingZeros(word: i32): i32 {
  return Math.clz32(word);
}

export function fillZero(at: i32, bytes: i32): void {
  words.fill(0, at >> 2, (at + bytes) >> 2);
}

/** The ranges may overlap. */
export function copyBytes(to: i32, from: i32, bytes: i32): void {
  words.copyWithin(to >> 2, from >> 2, (from + bytes) >> 2);
}

export function memoryBytes(): i32 {
  return words.byteLength;
}

/** Grows by whole pages of 64 KiB. Throws RangeError when the memory may not grow so far. */
export function growMemory(pages: i32): void {
  memory.grow(pages);
  useMemory(memory);
}

/** A broken invariant: ends the call. */
export function fail(): never {
  throw new Error('an invariant of the kernel is broken');
}
