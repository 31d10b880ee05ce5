import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MAY_EVERYTHING, MAY_READ, MAY_TRADE } from '../identity/permissions.js';
import { FixClient, fieldsOf } from '../testing/fix-client.js';
import { FixExchange } from '../testing/fix-exchange.js';
import { MSG, TAG } from './codec/tags.js';

let exchange: FixExchange;
beforeEach(async () => {
  exchange = new FixExchange();
  await exchange.start();
});
afterEach(() => exchange.close());

const WISH = {
  accountId: 1,
  label: '',
  permissions: MAY_EVERYTHING,
  addresses: [],
  expiresAtMs: 0,
  publicKey: '',
};

/** What the door answers to a Logon with this key, and says. */
async function logon(change: object) {
  const made = await exchange.gateway.keys.create({ ...WISH, ...change }, 0);
  const client = await FixClient.connect(exchange.port, made.apiKey);
  client.send(MSG.Logon, {
    [TAG.EncryptMethod]: 0,
    [TAG.HeartBtInt]: 30,
    [TAG.Password]: made.apiSecret ?? 'guess',
  });
  const [answer] = await client.until(({ type }) => type === MSG.Logon || type === MSG.Logout, 1);
  return {
    client,
    apiKey: made.apiKey,
    type: answer?.type,
    text: answer && fieldsOf(answer, TAG.Text)[0],
  };
}

describe('a key', () => {
  it.each([
    ['may read and trade', { permissions: MAY_READ | MAY_TRADE }, MSG.Logon, undefined],
    ['may only read', { permissions: MAY_READ }, MSG.Logout, /permission_is_missing/],
    ['may only trade', { permissions: MAY_TRADE }, MSG.Logout, /permission_is_missing/],
    ['has expired', { expiresAtMs: 1 }, MSG.Logout, /api_key_has_expired/],
    ['is for elsewhere', { addresses: ['10.0.0.0/8'] }, MSG.Logout, /address_is_not_allowed/],
    ['is for here', { addresses: ['127.0.0.0/8'] }, MSG.Logon, undefined],
    ['is a key pair without a secret', { publicKey: 'agent' }, MSG.Logout, /must be an API key/],
  ])('that %s', async (_name, change, type, text) => {
    const answer = await logon(change);
    answer.client.cut();
    expect(answer.type).toBe(type);
    if (text === undefined) expect(answer.text).toBeUndefined();
    else expect(answer.text).toMatch(text);
  });

  it('that is revoked ends the session that it has opened', async () => {
    const { client, apiKey } = await logon({});
    await exchange.gateway.keys.revoke(apiKey);
    const [goodbye] = await client.until(({ type }) => type === MSG.Logout, 1);
    expect(goodbye && fieldsOf(goodbye, TAG.Text)).toEqual([
      'the API key was revoked or has expired',
    ]);
    client.cut();
  });
});
