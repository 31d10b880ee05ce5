import { keccak_256 } from '@noble/hashes/sha3.js';
import { PROOF_HASH_BYTES } from './accumulator-update.js';

/** Leaves and inner nodes begin differently, so that no inner node passes for a message. */
const LEAF_PREFIX = 0;
const NODE_PREFIX = 1;

/** Whether the message lies below the root: keccak160, of each two siblings the smaller first. */
export function isBelowRoot(
  message: Uint8Array,
  proof: readonly Uint8Array[],
  root: Uint8Array,
): boolean {
  let hash = leafHash(message);
  for (const sibling of proof) hash = nodeHash(hash, sibling);
  return Buffer.compare(hash, root) === 0;
}

export function leafHash(message: Uint8Array): Uint8Array {
  return keccak160(LEAF_PREFIX, message);
}

export function nodeHash(a: Uint8Array, b: Uint8Array): Uint8Array {
  return Buffer.compare(a, b) <= 0 ? keccak160(NODE_PREFIX, a, b) : keccak160(NODE_PREFIX, b, a);
}

function keccak160(prefix: number, ...parts: readonly Uint8Array[]): Uint8Array {
  return keccak_256(Buffer.concat([Uint8Array.of(prefix), ...parts])).subarray(0, PROOF_HASH_BYTES);
}
