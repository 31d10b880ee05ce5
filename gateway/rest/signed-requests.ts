import { type Problem, problem, shown } from '../commands/problem.js';
import { keyRefusal } from '../identity/key-check.js';
import type { ApiKeyRecord, KeyStore } from '../identity/key-store.js';
import { MAY_READ } from '../identity/permissions.js';
import type { Accounts } from '../session/accounts.js';
import { equalText, signWithSecret } from '../session/api-keys.js';

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
  /** IP address that it came from. */
  address: string;
}

export interface SigningContext {
  readonly venue: string;
  readonly keys: KeyStore;
  readonly accounts: Accounts;
  /** In which keys expire. */
  readonly exchangeTimeMs: () => number;
  readonly timeToleranceMs: number;
}

/**
 * What is signed names purpose and venue, like the text of a login, so that neither can stand in for the other, nor for one at a sandbox.
 */
export function signedText(
  venue: string,
  { timestamp, method, path, query }: Omit<SignedRequest, 'apiKey' | 'signature' | 'address'>,
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
  const { keys } = context;
  const record = keys.find(apiKey);
  // Signed and compared also for a key that there is not: how long the answer takes must not tell.
  const expected = signWithSecret(keys.secretOf(apiKey) ?? '', signedText(context.venue, request));
  if (!equalText(expected, signature) || record === null || record.publicKey !== '') {
    return problem(
      'signature_is_invalid',
      `${SIGNATURE_HEADER} must be the HMAC of plimsoll-rest:v1:VENUE:TIMESTAMP:GET:PATH?QUERY with the secret of ${KEY_HEADER}`,
    );
  }
  return grantProblem(record, request, context) ?? record.accountId;
}

/** Said only to the owner of the key: the signature was right. */
function grantProblem(
  record: ApiKeyRecord,
  { address }: SignedRequest,
  { accounts, keys, exchangeTimeMs }: SigningContext,
): Problem | null {
  const { accountId } = record;
  if (!accounts.has(accountId)) {
    return problem('unknown_account', `account ${accountId} of this ${KEY_HEADER} does not exist`);
  }
  return keyRefusal(keys, record, { permission: MAY_READ, address, nowMs: exchangeTimeMs() });
}
