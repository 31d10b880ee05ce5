import { createPublicKey, type KeyObject, verify } from 'node:crypto';

/** The DER prefix of an Ed25519 public key; node:crypto reads no raw keys. */
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

/** Null: these bytes are no key. */
export function ed25519Key(raw: Uint8Array): KeyObject | null {
  try {
    const der = Buffer.concat([SPKI_PREFIX, raw]);
    return createPublicKey({ key: der, format: 'der', type: 'spki' });
  } catch {
    return null;
  }
}

/** Whether the owner of the key has signed the text; false also for what is no signature. */
export function isSignedWith(key: KeyObject, text: string, signature: Uint8Array): boolean {
  try {
    return verify(null, Buffer.from(text), key, signature);
  } catch {
    return false;
  }
}
