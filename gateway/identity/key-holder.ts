import type { Accounts } from '../session/accounts.js';
import type { ApiKeyRecord, KeyStore } from './key-store.js';

/**
 * Whose a key pair is: the account that was created with it, else the record of an agent; null: nobody's. The account's own key comes
 * first, as anybody may have named it as his agent's before there was this account.
 */
export function holderOf(
  publicKey: string,
  {
    accounts,
    keys,
  }: {
    readonly accounts: Pick<Accounts, 'accountOfKey'>;
    readonly keys: Pick<KeyStore, 'findByPublicKey'>;
  },
): number | ApiKeyRecord | null {
  return accounts.accountOfKey(publicKey) || keys.findByPublicKey(publicKey);
}
