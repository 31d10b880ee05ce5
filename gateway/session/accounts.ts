import { base58 } from '@scure/base';

/** Which accounts exist and which Ed25519 key belongs to which, folded from EVT_ACCOUNT_CREATED. */
export class Accounts {
  private readonly known = new Set<number>();
  private readonly byKey = new Map<string, number>();

  add(accountId: number): void {
    this.known.add(accountId);
  }

  /** Adds an account with 32 key bytes; all zeros mean that it has none. */
  addWithKey(accountId: number, key: Uint8Array): void {
    this.known.add(accountId);
    if (key.some((byte) => byte !== 0)) this.byKey.set(base58.encode(key), accountId);
  }

  has(accountId: number): boolean {
    return this.known.has(accountId);
  }

  /** The account of a base58 public key, 0 when nobody has it. */
  accountOfKey(publicKey: string): number {
    return this.byKey.get(publicKey) ?? 0;
  }
}
