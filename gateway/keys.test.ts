import { base58 } from '@scure/base';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ClientOptions, PlimsollClient } from '../sdk/client.js';
import { apiKeyLogin, keyPairLogin } from '../sdk/login.js';
import { newTrader, TestExchange, until } from './testing/exchange.js';

const BUY = { market: 'BTC-PERP', side: 'buy', price: '50000.0', qty: '0.010' } as const;

let exchange: TestExchange;
let nowMs: number;
let owner: PlimsollClient;
const clients: PlimsollClient[] = [];
beforeEach(async () => {
  nowMs = 1_767_225_600_000;
  exchange = new TestExchange();
  await exchange.start({ exchangeTimeMs: () => nowMs });
  owner = await exchange.client(1);
});
afterEach(async () => {
  for (const client of clients.splice(0)) await client.close();
  await exchange.close();
});

async function enter(login: ClientOptions['login']): Promise<PlimsollClient> {
  const options = { url: exchange.url, reconnect: false, codec: 'msgpack' } as const;
  const client = await PlimsollClient.connect({ ...options, login: login as never });
  clients.push(client);
  return client;
}

async function withKey(wish: Parameters<PlimsollClient['createKey']>[0]) {
  const { apiKey, apiSecret } = await owner.createKey(wish);
  return { apiKey, login: apiKeyLogin(apiKey, apiSecret as string) };
}

describe('a key that may read', () => {
  it('sees the account, and does nothing to it', async () => {
    const { login } = await withKey({ permissions: ['read'], label: 'watcher' });
    const client = await enter(login);
    expect(client.accountId).toBe(1);
    await client.subscribe('private');
    expect((await client.request('positions', {})).data).toBeDefined();
    const { orderId } = await owner.place(BUY);
    const refused = { code: 'permission_is_missing' };
    const { market } = BUY;
    for (const attempt of [
      () => client.place(BUY),
      () => client.cancel({ market, orderId: orderId as number }),
      () => client.amend({ market, orderId: orderId as number, price: '49999.0' }),
      () => client.cancelAll(),
      () => client.cancelAllAfter(1_000),
      () => client.setLeverage({ market, leverage: 2 }),
      () => client.setMarginMode({ market, marginMode: 'isolated' }),
      () => client.request('setCancelOnDisconnect', { enabled: true }),
      () => client.createKey({ permissions: ['trade'] }),
      () => client.keys(),
      () => client.revokeKey('x'),
    ]) {
      await expect(attempt()).rejects.toMatchObject(refused);
    }
    const batch = await client.batch([{ op: 'place', ...BUY }]).catch((error) => error);
    expect(batch).toMatchObject(refused);
    expect(exchange.port.book(1).openOrders).toBe(1);
  });
});

describe('a key that may trade', () => {
  it('trades, and neither reads nor manages', async () => {
    const { login } = await withKey({ permissions: ['trade'] });
    const client = await enter(login);
    expect(await client.place(BUY)).toMatchObject({ result: 'accepted' });
    const refused = { code: 'permission_is_missing' };
    await expect(client.subscribe('private')).rejects.toMatchObject(refused);
    await expect(client.request('positions', {})).rejects.toMatchObject(refused);
    await expect(client.keys()).rejects.toMatchObject(refused);
  });

  it('may be a key pair of its own, an agent’s', async () => {
    const agent = newTrader(0);
    const publicKey = base58.encode(agent.publicKey);
    const { apiSecret } = await owner.createKey({ permissions: ['trade'], publicKey });
    expect(apiSecret).toBeNull();
    const client = await enter(keyPairLogin(agent.secretKey));
    expect(client.accountId).toBe(1);
    await client.place(BUY);
    await expect(client.keys()).rejects.toMatchObject({ code: 'permission_is_missing' });
    const again = owner.createKey({ permissions: ['trade'], publicKey });
    await expect(again).rejects.toMatchObject({ code: 'public_key_is_already_used' });
    const own = base58.encode(exchange.traders[1]?.publicKey as Uint8Array);
    const stolen = owner.createKey({ permissions: ['trade'], publicKey: own });
    await expect(stolen).rejects.toMatchObject({ code: 'public_key_is_already_used' });
  });
});

describe('a key pair that somebody has named as his agent’s', () => {
  it('opens the account that is created with it later, and not his', async () => {
    const newcomer = newTrader(0);
    const publicKey = base58.encode(newcomer.publicKey);
    await owner.createKey({ permissions: ['read', 'trade'], publicKey });
    expect((await enter(keyPairLogin(newcomer.secretKey))).accountId).toBe(1);
    exchange.port.createAccount(3, newcomer.publicKey);
    expect((await enter(keyPairLogin(newcomer.secretKey))).accountId).toBe(3);
  });
});

