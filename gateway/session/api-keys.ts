import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/**
 * API keys that need no storage: the key carries the account's number and random bytes, the secret follows
 * from the key and the operator's key. Whoever does not know the operator's key can make up an API key, but
 * not the secret that belongs to it.
 */
export interface ApiKey {
  apiKey: string;
  apiSecret: string;
}

const VERSION_BYTE = 0x50; // 'P'
const RANDOM_BYTES = 11;
const KEY_BYTES = 1 + 4 + RANDOM_BYTES;
const SECRET_DOMAIN = 'plimsoll-api-secret:';

export function issueApiKey(operatorKey: Uint8Array, accountId: number): ApiKey {
  const apiKey = newApiKey(accountId);
  return { apiKey, apiSecret: apiSecretOf(operatorKey, apiKey) };
}

/** The name of a new key of the account, which nobody can guess. */
export function newApiKey(accountId: number): string {
  const bytes = Buffer.alloc(KEY_BYTES);
  bytes[0] = VERSION_BYTE;
  bytes.writeUInt32BE(accountId, 1);
  randomBytes(RANDOM_BYTES).copy(bytes, 5);
  return bytes.toString('base64url');
}

/** The secret that belongs to a key, as the text that its owner was given. */
export function apiSecretOf(operatorKey: Uint8Array, apiKey: string): string {
  return createHmac('sha256', operatorKey)
    .update(SECRET_DOMAIN + apiKey)
    .digest('base64url');
}

/** The account of a key, 0 when the text is not a key. Says nothing about who sent it. */
export function accountOfApiKey(apiKey: string): number {
  if (!/^[A-Za-z0-9_-]{22}$/.test(apiKey)) return 0;
  const bytes = Buffer.from(apiKey, 'base64url');
  // The last character carries two unused bits: only one spelling of a key is valid.
  if (bytes.length !== KEY_BYTES || bytes.toString('base64url') !== apiKey) return 0;
  return bytes[0] === VERSION_BYTE ? bytes.readUInt32BE(1) : 0;
}

/** For doors that send the secret itself, such as FIX. */
export function isApiSecret(operatorKey: Uint8Array, apiKey: string, secret: string): boolean {
  return equalText(apiSecretOf(operatorKey, apiKey), secret);
}

/** HMAC-SHA256 of a text under the secret's own text, as base64url. */
export function signWithSecret(apiSecret: string, text: string): string {
  return createHmac('sha256', apiSecret).update(text).digest('base64url');
}

/** Compares in a time that does not depend on where the texts differ. */
export function equalText(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}
