import { PlimsollClient } from '../../sdk/client.js';
import { apiKeyLogin } from '../../sdk/login.js';
import type { ExchangeProcess } from './exchange-process.js';

interface Key {
  accountId: number;
  apiKey: string;
  apiSecret: string;
}

/** A new account with so many USD, and its owner's connection, which does not come back when it is lost. */
export async function newTrader(
  exchange: ExchangeProcess,
  amount: string,
): Promise<PlimsollClient> {
  const { accountId, apiKey, apiSecret } = await exchange.admin<Key>('POST', 'accounts', {});
  await exchange.admin('POST', 'deposits', { accountId, amount });
  const login = apiKeyLogin(apiKey, apiSecret);
  return PlimsollClient.connect({ url: exchange.url, login, reconnect: false });
}
