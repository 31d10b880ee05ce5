import { afterAll, beforeAll, expect, it } from 'vitest';
import { removeScratch } from '../history/testing/scratch.js';
import { MAY_EVERYTHING, MAY_READ } from '../identity/permissions.js';
import { PAGE_ROUTES } from './routes.js';
import { RestExchange } from './testing/rest-exchange.js';

let exchange: RestExchange;
beforeAll(async () => {
  exchange = await RestExchange.open(4);
  exchange.trade(50);
});
afterAll(async () => {
  await exchange.close();
  removeScratch();
});

const PRIVATE = PAGE_ROUTES.filter(({ isPrivate }) => isPrivate).map(({ path }) => path);
const WISH = {
  accountId: 1,
  label: '',
  permissions: MAY_READ,
  addresses: [],
  expiresAtMs: 0,
  publicKey: '',
};

it.each([
  ['may read', {}, 200, undefined],
  ['may do all but read', { permissions: MAY_EVERYTHING - MAY_READ }, 401, 'permission_is_missing'],
  ['has expired', { expiresAtMs: 1 }, 401, 'api_key_has_expired'],
  ['is for another address', { addresses: ['10.0.0.0/8'] }, 401, 'address_is_not_allowed'],
  ['is for this address', { addresses: ['127.0.0.1'] }, 200, undefined],
])('a key that %s', async (_name, change, status, code) => {
  const { keys } = exchange.gateway;
  const { apiKey, apiSecret } = await keys.create({ ...WISH, ...change }, 0);
  const key = { apiKey, apiSecret: apiSecret as string };
  for (const path of PRIVATE) {
    const answer = await exchange.get(path, { key });
    expect([answer.status, answer.body.code]).toEqual([status, code]);
  }
  await keys.revoke(apiKey);
  const after = await exchange.get(PRIVATE[0] as string, { key });
  expect([after.status, after.body.code]).toEqual([401, 'signature_is_invalid']);
});

it('the key that came with an account opens nothing once it is revoked', async () => {
  const key = exchange.keyOf(1);
  const path = PRIVATE[0] as string;
  expect((await exchange.get(path, { key })).status).toBe(200);
  await exchange.gateway.keys.revoke(key.apiKey);
  expect((await exchange.get(path, { key })).body.code).toBe('signature_is_invalid');
});
