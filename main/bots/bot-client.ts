import { createHmac } from 'node:crypto';
import { base58 } from '@scure/base';
import { asMicroUsd } from '../../engine/units/units.js';
import { PlimsollClient } from '../../sdk/client.js';
import { keyPairLogin } from '../../sdk/login.js';
import { OperatorError } from '../admin/operator.js';
import type { OperatorDesk } from '../admin/operator-desk.js';
import type { Exchange } from '../exchange/exchange.js';

/** Paper money a bot starts with, and below which it gets some more at a restart, in micro-USD. */
const DEPOSIT_MICRO_USD = asMicroUsd(1e12);
const LOW_USD = 500_000;

/**
 * A client for a bot. Its key follows from the operator's key and its name, so that after a restart it is the same account
 * again, and nothing has to be stored.
 */
export async function connectBot(
  exchange: Exchange,
  url: string,
  venue: string,
  name: string,
): Promise<PlimsollClient> {
  const seed = createHmac('sha256', exchange.operatorKey).update(`plimsoll-bot:${name}`).digest();
  const login = keyPairLogin(new Uint8Array(seed));
  const publicKey = base58.decode(login.identity.publicKey as string);
  const { operator } = exchange;
  const account = await accountOf(operator, publicKey);
  const client = await PlimsollClient.connect({ url, venue, login, codec: 'msgpack' });
  // A bot that may not log in any more is of no use, and no reason to end.
  client.on('error', (error: Error) => {
    exchange.log.warn({ bot: name }, `bot ${name} was turned away: ${error.message}`);
  });
  try {
    await client.subscribe('private');
    if (Number(client.account.collateral) < LOW_USD) {
      await operator.deposit(account, DEPOSIT_MICRO_USD, null);
    }
  } catch (error) {
    await client.close();
    throw error;
  }
  return client;
}

async function accountOf(operator: OperatorDesk, publicKey: Uint8Array): Promise<number> {
  try {
    return await operator.createAccount(publicKey);
  } catch (error) {
    // The value is the account that has it.
    const known = error instanceof OperatorError && error.code === 'public_key_is_already_used';
    if (known) return error.value;
    throw error;
  }
}
