import { type Problem, problem, shown } from '../commands/problem.js';
import { keyRefusal } from '../identity/key-check.js';
import { holderOf } from '../identity/key-holder.js';
import type { ApiKeyRecord, KeyStore } from '../identity/key-store.js';
import { MAY_READ } from '../identity/permissions.js';
import type { Accounts } from '../session/accounts.js';
import { equalText, signWithSecret } from '../session/api-keys.js';
import type { ClientOrigin } from '../session/client-address.js';
import { isSignedBy } from '../session/login.js';

export const KEY_HEADER = 'plimsoll-key';
export const TIMESTAMP_HEADER = 'plimsoll-timestamp';
export const SIGNATURE_HEADER = 'plimsoll-signature';

/** A request as it was signed. */
export interface SignedRequest {
  method: string;
  /** As sent, still encoded. */
  path: string;
  query: string;
  /** Headers; empty when they are not there. */
  apiKey: string;
  timestamp: string;
  signature: string;
  origin: ClientOrigin;
}

export interface SigningContext {
  readonly venue: string;
  readonly keys: KeyStore;
  readonly accounts: Accounts;
  readonly timeToleranceMs: number;
  /** Keys end in the exchange's time. */
  readonly exchangeTimeMs: () => number;
}

/**
 * What is signed names purpose and venue, like the text of a login, so that neither can stand in for the other, nor for one at a sandbox.
 */
export function signedText(
  venue: string,
  {
    timestamp,
    method,
    path,
    query,
  }: Pick<SignedRequest, 'timestamp' | 'method' | 'path' | 'query'>,
): string {
  return `plimsoll-rest:v1:${venue}:${timestamp}:${method}:${path}${query === '' ? '' : `?${query}`}`;
}

/**
 * The account that has signed the request, or why there is none. Who has seen a signed GET may repeat it while its time holds, and gets
 * what the signer got: it changes nothing, which is why there is no nonce. Whether key or signature is wrong is not told apart.
 */
export function accountOf(
  request: SignedRequest,
  context: SigningContext,
  nowMs: number,
): number | Problem {
  const { apiKey, timestamp, signature } = request;
  for (const [name, value] of [
    [KEY_HEADER, apiKey],
    [TIMESTAMP_HEADER, timestamp],
    [SIGNATURE_HEADER, signature],
  ] as const) {
    if (value === '') return problem('header_is_missing', `the header ${name} must be present`);
  }
  const signedMs = /^\d{1,16}$/.test(timestamp) ? Number(timestamp) : Number.NaN;
  // Turned round, so that NaN is out of range too.
  if (!(Math.abs(nowMs - signedMs) <= context.timeToleranceMs)) {
    return problem(
      'timestamp_is_out_of_range',
      `${TIMESTAMP_HEADER} must be within ${context.timeToleranceMs} ms of the server's ${nowMs}, but is ${shown(timestamp)}`,
    );
  }
  const text = signedText(context.venue, request);
  const made = holderOf(apiKey, context) ?? context.keys.find(apiKey);
  if (made === null) return signatureIsInvalid();
  if (typeof made === 'number') {
    return isSignedBy(apiKey, text, signature) ? made : signatureIsInvalid();
  }
  const isRight =
    made.publicKey === ''
      ? equalText(signWithSecret(context.keys.secretOf(made.apiKey) ?? '', text), signature)
      : isSignedBy(made.publicKey, text, signature);
  return isRight ? granted(made, request.origin.address, context) : signatureIsInvalid();
}

/** The signature was right: from here on it may be said what is wrong. */
function granted(
  record: ApiKeyRecord,
  address: string,
  { accounts, keys, exchangeTimeMs }: SigningContext,
): number | Problem {
  const { accountId } = record;
  if (!accounts.has(accountId)) {
    return problem('unknown_account', `account ${accountId} of this ${KEY_HEADER} does not exist`);
  }
  const use = { permission: MAY_READ, address, nowMs: exchangeTimeMs() };
  return keyRefusal(keys, record, use) ?? accountId;
}

function signatureIsInvalid(): Problem {
  return problem(
    'signature_is_invalid',
    `${SIGNATURE_HEADER} must be over plimsoll-rest:v1:VENUE:TIMESTAMP:GET:PATH?QUERY with what belongs to ${KEY_HEADER}`,
  );
}
