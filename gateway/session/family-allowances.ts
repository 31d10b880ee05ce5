import type { Accounts } from './accounts.js';
import type { AllowanceTable } from './allowances.js';
import type { Bucket } from './token-bucket.js';

/** Allowances by account: a family has one, because sub-accounts must not multiply what an owner may send. */
export class FamilyAllowances implements AllowanceTable<number> {
  private readonly table: AllowanceTable<number>;
  private readonly accounts: Pick<Accounts, 'headOf'>;

  /** `table`: by heads of families. */
  constructor(table: AllowanceTable<number>, accounts: Pick<Accounts, 'headOf'>) {
    this.table = table;
    this.accounts = accounts;
  }

  get size(): number {
    return this.table.size;
  }

  users(account: number): number {
    return this.table.users(this.accounts.headOf(account));
  }

  enter(account: number, nowMs: number): Bucket {
    return this.table.enter(this.accounts.headOf(account), nowMs);
  }

  of(account: number, nowMs: number): Bucket {
    return this.table.of(this.accounts.headOf(account), nowMs);
  }

  leave(account: number): void {
    this.table.leave(this.accounts.headOf(account));
  }

  sweep(nowMs: number): void {
    this.table.sweep(nowMs);
  }
}
