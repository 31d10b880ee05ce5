import { REJECT, type RejectCode } from '../messages/reject-codes.js';

/** Sub-accounts that an owner may make of one account. Ids are never used again, so somebody's wishes for more need a bound. */
export const SUB_ACCOUNTS_MAX = 50;

export interface SubAccountRefusal {
  code: RejectCode;
  value: number;
  limit: number;
}

/**
 * What stands against sub-account `number` (0: the next one) of an account that has `count` already; null: nothing. Numbers count from
 * 1 without a gap, so that one command sent twice cannot make two: it names a number that exists by then.
 */
export function subAccountRefusal(count: number, number: number): SubAccountRefusal | null {
  if (number < 0 || number > count + 1) {
    const code = REJECT.sub_account_number_must_be_within_0_and_limit;
    return { code, value: number, limit: count + 1 };
  }
  const isNew = number === 0 || number > count;
  if (!isNew || count < SUB_ACCOUNTS_MAX) return null;
  return {
    code: REJECT.sub_accounts_must_not_exceed_limit,
    value: count + 1,
    limit: SUB_ACCOUNTS_MAX,
  };
}
