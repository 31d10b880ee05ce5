import { generateKeyPairSync, sign } from 'node:crypto';
import { base58 } from '@scure/base';
import { beforeEach, describe, expect, it } from 'vitest';
import { KeyStore } from '../identity/key-store.js';
import { MAY_EVERYTHING } from '../identity/permissions.js';
import { Accounts } from './accounts.js';
import {
  accountOfApiKey,
  apiSecretOf,
  isApiSecret,
  issueApiKey,
  signWithSecret,
} from './api-keys.js';
import { LoginChallenge, loginText } from './login.js';

const operatorKey = new Uint8Array(32).fill(1);
const pair = generateKeyPairSync('ed25519');
const publicKey = new Uint8Array(
  pair.publicKey.export({ format: 'der', type: 'spki' }).subarray(-32),
);
const now = 1_000_000;
const HOME = '127.0.0.1';

let accounts: Accounts;
let challenge: LoginChallenge;
beforeEach(() => {
  accounts = new Accounts();
  accounts.addWithKey(42, publicKey);
  challenge = new LoginChallenge({
    venue: 'test',
    keys: new KeyStore(operatorKey, null),
    exchangeTimeMs: () => now,
    accounts,
    challengeLifeMs: 1_000,
    timeToleranceMs: 5_000,
  });
});

function signed(text: string, time = now, venue = 'test') {
  const bytes = sign(null, Buffer.from(loginText(venue, text, time)), pair.privateKey);
  const key = base58.encode(publicKey);
  const signature = base58.encode(new Uint8Array(bytes));
  return { publicKey: key, apiKey: undefined, challenge: text, time, signature };
}

describe('login by key pair', () => {
  it('gives the account, with the signature in base58 or base64', () => {
    const first = signed(challenge.issue(now).challenge);
    expect(challenge.answer(first, now, HOME)).toMatchObject({
      accountId: 42,
      permissions: MAY_EVERYTHING,
    });
    const second = signed(challenge.issue(now).challenge);
    const base64 = Buffer.from(base58.decode(second.signature)).toString('base64');
    expect(challenge.answer({ ...second, signature: base64 }, now, HOME)).toMatchObject({
      accountId: 42,
      permissions: MAY_EVERYTHING,
    });
  });

  it('cannot be replayed', () => {
    const login = signed(challenge.issue(now).challenge);
    expect(challenge.answer(login, now, HOME)).toMatchObject({
      accountId: 42,
      permissions: MAY_EVERYTHING,
    });
    const refused = { code: 'challenge_is_unknown_or_used' };
    expect(challenge.answer(login, now, HOME)).toMatchObject(refused);
    challenge.issue(now);
    expect(challenge.answer(login, now, HOME)).toMatchObject(refused);
  });

  it('uses the challenge up even when it fails', () => {
    const login = signed(challenge.issue(now).challenge);
    expect(challenge.answer({ ...login, signature: 'x' }, now, HOME)).toMatchObject({
      code: 'signature_is_malformed',
    });
    expect(challenge.answer(login, now, HOME)).toMatchObject({
      code: 'challenge_is_unknown_or_used',
    });
  });

  it.each([
    ['for another venue', () => signed(text(), now, 'other'), 'signature_is_invalid'],
    ['over another time', () => ({ ...signed(text()), time: now + 1 }), 'signature_is_invalid'],
    ['too early', () => signed(text(), now - 6_000), 'login_time_is_out_of_range'],
    ['time NaN', () => signed(text(), Number.NaN), 'login_time_is_out_of_range'],
    ['malformed key', () => ({ ...signed(text()), publicKey: 'abc' }), 'public_key_is_malformed'],
    ['both keys', () => ({ ...signed(text()), apiKey: 'x' }), 'login_is_ambiguous'],
    ['no key', () => ({ ...signed(text()), publicKey: undefined }), 'login_is_ambiguous'],
  ])('%s is refused', (_name, login, code) => {
    expect(challenge.answer(login(), now, HOME)).toMatchObject({ code });
  });

  it('is refused after its time, and for a key that nobody has', () => {
    const late = signed(challenge.issue(now).challenge);
    expect(challenge.answer(late, now + 1_001, HOME)).toMatchObject({
      code: 'challenge_has_expired',
    });
    const other = new LoginChallenge({
      venue: 'test',
      keys: new KeyStore(operatorKey, null),
      exchangeTimeMs: () => now,
      accounts: new Accounts(),
      challengeLifeMs: 1_000,
      timeToleranceMs: 5_000,
    });
    const unknown = signed(other.issue(now).challenge);
    expect(other.answer(unknown, now, HOME)).toMatchObject({ code: 'public_key_is_unknown' });
  });

  function text(): string {
    return challenge.issue(now).challenge;
  }
});

describe('login by API key', () => {
  it('needs the secret that follows from the key', () => {
    const key = issueApiKey(operatorKey, 42);
    const issued = challenge.issue(now).challenge;
    const signature = signWithSecret(key.apiSecret, loginText('test', issued, now));
    const login = { publicKey: undefined, apiKey: key.apiKey, challenge: issued, time: now };
    expect(challenge.answer({ ...login, signature }, now, HOME)).toMatchObject({
      accountId: 42,
      permissions: MAY_EVERYTHING,
    });
    const again = challenge.issue(now).challenge;
    const wrong = signWithSecret('wrong', loginText('test', again, now));
    const request = { ...login, challenge: again, signature: wrong };
    expect(challenge.answer(request, now, HOME)).toMatchObject({ code: 'signature_is_invalid' });
  });

  it('knows the account of a key and only one spelling of it', () => {
    const { apiKey, apiSecret } = issueApiKey(operatorKey, 2 ** 26 - 1);
    expect(accountOfApiKey(apiKey)).toBe(2 ** 26 - 1);
    expect(apiSecretOf(operatorKey, apiKey)).toBe(apiSecret);
    expect(isApiSecret(operatorKey, apiKey, apiSecret)).toBe(true);
    expect(isApiSecret(new Uint8Array(32), apiKey, apiSecret)).toBe(false);
    for (const text of ['', 'x', `${apiKey}A`, `B${apiKey.slice(1)}`, `${apiKey.slice(0, -1)}B`]) {
      expect(accountOfApiKey(text)).toBe(0);
    }
    expect(issueApiKey(operatorKey, 1).apiKey).not.toBe(issueApiKey(operatorKey, 1).apiKey);
  });
});
