import { createHmac, createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { base58 } from '@scure/base';

/** Signs a login; made by `keyPairLogin` or `apiKeyLogin`. */
export interface Login {
  /** Fields that name the signer. */
  readonly identity: Readonly<Record<string, string>>;
  sign(text: string): string;
}

/** The text that is signed: purpose, venue, challenge and time, and nothing that names a host. */
export function loginText(venue: string, challenge: string, time: number): string {
  return `plimsoll-login:v1:${venue}:${challenge}:${time}`;
}

/** PKCS #8 head of an Ed25519 private key; the 32 bytes of the seed follow. */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

/** Ed25519: 32 bytes of a seed, or the 64 bytes of a Solana key pair, whose first half is the seed. */
export function keyPairLogin(secretKey: Uint8Array): Login {
  if (secretKey.length !== 32 && secretKey.length !== 64) {
    throw new RangeError(`secretKey must have 32 or 64 bytes, but has ${secretKey.length}`);
  }
  const der = Buffer.concat([PKCS8_PREFIX, secretKey.subarray(0, 32)]);
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' });
  const publicKey = base58.encode(new Uint8Array(spki.subarray(-32)));
  return {
    identity: { publicKey },
    sign: (text) => base58.encode(new Uint8Array(sign(null, Buffer.from(text), key))),
  };
}

/** HMAC-SHA256 with an API key that the operator issued. */
export function apiKeyLogin(apiKey: string, apiSecret: string): Login {
  return {
    identity: { apiKey },
    sign: (text) => createHmac('sha256', apiSecret).update(text).digest('base64url'),
  };
}
