import { afterEach, describe, expect, it } from 'vitest';
import { PlimsollClient } from '../sdk/client.js';
import { apiKeyLogin } from '../sdk/login.js';
import type { Permission, Transfer } from '../sdk/requests.js';
import { type Query, RestClient, type RestPage } from '../sdk/rest-client.js';
import { type AccountKey, newAccount } from './testing/accounts.js';
import type { ExchangeProcess } from './testing/exchange-process.js';
import { ScratchExchanges } from './testing/scratch-exchanges.js';

const BTC = 'BTC-PERP';
const exchanges = new ScratchExchanges('sub-accounts');
const clients: PlimsollClient[] = [];

async function connect(
  exchange: ExchangeProcess,
  key: Pick<AccountKey, 'apiKey' | 'apiSecret'>,
  accountId?: number,
  codec: 'json' | 'msgpack' = 'json',
): Promise<PlimsollClient> {
  const login = apiKeyLogin(key.apiKey, key.apiSecret);
  const acting = accountId === undefined ? {} : { accountId };
  const options = { url: exchange.url, login, reconnect: false, codec, ...acting };
  const client = await PlimsollClient.connect(options);
  clients.push(client);
  return client;
}

/** A key of the account that the client acts for. */
async function keyOf(client: PlimsollClient, ...permissions: Permission[]) {
  const { apiKey, apiSecret } = await client.createKey({ permissions });
  return { apiKey, apiSecret: apiSecret as string };
}

async function balanced(exchange: ExchangeProcess): Promise<void> {
  const { moneyDifferenceMicroUsd } = await exchange.admin<{ moneyDifferenceMicroUsd: string }>(
    'GET',
    'invariants',
  );
  expect(moneyDifferenceMicroUsd).toBe('0');
}

afterEach(async () => {
  for (const client of clients.splice(0)) await client.close();
  await exchanges.end();
});

