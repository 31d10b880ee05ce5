import { ACCOUNT_ID_MAX, asMicroUsd, type MicroUsd } from '../../engine/units/units.js';
import {
  A_COLLATERAL,
  A_EXISTS,
  A_LIQUIDATING,
  A_LIQUIDATOR,
  A_PARENT,
  A_SEQUENCE,
  A_STATUS,
  A_TIER_MASK,
  A_TIER_SHIFT,
} from '../kernel/layout.js';
import type { RiskKernel } from './risk-kernel.js';

export const PUBLIC_KEY_WORDS = 8;

/**
 * Accounts of a margin actor, by id. What every command needs is in the kernel (risk/kernel/accounts.ts). Public keys, which only
 * logins need, are here.
 */
export class Accounts {
  /** Highest id that was given out. */
  lastId = 0;
  private readonly kernel: RiskKernel;
  private keys = new Int32Array(1024 * PUBLIC_KEY_WORDS);
  private readonly byKey = new Map<string, number>();
  /** By parent, in the order of their ids: sub-accounts without a key of their own. */
  private readonly subs = new Map<number, number[]>();

  constructor(kernel: RiskKernel) {
    this.kernel = kernel;
  }

  exists(account: number): boolean {
    return account > 0 && account <= ACCOUNT_ID_MAX && this.kernel.calls.findAccount(account) !== 0;
  }

  /** Takes the next id. `key` points at 8 words of an Ed25519 public key, all zero for none. */
  create(parent: number, words: Int32Array, keyAt: number): number {
    this.lastId++;
    this.open(this.lastId, parent, words, keyAt);
    return this.lastId;
  }

  /** Makes the account with a given id exist (also from a snapshot). */
  open(account: number, parent: number, words: Int32Array, keyAt: number): void {
    const { kernel } = this;
    const record = kernel.calls.openAccount(account);
    kernel.refresh();
    kernel.words[(record + A_STATUS) >> 2] = A_EXISTS;
    kernel.words[(record + A_PARENT) >> 2] = parent;
    const key = keyText(words, keyAt);
    if (key === null) {
      if (parent !== 0) this.addSub(parent, account);
      return;
    }
    this.makeRoom(account);
    this.keys.set(words.subarray(keyAt, keyAt + PUBLIC_KEY_WORDS), account * PUBLIC_KEY_WORDS);
    this.byKey.set(key, account);
  }

  /** Account that has this key, 0 when none has it. */
  withKey(words: Int32Array, keyAt: number): number {
    const key = keyText(words, keyAt);
    return key === null ? 0 : (this.byKey.get(key) ?? 0);
  }

  /** Address of the account's record, 0 when there is none. */
  at(account: number): number {
    return this.kernel.calls.accountAt(account);
  }

  collateral(account: number): MicroUsd {
    return asMicroUsd(this.float(account, A_COLLATERAL));
  }
  addCollateral(account: number, change: MicroUsd): void {
    const at = (this.at(account) + A_COLLATERAL) >> 3;
    this.kernel.floats[at] = (this.kernel.floats[at] as number) + change;
  }
  sequence(account: number): number {
    return this.float(account, A_SEQUENCE);
  }
  setSequence(account: number, sequence: number): void {
    // Ids whose home is another shard have no number, and perhaps no record.
    if (sequence !== 0) this.kernel.floats[(this.at(account) + A_SEQUENCE) >> 3] = sequence;
  }
  /** Number of the account's next private event. */
  nextSequence(account: number): number {
    const next = this.sequence(account) + 1;
    this.setSequence(account, next);
    return next;
  }
  parent(account: number): number {
    return this.word(account, A_PARENT);
  }
  /** Sub-accounts that have no key of their own, by number from 1 on. */
  subsOf(account: number): readonly number[] {
    return this.subs.get(account) ?? [];
  }
  /** The account whose owner's this one is, itself when it has a key or no parent. Money moves freely only within a family. */
  familyOf(account: number): number {
    const parent = this.parent(account);
    return parent === 0 || this.hasKey(account) ? account : parent;
  }
  tier(account: number): number {
    return (this.word(account, A_STATUS) >>> A_TIER_SHIFT) & A_TIER_MASK;
  }
  setTier(account: number, tier: number): void {
    const at = (this.at(account) + A_STATUS) >> 2;
    const status = (this.kernel.words[at] as number) & ~(A_TIER_MASK << A_TIER_SHIFT);
    this.kernel.words[at] = status | (tier << A_TIER_SHIFT);
  }
  isLiquidating(account: number): boolean {
    return (this.word(account, A_STATUS) & A_LIQUIDATING) !== 0;
  }
  setLiquidating(account: number, isLiquidating: boolean): void {
    const at = (this.at(account) + A_STATUS) >> 2;
    const status = (this.kernel.words[at] as number) & ~A_LIQUIDATING;
    this.kernel.words[at] = isLiquidating ? status | A_LIQUIDATING : status;
  }
  /** It may take over positions from auctions. */
  isLiquidator(account: number): boolean {
    return (this.word(account, A_STATUS) & A_LIQUIDATOR) !== 0;
  }
  setLiquidator(account: number, isLiquidator: boolean): void {
    const at = (this.at(account) + A_STATUS) >> 2;
    const status = (this.kernel.words[at] as number) & ~A_LIQUIDATOR;
    this.kernel.words[at] = isLiquidator ? status | A_LIQUIDATOR : status;
  }
  /** The account has something in the market of this block. */
  setActive(account: number, block: number): void {
    this.kernel.calls.setActive(this.at(account), block);
  }
  /** Copies the account's key (zeros for none). */
  copyKey(account: number, to: Int32Array, at: number): void {
    for (let i = 0; i < PUBLIC_KEY_WORDS; i++)
      to[at + i] = this.keys[account * PUBLIC_KEY_WORDS + i] ?? 0;
  }

  private hasKey(account: number): boolean {
    const from = account * PUBLIC_KEY_WORDS;
    return this.keys.subarray(from, from + PUBLIC_KEY_WORDS).some((word) => word !== 0);
  }

  private addSub(parent: number, account: number): void {
    const subs = this.subs.get(parent);
    if (subs === undefined) this.subs.set(parent, [account]);
    else subs.push(account);
  }

  private word(account: number, column: number): number {
    const record = this.at(account);
    return record === 0 ? 0 : this.kernel.word(record + column);
  }

  private float(account: number, column: number): number {
    const record = this.at(account);
    return record === 0 ? 0 : this.kernel.float(record + column);
  }

  private makeRoom(account: number): void {
    let length = this.keys.length;
    while (length <= account * PUBLIC_KEY_WORDS) length *= 2;
    if (length === this.keys.length) return;
    const keys = new Int32Array(length);
    keys.set(this.keys);
    this.keys = keys;
  }
}

function keyText(words: Int32Array, at: number): string | null {
  let text = '';
  let any = 0;
  for (let i = 0; i < PUBLIC_KEY_WORDS; i++) {
    const word = words[at + i] as number;
    any |= word;
    text += `${(word >>> 0).toString(16).padStart(8, '0')}`;
  }
  return any === 0 ? null : text;
}
