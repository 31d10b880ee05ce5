import { sha256 } from '@noble/hashes/sha2.js';

/** First 8 bytes of instructions (`global`), accounts (`account`) and events (`event`), as Anchor makes them of the name. */
export function discriminator(kind: 'global' | 'account' | 'event', name: string): Uint8Array {
  return sha256(new TextEncoder().encode(`${kind}:${name}`)).slice(0, 8);
}

export function startsWith(bytes: Uint8Array, beginning: Uint8Array): boolean {
  return beginning.every((byte, index) => bytes[index] === byte);
}