describe.each(['inline', 'spread'])('sub-accounts, layout %s', (layout) => {
  it('are made, funded, traded with and emptied by their owner, and stay after restarts', async () => {
    const data = exchanges.folder();
    const exchange = await exchanges.start(data, layout);
    await exchange.admin('POST', 'prices', { market: BTC, index: '100000' });
    const other = await newAccount(exchange, '100000');
    const key = await newAccount(exchange, '10000');
    const owner = await connect(exchange, key, undefined, 'msgpack');
    await owner.subscribe('private');
    const first = await owner.createSubAccount();
    const second = await owner.createSubAccount(2);
    expect([first.number, second.number]).toEqual([1, 2]);
    await expect(owner.createSubAccount(2)).resolves.toEqual(second);

    const sub = await connect(exchange, key, first.accountId);
    await sub.subscribe('private');
    const heard: unknown[] = [];
    sub.on('balance', (message) => heard.push(message));
    const move: Transfer = { to: first.accountId, amount: '4000', idempotencyKey: 'monday' };
    await expect(owner.transfer(move)).resolves.toMatchObject({ result: 'done' });
    await expect(owner.transfer(move)).resolves.toMatchObject({ result: 'duplicate' });
    await expect
      .poll(() => heard)
      .toMatchObject([
        { change: '4000.000000', collateral: '4000.000000', otherAccountId: key.accountId },
      ]);
    await expect.poll(() => owner.account.collateral).toBe('6000.000000');
    // Between two sub-accounts, by whoever has the owner's key.
    await sub.transfer({ to: second.accountId, amount: '0.000001' });
    await expect
      .poll(() => owner.subAccounts())
      .toEqual([
        { accountId: key.accountId, number: 0, collateral: '6000.000000' },
        { accountId: first.accountId, number: 1, collateral: '3999.999999' },
        { accountId: second.accountId, number: 2, collateral: '0.000001' },
      ]);

    const maker = await connect(exchange, other);
    await maker.place({ market: BTC, side: 'sell', price: '100000', qty: '0.1' });
    await sub.place({ market: BTC, side: 'buy', price: '100000', qty: '0.1' });
    // A tenth of the notional stays, and the fee is paid.
    const most = owner.transfer({ from: first.accountId, to: key.accountId, amount: '3000' });
    await expect(most).rejects.toMatchObject({ code: 'insufficient_free_collateral' });
    await owner.transfer({ from: first.accountId, to: key.accountId, amount: '2000' });
    await expect.poll(() => owner.account.collateral).toBe('8000.000000');
    await balanced(exchange);

    const { apiKey, apiSecret } = key;
    const url = `http://127.0.0.1:${exchange.ready.port}`;
    const history = new RestClient({ url, apiKey, apiSecret });
    const transfers = async (query: Query) => {
      const { data } = await history.get<RestPage<object>>('/v1/history/transfers', query);
      return data;
    };
    const { accountId } = key;
    await expect
      .poll(() => transfers({ limit: 2 }))
      .toMatchObject([
        { kind: 'transfer', change: '2000.000000', otherAccountId: first.accountId },
        { kind: 'transfer', change: '-4000.000000', otherAccountId: first.accountId },
      ]);
    await expect
      .poll(() => transfers({ accountId: first.accountId, limit: 1 }))
      .toMatchObject([{ change: '-2000.000000', otherAccountId: accountId }]);
    const foreign = transfers({ accountId: other.accountId });
    await expect(foreign).rejects.toMatchObject({ code: 'accounts_must_be_of_one_family' });
    await exchange.kill();
    const again = await exchanges.start(data, layout);
    const after = await connect(again, key);
    await expect(after.transfer(move)).resolves.toMatchObject({ result: 'duplicate' });
    const [, one] = await after.subAccounts();
    expect(one?.accountId).toBe(first.accountId);
    await balanced(again);
  });

  it('are out of reach for every wrong identity, and change nothing when they are asked wrongly', async () => {
    const exchange = await exchanges.start(exchanges.folder(), layout);
    const stranger = await newAccount(exchange, '1000');
    const key = await newAccount(exchange, '1000');
    const owner = await connect(exchange, key);
    const { accountId: sub } = await owner.createSubAccount();
    const { accountId: brother } = await owner.createSubAccount();
    await owner.transfer({ to: sub, amount: '300' });
    const before = await exchange.admin<{ stateHash: string }>('GET', 'invariants');

    const thief = await connect(exchange, stranger);
    const family = { code: 'accounts_must_be_of_one_family' };
    await expect(connect(exchange, stranger, sub)).rejects.toMatchObject(family);
    await expect(connect(exchange, stranger, 999_999)).rejects.toMatchObject(family);
    for (const from of [sub, key.accountId, 999_999]) {
      const steal = thief.transfer({ from, to: stranger.accountId, amount: '1' });
      await expect(steal).rejects.toMatchObject(family);
    }
    for (const to of [stranger.accountId, 999_999]) {
      await expect(owner.transfer({ to, amount: '1' })).rejects.toMatchObject(family);
    }
    expect(await thief.subAccounts()).toHaveLength(1);

    const subOwner = await connect(exchange, key, sub);
    const ownKey = await keyOf(subOwner, 'read', 'withdraw');
    const ofSub = await connect(exchange, ownKey);
    await expect(connect(exchange, ownKey, key.accountId)).rejects.toMatchObject(family);
    await expect(connect(exchange, ownKey, brother)).rejects.toMatchObject(family);
    const fromParent = ofSub.transfer({ from: key.accountId, to: sub, amount: '1' });
    await expect(fromParent).rejects.toMatchObject(family);
    const missing = { code: 'permission_is_missing' };
    await expect(ofSub.createSubAccount()).rejects.toMatchObject(missing);
    const trading = await connect(exchange, await keyOf(owner, 'read', 'trade'));
    await expect(trading.transfer({ to: sub, amount: '1' })).rejects.toMatchObject(missing);
    const nobody = await PlimsollClient.connect({ url: exchange.url, reconnect: false });
    clients.push(nobody);
    const login = { code: 'login_required' };
    await expect(nobody.transfer({ to: sub, amount: '1' })).rejects.toMatchObject(login);
    await expect(nobody.subAccounts()).rejects.toMatchObject(login);
    await expect(nobody.createSubAccount()).rejects.toMatchObject(login);

    const amount = { code: 'amount_micro_usd_must_be_within_1_and_limit' };
    for (const wrong of ['0', '0.0000001', '-1', '', '1e3', '9007199254740993', 'x']) {
      await expect(owner.transfer({ to: sub, amount: wrong })).rejects.toMatchObject(amount);
    }
    const limits = { code: 'integer_must_be_within_limits' };
    for (const to of [0, -1, 1.5, 2 ** 26, 2 ** 53]) {
      await expect(owner.transfer({ to, amount: '1' })).rejects.toMatchObject(limits);
    }
    const self = owner.transfer({ to: key.accountId, amount: '1' });
    await expect(self).rejects.toMatchObject({ code: 'accounts_must_be_different' });
    const much = owner.transfer({ to: sub, amount: '700.000001' });
    await expect(much).rejects.toMatchObject({ code: 'insufficient_free_collateral' });
    const blank = owner.transfer({ to: sub, amount: '1', idempotencyKey: '' });
    await expect(blank).rejects.toMatchObject({ code: 'idempotency_key_is_malformed' });
    const skipped = owner.createSubAccount(4);
    const next = { code: 'sub_account_number_must_be_within_0_and_limit' };
    await expect(skipped).rejects.toMatchObject(next);
    const grandchild = connect(exchange, ownKey).then((client) => client.createSubAccount());
    await expect(grandchild).rejects.toMatchObject(missing);
    const after = await exchange.admin<{ stateHash: string }>('GET', 'invariants');
    expect(after.stateHash).toBe(before.stateHash);
    await ofSub.transfer({ to: key.accountId, amount: '300' });
    await balanced(exchange);
  });
});
