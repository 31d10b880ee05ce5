import { createHash } from 'node:crypto';
import {
  F_DEADLINE,
  F_QTY,
  headOf,
  SLOT_WORDS,
  W_ACCOUNT,
  W_HEAD,
  W_PRICE,
  W_REQUEST,
  W_SESSION,
  W_TRANSFER_KEY,
  W_TRANSFER_TO,
} from '../../engine/messages/layout.js';
import { CMD_CREATE_SUB_ACCOUNT, CMD_TRANSFER } from '../../engine/messages/types.js';
import { SUB_ACCOUNTS_MAX } from '../../engine/shard/sub-account-rules.js';
import { ACCOUNT_ID_MAX, MICRO_USD_MAX } from '../../engine/units/units.js';
import { DECIMAL_MALFORMED, formatScaled, parseUnits } from '../codec/decimal-text.js';
import { type Problem, problem, shown } from './problem.js';

type Fields = Readonly<Record<string, unknown>>;

const KEY_LENGTH_MAX = 64;
const AMOUNT_LENGTH_MAX = 32;
const WORDS = [0, 4, 8, 12];

/** A command of two slots or one, as the shard's port takes it. */
export interface FamilyCommand {
  /** Whose command it is. */
  readonly account: number;
  readonly words: Int32Array;
}

/** `transfer`; without `from` it is of `account`. */
export function transferOf(
  fields: Fields,
  account: number,
  deadlineMs: number,
): FamilyCommand | Problem {
  const from = fields.from ?? account;
  for (const [name, value] of Object.entries({ from, to: fields.to })) {
    const found = accountProblem(name, value);
    if (found !== null) return found;
  }
  const microUsd = amountOf(fields.amount);
  if (typeof microUsd !== 'number') return microUsd;
  const key = keyOf(fields.idempotencyKey);
  if (!(key instanceof Int32Array)) return key;
  const words = command(CMD_TRANSFER, 2, from as number, deadlineMs);
  new Float64Array(words.buffer)[F_QTY] = microUsd;
  words[W_TRANSFER_TO] = fields.to as number;
  words.set(key, W_TRANSFER_KEY);
  return { account: from as number, words };
}

/** `createSubAccount` of the account. */
export function newSubAccountOf(
  { number }: Fields,
  account: number,
  deadlineMs: number,
): FamilyCommand | Problem {
  const wanted = number ?? 0;
  const isOne = Number.isInteger(wanted) && (wanted as number) >= 1;
  if (
    number !== undefined &&
    number !== null &&
    (!isOne || (wanted as number) > SUB_ACCOUNTS_MAX)
  ) {
    const sentence = `number must be an integer from 1 to ${SUB_ACCOUNTS_MAX}, but is ${shown(number)}`;
    return problem('integer_must_be_within_limits', sentence);
  }
  const words = command(CMD_CREATE_SUB_ACCOUNT, 1, account, deadlineMs);
  words[W_PRICE] = wanted as number;
  return { account, words };
}

/** Who gets the answer. */
export function address({ words }: FamilyCommand, session: number, request: number): void {
  words[W_SESSION] = session;
  words[W_REQUEST] = request;
}

export function accountProblem(name: string, value: unknown): Problem | null {
  if (value === undefined || value === null) {
    return problem('field_is_missing', `${name} must be present`);
  }
  if (Number.isInteger(value) && (value as number) >= 1 && (value as number) <= ACCOUNT_ID_MAX) {
    return null;
  }
  const sentence = `${name} must be an account id from 1 to ${ACCOUNT_ID_MAX}, but is ${shown(value)}`;
  return problem('integer_must_be_within_limits', sentence);
}

function command(type: number, slots: number, account: number, deadlineMs: number): Int32Array {
  const words = new Int32Array(slots * SLOT_WORDS);
  words[W_HEAD] = headOf(type, slots, 0);
  words[W_ACCOUNT] = account;
  new Float64Array(words.buffer)[F_DEADLINE] = deadlineMs;
  return words;
}

/** In micro-USD. */
function amountOf(value: unknown): number | Problem {
  if (value === undefined || value === null) {
    return problem('field_is_missing', 'amount must be present');
  }
  if (typeof value !== 'string') {
    const sentence = `amount must be a decimal number in a string, such as "12.5", but is ${shown(value)}`;
    return problem('field_has_wrong_type', sentence);
  }
  const bytes = Buffer.from(value.slice(0, AMOUNT_LENGTH_MAX + 1));
  const isShort = bytes.length <= AMOUNT_LENGTH_MAX;
  const units = isShort ? parseUnits(bytes, 0, bytes.length, 1, 6) : DECIMAL_MALFORMED;
  if (units >= 1 && units <= MICRO_USD_MAX) return units;
  const most = formatScaled(MICRO_USD_MAX, 1, 6);
  const sentence = `amount must be from 0.000001 to ${most} in steps of 0.000001, but is ${shown(value)}`;
  return problem('amount_micro_usd_must_be_within_1_and_limit', sentence);
}

/** The first 128 bits of its hash; zeros for none. */
function keyOf(value: unknown): Int32Array | Problem {
  if (value === undefined || value === null) return new Int32Array(WORDS.length);
  if (typeof value !== 'string' || !/^[ -~]+$/.test(value) || value.length > KEY_LENGTH_MAX) {
    const sentence = `idempotencyKey must be 1 to ${KEY_LENGTH_MAX} printable ASCII characters, but is ${shown(value)}`;
    return problem('idempotency_key_is_malformed', sentence);
  }
  const digest = createHash('sha256').update(`plimsoll-transfer:${value}`).digest();
  return Int32Array.from(WORDS, (at) => digest.readInt32LE(at));
}
