import { base58 } from '@scure/base';

/** Which accounts exist, which shard is home to each, and whose Ed25519 key is whose, folded from EVT_ACCOUNT_CREATED; who is a liquidator from EVT_LIQUIDATOR. */
export class Accounts {
  /** Home shard by account. */
  private readonly homes = new Map<number, number>();
  private readonly byKey = new Map<string, number>();

  private readonly liquidators = new Set<number>();

  add(accountId: number, home = 0): void {
    this.homes.set(accountId, home);
  }

  /** Adds an account with 32 key bytes; all zeros mean that it has none. */
  addWithKey(accountId: number, key: Uint8Array, home = 0): void {
    this.homes.set(accountId, home);
    if (key.some((byte) => byte !== 0)) this.byKey.set(base58.encode(key), accountId);
  }

  has(accountId: number): boolean {
    return this.homes.has(accountId);
  }

  /** May take positions over from auctions. */
  isLiquidator(accountId: number): boolean {
    return this.liquidators.has(accountId);
  }

  setLiquidator(accountId: number, isLiquidator: boolean): void {
    if (isLiquidator) this.liquidators.add(accountId);
    else this.liquidators.delete(accountId);
  }

  /** The shard to which the account's commands go. */
  homeOf(accountId: number): number {
    return this.homes.get(accountId) ?? 0;
  }

  /** The account of a base58 public key, 0 when nobody has it. */
  accountOfKey(publicKey: string): number {
    return this.byKey.get(publicKey) ?? 0;
  }
}
