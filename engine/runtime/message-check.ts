import { candidateSlots } from '../messages/candidates.js';
import {
  CLIENT_TEXT_MAX_BYTES,
  F_CLIENT_ID,
  F_DEADLINE,
  F_EXPIRY,
  F_ORDER_ID,
  F_QTY,
  SLOT_FLOATS,
  SLOT_WORDS,
  slotsOf,
  TARGET_F_CLIENT_ID,
  TARGET_F_ORDER_ID,
  TARGET_W_TEXT_LENGTH,
  TRIGGER_F_OCO,
  TRIGGER_W_OCO_TEXT_LENGTH,
  typeOf,
  W_CLIENT_TEXT_LENGTH,
  W_FLAGS,
  W_HEAD,
} from '../messages/layout.js';
import { REJECT, type RejectCode } from '../messages/reject-codes.js';
import { typeSet } from '../messages/type-set.js';
import * as type from '../messages/types.js';
import type { Door } from './host-port.js';
import { MESSAGE_SLOTS_MAX } from './ring.js';

/** Slots that a command may have, one bit each: bit n for n slots. */
const SLOTS_OF_TYPE = new Uint8Array(256);
const ONE = 1 << 1;
const TWO = 1 << 2;
const THREE = 1 << 3;
const FOUR = 1 << 4;
SLOTS_OF_TYPE[type.CMD_PLACE] = ONE | TWO;
SLOTS_OF_TYPE[type.CMD_CANCEL] = ONE | TWO;
SLOTS_OF_TYPE[type.CMD_AMEND] = ONE | TWO;
SLOTS_OF_TYPE[type.CMD_REPLACE] = TWO | THREE;
SLOTS_OF_TYPE[type.CMD_MASS_CANCEL] = ONE;
SLOTS_OF_TYPE[type.CMD_PLACE_TRIGGER] = TWO | THREE;
SLOTS_OF_TYPE[type.CMD_SET_LEVERAGE] = ONE;
SLOTS_OF_TYPE[type.CMD_TAKE_OVER] = ONE;
SLOTS_OF_TYPE[type.CMD_SET_MARGIN_MODE] = ONE;
SLOTS_OF_TYPE[type.CMD_MOVE_MARGIN] = ONE;
SLOTS_OF_TYPE[type.CMD_PLACE_SCALED] = TWO | THREE;
SLOTS_OF_TYPE[type.CMD_PLACE_TWAP] = TWO | THREE;
SLOTS_OF_TYPE[type.CMD_PLACE_BRACKET] = TWO | THREE;
SLOTS_OF_TYPE[type.CMD_CANCEL_ALL_AFTER] = ONE;
SLOTS_OF_TYPE[type.CMD_TRANSFER] = TWO;
SLOTS_OF_TYPE[type.CMD_CREATE_SUB_ACCOUNT] = ONE;
SLOTS_OF_TYPE[type.CMD_CREATE_ACCOUNT] = TWO;
SLOTS_OF_TYPE[type.CMD_DEPOSIT] = ONE;
SLOTS_OF_TYPE[type.CMD_WITHDRAW] = ONE;
SLOTS_OF_TYPE[type.CMD_LIST_MARKET] = THREE;
SLOTS_OF_TYPE[type.CMD_SET_MARKET_PARAMS] = THREE;
SLOTS_OF_TYPE[type.CMD_SET_MARKET_STATE] = ONE;
SLOTS_OF_TYPE[type.CMD_ORACLE_PRICE] = ONE;
SLOTS_OF_TYPE[type.CMD_SET_FEE_TIER] = ONE;
SLOTS_OF_TYPE[type.CMD_SET_FEE_RATES] = ONE;
SLOTS_OF_TYPE[type.CMD_SET_LIQUIDATOR] = ONE;
SLOTS_OF_TYPE[type.CMD_FUND_INSURANCE] = ONE;
SLOTS_OF_TYPE[type.CMD_SET_PRICING] = THREE;
SLOTS_OF_TYPE[type.CMD_SET_MARGIN_TIERS] = FOUR;
SLOTS_OF_TYPE[type.CMD_CANDIDATES] = TWO | THREE | FOUR;

/** Commands with a last slot of terms, behind the client id if that is text. */
const HAS_EXTRA_SLOT = typeSet([
  type.CMD_REPLACE,
  type.CMD_PLACE_TRIGGER,
  type.CMD_PLACE_SCALED,
  type.CMD_PLACE_TWAP,
  type.CMD_PLACE_BRACKET,
  type.CMD_TRANSFER,
]);

/**
 * What makes a message unfit to be journaled, 0 for nothing: a type that does not come from outside or not from this door,
 * a length that does not belong to it, text longer than its slot, numbers that are no numbers. Everything that is a matter of
 * limits is left to the actors, whose answers name field and limit.
 */
