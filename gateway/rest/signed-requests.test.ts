import { generateKeyPairSync, sign } from 'node:crypto';
import { base58 } from '@scure/base';
import { expect, it } from 'vitest';
import { KeyStore } from '../identity/key-store.js';
import { MAY_EVERYTHING } from '../identity/permissions.js';
import { Accounts } from '../session/accounts.js';
import { accountOf, signedText } from './signed-requests.js';

const NOW_MS = 1_000_000;
const pair = generateKeyPairSync('ed25519');
const publicKey = new Uint8Array(
  pair.publicKey.export({ format: 'der', type: 'spki' }).subarray(-32),
);

it('a key pair opens its own account, whoever has named it as his agent’s before', async () => {
  const accounts = new Accounts();
  accounts.add(7);
  const keys = new KeyStore(new Uint8Array(32), null);
  const apiKey = base58.encode(publicKey);
  const wish = { accountId: 7, label: '', addresses: [], expiresAtMs: 0, publicKey: apiKey };
  await keys.create({ ...wish, permissions: MAY_EVERYTHING }, 0);
  const asked = { timestamp: `${NOW_MS}`, method: 'GET', path: '/v1/fills', query: '' };
  const signature = base58.encode(
    new Uint8Array(sign(null, Buffer.from(signedText('test', asked)), pair.privateKey)),
  );
  const origin = { address: '127.0.0.1', isTrusted: false };
  const request = { ...asked, apiKey, signature, origin };
  const context = {
    venue: 'test',
    keys,
    accounts,
    timeToleranceMs: 1_000,
    exchangeTimeMs: () => 0,
  };
  expect(accountOf(request as never, context, NOW_MS)).toBe(7);
  accounts.add(42);
  accounts.addWithKey(42, publicKey);
  expect(accountOf(request as never, context, NOW_MS)).toBe(42);
});
