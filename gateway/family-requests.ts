import { DIRECTORY_SHARD } from '../engine/shard/routing.js';
import { formatScaled } from './codec/decimal-text.js';
import type { ReadRequest } from './codec/request-reader.js';
import {
  accountProblem,
  type FamilyCommand,
  newSubAccountOf,
  transferOf,
} from './commands/family-fields.js';
import { type Problem, problem, shown } from './commands/problem.js';
import type { AccountViews } from './feeds/account-views.js';
import { MAY_MANAGE, MAY_READ, MAY_WITHDRAW } from './identity/permissions.js';
import type { Accounts } from './session/accounts.js';
import type { Connection } from './session/connection.js';
import { permissionProblem } from './session/key-requests.js';

const MICRO_USD_DECIMALS = 6;
/** A transfer counts as so many requests: each is a transaction of its own on chain in the end. */
export const TRANSFER_TOKENS = 10;

/** A command, and the shard that it goes to. */
export interface FamilyTask extends FamilyCommand {
  readonly shard: number;
}

export interface ListedSubAccount {
  readonly accountId: number;
  /** 0: the account itself. */
  readonly number: number;
  readonly collateral: string;
}

/**
 * What a connection may ask about sub-accounts. Whose key it has come in with says what is its own: that account, and the sub-accounts of
 * it that have no key of their own.
 */
export class FamilyRequests {
  private readonly accounts: Accounts;
  private readonly views: AccountViews;

  constructor(accounts: Accounts, views: AccountViews) {
    this.accounts = accounts;
    this.views = views;
  }

  /** `transfer` or `createSubAccount` as a command, or what is wrong. */
  read(
    connection: Connection,
    { shape, fields }: ReadRequest,
    deadlineMs: number,
  ): FamilyTask | Problem {
    const { account, keyAccount } = connection;
    if (shape.name === 'createSubAccount') {
      const missing = permissionProblem(connection, MAY_MANAGE, shape.name);
      if (missing !== null) return missing;
      const made = newSubAccountOf(fields, keyAccount, deadlineMs);
      return 'code' in made ? made : { ...made, shard: DIRECTORY_SHARD };
    }
    const missing = permissionProblem(connection, MAY_WITHDRAW, shape.name);
    if (missing !== null) return missing;
    const transfer = transferOf(fields, account, deadlineMs);
    if ('code' in transfer) return transfer;
    if (!this.accounts.isOf(transfer.account, keyAccount))
      return notYours('from', transfer.account);
    return { ...transfer, shard: this.accounts.homeOf(transfer.account) };
  }

  /** The account whose key it is, and its sub-accounts, with collateral as it is now. */
  list(connection: Connection): { accounts: ListedSubAccount[] } | Problem {
    const missing = permissionProblem(connection, MAY_READ, 'subAccounts');
    if (missing !== null) return missing;
    const { keyAccount } = connection;
    const family = [keyAccount, ...this.accounts.subsOf(keyAccount)];
    const accounts = family.map((accountId, number) => {
      const collateral = formatScaled(this.views.collateralOf(accountId), 1, MICRO_USD_DECIMALS);
      return { accountId, number, collateral };
    });
    return { accounts };
  }

  /** For which account a login is that names one: `wanted`, when it is of the family of `own`. */
  actingFor(wanted: unknown, own: number): number | Problem {
    if (wanted === undefined || wanted === null) return own;
    const found = accountProblem('accountId', wanted);
    if (found !== null) return found;
    const isOwn = this.accounts.isOf(wanted as number, own);
    return isOwn ? (wanted as number) : notYours('accountId', wanted);
  }
}

/** Accounts of others and those that do not exist are told apart for nobody. */
function notYours(name: string, value: unknown): Problem {
  const sentence = `${name} must be the account of this key or a sub-account of it, but is ${shown(value)}`;
  return problem('accounts_must_be_of_one_family', sentence);
}