describe('a key that may manage', () => {
  it('makes and revokes none that reaches further than itself', async () => {
    const { apiKey: reader } = await owner.createKey({ permissions: ['read'] });
    const { apiKey: trader } = await owner.createKey({ permissions: ['trade'] });
    const expiresAt = nowMs + 60_000;
    const bounds = { addresses: ['127.0.0.1', '10.0.0.0/8'], expiresAt };
    const { login } = await withKey({ permissions: ['read', 'manage'], ...bounds });
    const client = await enter(login);
    const refused = { code: 'permission_is_missing' };
    const within = { addresses: ['127.0.0.1'], expiresAt };
    for (const wish of [
      { permissions: ['read', 'withdraw'], ...within },
      { permissions: ['read'], expiresAt },
      { permissions: ['read'], addresses: ['127.0.0.2'], expiresAt },
      { permissions: ['read'], addresses: ['127.0.0.1'] },
      { permissions: ['read'], addresses: ['127.0.0.1'], expiresAt: expiresAt + 1 },
    ]) {
      await expect(client.createKey(wish as never)).rejects.toMatchObject(refused);
    }
    const made = await client.createKey({ permissions: ['read'], ...within });
    await expect(client.revokeKey(trader)).rejects.toMatchObject(refused);
    await client.revokeKey(reader);
    await client.revokeKey(made.apiKey);
  });
});

describe('a key that has come to its end', () => {
  it('opens nothing once it is revoked, and its connections are closed', async () => {
    const { apiKey, login } = await withKey({ permissions: ['read', 'trade'] });
    const client = await enter(login);
    let code = 0;
    client.on('disconnected', (closed: number) => {
      code = closed;
    });
    const stranger = await exchange.client(2);
    const foreign = stranger.revokeKey(apiKey);
    await expect(foreign).rejects.toMatchObject({ code: 'api_key_is_unknown' });
    await owner.revokeKey(apiKey);
    await until(() => code === 4003, 'the connection was closed');
    await expect(enter(login)).rejects.toMatchObject({ code: 'signature_is_invalid' });
    await expect(owner.revokeKey(apiKey)).rejects.toMatchObject({ code: 'api_key_is_unknown' });
    expect(await owner.keys()).toEqual([]);
  });

  it('expires by the exchange’s time', async () => {
    const wish = { permissions: ['read'] as const, expiresAt: nowMs + 1_000 };
    const { login } = await withKey({ ...wish, permissions: ['read'] });
    const client = await enter(login);
    let code = 0;
    client.on('disconnected', (closed: number) => {
      code = closed;
    });
    nowMs += 1_000;
    await until(() => code === 4003, 'the connection was closed');
    await expect(enter(login)).rejects.toMatchObject({ code: 'api_key_has_expired' });
  });

  it('is not let in from elsewhere', async () => {
    const { login } = await withKey({ permissions: ['read'], addresses: ['10.0.0.0/8'] });
    await expect(enter(login)).rejects.toMatchObject({ code: 'address_is_not_allowed' });
    const near = await withKey({ permissions: ['read'], addresses: ['127.0.0.0/8'] });
    expect((await enter(near.login)).accountId).toBe(1);
  });
});

describe('wishes for keys', () => {
  it.each([
    [{ permissions: [] }, 'value_is_not_allowed'],
    [{ permissions: ['fly'] }, 'value_is_not_allowed'],
    [{ permissions: 'read' }, 'value_is_not_allowed'],
    [{ permissions: ['read'], label: 'x'.repeat(33) }, 'field_has_wrong_type'],
    [{ permissions: ['read'], label: 7 }, 'field_has_wrong_type'],
    [{ permissions: ['read'], addresses: ['nowhere'] }, 'value_is_not_allowed'],
    [{ permissions: ['read'], addresses: new Array(21).fill('1.1.1.1') }, 'value_is_not_allowed'],
    [{ permissions: ['read'], expiresAt: 5 }, 'integer_must_be_within_limits'],
    [{ permissions: ['read'], expiresAt: 'never' }, 'integer_must_be_within_limits'],
    [{ permissions: ['read'], publicKey: 'short' }, 'public_key_is_malformed'],
  ])('%j is refused: %s', async (wish, code) => {
    await expect(owner.createKey(wish as never)).rejects.toMatchObject({ code });
    expect(await owner.keys()).toEqual([]);
  });

  it('are shown without secrets, and an account has a hundred at most', async () => {
    const { apiKey } = await withKey({ permissions: ['read', 'trade'], label: 'one' });
    const keys = await owner.keys();
    expect(keys).toEqual([
      {
        apiKey,
        label: 'one',
        permissions: ['read', 'trade'],
        addresses: [],
        expiresAt: null,
        publicKey: null,
        createdAt: nowMs,
      },
    ]);
    // All at once: those that are on their way to the disk count as well.
    const wishes = Array.from({ length: 120 }, () => owner.createKey({ permissions: ['read'] }));
    const made = await Promise.allSettled(wishes);
    expect(made.filter(({ status }) => status === 'fulfilled')).toHaveLength(99);
    await expect(owner.createKey({ permissions: ['read'] })).rejects.toMatchObject({
      code: 'api_keys_must_not_exceed_limit',
    });
  });
});
