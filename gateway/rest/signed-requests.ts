import { type Problem, problem, shown } from '../commands/problem.js';
import type { Accounts } from '../session/accounts.js';
import { accountOfApiKey, apiSecretOf, equalText, signWithSecret } from '../session/api-keys.js';

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
}

export interface SigningContext {
  readonly venue: string;
  readonly operatorKey: Uint8Array;
  readonly accounts: Accounts;
  readonly timeToleranceMs: number;
}

/**
 * What is signed names purpose and venue, like the text of a login, so that neither can stand in for the other, nor for one at a sandbox.
 */
export function signedText(
  venue: string,
  { timestamp, method, path, query }: Omit<SignedRequest, 'apiKey' | 'signature'>,
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
  const accountId = accountOfApiKey(apiKey);
  const secret = apiSecretOf(context.operatorKey, apiKey);
  const expected = signWithSecret(secret, signedText(context.venue, request));
  if (!equalText(expected, signature) || accountId === 0) {
    return problem(
      'signature_is_invalid',
      `${SIGNATURE_HEADER} must be the HMAC of plimsoll-rest:v1:VENUE:TIMESTAMP:GET:PATH?QUERY with the secret of ${KEY_HEADER}`,
    );
  }
  // Said only to the owner of the key: the signature was right.
  if (!context.accounts.has(accountId)) {
    return problem('unknown_account', `account ${accountId} of this ${KEY_HEADER} does not exist`);
  }
  return accountId;
}
