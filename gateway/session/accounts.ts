import { base58 } from '@scure/base';

/** Which accounts exist, which shard is home to each, and whose Ed25519 key is whose, folded from EVT_ACCOUNT_CREATED; who is a liquidator from EVT_LIQUIDATOR. */
export class Accounts {
  /** Home shard by account. */
  private readonly homes = new Map<number, number>();
  private readonly byKey = new Map<string, number>();

  /** By account: the one whose owner's it is, itself when it has a key or no parent. */
  private readonly families = new Map<number, number>();
  /** By head of a family, in the order of their numbers. */
  private readonly subs = new Map<number, number[]>();

  private readonly liquidators = new Set<number>();

  add(accountId: number, home = 0, family = accountId): void {
    this.homes.set(accountId, home);
    if (family === accountId || this.families.has(accountId)) return;
    this.families.set(accountId, family);
    const subs = [...this.subsOf(family), accountId];
    this.subs.set(
      family,
      subs.sort((a, b) => a - b),
    );
  }

  /** Adds an account with 32 key bytes; all zeros mean that it has none. */
  addWithKey(accountId: number, key: Uint8Array, home = 0): void {
    this.homes.set(accountId, home);
    if (key.some((byte) => byte !== 0)) this.byKey.set(base58.encode(key), accountId);
  }

  /** The account of which this one is a sub-account without a key; itself when it is none. */
  headOf(accountId: number): number {
    return this.families.get(accountId) ?? accountId;
  }

  /** True when `accountId` is `own` or a sub-account of it without a key of its own. */
  isOf(accountId: number, own: number): boolean {
    return accountId === own || this.families.get(accountId) === own;
  }

  /** Its sub-accounts without keys of their own, by number from 1 on. */
  subsOf(accountId: number): readonly number[] {
    return this.subs.get(accountId) ?? [];
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
