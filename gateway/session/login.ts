import { type KeyObject, randomBytes } from 'node:crypto';
import { base58 } from '@scure/base';
import { keyRefusal } from '../identity/key-check.js';
import { holderOf } from '../identity/key-holder.js';
import type { ApiKeyRecord, KeyStore } from '../identity/key-store.js';
import { MAY_EVERYTHING } from '../identity/permissions.js';
import type { Accounts } from './accounts.js';
import { equalText, signWithSecret } from './api-keys.js';
import { ed25519Key, isSignedWith } from './ed25519.js';

/**
 * Login by signature over a challenge. The server draws 32 random bytes for one connection, the client
 * signs a text that names purpose, venue, challenge and time, so that a signature is worth nothing anywhere
 * else, later, or twice. The text names no host: a client may come through any address of the venue.
 */
export interface LoginRequest {
  publicKey: string | undefined;
  apiKey: string | undefined;
  challenge: string;
  time: number;
  signature: string;
}

export interface LoginFailure {
  code: string;
  message: string;
}

export interface LoginContext {
  readonly venue: string;
  readonly keys: KeyStore;
  readonly accounts: Accounts;
  /** In which keys expire. */
  readonly exchangeTimeMs: () => number;
  readonly challengeLifeMs: number;
  readonly timeToleranceMs: number;
}

/** Who has come in, and what for. */
export interface Grant {
  readonly accountId: number;
  /** Empty: with the account's own key pair. */
  readonly apiKey: string;
  /** Bits: MAY_…. */
  readonly permissions: number;
  /** 0: never. */
  readonly expiresAtMs: number;
}

/** The text whose UTF-8 bytes are signed. */
export function loginText(venue: string, challenge: string, time: number): string {
  return `plimsoll-login:v1:${venue}:${challenge}:${time}`;
}

/** One connection's outstanding challenge. Each answer uses it up, right or wrong. */
export class LoginChallenge {
  private text = '';
  private expiresAtMs = 0;
  private readonly context: LoginContext;

  constructor(context: LoginContext) {
    this.context = context;
  }

  issue(nowMs: number): { challenge: string; expiresAt: number } {
    this.text = randomBytes(32).toString('base64url');
    this.expiresAtMs = nowMs + this.context.challengeLifeMs;
    return { challenge: this.text, expiresAt: this.expiresAtMs };
  }

  /** Who logged in from this address, or why not. */
  answer(request: LoginRequest, nowMs: number, address: string): Grant | LoginFailure {
    const expected = this.text;
    const expired = nowMs > this.expiresAtMs;
    this.text = '';
    if (expected === '' || !equalText(expected, request.challenge)) {
      return failure(
        'challenge_is_unknown_or_used',
        'challenge must be the one this connection was given last, and each can be used once; request a new one with op challenge',
      );
    }
    if (expired) {
      return failure(
        'challenge_has_expired',
        `challenge must be answered within ${this.context.challengeLifeMs} ms; request a new one with op challenge`,
      );
    }
    const distance = Math.abs(nowMs - request.time);
    // Turned round, so that NaN, whose distance is NaN, is out of range too.
    if (!(distance <= this.context.timeToleranceMs)) {
      return failure(
        'login_time_is_out_of_range',
        `time must be within ${this.context.timeToleranceMs} ms of the server's ${nowMs}, but is ${request.time}`,
      );
    }
    const text = loginText(this.context.venue, request.challenge, request.time);
    if ((request.publicKey === undefined) === (request.apiKey === undefined)) {
      return failure('login_is_ambiguous', 'login must name either publicKey or apiKey');
    }
    return request.publicKey !== undefined
      ? this.byKeyPair(request.publicKey, request.signature, text, address)
      : this.bySecret(request.apiKey as string, request.signature, text, address);
  }

  private byKeyPair(
    publicKey: string,
    signature: string,
    text: string,
    address: string,
  ): Grant | LoginFailure {
    const key = keyOf(publicKey);
    const bytes = signatureBytes(signature);
    if (key === null) {
      return failure('public_key_is_malformed', 'publicKey must be 32 bytes in base58');
    }
    if (bytes === null) {
      return failure('signature_is_malformed', 'signature must be 64 bytes in base58 or base64');
    }
    if (!isSignedWith(key, text, bytes)) return signatureIsInvalid();
    const holder = holderOf(publicKey, this.context);
    if (typeof holder === 'number') {
      return { accountId: holder, apiKey: '', permissions: MAY_EVERYTHING, expiresAtMs: 0 };
    }
    if (holder !== null) return this.grant(holder, address);
    // Said only to the owner of the key: the signature was right.
    return failure(
      'public_key_is_unknown',
      `no account has the publicKey ${publicKey}; the operator creates one with it`,
    );
  }

  private bySecret(
    apiKey: string,
    signature: string,
    text: string,
    address: string,
  ): Grant | LoginFailure {
    const { keys } = this.context;
    const record = keys.find(apiKey);
    // Signed and compared also for a key that there is not: how long the answer takes must not tell.
    const expected = signWithSecret(keys.secretOf(apiKey) ?? '', text);
    const right = equalText(expected, signature);
    if (record === null || record.publicKey !== '' || !right) return signatureIsInvalid();
    return this.grant(record, address);
  }

  /** The signature was right: from here on it may be said what is wrong. */
  private grant(record: ApiKeyRecord, address: string): Grant | LoginFailure {
    const { accountId, apiKey, permissions, expiresAtMs } = record;
    if (!this.context.accounts.has(accountId)) {
      return failure('unknown_account', `account ${accountId} of this apiKey does not exist`);
    }
    const { keys, exchangeTimeMs } = this.context;
    const refusal = keyRefusal(keys, record, { permission: 0, address, nowMs: exchangeTimeMs() });
    return refusal ?? { accountId, apiKey, permissions, expiresAtMs };
  }
}

function failure(code: string, message: string): LoginFailure {
  return { code, message };
}

function signatureIsInvalid(): LoginFailure {
  return failure(
    'signature_is_invalid',
    'signature must be over the text plimsoll-login:v1:VENUE:CHALLENGE:TIME with the named key',
  );
}

/** Whether the owner of an Ed25519 key has signed the text; false also for what is no key or no signature. */
export function isSignedBy(publicKey: string, text: string, signature: string): boolean {
  const key = keyOf(publicKey);
  const bytes = signatureBytes(signature);
  return key !== null && bytes !== null && isSignedWith(key, text, bytes);
}

function keyOf(publicKey: string): KeyObject | null {
  try {
    const raw = base58.decode(publicKey);
    return raw.length === 32 ? ed25519Key(raw) : null;
  } catch {
    return null;
  }
}

function signatureBytes(text: string): Uint8Array | null {
  // 64 bytes are 86 to 88 characters of base64 or base64url, and 64 to 88 of base58; wallets give base58.
  try {
    const raw = base58.decode(text);
    if (raw.length === 64) return raw;
  } catch {
    // Not base58: try the other form.
  }
  const raw = Buffer.from(text, 'base64');
  return raw.length === 64 ? raw : null;
}
