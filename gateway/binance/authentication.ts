import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto';
import { keyRefusal } from '../identity/key-check.js';
import type { KeyStore } from '../identity/key-store.js';
import { MAY_READ } from '../identity/permissions.js';
import type { Accounts } from '../session/accounts.js';
import { accountOfApiKey } from '../session/api-keys.js';
import type { SharedLimits } from '../shared/shared-limits.js';
import { ERRORS, illegal, missing } from './errors.js';
import type { Parameters } from './parameters.js';
import { ReplayGuard } from './replay-guard.js';

const RECV_WINDOW_DEFAULT_MS = 5_000;
export const RECV_WINDOW_MAX_MS = 60_000;
/** How far a client's clock may be ahead of the exchange's. */
const AHEAD_MS_MAX = 1_000;
/** Secrets that are kept so that they need not be derived for each request. */
const SECRETS_MAX = 10_000;
const SIGNATURE = /^[0-9a-fA-F]{64}$/;

/** Whose request it is, and until when the exchange may take it. */
export interface Identity {
  account: number;
  /** The request's time and receive window: the exchange checks it again when the command comes to it. */
  deadlineMs: number;
}

/** What the sender wants, and where he is. */
export interface Use {
  /** Bit: MAY_…. */
  permission: number;
  address: string;
}

export interface AuthenticationContext {
  readonly keys: KeyStore;
  readonly accounts: Accounts;
  readonly exchangeTimeMs: () => number;
  /** A signed change is taken once. */
  readonly refusesReplays: boolean;
  /** What this thread has in common with others; null: it is alone. */
  readonly shared: SharedLimits | null;
}

/** Who sent a request: API key and HMAC-SHA256 over its parameters, in hexadecimal, keyed with the secret's text. */
export class Authentication {
  private readonly context: AuthenticationContext;
  private readonly replays: ReplayGuard;
  private readonly secrets = new Map<string, KeyObject>();

  constructor(context: AuthenticationContext) {
    this.context = context;
    const { exchangeTimeMs, refusesReplays, shared } = context;
    const startMs = shared?.startMs ?? exchangeTimeMs();
    this.replays = new ReplayGuard(startMs, refusesReplays, shared?.signatures ?? null);
  }

  /**
   * Gives the account of a signed request. `payloads`: the spellings of what may have been signed. `changes`: the request must not
   * be taken twice.
   */
  signed(
    apiKey: string | undefined,
    parameters: Parameters,
    payloads: () => readonly string[],
    changes: boolean,
    use: Use,
  ): Identity {
    const account = this.accountOf(apiKey);
    const signature = parameters.text('signature');
    if (signature === undefined) throw missing('signature');
    if (!SIGNATURE.test(signature)) throw ERRORS.badSignature();
    const window = this.windowOf(parameters);
    const given = Buffer.from(signature, 'hex');
    const secret = this.secretOf(apiKey as string);
    const isTrue = payloads().some((payload) => {
      return timingSafeEqual(signatureOf(secret, payload), given);
    });
    if (!isTrue) throw ERRORS.badSignature();
    this.check(apiKey as string, use);
    const { accounts, exchangeTimeMs } = this.context;
    if (changes) this.replays.take(given, accounts.headOf(account), window, exchangeTimeMs());
    return { account, deadlineMs: window.deadlineMs };
  }

  /** Of a session that has logged in with this key: whether it still may, and the request's time. */
  timed(apiKey: string, parameters: Parameters, use: Use): Identity {
    const { deadlineMs } = this.windowOf(parameters);
    return { account: this.check(apiKey, use), deadlineMs };
  }

  /** For the few requests that need no signature: the key must be one that was issued, so that it cannot be made up. */
  keyed(apiKey: string | undefined, use: Use): number {
    this.accountOf(apiKey);
    return this.check(apiKey as string, use);
  }

  /** Whether what a key has opened may go on; `address` null: wherever it is read. */
  stillOpens(apiKey: string, address: string | null): boolean {
    const { keys, exchangeTimeMs } = this.context;
    const record = keys.find(apiKey);
    if (record === null) return false;
    const use = { permission: MAY_READ, address: address ?? '', nowMs: exchangeTimeMs() };
    const refusal = keyRefusal(keys, record, use);
    return refusal === null || (address === null && refusal.code === 'address_is_not_allowed');
  }

  /** To be called now and then. */
  forget(): void {
    this.replays.forget(this.context.exchangeTimeMs());
  }

  /** Says nothing about who sent the key. */
  private accountOf(apiKey: string | undefined): number {
    if (apiKey === undefined || apiKey === '') throw ERRORS.badKeyFormat();
    const account = accountOfApiKey(apiKey);
    if (account === 0) throw ERRORS.badKeyFormat();
    if (!this.context.accounts.has(account)) throw ERRORS.badKey();
    return account;
  }

  /** The account of a key that may be used so. Expiry, address and permission are one refusal, as there. */
  private check(apiKey: string, { permission, address }: Use): number {
    const { keys, exchangeTimeMs } = this.context;
    const record = keys.find(apiKey);
    // A key pair has no secret, and must not be opened with the empty one.
    if (record === null || record.publicKey !== '') throw ERRORS.badKey();
    const use = { permission, address, nowMs: exchangeTimeMs() };
    if (keyRefusal(keys, record, use) !== null) throw ERRORS.badKey();
    return record.accountId;
  }

  private secretOf(apiKey: string): KeyObject {
    const known = this.secrets.get(apiKey);
    if (known !== undefined) return known;
    const { keys } = this.context;
    const text = keys.secretOf(apiKey);
    const secret = keyOfSecret(text ?? '');
    // Keys that nobody issued may come in any number; they must not push out those that are used.
    if (text === null || keys.find(apiKey) === null) return secret;
    if (this.secrets.size === SECRETS_MAX) this.secrets.clear();
    this.secrets.set(apiKey, secret);
    return secret;
  }

  private windowOf(parameters: Parameters): { timestampMs: number; deadlineMs: number } {
    const timestampText = parameters.must('timestamp');
    if (!/^[0-9]{1,16}$/.test(timestampText)) throw illegal('timestamp', '^[0-9]{1,20}$');
    const timestampMs = Number(timestampText);
    const windowMs = parameters.integer('recvWindow', 0) ?? RECV_WINDOW_DEFAULT_MS;
    if (windowMs > RECV_WINDOW_MAX_MS) throw ERRORS.windowTooLong();
    const nowMs = this.context.exchangeTimeMs();
    if (timestampMs >= nowMs + AHEAD_MS_MAX) throw ERRORS.aheadOfServer();
    if (nowMs - timestampMs > windowMs) throw ERRORS.outsideWindow();
    return { timestampMs, deadlineMs: timestampMs + windowMs };
  }
}

/** The secret as it is used: its text, not what that may stand for. */
export function keyOfSecret(apiSecret: string): KeyObject {
  return createSecretKey(apiSecret, 'utf8');
}

/** 32 bytes, which clients send in hexadecimal. */
export function signatureOf(secret: KeyObject, payload: string): Buffer {
  return createHmac('sha256', secret).update(payload).digest();
}
