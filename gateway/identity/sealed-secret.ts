import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const PURPOSE = 'plimsoll-api-secret-seal:v1';

/**
 * Seals secrets at rest with AES-256-GCM under a key that follows from the operator's (HKDF-SHA-256, RFC 5869). The API key that a
 * secret belongs to is authenticated with it: one cannot be put in another's place.
 */
export class SecretSeal {
  private readonly key: Uint8Array;

  constructor(operatorKey: Uint8Array) {
    this.key = new Uint8Array(hkdfSync('sha256', operatorKey, new Uint8Array(0), PURPOSE, 32));
  }

  /** Nonce, ciphertext and tag in base64. */
  seal(apiKey: string, secret: string): string {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.key, nonce);
    cipher.setAAD(Buffer.from(apiKey));
    const body = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
    return Buffer.concat([nonce, body, cipher.getAuthTag()]).toString('base64');
  }

  /** Throws when it was sealed with another key, for another API key, or has been changed. */
  open(apiKey: string, sealed: string): string {
    const bytes = Buffer.from(sealed, 'base64');
    if (bytes.length < NONCE_BYTES + TAG_BYTES)
      throw new RangeError('a sealed secret is too short');
    const decipher = createDecipheriv('aes-256-gcm', this.key, bytes.subarray(0, NONCE_BYTES));
    decipher.setAAD(Buffer.from(apiKey));
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
    const body = bytes.subarray(NONCE_BYTES, -TAG_BYTES);
    return Buffer.concat([decipher.update(body), decipher.final()]).toString('utf8');
  }
}
