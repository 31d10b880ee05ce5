import { type ClientOptions, PlimsollClient } from '../../sdk/client.js';
import { apiKeyLogin } from '../../sdk/login.js';
import type { ExchangeProcess } from './exchange-process.js';

/** An account, and the key that came with it. */
export interface AccountKey {
  accountId: number;
  apiKey: string;
  apiSecret: string;
}

/** A new account with so many USD. */
export async function newAccount(
  exchange: ExchangeProcess,
  amount = '100000',
): Promise<AccountKey> {
  const key = await exchange.admin<AccountKey>('POST', 'accounts', {});
  await exchange.admin('POST', 'deposits', { accountId: key.accountId, amount });
  return key;
}

/** In layout spread they are at home at the shards in turns: the first at shard 0, the second at shard 1 … */
export async function newAccounts(
  exchange: ExchangeProcess,
  count: number,
  amount?: string,
): Promise<AccountKey[]> {
  const keys: AccountKey[] = [];
  for (let i = 0; i < count; i++) keys.push(await newAccount(exchange, amount));
  return keys;
}

/** A connection with the key, which by default does not come back when it is lost. */
export function connect(
  exchange: ExchangeProcess,
  { apiKey, apiSecret }: Pick<AccountKey, 'apiKey' | 'apiSecret'>,
  options: Partial<ClientOptions> = {},
): Promise<PlimsollClient> {
  const login = apiKeyLogin(apiKey, apiSecret);
  return PlimsollClient.connect({ url: exchange.url, login, reconnect: false, ...options });
}

/** The same, with the private feed. */
export async function follow(
  exchange: ExchangeProcess,
  key: AccountKey,
  options: Partial<ClientOptions> = {},
): Promise<PlimsollClient> {
  const client = await connect(exchange, key, options);
  await client.subscribe('private');
  return client;
}

/** A new account with so many USD, and its owner's connection. */
export async function newTrader(
  exchange: ExchangeProcess,
  amount: string,
): Promise<PlimsollClient> {
  return connect(exchange, await newAccount(exchange, amount));
}
