import { createPublicKey, type KeyObject, verify } from 'node:crypto';

/**
 * What a client of the binary door signs with its account's Ed25519 key. The texts name door, purpose, venue, session and time, and the
 * second one a number that the server has drawn for the session: a signature is worth nothing elsewhere, later, or after a restart.
 */
export function negotiateText(venue: string, sessionId: string, timestampMs: number): string {
  return `plimsoll-fixp:v1:negotiate:${venue}:${sessionId}:${timestampMs}`;
}

export function establishText(
  venue: string,
  sessionId: string,
  nonce: string,
  timestampMs: number,
  nextSeqNo: number,
): string {
  return `plimsoll-fixp:v1:establish:${venue}:${sessionId}:${nonce}:${timestampMs}:${nextSeqNo}`;
}

/** The DER prefix of an Ed25519 public key; node:crypto reads no raw keys. */
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

/** Null: these 32 bytes are no key. */
export function ed25519Key(raw: Uint8Array): KeyObject | null {
  try {
    const der = Buffer.concat([SPKI_PREFIX, raw]);
    return createPublicKey({ key: der, format: 'der', type: 'spki' });
  } catch {
    return null;
  }
}

export function isSignedBy(key: KeyObject, text: string, signature: Uint8Array): boolean {
  try {
    return verify(null, Buffer.from(text), key, signature);
  } catch {
    return false;
  }
}