export function messageProblem(
  words: Int32Array,
  floats: Float64Array,
  firstWord: number,
  door: Door,
): RejectCode | 0 {
  const head = words[firstWord + W_HEAD] as number;
  const kind = typeOf(head);
  const slots = slotsOf(head);
  if (door === 'shards') return channelProblem(words, floats, firstWord, kind, slots);
  const allowed = SLOTS_OF_TYPE[kind] as number;
  const isTrade = kind < type.CMD_CREATE_ACCOUNT;
  if (allowed === 0 || (!isTrade && door !== 'operators')) return REJECT.message_type_is_unknown;
  if (slots > 4 || (allowed & (1 << slots)) === 0) return REJECT.message_is_malformed;
  const firstFloat = firstWord / 2;
  if (!isTrade) return operatorProblem(floats, firstFloat, kind, slots);
  return tradeProblem(words, floats, firstWord, kind, slots);
}

/** An envelope with one message in it, of a kind that actors exchange: never a command, which only its own door may let in. */
function channelProblem(
  words: Int32Array,
  floats: Float64Array,
  firstWord: number,
  kind: number,
  slots: number,
): RejectCode | 0 {
  if (kind !== type.CMD_CHANNEL) return REJECT.message_type_is_unknown;
  if (slots < 2 || slots > MESSAGE_SLOTS_MAX) return REJECT.message_is_malformed;
  const inner = words[firstWord + SLOT_WORDS + W_HEAD] as number;
  const sound =
    slotsOf(inner) === slots - 1 &&
    typeOf(inner) >= type.MSG_PLACE &&
    typeOf(inner) !== type.EVT_CHANNEL &&
    isCount(floats[firstWord / 2 + F_QTY] as number);
  return sound ? 0 : REJECT.message_is_malformed;
}

function tradeProblem(
  words: Int32Array,
  floats: Float64Array,
  firstWord: number,
  kind: number,
  slots: number,
): RejectCode | 0 {
  const f = firstWord / 2;
  const numbers =
    isCount(floats[f + F_CLIENT_ID] as number) &&
    isCount(floats[f + F_ORDER_ID] as number) &&
    isCount(floats[f + F_DEADLINE] as number) &&
    isCount(floats[f + F_EXPIRY] as number) &&
    isNumber(floats[f + F_QTY] as number);
  if (!numbers) return REJECT.message_is_malformed;
  const hasText = ((words[firstWord + W_FLAGS] as number) & type.FLAG_CLIENT_TEXT) !== 0;
  if (kind !== type.CMD_MASS_CANCEL) {
    const own = HAS_EXTRA_SLOT[kind] === 1 ? slots - 1 : slots;
    if (hasText !== (own === 2)) return REJECT.message_is_malformed;
    if (hasText && !isTextLength(words[firstWord + W_CLIENT_TEXT_LENGTH] as number, 1)) {
      return REJECT.client_order_id_is_malformed;
    }
  }
  if (kind === type.CMD_PLACE_TRIGGER) return triggerProblem(words, floats, firstWord, slots);
  if (kind !== type.CMD_REPLACE) return 0;
  const target = firstWord + (slots - 1) * SLOT_WORDS;
  const targetFloat = f + (slots - 1) * SLOT_FLOATS;
  if (
    !isCount(floats[targetFloat + TARGET_F_ORDER_ID] as number) ||
    !isCount(floats[targetFloat + TARGET_F_CLIENT_ID] as number)
  ) {
    return REJECT.message_is_malformed;
  }
  const length = words[target + TARGET_W_TEXT_LENGTH] as number;
  return isTextLength(length, 0) ? 0 : REJECT.client_order_id_is_malformed;
}

function triggerProblem(
  words: Int32Array,
  floats: Float64Array,
  firstWord: number,
  slots: number,
): RejectCode | 0 {
  const terms = firstWord + (slots - 1) * SLOT_WORDS;
  if (!isCount(floats[terms / 2 + TRIGGER_F_OCO] as number)) return REJECT.message_is_malformed;
  const length = words[terms + TRIGGER_W_OCO_TEXT_LENGTH] as number;
  return isTextLength(length, 0) ? 0 : REJECT.client_order_id_is_malformed;
}

function operatorProblem(
  floats: Float64Array,
  f: number,
  kind: number,
  slots: number,
): RejectCode | 0 {
  const qty = floats[f + F_QTY] as number;
  let sound = isNumber(qty);
  // A publish time that is endless would lock out every later price.
  if (kind === type.CMD_ORACLE_PRICE) {
    sound = isCount(qty) && isCount(floats[f + F_CLIENT_ID] as number);
  }
  // Only here it is a parent; in deposits and withdrawals a part of the idempotency key, which may be any bits.
  if (kind === type.CMD_CREATE_ACCOUNT) sound &&= isCount(floats[f + F_ORDER_ID] as number);
  // Which ids are in it is the margin actor's business: it asks each account.
  if (kind === type.CMD_CANDIDATES) {
    sound = isCount(qty) && qty > 0 && candidateSlots(qty) === slots;
  }
  return sound ? 0 : REJECT.message_is_malformed;
}

/** A safe integer from 0: what ids and times have to be. */
function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function isNumber(value: number): boolean {
  return value - value === 0;
}

function isTextLength(length: number, least: number): boolean {
  return length >= least && length <= CLIENT_TEXT_MAX_BYTES;
}
